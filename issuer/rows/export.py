"""Faults as a CSV that a spreadsheet can open without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from issuer.rows.model import RowFault

_RUNS_AS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def neutralise(cell: str) -> str:
    """The cell as it is, or with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_RUNS_AS_FORMULA) else cell


def errors_csv(faults: Iterable[RowFault]) -> bytes:
    """`line,column,reason,sentence`, one row a fault, UTF-8 with a byte order mark so that Excel reads the macrons."""
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(("line", "column", "reason", "sentence"))
    for fault in faults:
        table.writerow((fault.line, neutralise(fault.column or ""), fault.reason, neutralise(fault.message)))
    return written.getvalue().encode("utf-8-sig")
