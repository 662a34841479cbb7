"""Set-ups as rows: what a provider adds to a listing (criteria, signatory, how long a badge lasts, artwork)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from issuer.store.service_tables import setups as _setups
from schemas.times import write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a provider says of one micro-credential; None leaves it to the register and to this program."""

    nzqa_ref: str
    criteria: str | None = None
    signatory_name: str | None = None
    signatory_role: str | None = None
    valid_months: int | None = None
    artwork: bytes | None = field(default=None, repr=False)
    artwork_alt: str | None = None


def load_setup(connection: Connection, nzqa_ref: str) -> Setup | None:
    row = connection.execute(sa.select(_setups).where(_setups.c.nzqa_ref == nzqa_ref)).one_or_none()
    return None if row is None else _setup(row)


def load_setups(connection: Connection) -> Mapping[str, Setup]:
    """Every set-up, by reference, in the order of the references."""
    rows = connection.execute(sa.select(_setups).order_by(_setups.c.nzqa_ref))
    return {row.nzqa_ref: _setup(row) for row in rows}


def load_digests(connection: Connection) -> Mapping[str, bytes]:
    """Reference -> SHA-256 of all that a set-up says, one of them in memory at a time."""
    rows = connection.execute(sa.select(_setups), execution_options={"yield_per": 1})
    found = {}
    for row in rows:
        digest = hashlib.sha256()
        for value in _setup_values(row).values():
            part = b"" if value is None else value if isinstance(value, bytes) else str(value).encode()
            digest.update(b"%d:%d:" % (value is None, len(part)) + part)
        found[row.nzqa_ref] = digest.digest()
    return found


def load_artwork(connection: Connection, nzqa_ref: str) -> bytes | None:
    """The provider's own picture (PNG), if there is one."""
    artwork = connection.scalar(sa.select(_setups.c.artwork).where(_setups.c.nzqa_ref == nzqa_ref))
    return None if artwork is None else bytes(artwork)


def save_setup(connection: Connection, setup: Setup, *, at: datetime, by: str) -> None:
    """Keep a set-up in place of the one there was."""
    values = {name: getattr(setup, name) for name in Setup.__slots__}
    connection.execute(sa.delete(_setups).where(_setups.c.nzqa_ref == setup.nzqa_ref))
    connection.execute(sa.insert(_setups), [values | {"updated_at": write_time(at), "updated_by": by}])


def _setup(row: Row[Any]) -> Setup:
    return Setup(**_setup_values(row))


def _setup_values(row: Row[Any]) -> dict[str, Any]:
    values = {name: row._mapping[name] for name in Setup.__slots__}
    values["artwork"] = None if row.artwork is None else bytes(row.artwork)
    return values
