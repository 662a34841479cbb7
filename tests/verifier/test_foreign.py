"""Badges from anywhere: other ways to keep status and to refresh, other issuers, and what this verifier does not hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from keys.did import did_key_of
from keys.signing import add_proof
from schemas import vocabulary as v
from schemas.credential import Credential
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_REFRESH_SERVICES
from tests.simulator import NOW, SIGNED, Party, Simulator, edited, foreign_badge, signer
from verifier.checks.current import _refresh_services
from verifier.inspection import Inspection
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.proofs import Scene
from verifier.report import CurrentVerdict, GenuineVerdict, Report
from verifier.revocations import read_revocation_list
from verifier.verify import Surroundings

STRANGER = Party(
    base_url="https://badges.example.org", name="Example Academy", prefix="academy-", key_names=("ed25519",)
)
LIST_URL = "https://badges.example.org/revoked.json"
REFRESH_URL = "https://badges.example.org/refresh/1"
EXTENDED = [v.CREDENTIALS_V2, v.OB3_CONTEXT, v.OB3_EXTENSIONS]


@pytest.fixture
def simulator() -> Simulator:
    made = Simulator()
    STRANGER.publish(made.web)
    return made


def found(report: Report, check_id: str) -> tuple[str, str]:
    check = report.check(check_id)
    return check.outcome.value, check.reason


def foreign(simulator: Simulator, **changes: Any) -> JsonObject:
    """A badge of somebody the register has never heard of."""
    unsigned = foreign_badge(STRANGER) | {"@context": EXTENDED} | changes
    return simulator.sign(unsigned, party=STRANGER)


# --- 1EdTechRevocationList ------------------------------------------------------------------------------------------
BADGE_ID = f"{STRANGER.base_url}/badges/mfzwizltoqxgk3lqmvzgc5dfme"


def revocations(*members: JsonObject, **changes: Any) -> JsonObject:
    document: JsonObject = {"id": LIST_URL, "issuer": STRANGER.did, "revokedCredential": list(members)}
    return {name: value for name, value in (document | changes).items() if value is not None}


def listed_badge(simulator: Simulator) -> JsonObject:
    return foreign(simulator, credentialStatus={"id": LIST_URL, "type": "1EdTechRevocationList"})


REVOKED = [
    pytest.param(revocations(), "passed", "not-revoked", id="nothing in it"),
    pytest.param(revocations({"id": "https://badges.example.org/badges/other"}), "passed", "not-revoked", id="another badge in it"),
    pytest.param(revocations({"id": BADGE_ID}), "failed", "withdrawn", id="it is in it"),
    pytest.param(revocations({"id": BADGE_ID, "revoked": True, "revocationReason": "Issued twice"}), "failed", "withdrawn", id="it is in it, with a reason"),
    pytest.param(revocations({"id": BADGE_ID, "revoked": False}), "passed", "not-revoked", id="it is in it as not revoked"),
    pytest.param(revocations({"id": f" {BADGE_ID.replace('badges/', 'badges%2F')}"}), "failed", "withdrawn", id="it is in it, written another way"),
    pytest.param(revocations({"id": BADGE_ID, "revoked": False}, {"id": BADGE_ID}), "failed", "withdrawn", id="it is in it twice, once revoked"),
    pytest.param(revocations(issuer={"id": STRANGER.did, "type": "Profile"}), "passed", "not-revoked", id="the issuer as an object"),
    pytest.param(revocations(issuer="did:web:other.example"), "unknown", "status-list-foreign", id="another issuer's list"),
    pytest.param(revocations({"id": BADGE_ID}, issuer="did:web:other.example"), "unknown", "status-list-foreign", id="another issuer's list with it in"),
    pytest.param(revocations(issuer=None), "unknown", "status-list-foreign", id="nobody's list"),
    pytest.param(revocations(id="https://badges.example.org/other"), "unknown", "status-list-elsewhere", id="a list of another address"),
    pytest.param(revocations(revokedCredential=None), "unknown", "status-list-malformed", id="no list in it"),
    pytest.param(revocations({"revoked": True}), "unknown", "status-list-malformed", id="an entry for nobody"),
    pytest.param(revocations({"id": BADGE_ID, "revoked": "yes"}), "unknown", "status-list-malformed", id="an entry that says neither"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "outcome", "reason"), REVOKED)
def test_a_revocation_list_of_1edtech_is_read(
    simulator: Simulator, document: JsonObject, outcome: str, reason: str
) -> None:
    simulator.web.put(LIST_URL, document)
    report = simulator.check(listed_badge(simulator))
    assert found(report, "status.revocation") == (outcome, reason)
    verdicts = {"passed": "current", "failed": "withdrawn", "unknown": "unconfirmed"}
    assert report.current.verdict == verdicts[outcome]
    assert report.genuine.verdict is GenuineVerdict.VALID


@pytest.mark.parametrize(
    "body", [pytest.param(b"<html>", id="a page"), pytest.param(b"[]", id="a list of nothing"), pytest.param(b"", id="nothing")]
)  # fmt: skip
def test_a_revocation_list_that_cannot_be_read_is_unknown(simulator: Simulator, body: bytes) -> None:
    simulator.web.put(LIST_URL, body)
    assert found(simulator.check(listed_badge(simulator)), "status.revocation") == ("unknown", "status-list-malformed")


def test_a_revocation_list_that_cannot_be_reached_is_unknown_and_never_a_pass(simulator: Simulator) -> None:
    report = simulator.check(listed_badge(simulator))
    assert found(report, "status.revocation") == ("unknown", "status-unreachable")
    assert report.current.verdict is CurrentVerdict.UNCONFIRMED


def test_an_old_copy_of_a_revocation_list_says_nothing(simulator: Simulator) -> None:
    simulator.web.put(LIST_URL, revocations())
    simulator.web.retrieved_at = NOW - timedelta(days=31)
    assert found(simulator.check(listed_badge(simulator)), "status.revocation") == ("unknown", "status-list-stale")


@pytest.mark.parametrize(
    ("badge", "entry"),
    [
        pytest.param({}, {"id": LIST_URL, "type": "1EdTechRevocationList"}, id="a badge without an id"),
        pytest.param({"id": BADGE_ID}, {"type": "1EdTechRevocationList"}, id="an entry without a list"),
    ],
)
def test_what_cannot_be_looked_for_is_unknown(simulator: Simulator, badge: JsonObject, entry: JsonObject) -> None:
    """The schema asks for both; an endorsement that is no badge could still come without."""
    scene = Scene(policy=BADGE_POLICY, fetch=simulator.web, edition=None, at=NOW)
    found_out = read_revocation_list(entry, badge=Credential.parse(badge), scene=scene)
    assert (found_out.outcome.value, found_out.reason) == ("unknown", "status-entry-malformed")


def test_an_unsigned_list_clears_no_issuer_who_has_keys_for_lists_in_the_register(simulator: Simulator) -> None:
    """Whoever takes over a provider's domain could otherwise serve an empty one."""
    url = f"{simulator.provider.base_url}/revoked.json"
    unsigned = simulator.badge(credentialStatus={"id": url, "type": "1EdTechRevocationList"})
    badge = simulator.sign(unsigned | {"@context": EXTENDED})
    simulator.web.put(url, {"id": url, "issuer": simulator.provider.did, "revokedCredential": []})
    assert found(simulator.check(badge), "status.revocation") == ("unknown", "status-list-unproven")
    assert found(simulator.check(badge, register=False), "status.revocation") == ("passed", "not-revoked")
    simulator.web.put(url, {"id": url, "issuer": simulator.provider.did, "revokedCredential": [{"id": badge["id"]}]})
    assert simulator.check(badge).current.verdict is CurrentVerdict.WITHDRAWN


def test_an_endorsement_may_be_withdrawn_by_such_a_list_too(simulator: Simulator) -> None:
    endorsement: JsonObject = {
        "@context": EXTENDED,
        "id": "https://badges.example.org/endorsements/1",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "An endorsement",
        "issuer": {"id": STRANGER.did, "type": ["Profile"], "name": STRANGER.name},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": simulator.provider.did, "type": ["EndorsementSubject"]},
        "credentialStatus": {"id": LIST_URL, "type": "1EdTechRevocationList"},
    }
    signed = simulator.sign(endorsement, party=STRANGER)
    badge = simulator.sign(simulator.badge(endorsement=[signed]))
    for members, outcome in (((), "passed"), (({"id": endorsement["id"]},), "failed")):
        simulator.web.put(LIST_URL, revocations(*members))
        assert found(simulator.check(badge), "endorsements")[0] == outcome


# --- 1EdTechCredentialRefresh -----------------------------------------------------------------------------------------
def refreshable(simulator: Simulator, **changes: Any) -> JsonObject:
    service = {"id": REFRESH_URL, "type": "1EdTechCredentialRefresh"}
    return foreign(simulator, id="urn:uuid:0f6b6b6c-9a53-4e9b-9b6c-2b1c3d4e5f60", refreshService=service, **changes)


NEWER = "2026-08-01T00:00:00Z"
REFRESHED: list[Any] = [
    pytest.param(lambda s: refreshable(s, validFrom=NEWER), "failed", "replaced", id="a newer one"),
    pytest.param(refreshable, "passed", "newest", id="the same one"),
    pytest.param(lambda s: refreshable(s, validFrom="2026-01-01T00:00:00Z"), "passed", "newest", id="an older one"),
    pytest.param(lambda s: refreshable(s, validFrom="2027-01-01T00:00:00Z"), "passed", "newest", id="one dated ahead"),
    pytest.param(lambda s: edited(refreshable(s, validFrom=NEWER), "name", value="Changed"), "unknown", "newer-not-genuine", id="a newer one that is not genuine"),
    pytest.param(lambda s: foreign(s, validFrom=NEWER), "unknown", "address-holds-another", id="another badge"),
    pytest.param(lambda _s: {"hello": "there"}, "unknown", "address-holds-another", id="something else"),
    pytest.param(lambda _s: b"<p>", "unknown", "address-unreadable", id="no badge at all"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "outcome", "reason"), REFRESHED)
def test_a_refresh_service_is_asked_for_a_newer_badge(
    simulator: Simulator, make: Callable[[Simulator], JsonObject | bytes], outcome: str, reason: str
) -> None:
    simulator.web.put(REFRESH_URL, make(simulator))
    report = simulator.check(refreshable(simulator))
    assert found(report, "lineage") == (outcome, reason)
    assert report.current.verdict == ("replaced" if outcome == "failed" else "current")
    assert report.genuine.verdict is GenuineVerdict.VALID
    if reason == "replaced":
        assert REFRESH_URL in report.check("lineage").sentence


def test_a_refresh_service_that_does_not_answer_leaves_the_badge_as_it_is_and_is_told(simulator: Simulator) -> None:
    report = simulator.check(refreshable(simulator))
    assert found(report, "lineage") == ("unknown", "refresh-unreachable")
    assert report.current.verdict is CurrentVerdict.CURRENT


def test_a_refresh_service_is_asked_once_and_its_answer_asks_nobody(simulator: Simulator) -> None:
    other = "https://badges.example.org/refresh/2"
    newer = refreshable(simulator, validFrom=NEWER)
    unsigned = {name: value for name, value in newer.items() if name != "proof"}
    chained = simulator.sign(
        unsigned | {"refreshService": {"id": other, "type": "1EdTechCredentialRefresh"}}, party=STRANGER
    )
    simulator.web.put(REFRESH_URL, chained)
    assert found(simulator.check(refreshable(simulator)), "lineage") == ("failed", "replaced")
    assert simulator.web.asked.count(REFRESH_URL) == 1
    assert other not in simulator.web.asked


def test_a_bound_badge_is_not_outranked_by_a_refresh_service_that_somebody_took_over(simulator: Simulator) -> None:
    thief = Party(prefix="thief-", key_names=("ed25519",))
    service = {"id": REFRESH_URL, "type": "1EdTechCredentialRefresh"}
    unsigned = simulator.badge(refreshService=service) | {"@context": EXTENDED}
    badge = simulator.sign(unsigned)
    thief.publish(simulator.web)
    newer = simulator.sign(unsigned | {"validFrom": NEWER}, party=thief, method=f"{thief.did}#ed25519")
    simulator.web.put(REFRESH_URL, newer)
    assert found(simulator.check(badge), "lineage") == ("unknown", "newer-not-genuine")


def test_a_refresh_service_of_an_unknown_kind_is_named(simulator: Simulator) -> None:
    service = {"id": REFRESH_URL, "type": "1EdTechRevocationList"}
    badge = foreign(simulator, id="urn:uuid:0f6b6b6c-9a53-4e9b-9b6c-2b1c3d4e5f60", refreshService=service)
    report = simulator.check(badge)
    assert found(report, "lineage") == ("unknown", "refresh-type-unknown")
    assert "1EdTechRevocationList" in report.check("lineage").sentence


def test_one_refresh_service_over_the_limit_is_not_asked(simulator: Simulator) -> None:
    urls = [f"https://badges.example.org/refresh/{n}" for n in range(MAX_REFRESH_SERVICES + 1)]
    services = [{"id": url, "type": "1EdTechCredentialRefresh"} for url in urls]
    subject = intake_bytes(write_json(foreign_badge(STRANGER) | {"refreshService": services}), name="badge")
    around = Surroundings(fetch=simulator.web)
    assert len(list(_refresh_services(Inspection(subject, policy=BADGE_POLICY, surroundings=around, at=NOW)))) == 2
    assert urls[-1] not in simulator.web.asked


# --- issuers of every kind ----------------------------------------------------------------------------------------------
def test_a_did_key_is_an_issuer(simulator: Simulator) -> None:
    key = signer("ed25519 somebody")
    did = did_key_of(key.public_key)
    unsigned = edited(foreign_badge(STRANGER), "issuer", "id", value=did)
    method = f"{did}#{did.removeprefix('did:key:')}"
    badge = add_proof(unsigned, signer=key, cryptosuite=v.EDDSA_RDFC_2022, verification_method=method, created=SIGNED)
    report = simulator.check(badge)
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert report.accredited.verdict == "not-applicable", "shown, and never green"


PROFILE_URL = "https://badges.example.org/issuer"
AT_HOME = f"{PROFILE_URL}#key-1"
ELSEWHERE = "https://badges.example.org/keys/1"


def profile(method: JsonObject | None, listed: str) -> JsonObject:
    document: JsonObject = {
        "@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT, v.MULTIKEY_V1],
        "id": PROFILE_URL,
        "type": ["Profile"],
        "name": STRANGER.name,
        "assertionMethod": [listed],
    }
    return document if method is None else document | {"verificationMethod": [method]}


def https_badge(simulator: Simulator, method: str) -> JsonObject:
    return simulator.sign(
        edited(foreign_badge(STRANGER), "issuer", "id", value=PROFILE_URL), party=STRANGER, method=method
    )


def key_entry(method: str, **changes: Any) -> JsonObject:
    public = STRANGER.signer("ed25519").public_key.multibase
    return {"id": method, "type": "Multikey", "controller": PROFILE_URL, "publicKeyMultibase": public} | changes


def test_an_https_issuers_profile_gives_its_key(simulator: Simulator) -> None:
    simulator.web.put(PROFILE_URL, profile(key_entry(AT_HOME), AT_HOME))
    assert simulator.check(https_badge(simulator, AT_HOME)).genuine.verdict is GenuineVerdict.VALID


def test_a_key_elsewhere_counts_when_both_name_each_other(simulator: Simulator) -> None:
    simulator.web.put(PROFILE_URL, profile(None, ELSEWHERE))
    simulator.web.put(ELSEWHERE, key_entry(ELSEWHERE))
    badge = https_badge(simulator, ELSEWHERE)
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.VALID
    simulator.web.put(ELSEWHERE, key_entry(ELSEWHERE, controller="https://other.example/issuer"))
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.INVALID


def test_a_key_in_the_address_itself_is_not_believed(simulator: Simulator) -> None:
    """1EdTech's own validator believes it: anybody could sign as any https issuer."""
    public = STRANGER.signer("ed25519").public_key.multibase
    simulator.web.put(PROFILE_URL, profile(None, AT_HOME))
    badge = https_badge(simulator, f"{PROFILE_URL}#{public}")
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.INVALID


def test_an_https_issuer_that_cannot_be_reached_is_unconfirmed(simulator: Simulator) -> None:
    assert simulator.check(https_badge(simulator, AT_HOME)).genuine.verdict is GenuineVerdict.UNCONFIRMED


# --- what is not held, with its name -------------------------------------------------------------------------------------
def test_a_context_that_is_not_held_is_unknown_and_named(simulator: Simulator) -> None:
    url = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
    badge = foreign(simulator) | {"@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT, url]}
    report = simulator.check(badge)
    assert report.genuine.verdict is GenuineVerdict.UNCONFIRMED
    assert url in report.check("conforms").sentence


def test_a_suite_that_is_not_read_is_unknown_and_named(simulator: Simulator) -> None:
    badge = foreign(simulator)
    badge["proof"][0] |= {"cryptosuite": "bbs-2023", "proofValue": "u2V0DhVhA"}
    report = simulator.check(badge)
    assert report.genuine.verdict is GenuineVerdict.UNCONFIRMED
    assert "bbs-2023" in report.check("proof").sentence


def test_a_status_that_is_not_read_is_unknown_and_named(simulator: Simulator) -> None:
    report = simulator.check(foreign(simulator, credentialStatus={"id": LIST_URL, "type": "1EdTechCredentialRefresh"}))
    assert report.current.verdict is CurrentVerdict.UNCONFIRMED
    assert "1EdTechCredentialRefresh" in report.check("status.revocation").sentence


def test_a_did_method_that_is_not_read_is_unknown(simulator: Simulator) -> None:
    unsigned = edited(foreign_badge(STRANGER), "issuer", "id", value="did:ion:EiClkZMDxPKqC9c")
    badge = simulator.sign(unsigned, party=STRANGER, method="did:ion:EiClkZMDxPKqC9c#key-1")
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.UNCONFIRMED
