"""In force today? Dates, status lists with everything that can be wrong with them, and newer versions."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas import vocabulary as v
from schemas.jsontext import JsonObject, write_json
from schemas.limits import MAX_BITSTRING_BYTES, MAX_STATUS_ENTRIES, MIN_BITSTRING_ENTRIES
from schemas.statuslist import encode, status_entry
from tests.simulator import NOW, Party, Simulator, edited
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.report import CurrentVerdict, Report
from verifier.verify import Surroundings, verify

INDEX = 94_567


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


def found(report: Report, check_id: str) -> tuple[str, str]:
    check = report.check(check_id)
    return check.outcome.value, check.reason


def assert_unknown(report: Report, reason: str) -> None:
    assert found(report, "status.revocation") == ("unknown", reason)
    assert report.current.verdict is CurrentVerdict.UNCONFIRMED
    assert not report


# --- dates --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        pytest.param({"validUntil": None}, "current", id="no end"),
        pytest.param({"validUntil": "9999-12-31T23:59:59Z"}, "current", id="ends with the calendar"),
        pytest.param({"validUntil": "2026-11-22T03:00:00Z"}, "current", id="ends this very second"),
        pytest.param({"validUntil": "2026-11-22T02:59:59Z"}, "expired", id="ended a second ago"),
        pytest.param(
            {"validUntil": "2026-11-22T16:00:00+13:00"}, "current", id="ends this second, said in New Zealand time"
        ),
        pytest.param({"validFrom": "2026-11-22T03:05:00Z"}, "current", id="begins within the skew of clocks"),
        pytest.param({"validFrom": "2026-11-22T03:05:01Z"}, "not-yet-valid", id="begins beyond the skew of clocks"),
    ],
)
def test_a_badge_is_in_force_between_its_dates(simulator: Simulator, changes: JsonObject, verdict: str) -> None:
    report = simulator.check(simulator.sign(simulator.badge(**changes), created=NOW))
    assert report.current.verdict == verdict


def test_a_badge_checked_as_at_a_time_before_it_was_signed_is_not_yet_valid(simulator: Simulator) -> None:
    report = simulator.check(simulator.good_badge(), at=datetime(2026, 5, 1, tzinfo=UTC))
    assert report.current.verdict is CurrentVerdict.NOT_YET_VALID
    assert report.genuine.verdict == "valid"


def test_old_badges_expire_too(simulator: Simulator) -> None:
    from tests.simulator import old_badge

    unsigned = old_badge(simulator.provider) | {"expirationDate": "2026-11-01T00:00:00Z"}
    report = simulator.check(simulator.sign(unsigned, suite=v.ED25519_SIGNATURE_2020))
    assert report.current.verdict is CurrentVerdict.EXPIRED


# --- status lists that do their work ------------------------------------------------------------------------------
def test_a_set_bit_is_withdrawn(simulator: Simulator) -> None:
    simulator.publish_list(set_={INDEX})
    report = simulator.check(simulator.good_badge())
    assert report.current.verdict is CurrentVerdict.WITHDRAWN
    assert report.genuine.verdict == "valid"


def test_a_neighbours_bit_is_not(simulator: Simulator) -> None:
    simulator.publish_list(set_={INDEX - 1, INDEX + 1, 0, MIN_BITSTRING_ENTRIES - 1})
    assert simulator.check(simulator.good_badge()).current.verdict is CurrentVerdict.CURRENT


def _with_suspension(simulator: Simulator, *, set_: set[int]) -> JsonObject:
    url = f"{simulator.provider.base_url}/status/2"
    simulator.publish_list(url=url, purpose=v.SUSPENSION, set_=set_)
    revocation = status_entry(list_url=simulator.list_url, index=INDEX, purpose=v.REVOCATION)
    return simulator.good_badge(
        credentialStatus=[revocation, status_entry(list_url=url, index=7, purpose=v.SUSPENSION)]
    )


def test_suspension_is_its_own_answer(simulator: Simulator) -> None:
    assert simulator.check(_with_suspension(simulator, set_=set())).current.verdict is CurrentVerdict.CURRENT
    report = simulator.check(_with_suspension(simulator, set_={7}))
    assert report.current.verdict is CurrentVerdict.SUSPENDED
    assert found(report, "status.revocation") == ("passed", "not-revoked")


def test_withdrawn_wins_over_suspended(simulator: Simulator) -> None:
    badge = _with_suspension(simulator, set_={7})
    simulator.publish_list(set_={INDEX})
    assert simulator.check(badge).current.verdict is CurrentVerdict.WITHDRAWN


def test_two_entries_on_one_list_cost_one_retrieval(simulator: Simulator) -> None:
    entries = [status_entry(list_url=simulator.list_url, index=index, purpose=v.REVOCATION) for index in (1, 2)]
    report = simulator.check(simulator.good_badge(credentialStatus=entries))
    assert found(report, "status.revocation") == ("passed", "not-revoked")
    assert simulator.web.asked.count(simulator.list_url) == 1


def test_one_set_bit_among_several_entries_decides(simulator: Simulator) -> None:
    simulator.publish_list(set_={2})
    unreachable = status_entry(list_url="https://gone.example/1", index=1, purpose=v.REVOCATION)
    entries = [
        unreachable,
        *(status_entry(list_url=simulator.list_url, index=index, purpose=v.REVOCATION) for index in (1, 2)),
    ]
    report = simulator.check(simulator.good_badge(credentialStatus=entries))
    assert report.current.verdict is CurrentVerdict.WITHDRAWN


def test_an_index_that_is_a_number_is_read_as_open_badges_own_examples_write_it(simulator: Simulator) -> None:
    simulator.publish_list(set_={INDEX})
    entry = status_entry(list_url=simulator.list_url, index=INDEX, purpose=v.REVOCATION) | {"statusListIndex": INDEX}
    report = simulator.check(simulator.sign_text(simulator.badge(credentialStatus=entry)))
    assert report.current.verdict in {CurrentVerdict.WITHDRAWN, CurrentVerdict.NOT_APPLICABLE}


def test_a_message_or_refresh_entry_takes_nothing_away(simulator: Simulator) -> None:
    entry = status_entry(list_url=simulator.list_url, index=INDEX, purpose="refresh")
    report = simulator.check(simulator.good_badge(credentialStatus=entry))
    assert found(report, "status.revocation") == ("skipped", "no-status")


def test_a_list_signed_as_a_jwt_is_read(simulator: Simulator) -> None:
    from keys.signing import sign_jwt

    provider = simulator.provider
    text = sign_jwt(
        simulator.status_list(set_={INDEX}),
        signer=provider.signer("status"),
        kid=provider.method("status"),
        alg="EdDSA",
    )
    simulator.web.put(simulator.list_url, text.encode(), v.VC_JWT)
    assert simulator.check(simulator.good_badge()).current.verdict is CurrentVerdict.WITHDRAWN


def test_a_list_may_have_several_purposes(simulator: Simulator) -> None:
    document = edited(
        simulator.status_list(set_={INDEX}), "credentialSubject", "statusPurpose", value=["suspension", "revocation"]
    )
    simulator.publish_list(document)
    assert simulator.check(simulator.good_badge()).current.verdict is CurrentVerdict.WITHDRAWN


def test_a_list_signed_with_the_badge_key_is_read(simulator: Simulator) -> None:
    simulator.publish_list(key="ed25519", set_={INDEX})
    assert simulator.check(simulator.good_badge()).current.verdict is CurrentVerdict.WITHDRAWN


# --- status lists that say nothing ----------------------------------------------------------------------------------
STRANGER = Party(base_url="https://stranger.example", name="Stranger", prefix="stranger-", key_names=("status",))


def _list(**facts: Any) -> Callable[[Simulator], object]:
    return lambda simulator: simulator.publish_list(**facts)


def _list_edited(*steps: str | int, value: Any, signed: bool = True) -> Callable[[Simulator], object]:
    """The list with one member changed, before it was signed or after."""

    def publish(simulator: Simulator) -> None:
        if signed:
            simulator.publish_list(edited(simulator.status_list(), *steps, value=value))
        else:
            simulator.web.put(simulator.list_url, edited(simulator.publish_list(), *steps, value=value))

    return publish


def _strangers_list(simulator: Simulator) -> None:
    STRANGER.publish(simulator.web)
    simulator.publish_list(party=STRANGER, issuer=STRANGER.did)


def _list_in_the_issuers_name(simulator: Simulator) -> None:
    STRANGER.publish(simulator.web)
    simulator.publish_list(party=STRANGER)


def _unreachable(simulator: Simulator) -> None:
    del simulator.web.pages[simulator.list_url]


def _body(body: bytes) -> Callable[[Simulator], object]:
    return lambda simulator: simulator.web.put(simulator.list_url, body)


def _bomb() -> str:
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(MAX_BITSTRING_BYTES + 1))).rstrip(b"=").decode()


def _last_retrieved_long_ago(simulator: Simulator) -> None:
    simulator.web.retrieved_at = NOW - timedelta(days=31)


LISTS = [
    pytest.param(_unreachable, "status-unreachable", id="it cannot be reached"),
    pytest.param(_body(b""), "status-list-malformed", id="it is empty"),
    pytest.param(_body(b"<!doctype html><title>Sign in</title>"), "status-list-malformed", id="it is a web page"),
    pytest.param(_body(b'{"a":1,"a":2}'), "status-list-malformed", id="it has a member twice"),
    pytest.param(_body(b"{}"), "status-list-malformed", id="it is an empty object"),
    pytest.param(_strangers_list, "status-list-foreign", id="it is a stranger's"),
    pytest.param(_list_in_the_issuers_name, "status-list-unproven", id="a stranger signed it in the issuer's name"),
    pytest.param(lambda s: s.web.put(s.list_url, s.status_list()), "status-list-unproven", id="nobody signed it"),
    pytest.param(_list_edited("credentialSubject", "encodedList", value=encode({1}, length=MIN_BITSTRING_ENTRIES), signed=False), "status-list-unproven", id="it was changed after it was signed"),
    pytest.param(_list_edited("id", value="https://badges.totara-training.example/status/9"), "status-list-elsewhere", id="it belongs at another address"),
    pytest.param(_list_edited("id", value=...), "status-list-elsewhere", id="it has no address"),
    pytest.param(_list(purpose=v.SUSPENSION), "status-purpose-differs", id="it is for another purpose"),
    pytest.param(_list(valid_until=NOW - timedelta(seconds=1)), "status-list-expired", id="it has run out"),
    pytest.param(_list(valid_from=NOW + timedelta(hours=1)), "status-list-not-yet", id="it has not begun"),
    pytest.param(_last_retrieved_long_ago, "status-list-stale", id="the copy is older than the policy allows"),
    pytest.param(_list(length=MIN_BITSTRING_ENTRIES - 8), "status-list-short", id="it is one byte too short"),
    pytest.param(_list(encoded=_bomb()), "status-list-malformed", id="it is a bomb"),
    pytest.param(_list(encoded="uH4sI"), "status-list-malformed", id="its gzip is damaged"),
    pytest.param(_list_edited("type", value=["VerifiableCredential"]), "status-list-malformed", id="it is some other credential"),
    pytest.param(_list_edited("credentialSubject", "type", value=["BitstringStatusListEntry"], signed=False), "status-list-malformed", id="it holds no list"),
    pytest.param(_list_edited("@context", value=[v.CREDENTIALS_V2, "https://vocabulary.example/v1"], signed=False), "status-list-malformed", id="its context is not held"),
    pytest.param(_list_edited("@context", value=[v.CREDENTIALS_V2, {"encodedList": "https://x.example/e"}], signed=False), "status-list-malformed", id="it brings a context along"),
    pytest.param(_list_edited("credentialSubject", "grade", value="A", signed=False), "status-list-malformed", id="it holds a term that nobody signed"),
    pytest.param(_list_edited("credentialSubject", "@type", value="BitstringStatusList", signed=False), "status-list-malformed", id="it is written in disguise"),
]  # fmt: skip


@pytest.mark.parametrize(("publish", "reason"), LISTS)
def test_a_list_in_doubt_neither_clears_nor_condemns(
    simulator: Simulator, publish: Callable[[Simulator], object], reason: str
) -> None:
    badge = simulator.good_badge()
    publish(simulator)
    assert_unknown(simulator.check(badge), reason)


def _entry(**changes: Any) -> Callable[[Simulator], Any]:
    def make(simulator: Simulator) -> Any:
        entry = status_entry(list_url=simulator.list_url, index=INDEX, purpose=v.REVOCATION) | changes
        return {name: value for name, value in entry.items() if value is not ...}

    return make


ENTRIES = [
    pytest.param(_entry(statusListIndex=str(MIN_BITSTRING_ENTRIES)), "status-index-out-of-range", id="an index one beyond the end"),
    pytest.param(_entry(statusListIndex="-1"), "status-entry-malformed", id="a negative index"),
    pytest.param(_entry(statusListIndex="+5"), "status-entry-malformed", id="an index with a sign"),
    pytest.param(_entry(statusListIndex="٥"), "status-entry-malformed", id="an index in other digits"),
    pytest.param(_entry(statusListIndex=...), "status-entry-malformed", id="no index"),
    pytest.param(_entry(statusListCredential=...), "status-entry-malformed", id="no list"),
    pytest.param(_entry(statusListCredential="https://gone.example/status"), "status-unreachable", id="a list nobody can reach"),
    pytest.param(_entry(statusPurpose="quarantine"), "status-purpose-unknown", id="a purpose nobody here knows"),
    pytest.param(_entry(statusPurpose=...), "status-purpose-unknown", id="no purpose"),
    pytest.param(_entry(statusSize=2), "status-entry-malformed", id="more than one bit a badge"),
    pytest.param(lambda _s: {"id": "https://x.example/1", "type": "1EdTechCredentialRefresh"}, "status-type-unknown", id="a kind of status that is not read"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "reason"), ENTRIES)
def test_an_entry_in_doubt_is_unknown(simulator: Simulator, make: Callable[[Simulator], Any], reason: str) -> None:
    contexts = [v.CREDENTIALS_V2, v.OB3_CONTEXT, v.OB3_EXTENSIONS]
    badge = simulator.sign(simulator.badge(credentialStatus=make(simulator)) | {"@context": contexts})
    assert_unknown(simulator.check(badge), reason)


def test_one_entry_over_the_limit_is_unknown(simulator: Simulator) -> None:
    entries = [
        status_entry(list_url=simulator.list_url, index=index, purpose=v.REVOCATION)
        for index in range(MAX_STATUS_ENTRIES + 1)
    ]
    assert_unknown(simulator.check(simulator.good_badge(credentialStatus=entries)), "too-many-status-entries")
    assert (
        simulator.check(simulator.good_badge(credentialStatus=entries[:-1])).current.verdict is CurrentVerdict.CURRENT
    )


def test_an_entry_nobody_knows_does_not_hide_a_set_bit(simulator: Simulator) -> None:
    simulator.publish_list(set_={INDEX})
    strange = {"id": "https://x.example/1", "type": "1EdTechRevocationList"}
    entries = [strange, status_entry(list_url=simulator.list_url, index=INDEX, purpose=v.REVOCATION)]
    contexts = [v.CREDENTIALS_V2, v.OB3_CONTEXT, v.OB3_EXTENSIONS]
    badge = simulator.sign(simulator.badge(credentialStatus=entries) | {"@context": contexts})
    assert simulator.check(badge).current.verdict is CurrentVerdict.WITHDRAWN


def test_a_list_younger_than_the_moment_asked_about_counts(simulator: Simulator) -> None:
    report = simulator.check(simulator.good_badge(), at=NOW - timedelta(days=60))
    assert found(report, "status.revocation") == ("passed", "not-revoked")


def test_the_answer_is_as_old_as_the_oldest_list(simulator: Simulator) -> None:
    simulator.web.retrieved_at = NOW - timedelta(days=3)
    report = simulator.check(simulator.good_badge())
    assert report.current.as_of == NOW - timedelta(days=3)


def test_a_policy_may_want_fresher_lists(simulator: Simulator) -> None:
    simulator.web.retrieved_at = NOW - timedelta(days=3)
    policy = replace(BADGE_POLICY, max_status_age=timedelta(days=2))
    assert_unknown(simulator.check(simulator.good_badge(), policy=policy), "status-list-stale")


def test_a_list_is_proved_once_for_all_the_badges_of_a_run_and_named_in_each_report(simulator: Simulator) -> None:
    surroundings = Surroundings(fetch=simulator.web, edition=simulator.edition())
    reports = [
        verify(
            intake_bytes(write_json(simulator.good_badge(name=name)), name=name),
            policy=BADGE_POLICY,
            surroundings=surroundings,
            at=NOW,
        )
        for name in ("first", "second")
    ]
    assert len(surroundings.memory) == 1
    assert all(reports)
    assert reports[0].sources == reports[1].sources
    simulator.publish_list(set_={INDEX})
    third = intake_bytes(write_json(simulator.good_badge()), name="third")
    report = verify(third, policy=BADGE_POLICY, surroundings=surroundings, at=NOW)
    assert report.current.verdict is CurrentVerdict.WITHDRAWN, "another text is another list"


# --- a newer version ------------------------------------------------------------------------------------------------
NEWER = "2026-08-01T00:00:00Z"


def _at_own_address(simulator: Simulator, body: bytes | JsonObject, media_type: str = "application/json") -> JsonObject:
    badge = simulator.good_badge()
    simulator.web.put(badge["id"], body, media_type)
    return badge


def test_a_corrected_badge_is_replaced_and_not_withdrawn(simulator: Simulator) -> None:
    simulator.publish_list(set_={INDEX})
    badge = _at_own_address(simulator, simulator.good_badge(validFrom=NEWER))
    report = simulator.check(badge)
    assert report.current.verdict is CurrentVerdict.REPLACED
    assert found(report, "status.revocation") == ("failed", "withdrawn")
    assert badge["id"] in report.current.sentence


def test_the_newer_one_itself_is_current(simulator: Simulator) -> None:
    entry = status_entry(list_url=simulator.list_url, index=INDEX + 1, purpose=v.REVOCATION)
    simulator.publish_list(set_={INDEX})
    newer = simulator.good_badge(validFrom=NEWER, credentialStatus=entry)
    simulator.web.put(newer["id"], newer)
    report = simulator.check(newer)
    assert report.current.verdict is CurrentVerdict.CURRENT
    assert found(report, "lineage") == ("passed", "newest")


PAGE = b"<!DOCTYPE html><html><head>%s</head><body>A badge</body></html>"


@pytest.mark.parametrize(
    ("head", "suffix"),
    [
        pytest.param(b'<link rel="alternate" type="application/vc+ld+json" href="/b/1.json">', "/b/1.json", id="a page that links to the document"),
        pytest.param(b"", ".json", id="a page beside its document"),
        pytest.param(b'<link rel="alternate" type="application/vc+ld+json" href="https://elsewhere.example/1.json">', ".json", id="a link that leads elsewhere is not followed"),
        pytest.param(b'<link rel="stylesheet" href="/b/1.json">', ".json", id="a link of another kind is not followed"),
    ],
)  # fmt: skip
def test_behind_a_page_for_people_the_document_is_found(simulator: Simulator, head: bytes, suffix: str) -> None:
    badge = _at_own_address(simulator, PAGE % head, "text/html")
    where = badge["id"] + suffix if suffix == ".json" else simulator.provider.base_url + suffix
    simulator.web.put(where, simulator.good_badge(validFrom=NEWER))
    assert simulator.check(badge).current.verdict is CurrentVerdict.REPLACED
    assert not [url for url in simulator.web.asked if "elsewhere" in url]


def test_a_newer_jwt_replaces(simulator: Simulator) -> None:
    text = simulator.sign_text(simulator.badge(validFrom=NEWER))
    badge = _at_own_address(simulator, text.encode(), v.VC_JWT)
    assert simulator.check(badge).current.verdict is CurrentVerdict.REPLACED


STRANGER_2 = Party(base_url="https://stranger.example", prefix="stranger-", key_names=("ed25519",))

LINEAGES = [
    pytest.param(lambda s: s.good_badge(), "passed", "newest", id="the same copy"),
    pytest.param(lambda s: s.good_badge(validFrom="2026-05-01T00:00:00Z"), "passed", "newest", id="an older version"),
    pytest.param(lambda s: s.good_badge(validFrom="2026-12-25T00:00:00Z"), "passed", "newest", id="a version that is dated ahead"),
    pytest.param(lambda s: s.good_badge(validFrom=NEWER, id="https://badges.totara-training.example/badges/other"), "unknown", "address-holds-another", id="another badge"),
    pytest.param(lambda s: edited(s.good_badge(validFrom=NEWER), "issuer", "id", value="did:web:other.example"), "unknown", "address-holds-another", id="another issuer's badge"),
    pytest.param(lambda s: s.badge(validFrom=NEWER), "unknown", "newer-not-genuine", id="an unsigned newer version"),
    pytest.param(lambda s: edited(s.good_badge(), "validFrom", value=NEWER), "unknown", "newer-not-genuine", id="a version made newer afterwards"),
    pytest.param(lambda s: s.sign(s.badge(validFrom=NEWER), party=STRANGER_2), "unknown", "newer-not-genuine", id="a newer version that a stranger signed"),
    pytest.param(lambda s: edited(s.good_badge(validFrom=NEWER), "grade", value="A"), "unknown", "newer-not-genuine", id="a newer version with an unsigned term"),
    pytest.param(lambda s: s.good_badge(validFrom=NEWER, type=["VerifiableCredential"]), "unknown", "newer-not-genuine", id="a newer version that is no badge"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "outcome", "reason"), LINEAGES)
def test_what_stands_at_the_badges_own_address(
    simulator: Simulator, make: Callable[[Simulator], JsonObject], outcome: str, reason: str
) -> None:
    STRANGER_2.publish(simulator.web)
    badge = _at_own_address(simulator, make(simulator))
    report = simulator.check(badge)
    assert found(report, "lineage") == (outcome, reason)
    assert report.current.verdict is CurrentVerdict.CURRENT


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"not a badge", "address-unreadable", id="no badge"),
        pytest.param(PAGE % b"", "address-unreadable", id="a page without a document"),
        pytest.param(write_json({"id": "x"}), "address-holds-another", id="some other document"),
    ],
)
def test_an_unreadable_address_unsettles_nothing(simulator: Simulator, body: bytes, reason: str) -> None:
    report = simulator.check(_at_own_address(simulator, body))
    assert found(report, "lineage") == ("unknown", reason)
    assert report.current.verdict is CurrentVerdict.CURRENT


def test_a_silent_address_unsettles_nothing(simulator: Simulator) -> None:
    report = simulator.check(simulator.good_badge())
    assert found(report, "lineage") == ("unknown", "address-unreachable")
    assert report.current.verdict is CurrentVerdict.CURRENT


def test_a_badge_that_its_learner_keeps_private_stays_current(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    simulator.web.private.add(badge["id"])
    report = simulator.check(badge)
    assert found(report, "status.revocation") == ("passed", "not-revoked")
    assert found(report, "lineage") == ("skipped", "not-published")
    assert report.current.verdict is CurrentVerdict.CURRENT
    assert report


def test_a_private_badge_that_was_withdrawn_is_withdrawn(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    simulator.web.private.add(badge["id"])
    simulator.publish_list(set_={INDEX})
    report = simulator.check(badge)
    assert found(report, "lineage") == ("unknown", "address-unpublished")
    assert report.current.verdict is CurrentVerdict.WITHDRAWN


def test_a_withdrawn_copy_of_a_private_badge_is_told_as_perhaps_replaced(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    simulator.publish_list(set_={INDEX})
    simulator.web.private.add(badge["id"])
    report = simulator.check(badge)
    assert report.current.verdict == "withdrawn"
    assert "a newer copy may have replaced it" in report.current.sentence
    simulator.web.private.clear()
    simulator.web.put(badge["id"], badge)
    assert simulator.check(badge).current.sentence == "The issuer has withdrawn this badge."


def test_a_private_badge_whose_list_says_nothing_is_unconfirmed(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    simulator.web.private.add(badge["id"])
    _unreachable(simulator)
    report = simulator.check(badge)
    assert found(report, "lineage") == ("unknown", "address-unreachable")
    assert_unknown(report, "status-unreachable")


def test_a_private_badge_without_any_status_has_nobody_who_speaks_for_it(simulator: Simulator) -> None:
    badge = simulator.good_badge(credentialStatus=None)
    simulator.web.private.add(badge["id"])
    assert found(simulator.check(badge), "lineage") == ("unknown", "address-unreachable")


def test_a_list_that_is_not_published_clears_nothing(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    simulator.web.private.add(simulator.list_url)
    assert_unknown(simulator.check(badge), "status-unreachable")


def test_a_key_that_is_not_published_is_one_that_cannot_be_reached(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    simulator.web.private.add("https://badges.totara-training.example/.well-known/did.json")
    surroundings = Surroundings(fetch=simulator.web)
    subject = intake_bytes(write_json(badge), name="badge")
    report = verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=NOW)
    assert found(report, "proof") == ("unknown", "key-unreachable")


def test_a_badge_whose_id_is_no_address_has_no_lineage(simulator: Simulator) -> None:
    report = simulator.check(simulator.good_badge(id="urn:uuid:0f6f0a0e-4c5c-4d2a-9a53-0d6a6a0e6f10"))
    assert found(report, "lineage") == ("skipped", "no-address")
