"""The reference path: JSON-LD document -> RDF dataset through PyLD, losing nothing and caching only pinned contexts.

PyLD re-processes every type-scoped context at every node, because its cache key changes with each clone. Here the
result of processing a *pinned* context is remembered by what it depends on: the active context (which was itself
remembered, or is the initial one), the local context, and the three flags. Contexts that a document brings along
are never remembered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cachetools import LRUCache
from pyld.context_resolver import ContextResolver
from pyld.identifier_issuer import IdentifierIssuer
from pyld.jsonld import JsonLdError, JsonLdProcessor

from schemas.errors import CanonicalizationLimit, DocumentError, UnpinnedContext
from schemas.jsontext import JsonObject
from schemas.limits import CANONICALIZATION_SECONDS
from schemas.loader import ContextTexts, document_loader, held

_MAX_REMEMBERED = 4_096  # processed contexts of every pinned combination; some 300 are met in practice


class _Memo:
    """What is remembered for one set of texts in one thread: pinned documents, and contexts made from them alone."""

    def __init__(self, texts: ContextTexts) -> None:
        self._load = document_loader(texts)
        self._documents: dict[str, dict[str, Any]] = {}
        self.scoped: set[int] = set()  # ids of the context objects inside pinned documents, which live as long as we do
        self.resolved: Any = LRUCache(maxsize=256)  # PyLD's own
        self.processed: dict[tuple[Any, ...], Any] = {}
        self.names: dict[int, int] = {}  # id of an active context made from pinned ones alone -> its number

    def loader(self, url: str, _options: Any = None) -> dict[str, Any]:
        """One copy a thread, never handed to anyone else: PyLD changes a context only for @import, refused below."""
        if url not in self._documents:
            self._documents[url] = self._load(url, None)
            self._note_scoped(self._documents[url]["document"])
        return self._documents[url]

    def _note_scoped(self, value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("@context"), dict):
                self.scoped.add(id(value["@context"]))
            for member in value.values():
                self._note_scoped(member)
        elif isinstance(value, list):
            for member in value:
                self._note_scoped(member)

    def name(self, active_ctx: Any) -> None:
        self.names.setdefault(id(active_ctx), len(self.names))


class _Memos(threading.local):
    def __init__(self) -> None:
        self.by_texts: dict[str, _Memo] = {}


_memos = _Memos()


def _memo(texts: ContextTexts) -> _Memo:
    if texts.name not in _memos.by_texts:
        _memos.by_texts[texts.name] = _Memo(texts)
    return _memos.by_texts[texts.name]


class Processor(JsonLdProcessor):  # type: ignore[misc] # PyLD ships no types
    """One document's way through JSON-LD 1.1 expansion to RDF. `dropped` counts the members that expansion dropped."""

    def __init__(self, texts: ContextTexts) -> None:
        super().__init__(on_property_dropped=self._note_drop)
        self._memo = _memo(texts)
        self.deadline = time.monotonic() + CANONICALIZATION_SECONDS
        self.dropped = 0
        self.options: dict[str, Any] = {
            # "" would turn a relative reference into http://example.org/base/…; None leaves it relative, to be found.
            "base": None,
            "isFrame": False,
            "keepFreeFloatingNodes": False,
            "documentLoader": self._memo.loader,
            "contextResolver": ContextResolver(self._memo.resolved, self._memo.loader),
            "processingMode": "json-ld-1.1",
            "produceGeneralizedRdf": False,
        }
        self.initial = self._get_initial_context(self.options)
        self._memo.name(self.initial)

    def expanded(self, document: JsonObject) -> list[Any]:
        """JSON-LD 1.1 expansion (API 5.1.2)."""
        with _speaking_plainly():
            expanded = self._expand(self.initial, None, document, self.options)
        if isinstance(expanded, dict) and len(expanded) == 1 and "@graph" in expanded:
            expanded = expanded["@graph"]
        return [] if expanded is None else list(JsonLdProcessor.arrayify(expanded))

    def dataset(self, expanded: list[Any]) -> dict[str, Any]:
        """JSON-LD 1.1 to RDF (API 8.1.2): PyLD's dataset of the default graph and any named ones."""
        issuer = IdentifierIssuer("_:b")
        node_map: dict[str, Any] = {"@default": {}}
        options = self.options | {"identifierIssuer": issuer}
        with _speaking_plainly():
            self._create_node_map(expanded, node_map, "@default", issuer)
            return {name: self._graph_to_rdf(graph, issuer, options) for name, graph in sorted(node_map.items())}

    def _note_drop(self, _expanded: str | None) -> None:
        self.dropped += 1

    def _expand_object(self, *arguments: Any, **options: Any) -> None:
        if time.monotonic() > self.deadline:
            raise CanonicalizationLimit("The document is built so that expanding it takes too long.")
        super()._expand_object(*arguments, **options)

    def _expand_iri(
        self,
        active_ctx: Any,
        value: Any,
        base: str | None = None,
        vocab: bool = False,
        local_ctx: Any = None,
        defined: Any = None,
    ) -> Any:
        """As PyLD's; a defined term, which is nearly every call, is looked up at once."""
        if vocab and local_ctx is None and type(value) is str and not value.startswith("@"):
            mapping = active_ctx["mappings"].get(value)
            if mapping is not None:
                return mapping["@id"]
        return super()._expand_iri(active_ctx, value, base, vocab, local_ctx, defined)

    def _process_context(
        self,
        active_ctx: Any,
        local_ctx: Any,
        options: dict[str, Any],
        override_protected: bool = False,
        propagate: bool = True,
        validate_scoped: bool = True,
        cycles: set[str] | None = None,
    ) -> Any:
        flags = (override_protected, propagate, validate_scoped)
        memo = self._memo
        local = self._name_of(local_ctx)
        active = memo.names.get(id(active_ctx))
        if local is None:
            _refuse_import(local_ctx)
        if cycles is not None or local is None or active is None:
            return super()._process_context(active_ctx, local_ctx, options, *flags, cycles)
        processed = memo.processed.get((active, local, flags))
        if processed is None:
            processed = super()._process_context(active_ctx, local_ctx, options, *flags)
            if len(memo.processed) < _MAX_REMEMBERED:
                memo.processed[active, local, flags] = processed
                memo.name(processed)
        return processed

    def _name_of(self, local_ctx: Any) -> Any:
        """What stands for a local context in a key; None for one that a document brought along."""
        if isinstance(local_ctx, str):
            return local_ctx if held(local_ctx) else None
        if isinstance(local_ctx, dict):
            return id(local_ctx) if id(local_ctx) in self._memo.scoped else None
        if isinstance(local_ctx, list) and all(isinstance(url, str) and held(url) for url in local_ctx):
            return tuple(local_ctx)
        return None


def _refuse_import(local_ctx: Any) -> None:
    """An inbound @import would change the pinned context in PyLD's cache, for everyone (PyLD 3.3)."""
    for context in JsonLdProcessor.arrayify(local_ctx):
        if isinstance(context, dict) and "@import" in context:
            raise UnpinnedContext("A JSON-LD context in the document uses @import, which is refused.")


@contextmanager
def _speaking_plainly() -> Iterator[None]:
    """PyLD's errors as ours; ours, which PyLD wraps, as they were."""
    try:
        yield
    except JsonLdError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, DocumentError):
                raise cause from None
            cause = cause.__cause__
        raise DocumentError(f"Not JSON-LD: {error.args[0]}", code=error.code) from None
    except (RecursionError, AttributeError, TypeError, KeyError, IndexError, ValueError) as error:
        raise DocumentError(f"Not JSON-LD that can be processed ({type(error).__name__}).") from None
