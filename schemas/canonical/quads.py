"""RDF quads in which some texts are yet to come, as pieces of bytes and numbers: what a template is cut from.

A number below `slots` stands for the text of a slot; one from `slots` upwards for the label of a blank node.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pyld.nquads import escape

from schemas.canonical.leaves import Inexact
from schemas.canonical.rdfc import escape_controls

Pieces: TypeAlias = tuple[bytes | int, ...]

_XSD = "http://www.w3.org/2001/XMLSchema#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE = _RDF + "type"
_LANGUAGE_TEXT = _RDF + "langString"
# The text of these is not what stands in the JSON: it is rewritten, or a form of a whole JSON value.
_REWRITTEN = frozenset({_XSD + "double", _RDF + "JSON"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quad:
    """One statement. `graph` is empty for the default graph."""

    subject: Pieces
    predicate: bytes
    object: Pieces
    graph: Pieces

    @property
    def pieces(self) -> Pieces:
        """The line of canonical N-Quads."""
        named = (b" ", *self.graph) if self.graph else ()
        return joined((*self.subject, b" ", self.predicate, b" ", *self.object, *named, b" .\n"))

    @property
    def parts(self) -> tuple[Pieces, Pieces, Pieces]:
        return self.subject, self.object, self.graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """All statements of a document, how many slots and blank nodes they have, and which slots stand as an IRI."""

    quads: tuple[Quad, ...]
    slots: int
    nodes: int
    iris: frozenset[int]
    constants: frozenset[str]


def joined(pieces: Pieces) -> Pieces:
    """The same, with neighbouring bytes made one."""
    whole: list[bytes | int] = []
    for piece in pieces:
        if whole and isinstance(piece, bytes) and isinstance(whole[-1], bytes):
            whole[-1] += piece
        else:
            whole.append(piece)
    return tuple(whole)


def read_graph(dataset: Mapping[str, Any], *, sentinels: Mapping[str, int], mark: str) -> Graph:
    """The statements of a PyLD dataset in which sentinels stand where texts are to come.

    Raises Inexact when a sentinel does not stand whole, as a subject, an object or the text of a literal.
    """
    reader = _Reader(sentinels, mark)
    quads = tuple(
        reader.quad(triple, None if name == "@default" else name)
        for name, triples in dataset.items()
        for triple in triples
    )
    if missing := set(sentinels.values()) - reader.seen:
        raise Inexact(f"{len(missing)} of the leaves have no place in the RDF of the document.")
    if len({quad.pieces for quad in quads}) != len(quads):
        raise Inexact("A statement stands twice.")
    return Graph(
        quads=quads,
        slots=len(sentinels),
        nodes=len(reader.nodes),
        iris=frozenset(reader.iris),
        constants=frozenset(reader.constants),
    )


class _Reader:
    def __init__(self, sentinels: Mapping[str, int], mark: str) -> None:
        self._sentinels = sentinels
        self._mark = mark
        self.nodes: dict[str, int] = {}
        self.iris: set[int] = set()
        self.seen: set[int] = set()
        self.constants: set[str] = set()

    def quad(self, triple: Mapping[str, Any], name: str | None) -> Quad:
        predicate = triple["predicate"]["value"]
        subject = self._resource(triple["subject"])
        target = triple["object"]
        if target["type"] == "literal":
            what = self._literal(target)
        else:
            what = self._resource(target, varies=predicate != _TYPE)
        graph: Pieces = ()
        if name is not None:
            kind = "blank node" if name.startswith("_:") else "IRI"
            graph = self._resource({"type": kind, "value": name}, varies=False)
        quad = Quad(subject=subject, predicate=f"<{self._constant(predicate)}>".encode(), object=what, graph=graph)
        nodes = [piece for part in quad.parts for piece in part if isinstance(piece, int) and self._is_node(piece)]
        if len(nodes) != len(set(nodes)):
            raise Inexact("A statement names one blank node twice.")
        return quad

    def _resource(self, term: Mapping[str, Any], *, varies: bool = True) -> Pieces:
        value = term["value"]
        if term["type"] == "blank node":
            return (len(self._sentinels) + self.nodes.setdefault(value, len(self.nodes)),)
        slot = self._slot(value) if varies else None
        if slot is None:
            return (f"<{self._constant(value)}>".encode(),)
        self.iris.add(slot)
        return (b"<", slot, b">")

    def _literal(self, term: Mapping[str, Any]) -> Pieces:
        datatype, language = term["datatype"], term.get("language")
        end = b'"'
        if datatype == _LANGUAGE_TEXT:
            end += f"@{self._constant(language or '')}".encode() if language else b""
        elif datatype != _XSD + "string":
            end += f"^^<{self._constant(datatype)}>".encode()
        slot = None if datatype in _REWRITTEN else self._slot(term["value"])
        if slot is None:
            return (b'"' + literal_text(self._constant(term["value"])) + end,)
        return (b'"', slot, end)

    def _slot(self, value: str) -> int | None:
        slot = self._sentinels.get(value)
        if slot is not None:
            self.seen.add(slot)
        return slot

    def _constant(self, value: str) -> str:
        if self._mark in value:
            raise Inexact("A leaf stands where only a constant may, or not whole.")
        self.constants.add(value)
        return value

    def _is_node(self, piece: int) -> bool:
        return piece >= len(self._sentinels)


def literal_text(value: str) -> bytes:
    """A text between the quotation marks of a literal, as `schemas.canonical.rdfc` writes it."""
    return escape_controls(escape(value)).encode()
