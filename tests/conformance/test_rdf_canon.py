"""The W3C RDFC-1.0 suite, run through our own canonicaliser and, as a second oracle, through pyoxigraph."""

import json
import time
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from schemas.canonical.rdfc import BoundedRdfc
from schemas.errors import CanonicalizationLimit
from schemas.limits import MAX_NDEGREE_CALLS
from tests.patience import PATIENCE

SUITE = Path(__file__).parent.parent / "vectors" / "rdf-canon"
ENTRIES = json.loads((SUITE / "manifest.jsonld").read_text())["entries"]

# Each needs 468 Hash N-Degree Quads runs, and the limit for badges is 64: an honest badge needs a handful.
REFUSED_AS_BADGES = {"#test044c", "#test045c", "#test046c"}
SUITE_CALLS = 500


def dataset_of(path: Path) -> dict[str, Any]:
    """PyLD's dataset form of an N-Quads file, parsed by pyoxigraph: PyLD's own parser knows no \\u escapes."""

    def term(value: Any) -> dict[str, str]:
        if isinstance(value, ox.NamedNode):
            return {"type": "IRI", "value": value.value}
        if isinstance(value, ox.BlankNode):
            return {"type": "blank node", "value": f"_:{value.value}"}
        literal = {"type": "literal", "value": value.value, "datatype": value.datatype.value}
        return literal | ({"language": value.language} if value.language else {})

    graphs: dict[str, Any] = {}
    for quad in ox.parse(path.read_bytes(), format=ox.RdfFormat.N_QUADS):
        graph = quad.graph_name
        name = "@default" if isinstance(graph, ox.DefaultGraph) else term(graph)["value"]
        triple = {"subject": term(quad.subject), "predicate": term(quad.predicate), "object": term(quad.object)}
        triples = graphs.setdefault(name, [])
        if triple not in triples:
            triples.append(triple)
    return graphs


def canonical(path: Path, hash_name: str, *, calls: int = MAX_NDEGREE_CALLS) -> bytes:
    rdfc = BoundedRdfc(deadline=time.monotonic() + PATIENCE, hash_name=hash_name, max_ndegree_calls=calls)
    return rdfc.canonical_nquads(dataset_of(path))


def entries(kind: str) -> list[Any]:
    return [
        pytest.param(entry, id=f"{entry['id'].lstrip('#')} {entry['name']}")
        for entry in ENTRIES
        if entry["type"] == f"rdfc:{kind}"
    ]


def hash_of(entry: dict[str, Any]) -> str:
    return str(entry.get("hashAlgorithm", "SHA256")).lower().replace("-", "")


@pytest.mark.parametrize("entry", entries("RDFC10EvalTest"))
def test_canonical_form_is_the_published_one(entry: dict[str, Any]) -> None:
    form = canonical(SUITE / entry["action"], hash_of(entry), calls=SUITE_CALLS)
    assert form == (SUITE / entry["result"]).read_bytes()


@pytest.mark.parametrize("entry", entries("RDFC10EvalTest"))
def test_only_the_evil_graphs_are_too_much_work_for_a_badge(entry: dict[str, Any]) -> None:
    if entry["id"] in REFUSED_AS_BADGES:
        with pytest.raises(CanonicalizationLimit):
            canonical(SUITE / entry["action"], hash_of(entry))
    else:
        canonical(SUITE / entry["action"], hash_of(entry))


@pytest.mark.parametrize("entry", entries("RDFC10NegativeEvalTest"))
def test_a_poisoned_graph_is_refused_quickly(entry: dict[str, Any]) -> None:
    started = time.process_time()
    with pytest.raises(CanonicalizationLimit):
        canonical(SUITE / entry["action"], hash_of(entry))
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("entry", entries("RDFC10EvalTest"))
def test_pyoxigraph_agrees(entry: dict[str, Any]) -> None:
    algorithm = {
        "sha256": ox.CanonicalizationAlgorithm.RDFC_1_0,
        "sha384": ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_384,
    }[hash_of(entry)]
    dataset = ox.Dataset(ox.parse((SUITE / entry["action"]).read_bytes(), format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(algorithm)
    lines = sorted(f"{quad} .\n" for quad in dataset)
    assert "".join(lines).encode() == (SUITE / entry["result"]).read_bytes()
