"""The staff who may sign in: added, given roles, reset, disabled, by administrators; no password is known here."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.staff import accounts
from issuer.staff.accounts import Account, Role
from issuer.store.engine import DatabaseAway
from issuer.web.access import actor, needs, signed_in
from issuer.web.desk.session import tell
from issuer.web.once import keep_once, take_once
from issuer.web.site import site
from issuer.web.words import _
from schemas.errors import BadgeError, InputError, IssuingError

blueprint = Blueprint("people", __name__, url_prefix="/desk/people")


@blueprint.get("")
@needs(Role.ADMINISTER)
def listing() -> str:
    return render_template(
        "desk/people/listing.html", people=accounts.list_accounts(site.instance), me=signed_in().account_id
    )


@blueprint.route("/add", methods=["GET", "POST"])
@needs(Role.ADMINISTER)
def add() -> Response | str | tuple[str, int]:
    given = {"email": request.form.get("email", ""), "name": request.form.get("name", "")}
    roles = request.form.getlist("role")
    if request.method == "GET":
        return render_template("desk/people/add.html", given=given, chosen=(), errors={})
    try:
        made, password = accounts.add_account(
            site.instance, **given, roles=accounts.parse_roles(roles), actor=actor(), now=site.now()
        )
    except InputError as error:
        errors = {str(error.extensions.get("field", "email")): _told(error)}
        return render_template("desk/people/add.html", given=given, chosen=roles, errors=errors), 422
    keep_once(password, about=made.account_id)
    return redirect(url_for("people.page", account_id=made.account_id), code=303)


@blueprint.get("/<account_id>")
@needs(Role.ADMINISTER)
def page(account_id: str) -> str:
    return _page(_known(account_id), {})


@blueprint.post("/<account_id>/roles")
@needs(Role.ADMINISTER)
def change_roles(account_id: str) -> Response | tuple[str, int]:
    person = _known(account_id)
    try:
        roles = accounts.parse_roles(request.form.getlist("role"))
        accounts.set_roles(site.instance, account_id, roles, actor=actor(), now=site.now())
    except DatabaseAway:
        raise
    except BadgeError as error:
        return _page(person, {"roles": tell(error)}), 422
    flash(_("The roles are changed."))
    return _back(account_id)


@blueprint.post("/<account_id>/reset")
@needs(Role.ADMINISTER)
def reset(account_id: str) -> Response | tuple[str, int]:
    person = _known(account_id)
    try:
        password = accounts.reset_password(site.instance, account_id, actor=actor(), now=site.now())
    except IssuingError as error:
        return _page(person, {"roles": tell(error)}), 422
    keep_once(password, about=account_id)
    return _back(account_id)


@blueprint.route("/<account_id>/disable", methods=["GET", "POST"])
@needs(Role.ADMINISTER)
def disable(account_id: str) -> Response | str | tuple[str, int]:
    person = _known(account_id)
    if request.method == "GET":
        return render_template(
            "desk/confirm.html",
            heading=_("Disable this account?"),
            subject=person.name,
            consequences=[
                _("This person is signed out everywhere at once and cannot sign in any more."),
                _("What they did stays in the audit trail. The account can be opened again."),
            ],
            danger=True,
            button=_("Disable the account"),
            back=url_for("people.page", account_id=account_id),
        )
    try:
        accounts.disable(site.instance, account_id, actor=actor(), now=site.now())
    except IssuingError as error:
        return _page(person, {"roles": tell(error)}), 422
    flash(_("The account is disabled and signed out everywhere."))
    return _back(account_id)


@blueprint.post("/<account_id>/enable")
@needs(Role.ADMINISTER)
def enable(account_id: str) -> Response:
    _known(account_id)
    accounts.enable(site.instance, account_id, actor=actor(), now=site.now())
    flash(_("The account is open again."))
    return _back(account_id)


def _told(error: InputError) -> str:
    if error.extensions.get("field") == "email" and "already" in error.detail:
        return _("There is an account with this e-mail address already.")
    if error.extensions.get("field") == "email":
        return _("Enter an e-mail address, like name@provider.example.")
    return tell(error)


def _page(person: Account, errors: dict[str, str]) -> str:
    return render_template("desk/people/page.html", person=person, errors=errors, password=take_once(person.account_id))


def _known(account_id: str) -> Account:
    try:
        return accounts.load_account(site.instance, account_id)
    except IssuingError:
        abort(404)


def _back(account_id: str) -> Response:
    return redirect(url_for("people.page", account_id=account_id), code=303)
