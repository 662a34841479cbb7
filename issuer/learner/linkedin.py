"""The address that opens LinkedIn's own form, filled in with a badge; nothing is sent there by us."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

_FORM = "https://www.linkedin.com/profile/add"


def linkedin_url(
    *,
    title: str,
    organisation: str,
    awarded_on: date,
    expires_on: date | None,
    page_url: str,
    credential_id: str,
) -> str:
    """Days are New Zealand's. What is not known is left out: an empty value would blank LinkedIn's field."""
    values = {
        "startTask": "CERTIFICATION_NAME",
        "name": title,
        "organizationName": organisation,
        "issueYear": str(awarded_on.year),
        "issueMonth": str(awarded_on.month),
        "expirationYear": "" if expires_on is None else str(expires_on.year),
        "expirationMonth": "" if expires_on is None else str(expires_on.month),
        "certUrl": page_url,
        "certId": credential_id,
    }
    return f"{_FORM}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items() if value)
