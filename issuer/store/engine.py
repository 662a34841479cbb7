"""Opening the database, SQLite or PostgreSQL, at the right schema; knows nothing of what the rows mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError

from issuer.store import migrating
from issuer.store.dialect import FOLD, fold_text
from schemas.errors import BadgeError, InputError, IssuingError

SQLITE_FILE = "badges.sqlite3"
BUSY_SECONDS = 60  # a chunk of 200 rows holds SQLite's one write lock for a second or two
_WRITES = "badges_writes"
_PRAGMAS = (
    "page_size=8192",  # of a new file: two badges to a page, where one would leave a fifth of four kilobytes empty
    *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"),
    "cache_size=-65536",  # KiB: with a million badges, the inner pages of every index still fit
    "wal_autocheckpoint=8192",  # pages, 64 MiB: those that many chunks change are written to the file once
)


class DatabaseAway(BadgeError):
    """The database of an open instance is away, locked or full: no refusal of what was asked, and not told as one."""

    slug = "database-away"
    title = "The database cannot be used"
    status = 503


class Store:
    """An open database. `reading()` and `writing()` each give a connection inside one transaction."""

    def __init__(self, engine: Engine, *, place: str) -> None:
        self._engine = engine
        self.place = place

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @property
    def conninfo(self) -> str:
        """The database as PostgreSQL's own drivers take it, password and all: never to be shown."""
        return self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view; nothing is written."""
        with self._telling_faults(), self._engine.connect() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, committed when the block ends well and rolled back when it raises."""
        with (
            self._telling_faults(),
            self._engine.connect().execution_options(**{_WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def alone(self, key: int) -> Iterator[bool]:
        """Whether nobody else is at what `key` stands for, on any machine; true until the block ends.

        On SQLite always: there everything that writes is alone anyway.
        """
        if self.is_sqlite:
            yield True
            return
        with self.reading() as connection:  # the lock goes with the transaction, even when we are killed
            yield bool(connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}))

    def close(self) -> None:
        """Let go of the connections; the last one out also folds SQLite's log into the file."""
        self._engine.dispose()

    @contextmanager
    def _telling_faults(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
                raise  # of a statement; the bare kind is a file that is no database, or a broken one
            fault = str(error.orig)
            reason = "disk-full" if _is_full(fault) else "database"
            raise DatabaseAway(self._sentence(fault), reason=reason) from error

    def _sentence(self, fault: str) -> str:
        if "locked" in fault or "busy" in fault:
            return (
                f"The database {self.place} has been busy with another process for {BUSY_SECONDS} seconds. "
                "Wait for it to finish, then run the same command again; nothing is issued twice."
            )
        if _is_full(fault):
            return f"The disk that holds the database {self.place} is full. Make room, then run the command again."
        if "readonly" in fault:
            return f"The database {self.place} cannot be written to; check who owns it and its permissions."
        return f"The database {self.place} cannot be used: {fault.strip().splitlines()[0] if fault else 'no answer'}."


def _is_full(fault: str) -> bool:
    return "disk is full" in fault or "No space left" in fault


def open_store(url: str, *, create: bool = False) -> Store:
    """The database at `url`, brought to this program's schema.

    Raises IssuingError when it cannot be reached, is not there (unless `create`), or was made by a newer program.
    """
    parsed = parse_database_url(url)
    engine = _sqlite_engine(parsed, create=create) if parsed.drivername == "sqlite" else _postgresql_engine(parsed)
    store = Store(engine, place=place_of(parsed))
    try:
        _bring_to_head(store, engine)
    except BaseException:
        store.close()
        raise
    return store


def sqlite_url(path: Path) -> str:
    return str(URL.create("sqlite", database=str(path)))


def parse_database_url(url: str) -> URL:
    """A SQLite or PostgreSQL URL. Raises InputError, never quoting a password."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        raise InputError(
            "The database URL cannot be read; it looks like postgresql://user:password@host/database."
        ) from None
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise InputError(f"A database must be SQLite (a file) or PostgreSQL; this URL starts with “{parsed.drivername}”.")


def place_of(url: URL) -> str:
    """How people may see the database named: no user, no password."""
    if url.drivername == "sqlite":
        return url.database or ""
    return f"{url.database} at {url.host or url.query.get('host') or 'this machine'}"


def _sqlite_engine(url: URL, *, create: bool) -> Engine:
    path = Path(url.database or "")
    if not create and not path.is_file():
        raise IssuingError(f"The database {path} is not there. Restore it from a backup; nothing was changed.")
    if create:
        _make_private(path)
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function(FOLD, 1, fold_text, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A write transaction takes the one write lock at once: a later upgrade from reading would fail, not wait.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _make_private(path: Path) -> None:
    """An empty file for its owner alone: learners' names and addresses go in. SQLite gives its log the same mode."""
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise IssuingError(f"The database {path} cannot be made: {error.strerror}.", reason="database") from error


def _postgresql_engine(url: URL) -> Engine:
    try:
        return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise IssuingError(
            "PostgreSQL needs the driver psycopg: install this program with its extra `pg` (pip install '.[pg]')."
        ) from None


def _bring_to_head(store: Store, engine: Engine) -> None:
    try:
        with store.reading() as connection:
            found = migrating.current_revision(connection)
        if found == migrating.HEAD:
            return
        with store.writing() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrating.LOCK_KEY})
            migrating.upgrade(connection, place=store.place)
    except DBAPIError as error:
        detail = re.sub(r"\s+", " ", str(error.orig))[:200]
        raise IssuingError(f"The database {store.place} cannot be used: {detail}.", reason="database") from error
