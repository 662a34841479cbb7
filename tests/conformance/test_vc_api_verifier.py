"""The verifier's VC-API as the public suites use it: every refusal they ask for, and nothing good refused.

Proofs are made over exactly what they say, however wrong that is, so that each refusal is for its own reason.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from flask.testing import FlaskClient

from keys.multibase import base58btc_decode, base64url_encode, multibase_encode
from keys.signing import sign_jwt
from keys.suites import SUITES
from schemas import vocabulary as v
from schemas.canonical import canonicalize, jcs
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_PRESENTED
from schemas.manifest import context_text
from schemas.statuslist import encode, status_entry, status_list_document
from tests.conformance.vcapi import EXAMPLES, credential, did_of, method_of, presentation, proved
from tests.simulator import NOW, Simulator, Web, add_old_proof, foreign_badge, signer
from verifier.policy import BADGE_POLICY, GENERIC_POLICY
from verifier.report import Question
from verifier.web.app import Service, make_app

OWN = did_of("ed25519")
OTHER = did_of("ed25519 other")
ISSUER_AT_AN_ADDRESS = "https://vc.example/issuers/1"
AUTHENTICATION = {"proofPurpose": "authentication"}
KEYS = [
    pytest.param("ed25519", v.EDDSA_RDFC_2022, id="eddsa-rdfc-2022"),
    pytest.param("ed25519", v.EDDSA_JCS_2022, id="eddsa-jcs-2022"),
    pytest.param("p256", v.ECDSA_RDFC_2019, id="ecdsa-rdfc-2019 with P-256"),
    pytest.param("p384", v.ECDSA_RDFC_2019, id="ecdsa-rdfc-2019 with P-384"),
    pytest.param("p256", v.ECDSA_JCS_2019, id="ecdsa-jcs-2019 with P-256"),
    pytest.param("p384", v.ECDSA_JCS_2019, id="ecdsa-jcs-2019 with P-384"),
]


@pytest.fixture(scope="module")
def web() -> Web:
    return Web()


@pytest.fixture(scope="module")
def client(web: Web) -> FlaskClient:
    return make_app(Service(network=web, clock=lambda: NOW)).test_client()


def ask(client: FlaskClient, document: object, **options: Any) -> Any:
    return client.post("/credentials/verify", json={"verifiableCredential": document, "options": options})


def show(client: FlaskClient, document: object, **options: Any) -> Any:
    return client.post("/presentations/verify", json={"verifiablePresentation": document, "options": options})


def believed(answer: Any) -> bool:
    """Whether an answer says valid; whatever it says, it says it in the agreed form."""
    if answer.status_code == 200:
        assert answer.json["verified"] is True
        assert not answer.json["errors"]
        return True
    assert answer.status_code == 400, answer.status_code
    assert answer.mimetype == "application/problem+json"
    assert answer.json["verified"] is False
    assert {"type", "title", "status", "detail"} <= answer.json.keys()
    assert answer.json["errors"]
    assert all(one["type"] for one in answer.json["errors"])
    return False


def kinds(answer: Any) -> set[str]:
    """The error types, without the address of the vocabulary they are from."""
    return {str(one["type"]).rpartition("#")[2] for one in answer.json["errors"]}


# --- good ones --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("key", "suite"), KEYS)
@pytest.mark.parametrize(
    "contexts", [[v.CREDENTIALS_V2], [v.CREDENTIALS_V2, EXAMPLES], [v.CREDENTIALS_V1, v.DATA_INTEGRITY_V2]]
)
def test_a_good_proof_of_each_suite_is_believed(client: FlaskClient, key: str, suite: str, contexts: list[str]) -> None:
    document = proved(credential(did_of(key), **{"@context": contexts}), key=key, suite=suite)
    for options in ({"checks": ["proof"]}, {"checks": ["proof", "credentialStatus"]}, {"checks": []}, {}):
        assert believed(ask(client, document, **options))


def test_options_may_be_left_out(client: FlaskClient) -> None:
    body = {"verifiableCredential": proved(credential(OWN))}
    assert believed(client.post("/credentials/verify", json=body))
    assert believed(client.post("/credentials/verify", json=body | {"options": None}))


def test_a_proof_without_a_time_and_one_a_year_old_are_believed(client: FlaskClient) -> None:
    for created in (None, "2025-11-22T03:00:00Z", "2026-11-22T16:00:00+13:00"):
        assert believed(ask(client, proved(credential(OWN), created=created)))


def test_an_old_signature_is_believed(client: FlaskClient) -> None:
    document = credential(OWN, **{"@context": [v.CREDENTIALS_V2, v.ED25519_2020_V1]})
    signed = add_old_proof(document, signer_=signer("ed25519"), method=method_of("ed25519"), created=NOW)
    assert believed(ask(client, signed))


def test_an_inline_context_is_believed_here_and_nowhere_else(client: FlaskClient) -> None:
    contexts = [v.CREDENTIALS_V2, {"Check": "https://example.org/terms#Check"}]
    document = proved(credential(OWN, **{"@context": contexts, "type": ["VerifiableCredential", "Check"]}))
    assert believed(ask(client, document))
    report = client.post("/verify", json={"credential": document}).json
    assert report["genuine"]["verdict"] == "invalid"


def test_the_generic_policy_asks_no_register_and_the_badge_policy_always_does() -> None:
    assert GENERIC_POLICY.leaves_out == {Question.ACCREDITED}
    assert not BADGE_POLICY.leaves_out


# --- refusals: the document --------------------------------------------------------------------------------------------
WRONG_DOCUMENTS = [
    *(pytest.param({"@context": value}, id=f"{value!r} for contexts") for value in ("text", {}, None, 10, True, [], [10], [[]], [{}])),
    *(pytest.param({"type": value}, id=f"{value!r} for types") for value in ("text", {}, None, 10, True, [], [None], [{}], [10])),
    *(pytest.param({"issuer": value}, id=f"{value!r} for an issuer") for value in ([], None, 10, True, {}, "text")),
    *(pytest.param({"credentialSubject": value}, id=f"{value!r} for a subject") for value in ("text", None, 10, True, [], {}, [{}])),
    *(pytest.param({"proof": value}, id=f"{value!r} for a proof") for value in ("text", None, 10, True, [], {})),
    pytest.param({"id": None}, id="null for an id"),
    pytest.param({"validFrom": "2026-02-30T00:00:00Z"}, id="a day that does not exist"),
    pytest.param({"validUntil": "tomorrow"}, id="an end that is no time"),
]  # fmt: skip


@pytest.mark.parametrize("changes", WRONG_DOCUMENTS)
def test_a_document_that_is_no_credential_is_refused(client: FlaskClient, changes: JsonObject) -> None:
    assert not believed(ask(client, proved(credential(OWN)) | changes))


@pytest.mark.parametrize("member", ["@context", "type", "issuer", "credentialSubject", "proof"])
def test_a_credential_that_lacks_what_it_must_have_is_refused(client: FlaskClient, member: str) -> None:
    signed = proved(credential(OWN))
    assert not believed(ask(client, {name: value for name, value in signed.items() if name != member}))


@pytest.mark.parametrize("suite", [v.EDDSA_RDFC_2022, v.EDDSA_JCS_2022])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"credentialSubject": {"id": OWN, "undefinedTerm": 1}}, id="an undefined term"),
        pytest.param({"type": ["VerifiableCredential", "Undefined"]}, id="an undefined type"),
        pytest.param({"credentialSubject": {"id": "relative"}}, id="a relative reference"),
        pytest.param({"evidence": {"id": "did:example:e"}}, id="evidence without a type"),
    ],
)
def test_what_a_signature_would_not_cover_is_refused_whenever_it_was_put_in(
    client: FlaskClient, suite: str, changes: JsonObject
) -> None:
    # A JCS signature covers it, and another reader's JSON-LD would still lose it.
    before = proved(credential(OWN) | changes, suite=v.EDDSA_JCS_2022)
    assert not believed(ask(client, before))
    after = proved(credential(OWN), suite=suite) | changes
    assert not believed(ask(client, after))


@pytest.mark.parametrize("keyword", ["@graph", "@included", "@nest", "@reverse", "@index", "another name"])
@pytest.mark.parametrize("suite", [v.EDDSA_RDFC_2022, v.EDDSA_JCS_2022])
def test_nothing_is_slipped_in_under_a_keyword(client: FlaskClient, keyword: str, suite: str) -> None:
    """JSON-LD drops without a word what is no node there."""
    contexts = [v.CREDENTIALS_V2, {"another name": "@graph"}]
    good = proved(credential(OWN, **{"@context": contexts}), suite=suite)
    assert believed(ask(client, good))
    for content in ("x", ["x"], {"@value": "x"}, {"@type": "@json", "@value": {}}):
        assert not believed(ask(client, good | {keyword: content}))
        assert not believed(ask(client, good | {"credentialSubject": {"id": OWN, keyword: content}}))
        assert not believed(ask(client, good | {"proof": good["proof"] | {keyword: content}}))
        held = presentation(good | {keyword: content}, holder=OWN)
        assert not believed(show(client, proved(held, hashing=hashed_as_it_stands, **AUTHENTICATION)))


def test_data_that_would_be_lost_is_called_that(client: FlaskClient) -> None:
    lost = proved(credential(OWN)) | {"undefinedTerm": "x"}
    assert kinds(ask(client, lost)) == {"DATA_LOSS_DETECTION_ERROR"}


def test_a_context_that_is_not_held_is_refused_and_not_asked_for(client: FlaskClient, web: Web) -> None:
    web.asked.clear()
    contexts = [v.CREDENTIALS_V2, "https://contexts.example/v1"]
    assert not believed(ask(client, proved(credential(OWN), suite=v.EDDSA_JCS_2022) | {"@context": contexts}))
    assert not web.asked


@pytest.mark.parametrize(
    ("dates", "good"),
    [
        pytest.param({"validFrom": "2026-11-22T03:04:00Z"}, True, id="begins within a clock's error"),
        pytest.param({"validFrom": "2026-11-22T03:06:00Z"}, False, id="begins later"),
        pytest.param({"validUntil": "2026-11-22T02:59:59Z"}, False, id="has ended"),
        pytest.param({"validUntil": "2026-11-22T03:00:01Z"}, True, id="ends later"),
    ],
)
def test_a_credential_out_of_its_time_is_refused(client: FlaskClient, dates: JsonObject, *, good: bool) -> None:
    assert believed(ask(client, proved(credential(OWN, **dates)))) is good


# --- refusals: the proof -----------------------------------------------------------------------------------------------
def hashed_as_it_stands(document: JsonObject, proof: JsonObject) -> bytes:
    """What an RDFC suite signs, whatever the proof says, where the suite itself would refuse to hash it."""
    contexts = {"@context": document.get("@context", [v.CREDENTIALS_V2])}
    try:
        return hashlib.sha256(canonicalize(proof | contexts)).digest() + hashlib.sha256(canonicalize(document)).digest()
    except BadgeError:  # there is nothing to sign: the refusal is the same
        return b"nothing that could be signed"


WRONG_OPTIONS = [
    pytest.param({"type": "UnknownProofType"}, id="an unknown type"),
    pytest.param({"type": None}, id="no type"),
    pytest.param({"type": ""}, id="an empty type"),
    pytest.param({"cryptosuite": "UnknownCryptosuite"}, id="an unknown suite"),
    pytest.param({"cryptosuite": None}, id="no suite"),
    pytest.param({"cryptosuite": 10}, id="a number for a suite"),
    pytest.param({"verificationMethod": None}, id="no method"),
    pytest.param({"verificationMethod": "did:key:invalidVm"}, id="a method that is none"),
    pytest.param({"verificationMethod": OWN}, id="a DID for a method"),
    pytest.param({"proofPurpose": None}, id="no purpose"),
    pytest.param({"proofPurpose": "invalidPurpose"}, id="an unknown purpose"),
    pytest.param({"proofPurpose": "authentication"}, id="another purpose"),
    pytest.param({"created": "invalidDate"}, id="a time that is none"),
    pytest.param({"created": "2026-05-06"}, id="a day for a time"),
    pytest.param({"created": "2027-05-06T00:00:00Z"}, id="made in the future"),
    pytest.param({"expires": "2026-11-22T02:59:00Z"}, id="has run out"),
    pytest.param({"expires": "soon"}, id="an end that is no time"),
    pytest.param({"challenge": 4}, id="a number for a challenge"),
    pytest.param({"previousProof": "urn:uuid:missing"}, id="builds on a proof that is missing"),
    pytest.param({"previousProof": ["urn:uuid:missing"]}, id="builds on a list of proofs that are missing"),
    pytest.param({"previousProof": 4}, id="builds on a number"),
]  # fmt: skip


@pytest.mark.parametrize("options", WRONG_OPTIONS)
def test_a_proof_that_is_signed_and_wrong_is_refused(client: FlaskClient, options: JsonObject) -> None:
    assert not believed(ask(client, proved(credential(OWN), hashing=hashed_as_it_stands, **options)))


def test_a_good_proof_by_that_hashing_is_believed(client: FlaskClient) -> None:
    assert believed(ask(client, proved(credential(OWN), hashing=hashed_as_it_stands)))
    assert believed(show(client, proved(presentation(), hashing=hashed_as_it_stands, **AUTHENTICATION)))


def _value(change: Any) -> Any:
    return lambda proof: proof | {"proofValue": change(proof["proofValue"])}


WRONG_VALUES = [
    pytest.param(lambda proof: {k: x for k, x in proof.items() if k != "proofValue"}, id="no value"),
    pytest.param(_value(lambda _: None), id="null"),
    pytest.param(_value(lambda text: text[1:]), id="no multibase header"),
    pytest.param(_value(lambda text: "u" + base64.urlsafe_b64encode(base58btc_decode(text[1:])).decode().rstrip("=")), id="base64url"),
    pytest.param(_value(lambda text: multibase_encode(base58btc_decode(text[1:]) + b"\x01" * 32)), id="too long"),
    pytest.param(_value(lambda text: multibase_encode(base58btc_decode(text[1:])[:-1])), id="too short"),
    pytest.param(_value(lambda text: text[:-1] + ("2" if text[-1] != "2" else "3")), id="changed"),
    pytest.param(_value(lambda text: text + "0"), id="a letter that base58 has not"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "suite"), KEYS)
@pytest.mark.parametrize("change", WRONG_VALUES)
def test_a_proof_value_that_is_wrong_is_refused(client: FlaskClient, key: str, suite: str, change: Any) -> None:
    signed = proved(credential(did_of(key)), key=key, suite=suite)
    assert not believed(ask(client, signed | {"proof": change(signed["proof"])}))


@pytest.mark.parametrize(
    "hashing",
    [
        pytest.param(lambda d, p: hashlib.sha256(jcs(p)).digest() + hashlib.sha256(jcs(d)).digest(), id="JCS for RDFC"),
        pytest.param(lambda d, p: hashlib.sha512(canonicalize(p | {"@context": d["@context"]})).digest() + hashlib.sha512(canonicalize(d)).digest(), id="SHA-512 for SHA-256"),
    ],
)  # fmt: skip
def test_what_was_hashed_in_another_way_is_refused(client: FlaskClient, hashing: Any) -> None:
    assert not believed(ask(client, proved(credential(OWN), hashing=hashing)))


@pytest.mark.parametrize(("key", "suite"), KEYS)
def test_a_proof_that_names_another_suite_of_its_kind_is_refused(client: FlaskClient, key: str, suite: str) -> None:
    other = next(name for name in SUITES if name != suite and name[:5] == suite[:5])
    signed = proved(credential(did_of(key)), key=key, suite=suite)
    assert not believed(ask(client, signed | {"proof": signed["proof"] | {"cryptosuite": other}}))


def test_a_purpose_that_was_expected_and_is_not_there_is_refused(client: FlaskClient) -> None:
    answer = ask(client, proved(credential(OWN)), checks=["proof"], expectedProofPurpose="authentication")
    assert not believed(answer)
    assert kinds(answer) == {"INVALID_PROOF_PURPOSE"}


@pytest.mark.parametrize(
    ("made_for", "asked_for", "good"),
    [
        pytest.param({}, {"domain": "a.example"}, False, id="no domain where one is asked for"),
        pytest.param({"domain": "b.example"}, {"domain": "a.example"}, False, id="another domain"),
        pytest.param({"domain": ["b.example", "a.example"]}, {"domain": "a.example"}, True, id="one of several domains"),
        pytest.param({}, {"challenge": "1"}, False, id="no challenge where one is asked for"),
        pytest.param({"challenge": "2"}, {"challenge": "1"}, False, id="another challenge"),
        pytest.param({"challenge": "1", "domain": "a.example"}, {"challenge": "1", "domain": "a.example"}, True, id="both"),
        pytest.param({"challenge": "1", "domain": "a.example"}, {}, True, id="nobody asks"),
    ],
)  # fmt: skip
def test_a_domain_and_a_challenge_are_enforced_for_either_kind(
    client: FlaskClient, made_for: JsonObject, asked_for: JsonObject, *, good: bool
) -> None:
    assert believed(ask(client, proved(credential(OWN), **made_for), **asked_for)) is good
    shown = show(client, proved(presentation(), **AUTHENTICATION, **made_for), **asked_for)
    assert believed(shown) is good


# --- whose key -----------------------------------------------------------------------------------------------------------
def test_a_key_that_is_not_the_issuers_is_refused(client: FlaskClient) -> None:
    answer = ask(client, proved(credential(OTHER)))
    assert not believed(answer)
    assert kinds(answer) == {"INVALID_VERIFICATION_METHOD"}
    assert not believed(ask(client, proved(credential(ISSUER_AT_AN_ADDRESS))))


@pytest.mark.parametrize(
    ("listed", "good"), [pytest.param(True, True, id="lists it"), pytest.param(False, False, id="does not list it")]
)
def test_an_issuer_at_an_address_may_list_a_key_that_is_named_after_a_did(*, listed: bool, good: bool) -> None:
    web = Web()
    method = {
        "id": method_of("ed25519"),
        "type": "Multikey",
        "controller": ISSUER_AT_AN_ADDRESS,
        "publicKeyMultibase": OWN.removeprefix("did:key:"),
    }
    document: JsonObject = {"id": ISSUER_AT_AN_ADDRESS, "verificationMethod": [method]}
    web.put(ISSUER_AT_AN_ADDRESS, document | {"assertionMethod": [method["id"]] if listed else []})
    client = make_app(Service(network=web, clock=lambda: NOW)).test_client()
    assert believed(ask(client, proved(credential(ISSUER_AT_AN_ADDRESS)))) is good


# --- several proofs ------------------------------------------------------------------------------------------------------
def test_every_proof_of_a_set_is_verified_and_one_is_the_issuers(client: FlaskClient) -> None:
    both = proved(proved(credential(OWN)), key="ed25519 other")
    assert believed(ask(client, both))
    broken = [both["proof"][0], both["proof"][1] | {"created": "2026-05-06T21:15:01Z"}]
    assert not believed(ask(client, both | {"proof": broken}))
    unknown = [both["proof"][0], both["proof"][1] | {"cryptosuite": "unknown-2030"}]
    assert not believed(ask(client, both | {"proof": unknown}))
    assert not believed(ask(client, both | {"proof": both["proof"][1:]}))


@pytest.mark.parametrize("named", ["urn:uuid:first", ["urn:uuid:first"]])
@pytest.mark.parametrize("suite", [v.ECDSA_RDFC_2019, v.ECDSA_JCS_2019])
def test_a_chain_holds_and_breaks_when_the_proof_it_builds_on_is_gone(
    client: FlaskClient, suite: str, named: object
) -> None:
    first = proved(credential(did_of("p256")), suite=suite, id="urn:uuid:first")
    chain = proved(first, suite=suite, previousProof=named, id="urn:uuid:second")
    assert believed(ask(client, chain))
    renamed = [chain["proof"][0] | {"id": "urn:uuid:other"}, chain["proof"][1]]
    assert not believed(ask(client, chain | {"proof": renamed}))
    alone = [chain["proof"][1]]
    assert not believed(ask(client, chain | {"proof": alone}))
    moved = [chain["proof"][0], chain["proof"][1] | {"id": "urn:uuid:other"}]
    assert not believed(ask(client, chain | {"proof": moved}))
    changed = [chain["proof"][0] | {"created": "2026-05-06T21:15:09Z"}, chain["proof"][1]]
    assert not believed(ask(client, chain | {"proof": changed}))


# --- status ----------------------------------------------------------------------------------------------------------------
LIST = "https://lists.example/1"


def listed(
    web: Web, *, set_: tuple[int, ...] = (), purpose: str = v.REVOCATION, length: int = 131_072, **changes: Any
) -> JsonObject:
    """A credential with an entry in a list that is published."""
    document = status_list_document(
        id=LIST,
        issuer=OWN,
        purpose=purpose,
        encoded=encode(set_, length=length),
        valid_from=NOW,
        valid_until=None,
        ttl_ms=None,
    )
    web.put(LIST, proved(document | changes), v.VC_LD_JSON)
    return proved(credential(OWN, credentialStatus=status_entry(list_url=LIST, index=77, purpose=v.REVOCATION)))


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        pytest.param({}, None, id="clear"),
        pytest.param({"set_": (77,)}, "STATUS_VERIFICATION_ERROR", id="set"),
        pytest.param({"purpose": "suspension"}, "STATUS_VERIFICATION_ERROR", id="another purpose"),
        pytest.param({"length": 1024}, "STATUS_LIST_LENGTH_ERROR", id="too short"),
        pytest.param({"type": ["VerifiableCredential"]}, "STATUS_VERIFICATION_ERROR", id="not a list"),
        pytest.param({"validUntil": "2026-11-22T02:00:00Z"}, "STATUS_VERIFICATION_ERROR", id="a list that has ended"),
        pytest.param({"issuer": OTHER}, "STATUS_VERIFICATION_ERROR", id="a list that its issuer did not sign"),
    ],
)  # fmt: skip
def test_a_status_list_decides_unless_it_is_left_out(facts: JsonObject, kind: str | None) -> None:
    web = Web()
    document = listed(web, **facts)
    client = make_app(Service(network=web, clock=lambda: NOW)).test_client()
    for options in ({"checks": ["proof", "credentialStatus"]}, {}):
        answer = ask(client, document, **options)
        assert believed(answer) is (kind is None)
        assert kind is None or kinds(answer) == {kind}
    assert believed(ask(client, document, checks=["proof"]))


def test_a_status_that_cannot_be_had_or_is_not_known_is_no_pass(client: FlaskClient) -> None:
    entry = status_entry(list_url="https://gone.example/1", index=1, purpose=v.REVOCATION)
    gone = ask(client, proved(credential(OWN, credentialStatus=entry)))
    assert not believed(gone)
    assert kinds(gone) == {"STATUS_RETRIEVAL_ERROR"}
    strange = {"type": "https://example.org/terms#Status"}
    assert not believed(ask(client, proved(credential(OWN, credentialStatus=strange))))
    assert believed(ask(client, proved(credential(OWN, credentialStatus=strange)), checks=["proof"]))


# --- related resources -------------------------------------------------------------------------------------------------------
def test_a_related_resource_elsewhere_is_compared_when_it_can_be_had() -> None:
    web = Web()
    web.put("https://docs.example/1", b"the text", "text/plain")
    client = make_app(Service(network=web, clock=lambda: NOW)).test_client()

    def about(url: str, text: bytes) -> JsonObject:
        digest = "sha256-" + base64.b64encode(hashlib.sha256(text).digest()).decode()
        return proved(credential(OWN, relatedResource={"id": url, "digestSRI": digest}))

    assert believed(ask(client, about("https://docs.example/1", b"the text")))
    assert not believed(ask(client, about("https://docs.example/1", b"another text")))
    unreachable = ask(client, about("https://docs.example/2", b"the text"))
    assert believed(unreachable)
    assert unreachable.json["warnings"], "nobody compared it, and the answer says so"


@pytest.mark.parametrize(("text", "good"), [("current", True), ("8d0ee107", True), ("another", False)])
def test_a_related_resource_on_board_is_compared(client: FlaskClient, text: str, *, good: bool) -> None:
    data = b"another" if text == "another" else context_text(v.CREDENTIALS_V2, text)
    digest = "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()
    related = {"id": v.CREDENTIALS_V2, "digestSRI": digest}
    assert believed(ask(client, proved(credential(OWN, relatedResource=related)))) is good


# --- badges ------------------------------------------------------------------------------------------------------------------
def test_what_says_it_is_an_open_badge_is_held_to_its_schema(client: FlaskClient) -> None:
    simulator = Simulator()
    badge = foreign_badge(simulator.provider)
    badge["issuer"]["id"] = OWN
    assert believed(ask(client, proved(badge)))
    del badge["credentialSubject"]["achievement"]["criteria"]
    assert not believed(ask(client, proved(badge)))


# --- enveloped credentials ------------------------------------------------------------------------------------------------------
def envelope(key: str = "p256", alg: str = "ES256", **changes: Any) -> JsonObject:
    document = credential(did_of(key), id="urn:uuid:1", validFrom="2026-01-01T00:00:00Z")
    text = sign_jwt(document, signer=signer(key), kid=method_of(key), alg=alg)
    return {
        "@context": v.CREDENTIALS_V2,
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{text}",
    } | changes


def test_an_enveloped_credential_is_believed(client: FlaskClient) -> None:
    for document in (envelope(), envelope("ed25519", "EdDSA"), envelope(**{"@context": [v.CREDENTIALS_V2]})):
        assert believed(ask(client, document))
    assert believed(ask(client, envelope()["id"].partition(",")[2])), "the JWT itself"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"@context": []}, id="no context"),
        pytest.param({"@context": EXAMPLES}, id="another context"),
        pytest.param({"type": None}, id="no type"),
        pytest.param({"type": ["VerifiableCredential"]}, id="another type"),
        pytest.param({"id": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}, id="no data: URL"),
        pytest.param({"id": "data:text/plain,eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}, id="another media type"),
        pytest.param({"id": "data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}, id="nothing that was signed"),
        pytest.param({"id": 'data:application/vc+jwt,{"a":1}'}, id="no JWT"),
    ],
)
def test_an_envelope_that_is_wrong_is_refused(client: FlaskClient, changes: JsonObject) -> None:
    assert not believed(ask(client, envelope(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "did:example:other"}, id="a claim that contradicts the credential"),
        pytest.param({"@context": [v.CREDENTIALS_V2, "https://contexts.example/v1"]}, id="a context that is not held"),
        pytest.param({"type": ["https://example.org/#Other"]}, id="no VerifiableCredential"),
        pytest.param({"credentialSubject": []}, id="no subject"),
        pytest.param({"validUntil": "2026-01-02T00:00:00Z", "exp": 1767312000}, id="over"),
    ],
)
def test_what_is_signed_in_an_envelope_and_wrong_is_refused(client: FlaskClient, changes: JsonObject) -> None:
    def signed(payload: JsonObject) -> JsonObject:
        parts = [base64url_encode(write_json(part)) for part in ({"alg": "ES256", "kid": method_of("p256")}, payload)]
        text = ".".join(parts)
        return envelope(id=f"data:application/vc+jwt,{text}.{base64url_encode(signer('p256').sign(text.encode()))}")

    good = credential(did_of("p256"), id="urn:uuid:1") | {"iss": did_of("p256"), "jti": "urn:uuid:1"}
    good |= {"sub": "did:example:learner"}
    assert believed(ask(client, signed(good)))
    assert not believed(ask(client, signed(good | changes)))


def test_an_enveloped_credential_that_was_changed_is_refused(client: FlaskClient) -> None:
    good = envelope()
    head, payload, signature = good["id"].split(".")
    other = envelope("p256", "ES256")["id"].split(".")[1][:-4] + "AAAA"
    for text in (f"{head}.{other}.{signature}", f"{head}.{payload}.{signature[:-4]}AAAA", f"{head}.{payload}."):
        assert not believed(ask(client, good | {"id": text}))


# --- presentations --------------------------------------------------------------------------------------------------------------
def presented(document: JsonObject, **options: Any) -> JsonObject:
    return proved(document, **(AUTHENTICATION | options))


GOOD_PRESENTATIONS = [
    pytest.param(presentation(), id="nothing in it"),
    pytest.param(presentation(id="urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008"), id="an id"),
    pytest.param(presentation(holder=OWN), id="a holder"),
    pytest.param(presentation(holder={"id": OWN}), id="a holder as an object"),
    pytest.param(presentation(type=["VerifiablePresentation", "https://example.org/#Other"]), id="another type"),
    pytest.param(presentation(**{"@context": [v.CREDENTIALS_V2, {"Shown": "https://example.org/#Shown"}], "type": ["VerifiablePresentation", "Shown"]}), id="an inline context"),
    pytest.param(presentation(proved(credential(OTHER), key="ed25519 other")), id="a credential of somebody else's"),
    pytest.param(presentation(proved(credential(OWN)), proved(credential(OTHER), key="ed25519 other")), id="two credentials"),
    pytest.param(presentation(envelope()), id="an enveloped credential"),
    pytest.param(presentation(credential(OWN), holder=OWN), id="what the holder says of themselves"),
]  # fmt: skip


@pytest.mark.parametrize("document", GOOD_PRESENTATIONS)
def test_a_good_presentation_is_believed(client: FlaskClient, document: JsonObject) -> None:
    assert believed(show(client, presented(document), checks=[]))
    assert believed(
        show(client, presented(document, challenge="c", domain="d.example"), challenge="c", domain="d.example")
    )


BAD_PRESENTATIONS = [
    pytest.param(presentation(**{"@context": None}), id="no context"),
    pytest.param(presentation(**{"@context": [EXAMPLES]}), id="no base context"),
    pytest.param(presentation(**{"@context": [{"Shown": "https://example.org/#Shown"}, v.CREDENTIALS_V2]}), id="the base context second"),
    pytest.param(presentation(type=None), id="no type"),
    pytest.param(presentation(type=["https://example.org/#Other"]), id="another type alone"),
    pytest.param(presentation(id=["urn:a:1", "urn:a:2"]), id="two ids"),
    pytest.param(presentation(holder="z6Mkholder"), id="a holder that is no URL"),
    pytest.param(presentation(holder={"name": "Acme"}), id="a holder without an id"),
    pytest.param(presentation(holder=OTHER), id="a holder who did not sign"),
    pytest.param(presentation("eyJhbGciOiJFUzI1NiJ9.e30.c2ln"), id="a text for a credential"),
    pytest.param(presentation(verifiableCredential=[]), id="no credential in the list"),
    pytest.param(presentation(credential(OWN)), id="an unsigned credential and no holder"),
    pytest.param(presentation(credential(OTHER), holder=OWN), id="an unsigned credential of somebody else's"),
    pytest.param(presentation(credential(OWN, type=[]), holder=OWN), id="an unsigned credential without a type"),
    pytest.param(presentation(proved(credential(OTHER)), holder=OWN), id="a credential that its issuer did not sign"),
    pytest.param(presentation(proved(credential(OWN)) | {"validUntil": "2030-01-01T00:00:00Z"}), id="a credential that was changed"),
    pytest.param(presentation(proved(credential(OWN, validUntil="2026-01-01T00:00:00Z"))), id="a credential that is over"),
    pytest.param(presentation(proved(credential(OWN), **AUTHENTICATION)), id="a credential signed to show and not to say"),
    pytest.param(presentation(*[credential(OWN)] * (MAX_PRESENTED + 1), holder=OWN), id="one credential over the limit"),
]  # fmt: skip


@pytest.mark.parametrize("document", BAD_PRESENTATIONS)
def test_a_bad_presentation_is_refused(client: FlaskClient, document: JsonObject) -> None:
    assert not believed(show(client, presented(document, hashing=hashed_as_it_stands), checks=[]))


def test_a_presentation_without_a_proof_or_with_a_statements_proof_is_refused(client: FlaskClient) -> None:
    assert not believed(show(client, presentation()))
    assert not believed(show(client, proved(presentation())))
    assert not believed(show(client, {"type": ["NonconformingDocument"]}))


# --- bodies ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/credentials/verify", "/presentations/verify"])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"verifiableCredential": 1, "verifiablePresentation": 1}', id="numbers"),
        pytest.param(b'{"verifiableCredential": {}, "verifiablePresentation": {}}', id="empty objects"),
        pytest.param(b'{"verifiableCredential": {}, "verifiablePresentation": {}, "options": 1}', id="a number for options"),
        pytest.param(b'{"verifiableCredential": {}, "verifiablePresentation": {}, "options": {"checks": "proof"}}', id="a text for checks"),
        pytest.param(b'{"verifiableCredential": {}, "verifiablePresentation": {}, "options": {"checks": ["none"]}}', id="an unknown check"),
        pytest.param(b'{"verifiableCredential": {}, "verifiableCredential": {}}', id="a member twice"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
    ],
)  # fmt: skip
def test_a_body_that_holds_nothing_to_verify_is_refused(client: FlaskClient, path: str, body: bytes) -> None:
    assert not believed(client.post(path, data=body, content_type="application/json"))


def test_a_fault_of_ours_is_no_pass(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("verifier.generic.examine", broken)
    assert not believed(ask(client, proved(credential(OWN))))
