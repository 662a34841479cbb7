"""Reporting to NZQA at the desk: how many are to be reported, the file for NZQA's portal, what came back, the purge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from issuer.nzroareport import Marked, export_csv, export_rows, mark_reported, purge
from issuer.staff.accounts import Role
from issuer.store import nzroa_rows
from issuer.store.credentials import State
from issuer.store.engine import DatabaseAway
from issuer.web.access import actor, needs
from issuer.web.desk.days import not_a_day, read_day
from issuer.web.site import site
from issuer.web.words import _, english, ngettext
from schemas.errors import BadgeError, InputError
from schemas.nzqcf import nz_date

blueprint = Blueprint("nzroa", __name__, url_prefix="/desk/nzroa")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many completions are how far. No number is opened to count them."""

    to_report: int
    lacking: int
    on_hold: int
    reported: int
    numbers_kept: int
    due: int  # numbers that may be erased today

    @property
    def is_empty(self) -> bool:
        return self.to_report == self.lacking == self.on_hold == self.reported == 0


@blueprint.get("")
@needs(Role.ADMINISTER)
def overview() -> str:
    return _page({})


@blueprint.post("/export")
@needs(Role.ADMINISTER)
def export() -> Response | AnyResponse | str:
    """The file with student numbers. Asked for with a form: no address holds it, and nothing keeps a copy."""
    try:
        since = read_day(request.form["since"]) if request.form.get("since") else None
    except InputError:
        return _page({"since": not_a_day()})
    again = request.form.get("again") == "yes"
    made = export_rows(site.instance, since=since, again=again, now=site.now(), actor=actor())
    if not made.rows:
        flash(_("There is nothing to report, so no file was made and no number was read."), "error")
        return redirect(url_for("nzroa.overview"), code=303)
    name = f"nzroa-{nz_date(site.now()).isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(export_csv(made.rows), content_type="text/csv; charset=utf-8", headers=headers)


@blueprint.post("/reported")
@needs(Role.ADMINISTER)
def reported() -> AnyResponse | str:
    sent = request.files.get("file")
    data = sent.read() if sent else b""
    if not data:
        return _page({"file": _("Choose the file that you uploaded to NZQA's portal.")})
    try:
        marked = mark_reported(site.instance, data, now=site.now(), actor=actor())
    except DatabaseAway:
        raise
    except BadgeError as error:
        return _page({"file": english(error.detail)})
    _tell(marked)
    return redirect(url_for("nzroa.overview"), code=303)


@blueprint.route("/purge", methods=["GET", "POST"])
@needs(Role.ADMINISTER)
def purge_now() -> str | AnyResponse:
    tally = _tally()
    if request.method == "POST":
        gone = purge(site.instance, before=site.now(), now=site.now(), actor=actor())
        flash(
            ngettext("%(n)s student number was erased.", "%(n)s student numbers were erased.", gone) % {"n": gone},
            "done",
        )
        return redirect(url_for("nzroa.overview"), code=303)
    if not tally.due:
        flash(_("There is no number that has served its purpose; nothing was erased."), "error")
        return redirect(url_for("nzroa.overview"), code=303)
    return render_template(
        "desk/confirm.html",
        heading=_("Erase student numbers?"),
        subject=ngettext("%(n)s number has served its purpose.", "%(n)s numbers have served their purpose.", tally.due)
        % {"n": tally.due},
        back=url_for("nzroa.overview"),
        consequences=[
            _("The numbers of completions that were reported, or whose badge was withdrawn, are erased for good."),
            _("The badges, and when they were reported, stay."),
            _("If NZQA asks about one later, look the number up in your student system."),
        ],
        button=_("Erase them"),
        danger=True,
    )


def _tell(marked: Marked) -> None:
    said = ngettext(
        "%(n)s completion is marked as reported.", "%(n)s completions are marked as reported.", marked.count
    ) % {"n": marked.count}
    if marked.already:
        said += " " + _("%(n)s had been marked before.") % {"n": marked.already}
    flash(said, "done")
    if marked.unmatched:
        lines = ", ".join(str(line) for line in marked.unmatched[:20])
        more = "…" if len(marked.unmatched) > 20 else ""
        flash(_("No badge answers to these lines of the file: %(lines)s") % {"lines": lines + more}, "error")


def _tally() -> Tally:
    with site.instance.store.reading() as connection:
        every = nzroa_rows.load_completions(connection)
        due = len(nzroa_rows.find_spent(connection, before=site.now()))
    waiting = [one for one in every if one.reported_at is None and one.state is not State.REVOKED]
    return Tally(
        to_report=sum(one.state is State.ISSUED and one.nsn_sealed is not None for one in waiting),
        lacking=sum(one.state is State.ISSUED and one.nsn_sealed is None for one in waiting),
        on_hold=sum(one.state is State.SUSPENDED for one in waiting),
        reported=sum(one.reported_at is not None for one in every),
        numbers_kept=sum(one.nsn_sealed is not None for one in every),
        due=due,
    )


def _page(errors: dict[str, str]) -> str:
    days = site.choices.nsn_purge_days
    return render_template(
        "desk/nzroa/overview.html",
        tally=_tally(),
        days=days,
        erased_before=nz_date(site.now() - timedelta(days=days)),
        errors=errors,
        since=request.form.get("since", ""),
    )
