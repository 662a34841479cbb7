"""Why a mail was not sent, in words: the codes of the outbox and of mail servers, in the language of the page."""

from __future__ import annotations

from issuer.web.desk import labels
from issuer.web.words import _


def reason(code: str | None) -> str:
    """A sentence about the code; a mail server's own number stands with it."""
    if not code:
        return ""
    number = code.rpartition("-")[2]
    if code.isdecimal():
        kind = (
            _("The mail server refused it (%(code)s).")
            if code[0] == "5"
            else _("The mail server put it off (%(code)s).")
        )
        return kind % {"code": code}
    for beginning, sentence in _answers().items():
        if code.startswith(beginning):
            return sentence % {"code": number}
    return _sentences().get(code) or labels.mail_reason(code)


def _answers() -> dict[str, str]:
    return {
        "sign-in-": _("The mail server does not accept the user name and password (%(code)s)."),
        "sender-refused-": _("The mail server does not let us send from this address (%(code)s)."),
        "relay-": _("The mail server does not pass mail on for us (%(code)s). It may want a user name and password."),
        "greeting-": _("The mail server turned us away at the door (%(code)s)."),
    }


def _sentences() -> dict[str, str]:
    return {
        "not-reached": _("The mail server could not be reached. Check its name and port, and the firewall."),
        "timeout": _("The mail server did not answer in time."),
        "dropped": _("The mail server ended the connection."),
        "encryption": _("No encrypted connection could be made. Check whether the port is for TLS or for STARTTLS."),
        "certificate": _("The mail server's certificate is not one this machine trusts, or not for this name."),
        "not-offered": _("The mail server offers no STARTTLS, or no way to sign in that we know."),
        "no-smtputf8": _("The mail server does not take addresses with letters like these."),
        "gave-up": _("It was tried for three days."),
        "unfit": _("The name or the address cannot stand in a mail."),
        "fault": _("A fault of this program; it is tried again."),
        "no-address": _("There is no address any more."),
        "approved-meanwhile": _("The class list does not wait any more."),
        "badge-gone": _("The badge's facts are not stored any more."),
        "badge-withdrawn": _("The badge was withdrawn."),
        "not-withdrawn": _("The badge was not withdrawn."),
        "link-expired": _("The link ran out before the mail was sent."),
        "link-unknown": _("The link was made under a secret that this instance no longer has. Make a new link."),
    }
