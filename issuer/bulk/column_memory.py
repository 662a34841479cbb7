"""How a kind of file was read last time, known by its header; holds names of columns and no cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.engine import Connection

from issuer.bulk.upload_choices import NAME_CHARS, UploadChoices
from issuer.instance import Instance
from issuer.rows import ColumnMap, Field, Table, find_table
from issuer.rows.header import fold_header
from issuer.store import uploads_rows
from schemas.errors import TableError, TooLarge
from schemas.jsontext import write_json


def header_sha256(table: Table) -> str:
    """What kinds of files are remembered by: the names of their columns, whatever their order and case."""
    return hashlib.sha256(write_json(sorted(fold_header(name) for name in table.header.names))).hexdigest()


def lenient_table(data: bytes, choices: UploadChoices, *, columns: ColumnMap | None = None) -> Table:
    """The table as far as it can be found without any answer. Raises TableError, TooLarge."""
    return find_table(
        data,
        filename=choices.filename,
        column_map=columns or ColumnMap(),
        encoding=choices.encoding,
        sheet=choices.sheet,
        strict=False,
    )


def with_memory(instance: Instance, data: bytes, choices: UploadChoices) -> UploadChoices:
    """The choices, with the columns this header had last time where none were chosen."""
    if choices.columns:
        return choices
    try:
        digest = header_sha256(lenient_table(data, choices))
    except (TableError, TooLarge):
        return choices  # a person has something to say first
    with instance.store.reading() as connection:
        text = uploads_rows.load_column_map(connection, digest)
    if text is None:
        return choices
    kept = json.loads(text)
    columns = {name: tuple(headers) for name, headers in kept["columns"].items() if name in set(Field)}
    return replace(choices, columns=columns, dates=choices.dates or kept["dates"])


def remember(connection: Connection, data: bytes, choices: UploadChoices, *, now: datetime) -> None:
    if not choices.columns and choices.dates is None:
        return
    try:
        digest = header_sha256(lenient_table(data, choices))
    except (TableError, TooLarge):
        return
    columns = {name: list(_storable(headers)) for name, headers in choices.columns.items()}
    text = write_json({"columns": columns, "dates": choices.dates}).decode()
    uploads_rows.keep_column_map(connection, digest, text, at=now)


def _storable(headers: Iterable[str]) -> Iterable[str]:
    return (header[:NAME_CHARS] for header in headers)
