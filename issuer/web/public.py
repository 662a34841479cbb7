"""The public face, live: the bytes that `publish` writes, at the same addresses; signs nothing and writes nothing.

The front page alone has more: the ways in for learners, which static files could not answer.

A status list is served as it was last signed. Signing it again is the worker's and `publish`'s to do, so that no
request from outside ever reaches a key.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from issuer import pages, qr
from issuer.frontpage import FrontPage
from issuer.pages import Publisher
from issuer.publicface import Face, Shown, publisher_of
from issuer.publish import about_documents
from issuer.sharing import find_shared, parse_share_key
from issuer.status import LIST_TTL_MS
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.trust.anchoring import Inclusions, Tree
from issuer.web import answers
from issuer.web.site import site
from issuer.web.words import speak
from issuer.words import ENGLISH, MAORI, parse_language
from schemas.jsontext import parse_object, write_json

blueprint = Blueprint("public", __name__)

_HTML = "text/html"
_VC = "application/vc+ld+json"
_JWT = "application/vc+jwt"
# In the order of our own preference: whoever asks for anything gets the page.
_NEGOTIATED = {
    _HTML: "",
    _VC: ".json",
    "application/vc": ".json",
    "application/ld+json": ".json",
    "application/json": ".json",
    _JWT: ".jwt",
    "application/jwt": ".jwt",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "application/pdf": ".pdf",
}
_MEDIA = {
    ".json": _VC,
    ".jwt": _JWT,
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".qr": "image/png",
    ".qr.svg": "image/svg+xml",
    "/card.png": "image/png",
    ".anchor.json": "application/json",
}
_FILE_NAME = re.compile(r"([a-z0-9]{1,64})((?:\.[a-z]+)*)")
_LIST_MAX_AGE = timedelta(milliseconds=LIST_TTL_MS)  # what the list itself allows
_ABOUT_MAX_AGE = timedelta(minutes=5)  # a new key must be known before its badges are looked at
_TREES_KEPT = 4  # of anchors: 64 bytes for each text that was signed
_MOST_LISTS = 1_000_000  # far more than there ever are, and a number every database takes
_FRONT_KEPT = timedelta(minutes=1)


@blueprint.get("/")
@blueprint.get("/index.html")
def index() -> WerkzeugResponse:
    return answers.page(_front().html(now=site.now(), language=ENGLISH, root=_root(), live=True))


@blueprint.get("/mi")
@blueprint.get("/mi/")
@blueprint.get("/mi/index.html")
def index_in_maori() -> WerkzeugResponse:
    return answers.page(_front().html(now=site.now(), language=MAORI, root=_root(), live=True))


@blueprint.get("/badges/<name>")
def badge(name: str) -> WerkzeugResponse:
    """The badge at its own id, in whatever form is asked for; or one of its files by name."""
    short_id, suffix = _parts(name)
    accepted = request.accept_mimetypes.best_match(list(_NEGOTIATED)) if not suffix else None
    if not suffix and accepted is None and request.accept_mimetypes:
        return answers.vary(answers.told(406))
    chosen = accepted or _HTML
    if not suffix:
        suffix = _NEGOTIATED[chosen]
    if not suffix:
        return answers.vary(_badge_page(short_id, ENGLISH))
    answer = _badge_file(short_id, suffix)
    if accepted is not None and answer.status_code == 200:
        answer.headers["Content-Type"] = chosen
        return answers.vary(answer)
    return answer


@blueprint.get("/badges/<short_id>/")
@blueprint.get("/badges/<short_id>/index.html")
def badge_page(short_id: str) -> WerkzeugResponse:
    return _badge_page(short_id, ENGLISH)


@blueprint.get("/badges/<short_id>/card.png")
def card(short_id: str) -> WerkzeugResponse:
    """The picture that a chat or LinkedIn shows of a link to the page."""
    return _badge_file(short_id, "/card.png")


@blueprint.get("/badges/<short_id>/mi")
@blueprint.get("/badges/<short_id>/mi/")
@blueprint.get("/badges/<short_id>/mi/index.html")
def badge_page_in_maori(short_id: str) -> WerkzeugResponse:
    return _badge_page(short_id, MAORI)


@blueprint.get("/s")
@blueprint.get("/s/")
def share_form() -> WerkzeugResponse:
    """Where the short code from a printed certificate is typed in."""
    typed = request.args.get("code", "")
    key = parse_share_key(typed)
    if key is not None:
        return redirect(url_for("public.shared", name=key))
    return answers.unseen(_code_form(typed))


def _code_form(typed: str = "") -> WerkzeugResponse:
    """Where a code is typed in; what was typed before opened nothing."""
    page = render_template("public/code.html", typed=typed[:40], is_code=parse_share_key(typed) is not None)
    return Response(page, status=404 if typed else 200)


@blueprint.get("/s/<name>")
def shared(name: str) -> WerkzeugResponse:
    """What the key on a printed certificate opens, whether or not the learner publishes the page."""
    stem, dot, rest = name.partition(".")
    key = parse_share_key(stem)
    if key is not None and key != stem:
        return answers.unseen(redirect(url_for("public.shared", name=key + dot + rest), code=308))
    if dot:
        return answers.unseen(_shared_file(stem, dot + rest))
    # Negotiated only between the page and the document.
    forms = [form for form, suffix in _NEGOTIATED.items() if suffix in {"", ".json"}]
    chosen = request.accept_mimetypes.best_match(forms, default=_HTML)
    if _NEGOTIATED[chosen] == ".json":
        answer = _shared_file(stem, ".json")
        if answer.status_code == 200:
            answer.headers["Content-Type"] = chosen
        return answers.vary(answers.unseen(answer))
    return answers.vary(answers.unseen(_shared_page(stem, ENGLISH)))


@blueprint.get("/s/<key>/")
@blueprint.get("/s/<key>/index.html")
def shared_page(key: str) -> WerkzeugResponse:
    return answers.unseen(_shared_page(key, ENGLISH))


@blueprint.get("/s/<key>/mi")
@blueprint.get("/s/<key>/mi/")
@blueprint.get("/s/<key>/mi/index.html")
def shared_page_in_maori(key: str) -> WerkzeugResponse:
    return answers.unseen(_shared_page(key, MAORI))


@blueprint.get("/achievements/<ref>/<name>")
def achievement(ref: str, name: str) -> WerkzeugResponse:
    version, dot, suffix = name.rpartition(".")
    if dot and suffix == "png":
        return answers.file(_face().pictures.achievement_png(parse_object(_achievement(ref, version))), "image/png")
    return _achievement_page(ref, name, ENGLISH)


@blueprint.get("/achievements/<ref>/<version>/")
@blueprint.get("/achievements/<ref>/<version>/index.html")
def achievement_page(ref: str, version: str) -> WerkzeugResponse:
    return _achievement_page(ref, version, ENGLISH)


@blueprint.get("/achievements/<ref>/<version>/mi")
@blueprint.get("/achievements/<ref>/<version>/mi/")
@blueprint.get("/achievements/<ref>/<version>/mi/index.html")
def achievement_page_in_maori(ref: str, version: str) -> WerkzeugResponse:
    return _achievement_page(ref, version, MAORI)


@blueprint.get("/status/<int:number>")
def status_list(number: int) -> WerkzeugResponse:
    if number > _MOST_LISTS:
        abort(404)
    with site.instance.store.reading() as connection:
        kept = list_store.load_signed_list(connection, number)
    if kept is None:
        abort(404)
    left = _LIST_MAX_AGE if kept.valid_until is None else kept.valid_until - site.now()
    return answers.file(
        kept.document, _VC, max_age=max(timedelta(), min(_LIST_MAX_AGE, left)), last_modified=kept.valid_from
    )


@blueprint.get("/issuer")
@blueprint.get("/did.json")
@blueprint.get("/.well-known/<path:name>")
def about(name: str | None = None) -> WerkzeugResponse:
    del name  # the whole path is looked up
    path = request.path.removeprefix(site.prefix).lstrip("/")
    found = about_documents(site.instance).get(path)
    if found is None:
        abort(404)
    media = {"issuer": "application/ld+json", ".well-known/jwks.json": "application/jwk-set+json"}
    return answers.file(found, media.get(path, "application/did+json"), max_age=_ABOUT_MAX_AGE)


@blueprint.get("/assets/badge.css")
def stylesheet() -> WerkzeugResponse:
    return answers.file(pages.stylesheet(), "text/css; charset=utf-8")


@blueprint.get("/assets/icon.svg")
def icon() -> WerkzeugResponse:
    return answers.file(pages.icon(), "image/svg+xml")


def _face() -> Face:
    return Face(site.instance, _publisher())


def _publisher() -> Publisher:
    return publisher_of(site.instance, demonstration=site.is_demonstration)


class _Few(OrderedDict[str, Tree]):
    """The last few trees that were needed: one over a million texts takes seconds to make."""

    def __setitem__(self, root: str, tree: Tree) -> None:
        super().__setitem__(root, tree)
        while len(self) > _TREES_KEPT:
            self.popitem(last=False)


_trees = _Few()


class _KeptFront:
    """The front page counts every badge, so it is kept for a minute."""

    made: tuple[datetime, object, FrontPage] | None = None


def _front() -> FrontPage:
    now, config = site.now(), (site.instance, site.instance.config)
    kept = _KeptFront.made
    if not site.options.testing and kept is not None and kept[1] == config and now - kept[0] < _FRONT_KEPT:
        return kept[2]
    with site.instance.store.reading() as connection:
        front = FrontPage.load(_face(), connection)
    _KeptFront.made = (now, config, front)
    return front


def _parts(name: str) -> tuple[str, str]:
    """(short id, suffix) of a file name."""
    found = _FILE_NAME.fullmatch(name)
    if found is None or (found[2] and found[2] not in _MEDIA):
        abort(404)
    return found[1], found[2]


def _find(face: Face, short_id: str) -> Shown | None:
    with site.instance.store.reading() as connection:
        return face.find_badge(connection, short_id)


def _asked(language: str) -> str:
    """The page's own language, or te reo Māori when `?lang=` asks for it as it does everywhere else."""
    return MAORI if parse_language(request.args.get("lang")) == MAORI else language


def _badge_page(short_id: str, language: str) -> WerkzeugResponse:
    language = _asked(language)
    face = _face()
    shown = _find(face, short_id)
    if shown is None:
        return _nothing(language)
    if shown.is_private:
        html = pages.private_html(face.publisher, short_id, language=language, root=_root())
        return answers.unkept(answers.page(html.encode(), status=404))
    answer = answers.page(face.html(face.page_of(shown), language=language, root=_root()))
    if shown.visibility != "public":
        answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _badge_file(short_id: str, suffix: str) -> WerkzeugResponse:
    face = _face()
    shown = _find(face, short_id)
    if shown is None or shown.is_private:
        return _nothing(ENGLISH, problem=suffix not in {".png", ".svg", ".pdf"})
    if suffix == ".jwt" and shown.badge.document.jwt is None:
        return answers.told(406)
    data = _made_on_demand(face, shown, suffix) or face.published_file(shown, suffix)
    if data is None:
        abort(404)
    return answers.file(data, _MEDIA[suffix])


def _made_on_demand(face: Face, shown: Shown, suffix: str) -> bytes | None:
    """The files of a badge that the static site has not."""
    if suffix == ".qr":
        return qr.qr_png(site.instance.badge_url(shown.short_id))
    if suffix == ".pdf":
        url = site.instance.badge_url(shown.short_id)
        return face.pictures.certificate(shown.badge.document.document, check_url=url, language=ENGLISH)
    if suffix == ".anchor.json":
        with site.instance.store.reading() as connection:
            proof = Inclusions(connection, trees=_trees).of(shown.short_id)
        return write_json(proof) if proof else None
    return None


def _shared(face: Face, key: str) -> Shown | None:
    """The badge a key opens. Only keys that open nothing are counted."""
    short_id = find_shared(site.instance, key)
    shown = None if short_id is None else _find(face, short_id)
    if shown is None and site.missed_codes.is_too_many(request.remote_addr or "", now=site.now()):
        abort(429)
    return shown


def _shared_page(key: str, language: str) -> WerkzeugResponse:
    language = _asked(language)
    face = _face()
    shown = _shared(face, key)
    if shown is None:
        speak(language)
        return _code_form(key)
    return answers.page(face.html(face.page_of(shown, shared=True), language=language, root=_root()))


def _shared_file(key: str, suffix: str) -> WerkzeugResponse:
    face = _face()
    shown = _shared(face, key)
    data = None if shown is None else face.shared_file(shown, suffix)
    if data is None:
        return _nothing(ENGLISH, problem=suffix == ".json")
    return answers.file(data, _MEDIA[suffix])


def _achievement(ref: str, version: str) -> bytes:
    with site.instance.store.reading() as connection:
        found = credential_store.load_achievement(connection, nzqa_ref=ref, version=version)
    if found is None:
        abort(404)
    return found


def _achievement_page(ref: str, version: str, language: str) -> WerkzeugResponse:
    html = pages.achievement_html(
        _publisher(),
        parse_object(_achievement(ref, version)),
        place=f"achievements/{ref}/{version}",
        language=_asked(language),
        root=_root(),
    )
    return answers.page(html.encode())


def _root() -> str:
    """The way from the address asked for to the site's front. A published page lies one folder deeper than its id."""
    return "../" * (request.path.removeprefix(site.prefix).count("/") - 1)


def _nothing(language: str, *, problem: bool = False) -> WerkzeugResponse:
    """Nothing here: as a page, or as a problem document to a program."""
    best = request.accept_mimetypes.best_match([_HTML, "application/json", "application/problem+json", _VC])
    if problem or best not in {None, _HTML}:
        return answers.told(404)
    speak(language)
    return answers.unkept(Response(render_template("error.html", status=404, sentence=None), status=404))
