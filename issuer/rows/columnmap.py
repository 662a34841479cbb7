"""A provider's column map: which column is which, and which course code is which listing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from issuer.rows.model import Field
from schemas.errors import InputError
from schemas.jsontext import parse_object
from schemas.limits import CONFIGURATION
from schemas.nzqcf import is_reference

DATE_ORDERS: Final = ("dd/mm/yyyy", "mm/dd/yyyy")
_MEMBERS: Final = frozenset({"columns", "references", "dates"})
_FIELDS: Final = tuple(name for name in Field if name not in (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """`columns`: field -> header, several headers to be joined (names), or none to leave the field out.

    `references`: course code -> NZQA reference. `dates`: how days with slashes are written; None asks when in doubt.
    """

    columns: Mapping[Field, tuple[str, ...]] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None

    def reference_of(self, code: str) -> str | None:
        return self.references.get(fold_code(code))


def fold_code(code: str) -> str:
    return re.sub(r"\s+", "", code).casefold()


def parse_column_map(data: bytes) -> ColumnMap:
    """A map from JSON: `{"columns": {"learner_name": ["First", "Last"]}, "references": {"BEE-101": "5056"}}`.

    Raises InputError, naming the member.
    """
    try:
        document = parse_object(data, limits=CONFIGURATION)
    except InputError as error:
        _refuse(error.detail.rstrip("."))
    for member in document:
        if member not in _MEMBERS:
            _refuse(f"“{member}” is not a member of a column map; it has columns, references and dates")
    dates = document.get("dates")
    if dates is not None and dates not in DATE_ORDERS:
        _refuse(f"“dates” must be one of {', '.join(DATE_ORDERS)}")
    return ColumnMap(
        columns=_columns(document.get("columns", {})),
        references=_references(document.get("references", {})),
        dates=dates,
    )


def _columns(value: Any) -> dict[Field, tuple[str, ...]]:
    if not isinstance(value, dict):
        _refuse("“columns” must be an object of field names and headers")
    columns: dict[Field, tuple[str, ...]] = {}
    for name, headers in value.items():
        if name not in _FIELDS:
            _refuse(f"“{name}” is not a column of a class list; those are {', '.join(_FIELDS)}")
        several = [headers] if isinstance(headers, str) else headers if headers is not None else []
        if not isinstance(several, list) or not all(isinstance(header, str) and header.strip() for header in several):
            _refuse(f"columns.{name} must be a header, a list of headers to join, or null")
        if len(several) > 1 and name not in (Field.LEARNER_NAME, Field.PREFERRED_NAME):
            _refuse(f"columns.{name} names several headers; only names are joined")
        if not several and name in (Field.LEARNER_NAME, Field.NZQA_REF, Field.ACHIEVED_ON):
            _refuse(f"columns.{name} cannot be left out: every badge needs it")
        columns[Field(name)] = tuple(several)
    return columns


def _references(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        _refuse("“references” must be an object of course codes and NZQA references")
    references: dict[str, str] = {}
    for code, reference in value.items():
        if not isinstance(reference, str) or not is_reference(reference):
            _refuse(f"references: “{code[:40]}” must stand for an NZQA reference such as 0426, TF0849 or 128480-1")
        if references.setdefault(fold_code(code), reference) != reference:
            _refuse(f"references: “{code[:40]}” is given twice with different references")
    return references


def _refuse(sentence: str) -> NoReturn:
    raise InputError(f"The column map cannot be used: {sentence}.")
