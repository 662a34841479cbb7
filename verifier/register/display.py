"""Rows of a register for a person to read: which ones are about something, and each as a line of plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from schemas.nzqcf import format_nz_date
from verifier.register.edition import Edition
from verifier.register.records import (
    EVERY_REF,
    AnchorRow,
    AwardingRight,
    Equivalency,
    Issuer,
    KeyRow,
    LearningOutcome,
    Listing,
    Provider,
    Register,
    Succession,
)
from verifier.register.tables import TABLES

# Table name -> rows
Rows: TypeAlias = Mapping[str, Sequence[Any]]


def edition_heading(edition: Edition) -> str:
    kind = "DEMONSTRATION DATA, not the NZQA register. " if edition.demonstration else ""
    return (
        f"{kind}Edition {edition.number} of the register kept by {edition.authority_name}, as at "
        f"{format_nz_date(edition.as_at)} (not NZQA)."
    )


def rows_about(register: Register, *, moe_number: str | None, ref: str | None) -> Rows:
    """Every row, or those about a provider, a reference, or the two together."""

    def concerns(row: Any) -> bool:
        numbers = {getattr(row, name, None) for name in ("moe_number", "from_moe", "to_moe")} - {None}
        refs = {getattr(row, name, None) for name in ("nzqa_ref", "ref", "scope")} - {None}
        if not (moe_number is None or not numbers or moe_number in numbers):
            return False
        if not (ref is None or not refs or refs & {ref, EVERY_REF}):
            return False
        return bool(numbers) if moe_number is not None else bool(refs) or ref is None

    rows: dict[str, Sequence[Any]] = {
        table.name: [row for row in getattr(register, table.name) if concerns(row)] for table in TABLES
    }
    if moe_number is not None:
        dids = {row.did for row in rows["issuers"]}
        refs = {row.nzqa_ref for row in rows["awarding_rights"]}
        rows["keys"] = [row for row in register.keys if row.did in dids]
        rows["listings"] = [row for row in register.listings if row.nzqa_ref in refs]
    elif ref is not None:
        numbers = {row.moe_number for row in rows["awarding_rights"]}
        rows["providers"] = [row for row in register.providers if row.moe_number in numbers]
        rows["successions"] = [row for row in rows["successions"] if row.from_moe in numbers or row.scope == ref]
    return rows


def row_lines(register: Register, rows: Rows) -> Iterator[str]:
    """One line for each row, in the order of the tables."""
    for table in TABLES:
        for row in rows[table.name]:
            yield row_line(register, row)


def row_line(register: Register, row: object) -> str:
    """One row in a line of plain words."""
    match row:
        case Provider():
            span = _span(row.registered_from, row.registered_to)
            return f"Provider {row.moe_number}: {row.legal_name} ({row.type}), registered {span}"
        case Issuer():
            return f"Issuer {row.did} speaks for {row.moe_number} {_span(row.from_day, row.to_day)}"
        case KeyRow():
            stolen = "" if row.compromised_from is None else f"; STOLEN: not believed from {row.compromised_from}"
            return f"Key {row.verification_method} for {row.purpose} {_span(row.from_day, row.to_day)}{stolen}"
        case Listing():
            return _listing_line(row)
        case AwardingRight():
            return _right_line(register, row)
        case Succession():
            scope = "everything" if row.scope == EVERY_REF else row.scope
            return (
                f"Succession: {row.to_moe} takes the place of {row.from_moe} from "
                f"{format_nz_date(row.effective_on)} for {scope} ({row.instrument})"
            )
        case Equivalency():
            size = f"level {row.level or 'not recorded'}, {row.credits or 'unrecorded'} credits"
            return f"Equivalency only, not quality assured by NZQA: {row.title} ({row.organisation}), {size}"
        case LearningOutcome():
            return f"Outcome {row.position} of {row.nzqa_ref} version {row.version}: {row.text_en or row.text_mi or ''}"
        case AnchorRow():
            return (
                f"Anchor over {row.count:,} badges of {row.did}, recorded {format_nz_date(row.recorded_on)}: "
                f"{row.merkle_root}"
            )
    return str(row)


def _listing_line(row: Listing) -> str:
    state = "removed as listed by mistake" if row.removed_on else _span(row.first_day, row.last_day)
    level = "level not recorded" if row.level is None else f"level {row.level}"
    size = "credits not recorded" if row.credits is None else f"{row.credits:g} credits"
    return f"Listing {row.nzqa_ref} version {row.version}: {row.title}, {level}, {size}, {state}"


def _right_line(register: Register, row: AwardingRight) -> str:
    periods = register.providers_by_number.get(row.moe_number, ())
    name = periods[-1].legal_name if periods else "an unknown provider"
    last = row.last_delivered_on
    delivered = "no delivery recorded" if last is None else f"last delivered {format_nz_date(last)}"
    end = "" if row.ended_on is None else f", ended {format_nz_date(row.ended_on)}"
    why = f" ({row.end_reason})" if row.end_reason else ""
    return (
        f"Right of {name} ({row.moe_number}) to award {row.nzqa_ref} by {row.basis} from "
        f"{format_nz_date(row.granted_on)}, {delivered}{end}{why}"
    )


def _span(first: date, last: date | None) -> str:
    return f"from {format_nz_date(first)}" + ("" if last is None else f" to {format_nz_date(last)}")
