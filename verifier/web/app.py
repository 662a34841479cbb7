"""The Flask application of the verifier: puts its blueprints together and hardens every answer."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from schemas.errors import BadgeError
from schemas.limits import MAX_IMAGE_BYTES, MIB
from verifier.web import health, machine, pages, vcapi
from verifier.web.rates import EXTENSION as RATES
from verifier.web.rates import Rates, charge_request
from verifier.web.service import EXTENSION, Service, current_service
from verifier.web.telling import tell_badge_error, tell_http_error

__all__ = ["BLUEPRINTS", "Service", "make_app"]

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    pages.blueprint,
    machine.blueprint,
    vcapi.blueprint,
    health.blueprint,
)

_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def make_app(service: Service) -> Flask:
    """The verifier's application."""
    app = Flask("verifier.web", static_folder="static")
    app.extensions[EXTENSION] = service
    if service.rate:
        app.extensions[RATES] = Rates(service.rate)
    app.config["MAX_CONTENT_LENGTH"] = MAX_IMAGE_BYTES + MIB
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_error_handler(BadgeError, tell_badge_error)
    app.register_error_handler(HTTPException, tell_http_error)
    app.before_request(charge_request)
    app.after_request(_harden)
    return app


def _harden(response: Response) -> Response:
    current_service().shared.counters.count("requests", f"{response.status_code // 100}xx")
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    headers.setdefault("X-Robots-Tag", "noindex")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Vary", "Accept")
    return response
