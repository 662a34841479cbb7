"""Badges in SVG (Open Badges 3.0, 5.3.2): one streamed, bounded pass; what is not the badge stays byte for byte."""

from __future__ import annotations

import re
from typing import Final, NoReturn
from xml.parsers import expat

from schemas.baking.artsafety import refuse_unsafe_css, refuse_unsafe_element
from schemas.baking.carrier import (
    already_baked,
    check_text,
    is_compact_jws,
    learner_record,
    no_badge,
    open_badges_2,
    refuse_large,
    several_badges,
)
from schemas.errors import BakingError, TooLarge
from schemas.limits import MAX_SVG_ATTRIBUTES, MAX_SVG_DEPTH, MAX_SVG_ELEMENTS

SVG: Final = "http://www.w3.org/2000/svg"
OPEN_BADGES_3: Final = "https://purl.imsglobal.org/ob/v3p0"
_OPEN_BADGES_2: Final = "http://openbadges.org"
_CLR: Final = "https://purl.imsglobal.org/clr/v2p0"
_CREDENTIAL: Final = f"{OPEN_BADGES_3} credential"
_ROOT: Final = f"{SVG} svg"
_TAG: Final = re.compile(rb"""<[^>"']*+(?:"[^"]*+"[^>"']*+|'[^']*+'[^>"']*+)*+>""")
# XML 1.0, 2.2: what no XML document can hold; a carriage return would come back as a line feed (2.11).
_NOT_XML: Final = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACE: Final = " \t\r\n"


def bake_svg(svg: bytes, text: str, *, replace: bool = False) -> bytes:
    """The same picture carrying `text`, a JSON object or compact JWS, as the first child of its `<svg>`.

    Artwork that could run a script or load anything from elsewhere is refused. Raises BakingError or TooLarge.
    """
    check_text(text)
    if _NOT_XML.search(text):
        raise BakingError("The text holds a character that XML cannot carry.")
    picture = _Reader(svg, artwork=True)
    if picture.badges and not replace:
        raise already_baked()
    for start, end in reversed(picture.badges):
        svg = svg[:start] + svg[end:]
    start, end = picture.root_tag
    tag = svg[start:end]
    closing = b""
    if tag.endswith(b"/>"):
        tag, closing = tag[:-2] + b">", b"</" + picture.root_name + b">"
    if picture.root_prefixes.get("openbadges", OPEN_BADGES_3) != OPEN_BADGES_3:
        raise BakingError("The artwork uses the prefix “openbadges” for something else; rename it there.")
    if "openbadges" not in picture.root_prefixes:
        tag = tag[:-1] + f' xmlns:openbadges="{OPEN_BADGES_3}">'.encode()
    baked = b"".join((svg[:start], tag, _element(text), closing, svg[end:]))
    if unbake_svg(baked) != text:
        raise BakingError("The artwork is too unusual to carry a badge; save it as plain SVG.")
    return baked


def unbake_svg(data: bytes) -> str:
    """The text of the one badge in an SVG. Raises BakingError (with `reason` among its extensions) or TooLarge."""
    picture = _Reader(data, artwork=False)
    if len(picture.badges) > 1:
        raise several_badges()
    if picture.badges:
        return _badge_text(picture.verify, "".join(picture.body).strip(_SPACE))
    if _OPEN_BADGES_2 in picture.namespaces:
        raise open_badges_2()
    if _CLR in picture.namespaces:
        raise learner_record()
    raise no_badge()


def _element(text: str) -> bytes:
    if is_compact_jws(text):
        return f'<openbadges:credential verify="{text}"/>'.encode()
    body = text.replace("]]>", "]]]]><![CDATA[>")
    return f"<openbadges:credential><![CDATA[{body}]]></openbadges:credential>".encode()


def _badge_text(verify: str | None, body: str) -> str:
    if verify is None:
        return body or _malformed("The badge in this picture is empty.")
    if body:
        _malformed("The badge in this picture is given twice, in “verify” and in the element's body.")
    return verify or _malformed("The badge in this picture is empty.")


class _Reader:
    """One pass over an SVG with expat: where the badge stands, what it says, and whether the rest is bounded.

    A DOCTYPE is refused the moment it is seen, so that no entity is ever declared, let alone expanded or fetched.
    """

    def __init__(self, data: bytes, *, artwork: bool) -> None:
        refuse_large(data)
        _refuse_other_encodings(data)
        self.badges: list[tuple[int, int]] = []
        self.verify: str | None = None
        self.body: list[str] = []
        self.namespaces: set[str] = set()
        self.root_tag = (0, 0)
        self.root_name = b"svg"
        self.root_prefixes: dict[str, str] = {}
        self._data = data
        self._artwork = artwork
        self._path: list[str] = []
        self._prefixes: dict[str, str] = {}
        self._elements = self._attributes = 0
        self._css: list[str] = []
        self._badge_start = self._badge_tag_end = 0
        parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._on_declaration
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.StartNamespaceDeclHandler = self._on_namespace
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        parser.CommentHandler = self._on_comment
        parser.ProcessingInstructionHandler = self._on_instruction
        self._parser = parser
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            _malformed(f"The SVG is not well-formed: {expat.ErrorString(error.code)} in line {error.lineno}.")
        finally:
            del self._parser  # handlers and parser hold one another

    @property
    def _inside_badge(self) -> bool:
        return bool(self._path) and self._path[-1] == _CREDENTIAL

    def _on_declaration(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0" or (encoding or "utf-8").lower() not in ("utf-8", "us-ascii"):
            _malformed("The SVG must be XML 1.0 in UTF-8.")

    def _on_doctype(self, *_: object) -> NoReturn:
        _malformed("The SVG has a DOCTYPE, which can hide references; save it without one.")

    def _on_namespace(self, prefix: str | None, uri: str | None) -> None:
        self._attributes += 1
        self.namespaces.add(uri or "")
        self._prefixes[prefix or ""] = uri or ""

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._attributes += len(attributes)
        if self._elements > MAX_SVG_ELEMENTS:
            raise TooLarge(f"The SVG has more than {MAX_SVG_ELEMENTS:,} elements.")
        if self._attributes > MAX_SVG_ATTRIBUTES:
            raise TooLarge(f"The SVG has more than {MAX_SVG_ATTRIBUTES:,} attributes.")
        if len(self._path) >= MAX_SVG_DEPTH:
            raise TooLarge(f"The SVG is nested more than {MAX_SVG_DEPTH} deep.")
        if not self._path:
            self._on_root(name)
        if self._inside_badge:
            _malformed("The badge in this SVG holds elements of its own.")
        if name == _CREDENTIAL:
            if self._path != [_ROOT]:
                _malformed("The badge in this SVG does not stand directly under <svg>.")
            self.verify = attributes.get("verify")
            self._badge_start = self._parser.CurrentByteIndex
            self._badge_tag_end = self._tag_end(self._badge_start)
        elif self._artwork:
            refuse_unsafe_element(name, attributes)
        self._path.append(name)

    def _on_root(self, name: str) -> None:
        if name != _ROOT:
            _malformed("This is not an SVG picture.")
        start = self._parser.CurrentByteIndex
        self.root_tag = (start, self._tag_end(start))
        written = re.match(rb"<([^\s/>]+)", self._data[start:])
        self.root_name = written[1] if written else b"svg"
        self.root_prefixes = dict(self._prefixes)

    def _on_end(self, name: str) -> None:
        self._path.pop()
        if name == _CREDENTIAL:
            self.badges.append((self._badge_start, self._element_end()))
        if self._css:
            refuse_unsafe_css("".join(self._css))
            self._css.clear()

    def _on_text(self, text: str) -> None:
        if self._inside_badge:
            self.body.append(text)
        elif self._artwork and self._path[-1] == f"{SVG} style":
            self._css.append(text)

    def _on_comment(self, _text: str) -> None:
        if self._inside_badge:
            _malformed("The badge in this SVG is broken up by a comment.")

    def _on_instruction(self, target: str, _data: str) -> None:
        if self._inside_badge:
            _malformed("The badge in this SVG is broken up by a processing instruction.")
        if self._artwork:
            _malformed(f"The artwork has a processing instruction, {target[:40]!r}; save it without one.")

    def _element_end(self) -> int:
        if self._data[self._badge_tag_end - 2 : self._badge_tag_end] == b"/>":
            return self._badge_tag_end
        return self._tag_end(self._parser.CurrentByteIndex)

    def _tag_end(self, start: int) -> int:
        tag = _TAG.match(self._data, start)
        if tag is None:
            _malformed("The SVG is not well-formed.")
        return tag.end()


def _refuse_other_encodings(data: bytes) -> None:
    """expat reads UTF-16 by its byte order mark whatever it is told; byte offsets and other readers would differ."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        _malformed(f"The SVG is not UTF-8: byte {error.start} cannot be read.")


def _malformed(sentence: str) -> NoReturn:
    raise BakingError(sentence, reason="malformed")
