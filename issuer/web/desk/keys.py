"""Keys of programs at the desk: made, rotated, revoked; a key's text is shown once and never kept."""

from __future__ import annotations

import re
import secrets

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.staff import apikeys
from issuer.staff.accounts import Role
from issuer.web.access import actor, needs
from issuer.web.desk.session import tell
from issuer.web.once import keep_once, take_once
from issuer.web.site import site
from issuer.web.words import _
from schemas.errors import InputError, IssuingError

blueprint = Blueprint("keys", __name__, url_prefix="/desk/keys")

_KEY = "api-key"
_KEY_ID = re.compile(r"[0-9a-f]{12}")


@blueprint.get("")
@needs(Role.ADMINISTER)
def listing() -> str:
    return _listing({})


@blueprint.post("/new")
@needs(Role.ADMINISTER)
def new() -> Response | tuple[str, int]:
    """The form carries the id of the key to be, so that sending it twice makes one key."""
    key_id, days = request.form.get("key_id", ""), request.form.get("days", "").strip()
    try:
        _made, text = apikeys.new_key(
            site.instance,
            name=request.form.get("name", ""),
            scopes=request.form.getlist("scope"),
            days=_days(days),
            key_id=key_id if _KEY_ID.fullmatch(key_id) else None,
            actor=actor(),
            now=site.now(),
        )
    except InputError as error:
        return _listing({str(error.extensions.get("field", "name")): tell(error)}), 422
    except IssuingError:
        flash(_("This key was made already."))
        return redirect(url_for("keys.listing"), code=303)
    keep_once(text, about=_KEY)
    return redirect(url_for("keys.listing"), code=303)


@blueprint.post("/<key_id>/rotate")
@needs(Role.ADMINISTER)
def rotate(key_id: str) -> Response:
    successor = request.form.get("key_id", "")
    try:
        _made, text = apikeys.rotate_key(
            site.instance,
            key_id,
            successor_id=successor if _KEY_ID.fullmatch(successor) else None,
            actor=actor(),
            now=site.now(),
        )
    except IssuingError as error:
        flash(tell(error), "error")
        return redirect(url_for("keys.listing"), code=303)
    keep_once(text, about=_KEY)
    return redirect(url_for("keys.listing"), code=303)


@blueprint.route("/<key_id>/revoke", methods=["GET", "POST"])
@needs(Role.ADMINISTER)
def revoke(key_id: str) -> Response | str:
    key = next((each for each in apikeys.list_keys(site.instance) if each.key_id == key_id), None)
    if key is None:
        abort(404)
    if request.method == "GET":
        return render_template(
            "desk/confirm.html",
            heading=_("Revoke this key?"),
            subject=f"{key.name} ({key.key_id})",
            consequences=[
                _("The program that uses it is refused from its next request on."),
                _("It cannot be undone; a new key can be made."),
            ],
            danger=True,
            button=_("Revoke the key"),
            back=url_for("keys.listing"),
        )
    apikeys.revoke_key(site.instance, key_id, actor=actor(), now=site.now())
    flash(_("The key works no longer."))
    return redirect(url_for("keys.listing"), code=303)


def _days(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 5:
        raise InputError(f"A key works for 1 to {apikeys.MAX_DAYS:,} days.", field="days")
    return int(text)


def _listing(errors: dict[str, str]) -> str:
    now = site.now()
    keys = apikeys.list_keys(site.instance)
    return render_template(
        "desk/keys/listing.html",
        keys=keys,
        states={key.key_id: key.state(now).value for key in keys},
        errors=errors,
        given=request.form,
        chosen=request.form.getlist("scope"),
        text=take_once(_KEY),
        next_id=secrets.token_hex(6),
        overlap=apikeys.OVERLAP_DAYS,
        has=lambda endpoint: endpoint in current_app.view_functions,
        openapi=f"{site.prefix}/openapi.json",
    )
