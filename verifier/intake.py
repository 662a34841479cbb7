"""Bytes -> Subject: finds the one credential in a JSON or JWS text, a picture or a PDF, by content and not by name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from keys.resolve import Fetch, Retrieved
from keys.suites.jwt import Jws, credential_of, parse_jws
from schemas.baking import sniff, unbake_pdf, unbake_png, unbake_svg
from schemas.errors import BadgeError, Fault, InputError, ProofUnsupported, TooLarge, Unreachable
from schemas.jsontext import JsonObject, parse_object
from schemas.limits import DOCUMENT, MAX_IMAGE_BYTES


class Kind(StrEnum):
    JSON = "json"
    JWS = "jws"
    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    OTHER = "other"


_COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")
_WHITESPACE = b" \t\r\n"
_HTML = re.compile(rb"(?:<!--.*?-->|\s)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_PICTURES = ((b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"RIFF", "WebP"), (b"BM", "BMP"), (b"II*\x00", "TIFF"))
_BADGE_MEDIA_TYPES = ("application/vc+ld+json", "application/vc", "application/ld+json", "application/vc+jwt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be checked. `document` is None exactly when `fault` says why no credential could be read.

    `text` is the credential as it was signed and stored, whatever it was wrapped in; `sha256` is of the bytes given.
    `claims` are differences between a JWT's registered claims and the credential. `anchor` is an inclusion proof that
    was found beside it.
    """

    name: str
    kind: Kind
    sha256: str
    text: str | None = None
    document: JsonObject | None = None
    jws: Jws | None = None
    claims: tuple[Fault, ...] = ()
    fault: BadgeError | None = None
    anchor: JsonObject | None = None


def intake_bytes(data: bytes, *, name: str) -> Subject:
    """The subject in `data`. Never raises for what is in it: a bad badge is a result."""
    kind = _kind(data)
    subject = Subject(name=name, kind=kind, sha256=hashlib.sha256(data).hexdigest())
    try:
        text = _text(data, kind)
        return _read(replace(subject, text=text))
    except BadgeError as error:
        return replace(subject, fault=error)


def unreachable_subject(name: str, error: BadgeError) -> Subject:
    """A subject that could not be retrieved."""
    return Subject(name=name, kind=Kind.OTHER, sha256=hashlib.sha256(b"").hexdigest(), fault=error)


def fetch_badge(url: str, *, fetch: Fetch) -> Retrieved:
    """What stands at a badge's address; when that is a page for people, the document the page points to.

    Raises Unreachable.
    """
    found = fetch(url)
    if not (found.media_type == "text/html" or _HTML.match(found.body)):
        return found
    for address in _document_addresses(found.body, url):
        try:
            answer = fetch(address)
        except Unreachable:
            continue
        if not _HTML.match(answer.body):
            return answer
    return found


def _kind(data: bytes) -> Kind:
    picture = sniff(data)
    if picture is not None:
        return Kind(picture)
    if data.startswith(b"%PDF-"):
        return Kind.PDF
    start = data.lstrip(_WHITESPACE)[:1]
    if start == b"{":
        return Kind.JSON
    if start and _COMPACT_JWS.fullmatch(data.strip(_WHITESPACE).decode("latin-1")):
        return Kind.JWS
    return Kind.OTHER


def _text(data: bytes, kind: Kind) -> str:
    """The credential's own text, out of whatever carries it."""
    limit = MAX_IMAGE_BYTES if kind in {Kind.PNG, Kind.SVG, Kind.PDF} else DOCUMENT.max_bytes
    if len(data) > limit:
        raise TooLarge(f"The file is {len(data):,} bytes; a badge of this kind has at most {limit:,}.")
    if kind is Kind.PNG:
        return unbake_png(data)
    if kind is Kind.SVG:
        return unbake_svg(data)
    if kind is Kind.PDF:
        return unbake_pdf(data)
    if kind in {Kind.JSON, Kind.JWS}:
        try:
            return data.strip(_WHITESPACE).decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"Not UTF-8: byte {error.start} cannot be read.", reason="json-malformed") from None
    raise _no_badge(data)


def _no_badge(data: bytes) -> InputError:
    if not data.strip(_WHITESPACE):
        return InputError("The file is empty.", reason="empty")
    if _HTML.match(data):
        return InputError(
            "This is a web page, not a badge. Give its address instead, or the badge's own file.", reason="web-page"
        )
    for start, picture in _PICTURES:
        if data.startswith(start):
            return InputError(
                f"This {picture} picture carries no badge: only PNG, SVG and PDF files can. Use the link, or the "
                "badge's own file.",
                reason="not-a-badge",
            )
    if data.startswith(b"\xef\xbb\xbf") or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return InputError("The text starts with a byte order mark, which JSON does not allow.", reason="json-malformed")
    if data.lstrip(_WHITESPACE)[:1] == b"[":
        return InputError("The file holds a list; a badge file holds one badge.", reason="not-a-badge")
    return InputError("This is neither a badge nor a picture that could carry one.", reason="not-a-badge")


def _read(subject: Subject) -> Subject:
    text = subject.text or ""
    if text.lstrip()[:1] == "{":
        try:
            return replace(subject, document=parse_object(text))
        except TooLarge:
            raise
        except InputError as error:
            raise InputError(error.detail, reason="json-malformed") from None
    try:
        jws = parse_jws(text.strip())
        document, claims = credential_of(jws)
    except TooLarge:
        raise
    except ProofUnsupported as error:
        raise InputError(error.detail, reason="jws-unsupported") from None
    except BadgeError as error:
        raise InputError(error.detail, reason="jws-malformed") from None
    return replace(subject, document=document, jws=jws, claims=claims)


def _document_addresses(page: bytes, url: str) -> Iterator[str]:
    """Where a badge page says its document is (`link rel=alternate`, same origin), then the same address + `.json`."""
    reader = _Alternates()
    try:
        reader.feed(page.decode("utf-8", "replace"))
    except (ValueError, AssertionError):
        reader.found.clear()
    here = urlsplit(url)
    for href in reader.found[:1]:
        try:
            address = urljoin(url, href)
            there = urlsplit(address)
        except ValueError:
            continue
        if (there.scheme, there.netloc) == (here.scheme, here.netloc):
            yield address
    if here.path.strip("/") and not here.path.endswith(".json"):
        yield here._replace(path=here.path.rstrip("/") + ".json", query="", fragment="").geturl()


class _Alternates(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if (
            tag == "link"
            and "alternate" in (values.get("rel") or "").lower().split()
            and (values.get("type") or "").lower() in _BADGE_MEDIA_TYPES
            and values.get("href")
        ):
            self.found.append(values["href"] or "")
