"""The audit trail at the desk: read, filtered, exported and verified; nothing in it can be changed here or anywhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from issuer import audit as audit_chain
from issuer.staff import accounts, apikeys
from issuer.staff.accounts import Role
from issuer.store.audit_reading import Looked, load_actions, load_all, load_page
from issuer.web.access import needs
from issuer.web.desk.audit_words import action_words, tell_entry
from issuer.web.desk.days import not_a_day, read_day
from issuer.web.site import site
from issuer.web.words import _
from schemas.errors import InputError
from schemas.nzqcf import NZ_TIME

blueprint = Blueprint("audit", __name__, url_prefix="/desk/audit")

PAGE_SIZE = 50
_SHOWN_FAULTS = 5


@blueprint.get("")
@needs(Role.READ, Role.ADMINISTER)
def listing() -> str:
    errors: dict[str, str] = {}
    looked = _looked(errors)
    page = min(max(request.args.get("page", 1, type=int), 1), 1_000_000)
    with site.instance.store.reading() as connection:
        entries, total = load_page(connection, looked, page=page, size=PAGE_SIZE)
        actions = load_actions(connection)
    people = {each.account_id: each.name for each in accounts.list_accounts(site.instance)}
    keys = {each.key_id: each.name for each in apikeys.list_keys(site.instance)}
    words = action_words()
    return render_template(
        "desk/audit/listing.html",
        entries=[tell_entry(entry, people=people, keys=keys) for entry in entries],
        total=total,
        page=page,
        pages=max(-(-total // PAGE_SIZE), 1),
        kept=_kept(),
        errors=errors,
        options=[("", _("Everything")), *sorted(((a, words.get(a, a)) for a in actions), key=lambda pair: pair[1])],
        has=lambda endpoint: endpoint in current_app.view_functions,
    )


@blueprint.get("/export.csv")
@needs(Role.READ, Role.ADMINISTER)
def export() -> Response:
    """The entries as they are in the chain, with their hashes: who wants to can compute them again."""
    errors: dict[str, str] = {}
    looked = _looked(errors)
    if errors:
        raise InputError("The days of the export cannot be read.")
    headers = {"Content-Disposition": 'attachment; filename="audit-trail.csv"'}
    instance = site.instance

    def lines() -> Iterator[bytes]:
        yield _line(["seq", "at", "actor", "action", "facts", "previous_sha256", "entry_sha256"])
        with instance.store.reading() as connection:
            for entry in load_all(connection, looked):
                yield _line([getattr(entry, name) for name in entry.__slots__])

    return Response(lines(), content_type="text/csv; charset=utf-8", headers=headers)


@blueprint.post("/verify")
@needs(Role.READ, Role.ADMINISTER)
def verify() -> AnyResponse:
    with site.instance.store.reading() as connection:
        report = audit_chain.verify_chain(connection)
    if report:
        whole = _("The trail is whole: %(entries)s entries, %(documents)s signed documents. Its last hash: %(hash)s")
        flash(whole % {"entries": report.entries, "documents": report.documents, "hash": report.head_sha256})
    else:
        flash(_("The trail is NOT whole: %(n)s faults.") % {"n": len(report.faults)}, "error")
        for fault in report.faults[:_SHOWN_FAULTS]:
            flash(str(fault), "error")
    return redirect(url_for("audit.listing"), code=303)


def _kept() -> dict[str, str]:
    return {name: request.args[name] for name in ("action", "from", "to") if request.args.get(name)}


def _looked(errors: dict[str, str]) -> Looked:
    action = request.args.get("action")
    return Looked(
        actions=(action[:100],) if action else (),
        since=_midnight("from", errors),
        until=_midnight("to", errors, after=1),
    )


def _midnight(name: str, errors: dict[str, str], *, after: int = 0) -> datetime | None:
    """The beginning, in New Zealand, of the day given; or of the day after."""
    text = request.args.get(name)
    if not text:
        return None
    try:
        day: date = read_day(text) + timedelta(days=after)
        return datetime.combine(day, time(), tzinfo=NZ_TIME).astimezone(UTC)  # the year 1 has no beginning in UTC
    except (InputError, OverflowError):
        errors[name] = not_a_day()
        return None


def _line(cells: list[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
