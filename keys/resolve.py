"""Verification method -> public key, when its owner says so: knows controller documents, not what a key has signed.

The issuer's own document decides. It is read where the issuer's identifier says (did:key, did:web, or the https
address itself), must carry that identifier, and must list the method under the purpose. A document found anywhere
else proves nothing about the issuer, whatever controller it claims (Controlled Identifiers 1.0, section 3.3;
Data Integrity 1.0, section 4.4; OB 3.0 leaves this open, see docs/conformance.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from keys.did import canonical_id, did_key_document, did_web_location, split_did_url
from keys.jwk import JwkEntry, parse_jwks, public_key_from_jwk
from keys.multikey import KeyType, PublicKey, parse_multikey
from keys.retrieval import Fetch, Retrieved, load_did_map, no_network
from keys.suites.jwt import Jws
from schemas.errors import BadgeError, InputError, KeyRefused, NotAuthorised, ProofUnsupported, Unreachable
from schemas.jsontext import JsonObject, JsonValue, parse_object
from schemas.limits import MAX_URL_CHARS
from schemas.times import parse_time
from schemas.vocabulary import ASSERTION_METHOD

__all__ = [
    "Fetch",
    "Retrieved",
    "VerificationMethod",
    "controller_document",
    "load_did_map",
    "no_network",
    "resolve_jwks",
    "resolve_jws_method",
    "resolve_method",
    "resolve_methods",
]

_MULTIBASE_TYPES = ("Multikey", "Ed25519VerificationKey2020")
_JWK_TYPES = ("JsonWebKey", "JsonWebKey2020")
_KEY_MEMBERS = ("publicKeyMultibase", "publicKeyJwk", "publicKeyBase58", "publicKeyPem", "publicKeyHex")
_SECRET_MEMBERS = ("secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk", "privateKeyBase58")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationMethod:
    """A key as its controller publishes it. `expires` and `revoked` are for the verifier to judge."""

    id: str
    controller: str
    public_key: PublicKey
    expires: datetime | None = None
    revoked: datetime | None = None


def resolve_method(method_id: str, *, issuer: str, fetch: Fetch, purpose: str = ASSERTION_METHOD) -> VerificationMethod:
    """The key of `method_id`, if `issuer` has it and lists it under `purpose`.

    Raises Unreachable when a document cannot be retrieved (unknown, never false), NotAuthorised when the documents
    are there but do not give the issuer this method for this purpose, KeyRefused for a key or identifier that will
    not be used, ProofUnsupported for a kind of key or DID that is not read.
    """
    # 1. The method is a DID or https address; everything after '#' names the key in the document.
    base = _base_of(method_id)
    # 2. The issuer's document, from the place the issuer's identifier names.
    try:
        document = controller_document(issuer, fetch=fetch)
    except (Unreachable, ProofUnsupported):
        if base.startswith("did:") and not _same(base, issuer):  # a DID controls its own methods, and it is another
            raise NotAuthorised(f"The key belongs to {base}, which is not the issuer {issuer[:200]}.") from None
        raise
    # 3. Listed under the purpose, by reference or embedded.
    listed = [entry for entry in _listed(document, purpose) if _same(_id_of(entry, issuer), method_id)]
    if not listed:
        raise NotAuthorised(f"The document of {issuer[:200]} does not list {method_id[:200]} under {purpose}.")
    # 4. The key itself: in the issuer's document, or in the method's own when that is elsewhere.
    entries = _describing([*listed, *_methods(document)], method_id, issuer)
    if not entries and not _same(base, issuer):
        entries = _methods_elsewhere(base, method_id, fetch)
    return _only(entries, method_id, issuer)


def resolve_methods(issuer: str, *, fetch: Fetch, purpose: str = ASSERTION_METHOD) -> tuple[VerificationMethod, ...]:
    """Every usable method in the issuer's own document for a purpose; those that will not be used are left out."""
    document = controller_document(issuer, fetch=fetch)
    found = []
    for entry in _listed(document, purpose):
        method_id = _id_of(entry, issuer)
        try:
            found.append(_only(_describing([entry, *_methods(document)], method_id, issuer), method_id, issuer))
        except (KeyRefused, NotAuthorised, ProofUnsupported):
            continue
    return tuple(found)


def controller_document(identifier: str, *, fetch: Fetch) -> JsonObject:
    """The document of a did:key, did:web or https identifier, which must carry that identifier. Errors as above."""
    if identifier.startswith("did:key:"):
        return did_key_document(identifier)
    if identifier.startswith("did:web:"):
        location = did_web_location(identifier)
    elif identifier.startswith("did:"):
        raise ProofUnsupported(f"{identifier[:100]!r} is of a DID method that is not read here.")
    elif identifier.startswith("https://") and len(identifier) <= MAX_URL_CHARS and "#" not in identifier:
        location = identifier
    elif identifier.startswith("http://"):
        raise Unreachable(f"{identifier[:200]} is not read: only https says who answers.", url=identifier)
    else:
        raise NotAuthorised(f"{identifier[:200]!r} names no document that could list keys.")
    document = _document_at(location, fetch)
    if not _same(document.get("id"), identifier):
        raise NotAuthorised(f"The document at {location[:200]} is not that of {identifier[:200]}: its id differs.")
    return document


def resolve_jwks(issuer: str, *, fetch: Fetch) -> tuple[JwkEntry, ...]:
    """The keys in `/.well-known/jwks.json` of an https issuer's host, less those a member `iss` gives to another.

    OB 3.0 Implementation Guide, "Key provenance". Raises Unreachable, or KeyRefused for a set that will not be used.
    """
    location = _jwks_location(issuer)
    keys = parse_jwks(_document_at(location, fetch))
    return tuple(key for key in keys if key.issuer in (None, issuer))


def resolve_jws_method(jws: Jws, *, issuer: str, fetch: Fetch, purpose: str = ASSERTION_METHOD) -> VerificationMethod:
    """The issuer's key that a JWS names by `kid`, or repeats as `jwk`: it comes from the issuer, never from the JWS.

    Looked for in the issuer's own document and, for an https issuer, in its JWK Set. Errors as `resolve_method`.
    """
    if jws.kid is None and jws.jwk is None:
        raise NotAuthorised("The JWS names no key: its header has neither 'kid' nor 'jwk' (OB 3.0, 8.2.4.2).")
    failures: list[BadgeError] = []
    for source in (_from_document, _from_jwks):
        try:
            for method, kids in source(jws, issuer, fetch, purpose):
                if (jws.kid is None or jws.kid in kids) and jws.jwk in (None, method.public_key):
                    return method
        except (Unreachable, KeyRefused, NotAuthorised, ProofUnsupported) as error:
            failures.append(error)
    # Where one place could not be read the key may be there: unknown comes before false.
    for failure in sorted(failures, key=lambda error: not isinstance(error, Unreachable)):
        raise failure
    raise NotAuthorised(f"None of the keys of {issuer[:200]} is the one that signed.")


def _from_document(
    jws: Jws, issuer: str, fetch: Fetch, purpose: str
) -> Iterator[tuple[VerificationMethod, tuple[str | None, ...]]]:
    if jws.kid is None:
        for method in resolve_methods(issuer, fetch=fetch, purpose=purpose):
            yield method, (method.id,)
        return
    absolute = jws.kid.startswith(("did:", "https://"))
    method_id = jws.kid if absolute else f"{issuer}#{jws.kid.removeprefix('#')}"
    yield resolve_method(method_id, issuer=issuer, purpose=purpose, fetch=fetch), (jws.kid,)


def _from_jwks(
    jws: Jws, issuer: str, fetch: Fetch, _purpose: str
) -> Iterator[tuple[VerificationMethod, tuple[str | None, ...]]]:
    if not issuer.startswith("https://") or (jws.kid or "").startswith("did:"):
        return
    for key in resolve_jwks(issuer, fetch=fetch):
        method_id = f"{_jwks_location(issuer)}#{key.kid or key.public_key.thumbprint}"
        yield VerificationMethod(id=method_id, controller=issuer, public_key=key.public_key), (key.kid, method_id)


def _jwks_location(issuer: str) -> str:
    try:
        parts = urlsplit(issuer)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.netloc or "@" in parts.netloc:
        raise NotAuthorised(f"{issuer[:200]!r} is not an https issuer, so it has no JWK Set.")
    return f"https://{parts.netloc}/.well-known/jwks.json"


def _document_at(location: str, fetch: Fetch) -> JsonObject:
    body = fetch(location).body
    try:
        return parse_object(body)
    except InputError as error:
        # A sign-in page of some network, or a fault of the host: what was asked for was not retrieved.
        message = f"{location[:200]} did not give a JSON document that can be read. {error.detail}"
        raise Unreachable(message, url=location) from None


def _base_of(method_id: str) -> str:
    """The document part of a method's identifier, which must also have a fragment or be an address of its own."""
    if method_id.startswith("did:"):
        base, fragment = split_did_url(method_id)
        if fragment is None:
            raise KeyRefused(f"{method_id[:200]} names no key in the DID document: the part after '#' is missing.")
        return base
    base, _, _ = method_id.partition("#")
    if not base.startswith("https://") or len(method_id) > MAX_URL_CHARS:
        raise KeyRefused(f"{method_id[:200]!r} is neither a DID nor an https address.")
    return base


def _methods_elsewhere(base: str, method_id: str, fetch: Fetch) -> list[JsonObject]:
    """The entries for a method in a document that is not the issuer's, but that the issuer's points to."""
    if base.startswith("did:"):
        document = controller_document(base, fetch=fetch)
    else:
        document = _document_at(base, fetch)
        if _same(document.get("id"), method_id):  # the document is the method
            return [document]
        if not _same(document.get("id"), base):
            raise NotAuthorised(f"The document at {base[:200]} is not what it was named for: its id differs.")
    return _describing(_methods(document), method_id, base)


def _listed(document: JsonObject, purpose: str) -> list[Any]:
    value = document.get(purpose, [])
    return value if isinstance(value, list) else [value]


def _methods(document: JsonObject) -> list[Any]:
    return _listed(document, "verificationMethod")


def _id_of(entry: JsonValue, base: str) -> str:
    """The absolute identifier of a listed method; a bare fragment belongs to the document (DID Core, 3.2.2)."""
    text = entry.get("id") if isinstance(entry, dict) else entry
    if not isinstance(text, str):
        return ""
    return base + text if text.startswith("#") else text


def _describing(entries: list[Any], method_id: str, base: str) -> list[JsonObject]:
    """The distinct entries that describe a method: the same one may stand both embedded and in the list."""
    found: list[JsonObject] = []
    for entry in entries:
        if isinstance(entry, dict) and _same(_id_of(entry, base), method_id) and entry not in found:
            found.append(entry)
    return found


def _only(entries: list[JsonObject], method_id: str, issuer: str) -> VerificationMethod:
    if len(entries) != 1:
        how_often = "nowhere" if not entries else "in two ways"
        raise NotAuthorised(f"The document of {issuer[:200]} describes {method_id[:200]} {how_often}.")
    return _verification_method(entries[0], method_id, issuer)


def _verification_method(entry: JsonObject, method_id: str, issuer: str) -> VerificationMethod:
    controller = entry.get("controller")
    if not isinstance(controller, str) or not _same(controller, issuer):
        raise NotAuthorised(f"The controller of {method_id[:200]} is not the issuer {issuer[:200]}.")
    if any(member in entry for member in _SECRET_MEMBERS):
        raise KeyRefused(f"The private key of {method_id[:200]} is published, so anyone can sign with it.")
    if sum(member in entry for member in _KEY_MEMBERS) > 1:
        raise KeyRefused(f"{method_id[:200]} gives its key in more than one way.")
    return VerificationMethod(
        id=method_id,
        controller=controller,
        public_key=_public_key(entry, method_id),
        expires=_time(entry, "expires", method_id),
        revoked=_time(entry, "revoked", method_id),
    )


def _public_key(entry: JsonObject, method_id: str) -> PublicKey:
    kind = entry.get("type")
    if kind in _JWK_TYPES:
        return public_key_from_jwk(entry.get("publicKeyJwk"))
    if kind not in _MULTIBASE_TYPES:
        raise ProofUnsupported(f"{method_id[:200]} is a {str(kind)[:60]!r}, which is not read here.")
    text = entry.get("publicKeyMultibase")
    if not isinstance(text, str):
        raise KeyRefused(f"{method_id[:200]} has no 'publicKeyMultibase'.")
    public_key = parse_multikey(text)
    if kind != "Multikey" and public_key.key_type is not KeyType.ED25519:
        raise KeyRefused(f"{method_id[:200]} is a {kind} but holds a {public_key.key_type} key.")
    return public_key


def _time(entry: JsonObject, member: str, method_id: str) -> datetime | None:
    if member not in entry:
        return None
    try:
        return parse_time(entry[member])
    except InputError as error:
        raise KeyRefused(f"'{member}' of {method_id[:200]} cannot be read. {error.detail}") from None


def _same(one: JsonValue, other: str) -> bool:
    return isinstance(one, str) and one != "" and canonical_id(one) == canonical_id(other)
