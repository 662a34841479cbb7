"""What a class list and its rows are called on the pages: states, fields, outcomes; and who in the staff did what."""

from __future__ import annotations

from issuer.rows.model import Field
from issuer.staff.accounts import list_accounts
from issuer.web.site import site
from issuer.web.words import _


def batch_state(state: str, *, withdrawn: bool = False) -> tuple[str, str]:
    """(kind of tag, word) for where a class list stands."""
    if withdrawn:
        return "stop", _("withdrawn")
    return {
        "draft": ("wait", _("being prepared")),
        "checking": ("wait", _("being checked")),
        "checked": ("wait", _("checked, not issued")),
        "awaiting-approval": ("wait", _("waiting for approval")),
        "queued": ("wait", _("waiting its turn")),
        "running": ("wait", _("being issued")),
        "finished": ("good", _("finished")),
        "stopped": ("stop", _("stopped")),
        "discarded": ("quiet", _("discarded")),
    }.get(state, ("quiet", state))


def outcome(code: str) -> tuple[str, str]:
    """(kind of tag, word) for what became of a row."""
    return {
        "issued": ("good", _("issued")),
        "already": ("quiet", _("already issued")),
        "held": ("wait", _("held")),
        "failed": ("stop", _("not issued")),
    }.get(code, ("quiet", code))


def source(code: str) -> str:
    return {
        "desk": _("Desk"),
        "api": _("API"),
        "webhook": _("Learning platform"),
        "cli": _("Command line"),
    }.get(code, code)


def no_file(source_code: str) -> str:
    """What stands in place of a file's name that is not kept (any more)."""
    return _("Issued on the command line") if source_code == "cli" else _("File erased")


def stop_reason(code: str | None) -> str:
    """Why a list was stopped."""
    return {
        "cancelled": _("Somebody stopped it."),
        "rejected": _("Whoever was to approve it sent it back."),
        "disk-full": _("There is no room left for the database. Somebody has to make room; then start it again below."),
        "purged": _("Its class list was erased before it was done. Upload it again: nobody gets a second badge."),
    }.get(code or "", _("It stopped because of a fault. What was issued stands; start it again below."))


def field_label(name: str) -> str:
    """What a column may hold, by the name of its field."""
    labels = {
        Field.LEARNER_NAME: _("Learner's name"),
        Field.FIRST_NAME: _("First name"),
        Field.MIDDLE_NAME: _("Middle name"),
        Field.LAST_NAME: _("Last name"),
        Field.NZQA_REF: _("Micro-credential (NZQA reference or course code)"),
        Field.ACHIEVED_ON: _("Day achieved"),
        Field.LEARNER_EMAIL: _("E-mail address"),
        Field.NSN: _("NSN (for the report to the NZRoA alone)"),
        Field.PREFERRED_NAME: _("Preferred name"),
        Field.NAME_DISPLAY: _("Name to show (full, preferred, none)"),
        Field.LANGUAGE: _("Language of the badge (en, mi)"),
        Field.RESULT: _("Result (stands in the badge)"),
        Field.EVIDENCE_URL: _("Link to evidence (stands in the badge)"),
        Field.ROW_KEY: _("Your own number of the completion"),
    }
    return {str(key): text for key, text in labels.items()}.get(name, name)


def settles(reason: str) -> str:
    """What settles a held row, in the desk's own words."""
    return {
        "no-register": _("An administrator has to put a register edition to use; then check again."),
        "register-predates-award": _("It settles itself with the next edition of the register; then check again."),
        "key-not-bound": _("The register does not know this service's key yet; an administrator has it accepted."),
        "delivery-not-recorded": _("The register's authority has to record your last day of delivery."),
    }.get(reason, "")


def person(actor: str | None) -> str:
    """Who an actor of the audit log is, as far as the staff is concerned."""
    kind, _colon, name = (actor or "").partition(":")
    if kind == "user":
        return _staff().get(name, _("somebody who is no longer here"))
    if kind == "key":
        return _("API key %(key)s") % {"key": name}
    if kind == "cli":
        return _("Command line")
    return actor or "–"


def _staff() -> dict[str, str]:
    return {one.account_id: one.name for one in list_accounts(site.instance)}
