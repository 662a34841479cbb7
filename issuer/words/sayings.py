"""Sentences of the core that can be said in both languages: English text as ever, which knows what it is made of.

A `Saying` is its English sentence, byte for byte: files, logs and the command line use it as the text it is. A page in
te reo Māori asks it for `in_("mi")`, which is None where there is no draft.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, Self

from issuer.words import ENGLISH, MAORI, parse_language, translations
from schemas.nzqcf import format_nz_date

_MEMBERS: Final = frozenset({"sentence", "text", "values", "spoken"})


class Saying(str):
    """`text` is the msgid with its placeholders, `values` what stands in them; `spoken` is what a catalogue cannot say.

    Without a `text`, the values are sentences that follow each other.
    """

    __slots__ = ("spoken", "text", "values")

    text: str
    values: Mapping[str, str]
    spoken: Mapping[str, str]

    def __new__(
        cls,
        sentence: str,
        *,
        text: str = "",
        values: Mapping[str, str] | None = None,
        spoken: Mapping[str, str] | None = None,
    ) -> Self:
        made = super().__new__(cls, sentence)
        made.text, made.values, made.spoken = text, dict(values or {}), dict(spoken or {})
        return made

    def in_(self, language: str) -> str | None:
        """The sentence in that language; None where some of it exists in English alone."""
        language = parse_language(language)
        if language == ENGLISH:
            return str(self)
        if language in self.spoken:
            return self.spoken[language]
        values: dict[str, str] = {}
        for name, value in self.values.items():
            told = value.in_(language) if isinstance(value, Saying) else value
            if told is None:
                return None
            values[name] = told
        if not self.text:
            return " ".join(values.values()) or None
        draft = translations(language).gettext(self.text)
        return None if draft == self.text else draft % values


def say(text: str, /, **values: object) -> Saying:
    """The sentence of that msgid. A value that is a Saying itself is said in the language of the whole."""
    kept = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
    return Saying(text % kept, text=text, values=kept)


def say_day(day: date) -> Saying:
    """A day as people write it."""
    return Saying(format_nz_date(day), spoken={MAORI: format_nz_date(day, language=MAORI)})


def as_it_is(text: str) -> Saying:
    """A name or a heading, which is the same in every language."""
    return Saying(text, spoken={MAORI: text})


def any_of(names: Iterable[str]) -> Saying:
    """`a or b or c`: names, which are the same in every language."""
    several = list(names)
    maori = ", ".join(several) + (" rānei" if len(several) > 1 else "")
    return Saying(" or ".join(several), spoken={MAORI: maori})


def together(*sentences: str) -> str:
    """One sentence after the other; plain text if one of them is."""
    whole = " ".join(sentences)
    if not all(isinstance(sentence, Saying) for sentence in sentences):
        return whole
    return Saying(whole, values={str(place): sentence for place, sentence in enumerate(sentences)})


# --- kept as JSON -----------------------------------------------------------------------------------------------
def packed(value: Any) -> Any:
    """The same JSON value, with what each Saying in it is made of beside its English."""
    if isinstance(value, Saying):
        made_of = {"text": value.text, "values": packed(value.values), "spoken": dict(value.spoken)}
        return {"sentence": str(value), **made_of}
    if isinstance(value, dict):
        return {name: packed(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [packed(each) for each in value]
    return value


def unpacked(members: dict[str, Any]) -> Any:
    """For `json.loads(object_hook=…)`: a Saying where one was packed, else the object as it is."""
    if members.keys() != _MEMBERS:
        return members
    return Saying(members["sentence"], text=members["text"], values=members["values"], spoken=members["spoken"])
