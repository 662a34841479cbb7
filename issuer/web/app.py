"""The Flask application of one instance: its blueprints, its headers, its errors; started by `badge-issuer serve`."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path

from flask import Flask, Response, current_app, render_template, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize, NoMoreData
from werkzeug.exceptions import BadRequest, HTTPException

from issuer.staff.accounts import Role
from issuer.vault import derived_key
from issuer.web import access, words
from issuer.web.desk.days import as_written
from issuer.web.limits import limiter, tidy
from issuer.web.site import EXTENSION, ServeOptions, Site
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_TABLE_BYTES, MIB
from schemas.nzqcf import NZ_TIME, format_nz_date, nz_date
from schemas.problem import problem_document

log = logging.getLogger("issuer.web")

MAX_REQUEST_BYTES = MAX_TABLE_BYTES + MIB  # the largest thing anybody sends is a class list, in a form
MAX_FORM_PARTS = 5_000  # repairs of a long list of problem rows, each a field
STRANGERS_FORM_MEMORY = 256 * 1024  # theirs hold an address, a password, or some sentences to the provider
MAX_FORM_MEMORY = 8 * MIB  # a pasted class list is a form field

# (module, whether its POSTs carry the session cookie and so need a CSRF token)
BLUEPRINTS: tuple[tuple[str, bool], ...] = (
    ("issuer.web.desk.session", True),
    ("issuer.web.oidc", True),
    ("issuer.web.desk.home", True),
    ("issuer.web.desk.people", True),
    ("issuer.web.desk.keys", True),
    ("issuer.web.desk.audit", True),
    ("issuer.web.desk.bulk", True),
    ("issuer.web.desk.batches", True),
    ("issuer.web.desk.badges", True),
    ("issuer.web.desk.credentials", True),
    ("issuer.web.desk.requests", True),
    ("issuer.web.desk.nzroa", True),
    ("issuer.web.desk.mail", True),
    ("issuer.web.desk.settings", True),
    ("issuer.web.claim", False),  # the unguessable address is the credential; no cookie is used
    ("issuer.web.public", False),
    ("issuer.web.api", False),  # a bearer key
    ("issuer.web.hooks", False),  # a signed body
    ("issuer.web.health", False),
)

# Only with `--vc-api`: it signs for anybody, with keys of its own. No cookie and no key of the provider is used.
_VC_API: tuple[tuple[str, bool], ...] = (("issuer.web.vcapi", False),)

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def make_app(folder: Path, *, options: ServeOptions | None = None) -> Flask:
    """The service over the instance in `folder`. Raises IssuingError when it cannot be opened."""
    chosen = options or ServeOptions()
    app = Flask("issuer.web", template_folder="templates", static_folder=None)
    site = Site(folder, chosen)
    app.extensions[EXTENSION] = site
    secure = site.link_base.startswith("https://")
    app.config.update(
        SECRET_KEY=derived_key(site.instance, "web session"),
        SESSION_COOKIE_NAME="__Host-badges" if secure else "badges",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_MEMORY,
        TESTING=chosen.testing,
    )
    app.before_request(_bound_forms)  # before anything reads the form: that is where its token is looked for
    csrf = CSRFProtect(app)
    app.after_request(tidy)  # before the limiter's own, so that it runs after it
    limiter.init_app(app)
    for name, has_session in BLUEPRINTS + (_VC_API if chosen.vc_api else ()):
        module = import_module(name)
        app.register_blueprint(module.blueprint, url_prefix=site.prefix + (module.blueprint.url_prefix or ""))
        if not has_session:
            csrf.exempt(module.blueprint)
    app.static_folder = str(Path(__file__).parent / "static")
    app.add_url_rule(
        f"{site.prefix}/static/<path:filename>", endpoint="static", view_func=app.send_static_file, methods=["GET"]
    )
    _furnish_templates(app)
    app.after_request(_harden)
    app.after_request(words.keep_choice)
    app.register_error_handler(BadgeError, _tell_badge_error)
    app.register_error_handler(CSRFError, _tell_http_error)
    app.register_error_handler(HTTPException, _tell_http_error)
    for broken in (InvalidChunkSize, InvalidChunkExtension, ChunkMissingTerminator, NoMoreData):
        app.register_error_handler(broken, lambda _error: _tell_http_error(BadRequest()))
    app.register_error_handler(Exception, _tell_fault)
    return app


def _furnish_templates(app: Flask) -> None:
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension adds it
        words._,
        words.ngettext,
        newstyle=True,
    )
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters["english"] = words.english
    environment.filters["as_written"] = as_written
    environment.filters["nz_day"] = lambda value: format_nz_date(
        nz_date(value) if hasattr(value, "hour") else value, language=words.language()
    )
    environment.filters["nz_time"] = lambda value: f"{value.astimezone(NZ_TIME):%H:%M}"
    app.context_processor(
        lambda: {
            "account": access.account() if request.blueprint not in _WITHOUT_ACCOUNT else None,
            "may": access.may,
            "Role": Role,
            "language": words.language(),
            "language_tag": words.language_tag(),
            "other_language": words.other_language(),
            "language_link": words.language_link(),
            "desk_nav": _desk_nav(app),
            "demonstration": app.extensions[EXTENSION].is_demonstration,
            "provider_name": app.extensions[EXTENSION].instance.config.name,
            "now": app.extensions[EXTENSION].now(),
        }
    )


def _desk_nav(app: Flask) -> list[tuple[str, str, Role | None]]:
    """(endpoint, text, role it is for) of the desk's main pages."""
    rows = [
        ("home.home", words._("Overview"), None),
        ("bulk.upload", words._("Issue"), Role.ISSUE),
        ("batches.listing", words._("Class lists"), Role.READ),
        ("badges.listing", words._("Badges"), Role.READ),
        ("credentials.listing", words._("Micro-credentials"), Role.READ),
        ("requests.listing", words._("Requests"), Role.ISSUE),
        ("mail.queue", words._("Mail"), Role.ISSUE),
        ("nzroa.overview", words._("NZRoA"), Role.ADMINISTER),
        ("people.listing", words._("People"), Role.ADMINISTER),
        ("keys.listing", words._("API keys"), Role.ADMINISTER),
        ("audit.listing", words._("Audit trail"), Role.READ),
        ("settings.form", words._("Settings"), Role.ADMINISTER),
    ]
    return [row for row in rows if row[0] in app.view_functions]


def _bound_forms() -> None:
    """Strangers send small forms: taking a large one apart is work, and millions of fields would keep others waiting.

    A file is not counted: it is put aside unread, and who may not send one is told so.
    """
    if request.method != "POST" or request.mimetype not in _FORMS:
        return
    stranger = request.blueprint in _WITHOUT_FORMS or access.account() is None
    most = STRANGERS_FORM_MEMORY if stranger else MAX_FORM_MEMORY
    request.max_form_memory_size = most
    if request.mimetype == _FORMS[0]:  # the library bounds the fields of the other kind alone
        request.max_content_length = most


_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_WITHOUT_FORMS = frozenset({None, "claim", "public", "hooks", "health", "vcapi"})  # forms of staff, that is


_WITHOUT_ACCOUNT = frozenset({"claim", "public", "api", "hooks", "health", "vcapi"})


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.blueprint not in {"public", "health", None} and request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("X-Robots-Tag", "noindex")
    return response


_OURS_TO_MEND = frozenset({"database", "register"})
_BARE_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Not available at the moment</title>'
    "<h1>Not available at the moment</h1><p>Something broke on our side. Try again in a moment.</p></html>"
)


def _wants_problem() -> bool:
    """Machines get a problem document (RFC 9457), people a page."""
    if request.blueprint in {"api", "hooks", "health", "vcapi"} or "/api/" in request.path:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best not in {None, "text/html"}


def _tell_badge_error(error: BadgeError) -> tuple[Response | str, int]:
    status = error.status if 400 <= error.status < 600 else 400
    if error.extensions.get("reason") in _OURS_TO_MEND:  # what it says names folders and hosts: for the log alone
        log.error("%s not available while answering %s", error.extensions["reason"], request.endpoint)
        status = 503
        if _wants_problem():
            return _problem({"type": "about:blank", "title": "Service Unavailable", "status": status}, status), status
        return _error_page(status), status
    if _wants_problem():
        return _problem(problem_document(error), status), status
    return _error_page(status, sentence=error.detail), status


def _tell_http_error(error: HTTPException) -> tuple[Response | str, int]:
    status = error.code or 500
    if error.response is not None:  # a redirect
        return error.response, status  # type: ignore[return-value]  # werkzeug's response is Flask's here
    if _wants_problem():
        document = {"type": "about:blank", "title": error.name, "status": status}
        return _problem(document, status), status
    return _error_page(status), status


def _tell_fault(error: Exception) -> tuple[Response | str, int]:
    """A fault of ours: told without detail, logged by its kind and place alone; a message may quote a learner."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where is not None else "?"
    log.error("fault %s at %s while answering %s", type(error).__name__, place, request.endpoint)
    if current_app.config["TESTING"]:
        raise error
    if _wants_problem():
        return _problem({"type": "about:blank", "title": "Internal Server Error", "status": 500}, 500), 500
    return _error_page(500), 500


def _error_page(status: int, *, sentence: str | None = None) -> str:
    """The page for people; a bare one when even that cannot be made, for the database or a template is away."""
    try:
        return render_template("error.html", status=status, sentence=sentence)
    except Exception as error:  # noqa: BLE001 - an error page must not fail, whatever else did
        log.error("fault %s while telling of another", type(error).__name__)  # noqa: TRY400 - it may quote a learner
        return _BARE_PAGE


def _problem(document: JsonObject, status: int) -> Response:
    return Response(write_json(document), status=status, content_type="application/problem+json")
