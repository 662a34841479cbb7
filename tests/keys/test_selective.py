"""ecdsa-sd-2023: proofs that a holder derived are read, and nothing that was not disclosed by the rules is believed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from keys.multibase import base58btc_decode, base64url_decode, base64url_encode
from keys.multikey import KeyType, PublicKey, parse_multikey
from keys.selective_signing import add_base_proof
from keys.signing import SoftwareSigner
from keys.suites import verify_proof
from schemas import vocabulary as v
from schemas.errors import BadgeError, InputError, IssuingError, ProofInvalid, ProofUnsupported
from schemas.jsontext import JsonObject
from schemas.limits import MAX_SD_BYTES, MAX_SD_ITEMS
from schemas.times import parse_time
from tests.selective import Base, cbor, of_an_issuer, secured, value
from tests.simulator import NOW, Party, Simulator, foreign_badge, signer
from verifier.report import GenuineVerdict

VECTORS = Path(__file__).parents[1] / "vectors" / "w3c-ecdsa" / "ecdsa-sd-2023"
KEY = "p256"
METHOD = "did:web:issuer.example#p256"


def vector(name: str, file: str) -> JsonObject:
    document: JsonObject = json.loads((VECTORS / name / f"{file}.json").read_bytes())
    return document


def key_in(document: JsonObject) -> PublicKey:
    return parse_multikey(document["proof"]["verificationMethod"].partition("#")[2])


WHOLE: JsonObject = {
    "@context": [v.CREDENTIALS_V2, "https://www.w3.org/ns/credentials/examples/v2"],
    "type": ["VerifiableCredential"],
    "issuer": "did:web:issuer.example",
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:learner", "degree": {"name": "Seeds", "grade": "A"}, "town": "Ōtaki"},
}


def without(document: JsonObject, *path: str) -> JsonObject:
    copied = copy.deepcopy(document)
    owner = copied
    for step in path[:-1]:
        owner = owner[step]
    del owner[path[-1]]
    return copied


def verify(document: JsonObject) -> None:
    verify_proof(document, document["proof"], signer(KEY).public_key)


# --- W3C's vectors --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["employ", "prc"])
def test_a_derived_proof_of_w3c_verifies_and_the_base_proof_does_not(name: str) -> None:
    derived = vector(name, "derivedRevealDocument")
    verify_proof(derived, derived["proof"], key_in(derived))
    base = vector(name, "addSignedSDBase")
    with pytest.raises(ProofUnsupported, match="derive"):
        verify_proof(base, base["proof"], key_in(base))


@pytest.mark.parametrize("name", ["employ", "prc"])
def test_an_edit_of_any_leaf_of_w3cs_derived_document_is_invalid(name: str) -> None:
    good = vector(name, "derivedRevealDocument")
    key = key_in(good)
    edits = list(leaf_edits({k: x for k, x in good.items() if k not in {"proof", "@context"}}))
    assert len(edits) > 5
    for edited in edits:
        document = edited | {"@context": good["@context"], "proof": good["proof"]}
        with pytest.raises(BadgeError):  # whichever of the refusals it is
            verify_proof(document, document["proof"], key)


def leaf_edits(document: JsonObject) -> Any:
    """Each text changed, one at a time."""

    def places(node: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(node, dict):
            for name, member in node.items():
                yield (*path, name)
                yield from places(member, (*path, name))
        elif isinstance(node, list):
            for index, member in enumerate(node):
                yield (*path, index)
                yield from places(member, (*path, index))

    for path in places(document, ()):
        copied = copy.deepcopy(document)
        owner: Any = copied
        for step in path[:-1]:
            owner = owner[step]
        if isinstance(owner[path[-1]], str):
            owner[path[-1]] = owner[path[-1]] + "x"
            yield copied


def w3c_key(name: str) -> SoftwareSigner:
    pair = json.loads((VECTORS / "SDKeyMaterial.json").read_bytes())[name]
    return SoftwareSigner.from_secret(KeyType.P256, base58btc_decode(pair["secretKeyMultibase"][1:])[2:])


@pytest.mark.parametrize("name", ["employ", "prc"])
def test_the_base_proof_of_w3c_is_made_byte_for_byte(name: str) -> None:
    published = vector(name, "addSignedSDBase")
    made = add_base_proof(
        without(published, "proof"),
        signer=w3c_key("baseKeyPair"),
        verification_method=published["proof"]["verificationMethod"],
        created=parse_time(published["proof"]["created"]),
        mandatory=["/issuer"],
        secret=bytes.fromhex(json.loads((VECTORS / "SDKeyMaterial.json").read_bytes())["hmacKeyString"]),
        own=w3c_key("proofKeyPair"),
    )
    assert made == published


def issued(document: JsonObject, *pointers: str) -> JsonObject:
    return add_base_proof(
        document, signer=signer(KEY), verification_method=METHOD, created=NOW, mandatory=list(pointers)
    )


@pytest.mark.parametrize(
    ("pointers", "kept", "hidden"),
    [
        pytest.param((), (), ("issuer",), id="nothing is mandatory"),
        pytest.param(("/issuer",), ("issuer",), ("validFrom",), id="the issuer"),
        pytest.param(("/credentialSubject/degree/name",), ("credentialSubject", "degree", "name"), ("credentialSubject", "degree", "grade"), id="something deep"),
        pytest.param(("/credentialSubject/degree",), ("credentialSubject", "degree", "grade"), ("credentialSubject", "town"), id="something whole"),
        pytest.param(("/evidence/1/name",), ("evidence",), ("validFrom",), id="one of several"),
    ],
)  # fmt: skip
def test_what_we_issue_can_be_disclosed_but_for_what_is_mandatory(
    pointers: tuple[str, ...], kept: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    several = [{"type": ["Evidence"], "name": name} for name in ("first", "second")]
    document = WHOLE | {"evidence": several}
    base = of_an_issuer(issued(document, *pointers))
    verify(base.derive(document))
    verify(base.derive(without(document, *hidden)))
    if kept:
        with pytest.raises(ProofInvalid):
            verify(base.derive(without(document, *kept)))


@pytest.mark.parametrize("pointer", ["issuer", "/nothing", "/credentialSubject/0", "/evidence/9", "/a~2b", "", "/"])
def test_a_pointer_that_leads_nowhere_is_refused(pointer: str) -> None:
    with pytest.raises(InputError):
        issued(WHOLE, pointer)


def test_a_text_that_looks_like_a_blank_node_stays_a_text() -> None:
    document = WHOLE | {"credentialSubject": {"town": "_:c14n1"}}
    verify(of_an_issuer(issued(document, "/issuer")).derive(document))


def test_what_cannot_be_told_apart_part_by_part_is_not_signed_so() -> None:
    """A JSON literal is one value: a name put inside it, to find it again, would change it."""
    contexts = [v.CREDENTIALS_V2, {"data": {"@id": "https://example.org/#data", "@type": "@json"}}]
    document = WHOLE | {"@context": contexts, "credentialSubject": {"id": "did:example:a", "data": {"town": "Ōtaki"}}}
    with pytest.raises(IssuingError, match="part by part"):
        issued(document, "/issuer")


def test_another_kind_of_key_makes_no_base_proof() -> None:
    with pytest.raises(IssuingError):
        add_base_proof(WHOLE, signer=signer("ed25519"), verification_method=METHOD, created=NOW, mandatory=[])


# --- what a holder shows ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def base() -> Base:
    return secured(WHOLE, key=KEY, method=METHOD, mandatory=lambda quad: "#issuer>" in quad or "#type>" in quad)


@pytest.mark.parametrize(
    "hidden", [(), ("credentialSubject", "town"), ("credentialSubject", "degree", "grade"), ("validFrom",)]
)
def test_what_the_holder_discloses_verifies(base: Base, hidden: tuple[str, ...]) -> None:
    verify(base.derive(without(WHOLE, *hidden) if hidden else WHOLE))


def test_what_must_be_disclosed_cannot_be_held_back(base: Base) -> None:
    with pytest.raises(ProofInvalid):
        verify(base.derive(without(WHOLE, "issuer")))


def test_a_statement_of_anothers_is_not_slipped_in(base: Base) -> None:
    good = base.derive(without(WHOLE, "credentialSubject", "town"))
    with pytest.raises(ProofInvalid, match="signatures for"):
        verify(good | {"credentialSubject": good["credentialSubject"] | {"town": "Levin"}})


def test_another_key_than_the_issuers_is_refused(base: Base) -> None:
    good = base.derive(WHOLE)
    with pytest.raises(ProofInvalid):
        verify_proof(good, good["proof"], signer("p256 other").public_key)
    for kind in ("ed25519", "p384"):
        with pytest.raises(ProofInvalid, match="cannot be made"):
            verify_proof(good, good["proof"], signer(kind).public_key)


def test_an_edit_of_any_octet_of_the_proof_value_is_refused(base: Base) -> None:
    good = base.derive(WHOLE)
    octets = base64url_decode(good["proof"]["proofValue"][1:])
    for place in range(len(octets)):
        changed = octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]
        document = good | {"proof": good["proof"] | {"proofValue": "u" + base64url_encode(changed)}}
        with pytest.raises((ProofInvalid, ProofUnsupported)):
            verify(document)


def test_an_edit_of_the_proofs_options_is_refused(base: Base) -> None:
    good = base.derive(WHOLE)
    for changes in (
        {"created": "2026-05-06T21:15:01Z"},
        {"proofPurpose": "authentication"},
        {"@context": [v.CREDENTIALS_V2]},
    ):
        with pytest.raises(ProofInvalid):
            verify(good | {"proof": good["proof"] | changes})


def raw(parts: bytes, head: bytes = b"\xd9\x5d\x01") -> str:
    return "u" + base64url_encode(head + parts)


SIGNATURE, LABEL = b"\x01" * 64, b"\x02" * 32
OWN = b"\x80\x24" + signer("p256").public_key.encoded
MALFORMED = [
    pytest.param("z123", id="another alphabet"),
    pytest.param("u", id="nothing"),
    pytest.param("u!!", id="no base64url"),
    pytest.param(raw(b"", b"\xd9\x5d\x09"), id="another header"),
    pytest.param(raw(b""), id="cut short"),
    pytest.param(raw(cbor([])), id="no parts"),
    pytest.param(raw(cbor([SIGNATURE, OWN, [], {}, []]) + b"\x00"), id="more after the end"),
    pytest.param(raw(cbor([SIGNATURE[:-1], OWN, [], {}, []])), id="a short base signature"),
    pytest.param(raw(cbor([SIGNATURE, OWN[:-1], [], {}, []])), id="a short key"),
    pytest.param(raw(cbor([SIGNATURE, b"\xed\x01" + OWN[2:], [], {}, []])), id="a key of another kind"),
    pytest.param(raw(cbor([SIGNATURE, OWN[:2] + b"\x05" * 33, [], {}, []])), id="a key that is no point"),
    pytest.param(raw(cbor([SIGNATURE, OWN, [b""], {}, []])), id="an empty signature"),
    pytest.param(raw(cbor([SIGNATURE, OWN, [], {0: b""}, []])), id="an empty label"),
    pytest.param(raw(cbor([SIGNATURE, OWN, [], {0: LABEL, 1: LABEL}, []])), id="one label twice"),
    pytest.param(raw(cbor([SIGNATURE, OWN, [], {}, [1, 1]])), id="a statement twice"),
    pytest.param(raw(cbor([SIGNATURE, OWN, [], {}, [999]])), id="a statement that is not there"),
    pytest.param(raw(cbor([SIGNATURE, OWN, [], {}, [[]]])), id="a list for a number"),
    pytest.param(raw(b"\x85" + cbor(SIGNATURE) + cbor(OWN) + b"\x80\xa2\x00\x40\x00\x40\x80"), id="a map with a key twice"),
    pytest.param(raw(b"\x9f\xff"), id="a list without an end"),
    pytest.param(raw(b"\x9a\xff\xff\xff\xff"), id="a list of four thousand million"),
    pytest.param(raw(b"\x18\x01"), id="a number written longer than it must be"),
    pytest.param(raw(b"\x81" * 60), id="lists in lists"),
    pytest.param(raw(b"\xfb" + b"\x00" * 8), id="a fraction"),
    pytest.param(raw(cbor([SIGNATURE, OWN, [], {}, list(range(MAX_SD_ITEMS))])), id="one part over the limit"),
]  # fmt: skip


@pytest.mark.parametrize("proof_value", MALFORMED)
def test_a_proof_value_that_is_no_derived_proof_is_refused(base: Base, proof_value: str) -> None:
    good = base.derive(WHOLE)
    with pytest.raises(ProofInvalid):
        verify(good | {"proof": good["proof"] | {"proofValue": proof_value}})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _labels, indexes: indexes.append(999), id="a mandatory statement that is not there"),
        pytest.param(lambda _labels, indexes: indexes.append(indexes[0]), id="a mandatory statement twice"),
        pytest.param(lambda labels, _indexes: labels.update({99: labels[0]}), id="a label for two blank nodes"),
        pytest.param(lambda labels, _indexes: labels.pop(0), id="a blank node without a label"),
    ],
)
def test_a_good_proof_that_is_written_wrong_is_refused(base: Base, change: Any) -> None:
    with pytest.raises(ProofInvalid):
        verify(base.derive(WHOLE, change))


def test_a_good_proof_in_longer_cbor_is_refused(base: Base) -> None:
    good = base.derive(WHOLE)
    parts = base64url_decode(good["proof"]["proofValue"][1:])[3:]
    with pytest.raises(ProofInvalid, match="longer than it must"):
        verify(good | {"proof": good["proof"] | {"proofValue": raw(b"\x98\x05" + parts[1:])}})


def test_a_proof_value_over_the_limit_is_not_decoded(base: Base) -> None:
    good = base.derive(WHOLE)
    most = MAX_SD_BYTES * 4 // 3
    for characters, told in ((most, "cannot be read|five parts"), (most + 1, "longer than a badge")):
        text = "u2V0B" + "A" * (characters - 5)
        with pytest.raises(ProofInvalid, match=told):
            verify(good | {"proof": good["proof"] | {"proofValue": text}})


# --- a badge ---------------------------------------------------------------------------------------------------------
def test_a_badge_with_a_derived_proof_is_genuine_and_with_a_base_proof_unconfirmed() -> None:
    simulator = Simulator()
    academy = Party(base_url="https://badges.example.org", name="Academy", prefix="academy-", key_names=("p256",))
    academy.publish(simulator.web)
    badge = foreign_badge(academy)
    made = secured(
        badge, key="p256 academy-p256", method=academy.method("p256"), mandatory=lambda quad: "#issuer>" in quad
    )
    shown = made.derive(badge)
    report = simulator.check(shown)
    assert report.genuine.verdict is GenuineVerdict.VALID, report.check("proof").sentence
    assert simulator.check(shown | {"name": "Another"}).genuine.verdict is GenuineVerdict.INVALID
    held = shown | {"proof": shown["proof"] | {"proofValue": raw(b"", b"\xd9\x5d\x00")}}
    assert simulator.check(held).genuine.verdict is GenuineVerdict.UNCONFIRMED
    assert value(made, [], {}, []).startswith("u")
