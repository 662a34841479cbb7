"""Error -> RFC 9457 problem document: the only such mapping."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from schemas.errors import BadgeError

_TYPES = "https://nz-open-badges.example/problems/"


def problem_document(error: BaseException) -> dict[str, Any]:
    """RFC 9457 members for `error`. Anything that is not ours says nothing about itself (RFC 9457, 4.2.1)."""
    if not isinstance(error, BadgeError):
        return {"type": "about:blank", "title": "Internal error", "status": 500}
    document: dict[str, Any] = {
        "type": error.type_uri or f"{_TYPES}{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "slug": error.slug,
    }
    if error.faults:
        document["faults"] = [
            {key: value for key, value in asdict(fault).items() if value is not None} for fault in error.faults
        ]
    return document | error.extensions
