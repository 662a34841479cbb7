"""A request -> the badges it gives: files, texts, addresses or JSON; reads and refuses, judges nothing."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from flask import request
from werkzeug.datastructures import FileStorage

from schemas.credential import as_list
from schemas.errors import InputError
from schemas.jsontext import parse_object, write_json
from schemas.limits import MAX_IMAGE_BYTES, MAX_TOGETHER, MAX_TOGETHER_BYTES, MAX_URL_CHARS, MIB
from verifier.intake import Subject, intake_bytes
from verifier.web.service import current_service
from verifier.wording_page import page_words

_HOST_AND_PATH: Final = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d{1,5})?/\S+")
# As a certificate prints its key, in groups; its provider's server knows it in one piece.
_GROUPED_KEY: Final = re.compile(r"(\S+/s/)((?:[0-9A-Za-z]{4}[ -]?){3}[0-9A-Za-z]{4})")
_CODE_ALONE: Final = re.compile(r"[A-Za-z0-9]{3,6}(?:[- ][A-Za-z0-9]{3,6})+|[a-z2-7]{26}")
_ENVELOPE: Final = "data:application/vc+jwt,"
# What is sent back so that a page can ask again about what nobody kept.
MAX_PACKED_BYTES: Final = 16 * 1024


class GivenError(InputError):
    """What was given cannot be read; said with the page's words under `key`."""

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(page_words(key, "en", **facts))
        self.key = key
        self.facts = facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One badge that was given: its name for a list, how to get at it, and the address when it was one."""

    name: str
    read: Callable[[], Subject]
    asked: str | None = None
    presented: bool = False  # out of a presentation, whose own signature says nothing about the badge


def parse_address(text: str) -> str:
    """A badge's address, also without its https://, or within the address of a verifier's answer. Raises InputError."""
    url = _ungrouped(text.strip())
    if _HOST_AND_PATH.fullmatch(url):
        url = f"https://{url}"
    if len(url) > MAX_URL_CHARS or not url.startswith(("https://", "http://")):
        raise GivenError("code_alone" if _CODE_ALONE.fullmatch(url) else "no_address")
    try:
        return _within(url)
    except ValueError:
        raise GivenError("no_address") from None


def _ungrouped(text: str) -> str:
    grouped = _GROUPED_KEY.fullmatch(text)
    return text if grouped is None else grouped[1] + re.sub("[ -]", "", grouped[2]).lower()


def _within(url: str) -> str:
    """A code that opens some verifier's answer: the badge it asks about is asked about here. Raises ValueError."""
    parts = urlsplit(url)
    if parts.path.rstrip("/").endswith("/verify"):
        inner = parse_qs(parts.query, max_num_fields=20).get("badge", [])
        if len(inner) == 1 and inner[0].startswith(("https://", "http://")):
            urlsplit(inner[0])
            return inner[0]
    return url


def links_given(texts: Sequence[str]) -> list[Given]:
    """The badges at addresses. Raises InputError for one that is none, and for too many."""
    return _at_most([_link(text) for text in texts])


def form_given() -> list[Given]:
    """Every file, address and text of the form. Raises InputError when there is none, or too many."""
    request.max_content_length = MAX_TOGETHER_BYTES
    request.max_form_memory_size = 2 * MIB
    found = [badge for one in request.files.getlist("file") if one.filename for badge in _file(one)]
    found += [*_pasted(request.form.get("text", "")), *_packed(request.form.get("packed", ""))]
    if not found:
        raise GivenError("choose")
    return _at_most(found)


def pack(subject: Subject) -> str | None:
    """The badge's text for a form that asks about it again; None when it is long, or there was none."""
    text = (subject.text or "").encode()
    return base64.b64encode(text).decode() if 0 < len(text) <= MAX_PACKED_BYTES else None


def _at_most(found: list[Given]) -> list[Given]:
    if len(found) > MAX_TOGETHER:
        raise GivenError("too_many", limit=MAX_TOGETHER)
    return found


def _file(file: FileStorage) -> list[Given]:
    data, name = file.stream.read(MAX_IMAGE_BYTES + 1), (file.filename or "")[-120:]
    return _presented(data, name) or [Given(name=name, read=lambda: intake_bytes(data, name="the file"))]


def _presented(data: bytes, name: str) -> list[Given]:
    """The badges inside a presentation (VCDM 2.0, 4.13), each for itself; nothing for what is none."""
    if b"VerifiablePresentation" not in data:
        return []
    try:
        document = parse_object(data.decode("utf-8").strip())
    except (InputError, UnicodeDecodeError):
        return []
    if "VerifiablePresentation" not in as_list(document.get("type")):
        return []
    texts = [_inner_text(one) for one in as_list(document.get("verifiableCredential"))]
    return [
        Given(name=f"{name} ({place})", read=partial(intake_bytes, text, name="the presentation"), presented=True)
        for place, text in enumerate(texts[: MAX_TOGETHER + 1], start=1)
    ]


def _inner_text(credential: Any) -> bytes:
    if isinstance(credential, dict):
        enveloped = str(credential.get("id", ""))
        if enveloped.startswith(_ENVELOPE):
            return enveloped.removeprefix(_ENVELOPE).encode("utf-8", "surrogatepass")
        return write_json(credential)
    return str(credential).encode("utf-8", "surrogatepass")


def _link(text: str) -> Given:
    url, service = parse_address(text), current_service()
    return Given(name=url, read=lambda: service.subject_at(url), asked=url)


def _pasted(text: str) -> Iterator[Given]:
    """One address or several, one a line; anything else is one badge."""
    lines = [_ungrouped(line.strip()) for line in text.splitlines() if line.strip()]
    if lines and all(_is_link(line) for line in lines):
        yield from (_link(line) for line in dict.fromkeys(lines))
    elif len(lines) == 1 and _CODE_ALONE.fullmatch(lines[0]):
        raise GivenError("code_alone")
    elif lines:
        data, name = text.strip().encode("utf-8", "surrogatepass"), page_words("this_badge", "en")
        yield from _presented(data, name) or [Given(name=name, read=lambda: intake_bytes(data, name="the text"))]


def _is_link(line: str) -> bool:
    return line.startswith(("https://", "http://")) or _HOST_AND_PATH.fullmatch(line) is not None


def _packed(text: str) -> Iterator[Given]:
    if text:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise GivenError("choose") from None
        yield Given(name=page_words("this_badge", "en"), read=lambda: intake_bytes(data, name="the text"))
