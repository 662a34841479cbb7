"""Signing in and out at the desk, and one's own account: password and browsers; other people's are not its business."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from issuer.staff import accounts
from issuer.staff.accounts import Account, SignInRefused
from issuer.staff.passwords import MIN_CHARS
from issuer.vault import token_sha256
from issuer.web.access import TOKEN, account, needs, safe_next, signed_in
from issuer.web.limits import SIGN_IN, limiter
from issuer.web.site import site
from issuer.web.words import _, english
from schemas.errors import BadgeError, InputError

blueprint = Blueprint("session", __name__, url_prefix="/desk")


@blueprint.get("/sign-in")
def sign_in() -> Response | str:
    if account() is not None:
        return redirect(_after_sign_in(request.args.get("then")))
    expired = request.args.get("expired") is not None
    return _sign_in_page(then=request.args.get("then", ""), expired=expired)


@blueprint.post("/sign-in")
@limiter.limit(SIGN_IN)
def open_desk() -> Response | tuple[str, int]:
    email, then = request.form.get("email", "").strip(), request.form.get("then", "")
    try:
        found = accounts.sign_in(site.instance, email, request.form.get("password", ""), now=site.now())
    except SignInRefused:
        sentence = _(
            "The e-mail address or the password is not right, or the account is locked: for a minute after five wrong "
            "passwords, longer after each further one, and at most for an hour."
        )
        return _sign_in_page(then=then, email=email, errors={"email": sentence}), 401
    remember(found)
    if found.must_change:
        return redirect(url_for("session.change_password"), code=303)
    return redirect(_after_sign_in(then), code=303)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    token = session.get(TOKEN)
    if isinstance(token, str):
        accounts.end_session(site.instance, token)
    session.clear()
    flash(_("You are signed out."))
    return redirect(url_for("session.sign_in"), code=303)


@blueprint.get("/account")
@needs()
def my_account() -> str:
    found = signed_in()
    browsers = accounts.list_sessions(site.instance, found.account_id, now=site.now())
    return render_template(
        "desk/session/account.html", person=found, browsers=browsers, this_one=token_sha256(session[TOKEN])
    )


@blueprint.route("/account/password", methods=["GET", "POST"])
@needs()
def change_password() -> Response | str | tuple[str, int]:
    found = signed_in()
    if request.method == "GET":
        return _password_page(found, {})
    try:
        accounts.change_password(
            site.instance,
            found.account_id,
            current=request.form.get("current", ""),
            new=request.form.get("new", ""),
            now=site.now(),
        )
    except InputError as error:
        field = str(error.extensions.get("field", "current"))
        return _password_page(found, {field: tell(error)}), 422
    remember(found)  # every browser was signed out; this one is signed in anew
    flash(_("Your password is changed. Every other browser is signed out."))
    return redirect(url_for("session.my_account") if not found.must_change else desk_home(), code=303)


@blueprint.post("/account/sign-out-others")
@needs()
def sign_out_others() -> Response:
    accounts.end_other_sessions(site.instance, signed_in().account_id, keep=session[TOKEN])
    flash(_("Every other browser is signed out."))
    return redirect(url_for("session.my_account"), code=303)


def remember(found: Account) -> None:
    """Sign this browser in with a session of its own: nothing that was in its cookie before stays."""
    session.clear()
    session[TOKEN] = accounts.open_session(site.instance, found.account_id, now=site.now())


def tell(error: BadgeError) -> str | Markup:
    """What was refused, in the language of the page where these pages know it."""
    code = error.extensions.get("reason") or error.extensions.get("field")
    sentences = {
        "short": _("Choose a password of at least %(n)s characters.") % {"n": MIN_CHARS},
        "common": _("That is one of the passwords people guess first. Choose another."),
        "email": _("Choose a password that is not your e-mail address."),
        "same": _("Choose a password other than the one you have now."),
        "current": _("This is not the password you have now."),
        "last-administrator": _("This is the last administrator. Give somebody else that role first."),
        "roles": _("Choose at least one role."),
        "scopes": _("Choose at least one thing the key may do."),
    }
    return sentences.get(str(code)) or english(error.detail)


def desk_home() -> str:
    return f"{site.prefix}/desk"


def _after_sign_in(then: str | None) -> str:
    return safe_next(then, default=desk_home())


def _sign_in_page(*, then: str, email: str = "", errors: dict[str, str] | None = None, expired: bool = False) -> str:
    oidc = site.choices.oidc
    return render_template(
        "desk/session/sign_in.html", then=then, email=email, errors=errors or {}, expired=expired, oidc=oidc
    )


def _password_page(found: Account, errors: dict[str, str | Markup]) -> str:
    return render_template("desk/session/password.html", person=found, errors=errors, min_chars=MIN_CHARS)
