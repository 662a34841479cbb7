"""The instance's public documents about itself: DID document, issuer Profile and JWKS; public keys only."""

from __future__ import annotations

from urllib.parse import urlsplit

from issuer.instance import Identity
from keys.did import did_web_location
from keys.keyring import KeyEntry, Purpose
from keys.multikey import KeyType
from schemas import vocabulary as v
from schemas.jsontext import JsonObject

_JWK_V1 = "https://w3id.org/security/jwk/v1"


def did_document(instance: Identity) -> JsonObject:
    """The did:web document: every public key this instance ever signed with, credential and status alike.

    A retired key stays, without `expires` or `revoked`: conforming verifiers would refuse honest old badges for
    those. When a key was good is the register's to say.
    """
    entries = published_keys(instance)
    methods = [_method(instance, entry) for entry in entries]
    contexts = [v.DID_V1, v.MULTIKEY_V1]
    if any(entry.key_type is KeyType.RSA for entry in entries):
        contexts.append(_JWK_V1)
    return {
        "@context": contexts,
        "id": instance.config.did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def did_document_name(instance: Identity) -> str:
    """Where the DID document lies, relative to the folder that stands for the base URL."""
    path = urlsplit(did_web_location(instance.config.did)).path.removeprefix(urlsplit(instance.config.base_url).path)
    return path.lstrip("/")


def issuer_profile(instance: Identity) -> JsonObject:
    """The issuer as an Open Badges 3.0 Profile, as credentials name it."""
    return {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT],
        "id": instance.config.did,
        "type": ["Profile"],
        "name": instance.config.name,
        "url": instance.config.base_url,
        "otherIdentifier": [
            {
                "type": "IdentifierEntry",
                "identifierType": v.EXT_MOE_NUMBER,
                "identifier": instance.config.provider,
            }
        ],
    }


def jwks(instance: Identity) -> JsonObject:
    """The credential keys as a JSON Web Key Set (RFC 7517), `kid` being the verification method."""
    return {
        "keys": [
            entry.public_key.to_jwk() | {"kid": instance.method_of(entry.id), "use": "sig"}
            for entry in published_keys(instance)
            if entry.purpose is Purpose.CREDENTIAL
        ]
    }


def published_keys(instance: Identity) -> tuple[KeyEntry, ...]:
    """The keys of the DID document: those for credentials, then those for status lists, oldest first."""
    return (*instance.keyring.entries(Purpose.CREDENTIAL), *instance.keyring.entries(Purpose.STATUS))


def _method(instance: Identity, entry: KeyEntry) -> JsonObject:
    method: JsonObject = {"id": instance.method_of(entry.id), "controller": instance.config.did}
    if entry.public_key_multibase is None:  # RSA has no Multikey form
        return method | {"type": "JsonWebKey", "publicKeyJwk": entry.public_key.to_jwk()}
    return method | {"type": "Multikey", "publicKeyMultibase": entry.public_key_multibase}
