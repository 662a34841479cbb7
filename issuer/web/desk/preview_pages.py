"""Previews of a badge page and a certificate, with an invented learner: nothing is issued or signed."""

from __future__ import annotations

from flask import Response, redirect, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from issuer import pages, qr
from issuer.staff.accounts import Role
from issuer.web.access import needs
from issuer.web.desk.examples import SHORT_ID, Example
from issuer.web.desk.setup_pages import blueprint, example_of, load_line
from issuer.web.site import site
from issuer.web.words import _, language, speak

_ANYBODY = (Role.READ, Role.ISSUE, Role.ADMINISTER)


@blueprint.get("/<ref>/preview/")
@needs(*_ANYBODY)
def preview(ref: str) -> str:
    return _page(example_of(load_line(ref)), ref, language=language())


@blueprint.get("/<ref>/certificate.pdf")
@needs(*_ANYBODY)
def certificate(ref: str) -> Response:
    made = example_of(load_line(ref)).certificate()
    headers = {"Content-Disposition": f'inline; filename="preview-{ref}.pdf"'}
    return Response(made, content_type="application/pdf", headers=headers)


@blueprint.get("/<ref>/preview/<path:name>")
@needs(*_ANYBODY)
def beside(ref: str, name: str) -> AnyResponse | str:
    """What the page links to, as far as a preview has it: its looks in both languages. Other links lead back to it."""
    line = load_line(ref)
    stem = f"badges/{SHORT_ID}"
    if name == "assets/badge.css":
        return Response(pages.stylesheet(), content_type="text/css; charset=utf-8")
    if name == f"{stem}.svg":  # a browser goes by the type, not by the name
        return Response(example_of(line).picture(), content_type="image/png")
    if name == f"{stem}.qr.svg":
        return Response(qr.qr_svg(site.instance.badge_url(SHORT_ID)), content_type="image/svg+xml")
    if name not in {f"{stem}/index.html", f"{stem}/mi/index.html"}:
        return redirect(url_for("credentials.preview", ref=ref))
    speak("mi" if name.endswith("/mi/index.html") else "en")
    return _page(example_of(line), ref, language=language())


def _page(example: Example, ref: str, *, language: str) -> str:
    """The page with a banner that says what it is, and its links kept inside the preview."""
    root = url_for("credentials.preview", ref=ref)
    banner = Markup(
        '<aside class="demonstration" aria-label="{name}"><strong>{name}:</strong> {words} '
        '<a href="{back}">{link}</a></aside>'
    ).format(
        name=_("Preview"),
        words=_("not a badge. The learner is invented; nothing was issued or signed."),
        back=url_for("credentials.set_up", ref=ref),
        link=_("Back to the set-up"),
    )
    html = example.page(language=language).replace('="./', f'="{root}')
    return html.replace("<body>", f"<body>\n{banner}", 1)
