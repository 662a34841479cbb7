"""How often somebody may ask: counted in memory, by each server process for itself; a restart forgets it."""

from __future__ import annotations

from flask import Response, request
from flask_limiter import Limiter

from issuer.web.bearer import api_key


def _asker() -> str:
    """A program by its key, everybody else by their address."""
    if request.blueprint == "api":
        key = api_key()
        if key is not None:
            return f"key:{key.key_id}"
    return f"address:{request.remote_addr}"


limiter = Limiter(_asker, storage_uri="memory://", strategy="moving-window", headers_enabled=True)

SIGN_IN = "60 per minute"  # from one address, where a whole staff may sit; each account has its own lock besides
API = "600 per minute"
HOOKS = "600 per minute"


def tidy(response: Response) -> Response:
    """`Retry-After` is for those who asked too often; the library says it to everybody."""
    if response.status_code not in {429, 503}:
        response.headers.pop("Retry-After", None)
    return response
