"""Accredited? How the register's decision, the binding and the comparison add up to the third answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas import vocabulary as v
from schemas.errors import ProofInvalid
from schemas.jsontext import JsonObject, write_json
from tests.simulator import NOW, REF, Equivalency, Simulator, edited, foreign_badge
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.report import AccreditedVerdict, Report
from verifier.verify import Surroundings, verify

NZ = ZoneInfo("Pacific/Auckland")


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


def outcomes(report: Report) -> dict[str, tuple[str, str]]:
    return {
        check.id.removeprefix("register."): (check.outcome.value, check.reason)
        for check in report.checks
        if check.id.startswith("register.")
    }


def change(table: str, **changes: Any) -> Callable[[Simulator], None]:
    def apply(simulator: Simulator) -> None:
        rows = getattr(simulator.register, table)
        simulator.change_register(**{table: (replace(rows[0], **changes), *rows[1:])})

    return apply


def empty(table: str) -> Callable[[Simulator], None]:
    return lambda simulator: simulator.change_register(**{table: ()})


def equivalency(simulator: Simulator) -> None:
    row = Equivalency(organisation="Elsewhere", title="Seed Collection", level=4, credits=12, ref=REF)
    simulator.change_register(listings=(), awarding_rights=(), equivalencies=(row,), issuers=(), providers=(), keys=())


def as_at(day: date) -> Callable[[Simulator], None]:
    def apply(simulator: Simulator) -> None:
        simulator.as_at = day

    return apply


CASES = [
    # what the register says; verdict and reason; the check that says so
    pytest.param(lambda _: None, "valid", "accredited", "right", "passed", id="all is well"),
    pytest.param(change("awarding_rights", basis="developer"), "valid", "awarded-by-developer", "right", "passed", id="as its developer"),
    pytest.param(equivalency, "invalid", "equivalency-only", "listing", "failed", id="only an equivalency, and its organisation is no provider"),
    pytest.param(empty("listings"), "invalid", "listing-unknown", "listing", "failed", id="not listed"),
    pytest.param(change("listings", listed_from=date(2026, 5, 5)), "invalid", "listing-not-yet", "listing", "failed", id="listed the day after"),
    pytest.param(change("listings", discontinued_on=date(2026, 5, 4)), "valid", "accredited", "listing", "passed", id="its last day is the award day"),
    pytest.param(change("listings", discontinued_on=date(2026, 5, 3)), "invalid", "listing-discontinued", "listing", "failed", id="discontinued the day before"),
    pytest.param(change("listings", removed_on=date(2026, 10, 1)), "invalid", "listing-removed", "listing", "failed", id="listed by mistake"),
    pytest.param(change("providers", registered_to=date(2026, 5, 3)), "invalid", "provider-not-registered", "provider", "failed", id="the provider was not registered any more"),
    pytest.param(empty("awarding_rights"), "invalid", "right-absent", "right", "failed", id="no right"),
    pytest.param(change("awarding_rights", ended_on=date(2026, 5, 3)), "invalid", "right-ended", "right", "failed", id="the right had ended"),
    pytest.param(change("awarding_rights", ended_on=date(2026, 5, 4)), "valid", "accredited", "right", "passed", id="the right ended on the award day"),
    pytest.param(change("awarding_rights", last_delivered_on=date(2025, 1, 1)), "unconfirmed", "delivery-not-recorded", "right", "unknown", id="it may have lapsed"),
    pytest.param(as_at(date(2026, 4, 1)), "valid", "accredited", "right", "passed", id="the register is 33 days older than the award"),
    pytest.param(as_at(date(2026, 3, 1)), "unconfirmed", "register-predates-award", "listing", "unknown", id="the register is 64 days older than the award"),
    pytest.param(change("listings", level=5), "invalid", "level-differs", "match", "failed", id="listed at another level"),
    pytest.param(change("listings", credits=10), "invalid", "credits-differ", "match", "failed", id="listed with other credits"),
    pytest.param(change("listings", level=None), "unconfirmed", "listing-incomplete", "match", "unknown", id="the register has no level"),
]  # fmt: skip


@pytest.mark.parametrize(("arrange", "verdict", "reason", "check_id", "outcome"), CASES)
def test_the_registers_answer_is_the_verdict(
    simulator: Simulator,
    arrange: Callable[[Simulator], None],
    verdict: str,
    reason: str,
    check_id: str,
    outcome: str,
) -> None:
    arrange(simulator)
    report = simulator.check(simulator.good_badge())
    assert (report.accredited.verdict, report.accredited.reason) == (verdict, reason)
    assert outcomes(report)[check_id][0] == outcome
    assert report.genuine.verdict == "valid"
    assert bool(report) is (verdict == "valid")
    assert report.accredited.sentence


BADGES = [
    pytest.param(("credentialSubject", "achievement", "alignment", 0, "targetCode"), "5", "level-differs", id="the badge says another level"),
    pytest.param(("credentialSubject", "achievement", "alignment", 0), ..., "level-differs", id="the badge says no level"),
    pytest.param(("credentialSubject", "creditsEarned"), 15, "credits-differ", id="the badge says other credits earned"),
    pytest.param(("credentialSubject", "achievement", "creditsAvailable"), 15, "credits-differ", id="the badge says other credits available"),
    pytest.param(("credentialSubject", "achievement", "otherIdentifier", 0, "identifier"), "1234", "several-references", id="the badge contradicts itself"),
    pytest.param(("credentialSubject", "achievement", "humanCode"), "1234", "several-references", id="the badge's code is another reference"),
    pytest.param(("credentialSubject", "achievement", "humanCode"), "SEED101", "accredited", id="the badge's code is the provider's own"),
    pytest.param(("awardedDate",), ..., "accredited", id="the badge has no award date"),
    pytest.param(("awardedDate",), "2020-05-04T00:00:00Z", "listing-not-yet", id="the badge was awarded years before"),
    pytest.param(("awardedDate",), "2026-12-31T00:00:00Z", "register-predates-award", id="the badge was awarded in the future"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "value", "reason"), BADGES)
def test_what_the_badge_claims_is_compared(
    simulator: Simulator, steps: tuple[str | int, ...], value: Any, reason: str
) -> None:
    report = simulator.check(simulator.sign(edited(simulator.badge(), *steps, value=value)))
    if reason == "register-predates-award":
        assert report.accredited.verdict is not AccreditedVerdict.INVALID
    else:
        assert report.accredited.reason == reason


def test_a_claim_without_a_reference_is_not_accredited(simulator: Simulator) -> None:
    unsigned = simulator.badge()
    achievement = unsigned["credentialSubject"]["achievement"]
    achievement["alignment"] = achievement["alignment"][:1]
    del achievement["otherIdentifier"], achievement["humanCode"]
    report = simulator.check(simulator.sign(unsigned))
    assert (report.accredited.verdict, report.accredited.reason) == (AccreditedVerdict.INVALID, "no-reference")


# --- no claim, no register ----------------------------------------------------------------------------------------
def test_without_a_new_zealand_claim_the_question_does_not_apply(simulator: Simulator) -> None:
    report = simulator.check(simulator.sign(foreign_badge(simulator.provider)))
    assert (report.accredited.verdict, report.accredited.reason) == ("not-applicable", "no-nz-claim")
    assert {reason for _, reason in outcomes(report).values()} == {"no-nz-claim"}
    assert report.to_json()["accredited"]["at_award"] is None


CLAIMS = [
    pytest.param(("issuer", "otherIdentifier"), [{"type": "IdentifierEntry", "identifier": "9901", "identifierType": v.EXT_MOE_NUMBER}], id="a provider number"),
    pytest.param(("credentialSubject", "achievement", "otherIdentifier"), [{"type": "IdentifierEntry", "identifier": "9876", "identifierType": v.EXT_NZQA_REFERENCE}], id="a reference"),
    pytest.param(("credentialSubject", "achievement", "alignment"), [{"type": ["Alignment"], "targetName": "x", "targetUrl": "https://x.example/", "targetFramework": "NZQCF"}], id="a framework named NZQCF"),
    pytest.param(("credentialSubject", "achievement", "alignment"), [{"type": ["Alignment"], "targetName": "x", "targetUrl": "https://x.example/", "targetFramework": "The NZQF"}], id="a framework named NZQF"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "value"), CLAIMS)
def test_any_new_zealand_entry_is_a_claim(simulator: Simulator, steps: tuple[str, ...], value: Any) -> None:
    report = simulator.check(simulator.sign(edited(foreign_badge(simulator.provider), *steps, value=value)))
    assert report.accredited.verdict is not AccreditedVerdict.NOT_APPLICABLE
    assert report.accredited.verdict is not AccreditedVerdict.VALID


def test_without_a_register_nothing_is_known(simulator: Simulator) -> None:
    report = simulator.check(simulator.good_badge(), register=False)
    assert (report.accredited.verdict, report.accredited.reason) == (AccreditedVerdict.UNCONFIRMED, "no-register")
    assert report.to_json()["register"] is None


def test_a_register_that_is_not_believed_is_no_register_and_says_why(simulator: Simulator) -> None:
    report = verify(
        intake_bytes(write_json(simulator.good_badge()), name="badge"),
        policy=BADGE_POLICY,
        surroundings=Surroundings(fetch=simulator.web, register_fault=ProofInvalid("The edition was altered.")),
        at=NOW,
    )
    assert (report.accredited.verdict, report.accredited.reason) == (AccreditedVerdict.UNCONFIRMED, "no-register")
    assert "The edition was altered." in report.accredited.sentence


# --- award day, today ----------------------------------------------------------------------------------------------
def test_today_stands_beside_and_never_turns_a_badge_red(simulator: Simulator) -> None:
    change("awarding_rights", ended_on=date(2026, 9, 1))(simulator)
    report = simulator.check(simulator.good_badge())
    document = report.to_json()["accredited"]
    assert document["verdict"] == "valid"
    assert (document["at_award"]["outcome"], document["today"]["reason"]) == ("accredited", "right-ended")
    assert "the badge is not affected" in document["sentence"]


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        pytest.param(date(2026, 10, 18), "accredited", id="35 days old"),
        pytest.param(date(2026, 10, 17), "register-stale", id="36 days old"),
    ],
)
def test_a_stale_register_says_nothing_of_today_and_all_of_the_award(
    simulator: Simulator, day: date, reason: str
) -> None:
    simulator.as_at = day
    document = simulator.check(simulator.good_badge()).to_json()["accredited"]
    assert (document["verdict"], document["today"]["reason"]) == ("valid", reason)


def test_the_award_day_is_the_day_in_new_zealand(simulator: Simulator) -> None:
    change("listings", listed_from=date(2026, 5, 5))(simulator)
    late_evening = datetime(2026, 5, 5, 0, 30, tzinfo=NZ)  # still 4 May in UTC
    report = simulator.check(simulator.good_badge(awardedDate=late_evening.isoformat()))
    assert report.accredited.verdict is AccreditedVerdict.VALID
    assert report.to_json()["badge"]["awarded_on"] == "2026-05-05"


def notices(report: Report, check_id: str) -> list[str]:
    return [notice.code for notice in report.check(check_id).notices]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Native Seed Collection", [], id="without the kind"),
        pytest.param("Native  Seed Collection (micro-credential)", [], id="other spaces and capitals in the kind"),
        pytest.param("Te Kohi Kākano Māori", [], id="the Māori title"),
        pytest.param("Te Kohi Ka\u0304kano Ma\u0304ori", [], id="the Māori title in NFD"),
        pytest.param("Native Seed Mastery", ["title-differs"], id="another title"),
    ],
)
def test_a_title_is_folded_and_a_difference_is_a_notice(simulator: Simulator, title: str, expected: list[str]) -> None:
    unsigned = edited(simulator.badge(), "credentialSubject", "achievement", "name", value=title)
    report = simulator.check(simulator.sign(unsigned))
    assert notices(report, "register.match") == expected
    assert report.accredited.verdict is AccreditedVerdict.VALID


@pytest.mark.parametrize(
    ("awarded", "expected"),
    [
        pytest.param("2026-02-06T00:00:00Z", [], id="signed 90 days later"),
        pytest.param("2026-02-05T00:00:00Z", ["signed-late"], id="signed 91 days later"),
        pytest.param("2026-05-20T00:00:00Z", ["signed-before-award"], id="signed before the award"),
    ],
)
def test_the_time_between_award_and_signature_is_a_notice(
    simulator: Simulator, awarded: str, expected: list[str]
) -> None:
    report = simulator.check(simulator.good_badge(awardedDate=awarded))
    assert notices(report, "register.match") == expected
    assert report.accredited.verdict is AccreditedVerdict.VALID


def test_an_assumed_award_day_is_told(simulator: Simulator) -> None:
    assert notices(simulator.check(simulator.good_badge(awardedDate=None)), "register.listing") == ["award-day-assumed"]


# --- the report of the contract ------------------------------------------------------------------------------------
def test_the_report_has_the_contracts_members(simulator: Simulator) -> None:
    document = simulator.check(simulator.good_badge()).to_json()
    assert list(document) == [
        *("genuine", "current", "accredited", "checks", "badge", "checked_at", "sources", "register", "verifier"),
        "report_sha256",
    ]
    assert list(document["genuine"]) == ["verdict", "sentence", "sentence_mi"]
    assert list(document["current"]) == ["verdict", "sentence", "sentence_mi", "as_of"]
    assert list(document["accredited"]) == [
        *("verdict", "reason", "sentence", "at_award", "today", "authority", "sentence_mi")
    ]
    assert [check["id"] for check in document["checks"]] == [
        *("intake", "conforms", "lossless", "proof", "issuer.identity"),
        *("dates", "status.revocation", "status.suspension", "lineage"),
        *("register.issuer", "register.listing", "register.provider", "register.right", "register.match"),
        *("recipient", "endorsements"),
    ]
    for check in document["checks"]:
        assert {"id", "question", "need", "outcome", "reason", "sentence", "evidence"} <= check.keys()
        assert check["need"] in {"required", "if-present", "informative"}
        assert check["outcome"] in {"passed", "failed", "unknown", "skipped"}
    assert (
        document["badge"]
        | {
            "title": "Native Seed Collection (Micro-credential)",
            "nzqa_ref": "9876",
            "level": 4,
            "credits": 12,
            "provider": "Tōtara Training (demonstration)",
            "learner": "Mere Āwhina",
            "awarded_on": "2026-05-04",
            "signed_at": "2026-05-06T21:15:00Z",
        }
        == document["badge"]
    )
    assert set(document["register"]) == {"edition", "as_at", "sha256", "demonstration"}
    assert all(set(source) == {"url", "retrieved_at", "sha256"} for source in document["sources"])
    assert document["checked_at"] == "2026-11-22T03:00:00Z"
    write_json(document)


def test_a_fault_of_ours_is_unknown_and_never_a_verdict(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(dict[str, Any]):
        def get(self, *_arguments: Any) -> Any:
            raise RuntimeError("broken on purpose")

    subject = intake_bytes(write_json(simulator.good_badge()), name="badge")
    broken: JsonObject = Broken(subject.document or {})
    report = simulator.check(replace(subject, document=broken))
    assert report.check("conforms").reason == "internal-fault"
    assert report.genuine.verdict == "unconfirmed"
    assert "broken on purpose" in caplog.text
    assert "Mere" not in caplog.text


@pytest.mark.parametrize("ref", ["９８７６", "9876 ", "+9876", "09876", "98-76", "٩٨٧٦"], ids=repr)
def test_a_reference_that_only_looks_like_the_listing_is_not_its_reference(simulator: Simulator, ref: str) -> None:
    unsigned = edited(
        simulator.badge(), "credentialSubject", "achievement", "otherIdentifier", 0, "identifier", value=ref
    )
    unsigned["credentialSubject"]["achievement"]["humanCode"] = ref
    achievement = unsigned["credentialSubject"]["achievement"]
    achievement["alignment"] = [one for one in achievement["alignment"] if one["targetType"] != "ext:NZQAListing"]
    report = simulator.check(simulator.sign(unsigned))
    assert (report.accredited.verdict, report.accredited.reason) == (AccreditedVerdict.INVALID, "listing-unknown")
    assert ref.strip() in report.accredited.sentence
