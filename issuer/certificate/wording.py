"""What a certificate says, in te reo Māori and English side by side; knows no badge and no sheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from issuer.words import ENGLISH, LANGUAGES, MAORI, translations
from schemas.nzqcf import format_nz_date

Pair = Mapping[str, str]


def _(sentence: str) -> str:
    """Marks a sentence for the catalogues; it is translated when it is said."""
    return sentence


DEMONSTRATION = _("Demonstration. Provider, learner and register are invented. This is not a real award.")
KIND = _("Micro-credential")
NOT_A_QUALIFICATION = _("This is a micro-credential, not a qualification.")
AWARDED_TO = _("Awarded to")
NO_NAME = _("The learner chose to show no name here.")
NAME_NOT_PRINTED = _(
    "The learner's name is in a script that this sheet cannot print. It stands in the badge: open the address below."
)
LEVEL = _("Level")
CREDITS = _("Credits")
HOURS = _("Hours of learning, about")
REFERENCE = _("NZQA reference")
AWARDED = _("Awarded")
SIGNED = _("Signed")
EXPIRES = _("Expires")
SIGNATORY = _("For the provider")
CHECK = _("Check this online")
WHY_CHECK = _(
    "Paper can be copied and changed. Scan the code, or open this address, to see the badge as it stands now:"
)
CODE = _("Code to type at")
SMALL_PRINT = _(
    "Issued by %(provider)s as an Open Badge (Open Badges 3.0). The signed badge is inside the PDF of this sheet, "
    "as badge.json. This is not a page of NZQA."
)
ATTACHMENT = _("The signed badge (Open Badges 3.0), for a verifier")
ARTWORK_ALT = _("The badge's picture")
QR_ALT = _("QR code that opens %(url)s")


def say(sentence: str, language: str, **values: Any) -> str:
    """The sentence in one language."""
    return _gettext(sentence, language) % values if values else _gettext(sentence, language)


def pair(sentence: str, **values: Any) -> Pair:
    """The sentence in both languages."""
    return {language: say(sentence, language, **values) for language in LANGUAGES}


def day_pair(day: date) -> Pair:
    """`3 Haratua 2026` and `3 May 2026`."""
    return {language: format_nz_date(day, language=language) for language in (MAORI, ENGLISH)}


@lru_cache(maxsize=128)
def _gettext(sentence: str, language: str) -> str:
    # In a context of their own: other pages may say a word differently, and one sheet must not say it in two ways.
    return translations(language).pgettext("certificate", sentence)
