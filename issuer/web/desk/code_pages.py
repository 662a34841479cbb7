"""Course codes at the desk: which code of the provider's own systems stands for which micro-credential."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer.bulk.coursecodes import forget_course_code
from issuer.bulk.uploads import load_course_codes, save_course_codes
from issuer.staff.accounts import Role
from issuer.web.access import actor, needs
from issuer.web.desk.badge_changes import awardable
from issuer.web.desk.badge_pages import title_of
from issuer.web.desk.setup_pages import blueprint
from issuer.web.site import site
from issuer.web.words import _, english
from schemas.errors import InputError
from schemas.nzqcf import nz_date

MAX_CODE_CHARS = 60


@blueprint.route("/course-codes", methods=["GET", "POST"])
@needs(Role.ISSUE, Role.ADMINISTER)
def codes() -> str | Response:
    errors: dict[str, str] = {}
    code, ref = (request.form.get(name, "").strip() for name in ("code", "ref"))
    if request.method == "POST":
        if not code or len(code) > MAX_CODE_CHARS:
            errors["code"] = _("Give the code as your class lists have it, such as BEE-101.")
        if not ref:
            errors["ref"] = _("Choose the micro-credential it stands for.")
        if not errors:
            try:
                save_course_codes(site.instance, {code: ref}, edition=site.edition, now=site.now(), actor=actor())
            except InputError as error:
                errors["code"] = english(error.detail)
            else:
                flash(_("Saved. Class lists may now say %(code)s.") % {"code": code}, "done")
                return redirect(url_for("credentials.codes"), code=303)
    known = load_course_codes(site.instance)
    return render_template(
        "desk/credentials/codes.html",
        codes=known,
        titles={one: title_of(one) for one in known.values()},
        references=awardable(today=nz_date(site.now())),
        errors=errors,
        given={"code": code, "ref": ref},
    )


@blueprint.post("/course-codes/remove")
@needs(Role.ISSUE, Role.ADMINISTER)
def remove_code() -> Response:
    """Forget a code. It issues and withdraws nothing, and is added again in a moment, so nobody is asked twice."""
    code = request.form.get("code", "").strip()
    if forget_course_code(site.instance, code, now=site.now(), actor=actor()):
        flash(_("%(code)s was taken away. Badges issued before stay as they are.") % {"code": code}, "done")
    return redirect(url_for("credentials.codes"), code=303)
