"""Bringing a database to this program's schema with Alembic; the scripts are in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemas.errors import IssuingError

HEAD = "0004"  # a test holds it to the newest script: opening a database then needs no Alembic
LOCK_KEY = 0x4E5A4F42  # "NZOB": two processes opening a new PostgreSQL database at once upgrade it once

_VERSION_TABLE = "alembic_version"


def current_revision(connection: Connection) -> str | None:
    """The revision the database says it has; None for one that was never made."""
    if not sa.inspect(connection).has_table(_VERSION_TABLE):
        return None
    return connection.execute(sa.text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608  a constant


def upgrade(connection: Connection, *, place: str) -> None:
    """Run the scripts from where the database is to the newest. Raises IssuingError for one from a newer program."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "issuer.store:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = current_revision(connection)
    if found is not None and found not in known:
        raise IssuingError(
            f"The database {place} was made by a newer version of this program (schema {found}; this one knows "
            f"up to {HEAD}). Install the newer version; nothing was changed."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
