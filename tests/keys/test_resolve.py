"""Whose key it is: the issuer's own document decides, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from keys.did import did_key_of
from keys.multikey import KeyType
from keys.resolve import (
    Fetch,
    Retrieved,
    controller_document,
    no_network,
    resolve_jwks,
    resolve_jws_method,
    resolve_method,
    resolve_methods,
)
from keys.retrieval import retrieved
from keys.signing import SoftwareSigner, sign_jwt
from keys.suites.jwt import Jws, parse_jws
from schemas.errors import KeyRefused, NotAuthorised, ProofUnsupported, Unreachable

AT = datetime(2026, 5, 3, 10, tzinfo=UTC)
ED = SoftwareSigner.from_secret(KeyType.ED25519, bytes(range(32)))
OTHER = SoftwareSigner.from_secret(KeyType.ED25519, bytes(range(1, 33)))
P256 = SoftwareSigner.from_secret(KeyType.P256, bytes(range(32)))
DID = "did:web:badges.example"
DID_URL = "https://badges.example/.well-known/did.json"
PROFILE = "https://badges.example/issuer"
JWKS = "https://badges.example/.well-known/jwks.json"


def web(pages: Mapping[str, Any]) -> Fetch:
    """An internet of these pages and no others; JSON values are written out, bytes are given as they are."""

    def fetch(url: str) -> Retrieved:
        if url not in pages:
            raise Unreachable(f"no {url}", url=url)
        body = pages[url] if isinstance(pages[url], bytes) else json.dumps(pages[url]).encode()
        return retrieved(url, body, media_type="application/json", at=AT)

    return fetch


def method(owner: str = DID, name: str = "key-1", signer: SoftwareSigner = ED, **changes: Any) -> dict[str, Any]:
    entry = {
        "id": f"{owner}#{name}",
        "type": "Multikey",
        "controller": owner,
        "publicKeyMultibase": signer.public_key.multibase,
    }
    return {key: value for key, value in (entry | changes).items() if value is not ...}


def document(owner: str = DID, *methods: Any, **changes: Any) -> dict[str, Any]:
    entries = list(methods) or [method(owner)]
    body = {"id": owner, "verificationMethod": entries, "assertionMethod": [entry["id"] for entry in entries]}
    return {key: value for key, value in (body | changes).items() if value is not ...}


def found(issuer: str = DID, method_id: str | None = None, **pages: Any) -> Any:
    place = {DID: DID_URL}.get(issuer, issuer)
    fetch = web({place: pages.pop("page"), **pages.pop("others", {})})
    return resolve_method(method_id or f"{issuer}#key-1", issuer=issuer, fetch=fetch, **pages)


# --- the ways that work -----------------------------------------------------------------------------------------
def test_a_did_key_needs_no_network() -> None:
    did = did_key_of(ED.public_key)
    resolved = resolve_method(f"{did}#{ED.public_key.multibase}", issuer=did, fetch=no_network)
    assert (resolved.public_key, resolved.controller) == (ED.public_key, did)


@pytest.mark.parametrize("owner", [pytest.param(DID, id="did:web"), pytest.param(PROFILE, id="an https profile")])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="listed by reference"),
        pytest.param({"assertionMethod": "#key-1"}, id="a single relative reference"),
        pytest.param({"assertionMethod": ["#other", "#key-1"]}, id="a relative reference among others"),
    ],
)
def test_a_listed_method_is_found(owner: str, changes: dict[str, Any]) -> None:
    resolved = found(owner, page=document(owner, **changes))
    assert (resolved.id, resolved.controller) == (f"{owner}#key-1", owner)
    assert resolved.public_key == ED.public_key


@pytest.mark.parametrize("entry_id", [f"{DID}#key-1", "#key-1"])
def test_an_embedded_method_is_found(entry_id: str) -> None:
    page = document(verificationMethod=..., assertionMethod=[method(id=entry_id)])
    assert found(page=page).public_key == ED.public_key


def test_the_same_method_may_stand_embedded_and_in_the_list() -> None:
    assert found(page=document(DID, method(), assertionMethod=[method()])).public_key == ED.public_key


@pytest.mark.parametrize(
    ("entry", "signer"),
    [
        pytest.param({"type": "Ed25519VerificationKey2020"}, ED, id="Ed25519VerificationKey2020"),
        pytest.param(
            {"type": "JsonWebKey", "publicKeyMultibase": ..., "publicKeyJwk": P256.public_key.to_jwk()}, P256,
            id="JsonWebKey",
        ),
        pytest.param(
            {"type": "JsonWebKey2020", "publicKeyMultibase": ..., "publicKeyJwk": ED.public_key.to_jwk()}, ED,
            id="JsonWebKey2020",
        ),
        pytest.param({"publicKeyMultibase": P256.public_key.multibase}, P256, id="a P-256 Multikey"),
    ],
)  # fmt: skip
def test_every_kind_of_method_is_read(entry: dict[str, Any], signer: SoftwareSigner) -> None:
    assert found(page=document(DID, method(**entry))).public_key == signer.public_key


def test_dates_of_a_method_are_handed_on() -> None:
    page = document(DID, method(expires="2027-01-01T00:00:00Z", revoked="2026-12-01T00:00:00+13:00"))
    resolved = found(page=page)
    assert resolved.expires == datetime(2027, 1, 1, tzinfo=UTC)
    assert resolved.revoked == datetime(2026, 11, 30, 11, tzinfo=UTC)


def test_a_purpose_of_its_own_is_asked_for() -> None:
    page = document(assertionMethod=..., authentication=["#key-1"])
    assert found(page=page, purpose="authentication").public_key == ED.public_key
    with pytest.raises(NotAuthorised):
        found(page=page)


def test_host_names_in_capitals_are_the_same_issuer() -> None:
    page = document(DID.replace("badges", "Badges"))
    assert found(page=page).public_key == ED.public_key


def test_an_issuer_may_point_to_a_key_elsewhere_that_names_it() -> None:
    """Listed by the issuer, and the key says whose it is: both are needed."""
    elsewhere = "https://keys.example/1"
    key = method(PROFILE, id=elsewhere)
    page = document(PROFILE, verificationMethod=[], assertionMethod=[elsewhere])
    assert found(PROFILE, elsewhere, page=page, others={elsewhere: key}).public_key == ED.public_key


def test_an_issuer_may_point_into_a_document_elsewhere() -> None:
    place = "https://keys.example/all"
    key = method(PROFILE, id="#key-9")
    page = document(PROFILE, verificationMethod=[], assertionMethod=[f"{place}#key-9"])
    others = {place: {"id": place, "verificationMethod": [key]}}
    assert found(PROFILE, f"{place}#key-9", page=page, others=others).public_key == ED.public_key


def test_an_issuer_may_embed_a_did_key_as_its_own() -> None:
    """How the W3C vectors, whose issuer is an https address and whose method is a did:key, can be checked."""
    name = f"{did_key_of(ED.public_key)}#{ED.public_key.multibase}"
    page = document(PROFILE, method(PROFILE, id=name))
    assert found(PROFILE, name, page=page).public_key == ED.public_key


# --- refusals ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(document(id="did:web:other.example"), id="the document is another's"),
        pytest.param(document(id=...), id="the document has no id"),
        pytest.param(document(id=[DID]), id="the id is a list"),
        pytest.param(document(assertionMethod=...), id="not listed for assertions"),
        pytest.param(document(assertionMethod=[]), id="an empty list"),
        pytest.param(document(assertionMethod=["#key-2"]), id="another one is listed"),
        pytest.param(document(assertionMethod=None), id="null for a list"),
        pytest.param(document(assertionMethod=[1, {}, []]), id="a list of other things"),
        pytest.param(document(assertionMethod=..., authentication=["#key-1"]), id="listed for another purpose"),
        pytest.param(document(verificationMethod=[]), id="listed but nowhere described"),
        pytest.param(document(verificationMethod="#key-1"), id="described by a text"),
        pytest.param(document(DID, method(controller="did:web:other.example")), id="another controller"),
        pytest.param(document(DID, method(controller=...)), id="no controller"),
        pytest.param(document(DID, method(controller=[DID])), id="a list of controllers"),
        pytest.param(document(DID, method(), method(signer=OTHER)), id="described twice, differently"),
        pytest.param(
            document(DID, method(), assertionMethod=[method(signer=OTHER)]), id="embedded as another than described"
        ),
        pytest.param(document(DID, method(id="key-1")), id="an id that is neither absolute nor a fragment"),
    ],
)
def test_a_method_the_document_does_not_give_the_issuer_is_not_authorised(page: Any) -> None:
    with pytest.raises(NotAuthorised):
        found(page=page)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"publicKeyMultibase": ...}, id="no key"),
        pytest.param({"publicKeyMultibase": 5}, id="a key that is a number"),
        pytest.param({"publicKeyMultibase": "z6Mk"}, id="a broken key"),
        pytest.param({"publicKeyMultibase": "z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP"}, id="small order"),
        pytest.param({"publicKeyJwk": ED.public_key.to_jwk()}, id="the key in two ways"),
        pytest.param({"publicKeyBase58": "abc"}, id="the key in an old way too"),
        pytest.param({"secretKeyMultibase": "z3u2"}, id="the private key beside it"),
        pytest.param({"privateKeyJwk": {}}, id="a private JWK beside it"),
        pytest.param(
            {"type": "Ed25519VerificationKey2020", "publicKeyMultibase": P256.public_key.multibase},
            id="a P-256 key as Ed25519",
        ),
        pytest.param({"type": "JsonWebKey"}, id="a JsonWebKey without a JWK"),
        pytest.param(
            {"type": "JsonWebKey", "publicKeyMultibase": ..., "publicKeyJwk": ED.public_key.to_jwk() | {"d": "AA"}},
            id="a private JWK",
        ),
        pytest.param({"expires": "soon"}, id="an end that is no time"),
        pytest.param({"revoked": "2026-01-01"}, id="a revocation without a zone"),
        pytest.param({"expires": None}, id="an end that is null"),
    ],
)
def test_a_key_that_will_not_be_used_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(KeyRefused):
        found(page=document(DID, method(**entry)))


@pytest.mark.parametrize(
    "kind", ["Ed25519VerificationKey2018", "EcdsaSecp256k1VerificationKey2019", None, 5, ["Multikey"]]
)
def test_a_kind_of_method_that_is_not_read_is_unsupported(kind: Any) -> None:
    with pytest.raises(ProofUnsupported):
        found(page=document(DID, method(type=kind)))


@pytest.mark.parametrize(
    "method_id",
    [
        pytest.param(DID, id="a DID without a key"),
        pytest.param(f"{DID}#", id="an empty fragment"),
        pytest.param(f"{DID}/x#key-1", id="a path in a DID"),
        pytest.param("key-1", id="a bare name"),
        pytest.param("#key-1", id="a bare fragment"),
        pytest.param("http://badges.example/issuer#key-1", id="not https"),
        pytest.param("urn:uuid:5b1c2c1e-6a0e-4b0f-9d7d-0c6b5b6a7a11", id="a urn"),
        pytest.param("", id="nothing"),
        pytest.param("https://badges.example/" + "a" * 2_048, id="longer than the limit"),
    ],
)
def test_a_method_identifier_that_names_no_key_is_refused(method_id: str) -> None:
    with pytest.raises(KeyRefused):
        resolve_method(method_id, issuer=DID, fetch=web({DID_URL: document()}))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>sign in to the wifi</html>", id="a page"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"id": "a", "id": "b"}', id="a member twice"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100, id="too deep"),
    ],
)
def test_what_is_no_document_was_not_retrieved(body: bytes) -> None:
    with pytest.raises(Unreachable):
        found(page=body)


def test_an_issuer_that_does_not_answer_is_unknown_and_not_false() -> None:
    for issuer in (DID, PROFILE):
        with pytest.raises(Unreachable):
            resolve_method(f"{issuer}#key-1", issuer=issuer, fetch=no_network)


def test_an_issuer_over_plain_http_is_unknown() -> None:
    with pytest.raises(Unreachable):
        resolve_method(f"{PROFILE}#key-1", issuer="http://badges.example/issuer", fetch=no_network)


def test_a_did_method_that_is_not_read_is_unsupported() -> None:
    with pytest.raises(ProofUnsupported):
        resolve_method("did:ion:abc#k", issuer="did:ion:abc", fetch=no_network)


@pytest.mark.parametrize(
    "issuer", ["urn:uuid:5b1c2c1e-6a0e-4b0f-9d7d-0c6b5b6a7a11", "", "badges.example", f"{PROFILE}#me"]
)
def test_an_issuer_that_names_no_document_authorises_nothing(issuer: str) -> None:
    with pytest.raises(NotAuthorised):
        resolve_method(f"{PROFILE}#key-1", issuer=issuer, fetch=web({PROFILE: document(PROFILE)}))


# --- impostors --------------------------------------------------------------------------------------------------
EVIL = "did:web:evil.example"
EVIL_URL = "https://evil.example/.well-known/did.json"
EVIL_PAGE = "https://evil.example/doc"
EVIL_KEY = f"{did_key_of(OTHER.public_key)}#{OTHER.public_key.multibase}"


@pytest.mark.parametrize(
    ("method_id", "pages"),
    [
        pytest.param(EVIL_KEY, {}, id="their own did:key"),
        pytest.param(f"{EVIL}#key-1", {EVIL_URL: document(EVIL, method(EVIL, signer=OTHER))}, id="their own did:web"),
        pytest.param(
            f"{EVIL}#key-1",
            {EVIL_URL: document(EVIL, method(EVIL, signer=OTHER, controller=DID))},
            id="their own did:web, which says the issuer controls the key",
        ),
        pytest.param(
            f"{EVIL_PAGE}#key-1",
            {EVIL_PAGE: document(DID, method(DID, signer=OTHER, id=f"{EVIL_PAGE}#key-1"))},
            id="a page that carries the issuer's id",
        ),
        pytest.param(
            EVIL_PAGE, {EVIL_PAGE: method(DID, id=EVIL_PAGE, signer=OTHER)}, id="a key that says the issuer controls it"
        ),
        pytest.param(
            "https://badges.example/uploads/1.json",
            {"https://badges.example/uploads/1.json": method(DID, id="https://badges.example/uploads/1.json")},
            id="the same on the issuer's host",
        ),
    ],
)
def test_a_stranger_cannot_sign_for_an_issuer(method_id: str, pages: dict[str, Any]) -> None:
    with pytest.raises(NotAuthorised):
        resolve_method(method_id, issuer=DID, fetch=web({DID_URL: document(), **pages}))


def test_a_stranger_with_a_did_is_refused_even_when_the_issuer_does_not_answer() -> None:
    """A DID controls its own methods: that this one is not the issuer's needs no network to see."""
    for method_id in (EVIL_KEY, f"{EVIL}#key-1"):
        with pytest.raises(NotAuthorised):
            resolve_method(method_id, issuer=DID, fetch=no_network)


def test_a_key_elsewhere_that_names_another_owner_is_not_authorised() -> None:
    elsewhere = "https://keys.example/1"
    page = document(verificationMethod=[], assertionMethod=[elsewhere])
    with pytest.raises(NotAuthorised):
        found(DID, elsewhere, page=page, others={elsewhere: method("did:web:third.example", id=elsewhere)})


def test_a_document_elsewhere_under_another_name_is_not_authorised() -> None:
    place = "https://keys.example/all"
    page = document(verificationMethod=[], assertionMethod=[f"{place}#k"])
    others = {place: {"id": "https://keys.example/", "verificationMethod": [method(DID, id=f"{place}#k")]}}
    with pytest.raises(NotAuthorised):
        found(DID, f"{place}#k", page=page, others=others)


def test_a_did_key_that_is_only_listed_keeps_its_own_controller() -> None:
    name = f"{did_key_of(ED.public_key)}#{ED.public_key.multibase}"
    with pytest.raises(NotAuthorised):
        found(PROFILE, name, page=document(PROFILE, verificationMethod=[], assertionMethod=[name]))


# --- all methods of an issuer -----------------------------------------------------------------------------------
def test_the_usable_methods_of_an_issuer_are_listed() -> None:
    page = document(
        DID,
        method(),
        method(name="key-2", signer=OTHER),
        method(name="odd", type="Unknown2030"),
        method(name="bad", publicKeyMultibase="z"),
        method(name="theirs", controller=EVIL),
    )
    methods = resolve_methods(DID, fetch=web({DID_URL: page}))
    assert [one.id for one in methods] == [f"{DID}#key-1", f"{DID}#key-2"]


def test_the_document_of_an_issuer_is_given_whole() -> None:
    assert controller_document(DID, fetch=web({DID_URL: document(extra=1)}))["extra"] == 1


# --- JWS --------------------------------------------------------------------------------------------------------
def jws(kid: str | None = None, *, jwk: SoftwareSigner | None = None, signer: SoftwareSigner = P256) -> Jws:
    text = sign_jwt({"@context": ["https://www.w3.org/ns/credentials/v2"]}, signer=signer, kid="k", alg="ES256")
    header = {"alg": "ES256", "kid": kid, "jwk": jwk.public_key.to_jwk() if jwk else None}
    parsed = parse_jws(text)
    return Jws(
        header={name: value for name, value in header.items() if value is not None},
        payload_bytes=parsed.payload_bytes,
        signing_input=parsed.signing_input,
        signature=parsed.signature,
        alg="ES256",
        kid=kid,
        jwk=jwk.public_key if jwk else None,
        text=text,
    )


DID_PAGES = {DID_URL: document(DID, method(signer=P256))}
PROFILE_PAGES = {PROFILE: document(PROFILE, method(PROFILE, signer=P256))}
JWKS_PAGES = {JWKS: {"keys": [ED.public_key.to_jwk() | {"kid": "a"}, P256.public_key.to_jwk() | {"kid": "b"}]}}


@pytest.mark.parametrize(
    ("issuer", "kid", "jwk", "pages"),
    [
        pytest.param(DID, f"{DID}#key-1", None, DID_PAGES, id="the DID URL of the key"),
        pytest.param(DID, "#key-1", None, DID_PAGES, id="the fragment"),
        pytest.param(DID, "key-1", None, DID_PAGES, id="the fragment without its mark"),
        pytest.param(DID, None, P256, DID_PAGES, id="only the key itself"),
        pytest.param(DID, f"{DID}#key-1", P256, DID_PAGES, id="both, agreeing"),
        pytest.param(PROFILE, f"{PROFILE}#key-1", None, PROFILE_PAGES, id="a profile's key"),
        pytest.param(
            PROFILE, f"{PROFILE}#key-1", None, PROFILE_PAGES | JWKS_PAGES, id="a profile's key before a set's"
        ),
        pytest.param(PROFILE, "b", None, JWKS_PAGES, id="a key of the set by kid"),
        pytest.param(PROFILE, f"{JWKS}#b", None, JWKS_PAGES, id="a key of the set by address"),
        pytest.param(PROFILE, None, P256, JWKS_PAGES, id="a key of the set by itself"),
        pytest.param(
            PROFILE, None, P256, JWKS_PAGES | {PROFILE: {"id": PROFILE}}, id="a profile without keys, and a set"
        ),
    ],
)
def test_the_key_of_a_jws_comes_from_its_issuer(
    issuer: str, kid: str | None, jwk: SoftwareSigner | None, pages: dict[str, Any]
) -> None:
    resolved = resolve_jws_method(jws(kid, jwk=jwk), issuer=issuer, fetch=web(pages))
    assert (resolved.public_key, resolved.controller) == (P256.public_key, issuer)


@pytest.mark.parametrize(
    ("issuer", "kid", "jwk", "pages", "error"),
    [
        pytest.param(DID, None, None, DID_PAGES, NotAuthorised, id="no key named"),
        pytest.param(DID, None, OTHER, DID_PAGES, NotAuthorised, id="a key that the issuer does not have"),
        pytest.param(DID, f"{DID}#key-1", OTHER, DID_PAGES, NotAuthorised, id="the right name for another key"),
        pytest.param(DID, "key-2", None, DID_PAGES, NotAuthorised, id="a name that is not listed"),
        pytest.param(DID, EVIL_KEY, OTHER, DID_PAGES, NotAuthorised, id="a stranger's did:key"),
        pytest.param(DID, None, P256, JWKS_PAGES, Unreachable, id="a set does not speak for a DID"),
        pytest.param(PROFILE, "c", None, JWKS_PAGES | {PROFILE: {"id": PROFILE}}, NotAuthorised, id="no such kid"),
        pytest.param(PROFILE, "c", None, JWKS_PAGES, Unreachable, id="not in the set, and the profile does not answer"),
        pytest.param(PROFILE, None, OTHER, PROFILE_PAGES, Unreachable, id="not in the profile, and the set is silent"),
        pytest.param(PROFILE, "b", None, {PROFILE: {"id": PROFILE}, JWKS: {"keys": [{"kty": "oct", "k": "AA"}]}},
                     NotAuthorised, id="a set with a secret in it"),
        pytest.param(PROFILE, "b", None, {}, Unreachable, id="nothing answers"),
        pytest.param(PROFILE, EVIL_KEY, OTHER, {}, NotAuthorised, id="a stranger's did:key while nothing answers"),
        pytest.param("urn:x", "b", None, {}, KeyRefused, id="an issuer that is no address"),
    ],
)  # fmt: skip
def test_a_jws_key_that_the_issuer_does_not_give_is_refused(
    issuer: str, kid: str | None, jwk: SoftwareSigner | None, pages: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        resolve_jws_method(jws(kid, jwk=jwk), issuer=issuer, fetch=web(pages))


def test_a_key_of_the_set_that_belongs_to_another_issuer_is_left_out() -> None:
    mine, theirs = (
        P256.public_key.to_jwk() | {"kid": "a", "iss": PROFILE},
        ED.public_key.to_jwk() | {"iss": "https://x"},
    )
    assert [key.kid for key in resolve_jwks(PROFILE, fetch=web({JWKS: {"keys": [mine, theirs]}}))] == ["a"]


@pytest.mark.parametrize("issuer", [DID, "http://badges.example", "https://user@badges.example/i", "https://["])
def test_only_an_https_issuer_has_a_key_set(issuer: str) -> None:
    with pytest.raises(NotAuthorised):
        resolve_jwks(issuer, fetch=web(JWKS_PAGES))
