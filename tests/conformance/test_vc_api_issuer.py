"""The issuer's VC-API as the public suites use it: VC Data Model 2.0, Data Integrity, Bitstring Status List, VC-API.

The facts are theirs, stated anew: what must be issued, what must be refused, and what an issued credential looks like.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from issuer.cli import badge_issuer
from issuer.conformance import FOLDER
from issuer.instance import load_config
from keys.did import split_did_url
from keys.keyring import Keyring, Purpose
from schemas import vocabulary as v
from schemas.jsontext import JsonObject
from schemas.manifest import context_text
from tests.conformance.vcapi import EXAMPLES, LEARNER, credential, did_of, served_by
from tests.issuer.provider import BASE_URL, NOW, make_instance
from tests.issuer.web.conftest import make_site, site_of
from tests.selective import of_an_issuer
from verifier.web.app import Service
from verifier.web.app import make_app as make_verifier

JSON = "application/json"
OTHER_SERVICE = "https://example.org/terms#Service"  # a type written as a URL needs no context
TERM = {"Check": "https://example.org/terms#Check"}  # an inline context


@dataclass(frozen=True, kw_only=True)
class Ends:
    """The two servers. `dids` are the issuer's keys by kind."""

    issuer: FlaskClient
    verifier: FlaskClient
    dids: dict[str, str]
    folder: Path

    def issue(self, document: object, **options: Any) -> Any:
        return self.issuer.post("/credentials/issue", json={"credential": document, "options": options})

    def issued(self, document: object, **options: Any) -> JsonObject:
        answer = self.issue(document, **options)
        assert answer.status_code == 201, answer.json
        found: JsonObject = answer.json["verifiableCredential"]
        return found

    def verify(self, document: object, *checks: str) -> Any:
        options = {"checks": list(checks)} if checks else {}
        return self.verifier.post("/credentials/verify", json={"verifiableCredential": document, "options": options})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    defaults = Keyring.__init__.__kwdefaults__
    before = dict(defaults)
    defaults["scrypt_n"] = 2**4
    yield make_instance(tmp_path_factory.mktemp("vc-api") / "instance")
    defaults.update(before)


@pytest.fixture(scope="module")
def ends(folder: Path) -> Iterator[Ends]:
    app = make_site(folder, vc_api=True, origin=None)
    issuer = app.test_client()
    verifier = make_verifier(Service(network=served_by(issuer, BASE_URL), clock=lambda: NOW)).test_client()
    dids = {one["keyType"]: one["id"] for one in issuer.get("/credentials/issuers").json["issuers"]}
    yield Ends(issuer=issuer, verifier=verifier, dids=dids, folder=folder)
    site_of(app).close()


def digest_sri(text: bytes, name: str = "sha384") -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, text).digest()).decode()}"


def digest_multibase(text: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")


NEW_TEXT, OLD_TEXT = (context_text(v.CREDENTIALS_V2, edition) for edition in ("current", "8d0ee107"))


def resource(**members: Any) -> JsonObject:
    return {"id": v.CREDENTIALS_V2, **members}


# --- what is issued -------------------------------------------------------------------------------------------------
ISSUED = [
    pytest.param({}, id="nothing but what must be there"),
    pytest.param({"id": "https://example.org/credentials/1"}, id="an id"),
    pytest.param({"@context": [v.CREDENTIALS_V2, EXAMPLES], "type": ["VerifiableCredential", "AnyCredential"]}, id="a type of the examples context"),
    pytest.param({"@context": [v.CREDENTIALS_V2, TERM], "type": ["VerifiableCredential", "Check"]}, id="a type of an inline context"),
    pytest.param({"type": ["https://example.org/#One", "VerifiableCredential", "https://example.org/#Two"]}, id="types written as URLs, in any order"),
    pytest.param({"credentialSubject": [{"id": LEARNER}, {"id": "did:example:other"}]}, id="several subjects"),
    pytest.param({"credentialSubject": {"name": "Somebody"}}, id="a subject without an id"),
    pytest.param({"name": "Seeds", "description": "Of trees"}, id="a name and a description"),
    pytest.param({"name": {"@value": "Kākano", "@language": "mi"}}, id="a name in a language"),
    pytest.param({"name": {"@value": "Seeds", "@language": "en", "@direction": "ltr"}}, id="a name with a direction"),
    pytest.param({"name": [{"@value": "Seeds", "@language": "en"}, {"@value": "Kākano", "@language": "mi"}]}, id="a name in two languages"),
    pytest.param({"validFrom": "2023-02-26T01:02:58.447Z", "validUntil": "2099-02-26T01:02:58.447Z"}, id="times with a fraction"),
    pytest.param({"validFrom": "2023-02-25T19:10:39-06:00"}, id="a time with an offset"),
    pytest.param({"validFrom": "4023-02-26T01:02:58Z"}, id="a start far ahead"),
    pytest.param({"validFrom": "2023-02-26T01:19:19Z", "validUntil": "2023-02-26T01:19:20Z"}, id="a period that is over"),
    pytest.param({"credentialStatus": {"type": OTHER_SERVICE}}, id="a status of another kind, without an id"),
    pytest.param({"credentialSchema": [{"id": "did:example:1", "type": OTHER_SERVICE}, {"id": "did:example:2", "type": OTHER_SERVICE}]}, id="schemas"),
    pytest.param({"refreshService": {"id": "did:example:1", "type": OTHER_SERVICE}}, id="a refresh service"),
    pytest.param({"termsOfUse": [{"type": OTHER_SERVICE}, {"type": OTHER_SERVICE}]}, id="terms of use"),
    pytest.param({"@context": [v.CREDENTIALS_V2, TERM], "evidence": {"type": "Check"}}, id="evidence"),
    pytest.param({"relatedResource": [resource(digestSRI=digest_sri(NEW_TEXT), mediaType="application/ld+json")]}, id="a related resource by SHA-384"),
    pytest.param({"relatedResource": [resource(digestSRI=digest_sri(OLD_TEXT))]}, id="a related resource by its older text"),
    pytest.param({"relatedResource": resource(digestMultibase=digest_multibase(NEW_TEXT))}, id="a related resource by bare SHA-256"),
    pytest.param({"relatedResource": resource(digestMultibase=digest_multibase(NEW_TEXT), digestSRI=digest_sri(NEW_TEXT))}, id="a related resource by two digests"),
]  # fmt: skip


@pytest.mark.parametrize("changes", ISSUED)
def test_what_the_data_model_allows_is_issued_and_verifies(ends: Ends, changes: JsonObject) -> None:
    document = credential(ends.dids["Ed25519"], **changes)
    signed = ends.issued(document)
    assert {name: signed[name] for name in document} == document, "nothing that was given is changed"
    answer = ends.verify(signed, "proof")
    over = "validUntil" in document and document["validUntil"].startswith("2023")
    ahead = document.get("validFrom", "").startswith("4023")
    assert answer.status_code == (400 if over or ahead else 200), answer.json


@pytest.mark.parametrize("key", ["Ed25519", "P-256", "P-384"])
def test_an_issuer_with_a_name_is_issued(ends: Ends, key: str) -> None:
    issuer = {"id": ends.dids[key], "name": [{"@value": "Somebody", "@language": "en"}], "description": "Issues"}
    assert ends.issued(credential(ends.dids[key], issuer=issuer))["issuer"] == issuer


# --- what is refused ------------------------------------------------------------------------------------------------
NO_TYPE: JsonObject = {"id": "did:example:thing"}
REFUSED = [
    pytest.param({"@context": None}, id="no context"),
    pytest.param({"@context": 4}, id="a number for contexts"),
    pytest.param({"@context": False}, id="false for contexts"),
    pytest.param({"@context": []}, id="an empty list of contexts"),
    pytest.param({"@context": [EXAMPLES]}, id="no base context"),
    pytest.param({"@context": [EXAMPLES, v.CREDENTIALS_V2]}, id="the base context second"),
    pytest.param({"@context": [v.CREDENTIALS_V2, "https ://not-a-url/v1"]}, id="a context that is no URL"),
    pytest.param({"@context": [v.CREDENTIALS_V2, "https://example.org/unheld/v1"]}, id="a context that is not held"),
    pytest.param({"@context": [v.CREDENTIALS_V2, 1234]}, id="a number among the contexts"),
    pytest.param({"@context": [v.CREDENTIALS_V2, {"VerifiableCredential": "https://example.org/#Bad"}]}, id="a protected term defined anew"),
    pytest.param({"@context": [v.CREDENTIALS_V2, {"@protected": True, "Check": "https://example.org/#a"}, {"Check": "https://example.org/#b"}]}, id="a term of its own protected and defined anew"),
    pytest.param({"type": None}, id="no type"),
    pytest.param({"type": 4}, id="a number for a type"),
    pytest.param({"type": []}, id="no types in the list"),
    pytest.param({"type": [None]}, id="null for a type"),
    pytest.param({"type": ["OtherCredential"]}, id="not a VerifiableCredential"),
    pytest.param({"type": ["VerifiableCredential", "Undefined"]}, id="a type that no context defines"),
    pytest.param({"@context": [v.CREDENTIALS_V2, {"Odd": "https ://not-a-url#Odd"}], "type": ["VerifiableCredential", "Odd"]}, id="a type that maps to no URL"),
    pytest.param({"@context": [v.CREDENTIALS_V2, {"@vocab": None}], "type": ["VerifiableCredential", "Odd"]}, id="a type that is unmapped"),
    pytest.param({"id": ["https://example.org/1", "https://example.org/2"]}, id="two ids"),
    pytest.param({"id": "https ://not-a-url/1"}, id="an id that is no URL"),
    pytest.param({"issuer": None}, id="no issuer"),
    pytest.param({"issuer": True}, id="true for an issuer"),
    pytest.param({"issuer": []}, id="a list for an issuer"),
    pytest.param({"issuer": "somebody"}, id="an issuer that is no URL"),
    pytest.param({"issuer": {"id": "somebody"}}, id="an issuer whose id is no URL"),
    pytest.param({"issuer": {"name": "Somebody"}}, id="an issuer without an id"),
    pytest.param({"issuer": "did:example:somebody-else"}, id="somebody else as the issuer"),
    pytest.param({"credentialSubject": None}, id="no subject"),
    pytest.param({"credentialSubject": {}}, id="a subject of whom nothing is said"),
    pytest.param({"credentialSubject": [{"id": LEARNER}, {}]}, id="a second subject of whom nothing is said"),
    pytest.param({"credentialSubject": LEARNER}, id="a text for a subject"),
    pytest.param({"credentialSubject": []}, id="no subject in the list"),
    pytest.param({"credentialSubject": {"id": ["did:example:1", "did:example:2"]}}, id="a subject with two ids"),
    pytest.param({"credentialSubject": {"id": LEARNER, "undefinedTerm": 1}}, id="a term that no context defines"),
    pytest.param({"statusEntry": {"type": v.BITSTRING_ENTRY, "statusListIndex": True}}, id="a member that no context defines"),
    pytest.param({"validFrom": "Sat 25 Feb 2023 07:16:31 PM"}, id="a start that is no time"),
    pytest.param({"validUntil": "Sun, 26 Feb 2023 01:22:14 +0000"}, id="an end that is no time"),
    pytest.param({"validFrom": "2023-02-26T01:21:51"}, id="a time without a zone"),
    pytest.param({"validFrom": "2099-01-01T00:00:00Z", "validUntil": "2020-01-01T00:00:00Z"}, id="an end before its start"),
    pytest.param({"name": {"@value": "Seeds", "@language": "en", "url": "did:example:x"}}, id="a name with something else in it"),
    pytest.param({"description": 4}, id="a number for a description"),
    pytest.param({"credentialStatus": NO_TYPE}, id="a status without a type"),
    pytest.param({"credentialStatus": {"id": "did:example:s", "type": 2}}, id="a status whose type is a number"),
    pytest.param({"credentialStatus": {"id": ["did:example:1", "did:example:2"], "type": OTHER_SERVICE}}, id="a status with two ids"),
    pytest.param({"credentialStatus": {"id": "https ://not-a-url/4", "type": OTHER_SERVICE}}, id="a status whose id is no URL"),
    pytest.param({"credentialSchema": {"type": OTHER_SERVICE}}, id="a schema without an id"),
    pytest.param({"credentialSchema": NO_TYPE}, id="a schema without a type"),
    pytest.param({"credentialSchema": {"id": "https ://not-a-url", "type": OTHER_SERVICE}}, id="a schema whose id is no URL"),
    pytest.param({"refreshService": NO_TYPE}, id="a refresh service without a type"),
    pytest.param({"termsOfUse": {}}, id="empty terms of use"),
    pytest.param({"termsOfUse": NO_TYPE}, id="terms of use without a type"),
    pytest.param({"evidence": {}}, id="empty evidence"),
    pytest.param({"evidence": "a photograph"}, id="a text for evidence"),
    pytest.param({"proof": {"created": "2023-03-01T16:53:26Z", "proofValue": "z58"}}, id="a proof without a type"),
    pytest.param({"relatedResource": ["https://www.w3.org/ns/credentials/v2"]}, id="a related resource that is a text"),
    pytest.param({"relatedResource": []}, id="no related resource in the list"),
    pytest.param({"relatedResource": {"digestSRI": digest_sri(NEW_TEXT)}}, id="a related resource without an id"),
    pytest.param({"relatedResource": [resource(digestSRI=digest_sri(NEW_TEXT))] * 2}, id="a related resource twice"),
    pytest.param({"relatedResource": resource(mediaType="application/json")}, id="a related resource without a digest"),
    pytest.param({"relatedResource": resource(digestSRI=digest_sri(b"another text"))}, id="a related resource with a wrong SHA-384"),
    pytest.param({"relatedResource": resource(digestMultibase=digest_multibase(b"another text"))}, id="a related resource with a wrong SHA-256"),
    pytest.param({"relatedResource": resource(digestSRI="sha384-tooshort")}, id="a related resource with half a digest"),
    pytest.param({"relatedResource": [{"id": f"https://example.org/{n}", "digestSRI": digest_sri(b"x")} for n in range(9)]}, id="one related resource over the limit"),
]  # fmt: skip


@pytest.mark.parametrize("changes", REFUSED)
def test_what_the_data_model_forbids_is_refused(ends: Ends, changes: JsonObject) -> None:
    answer = ends.issue(credential(ends.dids["Ed25519"], **changes))
    assert answer.status_code == 400, answer.json
    assert answer.mimetype == "application/problem+json"
    assert answer.json["errors"]


def test_null_for_an_id_is_refused(ends: Ends) -> None:
    assert ends.issue(credential(ends.dids["Ed25519"]) | {"id": None}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"verifiableCredential": {}}, id="another member"),
        pytest.param({"credential": []}, id="a list"),
        pytest.param([], id="a list as the body"),
        pytest.param({"credential": {}, "options": 4}, id="a number for options"),
    ],
)
def test_a_body_that_asks_for_nothing_is_refused(ends: Ends, body: object) -> None:
    assert ends.issuer.post("/credentials/issue", json=body).status_code == 400
    assert ends.issuer.post("/credentials/issue", data=b"{", content_type=JSON).status_code == 400


# --- proofs -----------------------------------------------------------------------------------------------------------
SUITES = [
    pytest.param("Ed25519", v.EDDSA_RDFC_2022, id="eddsa-rdfc-2022"),
    pytest.param("Ed25519", v.EDDSA_JCS_2022, id="eddsa-jcs-2022"),
    pytest.param("P-256", v.ECDSA_RDFC_2019, id="ecdsa-rdfc-2019 with P-256"),
    pytest.param("P-384", v.ECDSA_RDFC_2019, id="ecdsa-rdfc-2019 with P-384"),
    pytest.param("P-256", v.ECDSA_JCS_2019, id="ecdsa-jcs-2019 with P-256"),
    pytest.param("P-384", v.ECDSA_JCS_2019, id="ecdsa-jcs-2019 with P-384"),
]


@pytest.mark.parametrize(("key", "suite"), SUITES)
@pytest.mark.parametrize("version", [v.CREDENTIALS_V2, v.CREDENTIALS_V1])
def test_a_proof_has_the_form_the_suites_ask_for(ends: Ends, key: str, suite: str, version: str) -> None:
    signed = ends.issued(credential(ends.dids[key], **{"@context": [version]}), cryptosuite=suite)
    proof = signed["proof"]
    assert isinstance(proof, dict)
    assert (proof["type"], proof["cryptosuite"], proof["proofPurpose"]) == (
        "DataIntegrityProof",
        suite,
        "assertionMethod",
    )
    assert proof["proofValue"].startswith("z")
    base, fragment = split_did_url(proof["verificationMethod"])
    assert (base, f"did:key:{fragment}") == (ends.dids[key], ends.dids[key])
    assert proof["created"].endswith("Z")
    assert v.DATA_INTEGRITY_V2 in signed["@context"] or signed["@context"][0] == v.CREDENTIALS_V2
    assert ends.verify(signed, "proof").status_code == 200


@pytest.mark.parametrize("version", [v.CREDENTIALS_V2, v.CREDENTIALS_V1])
def test_a_base_proof_is_made_and_what_its_holder_derives_verifies(ends: Ends, version: str) -> None:
    document = credential(ends.dids["P-256"], **{"@context": [version]})
    signed = ends.issued(document, cryptosuite=v.ECDSA_SD_2023, mandatoryPointers=["/issuer"])
    assert signed["proof"]["proofValue"].startswith("u2V0A")
    assert ends.verify(signed, "proof").status_code == 400, "a base proof is the holder's own"
    whole = {name: member for name, member in signed.items() if name != "proof"}
    shown = of_an_issuer(signed).derive(whole)
    assert ends.verify(shown, "proof").status_code == 200
    for pointers in (["/nothing"], "issuer", [4]):
        answer = ends.issue(document, cryptosuite=v.ECDSA_SD_2023, mandatoryPointers=pointers)
        assert answer.status_code == 400


def test_the_old_data_model_gets_its_context_and_its_day(ends: Ends) -> None:
    signed = ends.issued(credential(ends.dids["Ed25519"], **{"@context": [v.CREDENTIALS_V1]}))
    assert signed["@context"] == [v.CREDENTIALS_V1, v.DATA_INTEGRITY_V2]
    assert signed["issuanceDate"] == "2026-11-22T03:00:00Z"
    assert "credentialStatus" not in signed


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"cryptosuite": "ecdsa-sd-2023"}, id="selective disclosure with a key of another kind"),
        pytest.param({"cryptosuite": "bbs-2023"}, id="a suite that nobody here knows"),
        pytest.param({"cryptosuite": v.ED25519_SIGNATURE_2020}, id="the old suite, which is only read"),
        pytest.param({"cryptosuite": v.ECDSA_RDFC_2019}, id="a suite that does not go with the key"),
        pytest.param({"cryptosuite": 4}, id="a number"),
    ],
)
def test_a_suite_that_is_not_made_here_is_refused(ends: Ends, options: JsonObject) -> None:
    assert ends.issue(credential(ends.dids["Ed25519"]), **options).status_code == 400


def test_a_term_that_jcs_would_sign_and_json_ld_would_lose_is_refused(ends: Ends) -> None:
    document = credential(ends.dids["Ed25519"]) | {"undefinedTerm": 1}
    assert ends.issue(document, cryptosuite=v.EDDSA_JCS_2022).status_code == 400


# --- status -----------------------------------------------------------------------------------------------------------
def status_of(ends: Ends, signed: JsonObject) -> tuple[JsonObject, JsonObject]:
    entry = signed["credentialStatus"]
    answer = ends.issuer.get(entry["statusListCredential"].removeprefix(BASE_URL))
    assert "json" in answer.content_type
    return entry, json.loads(answer.get_data())


def test_a_status_entry_and_its_list_have_the_form_the_suite_asks_for(ends: Ends) -> None:
    entry, listed = status_of(ends, ends.issued(credential(ends.dids["P-256"])))
    assert entry.keys() == {"id", "type", "statusPurpose", "statusListIndex", "statusListCredential"}
    assert (entry["type"], entry["statusPurpose"]) == (v.BITSTRING_ENTRY, v.REVOCATION)
    assert str(int(entry["statusListIndex"])) == entry["statusListIndex"]
    assert entry["statusListCredential"].startswith("https://")
    assert entry["id"] != entry["statusListCredential"]
    assert listed["id"] == entry["statusListCredential"]
    assert listed["issuer"] == ends.dids["P-256"]
    assert set(listed["type"]) == {"VerifiableCredential", "BitstringStatusListCredential"}
    assert listed["credentialSubject"].keys() == {"id", "type", "statusPurpose", "encodedList"}
    encoded = listed["credentialSubject"]["encodedList"]
    assert encoded.startswith("u")
    assert len(gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=="))) >= 16 * 1024
    assert ends.verify(listed, "proof").status_code == 200


def test_a_credential_that_is_revoked_no_longer_verifies_and_stays_so(ends: Ends) -> None:
    signed = ends.issued(credential(ends.dids["Ed25519"], id="urn:uuid:5b0f5a5e-0c39-4b1f-8a4b-0b4c7f9d2a11"))
    assert ends.verify(signed, "proof", "credentialStatus").status_code == 200
    body = {
        "credentialId": signed["id"],
        "credentialStatus": {"type": v.BITSTRING_ENTRY, "statusPurpose": v.REVOCATION},
    }
    assert ends.issuer.post("/credentials/status", json=body).status_code == 200
    refused = ends.verify(signed, "proof", "credentialStatus")
    assert refused.status_code == 400
    assert refused.json["errors"][0]["title"] == "Credential withdrawn"
    assert ends.verify(signed).status_code == 400, "the status is looked at unless it is left out"
    assert ends.verify(signed, "proof").status_code == 200, "only the proof was asked about"
    assert ends.issuer.post("/credentials/status", json=body | {"status": False}).status_code == 400


def test_a_credential_may_be_put_on_hold_and_taken_off_again(ends: Ends) -> None:
    document = credential(ends.dids["Ed25519"], id="urn:uuid:0d0fcb40-9d4c-4b5c-9fd7-1f2a2a8f2c77")
    signed = ends.issued(document, statusPurpose=v.SUSPENSION)
    body: JsonObject = {"credentialId": signed["id"], "credentialStatus": {"statusPurpose": v.SUSPENSION}}
    for held, status in ((True, 400), (False, 200)):
        assert ends.issuer.post("/credentials/status", json=body | {"status": held}).status_code == 200
        assert ends.verify(signed).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"credentialId": "urn:uuid:unknown", "credentialStatus": {"statusPurpose": "revocation"}}, id="a credential nobody issued"),
        pytest.param({"credentialId": "urn:uuid:unknown", "credentialStatus": {"statusPurpose": "message"}}, id="another purpose"),
        pytest.param({"credentialId": 4, "credentialStatus": {}}, id="a number for an id"),
    ],
)  # fmt: skip
def test_a_status_that_cannot_be_set_is_refused(ends: Ends, body: JsonObject) -> None:
    assert ends.issuer.post("/credentials/status", json=body).status_code == 400


def test_no_get_makes_it_sign(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    entry, _ = status_of(ends, ends.issued(credential(ends.dids["P-384"])))
    monkeypatch.setattr("keys.signing.SoftwareSigner.sign", lambda *_: pytest.fail("a key was used"))
    path = entry["statusListCredential"].removeprefix(BASE_URL)
    assert ends.issuer.get(path).get_data() == ends.issuer.get(path).get_data()


def test_a_list_that_does_not_exist_is_not_found(ends: Ends) -> None:
    assert ends.issuer.get("/credentials/status-lists/ed25519/message").status_code == 404


# --- apart from the badges ----------------------------------------------------------------------------------------------
def test_its_keys_are_of_a_purpose_and_in_a_folder_of_their_own(ends: Ends) -> None:
    own = Keyring(ends.folder / FOLDER / "keys", b"any: nothing is opened")
    assert {entry.purpose for entry in own.entries()} == {Purpose.CONFORMANCE}
    provider = Keyring(ends.folder / "keys", b"any: nothing is opened")
    assert Purpose.CONFORMANCE not in {entry.purpose for entry in provider.entries()}
    assert not {entry.public_key_multibase for entry in own.entries()} & {
        entry.public_key_multibase for entry in provider.entries()
    }
    assert load_config(ends.folder).did not in ends.dids.values()


def test_it_signs_in_nobodys_name_and_not_in_the_providers(ends: Ends) -> None:
    for issuer in (load_config(ends.folder).did, did_of("ed25519")):
        assert ends.issue(credential(issuer)).status_code == 400


def test_without_the_flag_there_is_no_such_endpoint(folder: Path) -> None:
    app = make_site(folder)
    client = app.test_client()
    for path in ("/credentials/issue", "/credentials/status"):
        assert client.post(path, json={}).status_code in {404, 405}
    assert client.get("/credentials/issuers").status_code == 404
    site_of(app).close()


def test_the_flag_says_what_it_is_for() -> None:
    shown = " ".join(CliRunner().invoke(badge_issuer, ["serve", "--help"]).output.split())
    assert "For conformance tests only" in shown


def test_it_says_at_the_start_who_it_signs_as(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.web.serving.Service.run", lambda _service: None)
    started = CliRunner().invoke(badge_issuer, ["--instance", str(ends.folder), "serve", "--vc-api", "--no-worker"])
    assert started.exit_code == 0, started.output
    assert "WARNING" in started.stderr
    assert all(did in started.stderr for did in ends.dids.values())
