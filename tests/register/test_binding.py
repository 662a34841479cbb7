"""Who a DID and a key stood for on the signing day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.register.making import REF, P, Q, issuer, key, listing, plain, provider, register, right, signer
from verifier.register.binding import bind, end_of_day
from verifier.register.decision import decide_for_issuer
from verifier.register.reasons import Caveat
from verifier.register.records import KeyPurpose

DID = "did:web:te-kura.ac.nz"
METHOD = f"{DID}#key-1"
KEY = str(signer(5).public_key.multibase)
OTHER_KEY = str(signer(6).public_key.multibase)
STOLEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


BOUND = register(
    provider(P, last="2025-12-31", legal_name="Old name (invented)"),
    provider(P, first="2026-01-01", legal_name="New name (invented)"),
    provider(Q),
    issuer(DID, P, "2024-01-01", "2026-06-30"),
    issuer(DID, Q, "2026-07-01"),
    key(METHOD, KEY, "2024-02-01", "2026-05-31"),
    key(f"{DID}#key-2", OTHER_KEY, "2026-05-01"),
    key(f"{DID}#status-1", str(signer(7).public_key.multibase), "2024-01-01", purpose="status"),
)


@pytest.mark.parametrize(
    ("did", "method", "signed_at", "reason", "who"),
    [
        pytest.param(DID, METHOD, "2026-05-03T00:00:00+00:00", "bound", P, id="within every window"),
        pytest.param(DID, None, "2026-05-03T00:00:00+00:00", "bound", P, id="the DID alone"),
        pytest.param(
            DID, METHOD, "2024-01-31T11:00:00+00:00", "bound", P, id="first day of the key, as it begins in New Zealand"
        ),
        pytest.param(
            DID, METHOD, "2024-01-31T10:59:59+00:00", "key-not-bound", P, id="a second before it begins there"
        ),
        pytest.param(DID, METHOD, "2026-05-31T11:59:59+00:00", "bound", P, id="last second of the key's last day"),
        pytest.param(DID, METHOD, "2026-05-31T12:00:00+00:00", "key-not-bound", P, id="a second after it"),
        pytest.param(DID, f"{DID}#key-2", "2026-05-15T00:00:00+00:00", "bound", P, id="the next key, windows overlap"),
        pytest.param(DID, f"{DID}#key-9", "2026-05-15T00:00:00+00:00", "key-not-bound", P, id="a key not registered"),
        pytest.param(
            DID, f"{DID}#status-1", "2026-05-15T00:00:00+00:00", "key-not-bound", P, id="a key for another purpose"
        ),
        pytest.param(
            DID, f"{DID}#KEY-1", "2026-05-15T00:00:00+00:00", "key-not-bound", P, id="the fragment's case matters"
        ),
        pytest.param(
            DID, "did:web:other.nz#key-1", "2026-05-15T00:00:00+00:00", "key-not-bound", P, id="another DID's key"
        ),
        pytest.param(
            "did:web:Te-Kura.AC.NZ",
            "did:web:TE-KURA.ac.nz#key-1",
            "2026-05-15T00:00:00+00:00",
            "bound",
            P,
            id="host names mean the same in capitals",
        ),
        pytest.param(
            DID, f"{DID}#key-2", "2026-06-30T12:00:00+00:00", "bound", Q, id="the DID passed to another provider"
        ),
        pytest.param(
            DID, f"{DID}#key-2", "2026-06-30T11:59:59+00:00", "bound", P, id="and a second before to the first"
        ),
        pytest.param(DID, METHOD, "2023-12-31T10:59:59+00:00", "issuer-not-bound", None, id="before the DID was"),
        pytest.param(
            "did:web:te-kura.nz", "did:web:te-kura.nz#key-1", "2026-05-15T00:00:00+00:00", "issuer-not-bound", None,
            id="a look-alike domain",
        ),
        pytest.param(
            "did:web:te-kura.ac.nz:staff", METHOD, "2026-05-15T00:00:00+00:00", "issuer-not-bound", None, id="a path"
        ),
        pytest.param("https://te-kura.ac.nz", None, "2026-05-15T00:00:00+00:00", "issuer-not-bound", None, id="no DID"),
    ],
)  # fmt: skip
def test_who_stood_behind_a_did(did: str, method: str | None, signed_at: str, reason: str, who: str | None) -> None:
    binding = bind(BOUND, did=did, method=method, signed_at=at(signed_at))
    assert (binding.reason, binding.moe_number) == (reason, who)
    assert (binding.outcome == "passed") is bool(binding)


def test_the_registers_key_is_named_only_when_it_binds_the_method_that_day() -> None:
    inside = bind(BOUND, did=DID, method=METHOD, signed_at=at("2026-05-03T00:00:00+00:00"))
    outside = bind(BOUND, did=DID, method=METHOD, signed_at=at("2026-06-03T00:00:00+00:00"))
    assert (inside.key_multibase, outside.key_multibase) == (KEY, None)


def test_the_provider_has_the_name_it_had_on_the_signing_day() -> None:
    before = bind(BOUND, did=DID, method=None, signed_at=at("2025-12-30T00:00:00+00:00")).provider
    after = bind(BOUND, did=DID, method=None, signed_at=at("2026-01-05T00:00:00+00:00")).provider
    assert before is not None
    assert after is not None
    assert (before.legal_name, after.legal_name) == ("Old name (invented)", "New name (invented)")


def test_a_status_list_needs_a_status_key() -> None:
    when = at("2026-05-03T00:00:00+00:00")
    status = bind(BOUND, did=DID, method=f"{DID}#status-1", signed_at=when, purpose=KeyPurpose.STATUS)
    credential = bind(BOUND, did=DID, method=METHOD, signed_at=when, purpose=KeyPurpose.STATUS)
    assert (status.reason, credential.reason) == ("bound", "key-not-bound")


# --- compromise -------------------------------------------------------------------------------------------------
ROBBED = register(
    provider(P),
    issuer(DID, P),
    key(METHOD, KEY, "2024-02-01", "2026-03-31", stolen=STOLEN),
    key(f"{DID}#again", KEY, "2024-02-01", "2026-12-31"),
    key(f"{DID}#key-2", OTHER_KEY),
)


@pytest.mark.parametrize(
    ("method", "signed_at", "reason", "known_stolen"),
    [
        pytest.param(METHOD, "2026-03-01T11:59:59+00:00", "bound", True, id="a second before: an anchor must tell"),
        pytest.param(METHOD, "2026-03-01T12:00:00+00:00", "key-compromised", True, id="from that very second"),
        pytest.param(METHOD, "2026-03-02T00:00:00+00:00", "key-compromised", True, id="after"),
        pytest.param(METHOD, "2026-09-01T00:00:00+00:00", "key-compromised", True, id="after, and after its window"),
        pytest.param(METHOD, "2024-01-15T00:00:00+00:00", "key-not-bound", True, id="before its window"),
        pytest.param(
            f"{DID}#again", "2026-03-02T00:00:00+00:00", "key-compromised", True, id="the same key, another name"
        ),
        pytest.param(f"{DID}#key-2", "2026-03-02T00:00:00+00:00", "bound", False, id="another key of the same issuer"),
    ],
)
def test_a_stolen_key(method: str, signed_at: str, reason: str, known_stolen: bool) -> None:
    binding = bind(ROBBED, did=DID, method=method, signed_at=at(signed_at))
    assert (binding.reason, binding.compromised_from == STOLEN) == (reason, known_stolen)


# --- deciding by issuer -----------------------------------------------------------------------------------------
EDITION = plain(
    provider(P),
    listing(),
    right(),
    issuer(DID, P, "2024-01-01"),
    key(METHOD, KEY, "2024-02-01", stolen=STOLEN),
    key(f"{DID}#key-2", OTHER_KEY, "2026-04-01"),
)


@pytest.mark.parametrize(
    ("did", "method", "signed_at", "ref", "on", "outcome", "reason"),
    [
        pytest.param(DID, None, None, REF, "2026-02-03", "accredited", "accredited", id="by DID alone"),
        pytest.param(DID, f"{DID}#key-2", None, REF, "2026-05-03", "accredited", "accredited", id="by DID and key"),
        pytest.param(
            DID, f"{DID}#key-2", "2026-04-01T00:00:00+00:00", REF, "2025-02-03", "accredited", "accredited",
            id="signed later than awarded: the key counts on the signing day",
        ),
        pytest.param(
            DID, f"{DID}#key-2", None, REF, "2025-02-03", "unknown", "key-not-bound",
            id="without a signing time, the award day is taken",
        ),
        pytest.param(
            "did:web:x.nz", None, None, REF, "2026-05-03", "not-accredited", "issuer-not-bound", id="unknown DID"
        ),
        pytest.param(DID, f"{DID}#x", None, REF, "2026-05-03", "unknown", "key-not-bound", id="unknown key"),
        pytest.param(DID, METHOD, None, REF, "2026-05-03", "not-accredited", "key-compromised", id="stolen key"),
        pytest.param(
            DID, METHOD, None, REF, "2026-03-02", "not-accredited", "key-compromised",
            id="stolen during the day, and only the day is known",
        ),
        pytest.param(
            "did:web:x.nz", None, None, "1111", "2026-05-03", "not-accredited", "listing-unknown",
            id="an unknown listing needs no provider",
        ),
        pytest.param(
            "did:web:x.nz", None, None, REF, "2027-05-03", "unknown", "register-predates-award",
            id="after the window an unknown DID proves nothing",
        ),
    ],
)  # fmt: skip
def test_deciding_by_issuer(
    did: str, method: str | None, signed_at: str | None, ref: str, on: str, outcome: str, reason: str
) -> None:
    decision = decide_for_issuer(
        EDITION,
        did=did,
        method=method,
        signed_at=None if signed_at is None else at(signed_at),
        ref=ref,
        on=date.fromisoformat(on),
    )
    assert (decision.outcome, decision.reason) == (outcome, reason)


def test_an_award_signed_before_the_theft_says_that_the_key_was_stolen_later() -> None:
    decision = decide_for_issuer(
        EDITION, did=DID, method=METHOD, signed_at=at("2026-02-01T00:00:00+00:00"), ref=REF, on=date(2026, 2, 1)
    )
    assert (decision.reason, decision.caveats) == ("accredited", (Caveat.KEY_COMPROMISED,))


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31), date(2026, 9, 27), date(2026, 4, 5)])
def test_the_end_of_a_day_is_an_instant_of_that_day(day: date) -> None:
    assert end_of_day(day).date() == day


def test_an_instant_at_the_edge_of_the_calendar_binds_nobody() -> None:
    edge = datetime.max.replace(tzinfo=UTC)
    assert bind(BOUND, did="did:web:nobody.nz", method=None, signed_at=edge).reason == "issuer-not-bound"
