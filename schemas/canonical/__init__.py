"""Document -> canonical bytes: RDFC-1.0 N-Quads over PyLD, and RFC 8785 JSON, for what is signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import rfc8785

from schemas.canonical.rdfc import BoundedRdfc
from schemas.errors import DocumentError, DroppedTerm
from schemas.jsonld import Processor
from schemas.jsontext import JsonObject, JsonValue
from schemas.loader import CURRENT, ContextTexts
from schemas.lossless import find_losses, holds_null, iri_fault, lost_in_expansion


def canonicalize(document: JsonObject, *, texts: ContextTexts = CURRENT, hash_name: str = "sha256") -> bytes:
    """Canonical N-Quads (RDFC-1.0) of a JSON-LD document, which is left as it was.

    `hash_name` is the hash inside the algorithm: SHA-256, or SHA-384 for a P-384 key (ecdsa-rdfc-2019, 3.2.3).

    Raises UnpinnedContext, DroppedTerm when JSON-LD would lose a part (Data Integrity 1.0, section 4.2,
    "securing data losslessly"), CanonicalizationLimit, or DocumentError for what is no JSON-LD.
    """
    dataset, deadline = lossless_dataset(document, texts=texts)
    return BoundedRdfc(deadline=deadline, hash_name=hash_name).canonical_nquads(dataset)


def lossless_dataset(document: JsonObject, *, texts: ContextTexts = CURRENT) -> tuple[dict[str, Any], float]:
    """(the RDF dataset of a document, in PyLD's form; until when on the monotonic clock it may be worked on).

    Raises what `canonicalize` does, except CanonicalizationLimit for the labelling.
    """
    processor = Processor(texts)
    expanded = processor.expanded(document)
    if processor.dropped or lost_in_expansion(expanded) or holds_null(document):
        raise dropped_terms(document, texts=texts)
    dataset = processor.dataset(expanded)
    for value in _iris(dataset):
        if fault := iri_fault(value):
            raise DroppedTerm(f"{value[:200]!r} cannot stand in a signed badge: {fault}.")
    return dataset, processor.deadline


def dropped_terms(document: JsonObject, *, texts: ContextTexts = CURRENT) -> DroppedTerm:
    """The error for a document that JSON-LD would not carry whole, naming each place."""
    losses = find_losses(document, texts=texts)
    places = "; ".join(str(loss) for loss in losses[:3]) or "a part that has no meaning in its contexts"
    return DroppedTerm(f"JSON-LD would silently lose part of the document: {places}.", faults=losses)


def jcs(value: JsonValue) -> bytes:
    """The JSON Canonicalization Scheme (RFC 8785). Raises DocumentError for values it has no form for."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise DocumentError(f"No RFC 8785 form: {error}.") from None


def _iris(dataset: dict[str, Any]) -> Iterator[str]:
    for name, triples in dataset.items():
        if name != "@default" and not name.startswith("_:"):
            yield name
        for triple in triples:
            yield triple["predicate"]["value"]
            for term in (triple["subject"], triple["object"]):
                if term["type"] == "IRI":
                    yield term["value"]
            if "datatype" in triple["object"]:
                yield triple["object"]["datatype"]
