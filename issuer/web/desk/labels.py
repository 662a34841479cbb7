"""The codes of the store in words a person reads, in the language of the request."""

from __future__ import annotations

from issuer.web.words import _


def standing(state: str, *, expired: bool = False) -> tuple[str, str]:
    """(kind of tag, word) for how a badge stands."""
    if state == "revoked":
        return "stop", _("Withdrawn")
    if state == "suspended":
        return "wait", _("On hold")
    if expired:
        return "quiet", _("Expired")
    return "good", _("In force")


def revocation_reasons() -> dict[str, str]:
    """Why a badge is withdrawn, in the order in which staff most often need it. Keys are never chosen here."""
    return {
        "issued-in-error": _("Issued in error"),
        "wrong-person": _("Issued to the wrong person"),
        "duplicate": _("Issued twice"),
        "requirements-not-met": _("The requirements were not met"),
        "learner-request": _("The learner asks for it"),
        "unspecified": _("Another reason"),
    }


def revocation_reason(code: str | None) -> str:
    return {**revocation_reasons(), "key-compromised": _("A key was stolen")}.get(code or "", code or "")


def suspension_reasons() -> dict[str, str]:
    return {
        "under-review": _("It is being looked into"),
        "learner-request": _("The learner asks for it"),
        "unspecified": _("Another reason"),
    }


def reinstatement_reasons() -> dict[str, str]:
    return {
        "settled": _("It was looked into, and the badge stands"),
        "suspended-in-error": _("It was put on hold in error"),
        "unspecified": _("Another reason"),
    }


def name_form(code: str) -> str:
    return {
        "full": _("Full name"),
        "preferred": _("Preferred name"),
        "none": _("No name"),
    }.get(code, code)


def visibility(code: str | None) -> str:
    return {
        "private": _("Private: nobody sees the page"),
        "link": _("Whoever has the link sees the page"),
        "public": _("Public: search engines may list the page"),
    }.get(code or "", code or "")


def mail_kind(code: str) -> str:
    return {
        "claim": _("Badge ready to claim"),
        "reminder": _("Reminder"),
        "corrected": _("Badge corrected"),
        "withdrawn": _("Badge withdrawn"),
        "link": _("The link once more"),
        "settled": _("What came of a request"),
        "approval": _("A class list waits for approval"),
        "test": _("Test mail"),
    }.get(code, code)


def mail_state(code: str) -> tuple[str, str]:
    """(kind of tag, word) for a mail."""
    return {
        "held": ("wait", _("Held back")),
        "queued": ("wait", _("Waiting to be sent")),
        "sending": ("wait", _("Being sent")),
        "sent": ("good", _("Sent")),
        "refused": ("stop", _("Refused")),
        "cancelled": ("quiet", _("Cancelled")),
    }.get(code, ("quiet", code))


def mail_reason(code: str) -> str:
    """Why a mail was not sent, as far as a badge's history decided it; `mail_words` has the mail servers' answers."""
    return {
        "bounced": _("It came back."),
        "by-staff": _("Cancelled by staff."),
        "batch-withdrawn": _("The class list was withdrawn."),
        "withdrawn": _("The badge was withdrawn."),
        "address-changed": _("The address was changed."),
        "claimed": _("The badge was claimed meanwhile."),
    }.get(code, code)


def request_kind(code: str) -> str:
    return {
        "correction": _("Asks for a correction"),
        "withdrawal": _("Asks for the badge to be withdrawn"),
        "name": _("Asks for another spelling of the name"),
    }.get(code, code)


def request_outcome(code: str | None) -> str:
    return {
        "corrected": _("Corrected"),
        "withdrawn": _("Withdrawn"),
        "declined": _("Declined"),
        "settled": _("Settled in another way"),
    }.get(code or "", code or "")
