"""The language of this request, and gettext in it: the one chosen with `?lang=`, else the cookie's, else English."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, g, request
from markupsafe import Markup, escape

from issuer.words import ENGLISH, LANGUAGES, TAGS, parse_language, translations
from issuer.words.sayings import Saying

COOKIE = "lang"
_ONE_YEAR = 365 * 24 * 3600


def language() -> str:
    """`en` or `mi`."""
    if "language" not in g:
        asked = request.args.get("lang")
        g.language = parse_language(asked if asked in LANGUAGES else request.cookies.get(COOKIE, ENGLISH))
    chosen: str = g.language
    return chosen


def speak(chosen: str) -> None:
    """Answer this request in that language, whatever was asked for: a learner's own, or the address's."""
    g.language = parse_language(chosen)


def language_tag() -> str:
    """As `<html lang>` wants it."""
    return TAGS[language()]


def _(message: str) -> str:
    return translations(language()).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    return translations(language()).ngettext(singular, plural, number)


def english(sentence: str) -> Markup:
    """A sentence of the core: in te reo Māori where it has a draft, else marked as English on a page in te reo."""
    if language() == ENGLISH:
        return escape(sentence)
    if isinstance(sentence, Saying) and (said := sentence.in_(language())):
        return escape(said)
    return Markup('<span lang="en">{}</span>').format(sentence)


def other_language() -> tuple[str, str]:
    """(code, its own name) of the language to switch to."""
    return ("mi", "Te reo Māori") if language() == ENGLISH else ("en", "English")


def language_link() -> str:
    """This very page in the other language. A page that was the answer to a form has no address of its own."""
    arguments = {**request.args.to_dict(flat=False), "lang": [other_language()[0]]}
    return f"{request.script_root}{request.path}?{urlencode(arguments, doseq=True)}"


def keep_choice(response: Response) -> Response:
    """Remember a language that was asked for in the address. It is no personal fact and needs no consent."""
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie(
            COOKIE, language(), max_age=_ONE_YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return response
