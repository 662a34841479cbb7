"""JSON text with named leaves that vary, byte for byte as `write_json` writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.canonical.leaves import Inexact, Leaves, leaf_at, marker, with_leaves
from schemas.canonical.lines import Constants
from schemas.canonical.quads import Pieces
from schemas.jsontext import JsonObject, write_json


class JsonTemplate:
    """Texts as JSON writes them, in the order of the slots -> the bytes of the document."""

    def __init__(self, pieces: Pieces, *, slots: Sequence[str]) -> None:
        constants = Constants(len(slots))
        self.slots = tuple(slots)
        self._cut = constants.cut(pieces)
        self._constants = constants.texts

    def text(self, forms: Sequence[bytes]) -> bytes:
        """The JSON text; each form stands between quotation marks, or as a number where the document has one."""
        return b"".join(self._cut([*forms, *self._constants]))


def compile_json(document: JsonObject, *, leaves: Leaves) -> JsonTemplate:
    """A template for all documents that are `document` but for its leaves, which are texts or whole numbers.

    Raises Inexact when the leaves are none, or when it would not give the document itself.
    """
    slots, mark = tuple(leaves), marker(document)
    sentinels = {slot: f"{mark}:{number}" for number, slot in enumerate(slots)}
    text = write_json(with_leaves(document, leaves, sentinels))
    numbers = {number for number, slot in enumerate(slots) if _is_number(document, leaves[slot])}
    parts = re.split(rb'"%b:([0-9]+)"' % mark.encode(), text)
    pieces: list[bytes | int] = [parts[0]]
    for number, after in zip(parts[1::2], parts[2::2], strict=True):
        quote = [] if int(number) in numbers else [b'"']
        pieces += [*quote, int(number), *quote, after]
    template = JsonTemplate(tuple(pieces), slots=slots)
    own = [str(leaf_at(document, leaves[slot][0])) for slot in slots]
    if template.text([write_json(text).removeprefix(b'"').removesuffix(b'"') for text in own]) != write_json(document):
        raise Inexact("The template does not give the JSON text of its own document.")
    return template


def _is_number(document: JsonObject, places: Sequence[str]) -> bool:
    kinds = {type(leaf_at(document, place)) for place in places}
    if kinds not in ({str}, {int}):
        raise Inexact("A leaf is neither a text nor a whole number, or is sometimes the one and sometimes the other.")
    return kinds == {int}
