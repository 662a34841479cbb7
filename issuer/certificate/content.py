"""What stands on a certificate, read from the signed badge: plain values, in the two languages where they are words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from issuer.certificate import wording
from issuer.certificate.wording import Pair, day_pair, pair, say
from issuer.drawing import lettering
from issuer.words import ENGLISH, MAORI, parse_language
from schemas.credential import Credential
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject
from schemas.nzqcf import hours, nz_date

_LONG_WORD: Final = re.compile(r"\S{36,}")
_WORD_PART: Final = 18
_LINE_WIDTH: Final = 462.0  # points: the sheet's 166 mm, and a little less for how a printer's typeface may differ
_LEADING: Final = 1.25
_URL_LINE: Final = 62  # characters of an address that stand beside the QR code at its smallest size
_ZERO_WIDTH_SPACE: Final = "\u200b"


def certificate_content(
    view: Credential,
    *,
    check_url: str,
    short_code: str,
    signatory: tuple[str | None, str | None],
    demonstration: bool,
    language: str,
) -> JsonObject:
    """The template's data. Raises IssuingError for a badge that lacks what must be said, or letters nobody prints."""
    achievement, claim = view.achievement, view.nz_claim
    if achievement is None or not achievement.name or claim is None or not claim.levels or not view.issuer_name:
        raise IssuingError("The badge names no title, no level or no provider, so no certificate can be made of it.")
    title, provider = _printed(achievement.name), _printed(view.issuer_name)
    first = parse_language(language)
    return {
        "first": first,
        "second": ENGLISH if first == MAORI else MAORI,
        "document_title": f"{title} · {say(wording.KIND, first)}",
        "description": say(wording.NOT_A_QUALIFICATION, first),
        "attachment_description": say(wording.ATTACHMENT, first),
        "artwork_alt": say(wording.ARTWORK_ALT, first),
        "qr_alt": say(wording.QR_ALT, first, url=check_url),
        "title": title,
        "title_set": _fitted(title, sizes=range(32, 9, -1), height=76, weight=700),
        "title_language": parse_language(achievement.language),
        "provider": provider,
        "provider_set": _fitted(provider, sizes=range(17, 7, -1), height=40, weight=600),
        "provider_language": parse_language(achievement.language),
        "banner": _words(wording.DEMONSTRATION) if demonstration else None,
        "kind": _words(wording.KIND),
        "awarded_to": _words(wording.AWARDED_TO),
        "learner": _learner(view),
        "no_name": _words(wording.NO_NAME if not view.learner_name else wording.NAME_NOT_PRINTED),
        "numbers": list(_numbers(view)),
        "days": list(_days(view)),
        "signatory": _signatory(*signatory),
        "not_qualification": _words(wording.NOT_A_QUALIFICATION),
        "check": _words(wording.CHECK),
        "why_check": _words(wording.WHY_CHECK),
        "url": check_url,
        "url_lines": [check_url[at : at + _URL_LINE] for at in range(0, len(check_url), _URL_LINE)],
        "code": _code(short_code, check_url=check_url),
        "small_print": _words(wording.SMALL_PRINT, provider=provider),
    }


def _code(short_code: str, *, check_url: str) -> JsonObject | None:
    """The code, and where it is typed: the address that `check_url` lies below."""
    if not short_code:
        return None
    place = check_url.partition("://")[2].rpartition("/")[0]
    return {"label": _words(wording.CODE), "value": short_code, "place": place}


def _words(sentence: str, **values: Any) -> JsonObject:
    return dict(pair(sentence, **values))


def _printed(text: str) -> str:
    """The text as it is set: one line, and words too long for any sheet may break."""
    line = lettering.plain(text)
    if missing := "".join(sorted(lettering.missing_glyphs(line))):
        raise IssuingError(f"The certificate cannot show “{missing}” in “{line}”: the typeface has no such letters.")
    return _breakable(line)


def _breakable(line: str) -> str:
    def broken(word: re.Match[str]) -> str:
        text = word[0]
        return _ZERO_WIDTH_SPACE.join(text[at : at + _WORD_PART] for at in range(0, len(text), _WORD_PART))

    return _LONG_WORD.sub(broken, line)


def _learner(view: Credential) -> JsonObject | None:
    """The name, or None: not shown, or in a script the typeface lacks; a name is printed whole or not at all."""
    name = lettering.plain(view.learner_name or "")
    if not name or lettering.missing_glyphs(name):
        return None
    return _fitted(_breakable(name), sizes=range(24, 8, -1), height=52, weight=600)


def _fitted(text: str, *, sizes: Sequence[int], height: float, weight: int) -> JsonObject:
    """The text as large as it fits, its lines about equally long; broken at spaces, for titles hold hyphens."""
    for size in sizes:
        count = int(height // (size * _LEADING))
        if _ZERO_WIDTH_SPACE in text:  # a word longer than a line: typst breaks it where it may
            needed = lettering.width(text.replace(_ZERO_WIDTH_SPACE, ""), size, weight)
            lines = [text] if needed <= 0.8 * count * _LINE_WIDTH else None
        else:
            lines = lettering.balanced(text.split(), [_LINE_WIDTH] * count, size, weight)
        if lines is not None:
            return {"size": size, "lines": list(lines)}
    return _fitted(lettering.shorten(text), sizes=sizes, height=height, weight=weight)


def _numbers(view: Credential) -> Iterator[JsonObject]:
    achievement, claim = view.achievement, view.nz_claim
    subject = view.subjects[0] if view.subjects else {}
    earned = subject.get("creditsEarned", achievement.credits_available if achievement else None)
    if claim is not None:
        yield _number(wording.LEVEL, claim.levels[0])
    if isinstance(earned, int | float) and not isinstance(earned, bool):
        yield _number(wording.CREDITS, f"{earned:g}")
        yield _number(wording.HOURS, f"{hours(earned):,}")
    if claim is not None and claim.references:
        yield _number(wording.REFERENCE, claim.references[0])


def _number(label: str, value: str) -> JsonObject:
    return {"label": _words(label), "value": _printed(value)}


def _days(view: Credential) -> Iterator[JsonObject]:
    if view.awarded_date is not None:
        yield _day(wording.AWARDED, view.awarded_date.date())
    if view.valid_from is not None:
        yield _day(wording.SIGNED, nz_date(view.valid_from))
    if view.valid_until is not None:
        yield _day(wording.EXPIRES, nz_date(view.valid_until))


def _day(label: str, day: date) -> JsonObject:
    value: Pair = day_pair(day)
    return {"label": _words(label), "value": dict(value)}


def _signatory(name: str | None, role: str | None) -> JsonObject | None:
    if not name:
        return None
    return {"label": _words(wording.SIGNATORY), "name": _printed(name), "role": _printed(role) if role else None}
