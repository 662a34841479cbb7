"""What learners ask for at the desk: each request with its badge, and the ways to settle it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.learner.settling import Outcome, settle
from issuer.learner.telling import tell_learner
from issuer.staff.accounts import Role
from issuer.store import claims_rows
from issuer.store import credentials as credential_store
from issuer.store.claims_rows import Delivery, StoredRequest
from issuer.store.credentials import Learner, StoredCredential
from issuer.store.outbox_rows import MailKind
from issuer.web.access import actor, needs
from issuer.web.desk import labels
from issuer.web.desk.badge_pages import title_of
from issuer.web.site import site
from issuer.web.words import _

blueprint = Blueprint("requests", __name__, url_prefix="/desk/requests")

_SETTLED_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with whose it is. `repr` names nobody."""

    request: StoredRequest
    held: StoredCredential | None
    learner: Learner | None
    title: str

    @property
    def name(self) -> str:
        return self.learner.name if self.learner else _("Name no longer kept")

    def __repr__(self) -> str:
        return f"Asked(request_id={self.request.request_id!r}, …)"


@blueprint.get("")
@needs(Role.ISSUE)
def listing() -> str:
    with site.instance.store.reading() as connection:
        every = claims_rows.load_requests(connection)
    waiting = [_asked(one) for one in every if one.settled_at is None]
    settled = sorted((one for one in every if one.settled_at), key=lambda one: one.settled_at or one.made_at)
    return render_template(
        "desk/requests/listing.html",
        waiting=waiting,
        settled=[_asked(one) for one in reversed(settled[-_SETTLED_SHOWN:])],
        labels=labels,
    )


@blueprint.route("/<request_id>", methods=["GET", "POST"])
@needs(Role.ISSUE)
def one(request_id: str) -> str | Response:
    with site.instance.store.reading() as connection:
        found = next((each for each in claims_rows.load_requests(connection) if each.request_id == request_id), None)
    if found is None:
        abort(404)
    if request.method == "POST":
        chosen = {"declined": Outcome.DECLINED, "settled": Outcome.SETTLED}.get(request.form.get("outcome", ""))
        if chosen is None:
            abort(400)
        if settle(site.instance, request_id, outcome=chosen, now=site.now(), actor=actor()):
            _tell(found.short_id)
        return redirect(url_for("requests.listing"), code=303)
    asked = _asked(found)
    return render_template("desk/requests/one.html", asked=asked, labels=labels, can_tell=_can_tell(asked))


def _tell(short_id: str) -> None:
    """Write to the learner where staff asked for it, and say which it was."""
    wanted = request.form.get("tell") == "yes"
    if wanted and tell_learner(site.instance, short_id, MailKind.SETTLED, now=site.now(), actor=actor()):
        flash(_("The request is settled. A mail to the learner is on its way."), "done")
    else:
        flash(_("The request is settled. No mail is sent: tell the learner yourself what came of it."), "done")


def _can_tell(asked: Asked) -> bool:
    with site.instance.store.reading() as connection:
        claim = claims_rows.load_claim(connection, asked.request.short_id)
    has_address = asked.learner is not None and asked.learner.email is not None
    return has_address and claim is not None and claim.delivery is Delivery.MAIL and site.choices.mail is not None


def _asked(found: StoredRequest) -> Asked:
    with site.instance.store.reading() as connection:
        held = credential_store.load_credential(connection, found.short_id)
        learner = credential_store.load_learner(connection, found.short_id)
    title = title_of(held.nzqa_ref, on=held.achieved_on) if held else ""
    return Asked(request=found, held=held, learner=learner, title=title)
