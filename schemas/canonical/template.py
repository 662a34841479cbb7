"""The exact batch template: one run of the reference path, made to serve every document that differs at named leaves.

It knows when it would not be exact, and says so (`Inexact`, or None); nothing here decides what is signed. Each
condition has its number in docs/decisions/0015-the-exact-batch-template.md:

1. The structure, every constant and all types are those of the compiled document; only whole texts vary.
2. Each varying text comes out of JSON-LD whole, as an IRI or as the text of a literal.
3. A varying IRI is absolute, of a scheme that no context takes for a prefix.
4. No varying text equals another or any constant: nothing merges, no statement stands twice.
5. All first-degree hashes differ: the labels of RDFC-1.0 are then their ranks (RDFC-1.0, 4.4.3, steps 3 and 4).
6. JSON-LD loses nothing of the document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from operator import itemgetter

from schemas.canonical import canonicalize, lossless_dataset
from schemas.canonical.leaves import Inexact, Leaves, leaf_at, marker, terms_of, texts_in, with_leaves
from schemas.canonical.lines import Lines, Nodes
from schemas.canonical.quads import Graph, literal_text, read_graph
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject
from schemas.loader import CURRENT, ContextTexts

SCHEMES = frozenset({"https", "http", "urn", "did"})
# Condition 3: stricter than RFC 3986; whatever else may be an IRI takes the reference path.
_IRI = r"(?:https?://|urn:|did:)[!#-;=?-Z_a-z~]+"
# What N-Quads or JSON escapes, and what UTF-8 has no form for. Neither escapes anything else.
_SPECIAL = re.compile('[\x00-\x1f"\\\\\x7f\ud800-\udfff]')


@dataclass(frozen=True, slots=True)
class Forms:
    """The texts of one document as N-Quads and as JSON write them, between their quotation marks."""

    nquads: list[bytes]
    json: list[bytes]


class Template:
    """Texts of the slots, in their order -> canonical N-Quads. Made by `compile_template`; safe for one thread."""

    def __init__(self, graph: Graph, *, slots: Sequence[str], constants: frozenset[str]) -> None:
        self.slots = tuple(slots)
        self._constants = constants
        self._iris = itemgetter(*sorted(graph.iris)) if graph.iris else None
        self._iri_pattern = re.compile(" ".join([_IRI] * len(graph.iris)))
        self._single_iri = len(graph.iris) == 1
        self._nodes = Nodes(graph)
        self._lines = Lines(graph)

    def forms(self, texts: Sequence[str]) -> Forms | None:
        """The texts, encoded; None when a condition of exactness does not hold for them."""
        if not all(texts) or len(set(texts)) != len(self.slots) or not self._constants.isdisjoint(texts):
            return None  # condition 4
        if self._iris is not None:  # condition 3; no IRI has a space in it
            iris = self._iris(texts)
            if not self._iri_pattern.fullmatch(iris if self._single_iri else " ".join(iris)):
                return None
        if not _SPECIAL.search("".join(texts)):
            plain = [text.encode() for text in texts]
            return Forms(plain, plain)
        try:
            return Forms(
                [literal_text(text) for text in texts],
                [encode_basestring(text)[1:-1].encode() for text in texts],
            )
        except UnicodeEncodeError:
            return None

    def canonical(self, forms: Forms) -> bytes | None:
        """The canonical N-Quads of the document; None when two blank nodes look alike at first degree."""
        order = self._nodes.order(forms.nquads)
        return None if order is None else self._lines.text(forms.nquads, order)


def compile_template(document: JsonObject, *, leaves: Leaves, texts: ContextTexts = CURRENT) -> Template:
    """A template for all documents that are `document` but for the texts at its leaves.

    Raises Inexact when none would be exact, and what `canonicalize` raises for the document.
    """
    if set(SCHEMES) & (terms := terms_of(document, texts=texts)) or any(":" in term for term in terms):
        raise Inexact("A context defines a term that could be taken for the beginning of an IRI.")  # condition 3
    slots, mark = tuple(leaves), marker(document)
    sentinels = {f"urn:leaf:{mark}:{number}": number for number in range(len(slots))}
    first = with_leaves(document, leaves, dict(zip(slots, sentinels, strict=True)))
    try:
        dataset, _ = lossless_dataset(first, texts=texts)  # condition 6
    except BadgeError as error:
        raise Inexact(f"A leaf may not be any IRI: {error.detail}") from None
    graph = read_graph(dataset, sentinels=sentinels, mark=mark)  # condition 2
    unchanged = frozenset(text for text in texts_in(first) if mark not in text)
    template = Template(graph, slots=slots, constants=unchanged | graph.constants)
    own = {slot: _text_of(document, places) for slot, places in leaves.items()}
    other = {slot: _other(number, graph, mark) for number, slot in enumerate(slots)}
    for trial in (dict(zip(slots, sentinels, strict=True)), other, own):
        _compare(template, with_leaves(document, leaves, trial), [trial[slot] for slot in slots], texts)
    return template


def _other(number: int, graph: Graph, mark: str) -> str:
    """A second sentinel: unlike the first in scheme and order, and awkward where it need not be an IRI."""
    if number in graph.iris:
        return f"https://{chr(ord('z') - number % 26)}.invalid/{mark}/{number}?a=1&b#c"
    return f'_:b{number} <{mark}> "ā\\\t\x07\x7f" 😀 {number}'


def _text_of(document: JsonObject, places: Sequence[str]) -> str:
    found = [leaf_at(document, place) for place in places]
    if not found or not isinstance(found[0], str) or found.count(found[0]) != len(found):
        raise Inexact("A leaf is no text, or a slot has different texts.")
    return found[0]


def _compare(template: Template, document: JsonObject, values: Sequence[str], texts: ContextTexts) -> None:
    forms = template.forms(values)
    made = None if forms is None else template.canonical(forms)
    if made is None or made != canonicalize(document, texts=texts):
        raise Inexact("The template does not give what the reference path gives.")
