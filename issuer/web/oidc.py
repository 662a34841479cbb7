"""Signing in with the provider's own service (OpenID Connect): opens accounts that are here already, and makes none."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from issuer.staff import accounts
from issuer.staff.accounts import SignInRefused
from issuer.staff.choices import OidcSettings, SecretName, unseal_secret
from issuer.web.access import safe_next
from issuer.web.desk.session import desk_home, remember
from issuer.web.limits import SIGN_IN, limiter
from issuer.web.site import site
from issuer.web.words import _
from schemas.errors import IssuingError

blueprint = Blueprint("oidc", __name__, url_prefix="/desk/oidc")

_THEN = "oidc-then"
_CLIENTS = "nz-open-badges-oidc"
_SECONDS = 10


@blueprint.post("/begin")
@limiter.limit(SIGN_IN)
def begin() -> AnyResponse:
    """Go to the service. State, nonce and the PKCE verifier wait in the session's own cookie."""
    client = _client()
    session[_THEN] = request.form.get("then", "")
    redirect_uri = site.link(url_for("oidc.finish").removeprefix(site.prefix))
    try:
        answer: AnyResponse = client.authorize_redirect(redirect_uri)
    except Exception:  # noqa: BLE001 - the library lets through whatever its transport raises
        return _refused(_("The sign-in service cannot be reached at the moment. Try again, or use your password here."))
    answer.status_code = 303
    return answer


@blueprint.get("/callback")
@limiter.limit(SIGN_IN)
def finish() -> AnyResponse:
    """Back from the service: its token is verified, and the account found by who it says that is."""
    client = _client()
    try:
        token = client.authorize_access_token()
        claims: dict[str, Any] = dict(token.get("userinfo") or {})
    except Exception:  # noqa: BLE001 - a wrong state, signature, nonce, audience; or the transport
        return _refused(_("Signing in with the service did not work. Begin again."))
    then = session.get(_THEN, "")
    email, subject, verified = claims.get("email"), claims.get("sub"), claims.get("email_verified")
    if not isinstance(email, str) or not isinstance(subject, str) or not subject or verified is not True:
        return _refused(_("The sign-in service did not say which verified e-mail address is yours."))
    try:
        found = accounts.sign_in_by_service(
            site.instance, subject=f"{_settings().issuer} {subject}", email=email, now=site.now()
        )
    except SignInRefused:
        return _refused(_("There is no account here for who you signed in as. Ask an administrator."))
    remember(found)
    return redirect(safe_next(str(then), default=desk_home()), code=303)


def _settings() -> OidcSettings:
    found = site.choices.oidc
    if found is None:
        abort(404)
    return found


def _client() -> Any:
    """The library's client for the settings as they are now; made anew when they changed. 404 when there are none."""
    chosen = _settings()
    kept: tuple[OidcSettings, Any] | None = current_app.extensions.get(_CLIENTS)
    if kept is not None and kept[0] == chosen:
        return kept[1]
    try:
        from authlib.integrations.flask_client import OAuth
    except ModuleNotFoundError:
        raise IssuingError("Signing in with a service needs the extra `oidc` (pip install '.[oidc]').") from None
    sealed = chosen.client_secret_sealed
    secret = None if sealed is None else unseal_secret(site.instance, sealed, SecretName.OIDC_CLIENT)
    client = OAuth(current_app).register(
        name="desk",
        client_id=chosen.client_id,
        client_secret=secret,
        server_metadata_url=f"{chosen.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "timeout": _SECONDS,
            "token_endpoint_auth_method": "none" if secret is None else "client_secret_basic",
        },
    )
    current_app.extensions[_CLIENTS] = (chosen, client)
    return client


def _refused(sentence: str) -> AnyResponse:
    flash(sentence, "error")
    return redirect(url_for("session.sign_in"), code=303)
