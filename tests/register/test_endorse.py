"""What the office states for badges to carry: from which day to which, for whom, and what it refuses to state."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from issuer.authority.cli import cli
from issuer.authority.endorsing import bound_issuers, endorse
from issuer.authority.entitlement import open_stretches, refs_with_a_right
from issuer.authority.office import init_office, method_of, office_anchor, office_keyring
from keys.keyring import Purpose
from keys.signing import add_proof
from schemas.errors import BadgeError, NotAuthorised, RegisterError
from schemas.jsontext import write_json
from schemas.vocabulary import EDDSA_JCS_2022
from tests.register.making import (
    REF,
    P,
    Q,
    edition,
    equivalency,
    issuer,
    key,
    listing,
    provider,
    register,
    right,
    signer,
    succession,
)
from verifier.register.decision import KNOWN_AFTER, Decision, decide
from verifier.register.edition import Edition, edition_document
from verifier.register.reasons import Caveat, Reason
from verifier.staple import read_staple
from verifier.stapling import believe

AS_AT = date(2026, 11, 1)
LAST = AS_AT + KNOWN_AFTER
DID = "did:web:badges.example"
METHOD = f"{DID}#1"
MULTIBASE = signer(7).public_key.multibase or ""
AT = datetime(2026, 11, 2, tzinfo=UTC)


def spans(*rows: Any, ref: str = REF) -> list[tuple[date, date, Reason]]:
    made = open_stretches(edition(*rows, as_at=AS_AT), moe_number=P, ref=ref)
    return [(one.first_day, one.last_day, one.decision.reason) for one in made]


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([right()], [("2020-01-01", None, Reason.ACCREDITED)], id="what is open lasts 45 days after the edition"),
        pytest.param([right(last="2026-11-20")], [("2020-01-01", "2026-11-20", Reason.ACCREDITED)], id="what ends soon ends then"),
        pytest.param([right(last="2026-10-20")], [], id="what has ended is stated no more"),
        pytest.param([right(delivered="2025-11-10")], [("2020-01-01", "2026-11-10", Reason.ACCREDITED)], id="no longer than until the lapse"),
        pytest.param([right(delivered="2025-10-01")], [], id="what may have lapsed is not stated"),
        pytest.param([right(granted="2026-11-20", delivered=None)], [("2026-11-20", None, Reason.ACCREDITED)], id="what begins soon"),
        pytest.param([right(granted="2027-01-20", delivered=None)], [], id="what begins after the edition may speak is not stated"),
        pytest.param([right(last="2026-05-01"), right(granted="2026-08-01")], [("2026-08-01", None, Reason.ACCREDITED)], id="of two periods the open one"),
        pytest.param([right(), listing(), listing(version="2", first="2026-11-11", credits=12)], [("2020-01-01", "2026-11-10", Reason.ACCREDITED), ("2026-11-11", None, Reason.ACCREDITED)], id="each version of a listing by itself"),
        pytest.param([right(), listing(last="2026-11-05")], [("2020-01-01", "2026-11-05", Reason.ACCREDITED)], id="a discontinued listing"),
        pytest.param([right(), listing(removed_on="2026-10-01")], [], id="a listing removed as a mistake"),
        pytest.param([right(), provider(last="2026-11-08")], [("2020-01-01", "2026-11-08", Reason.ACCREDITED)], id="the end of the registration"),
        pytest.param([right(Q), provider(Q), succession()], [("2020-01-01", None, Reason.ACCREDITED_THROUGH_PREDECESSOR)], id="through a predecessor, before the day and after"),
        pytest.param([right(basis="approval", delivered=None)], [("2020-01-01", None, Reason.APPROVED_INSTITUTION)], id="an approval"),
        pytest.param([], [], id="no right"),
    ],
)  # fmt: skip
def test_the_days_that_are_stated(rows: list[Any], expected: list[tuple[str, str | None, Reason]]) -> None:
    kinds = {type(row) for row in rows}
    given = [*rows, *(row for row in (provider(), listing()) if type(row) not in kinds or (type(row) is type(provider()) and row.moe_number not in {it.moe_number for it in rows if type(it) is type(row)}))]  # fmt: skip
    wanted = [(on(first), LAST if last is None else on(last), reason) for first, last, reason in expected]
    assert spans(*given) == wanted


def naive(one: Edition) -> Iterator[tuple[date, Decision]]:
    day = date(2024, 1, 1)
    while day <= LAST + timedelta(days=10):
        yield day, decide(one, provider=P, ref=REF, on=day)
        day += timedelta(days=1)


@pytest.mark.parametrize("seed", range(12))
def test_the_days_stated_are_those_that_a_walk_day_by_day_finds(seed: int) -> None:
    chance = random.Random(seed)

    def some_day() -> str:
        return (date(2024, 1, 1) + timedelta(days=chance.randrange(1_080))).isoformat()

    rows: list[Any] = [provider(), provider(Q, last=some_day()), succession(on=some_day())]
    first = sorted(some_day() for _ in range(2))
    rows += [listing(first=first[0]), listing(first=first[1], version="2", credits=15)]
    for owner in (P, Q):
        begun, ended = sorted(some_day() for _ in range(2))
        checked = some_day() if chance.random() < 0.5 else None
        rows.append(right(owner, begun, ended if chance.random() < 0.5 else None, delivered=max(begun, some_day()), checked=checked))  # fmt: skip
    one = edition(*rows, as_at=AS_AT)
    stated = open_stretches(one, moe_number=P, ref=REF)
    for day, decision in naive(one):
        covering = [stretch for stretch in stated if stretch.first_day <= day <= stretch.last_day]
        assert len(covering) <= 1
        if covering:
            assert (decision.reason, decision.listing) == (covering[0].decision.reason, covering[0].listing), day
        elif decision and day >= AS_AT:
            pytest.fail(f"{day} is accredited, and not stated")


def test_what_a_predecessor_could_award_is_among_the_references() -> None:
    rows = (right(), right(Q, ref="5056"), right("9999", ref="5057"), succession())
    assert refs_with_a_right(register(*rows), P) == (REF, "5056")


# --- which keys -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rows", "bound"),
    [
        pytest.param([issuer(DID), key(METHOD, MULTIBASE)], [("2020-01-01", None)], id="a key in use"),
        pytest.param([issuer(DID, first="2021-01-01", last="2027-01-01"), key(METHOD, MULTIBASE)], [("2021-01-01", "2027-01-01")], id="no longer than its issuer"),
        pytest.param([issuer(DID), key(METHOD, MULTIBASE, last="2026-10-01")], [], id="a key that has ended"),
        pytest.param([issuer(DID), key(METHOD, MULTIBASE, purpose="status")], [], id="a key for status lists"),
        pytest.param([issuer(DID), key(METHOD, MULTIBASE, stolen=datetime(2026, 10, 1, tzinfo=UTC))], [], id="a stolen key"),
        pytest.param([issuer(DID, last="2026-10-01"), key(METHOD, MULTIBASE)], [], id="an issuer that speaks for it no more"),
        pytest.param([issuer(DID, moe=Q), key(METHOD, MULTIBASE)], [], id="another's issuer"),
        pytest.param([issuer(DID), key("did:web:else.example#1", MULTIBASE)], [], id="another's key"),
    ],
)  # fmt: skip
def test_the_keys_that_are_bound(rows: list[Any], bound: list[tuple[str, str | None]]) -> None:
    found = [one for _, keys in bound_issuers(edition(*rows, as_at=AS_AT), P) for one in keys]
    days = [(one.from_day.isoformat(), None if one.to_day is None else one.to_day.isoformat()) for one in found]
    assert days == bound


# --- the office -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("endorse") / "authority"
    init_office(folder, name="Authority (invented)", created=AT)
    return folder


def signed_by(office: Path, *rows: Any, number: int = 0) -> bytes:
    anchor = office_anchor(office)
    unsigned = edition_document(
        register(*rows), number=1, previous_sha256=None, as_at=AS_AT, authority=anchor, demonstration=True
    )
    keyring = office_keyring(office)
    entry = keyring.entries(Purpose.REGISTER)[number]
    signed = add_proof(unsigned, signer=keyring.signer(entry.id), cryptosuite=EDDSA_JCS_2022, verification_method=method_of(entry), created=AT)  # fmt: skip
    return write_json(signed)


FULL = (provider(), listing(), right(), issuer(DID), key(METHOD, MULTIBASE))


def test_a_statement_says_what_the_edition_says(office: Path) -> None:
    data = signed_by(office, *FULL)
    made = endorse(office, data, moe_number=P, created=AT)
    (document,) = made.endorsements
    staple = believe(document, anchor=office_anchor(office))
    assert (staple.did, staple.moe_number, staple.ref, staple.level, staple.credits) == (DID, P, REF, 4, 10)
    assert (staple.edition, staple.edition_sha256, staple.as_at) == (1, made.edition.sha256, AS_AT)
    assert (staple.first_day, staple.last_day, staple.demonstration) == (date(2020, 1, 1), LAST, True)
    assert [(one.method, one.public_key_multibase) for one in staple.keys] == [(METHOD, MULTIBASE)]
    assert "not a statement of NZQA" in document["credentialSubject"]["endorsementComment"]


def test_a_credit_value_with_a_half_and_a_caveat_survive(office: Path) -> None:
    rows = (provider(), listing(credits=2.5), right(delivered=None), issuer(DID), key(METHOD, MULTIBASE))
    (document,) = endorse(office, signed_by(office, *rows), moe_number=P, created=AT).endorsements
    staple = read_staple(document)
    assert (staple.credits, staple.caveats) == (2.5, (Caveat.DELIVERY_NOT_RECORDED,))


def test_either_key_of_the_office_signs(office: Path) -> None:
    second = office_keyring(office).entries(Purpose.REGISTER)[1].id
    (document,) = endorse(office, signed_by(office, *FULL), moe_number=P, created=AT, key_id=second).endorsements
    assert document["issuer"]["id"] != office_anchor(office).did
    assert believe(document, anchor=office_anchor(office))


@pytest.mark.parametrize(
    ("rows", "refs", "said"),
    [
        pytest.param((provider(), listing(), right()), (), "binds no issuer", id="no key is registered"),
        pytest.param((provider(), listing(), issuer(DID), key(METHOD, MULTIBASE)), (), "nothing to award", id="no right"),
        pytest.param((*FULL, equivalency()), ("ZQ0001",), "Nothing is stated for ZQ0001", id="an equivalency"),
        pytest.param(FULL, ("1234",), "Nothing is stated for 1234", id="a reference that is not listed"),
        pytest.param((provider(), listing(level=None), right(), issuer(DID), key(METHOD, MULTIBASE)), (REF,), "level or its credits", id="a listing without a level"),
    ],
)  # fmt: skip
def test_what_the_edition_does_not_say_is_not_stated(office: Path, rows: tuple[Any, ...], refs: tuple[str, ...], said: str) -> None:  # fmt: skip
    with pytest.raises(RegisterError, match=said):
        endorse(office, signed_by(office, *rows), moe_number=P, refs=refs, created=AT)


def test_a_listing_that_cannot_be_stated_is_noted_and_the_others_are(office: Path) -> None:
    rows = (*FULL, listing("5056", credits=None), right(ref="5056"))
    made = endorse(office, signed_by(office, *rows), moe_number=P, created=AT)
    assert [read_staple(one).ref for one in made.endorsements] == [REF]
    assert "5056" in made.notes[0]


def test_another_offices_edition_is_not_stated_from(office: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    init_office(other, name="Authority (invented)", created=AT)
    with pytest.raises((NotAuthorised, BadgeError)):
        endorse(office, signed_by(other, *FULL), moe_number=P, created=AT)


def test_the_command_writes_the_statements(office: Path, tmp_path: Path) -> None:
    edition_file, out = tmp_path / "edition.json", tmp_path / "statements.json"
    edition_file.write_bytes(signed_by(office, *FULL))
    arguments = ["endorse", str(office), "--edition", str(edition_file), "--provider", P, "--out", str(out), "--json"]
    said = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    answer = json.loads(said.stdout)
    assert (answer["provider"], answer["endorsements"], answer["notes"]) == (P, 1, [])
    written = json.loads(out.read_bytes())
    assert believe(written["endorsements"][0], anchor=office_anchor(office))
    assert replace(read_staple(written["endorsements"][0]), keys=()).ref == REF
