"""The mail server at the desk: its settings, whose password is never shown again, and a test mail to oneself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.mail.sending import end_pause
from issuer.mail.trying import send_test
from issuer.staff.accounts import Role
from issuer.staff.choices import MailSettings, SecretName, Security, load_choices, save_choices, seal_secret
from issuer.web.access import actor, needs, signed_in
from issuer.web.desk import mail_words
from issuer.web.desk.mail_pages import blueprint
from issuer.web.site import site
from issuer.web.words import _, language
from schemas.errors import InputError


@blueprint.route("/server", methods=["GET", "POST"])
@needs(Role.ADMINISTER)
def server() -> str | tuple[str, int] | Response:
    if request.method == "GET":
        return _form({}, _shown(site.choices.mail))
    try:
        with site.instance.store.writing() as connection:
            choices = load_choices(connection)
            mail = _read(choices.mail)
            save_choices(site.instance, connection, replace(choices, mail=mail), actor=actor(), now=site.now())
        with site.instance.store.writing() as connection:
            end_pause(connection, now=site.now())
    except InputError as error:
        name = str(error.extensions.get("field", "mail_host"))
        return _form({_FIELDS.get(name, name): error.detail}, request.form), 422
    if mail is None:
        flash(_("Mail is switched off. What waits stays until there is a mail server."))
    else:
        flash(_("The settings were saved. Send yourself a test mail to see whether they work."))
    return redirect(url_for("mail.server"), code=303)


@blueprint.post("/test")
@needs(Role.ADMINISTER)
def test() -> Response:
    """To the address of whoever is signed in, and to no other."""
    me = signed_in()
    try:
        code = send_test(
            site.instance,
            site.choices,
            me.email,
            language=language(),
            now=site.now(),
            actor=actor(),
            demonstration=site.is_demonstration,
        )
    except InputError as error:
        flash(error.detail, "error")
        return redirect(url_for("mail.server"), code=303)
    if code is None:
        flash(_("The mail server took the test mail. Look whether it arrives at %(address)s.") % {"address": me.email})
    else:
        flash(_("The test mail was not sent.") + " " + mail_words.reason(code), "error")
    return redirect(url_for("mail.server"), code=303)


# What the core calls a field, and what the form does.
_FIELDS = {
    "mail_host": "host",
    "mail_port": "port",
    "mail_security": "security",
    "mail_sender": "sender",
    "mail_sender_name": "sender_name",
    "mail_reply_to": "reply_to",
    "mail_user": "user",
    "smtp-password": "password",
}


def _read(before: MailSettings | None) -> MailSettings | None:
    """The settings as the form has them; an empty host switches mail off. Raises InputError."""
    given = request.form
    if not given.get("host", "").strip():
        return None
    port = given.get("port", "").strip() or "587"
    if not port.isdecimal() or len(port) > 5:
        raise InputError("The port must be a number from 1 to 65,535; 587 is usual.", field="mail_port")
    security = given.get("security", "")
    if security not in {way.value for way in Security}:
        raise InputError("Choose how the connection is protected.", field="mail_security")
    return MailSettings(
        host=given["host"],
        port=int(port),
        security=Security(security),
        user=given.get("user"),
        password_sealed=_password(before, given),
        sender=given.get("sender", ""),
        sender_name=given.get("sender_name"),
        reply_to=given.get("reply_to"),
    )


def _password(before: MailSettings | None, given: Mapping[str, str]) -> bytes | None:
    """A new one sealed; left empty, the old one stays, but never for another server or user than it was given for."""
    if typed := given.get("password", ""):
        return seal_secret(site.instance, typed, SecretName.SMTP_PASSWORD)
    if before is None:
        return None
    same = (given.get("host", "").strip().lower(), (given.get("user") or "").strip()) == (before.host, before.user)
    return before.password_sealed if same else None


def _shown(mail: MailSettings | None) -> dict[str, str]:
    if mail is None:
        return {"port": "587", "security": Security.STARTTLS.value}
    return {
        "host": mail.host,
        "port": str(mail.port),
        "security": mail.security.value,
        "user": mail.user or "",
        "sender": mail.sender,
        "sender_name": mail.sender_name or "",
        "reply_to": mail.reply_to or "",
    }


def _form(errors: dict[str, str], given: Mapping[str, str]) -> str:
    mail = site.choices.mail
    return render_template(
        "desk/mail/server.html",
        errors=errors,
        given=given,
        mail=mail,
        has_password=mail is not None and mail.password_sealed is not None,
        me=signed_in(),
        securities=[
            (Security.STARTTLS.value, _("STARTTLS"), _("Usual, with port 587.")),
            (Security.TLS.value, _("TLS"), _("Usual with port 465.")),
            (Security.NONE.value, _("None"), _("Only for a server on this machine or in your own closed network.")),
        ],
    )
