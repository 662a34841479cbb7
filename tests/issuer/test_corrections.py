"""Correcting and withdrawing: one badge stays one badge, its history stays, and a stranger is told which is which."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from issuer import audit
from issuer.corrections import Corrected, Correction, correct
from issuer.instance import Instance
from issuer.minting import NameDisplay
from issuer.profile import did_document
from issuer.selfcheck import OwnWeb
from issuer.status import RevocationReason, revoke, signed_lists
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.store.credentials import State
from issuer.trust.editions import load_edition, use_edition
from keys.did import did_web_location
from schemas.errors import InputError, IssuingError
from schemas.jsontext import JsonObject
from schemas.statuslist import decode
from tests.issuer.provider import (
    ANCHOR,
    NOW,
    REF,
    Completion,
    Completions,
    edition_for,
    issue,
    only_id,
    stored_documents,
)
from tests.simulator import Party, demonstration_register
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.records import AwardingRight, Basis
from verifier.verify import Surroundings, verify

LATER = NOW + timedelta(days=1)


def amend(instance: Instance, short_id: str, *, now: datetime = LATER, **facts: object) -> Corrected:
    return correct(instance, short_id, Correction(**facts), edition=load_edition(instance), now=now, actor="test")  # type: ignore[arg-type]  # facts are Correction's own


def verdicts(instance: Instance, document: bytes, *, at: datetime) -> dict[str, str]:
    """What a stranger is told, from what this instance publishes at that moment."""
    web = OwnWeb(instance, lists=signed_lists(instance, now=at), at=at)
    with instance.store.reading() as connection:
        for badge in credential_store.current_badges(connection):
            web.put(badge.document)
    surroundings = Surroundings(fetch=web, edition=load_edition(instance))
    report = verify(intake_bytes(document, name="badge"), policy=BADGE_POLICY, surroundings=surroundings, at=at)
    told: JsonObject = report.to_json()
    return {question: told[question]["verdict"] for question in ("genuine", "current", "accredited")}


def test_a_corrected_name_keeps_the_id_and_replaces_the_old_copy(any_instance: Instance) -> None:
    short_id = only_id(issue(any_instance, Completions(rows=(Completion(line=2, learner_name="Mere Awhina"),))))
    (before,) = stored_documents(any_instance)
    corrected = amend(any_instance, short_id, name="Mere Āwhina")
    after = json.loads(corrected.document)
    assert after["id"] == before["id"]
    assert after["validFrom"] > before["validFrom"]
    assert after["credentialSubject"]["identifier"][0]["identityHash"] == "Mere Āwhina"
    assert after["credentialStatus"]["statusListIndex"] != before["credentialStatus"]["statusListIndex"]
    assert after["awardedDate"] == before["awardedDate"]
    with any_instance.store.reading() as connection:
        old = credential_store.load_document(connection, short_id, version=1)
        held = credential_store.load_credential(connection, short_id)
        bits = list_store.load_bits(connection, 1)
        assert audit.verify_chain(connection)
    assert old is not None
    assert json.loads(old.document) == before
    assert held is not None
    assert (held.state, held.version) == (State.ISSUED, 2)
    assert bits == (old.list_index,)
    assert verdicts(any_instance, corrected.document, at=LATER)["current"] == "current"
    assert verdicts(any_instance, old.document, at=LATER)["current"] == "replaced"


def test_three_corrections_within_one_second_are_in_order(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    moments = [amend(instance, short_id, now=NOW, name=f"Mere {number}").valid_from for number in range(3)]
    assert moments == sorted(set(moments))
    assert moments[0] > NOW


def test_a_corrected_day_is_judged_and_signed_anew(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    corrected = amend(instance, short_id, achieved_on=date(2026, 5, 5))
    assert json.loads(corrected.document)["awardedDate"] == "2026-05-05T00:00:00Z"


def test_a_corrected_listing_corrects_the_level(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    listing = replace(demonstration_register(Party()).listings[0], level=5)
    current = load_edition(instance)
    assert current is not None
    data = edition_for(instance, number=2, previous_sha256=current.sha256, listings=(listing,))
    use_edition(instance, data, anchor_data=ANCHOR, now=LATER, actor="test")
    achievement = json.loads(amend(instance, short_id).document)["credentialSubject"]["achievement"]
    assert achievement["alignment"][0]["targetCode"] == "5"


def test_a_learner_may_choose_to_be_named_otherwise_or_not_at_all(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2, learner_name="Mere Āwhina"),))))
    preferred = json.loads(amend(instance, short_id, preferred_name="Mel", name_display=NameDisplay.PREFERRED).document)
    assert preferred["credentialSubject"]["identifier"][0]["identityHash"] == "Mel"
    nameless = amend(instance, short_id, now=LATER + timedelta(hours=1), name_display=NameDisplay.NONE).document
    assert json.loads(nameless)["credentialSubject"]["id"].startswith("urn:uuid:")
    assert "identifier" not in json.loads(nameless)["credentialSubject"]
    assert b"Mere" not in nameless


def test_the_corrected_class_list_finds_the_corrected_badge(any_instance: Instance) -> None:
    wrong = Completions(rows=(Completion(line=2, learner_name="Mere Awhina"),))
    right = Completions(rows=(Completion(line=2, learner_name="Mere Āwhina"),))
    short_id = only_id(issue(any_instance, wrong))
    amend(any_instance, short_id, name="Mere Āwhina")
    for completions in (right, wrong):
        report = issue(any_instance, completions, now=LATER)
        assert (report.counts.already, only_id(report)) == (1, short_id)


def test_nothing_to_correct_signs_nothing(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2, learner_name="Mere Āwhina"),))))
    with pytest.raises(IssuingError, match="says all this already"):
        amend(instance, short_id, name="Mere  Āwhina")
    with instance.store.reading() as connection:
        assert list_store.load_bits(connection, 1) == ()
        assert audit.verify_chain(connection)


def test_a_withdrawn_badge_is_not_corrected(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    revoke(instance, short_id, now=NOW, actor="test")
    with pytest.raises(IssuingError, match="was withdrawn on 22 November 2026; a withdrawn badge cannot be corrected"):
        amend(instance, short_id, name="Somebody Else")


def test_a_correction_passes_the_gate_like_a_new_row(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    right = AwardingRight(moe_number="9901", nzqa_ref=REF, basis=Basis.ACCREDITATION, granted_on=date(2026, 1, 1))
    current = load_edition(instance)
    assert current is not None
    data = edition_for(instance, number=2, previous_sha256=current.sha256, awarding_rights=(right,))
    use_edition(instance, data, anchor_data=ANCHOR, now=LATER, actor="test")
    with pytest.raises(IssuingError, match="was not corrected") as refused:
        amend(instance, short_id, achieved_on=date(2025, 5, 5))
    assert refused.value.extensions["reason"] == "right-not-yet"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("  ", id="blank"),
        pytest.param("a" * 201, id="too long"),
        pytest.param("a\x00b", id="control"),
        pytest.param("=cmd()", id="a formula"),
        pytest.param("12", id="no letter"),
        pytest.param("mere@learners.example", id="an e-mail address"),
        pytest.param("Mere\u202e", id="text turned round"),
    ],
)
@pytest.mark.parametrize("which", ["name", "preferred_name"])
def test_a_name_no_class_list_may_hold_does_not_come_in_by_a_correction(
    instance: Instance, which: str, name: str
) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    with pytest.raises(InputError) as refused:
        amend(instance, short_id, **{which: name})
    assert "@" not in str(refused.value)


def test_a_corrected_reference_may_be_written_as_in_a_class_list(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    with pytest.raises(InputError, match="is not an NZQA reference"):
        amend(instance, short_id, nzqa_ref="welding")
    with pytest.raises(IssuingError, match="reference ZZ9999 was listed"):
        amend(instance, short_id, nzqa_ref="zz9999 ")


def test_a_student_number_does_not_come_in_by_a_correction(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    with pytest.raises(InputError, match="National Student Number") as refused:
        amend(instance, short_id, name="Mere 123456789")
    assert "123456789" not in str(refused.value)


def test_a_badge_nobody_issued_cannot_be_corrected_or_withdrawn(instance: Instance) -> None:
    with pytest.raises(IssuingError, match="has issued no badge"):
        amend(instance, "a" * 26, name="Mere")
    with pytest.raises(IssuingError, match="has issued no badge"):
        revoke(instance, "a" * 26, now=NOW, actor="test")


def test_a_withdrawn_badge_is_told_withdrawn_and_twice_is_once(any_instance: Instance) -> None:
    short_id = only_id(issue(any_instance, Completions(rows=(Completion(line=2),))))
    first = revoke(any_instance, short_id, reason=RevocationReason.WRONG_PERSON, now=NOW, actor="test")
    again = revoke(any_instance, short_id, now=LATER, actor="test")
    assert (first.already, again.already, again.at) == (False, True, NOW)
    with any_instance.store.reading() as connection:
        document = credential_store.load_document(connection, short_id)
        held = credential_store.load_credential(connection, short_id)
        assert audit.verify_chain(connection)
    assert document is not None
    assert held is not None
    assert (held.state, held.revocation_reason) == (State.REVOKED, "wrong-person")
    assert verdicts(any_instance, document.document, at=LATER) == {
        "genuine": "valid",
        "current": "withdrawn",
        "accredited": "valid",
    }
    public = b"".join(signed.document for signed in signed_lists(any_instance, now=LATER))
    assert b"wrong-person" not in public


def test_a_list_is_signed_again_when_its_bits_change_or_after_a_day_and_not_before(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    (first,) = signed_lists(instance, now=NOW)
    assert signed_lists(instance, now=NOW + timedelta(hours=23)) == (first,)
    revoke(instance, short_id, now=NOW, actor="test")
    (second,) = signed_lists(instance, now=NOW)
    assert second.valid_from > first.valid_from
    (third,) = signed_lists(instance, now=LATER + timedelta(minutes=1))
    assert third.document != second.document
    assert third.bits_sha256 == second.bits_sha256
    document = json.loads(third.document)
    assert document["credentialSubject"]["ttl"] == 3_600_000
    assert decode(document["credentialSubject"]["encodedList"]).length == 131_072
    assert document["proof"][0]["verificationMethod"].endswith("#status-1")
    assert third.valid_until - third.valid_from == timedelta(days=30)


def test_the_did_document_has_every_key_and_no_private_part(instance: Instance) -> None:
    document = did_document(instance)
    assert did_web_location(document["id"]) == "https://badges.totara-training.example/.well-known/did.json"
    assert [method["id"].partition("#")[2] for method in document["verificationMethod"]] == [
        "credential-1",
        "credential-2",
        "status-1",
    ]
    assert all(
        set(method) == {"id", "type", "controller", "publicKeyMultibase"} for method in document["verificationMethod"]
    )
