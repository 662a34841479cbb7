"""The labels of blank nodes and the order of lines in canonical N-Quads, for quads in which some texts vary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import TypeAlias

from schemas.canonical.leaves import Inexact
from schemas.canonical.quads import Graph, Pieces, Quad, joined

Cut: TypeAlias = Callable[[Sequence[bytes]], tuple[bytes, ...]]

_MAX_ORDERS = 64  # of varying subjects among the constant ones; one or two are usual


class Constants:
    """A table's constant end: what pieces name by number besides the texts and labels at its beginning."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.texts: list[bytes] = []

    def cut(self, pieces: Pieces) -> Cut:
        """Picks the pieces out of a table."""
        return self.cut_numbers(self.numbers(pieces))

    def numbers(self, pieces: Pieces) -> tuple[int, ...]:
        """Where in a table each piece stands."""
        return tuple([piece if isinstance(piece, int) else self._number(piece) for piece in joined(pieces)])

    def cut_numbers(self, numbers: Sequence[int]) -> Cut:
        nothing = [self._number(b"")] * (2 - len(numbers))  # itemgetter gives no tuple for one
        cut: Cut = itemgetter(*numbers, *nothing)
        return cut

    def _number(self, text: bytes) -> int:
        if text not in self.texts:
            self.texts.append(text)
        return self.start + self.texts.index(text)


class Nodes:
    """Hash First Degree Quads (RDFC-1.0, 4.6) of every blank node; what no slot touches is hashed once.

    Raises Inexact when two nodes that never vary look alike.
    """

    def __init__(self, graph: Graph) -> None:
        self._count = graph.nodes
        self._constants = Constants(graph.slots)
        self._varying: list[tuple[int, list[bytes], list[Cut]]] = []
        self._known: list[tuple[bytes, int]] = []
        for node in range(graph.nodes):
            fixed, moving = _first_degree(graph, node)
            if moving:
                self._varying.append((node, fixed, [self._constants.cut(line) for line in moving]))
            else:
                self._known.append((sha256(b"".join(fixed)).digest(), node))
        if len({digest for digest, _ in self._known}) != len(self._known):
            raise Inexact("Two blank nodes look alike.")
        self._known.sort()

    def order(self, slots: Sequence[bytes]) -> list[int] | None:
        """The nodes by the rank of their hashes, or None when two hashes are the same."""
        table = [*slots, *self._constants.texts]
        ranked = [*self._known]
        for node, fixed, moving in self._varying:
            lines = [*fixed, *[b"".join(cut(table)) for cut in moving]]
            lines.sort()
            ranked.append((sha256(b"".join(lines)).digest(), node))
        if len(dict(ranked)) != self._count:
            return None
        ranked.sort()
        return [node for _, node in ranked]


def _first_degree(graph: Graph, node: int) -> tuple[list[bytes], list[Pieces]]:
    """(the lines about a node that stay, sorted; those with slots in them)."""
    fixed, moving = [], []
    for quad in graph.quads:
        pieces = quad.pieces
        if graph.slots + node not in pieces:
            continue
        line = joined(tuple(_anonymous(piece, graph, node) for piece in pieces))
        if len(line) == 1 and isinstance(line[0], bytes):
            fixed.append(line[0])
        else:
            moving.append(line)
    return sorted(fixed), moving


def _anonymous(piece: bytes | int, graph: Graph, node: int) -> bytes | int:
    if isinstance(piece, bytes) or piece < graph.slots:
        return piece
    return b"_:a" if piece == graph.slots + node else b"_:z"


class Lines:
    """Where every line stands.

    Lines about one subject stand together, and in them those with one predicate, for neither `<…>` nor a label with
    its space is the beginning of another. So the order of the predicates is constant; subjects are sorted, and the
    few lines that share subject and predicate and are not constant.
    """

    def __init__(self, graph: Graph) -> None:
        self._slots, self._nodes = graph.slots, graph.nodes
        about: dict[Pieces, list[Quad]] = {}
        for quad in graph.quads:
            about.setdefault(quad.subject, []).append(quad)
        self._groups: list[list[Pieces]] = []
        blocks = {subject: self._block(quads) for subject, quads in about.items()}
        self._constants = Constants(graph.slots + graph.nodes + len(self._groups))
        self._sorted = [[self._constants.cut(line) for line in lines] for lines in self._groups]
        self._node_cuts = [self._constants.cut(blocks.get((graph.slots + node,), ())) for node in range(graph.nodes)]
        self._labels = [b"_:c14n%d" % rank for rank in range(graph.nodes)]
        self._by_label = sorted(range(graph.nodes), key=lambda rank: self._labels[rank] + b" ")
        self._moving = [subject[1] for subject in about if len(subject) == 3 and isinstance(subject[1], int)]
        self._moving_blocks = [self._constants.numbers(blocks[(b"<", slot, b">")]) for slot in self._moving]
        fixed = [
            (subject[0], block)
            for subject, block in blocks.items()
            if isinstance(subject[0], bytes) and len(subject) == 1
        ]
        self._fixed = {key.removeprefix(b"<"): self._constants.numbers(block) for key, block in sorted(fixed)}
        self._orders: dict[tuple[int, ...], Cut] = {}
        self._constants.cut(())

    def text(self, slots: Sequence[bytes], order: Sequence[int]) -> bytes:
        """Canonical N-Quads, given the nodes in the order of their labels."""
        labels = [b""] * self._nodes
        for label, node in zip(self._labels, order, strict=True):
            labels[node] = label
        table = [*slots, *labels]
        constants = self._constants.texts
        if self._sorted:
            # A line names slots and labels alone, which stand at the beginning; so the constants may follow later.
            whole = [*table, *[b""] * len(self._sorted), *constants]
            table += [b"".join(sorted([b"".join(cut(whole)) for cut in cuts])) for cuts in self._sorted]
        table += constants
        pieces = [*self._iri_cut(slots)(table)]
        for rank in self._by_label:
            pieces += self._node_cuts[order[rank]](table)
        return b"".join(pieces)

    def _iri_cut(self, slots: Sequence[bytes]) -> Cut:
        """Picks out all lines whose subject is an IRI: they stand before those of blank nodes, for `<` before `_`."""
        keys = [slots[slot] + b">" for slot in self._moving]
        merged = sorted([*self._fixed, *keys])
        places = tuple([merged.index(key) for key in keys])
        cut = self._orders.get(places)
        if cut is None:
            blocks = self._fixed | dict(zip(keys, self._moving_blocks, strict=True))
            cut = self._constants.cut_numbers([number for key in merged for number in blocks[key]])
            if len(self._orders) >= _MAX_ORDERS:
                self._orders.clear()
            self._orders[places] = cut
        return cut

    def _block(self, quads: Sequence[Quad]) -> Pieces:
        """All lines about one subject; several of one predicate that vary are one piece, made for each document."""
        block: Pieces = ()
        for predicate in sorted({quad.predicate for quad in quads}):
            lines = [quad.pieces for quad in quads if quad.predicate == predicate]
            ends = [(*quad.object, *quad.graph) for quad in quads if quad.predicate == predicate]
            if len(lines) == 1 or not any(isinstance(piece, int) for end in ends for piece in end):
                # The subject may vary, but is the same in all; what follows it is bytes.
                block += tuple(piece for line in sorted(lines, key=_after_subject) for piece in line)
            else:
                self._groups.append(lines)
                block += (self._slots + self._nodes + len(self._groups) - 1,)
        return block


def _after_subject(line: Pieces) -> bytes:
    end = line[-1]
    return end if isinstance(end, bytes) else b""
