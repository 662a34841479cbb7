"""What a decision says in words, in both languages, for every reason."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from string import Formatter
from typing import Any

import pytest

from tests.register.making import REF, P, Q, edition, equivalency, issuer, key, listing, plain, provider, right, signer
from tests.register.making import succession as hands_over
from verifier.register.decision import decide, decide_for_issuer, decide_today
from verifier.register.reasons import CONCERN_OF, OUTCOME_OF, Caveat, Outcome, Reason
from verifier.register.records import Basis
from verifier.register.sentences import (
    AT_AWARD,
    AT_SIGNING,
    CAVEATS,
    DEMONSTRATION_REGISTER,
    REGISTER,
    RIGHT_NAMES,
    SENTENCES,
    SINCE,
    STILL,
    Words,
)
from verifier.register.statement import award_sentences, decision_document, decision_sentence, since_sentence

DAY = date(2026, 5, 3)
DID = "did:web:te-kura.example"
STOLEN = datetime(2026, 3, 1, tzinfo=UTC)
MERGED = [provider(P, "2026-01-01"), provider(Q, last="2025-12-31"), hands_over()]
BOUND = [right(), issuer(DID), key(f"{DID}#1", str(signer(5).public_key.multibase), stolen=STOLEN)]
OLD = "2024-03-10"


def by_number(*rows: Any, day: date = DAY, who: str = P) -> tuple[Any, Any]:
    held = plain(*rows)
    return decide(held, provider=who, ref=REF, on=day), held


def by_issuer(did: str, method: str | None) -> tuple[Any, Any]:
    held = plain(*BOUND)
    return decide_for_issuer(held, did=did, method=method, ref=REF, on=DAY), held


def stale() -> tuple[Any, Any]:
    held = plain(right())
    return decide_today(held, provider=P, ref=REF, today=date(2027, 1, 1)), held


CASES = {
    Reason.NO_REGISTER: lambda: (decide(None, provider=P, ref=REF, on=DAY), None),
    Reason.REGISTER_STALE: stale,
    Reason.LISTING_REMOVED: lambda: by_number(listing(removed_on="2016-01-01")),
    Reason.REGISTER_PREDATES_AWARD: lambda: by_number(day=date(2027, 1, 1)),
    Reason.EQUIVALENCY_ONLY: lambda: by_number(listing("1111"), equivalency(REF)),
    Reason.LISTING_UNKNOWN: lambda: by_number(listing("1111")),
    Reason.LISTING_NOT_YET: lambda: by_number(listing(first="2026-06-01")),
    Reason.LISTING_DISCONTINUED: lambda: by_number(listing(last="2025-06-30")),
    Reason.ISSUER_NOT_BOUND: lambda: by_issuer("did:web:x.example", None),
    Reason.KEY_NOT_BOUND: lambda: by_issuer(DID, f"{DID}#9"),
    Reason.KEY_COMPROMISED: lambda: by_issuer(DID, f"{DID}#1"),
    Reason.PROVIDER_UNKNOWN: lambda: by_number(provider(Q)),
    Reason.PROVIDER_NOT_REGISTERED: lambda: by_number(provider(last="2025-12-31")),
    Reason.ACCREDITED: lambda: by_number(right()),
    Reason.APPROVED_INSTITUTION: lambda: by_number(right(basis="approval")),
    Reason.AWARDED_BY_DEVELOPER: lambda: by_number(right(basis="developer")),
    Reason.AWARDED_BY_NZQA: lambda: by_number(right(basis="nzqa")),
    Reason.ACCREDITED_THROUGH_PREDECESSOR: lambda: by_number(*MERGED, right(Q)),
    Reason.RIGHT_ABSENT: by_number,
    Reason.RIGHT_NOT_YET: lambda: by_number(right(granted="2026-06-01")),
    Reason.RIGHT_ENDED: lambda: by_number(right(last="2025-06-30")),
    Reason.RIGHT_LAPSED: lambda: by_number(right(delivered=OLD, checked="2026-10-01")),
    Reason.DELIVERY_NOT_RECORDED: lambda: by_number(right(delivered=OLD)),
}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence_in_both_languages(reason: Reason) -> None:
    decision, held = CASES[reason]()
    assert decision.reason is reason
    for language in ("en", "mi"):
        sentence = decision_sentence(decision, held, language=language)
        assert re.fullmatch(r"\S.*\.", sentence)
        assert not re.search(r"[{}]|None|  |“”|not recorded,? by", sentence), sentence
        assert sentence[0].isupper() or not sentence[0].isalpha()


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_an_outcome_and_a_concern(reason: Reason) -> None:
    assert reason in OUTCOME_OF
    assert reason in CONCERN_OF


TABLES = (SENTENCES, CAVEATS, SINCE, AT_AWARD, RIGHT_NAMES)
ALL_WORDS = [words for table in TABLES for words in table.values()]
ALL_WORDS += [REGISTER, DEMONSTRATION_REGISTER, AT_SIGNING, STILL]


@pytest.mark.parametrize("words", ALL_WORDS)
def test_both_languages_name_the_same_facts(words: Words) -> None:
    named = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in words]
    assert named[0] == named[1]


@pytest.mark.parametrize("words", ALL_WORDS)
def test_no_row_lacks_te_reo_and_its_macrons_are_single_letters(words: Words) -> None:
    assert words.mi
    assert words.mi != words.en
    assert unicodedata.is_normalized("NFC", words.mi)


def test_every_good_answer_has_words_for_a_badge_in_hand_and_every_basis_a_name() -> None:
    assert set(AT_AWARD) == {reason for reason, outcome in OUTCOME_OF.items() if outcome is Outcome.ACCREDITED}
    assert set(RIGHT_NAMES) == set(Basis)


def test_a_badge_in_hand_is_told_at_award_at_signing_and_today() -> None:
    held = plain(
        right(last="2026-09-01"),
        provider(trading_as="Kelp College"),
        issuer(DID),
        key(f"{DID}#1", str(signer(5).public_key.multibase)),
    )
    at_award = decide_for_issuer(
        held, did=DID, method=f"{DID}#1", signed_at=datetime(2026, 5, 8, tzinfo=UTC), ref=REF, on=DAY
    )
    today = decide_today(held, provider=P, ref=REF, today=date(2026, 11, 5))
    assert award_sentences(at_award, held, today=today) == (
        "Accredited when awarded on 3 May 2026, by the demonstration register (invented data) kept by "
        "Authority (invented) as at 1 November 2026 (not NZQA). "
        "Signed on 8 May 2026, when the register had this address and key as those of Provider 9990 (invented). "
        "The accreditation ended on 1 September 2026; the badge is not affected."
    )
    said = award_sentences(at_award, held, today=today, language="mi")
    assert said.startswith("I whai mana i te whakawhiwhinga i te 3 Haratua 2026, e ai ki te rēhita whakaatu")
    assert said.endswith("I mutu te whakamanatanga i te 1 Mahuru 2026; kāore te tohu e pāngia.")


def test_a_bad_answer_is_told_whole_and_nothing_else() -> None:
    decision, held = by_number()
    now = decide_today(held, provider=P, ref=REF, today=date(2026, 11, 5))
    assert award_sentences(decision, held, today=now) == decision_sentence(decision, held)


def test_listing_and_approval_are_separate_facts_in_the_evidence() -> None:
    decision, held = by_number(listing(first="2024-02-01", approved_on="2024-01-15"), right())
    listed = decision_document(decision, held)["evidence"]["listing"]
    assert (listed["listed_from"], listed["approved_on"], listed["first_day"]) == (
        "2024-02-01",
        "2024-01-15",
        "2024-02-01",
    )


@pytest.mark.parametrize("caveat", list(Caveat))
def test_every_caveat_has_words(caveat: Caveat) -> None:
    assert caveat in CAVEATS


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        pytest.param(
            [right()],
            "Provider 9990 (invented) was accredited to deliver “Kelp farming” [Ref: 5055] on 3 May 2026, by the "
            "demonstration register (invented data) kept by Authority (invented) as at 1 November 2026 (not NZQA).",
            id="accredited",
        ),
        pytest.param(
            [right(last="2025-06-30")],
            "The right of Provider 9990 (invented) to award “Kelp farming” [Ref: 5055] ended on 30 June 2025, before "
            "3 May 2026, by the demonstration register (invented data) kept by Authority (invented) as at 1 November "
            "2026 (not NZQA).",
            id="ended",
        ),
        pytest.param(
            [right(delivered=OLD, checked="2026-10-01")],
            "The accreditation of Provider 9990 (invented) to deliver “Kelp farming” [Ref: 5055] lapsed after 10 March "
            "2025, before 3 May 2026, by the demonstration register (invented data) kept by Authority (invented) as at "
            "1 November 2026 (not NZQA).",
            id="lapsed",
        ),
        pytest.param(
            [*MERGED, right(Q, last="2025-11-30", why="withdrawn")],
            "The right of Provider 9991 (invented) to award “Kelp farming” [Ref: 5055] ended on 30 November 2025, "
            "before 3 May 2026, by the demonstration register (invented data) kept by Authority (invented) as at "
            "1 November 2026 (not NZQA).",
            id="a predecessor's right is said to be the predecessor's",
        ),
        pytest.param(
            [provider(P), provider(Q, last="2025-11-30"), hands_over(on="2026-06-01"), right(Q)],
            "Provider 9991 (invented) was not registered on 3 May 2026, by the demonstration register (invented data) "
            "kept by Authority (invented) as at 1 November 2026 (not NZQA).",
            id="it is said who was not registered",
        ),
    ],
)
def test_sentences_name_the_registers_facts(rows: list[Any], sentence: str) -> None:
    decision, held = by_number(*rows)
    assert decision_sentence(decision, held) == sentence


def test_the_te_reo_title_stands_where_it_is_the_only_one() -> None:
    decision, held = by_number(listing(title_en=None, title_mi="Te Waha Ōhaoha"), right())
    assert "“Te Waha Ōhaoha”" in decision_sentence(decision, held)


@pytest.mark.parametrize(
    ("rows", "today", "sentence"),
    [
        pytest.param([right()], "2026-11-05", "That is so today as well.", id="still"),
        pytest.param(
            [right(last="2026-09-01")],
            "2026-11-05",
            "The accreditation ended on 1 September 2026; the badge is not affected.",
            id="ended since",
        ),
        pytest.param(
            [listing(last="2026-09-01"), right()],
            "2026-11-05",
            "The micro-credential could be awarded until 1 September 2026; the badge is not affected.",
            id="discontinued since",
        ),
        pytest.param(
            [provider(last="2026-09-01"), right()],
            "2026-11-05",
            "Provider 9990 (invented) is no longer registered; the badge is not affected.",
            id="closed since",
        ),
        pytest.param(
            [right()],
            "2027-03-01",
            "How things stand today is not known: the register is more than 35 days old.",
            id="stale",
        ),
    ],
)
def test_today_is_said_beside_a_good_answer(rows: list[Any], today: str, sentence: str) -> None:
    held = plain(*rows)
    now = decide_today(held, provider=P, ref=REF, today=date.fromisoformat(today))
    assert since_sentence(now, held) == sentence
    assert since_sentence(now, held, language="mi")


def test_the_json_has_the_members_of_the_contract() -> None:
    decision, held = by_number(*MERGED, right(Q, delivered=None))
    document = decision_document(decision, held)
    assert {"outcome", "reason", "sentence", "on", "edition", "as_at", "authority", "caveats", "evidence"} <= set(
        document
    )
    assert (document["outcome"], document["caveats"]) == ("accredited", ["delivery-not-recorded"])
    assert (document["on"], document["as_at"], document["edition"]) == ("2026-05-03", "2026-11-01", 1)
    assert document["authority"] == "Authority (invented)"
    assert document["evidence"]["right"]["holder"] == Q
    assert document["evidence"]["successions"][0]["effective_on"] == "2026-01-01"
    assert document["sentence_mi_reviewed"] is False


def test_the_json_without_a_register_says_so() -> None:
    document = decision_document(decide(None, provider=P, ref=REF, on=DAY), None)
    assert (document["reason"], document["edition"], document["authority"]) == ("no-register", None, None)


def test_in_the_window_the_evidence_names_what_was_absent() -> None:
    decision, held = by_number(day=date(2026, 11, 5))
    assert decision_document(decision, held)["evidence"]["absence"] == "right-absent"


def test_a_real_register_is_not_called_a_demonstration() -> None:
    from dataclasses import replace

    decision, held = by_number(right())
    real = replace(edition(), demonstration=False, register=held.register)
    assert "by the register kept by Authority (invented) as at 1 November 2026 (not NZQA)" in decision_sentence(
        decision, real
    )
