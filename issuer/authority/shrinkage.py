"""Notices a register that lost too much at once: a truncated export looks like hundreds of closures."""

from __future__ import annotations

from typing import Any

from schemas.errors import Fault, RegisterError
from verifier.register.records import Register
from verifier.register.tables import TABLES, Table

LOST_SHARE = 10  # per cent of what the edition before held
LOST_FEW = 2  # fewer than this many missing things are a correction, however small the register


def refuse_shrunken(before: Register, after: Register) -> None:
    """Raises RegisterError when more than a tenth of any table's subjects are gone, or all of them."""
    faults = tuple(fault for table in TABLES if (fault := _shrinkage(before, after, table)) is not None)
    if faults:
        raise RegisterError(
            "The register shrank suspiciously, so nothing was signed. If it is right, build with --allow-shrink.",
            faults=faults,
        )


def _shrinkage(before: Register, after: Register, table: Table) -> Fault | None:
    held = {_subject(row, table) for row in getattr(before, table.name)}
    lost = held - {_subject(row, table) for row in getattr(after, table.name)}
    # A record that ends gets its last day; it is not taken out.
    if len(lost) <= LOST_FEW and lost != held:
        return None
    if not lost or len(lost) * 100 <= len(held) * LOST_SHARE:
        return None
    named = ", ".join(" ".join(map(str, subject)) for subject in sorted(lost, key=str)[:5])
    more = ", …" if len(lost) > 5 else ""
    message = f"{len(lost):,} of {len(held):,} that the previous edition held are gone: {named}{more}"
    return Fault(file=table.file, message=message)


def _subject(row: Any, table: Table) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in table.identity)
