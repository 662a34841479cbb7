"""Who is signed in, and what they may do: the session's account, and the decorator that asks for a role."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from flask import abort, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from issuer.staff.accounts import Account, Role, load_session
from issuer.web.site import site

TOKEN = "token"  # in Flask's signed cookie; the database has its hash alone
_View = TypeVar("_View", bound=Callable[..., object])


def account() -> Account | None:
    """Who is signed in, looked up once a request."""
    if "account" not in g:
        token = session.get(TOKEN)
        g.account = None if not isinstance(token, str) else load_session(site.instance, token, now=site.now())
    found: Account | None = g.account
    return found


def signed_in() -> Account:
    """The account behind a view that asked for one."""
    found = account()
    if found is None:
        abort(401)
    return found


def actor() -> str:
    """As the audit log names whoever is signed in."""
    return f"user:{signed_in().account_id}"


def may(role: Role) -> bool:
    """Whether to offer what needs that role."""
    found = account()
    return found is not None and role in found.roles


def needs(*roles: Role) -> Callable[[_View], _View]:
    """The view is for people with at least one of these roles; with none given, for anybody signed in.

    Whoever is not signed in is led to the sign-in page and back; whoever holds a one-time password must change it
    first; whoever lacks the role is told so (403).
    """

    def decorate(view: _View) -> _View:
        @wraps(view)
        def guarded(*args: object, **kwargs: object) -> object:
            found = account()
            if found is None:
                return _to_sign_in()
            if found.must_change and request.endpoint not in _WITH_ONE_TIME_PASSWORD:
                return redirect(url_for("session.change_password"))
            if roles and not any(role in found.roles for role in roles):
                abort(403)
            return view(*args, **kwargs)

        guarded.needs = roles  # type: ignore[attr-defined]  # read by the test that walks over all routes
        return guarded  # type: ignore[return-value]  # wraps() keeps the view's own signature

    return decorate


_WITH_ONE_TIME_PASSWORD = frozenset({"session.change_password", "session.sign_out"})


def _to_sign_in() -> Response:
    if request.method != "GET":
        return redirect(url_for("session.sign_in", expired=1))
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("session.sign_in", then=wanted))


def safe_next(wanted: str | None, *, default: str) -> str:
    """Where to go after signing in: a path of this desk, never another site."""
    desk = f"{site.prefix}/desk"
    if wanted and wanted.startswith(desk) and "\\" not in wanted and "\n" not in wanted and "\r" not in wanted:
        return wanted
    return default
