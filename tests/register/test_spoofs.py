"""Four ways to pass for an accredited provider. Each is found out, and each has a sentence of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from keys.did import did_web_location
from keys.signing import SoftwareSigner
from schemas.jsontext import JsonObject
from tests.simulator import SIGNED, Party, Simulator, edited, signer
from verifier.report import Report

STOLEN = datetime(2026, 4, 1, tzinfo=UTC)  # before the badge says it was signed
THIEF = signer("ed25519 thief")


class Thief(Party):
    """Signs everything, in the provider's name, with a key of their own."""

    def signer(self, key: str) -> SoftwareSigner:  # noqa: ARG002 - one key for everything
        return THIEF


class Said(NamedTuple):
    """Which question it settles and how, the check that found it with its words, and the answer's own words if other."""

    question: str
    verdict: str
    check: str
    reason: str
    words: str
    answer: str | None = None


def _keys_changed(simulator: Simulator, **changes: object) -> None:
    method = simulator.provider.method("ed25519")
    simulator.change_register(
        keys=tuple(
            replace(row, **changes) if row.verification_method == method else row  # type: ignore[arg-type]  # a table's own columns
            for row in simulator.register.keys
        )
    )


def _site_shows_the_thiefs_key(simulator: Simulator) -> None:
    document = simulator.provider.did_document()
    for entry in document["verificationMethod"]:
        if entry["id"].endswith("#ed25519"):
            entry["publicKeyMultibase"] = THIEF.public_key.multibase
    simulator.web.put(did_web_location(simulator.provider.did), document)


# --- the four -----------------------------------------------------------------------------------------------------
def spoofed_number(simulator: Simulator) -> JsonObject:
    """The badge claims the number of a provider that is accredited; its issuer is another."""
    return simulator.sign(edited(simulator.badge(), "issuer", "otherIdentifier", 0, "identifier", value="9902"))


def swapped_key(simulator: Simulator) -> JsonObject:
    """The site shows another key under the method's own name, and the badge is signed with it."""
    _site_shows_the_thiefs_key(simulator)
    return simulator.sign(simulator.badge(), party=Thief())


def squatted_domain(simulator: Simulator) -> JsonObject:
    """Whoever has the domain now publishes a method of their own beside the provider's, and signs with that."""
    squatter = Party(prefix="squatter-", key_names=("new",))
    squatter.publish(simulator.web)
    return simulator.sign(simulator.badge(), party=squatter, key="new")


def back_dated(simulator: Simulator) -> JsonObject:
    """The thief of a key writes a day before the theft into what they sign."""
    _keys_changed(simulator, compromised_from=datetime(2026, 6, 1, tzinfo=UTC))
    return simulator.sign(simulator.badge(), created=SIGNED)


def signed_after_the_theft(simulator: Simulator) -> JsonObject:
    """The same, not back-dated."""
    _keys_changed(simulator, compromised_from=STOLEN)
    return simulator.sign(simulator.badge(), created=SIGNED)


def squatted_with_nobody_left(simulator: Simulator) -> JsonObject:
    """The domain of a provider that the register no longer has behind it on the signing day."""
    simulator.change_register(issuers=(), keys=())
    _site_shows_the_thiefs_key(simulator)
    return simulator.sign(simulator.badge(), party=Thief())


SPOOFS: dict[Callable[[Simulator], JsonObject], Said] = {
    spoofed_number: Said(
        "accredited",
        "invalid",
        "register.issuer",
        "issuer-claim-mismatch",
        "The badge claims provider number “9902”; the register has this issuer as Tōtara Training (demonstration) (9901).",
    ),
    swapped_key: Said(
        "genuine",
        "invalid",
        "proof",
        "key-disagrees",
        "The badge was signed with a key that the issuer's website shows, but the register has another key for this "
        "issuer. Somebody else may have taken over the website.",
    ),
    squatted_domain: Said(
        "accredited",
        "unconfirmed",
        "register.issuer",
        "key-not-bound",
        "The register knows Tōtara Training (demonstration), but not this key for signing badges on that day. It may be "
        "a new key that is not in the register yet.",
        "The issuer did:web:badges.totara-training.example is known, but not this key for signing badges on 7 May 2026",
    ),
    back_dated: Said(
        "genuine",
        "unconfirmed",
        "proof",
        "key-compromised",
        "The signing key was stolen or lost from 1 June 2026. The badge says it was signed before, but that cannot be "
        "told apart: it may be genuine. Ask the issuer for a new copy.",
    ),
    signed_after_the_theft: Said(
        "genuine",
        "invalid",
        "proof",
        "key-compromised",
        "The signing key was stolen or lost from 1 April 2026, and the badge was signed after that.",
    ),
    squatted_with_nobody_left: Said(
        "accredited",
        "invalid",
        "register.issuer",
        "issuer-not-bound",
        "The badge says it is a New Zealand micro-credential, but the register has nobody behind "
        "did:web:badges.totara-training.example on the day it was signed.",
        "No provider stood behind did:web:badges.totara-training.example on 7 May 2026",
    ),
}


def answered(report: Report, question: str) -> tuple[str, str]:
    answer = getattr(report, question)
    return answer.verdict.value, answer.sentence


@pytest.mark.parametrize(("make", "said"), SPOOFS.items(), ids=[make.__name__.replace("_", " ") for make in SPOOFS])
def test_a_spoof_is_found_out_and_told_in_its_own_words(make: Callable[[Simulator], JsonObject], said: Said) -> None:
    simulator = Simulator()
    report = simulator.check(make(simulator))
    verdict, sentence = answered(report, said.question)
    check = report.check(said.check)
    assert (verdict, check.reason, check.sentence) == (said.verdict, said.reason, said.words)
    assert (said.answer or said.words) in sentence
    assert not report


@pytest.mark.parametrize("make", SPOOFS, ids=[make.__name__.replace("_", " ") for make in SPOOFS])
def test_no_spoof_is_ever_accredited(make: Callable[[Simulator], JsonObject]) -> None:
    simulator = Simulator()
    document = simulator.check(make(simulator)).to_json()
    assert document["accredited"]["verdict"] != "valid"
    assert document["accredited"]["reason"] != "accredited"


def test_no_two_spoofs_share_a_sentence() -> None:
    assert len({said.words for said in SPOOFS.values()}) == len(SPOOFS)
    assert len({said.answer or said.words for said in SPOOFS.values()}) == len(SPOOFS)


def test_the_same_badge_without_the_spoof_is_good() -> None:
    assert Simulator().check(Simulator().good_badge())


def test_the_squatters_badge_names_the_address_and_not_the_provider() -> None:
    """Genuine as far as the address goes; who stands behind the address is the register's to say."""
    simulator = Simulator()
    report = simulator.check(squatted_domain(simulator))
    assert report.genuine.verdict == "valid"
    assert "signed by the holder of did:web:badges.totara-training.example" in report.genuine.sentence
    assert "Tōtara" not in report.genuine.sentence
