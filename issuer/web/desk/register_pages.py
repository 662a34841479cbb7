"""The register at the desk: which edition is in use and whose it is, how to use a newer one, and how to get into it."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from issuer.staff.accounts import Role
from issuer.trust.editions import load_anchor, use_edition
from issuer.trust.enrolment import build_request
from issuer.trust.keyuse import keys_to_enrol
from issuer.web.access import actor, needs
from issuer.web.desk.setup_pages import blueprint
from issuer.web.site import site
from issuer.web.words import _, english, ngettext
from schemas.errors import BadgeError, JsonTextError
from schemas.jsontext import write_json
from schemas.limits import MAX_TABLE_BYTES
from schemas.nzqcf import nz_date
from verifier.register.anchor import Anchor, anchor_document
from verifier.register.binding import bind
from verifier.register.decision import KNOWN_AFTER, STALE_AFTER

LIMIT_MIB = MAX_TABLE_BYTES // (1024 * 1024)


@blueprint.get("/register")
@needs(Role.READ, Role.ISSUE, Role.ADMINISTER)
def register() -> str:
    return _page({})


@blueprint.post("/register")
@needs(Role.ADMINISTER)
def use_newer() -> str | AnyResponse:
    """Put an edition to use, believed under the anchor that is pinned; the first time, under the one that is sent."""
    errors: dict[str, str] = {}
    anchor = _anchor()
    sent = request.files.get("edition")
    data = sent.read() if sent else b""
    if not data:
        errors["edition"] = _("Choose the edition's file.")
    anchor_data = write_json(anchor_document(anchor)) if anchor else _sent_anchor(errors)
    if not errors:
        try:
            used = use_edition(site.instance, data, anchor_data=anchor_data, now=site.now(), actor=actor())
        except JsonTextError:
            errors["edition"] = _("This file is no edition of the register. Get the JSON file from the authority.")
        except BadgeError as error:
            errors["edition"] = english(error.detail)
        else:
            if used.already:
                flash(_("That edition is in use already; nothing was changed."), "done")
            else:
                flash(
                    _("Edition %(n)s by %(authority)s is in use from now on.")
                    % {"n": used.edition.number, "authority": used.edition.authority_name},
                    "done",
                )
            return redirect(url_for("credentials.register"), code=303)
    return _page(errors)


@blueprint.get("/register/enrolment.json")
@needs(Role.ADMINISTER)
def enrolment() -> Response:
    """The signed request that the authority needs to enter our keys: public keys, and proof that we hold the others."""
    instance = site.instance
    document = build_request(
        did=instance.config.did,
        moe_number=instance.config.provider,
        name=instance.config.name,
        keys=keys_to_enrol(instance),
        created=site.now(),
    )
    name = f"enrolment-{instance.config.provider}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(write_json(document, indent=2), content_type="application/json", headers=headers)


def _sent_anchor(errors: dict[str, str]) -> bytes:
    sent = request.files.get("anchor")
    data = sent.read(64 * 1024) if sent else b""
    if not data:
        errors["anchor"] = _("Choose the anchor's file too: it holds the authority's public keys.")
    elif request.form.get("anchor_is_theirs") != "yes":
        errors["anchor_is_theirs"] = _("Confirm that the anchor comes from the authority itself.")
    return data


def _page(errors: dict[str, str]) -> str:
    instance, edition = site.instance, site.edition
    today = nz_date(site.now())
    method = instance.method_of(instance.config.credential_key)
    bound = None
    if edition is not None:
        bound = bind(edition.register, did=instance.config.did, method=method, signed_at=site.now())
    return render_template(
        "desk/credentials/register.html",
        edition=edition,
        anchor=_anchor(),
        bound=bound,
        method=method,
        age=None if edition is None else (today - edition.as_at).days,
        age_words=None
        if edition is None
        else ngettext("%(n)s day ago", "%(n)s days ago", (today - edition.as_at).days)
        % {"n": (today - edition.as_at).days},
        stale_days=STALE_AFTER.days,
        known_days=KNOWN_AFTER.days,
        limit=LIMIT_MIB,
        errors=errors,
    )


def _anchor() -> Anchor | None:
    """The pinned authority; None before the first edition was used."""
    try:
        return load_anchor(site.instance) if site.edition is not None else None
    except BadgeError:
        return None
