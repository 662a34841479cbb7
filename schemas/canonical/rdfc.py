"""RDFC-1.0 over PyLD's URDNA2015, with the escaping the specification asks for and a limit on its work."""

from __future__ import annotations

import hashlib
import re
import time
from typing import Any

from pyld.canon import URDNA2015

from schemas.errors import CanonicalizationLimit
from schemas.limits import MAX_BLANK_NODES, MAX_NDEGREE_CALLS

# RDFC-1.0, section 5 (canonical N-Quads): BS and FF as ECHAR, the other controls as UCHAR with capital digits.
# PyLD escapes only tab, line feed, carriage return, quote and backslash.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ESCAPES = {"\x08": "\\b", "\x0c": "\\f"}


def escape_controls(text: str) -> str:
    return _CONTROL.sub(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}", text)


class BoundedRdfc(URDNA2015):  # type: ignore[misc] # PyLD ships no types
    """RDFC-1.0 that gives up, with CanonicalizationLimit, on graphs made to be slow (RDFC-1.0, section 7.1)."""

    def __init__(
        self, *, deadline: float, hash_name: str = "sha256", max_ndegree_calls: int = MAX_NDEGREE_CALLS
    ) -> None:
        super().__init__()
        self._deadline = deadline
        self._hash_name = hash_name
        self._max_ndegree_calls = max_ndegree_calls
        self._ndegree_calls = 0

    def canonical_nquads(self, dataset: dict[str, Any]) -> bytes:
        """Sorted canonical N-Quads of a PyLD dataset (which is consumed)."""
        text: str = self.main(dataset, {"format": "application/n-quads"})
        if _CONTROL.search(text):
            text = "".join(sorted(escape_controls(line) + "\n" for line in text.split("\n")[:-1]))
        return text.encode()

    def create_hash(self) -> Any:
        return hashlib.new(self._hash_name)

    def hash_first_degree_quads(self, id_: str) -> str:
        if len(self.blank_node_info) > MAX_BLANK_NODES:
            raise CanonicalizationLimit(f"The document has more than {MAX_BLANK_NODES} blank nodes.")
        return str(super().hash_first_degree_quads(id_))

    def modify_first_degree_component(self, id_: str, component: dict[str, Any], _key: str) -> dict[str, Any]:
        """As PyLD's, without its deep copy: the component is replaced, not changed."""
        if component["type"] != "blank node":
            return component
        return {"type": "blank node", "value": "_:a" if component["value"] == id_ else "_:z"}

    def hash_nquads(self, nquads: list[str]) -> str:
        if any(_CONTROL.search(nquad) for nquad in nquads):
            nquads = sorted(escape_controls(nquad) for nquad in nquads)
        return str(super().hash_nquads(nquads))

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:
        self._ndegree_calls += 1
        if self._ndegree_calls > self._max_ndegree_calls or time.monotonic() > self._deadline:
            raise CanonicalizationLimit("The document is built so that canonicalising it takes too much work.")
        return super().hash_n_degree_quads(id_, issuer)
