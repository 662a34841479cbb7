"""The desk's settings: four eyes, how long things are kept and links work, whom learners ask, sign-in and webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import audit
from issuer.baseurl import parse_base_url
from issuer.staff import webhook as hook
from issuer.staff.accounts import Role
from issuer.staff.choices import (
    Choices,
    MailDefault,
    OidcSettings,
    SecretName,
    load_choices,
    save_choices,
    seal_secret,
)
from issuer.suspension import set_suspension
from issuer.web.access import actor, needs
from issuer.web.once import keep_once, take_once
from issuer.web.site import site
from issuer.web.words import _
from schemas.errors import InputError, IssuingError

blueprint = Blueprint("settings", __name__, url_prefix="/desk/settings")

_EXAMPLE_DELIVERY = """{"delivery": "delivery-0001",
 "completions": [{
  "completion_id": "7-42",
  "course": "BEE-101",
  "achieved_on": "2026-05-31",
  "learner_name": "Mere Āwhina",
  "learner_email":
   "mere@learner.example"
 }]}"""

_DAYS = ("claim_days", "reminder_days", "nsn_purge_days", "upload_days")
_WEBHOOK = "webhook-secret"


@blueprint.route("", methods=["GET", "POST"])
@needs(Role.ADMINISTER)
def form() -> str | tuple[str, int] | Response:
    if request.method == "GET":
        return _form({}, _shown(site.choices))
    try:
        verifier_url = _read_verifier(request.form.get("verifier_url", ""))
        with site.instance.store.writing() as connection:
            choices = _read(load_choices(connection))
            save_choices(site.instance, connection, choices, actor=actor(), now=site.now())
    except InputError as error:
        return _form({str(error.extensions.get("field", "claim_days")): error.detail}, request.form), 422
    _save_config(verifier_url)
    flash(_("The settings were saved."))
    return redirect(url_for("settings.form"), code=303)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@needs(Role.ADMINISTER)
def sign_in_service() -> str | tuple[str, int] | Response:
    """The provider's own sign-in service (OpenID Connect), an extra beside passwords."""
    before = site.choices.oidc
    if request.method == "GET":
        return _sign_in_form({}, _shown_oidc(before))
    try:
        with site.instance.store.writing() as connection:
            choices = replace(load_choices(connection), oidc=_read_oidc(before))
            save_choices(site.instance, connection, choices, actor=actor(), now=site.now())
    except InputError as error:
        return _sign_in_form({str(error.extensions.get("field", "oidc_issuer")): error.detail}, request.form), 422
    flash(_("The settings were saved."))
    return redirect(url_for("settings.sign_in_service"), code=303)


@blueprint.get("/webhook")
@needs(Role.ADMINISTER)
def webhook() -> str:
    connected = site.choices.webhook
    return render_template(
        "desk/settings/webhook.html",
        connected=connected,
        mark=hook.mark_of(connected),
        address=site.link("/hooks/completions"),
        text=take_once(_WEBHOOK),
        openapi=f"{site.prefix}/openapi.json",
        example=_EXAMPLE_DELIVERY,
    )


@blueprint.post("/webhook")
@needs(Role.ADMINISTER)
def change_webhook() -> Response:
    """A new secret beside the old, shown once; the old one ended; or none, and deliveries are refused.

    The form carries the mark of the secret there was: sent twice, it makes one, and the one in use stays good.
    """
    wanted, now = request.form.get("do"), site.now()
    if wanted == "make":
        try:
            secret = hook.rotate_secret(site.instance, expected=request.form.get("mark", ""), actor=actor(), now=now)
        except IssuingError:
            flash(_("The secret was exchanged already."))
        else:
            keep_once(secret, about=_WEBHOOK)
    elif wanted == "end-old":
        hook.end_previous_secret(site.instance, actor=actor(), now=now)
        flash(_("The old secret works no longer."))
    elif wanted == "end":
        hook.switch_off(site.instance, actor=actor(), now=now)
        flash(_("Deliveries of learning platforms are refused from now on."))
    return redirect(url_for("settings.webhook"), code=303)


def _read(before: Choices) -> Choices:
    given = request.form
    mail_default = MailDefault.SEND if given.get("mail_default") == MailDefault.SEND else MailDefault.HOLD
    return replace(
        before,
        four_eyes=given.get("four_eyes") == "yes",
        mail_default=mail_default,
        contact_email=given.get("contact_email"),
        contact_name=given.get("contact_name"),
        privacy_text=given.get("privacy_text"),
        claim_days=_days("claim_days"),
        reminder_days=_days("reminder_days"),
        nsn_purge_days=_days("nsn_purge_days"),
        upload_days=_days("upload_days"),
    )


def _days(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not text.isdecimal() or len(text) > 5:
        raise InputError("This must be a whole number of days.", field=name)
    return int(text)


def _read_verifier(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        return parse_base_url(text.strip())
    except InputError:
        raise InputError(
            "The verifier's address must be one like https://verify.example.nz, without ? or #.", field="verifier_url"
        ) from None


def _save_config(verifier_url: str | None) -> None:
    """What stands in the instance's own file, because issuing and publishing need it without a database."""
    instance, now = site.instance, site.now()
    set_suspension(instance, on=request.form.get("suspension") == "yes", now=now, actor=actor())
    if verifier_url != instance.config.verifier_url:
        with instance.store.writing() as connection:
            instance.save_config(replace(instance.config, verifier_url=verifier_url))
            facts = {"changed": ["verifier_url"]}
            audit.append(connection, at=now, actor=actor(), action=audit.SETTINGS, facts=facts)


def _read_oidc(before: OidcSettings | None) -> OidcSettings | None:
    """As the form has it; an empty address switches it off. An empty secret keeps the one of the same service."""
    given = request.form
    issuer = given.get("oidc_issuer", "").strip()
    if not issuer:
        return None
    sealed = None
    if typed := given.get("oidc_secret", ""):
        sealed = seal_secret(site.instance, typed, SecretName.OIDC_CLIENT)
    elif before is not None and (issuer.rstrip("/"), given.get("oidc_client_id", "").strip()) == (
        before.issuer,
        before.client_id,
    ):
        sealed = before.client_secret_sealed
    return OidcSettings(
        issuer=issuer,
        client_id=given.get("oidc_client_id", ""),
        client_secret_sealed=sealed,
        label=given.get("oidc_label"),
    )


def _shown(choices: Choices) -> dict[str, str]:
    config = site.instance.config
    return {
        **{name: str(getattr(choices, name)) for name in _DAYS},
        "four_eyes": "yes" if choices.four_eyes else "",
        "mail_default": choices.mail_default.value,
        "contact_email": choices.contact_email or "",
        "contact_name": choices.contact_name or "",
        "privacy_text": choices.privacy_text or "",
        "suspension": "yes" if config.suspension else "",
        "verifier_url": config.verifier_url or "",
    }


def _shown_oidc(oidc: OidcSettings | None) -> dict[str, str]:
    if oidc is None:
        return {}
    return {"oidc_issuer": oidc.issuer, "oidc_client_id": oidc.client_id, "oidc_label": oidc.label or ""}


def _form(errors: dict[str, str], given: Mapping[str, str]) -> str:
    return render_template("desk/settings/form.html", errors=errors, given=given, choices=site.choices)


def _sign_in_form(errors: dict[str, str], given: Mapping[str, str]) -> str:
    oidc = site.choices.oidc
    return render_template(
        "desk/settings/sign_in.html",
        errors={"oidc_secret" if name == SecretName.OIDC_CLIENT else name: text for name, text in errors.items()},
        given=given,
        has_secret=oidc is not None and oidc.client_secret_sealed is not None,
    )
