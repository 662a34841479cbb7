"""How much text a worksheet's cells would hold once every shared string is copied into every cell that names it."""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from issuer.words.sayings import say
from schemas.errors import TableError


class _Counter:
    """A streamed pass over one part of a workbook; no tree is built and no entity is ever declared."""

    def __init__(self, part: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        parser.StartDoctypeDeclHandler = self._on_doctype
        try:
            parser.Parse(part, True)
        except expat.ExpatError:
            raise TableError(say("The workbook is damaged. Open it, save it as .xlsx, and try again.")) from None

    def _on_start(self, name: str, attributes: dict[str, str]) -> None: ...

    def _on_end(self, name: str) -> None: ...

    def _on_text(self, text: str) -> None: ...

    def _on_doctype(self, *_: object) -> NoReturn:
        raise TableError(say("The workbook holds a DOCTYPE, which no spreadsheet program writes."))


class _Strings(_Counter):
    def __init__(self, part: bytes) -> None:
        self.lengths: list[int] = []
        super().__init__(part)

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - expat's signature
        if name.rpartition(" ")[2] == "si":
            self.lengths.append(0)

    def _on_text(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


class _Uses(_Counter):
    def __init__(self, part: bytes, lengths: list[int]) -> None:
        self.total = 0
        self._lengths = lengths
        self._shared = self._value = False
        self._index = ""
        super().__init__(part)

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local == "c":
            self._shared = attributes.get("t") == "s"
        elif local == "v":
            self._value, self._index = True, ""

    def _on_end(self, name: str) -> None:
        if name.rpartition(" ")[2] == "v":
            self._value = False
            index = self._index.strip()
            if self._shared and index.isascii() and index.isdigit() and int(index[:9]) < len(self._lengths):
                self.total += self._lengths[int(index[:9])]

    def _on_text(self, text: str) -> None:
        if self._value:
            self._index += text[:20]


def string_lengths(shared_strings: bytes) -> list[int]:
    """The length of each string of `xl/sharedStrings.xml`."""
    return _Strings(shared_strings).lengths if shared_strings else []


def shared_text(sheet: bytes, *, lengths: list[int]) -> int:
    """Characters of shared text in one worksheet, counted once a cell."""
    return _Uses(sheet, lengths).total
