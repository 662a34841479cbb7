"""What a person chose for one class list: how to read it, and the cells they mended; always sealed where it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from issuer.instance import Instance
from issuer.rows import ISSUE_ANEW, LEAVE_OUT, ColumnMap, Field
from issuer.rows.columnmap import DATE_ORDERS, fold_code
from issuer.vault import seal, unseal
from schemas.errors import InputError
from schemas.limits import MAX_CELL_CHARS

UPLOAD: Final = "upload"  # the purpose under which everything of a class list is sealed
NAME_CHARS: Final = 100
_REASON_CHARS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadChoices:
    """How a person wants the file read, and the cells they mended. `repr` shows none of it."""

    filename: str
    encoding: str | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # field -> names as the preview has them
    dates: str | None = None
    repairs: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    accept_unconfirmed: str | None = None
    sheet: str | None = None
    sent_back: str | None = None  # why, in the words of whoever was to approve it
    prepared_by: tuple[str, ...] = ()  # whoever uploaded, mended or confirmed it: none of them approves it

    def __repr__(self) -> str:
        return "UploadChoices(…)"


def column_map_of(choices: UploadChoices, codes: Mapping[str, str]) -> ColumnMap:
    return ColumnMap(
        columns={Field(name): tuple(headers) for name, headers in choices.columns.items()},
        references={fold_code(code): reference for code, reference in codes.items()},
        dates=choices.dates,
    )


def tidy_filename(filename: str) -> str:
    plain = "".join(c for c in filename.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    return " ".join(plain.split())[:NAME_CHARS] or "class list"


def checked_choices(choices: UploadChoices) -> UploadChoices:
    for name, headers in choices.columns.items():
        if name not in set(Field):
            raise InputError(f"“{name[:40]}” is not a column of a class list.", field=name)
        if len(headers) > 1 and name not in (Field.LEARNER_NAME, Field.PREFERRED_NAME):
            raise InputError("Only a name may come from several columns. Choose one column.", field=name)
        if any(not header or len(header) > NAME_CHARS for header in headers):
            raise InputError("This is no column of the file.", field=name)
    if choices.dates is not None and choices.dates not in DATE_ORDERS:
        raise InputError(f"Dates must be one of {', '.join(DATE_ORDERS)}.", field="dates")
    if choices.encoding is not None and choices.encoding not in ("utf-8", "cp1252"):
        raise InputError("The encoding must be utf-8 or cp1252.", field="encoding")
    reason = choices.accept_unconfirmed
    if reason is not None and not (reason.strip() and reason.isprintable() and len(reason) <= _REASON_CHARS):
        raise InputError(
            f"Say in at most {_REASON_CHARS} characters why rows that the register cannot confirm are to be issued.",
            field="accept_unconfirmed",
        )
    repairs = {int(line): checked_repairs(cells) for line, cells in choices.repairs.items()}
    return replace(choices, repairs=repairs)


def with_preparer(choices: UploadChoices, actor: str) -> UploadChoices:
    """The choices, with one more person who had a hand in them."""
    if actor in choices.prepared_by:
        return choices
    return replace(choices, prepared_by=(*choices.prepared_by, actor))


def checked_repairs(values: Mapping[str, str]) -> dict[str, str]:
    for name, text in values.items():
        if name not in (LEAVE_OUT, ISSUE_ANEW) and name not in set(Field):
            raise InputError(f"“{name[:40]}” is not a column of a class list.", field=name)
        if len(text) > MAX_CELL_CHARS:
            raise InputError(f"The cell holds {len(text):,} characters; the limit is {MAX_CELL_CHARS:,}.", field=name)
    return dict(values)


def open_choices(instance: Instance, batch_id: str, sealed: bytes) -> UploadChoices:
    """Choices as they were sealed."""
    members: dict[str, Any] = json.loads(unseal(instance, sealed, purpose=UPLOAD, context=batch_id))
    members["columns"] = {name: tuple(headers) for name, headers in members["columns"].items()}
    members["prepared_by"] = tuple(members["prepared_by"])
    members["repairs"] = {int(line): cells for line, cells in members["repairs"].items()}
    return UploadChoices(**members)


def seal_choices(instance: Instance, batch_id: str, choices: UploadChoices) -> bytes:
    members = {name: getattr(choices, name) for name in UploadChoices.__slots__}
    members["repairs"] = {str(line): dict(cells) for line, cells in sorted(choices.repairs.items())}
    members["columns"] = {name: list(headers) for name, headers in choices.columns.items()}
    members["prepared_by"] = list(choices.prepared_by)
    return seal(instance, json.dumps(members).encode(), purpose=UPLOAD, context=batch_id)
