"""A report -> the digest that a second run must reproduce: same badge, register, lists and moment give the same one."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from schemas.canonical import jcs
from schemas.errors import DocumentError
from schemas.jsontext import JsonObject

# What changes from run to run although nothing about the badge did: when a copy was retrieved, and what the file was
# called. The digests of those copies, and the moment that was asked about (`checked_at`), stay in.
_VOLATILE: Final = frozenset({"retrieved_at", "as_of"})
_OWN: Final = "report_sha256"


def report_sha256(report: JsonObject) -> str | None:
    """SHA-256, in hexadecimal, of the report's RFC 8785 form without its volatile members; None where it has none."""
    lasting = {name: _without_volatile(value) for name, value in report.items() if name != _OWN}
    badge = None
    for check in lasting.get("checks", ()):
        if check["id"] == "intake":
            check["evidence"].pop("name", None)
            badge = check["evidence"].get("sha256")
    # Where the badge itself lay is no more part of it than the name of its file.
    others = [source for source in lasting.get("sources", ()) if source["sha256"] != badge]
    lasting["sources"] = sorted(others, key=lambda source: (source["url"], source["sha256"]))
    try:
        return hashlib.sha256(jcs(lasting)).hexdigest()
    except DocumentError:
        return None  # a number that RFC 8785 cannot write


def _without_volatile(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_volatile(member) for name, member in value.items() if name not in _VOLATILE}
    return [_without_volatile(member) for member in value] if isinstance(value, list | tuple) else value
