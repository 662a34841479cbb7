"""When the worker was last seen, so that a desk whose class lists wait for nobody can be told from a busy one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.engine import Connection

from issuer.instance import Instance
from issuer.store import settings_rows
from schemas.errors import InputError
from schemas.times import parse_time, write_time

EVERY: Final = timedelta(seconds=30)
SILENT: Final = timedelta(minutes=3)  # after so long it is taken to be gone
_NAME: Final = "worker_seen"  # beside the settings, for it is one row that is overwritten; no person sets it


def beat(instance: Instance, *, now: datetime) -> None:
    """The worker is there."""
    with instance.store.writing() as connection:
        settings_rows.save_values(connection, {_NAME: f'"{write_time(now)}"'}, at=now, by="worker")


def last_seen(connection: Connection) -> datetime | None:
    text = settings_rows.load_values(connection).get(_NAME)
    try:
        return None if text is None else parse_time(text.strip('"'))
    except InputError:
        return None
