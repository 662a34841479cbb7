"""Badges that end: by the provider's set-up, at the end of a New Zealand day; and the provider's own criteria."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from issuer.admission import end_of_validity
from issuer.batches import Options
from issuer.catalogue import build_achievement
from issuer.corrections import Correction, correct
from issuer.instance import Instance
from issuer.making import issuer_facts
from issuer.rehearsing import rehearse_batch
from issuer.selfcheck import OwnWeb
from issuer.status import signed_lists
from issuer.store import credentials as credential_store
from issuer.store.setups import Setup, load_artwork, load_setup, load_setups, save_setup
from issuer.trust.editions import load_edition
from keys.suites.jwt import parse_jws
from schemas.errors import IssuingError
from schemas.jsontext import JsonObject
from schemas.lossless import find_losses
from schemas.times import write_time
from schemas.validate import validate_open_badge
from tests.issuer.provider import (
    AWARDED,
    NOW,
    REF,
    Completion,
    Completions,
    issue,
    only_id,
    register_for,
    stored_documents,
)
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.records import LearningOutcome
from verifier.verify import Surroundings, verify

ONE = Completions(rows=(Completion(line=2),))
CRITERIA = "Learners collect, clean and store seed in **three** supervised sessions."


def set_up(instance: Instance, **facts: Any) -> None:
    with instance.store.writing() as connection:
        save_setup(connection, Setup(nzqa_ref=REF, **facts), at=NOW, by="test")


def the_badge(instance: Instance) -> JsonObject:
    (document,) = stored_documents(instance)
    return document


def verdict(instance: Instance, short_id: str, *, at: datetime) -> str:
    web = OwnWeb(instance, lists=signed_lists(instance, now=at), at=at)
    with instance.store.reading() as connection:
        document = credential_store.load_document(connection, short_id)
    assert document is not None
    web.put(document)
    surroundings = Surroundings(fetch=web, edition=load_edition(instance))
    report = verify(intake_bytes(document.document, name="b"), policy=BADGE_POLICY, surroundings=surroundings, at=at)
    return report.current.verdict.value


@pytest.mark.parametrize(
    ("achieved_on", "months", "end"),
    [
        pytest.param(date(2026, 5, 4), 12, "2027-05-04T11:59:59Z", id="a year on, in winter time"),
        pytest.param(date(2026, 5, 4), 6, "2026-11-04T10:59:59Z", id="half a year on, in summer time"),
        pytest.param(date(2026, 8, 31), 6, "2027-02-28T10:59:59Z", id="a day the month lacks clips to its last"),
        pytest.param(date(2023, 8, 31), 6, "2024-02-29T10:59:59Z", id="to the 29th in a leap year"),
        pytest.param(date(2024, 2, 29), 12, "2025-02-28T10:59:59Z", id="a leap day clips too"),
        pytest.param(date(2026, 3, 27), 6, "2026-09-27T10:59:59Z", id="the day on which daylight saving begins"),
        pytest.param(date(2025, 10, 5), 6, "2026-04-05T11:59:59Z", id="the day on which it ends"),
    ],
)
def test_a_badge_lasts_to_the_end_of_a_new_zealand_day(achieved_on: date, months: int, end: str) -> None:
    moment = end_of_validity(achieved_on, months=months)
    assert moment is not None
    assert write_time(moment) == end
    assert moment.tzinfo is UTC


def test_a_badge_without_months_has_no_end() -> None:
    assert end_of_validity(AWARDED, months=None) is None


def test_the_set_ups_months_are_signed_stored_and_believed(any_instance: Instance) -> None:
    set_up(any_instance, valid_months=12)
    short_id = only_id(issue(any_instance, ONE))
    expected = end_of_validity(AWARDED, months=12)
    assert expected is not None
    document = the_badge(any_instance)
    assert document["validUntil"] == write_time(expected)
    assert validate_open_badge(document) == find_losses(document) == ()
    with any_instance.store.reading() as connection:
        stored = credential_store.load_document(connection, short_id)
    assert stored is not None
    assert stored.valid_until == expected
    assert verdict(any_instance, short_id, at=NOW) == "current"


def test_it_is_in_force_to_its_last_second_and_expired_after(instance: Instance) -> None:
    last = end_of_validity(AWARDED, months=7)
    assert last is not None
    set_up(instance, valid_months=7)
    short_id = only_id(issue(instance, ONE))
    assert verdict(instance, short_id, at=last) == "current"
    assert verdict(instance, short_id, at=last + timedelta(seconds=1)) == "expired"


def test_without_a_set_up_a_badge_has_no_end(instance: Instance) -> None:
    issue(instance, ONE)
    assert "validUntil" not in the_badge(instance)


def test_a_jwt_says_its_end_too(instance: Instance) -> None:
    set_up(instance, valid_months=12)
    short_id = only_id(issue(instance, ONE, with_jwt=True))
    with instance.store.reading() as connection:
        stored = credential_store.load_document(connection, short_id)
    assert stored is not None
    assert stored.jwt is not None
    assert stored.valid_until is not None
    payload = parse_jws(stored.jwt).payload
    assert payload["validUntil"] == write_time(stored.valid_until)
    assert payload["exp"] == int(stored.valid_until.timestamp())


def test_a_badge_that_would_have_ended_already_is_not_signed(instance: Instance) -> None:
    """`validFrom` later than `validUntil` is no credential (VCDM 2.0, 4.9), so it cannot be issued with a warning."""
    set_up(instance, valid_months=1)
    (result,) = issue(instance, ONE).results
    assert (result.outcome, result.reason) == ("failed", "already-expired")
    assert "last 1 months" in result.sentence
    assert stored_documents(instance) == []
    rehearsal = rehearse_batch(instance, ONE, edition=load_edition(instance), options=Options(), now=NOW, actor="test")
    assert [row.reason for row in rehearsal.results] == ["already-expired"]


def test_a_correction_applies_the_set_up_anew(instance: Instance) -> None:
    short_id = only_id(issue(instance, ONE))
    set_up(instance, valid_months=24, criteria=CRITERIA)
    later, edition = NOW + timedelta(days=1), load_edition(instance)
    correct(instance, short_id, Correction(), edition=edition, now=later, actor="test")
    expected = end_of_validity(AWARDED, months=24)
    assert expected is not None
    document = the_badge(instance)
    assert document["validUntil"] == write_time(expected)
    assert document["credentialSubject"]["achievement"]["criteria"]["narrative"].startswith(CRITERIA)
    with instance.store.reading() as connection:
        stored = credential_store.load_document(connection, short_id)
    assert stored is not None
    assert stored.valid_until == expected


def test_a_badge_that_has_ended_is_not_corrected(instance: Instance) -> None:
    set_up(instance, valid_months=7)
    short_id = only_id(issue(instance, ONE))
    after = NOW + timedelta(days=40)
    with pytest.raises(IssuingError, match="cannot be signed") as refused:
        correct(
            instance, short_id, Correction(name="M. Awhina"), edition=load_edition(instance), now=after, actor="test"
        )
    assert refused.value.extensions["reason"] == "already-expired"


def test_the_providers_criteria_come_first_and_the_registers_outcomes_stay(instance: Instance) -> None:
    outcomes = (LearningOutcome(nzqa_ref=REF, version="1", position=1, text_en="Collect seed.", text_mi="Kohia."),)
    listing = register_for(instance).versions_by_ref[REF][0]
    own = build_achievement(listing, outcomes, issuer=issuer_facts(instance), criteria=f"\n{CRITERIA}\n")
    for document in (own.document, own.page):
        assert document["criteria"]["narrative"] == f"{CRITERIA}\n\nLearning outcomes:\n\n1. Collect seed."
    set_up(instance, criteria=CRITERIA)
    issue(instance, ONE)
    assert the_badge(instance)["credentialSubject"]["achievement"]["criteria"]["narrative"] == CRITERIA


@pytest.mark.parametrize("criteria", [pytest.param(None, id="none"), pytest.param("  \n ", id="nothing but space")])
def test_criteria_are_never_empty(instance: Instance, criteria: str | None) -> None:
    set_up(instance, criteria=criteria, valid_months=60)
    issue(instance, ONE)
    narrative = the_badge(instance)["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert narrative.startswith("The learner met all the requirements")


def test_a_student_number_in_the_criteria_is_signed_into_no_badge(instance: Instance) -> None:
    set_up(instance, criteria="Ask about 123456789.")
    (result,) = issue(instance, Completions(rows=(Completion(line=2, nsn="123456789"),))).results
    assert result.reason == "nsn-in-badge"


def test_a_set_up_is_kept_whole_and_replaced_whole(any_instance: Instance) -> None:
    first = Setup(
        nzqa_ref=REF,
        criteria=CRITERIA,
        signatory_name="Hēmi Tāne",
        signatory_role="Kaiwhakahaere",
        valid_months=36,
        artwork=b"\x89PNG",
        artwork_alt="A seed",
    )
    second = replace(first, artwork=None, valid_months=None)
    with any_instance.store.writing() as connection:
        assert load_setup(connection, REF) is None
        save_setup(connection, first, at=NOW, by="user:1")
        assert load_setup(connection, REF) == first
        assert load_artwork(connection, REF) == b"\x89PNG"
        save_setup(connection, second, at=NOW, by="user:1")
        assert load_setups(connection) == {REF: second}
        assert load_artwork(connection, REF) is None
    assert b"PNG" not in repr(first).encode()
