"""The facts of an audit entry in words, as far as a person would ask for them; the rest stays as the log has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from issuer.web.desk import batch_words, labels
from issuer.web.words import _, language, ngettext
from schemas.errors import InputError
from schemas.nzqcf import NZ_TIME, format_nz_date, nz_date
from schemas.times import parse_time


def tell_facts(action: str, facts: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """(what a person reads; the facts that nobody could read). A fact of an unforeseen form is left as it is."""
    told: list[str] = []
    rest: dict[str, Any] = {}
    for name, value in facts.items():
        sentence = _tell(action, name, value, facts)
        if sentence is None:
            rest[name] = value
        elif sentence:
            told.append(sentence)
    return tuple(told), rest


def setting_words() -> Mapping[str, str]:
    """The settings by the names that the pages of settings give them."""
    return {
        "four_eyes": _("Approval by somebody else"),
        "mail_default": _("Whether mail is held back"),
        "claim_days": _("Days that a link works"),
        "reminder_days": _("Days until a learner is reminded"),
        "nsn_purge_days": _("Days that a student number is kept after it was reported"),
        "upload_days": _("Days that an uploaded class list is kept"),
        "contact_email": _("Address that learners write to"),
        "contact_name": _("Whom learners ask"),
        "privacy_text": _("Your own words about privacy"),
        "mail": _("Mail server"),
        "oidc": _("Sign-in service"),
        "webhook": _("Learning platform"),
        "verifier_url": _("Address of a verifier"),
    }


def _tell(action: str, name: str, value: Any, facts: Mapping[str, Any]) -> str | None:
    """The fact in words, nothing where it adds nothing, None where there are no words for it."""
    if value is None:
        return ""
    if name == "four_eyes":
        return _four_eyes(action, value, facts)
    if isinstance(value, bool):
        return _switched(name, value)
    if isinstance(value, int):
        return _counted(name, value)
    if isinstance(value, list):
        return _listed(name, [str(each) for each in value])
    if isinstance(value, dict):
        return _listed(name, list(value))
    return _coded(action, name, value) if isinstance(value, str) else None


def _four_eyes(action: str, value: Any, facts: Mapping[str, Any]) -> str | None:
    if action == "settings":
        if "four_eyes" not in facts.get("changed", ()):
            return ""
        return _("From then on somebody else must approve.") if value else _("From then on nobody else must approve.")
    return _("Sent for approval by somebody else.") if value else ""


def _switched(name: str, value: bool) -> str | None:
    words = {
        "on": (_("Switched on"), _("Switched off")),
        "set": (_("A link was given"), _("The link was taken away")),
        "secrets": (_("With the secret keys"), _("Without the secret keys")),
        "destroyed": (_("The key was destroyed"), ""),
        "again": (_("Not for the first time"), ""),
    }.get(name)
    return words[not value] if words else None


def _counted(name: str, number: int) -> str | None:
    counted: Mapping[str, Callable[[], str]] = {
        "badges": lambda: ngettext("%(num)s badge", "%(num)s badges", number),
        "mails": lambda: ngettext("%(num)s mail", "%(num)s mails", number),
        "addresses": lambda: ngettext("%(num)s address", "%(num)s addresses", number),
        "links": lambda: ngettext("%(num)s link", "%(num)s links", number),
        "ready": lambda: ngettext("%(num)s badge", "%(num)s badges", number),
        "statements": lambda: ngettext("%(num)s statement", "%(num)s statements", number),
        "failures": lambda: ngettext("%(num)s wrong password in a row", "%(num)s wrong passwords in a row", number),
        "valid_months": lambda: ngettext("Lasts %(num)s month", "Lasts %(num)s months", number),
    }
    if name in counted:
        return counted[name]() % {"num": number}
    outcomes = {
        "issued": _("%(n)s issued"),
        "already": _("%(n)s already issued"),
        "held": _("%(n)s held"),
        "failed": _("%(n)s not issued"),
    }
    if name in outcomes:
        return outcomes[name] % {"n": number} if number else ""
    return _("Edition %(number)s") % {"number": number} if name == "edition" else None


def _listed(name: str, several: list[str]) -> str | None:
    number = len(several)
    if name == "changed":
        words = setting_words()
        return _("Changed: %(names)s") % {"names": ", ".join(words.get(each, each) for each in several)}
    if name == "roles":
        words = role_words()
        return ", ".join(words.get(each, each) for each in several)
    if name == "references":
        return ", ".join(several)
    if name == "unconfirmed":
        return _("%(num)s not confirmed by the register") % {"num": number}
    if name == "in_place_of":
        return _("%(num)s in place of a withdrawn badge") % {"num": number}
    return None


def _coded(action: str, name: str, code: str) -> str | None:
    if name in ("until", "taken_at", "since", "expires_at"):
        return _moment(name, code)
    if name == "ref":
        return _("Micro-credential %(reference)s") % {"reference": code}
    if name == "reason":
        words = {**labels.suspension_reasons(), **labels.reinstatement_reasons()}
        return words.get(code) or _known(labels.revocation_reason(code), code)
    if name == "source":
        return _known(batch_words.source(code), code)
    if name == "kind":
        told = labels.mail_kind(code) if action == "learner-told" else labels.request_kind(code)
        return _known(told, code)
    if name == "outcome":
        return _known(labels.request_outcome(code), code) or (_("Sent") if code == "sent" else None)
    return {
        ("mail", "hold"): _("Mail is held back"),
        ("mail", "send"): _("Mail leaves at once"),
        ("way", "password"): _("With a password"),
        ("way", "service"): _("Through the sign-in service"),
        ("what", "choices"): _("How it is read"),
        ("what", "repairs"): _("Its rows"),
    }.get((name, code)) or (_known(labels.visibility(code), code) if name == "visibility" else None)


def _known(told: str, code: str) -> str | None:
    return None if told == code else told


def _moment(name: str, text: str) -> str | None:
    try:
        moment = parse_time(text)
    except InputError:
        return None
    words = {
        "until": _("Until %(moment)s"),
        "taken_at": _("Taken on %(moment)s"),
        "since": _("Since %(moment)s"),
        "expires_at": _("Ends on %(moment)s"),
    }
    return words[name] % {"moment": _nz_moment(moment)}


def _nz_moment(moment: datetime) -> str:
    return f"{format_nz_date(nz_date(moment), language=language())}, {moment.astimezone(NZ_TIME):%H:%M}"


def role_words() -> Mapping[str, str]:
    return {
        "issue": _("Issue"),
        "approve": _("Approve"),
        "read": _("Read"),
        "administer": _("Administer"),
    }
