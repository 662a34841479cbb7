"""The register is the trust, did:web is the address: whose key, on which day, and what a lost domain can do."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from keys.did import did_web_location
from keys.resolve import no_network
from schemas import vocabulary as v
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_INCLUSION_PATH
from tests.simulator import NOW, SIGNED, AnchorRow, Party, Simulator, edited, signer
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.records import Issuer, KeyPurpose, Provider, ProviderType
from verifier.report import AccreditedVerdict, CurrentVerdict, GenuineVerdict, Report
from verifier.verify import Surroundings, verify

THIEF = signer("ed25519 thief")


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


def found(report: Report, check_id: str) -> tuple[str, str]:
    check = report.check(check_id)
    return check.outcome.value, check.reason


def notices(report: Report, check_id: str) -> list[str]:
    return [notice.code for notice in report.check(check_id).notices]


def site_shows(simulator: Simulator, key_multibase: str | None) -> None:
    """What the domain's present owner publishes as the provider's DID document."""
    document = simulator.provider.did_document()
    for entry in document["verificationMethod"]:
        if entry["id"].endswith("#ed25519"):
            entry["publicKeyMultibase"] = key_multibase
    if key_multibase is None:
        document["verificationMethod"], document["assertionMethod"] = [], []
    simulator.web.put(did_web_location(simulator.provider.did), document)


def change_key(simulator: Simulator, key: str, **changes: Any) -> None:
    method = simulator.provider.method(key)
    simulator.change_register(
        keys=tuple(
            replace(row, **changes) if row.verification_method == method else row for row in simulator.register.keys
        )
    )


def forged(simulator: Simulator, **options: Any) -> JsonObject:
    """A badge in the provider's name, signed by whoever has its domain now."""

    class Squatter(Party):
        def signer(self, key: str) -> Any:  # noqa: ARG002 - one key for everything
            return THIEF

    return simulator.sign(simulator.badge(), party=Squatter(), **options)


# --- the register's key is the key --------------------------------------------------------------------------------
def test_a_bound_key_is_named_with_its_source(simulator: Simulator) -> None:
    report = simulator.check(simulator.good_badge())
    assert found(report, "register.issuer") == ("passed", "bound")
    assert report.check("proof").evidence["proofs"][0]["key_source"] == "the register, edition 1"
    assert notices(report, "proof") == []


def test_if_only_the_sites_key_verifies_the_badge_is_not_genuine(simulator: Simulator) -> None:
    site_shows(simulator, THIEF.public_key.multibase)
    report = simulator.check(forged(simulator))
    assert found(report, "proof") == ("failed", "key-disagrees")
    assert report.genuine.verdict is GenuineVerdict.INVALID


def test_without_a_register_the_same_forgery_is_believed_as_far_as_the_site_goes(simulator: Simulator) -> None:
    """Said plainly: without a register the domain's present owner is the issuer, and nothing is accredited."""
    site_shows(simulator, THIEF.public_key.multibase)
    report = simulator.check(forged(simulator), register=False)
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert report.accredited.verdict is AccreditedVerdict.UNCONFIRMED
    assert "the holder of did:web:" in report.genuine.sentence


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        pytest.param(THIEF.public_key.multibase, "site-key-differs", id="the site shows another key"),
        pytest.param(None, "site-key-differs", id="the site shows no key"),
    ],
)
def test_an_honest_badge_stands_whatever_the_site_shows(simulator: Simulator, shown: str | None, code: str) -> None:
    badge = simulator.good_badge()
    site_shows(simulator, shown)
    report = simulator.check(badge)
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert report.accredited.verdict is AccreditedVerdict.VALID
    assert notices(report, "proof") == [code]


def test_an_honest_badge_stands_when_the_site_says_its_key_was_revoked(simulator: Simulator) -> None:
    document = simulator.provider.did_document()
    document["verificationMethod"][0]["revoked"] = "2026-06-01T00:00:00Z"
    simulator.web.put(did_web_location(simulator.provider.did), document)
    report = simulator.check(simulator.good_badge())
    assert (report.genuine.verdict, notices(report, "proof")) == (GenuineVerdict.VALID, ["site-key-differs"])


def test_an_honest_badge_stands_when_the_domain_is_gone(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    del simulator.web.pages[did_web_location(simulator.provider.did)]
    report = simulator.check(badge)
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert notices(report, "proof") == ["as-bound-in-edition"]


def test_with_no_network_at_all_a_bound_badge_is_genuine_and_accredited_but_not_plainly_current(
    simulator: Simulator,
) -> None:
    report = verify(
        intake_bytes(write_json(simulator.good_badge()), name="badge"),
        policy=BADGE_POLICY,
        surroundings=Surroundings(fetch=no_network, edition=simulator.edition()),
        at=NOW,
    )
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert report.current.verdict is CurrentVerdict.UNCONFIRMED
    assert report.accredited.verdict is AccreditedVerdict.VALID


def test_a_squatter_cannot_step_outside_the_keys_window_and_be_accredited(simulator: Simulator) -> None:
    """For a day on which the register binds no key the site's is used, so it is genuine at most, and says so."""
    change_key(simulator, "ed25519", to_day=date(2025, 12, 31))
    site_shows(simulator, THIEF.public_key.multibase)
    report = simulator.check(forged(simulator))
    assert found(report, "register.issuer") == ("unknown", "key-not-bound")
    assert report.accredited.verdict is AccreditedVerdict.UNCONFIRMED
    assert not report


def test_a_squatter_cannot_pass_with_a_method_of_their_own(simulator: Simulator) -> None:
    squatter = Party(prefix="squatter-", key_names=("new",))
    squatter.publish(simulator.web)
    report = simulator.check(simulator.sign(simulator.badge(), party=squatter, key="new"))
    assert found(report, "register.issuer") == ("unknown", "key-not-bound")
    assert report.accredited.verdict is AccreditedVerdict.UNCONFIRMED


def test_a_squatter_cannot_replace_an_honest_badge(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    squatter = Party(prefix="squatter-", key_names=("new",))
    squatter.publish(simulator.web)
    newer = simulator.sign(simulator.badge(validFrom="2026-11-01T00:00:00Z"), party=squatter, key="new")
    simulator.web.put(badge["id"], newer)
    report = simulator.check(badge)
    assert found(report, "lineage") == ("unknown", "newer-not-genuine")
    assert report.current.verdict is CurrentVerdict.CURRENT


def test_a_squatter_cannot_clear_a_withdrawn_badge(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    squatter = Party(prefix="squatter-", key_names=("new",))
    squatter.publish(simulator.web)
    simulator.publish_list(party=squatter, key="new")
    report = simulator.check(badge)
    assert found(report, "status.revocation") == ("unknown", "status-list-unproven")
    assert report.current.verdict is CurrentVerdict.UNCONFIRMED


# --- purposes and windows -----------------------------------------------------------------------------------------
def test_a_status_key_does_not_sign_badges(simulator: Simulator) -> None:
    report = simulator.check(simulator.sign(simulator.badge(), key="status"))
    assert found(report, "register.issuer") == ("unknown", "key-not-bound")
    assert report.accredited.verdict is AccreditedVerdict.UNCONFIRMED


@pytest.mark.parametrize(
    ("window", "outcome"),
    [
        pytest.param({"from_day": date(2026, 5, 7)}, "passed", id="bound from the very day, in New Zealand"),
        pytest.param({"from_day": date(2026, 5, 8)}, "unknown", id="bound from the day after"),
        pytest.param({"to_day": date(2026, 5, 7)}, "passed", id="the last good day"),
        pytest.param({"to_day": date(2026, 5, 6)}, "unknown", id="the day after the last good day"),
    ],
)
def test_a_key_counts_on_the_signing_day_in_new_zealand(
    simulator: Simulator, window: dict[str, date], outcome: str
) -> None:
    change_key(simulator, "ed25519", **window)  # signed at 21:15 UTC on 6 May, which is 7 May in New Zealand
    assert found(simulator.check(simulator.good_badge()), "register.issuer")[0] == outcome


def test_an_issuer_that_the_register_does_not_bind_is_not_accredited(simulator: Simulator) -> None:
    simulator.change_register(issuers=())
    report = simulator.check(simulator.good_badge())
    assert found(report, "register.issuer") == ("failed", "issuer-not-bound")
    assert (report.accredited.verdict, report.accredited.reason) == (AccreditedVerdict.INVALID, "issuer-not-bound")
    assert report.genuine.verdict is GenuineVerdict.VALID


def test_a_claim_of_another_providers_number_is_invalid(simulator: Simulator) -> None:
    unsigned = edited(simulator.badge(), "issuer", "otherIdentifier", 0, "identifier", value="9902")
    report = simulator.check(simulator.sign(unsigned))
    assert found(report, "register.issuer") == ("failed", "issuer-claim-mismatch")
    assert (report.accredited.verdict, report.accredited.reason) == (
        AccreditedVerdict.INVALID,
        "issuer-claim-mismatch",
    )


def test_the_provider_is_named_as_the_register_names_it_and_never_as_the_badge_does(simulator: Simulator) -> None:
    unsigned = edited(simulator.badge(), "issuer", "name", value="A Grander Name")
    document = simulator.check(simulator.sign(unsigned)).to_json()
    assert document["badge"]["provider"] == "Tōtara Training (demonstration)"
    assert document["badge"]["issuer_name_claimed"] == "A Grander Name"
    assert "Grander" not in document["genuine"]["sentence"] + document["accredited"]["sentence"]


def test_a_badge_without_a_number_is_found_by_its_issuer_all_the_same(simulator: Simulator) -> None:
    unsigned = edited(simulator.badge(), "issuer", "otherIdentifier", value=...)
    assert found(simulator.check(simulator.sign(unsigned)), "register.issuer") == ("passed", "bound")


# --- a stolen key -------------------------------------------------------------------------------------------------
STOLEN = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def anchor_proof(simulator: Simulator, text: bytes, *, recorded_on: date) -> JsonObject:
    """A tree of two leaves (RFC 6962), recorded in the register; the badge is the second."""
    other = hashlib.sha256(b"\x00" + hashlib.sha256(b"another badge").digest()).digest()
    own = hashlib.sha256(b"\x00" + hashlib.sha256(text).digest()).digest()
    root = hashlib.sha256(b"\x01" + other + own).hexdigest()
    row = AnchorRow(did=simulator.provider.did, merkle_root=root, count=2, recorded_on=recorded_on)
    simulator.change_register(anchors=(row,))
    return {"root": root, "index": 1, "count": 2, "path": [other.hex()]}


@pytest.mark.parametrize(
    ("stolen", "outcome", "verdict"),
    [
        pytest.param(SIGNED, "failed", "invalid", id="signed at the moment of the theft"),
        pytest.param(SIGNED - timedelta(days=1), "failed", "invalid", id="signed after the theft"),
        pytest.param(SIGNED + timedelta(seconds=1), "unknown", "unconfirmed", id="signed before, and nothing shows it"),
    ],
)
def test_a_stolen_key(simulator: Simulator, stolen: datetime, outcome: str, verdict: str) -> None:
    change_key(simulator, "ed25519", compromised_from=stolen)
    report = simulator.check(simulator.good_badge())
    assert found(report, "proof") == (outcome, "key-compromised")
    assert report.genuine.verdict == verdict
    if verdict == "unconfirmed":
        assert "may be genuine" in report.genuine.sentence
        assert report.accredited.verdict is AccreditedVerdict.UNCONFIRMED


def test_a_badge_anchored_before_the_theft_stands(simulator: Simulator) -> None:
    change_key(simulator, "ed25519", compromised_from=STOLEN)
    badge = simulator.good_badge()
    proof = anchor_proof(simulator, write_json(badge), recorded_on=date(2026, 5, 31))
    report = simulator.check(badge, anchor=proof)
    assert report.genuine.verdict is GenuineVerdict.VALID
    assert report.accredited.verdict is AccreditedVerdict.VALID
    assert "anchored" in notices(report, "proof")


def test_the_inclusion_proof_is_found_under_the_badges_address(simulator: Simulator) -> None:
    change_key(simulator, "ed25519", compromised_from=STOLEN)
    badge = simulator.good_badge()
    simulator.web.put(
        f"{badge['id']}.anchor.json", anchor_proof(simulator, write_json(badge), recorded_on=date(2026, 5, 31))
    )
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.VALID


@pytest.mark.parametrize(
    ("changes", "recorded_on"),
    [
        pytest.param({}, date(2026, 6, 2), id="recorded on the day of the theft, in New Zealand"),
        pytest.param({}, date(2026, 6, 20), id="recorded after the theft"),
        pytest.param({"index": 0}, date(2026, 5, 31), id="another place in the tree"),
        pytest.param({"count": 3}, date(2026, 5, 31), id="a tree of another size"),
        pytest.param({"root": "0" * 64}, date(2026, 5, 31), id="another root"),
        pytest.param({"path": []}, date(2026, 5, 31), id="no path"),
        pytest.param({"path": ["0" * 64]}, date(2026, 5, 31), id="another path"),
        pytest.param({"path": "everything"}, date(2026, 5, 31), id="a path that is no list"),
        pytest.param({"index": True}, date(2026, 5, 31), id="an index that is no number"),
        pytest.param({"path": ["0" * 64] * (MAX_INCLUSION_PATH + 1)}, date(2026, 5, 31), id="a path that is too long"),
    ],
)
def test_what_does_not_show_that_a_badge_is_older_than_the_theft(
    simulator: Simulator, changes: JsonObject, recorded_on: date
) -> None:
    change_key(simulator, "ed25519", compromised_from=STOLEN)
    badge = simulator.good_badge()
    proof = anchor_proof(simulator, write_json(badge), recorded_on=recorded_on) | changes
    assert found(simulator.check(badge, anchor=proof), "proof") == ("unknown", "key-compromised")


def test_a_stolen_key_is_no_safer_under_a_second_name(simulator: Simulator) -> None:
    """The key stands in the register as compromised; the same key under a method it does not bind is stolen too."""
    change_key(simulator, "ed25519", compromised_from=SIGNED - timedelta(days=1))
    document = simulator.provider.did_document()
    method = simulator.provider.method("second")
    document["verificationMethod"].append(document["verificationMethod"][0] | {"id": method})
    document["assertionMethod"].append(method)
    simulator.web.put(did_web_location(simulator.provider.did), document)
    badge = simulator.sign(simulator.badge(), key="ed25519", method=method)
    assert found(simulator.check(badge), "proof") == ("failed", "key-compromised")


def test_a_clean_second_proof_does_not_wash_a_stolen_key(simulator: Simulator) -> None:
    change_key(simulator, "ed25519", compromised_from=STOLEN)
    badge = simulator.sign(simulator.good_badge(), suite=v.ECDSA_RDFC_2019)
    assert simulator.check(badge).genuine.verdict is GenuineVerdict.UNCONFIRMED


# --- a list signed for a provider by another of its addresses ------------------------------------------------------
def test_a_list_of_another_issuer_counts_when_the_register_has_both_as_one_provider(simulator: Simulator) -> None:
    lists = Party(base_url="https://lists.example", prefix="lists-", key_names=("status",))
    lists.publish(simulator.web)
    register = simulator.register
    row = next(row for row in register.keys if row.purpose is KeyPurpose.STATUS)
    simulator.change_register(
        issuers=(*register.issuers, replace(register.issuers[0], did=lists.did)),
        keys=(
            *register.keys,
            replace(
                row,
                did=lists.did,
                verification_method=lists.method("status"),
                public_key_multibase=lists.signer("status").public_key.multibase or "",
            ),
        ),
    )
    simulator.publish_list(party=lists, issuer=lists.did)
    assert found(simulator.check(simulator.good_badge()), "status.revocation") == ("passed", "not-revoked")

    other = Provider(moe_number="9902", legal_name="Another", type=ProviderType.PTE, registered_from=date(2020, 1, 1))
    moved = Issuer(moe_number="9902", did=lists.did, from_day=date(2025, 1, 1), evidence="demonstration")
    simulator.change_register(
        providers=(*simulator.register.providers, other), issuers=(simulator.register.issuers[0], moved)
    )
    assert found(simulator.check(simulator.good_badge()), "status.revocation") == ("unknown", "status-list-foreign")
