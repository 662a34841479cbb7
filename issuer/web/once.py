"""A secret shown once, on the page after the form that made it: it travels sealed in the session's own cookie."""

from __future__ import annotations

from base64 import b64decode, b64encode

from flask import session

from issuer.vault import seal, token_sha256, unseal
from issuer.web.access import TOKEN
from issuer.web.site import site
from schemas.errors import IssuingError

_ONCE = "once"
_PURPOSE = "shown once"


def keep_once(secret: str, *, about: str) -> None:
    """Show `secret` on the next page that asks for what there is `about` it."""
    sealed = seal(site.instance, secret.encode(), purpose=_PURPOSE, context=_context(about))
    session[_ONCE] = [about, b64encode(sealed).decode("ascii")]


def take_once(about: str) -> str | None:
    """The secret, the first time it is asked for."""
    kept = session.get(_ONCE)
    if not isinstance(kept, list) or len(kept) != 2 or kept[0] != about:
        return None
    session.pop(_ONCE)
    try:
        return unseal(site.instance, b64decode(kept[1]), purpose=_PURPOSE, context=_context(about)).decode()
    except (IssuingError, ValueError):
        return None


def _context(about: str) -> str:
    return f"{token_sha256(str(session.get(TOKEN)))} {about}"
