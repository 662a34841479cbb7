"""What changed between two editions, row by row and by what a row is about, never by its place; judges no award."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from schemas.errors import RegisterError
from schemas.jsontext import JsonObject
from schemas.nzqcf import format_nz_date
from verifier.register.cells import write_cell
from verifier.register.display import row_line
from verifier.register.edition import Edition, row_document, verify_chain
from verifier.register.records import Register
from verifier.register.tables import TABLES, Table

# The columns that say which row it is; what is left is what can change.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "providers": ("moe_number", "registered_from"),
    "issuers": ("did", "moe_number", "from"),
    "keys": ("verification_method", "purpose", "from"),
    "listings": ("nzqa_ref", "version"),
    "outcomes": ("nzqa_ref", "version", "position"),
    "awarding_rights": ("moe_number", "nzqa_ref", "basis", "granted_on"),
    "successions": ("from_moe", "to_moe", "scope", "effective_on"),
    "equivalencies": ("organisation", "title"),
    "anchors": ("did", "merkle_root"),
}


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One column, before and after; None where it was or is blank."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that came, went or changed. `fields` is empty unless it changed."""

    table: Table
    kind: Kind
    before: Any = None
    after: Any = None
    fields: tuple[FieldChange, ...] = ()
    sentence: str = ""

    @property
    def key(self) -> JsonObject:
        row = self.before if self.after is None else self.after
        return {name: write_cell(getattr(row, _field(self.table, name))) for name in _KEYS[self.table.name]}


def find_changes(old: Register, new: Register) -> tuple[Change, ...]:
    """Every row that differs, table after table, ordered by what the rows are about."""
    return tuple(change for table in TABLES for change in _table_changes(table, old, new))


def difference_document(old: Edition, new: Edition, changes: Sequence[Change]) -> JsonObject:
    """`register diff --json`."""
    return {
        "old": _edition(old),
        "new": _edition(new),
        "follows": follow_fault(old, new) is None,
        "same": not changes,
        "changes": [
            {
                "table": change.table.name,
                "change": change.kind.value,
                "key": change.key,
                "fields": {
                    field.column: {"from": _cell(field.before), "to": _cell(field.after)} for field in change.fields
                },
                "row": row_document(change.before if change.after is None else change.after, change.table),
                "sentence": change.sentence,
            }
            for change in changes
        ],
    }


def follow_fault(old: Edition, new: Edition) -> str | None:
    """Why the new edition does not directly follow the old one, or None where it does."""
    try:
        verify_chain([old, new])
    except RegisterError as error:
        return error.detail
    return None


def _edition(edition: Edition) -> JsonObject:
    return {
        "edition": edition.number,
        "as_at": edition.as_at.isoformat(),
        "sha256": edition.sha256,
        "authority": edition.authority_name,
        "verified": bool(edition.signed_by),
    }


# --- pairing the rows -------------------------------------------------------------------------------------------
def _table_changes(table: Table, old: Register, new: Register) -> Iterator[Change]:
    gone, come = _unmatched(getattr(old, table.name), getattr(new, table.name))
    pairs = [*_paired(gone, come, _KEYS[table.name], table)]
    # A date in the key itself was corrected: the one row left of its kind on each side is the same row.
    pairs += _paired(gone, come, table.identity, table, alone=True)
    found = [
        *(Change(table=table, kind=Kind.REMOVED, before=row, sentence=_gone(old, row)) for row in gone),
        *(Change(table=table, kind=Kind.ADDED, after=row, sentence=_come(new, row)) for row in come),
        *(_changed(table, new, before, after) for before, after in pairs),
    ]
    return iter(sorted(found, key=lambda change: (*map(str, change.key.values()), change.kind)))


def _unmatched(old: Iterable[Any], new: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """(rows only in the old, rows only in the new); a row that stands twice counts twice."""
    counts: defaultdict[Any, int] = defaultdict(int)
    for row in old:
        counts[row] += 1
    come = []
    for row in new:
        if counts[row] > 0:
            counts[row] -= 1
        else:
            come.append(row)
    return [row for row, count in counts.items() for _ in range(count)], come


def _paired(
    gone: list[Any], come: list[Any], columns: Sequence[str], table: Table, *, alone: bool = False
) -> list[tuple[Any, Any]]:
    """Takes out of both lists the rows that agree in these columns. `alone`: only where one stands on each side."""

    def key(row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, _field(table, name)) for name in columns)

    before: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    after: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for rows, groups in ((gone, before), (come, after)):
        for row in rows:
            groups[key(row)].append(row)
    pairs = []
    for name in before.keys() & after.keys():
        if not alone or len(before[name]) == len(after[name]) == 1:
            pairs += list(zip(before[name], after[name], strict=False))
    taken = ({id(one) for one, _ in pairs}, {id(other) for _, other in pairs})
    gone[:] = [row for row in gone if id(row) not in taken[0]]
    come[:] = [row for row in come if id(row) not in taken[1]]
    return pairs


def _field(table: Table, name: str) -> str:
    return next((column.field for column in table.columns if column.name == name), name)


def _changed(table: Table, new: Register, before: Any, after: Any) -> Change:
    fields = tuple(
        FieldChange(column=column.name, before=getattr(before, column.field), after=getattr(after, column.field))
        for column in table.columns
        if getattr(before, column.field) != getattr(after, column.field)
    )
    told = "; ".join(_field_words(table.name, field) for field in fields)
    return Change(
        table=table,
        kind=Kind.CHANGED,
        before=before,
        after=after,
        fields=fields,
        sentence=f"{subject(table, new, after)}: {told}.",
    )


# --- words ------------------------------------------------------------------------------------------------------
# (table, column) -> what it means when a day is entered where none was.
_ENTERED: Mapping[tuple[str, str], str] = {
    ("awarding_rights", "ended_on"): "ended on {after}",
    ("awarding_rights", "lapse_extended_to"): "its lapse was put off to {after}",
    ("awarding_rights", "last_delivered_on"): "a first delivery was recorded, on {after}",
    ("providers", "registered_to"): "its registration ended on {after}",
    ("listings", "discontinued_on"): "discontinued, the last day is {after}",
    ("listings", "expiring_from"): "expiring, no new enrolments from {after}",
    ("listings", "approval_ended_on"): "its approval ended on {after}",
    ("listings", "approved_on"): "its approval was recorded, on {after}",
    ("listings", "removed_on"): "removed on {after} as listed by mistake",
    ("issuers", "to"): "speaks for the provider only to {after}",
    ("keys", "to"): "is in use only to {after}",
    ("keys", "compromised_from"): "STOLEN OR LOST, not believed from {after}",
}
# … and when a day that was there is another day now.
_MOVED: Mapping[tuple[str, str], str] = {
    ("awarding_rights", "last_delivered_on"): "last delivered on {after} (before: {before})",
    ("awarding_rights", "delivery_checked_on"): "deliveries checked on {after} (before: {before})",
    ("awarding_rights", "lapse_extended_to"): "its lapse was put off to {after} (before: {before})",
    ("listings", "checked_on"): "compared with NZQA's page on {after} (before: {before})",
}


_NAMES: Mapping[str, str] = {
    "title_en": "the title",
    "title_mi": "the title in te reo Māori",
    "nzsced": "the NZSCED code",
    "qa_body": "the quality assurance body",
    "te_hono": "Te Hono o Te Kahurangi",
    "credits": "the credits",
    "text_en": "the text",
    "text_mi": "the text in te reo Māori",
}


def _field_words(table: str, field: FieldChange) -> str:
    words = {"before": _spoken(field.before), "after": _spoken(field.after)}
    if field.before is None and (said := _ENTERED.get((table, field.column))):
        return said.format_map(words)
    if field.before is not None and field.after is not None and (said := _MOVED.get((table, field.column))):
        return said.format_map(words)
    name = _NAMES.get(field.column, field.column.replace("_", " "))
    if field.before is None:
        return f"{name} is now {words['after']} (not recorded before)"
    if field.after is None:
        return f"{name} is no longer recorded (was {words['before']})"
    was, are = ("were", "are") if field.column == "credits" else ("was", "is")
    return f"{name} {was} {words['before']}, {are} now {words['after']}"


def _spoken(value: Any) -> str:
    match value:
        case None:
            return "not recorded"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return format_nz_date(value)
        case float() | int():
            return f"{value:g}"
        case _:
            return f"“{value}”"


def _cell(value: Any) -> Any:
    return None if value is None else write_cell(value)


def _come(register: Register, row: Any) -> str:
    return f"New. {row_line(register, row)}."


def _gone(register: Register, row: Any) -> str:
    return f"No longer in the register. {row_line(register, row)}."


def subject(table: Table, register: Register, row: Any) -> str:
    """What a row is about, in a few words and by name."""
    match table.name:
        case "providers":
            return f"Provider {row.moe_number}, {row.legal_name}"
        case "issuers":
            return f"Issuer {row.did} of {_named(register, row.moe_number)}"
        case "keys":
            return f"Key {row.verification_method} for {row.purpose}"
        case "listings":
            return f"Listing {row.nzqa_ref} version {row.version}, “{row.title}”"
        case "outcomes":
            return f"Outcome {row.position} of {row.nzqa_ref} version {row.version}"
        case "awarding_rights":
            title = _title(register, row.nzqa_ref)
            return f"Right of {_named(register, row.moe_number)} to award {title} by {row.basis}"
        case "successions":
            return f"Succession from {_named(register, row.from_moe)} to {_named(register, row.to_moe)}"
        case "equivalencies":
            return f"Equivalency “{row.title}” of {row.organisation}"
        case _:
            return f"Anchor {row.merkle_root[:16]}… of {row.did}"


def _named(register: Register, moe_number: str) -> str:
    periods = register.providers_by_number.get(moe_number, ())
    return f"{periods[-1].legal_name} ({moe_number})" if periods else f"provider {moe_number}"


def _title(register: Register, ref: str) -> str:
    versions = register.versions_by_ref.get(ref, ())
    return f"{ref} “{versions[-1].title}”" if versions else ref
