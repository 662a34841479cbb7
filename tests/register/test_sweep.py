"""`badge-register sweep`: which badges a new edition changes, from what to what, and what that may call for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from issuer.authority.cli import cli as office_cli
from issuer.authority.sweep import Advice, Standing, advise, sweep, sweeper_here
from keys.resolve import no_network
from keys.signing import add_proof
from schemas import vocabulary as v
from schemas.baking import bake_png
from schemas.errors import HistoryRefused
from schemas.jsontext import JsonObject, write_json
from tests.simulator import AUTHORITY, NOW, REF, SIGNED, Party, Simulator, Succession, foreign_badge, signer
from verifier.exits import run
from verifier.intake import intake_bytes
from verifier.register.anchor import anchor_document
from verifier.register.edition import Edition, edition_document, parse_edition
from verifier.register.records import Provider, ProviderType, Register
from verifier.report import AccreditedVerdict, GenuineVerdict

OLD_DAY, NEW_DAY = date(2026, 11, 15), date(2026, 11, 20)


def signed(register: Register, *, number: int, previous: str | None, as_at: date) -> bytes:
    document = edition_document(
        register, number=number, previous_sha256=previous, as_at=as_at, authority=AUTHORITY, demonstration=True
    )
    proved = add_proof(
        document,
        signer=signer("ed25519 authority"),
        cryptosuite=v.EDDSA_JCS_2022,
        verification_method=AUTHORITY.keys[0].id,
        created=datetime(2026, 11, 21, tzinfo=UTC),
    )
    return write_json(proved)


def two_editions(before: Register, after: Register) -> tuple[bytes, bytes]:
    first = signed(before, number=1, previous=None, as_at=OLD_DAY)
    digest = parse_edition(first, anchor=AUTHORITY).sha256
    return first, signed(after, number=2, previous=digest, as_at=NEW_DAY)


def read(data: bytes) -> Edition:
    return parse_edition(data, anchor=AUTHORITY)


# --- what one badge goes through ----------------------------------------------------------------------------------
Change = Callable[[Register], Register]


def rows(table: str, **changes: Any) -> Change:
    """Every row of a table changed in the same way."""
    return lambda register: replace(
        register, **{table: tuple(replace(row, **changes) for row in getattr(register, table))}
    )


def gone(table: str) -> Change:
    return lambda register: replace(register, **{table: ()})


def stolen(moment: datetime) -> Change:
    return rows("keys", compromised_from=moment)


def same(register: Register) -> Register:
    return register


def then_taken_over(register: Register) -> Register:
    """The provider became another on 1 May; the successor signs for it, and the right is the predecessor's."""
    old, new = register.providers[0].moe_number, "9902"
    successor = Provider(moe_number=new, legal_name="Two", type=ProviderType.PTE, registered_from=date(2020, 1, 1))
    return replace(
        register,
        providers=(*register.providers, successor),
        issuers=tuple(replace(row, moe_number=new) for row in register.issuers),
        successions=(
            Succession(
                from_moe=old, to_moe=new, effective_on=date(2026, 5, 1), scope="*", instrument="Order", source="-"
            ),
        ),
    )


GOOD = ("valid", "accredited")


@pytest.mark.parametrize(
    ("before", "after", "was", "is_", "advice"),
    [
        pytest.param(same, rows("listings", removed_on=NEW_DAY), GOOD, ("valid", "listing-removed"), "revoke", id="a listing removed as a mistake"),
        pytest.param(same, gone("awarding_rights"), GOOD, ("valid", "right-absent"), "revoke", id="a right taken out"),
        pytest.param(same, rows("awarding_rights", ended_on=date(2026, 5, 1)), GOOD, ("valid", "right-ended"), "revoke", id="a right that ended before the award"),
        pytest.param(same, rows("providers", registered_to=date(2026, 5, 1)), GOOD, ("valid", "provider-not-registered"), "revoke", id="a registration that ended before"),
        pytest.param(same, rows("listings", level=5), GOOD, ("valid", "level-differs"), "re-issue", id="a level put right"),
        pytest.param(same, rows("listings", credits=15), GOOD, ("valid", "credits-differ"), "re-issue", id="credits put right"),
        pytest.param(same, gone("issuers"), GOOD, ("valid", "issuer-not-bound"), "notify", id="an issuer no longer bound"),
        pytest.param(same, rows("keys", from_day=date(2026, 6, 1)), GOOD, ("unconfirmed", "key-not-bound"), "notify", id="a key bound only from later"),
        pytest.param(same, rows("awarding_rights", last_delivered_on=date(2025, 4, 1)), GOOD, ("valid", "delivery-not-recorded"), "notify", id="a delivery that turns out old"),
        pytest.param(same, stolen(SIGNED + timedelta(days=1)), GOOD, ("unconfirmed", "genuine-unconfirmed"), "re-issue", id="a key stolen after it signed"),
        pytest.param(same, stolen(SIGNED), GOOD, ("invalid", "not-genuine"), "re-issue", id="a key stolen when it signed"),
        pytest.param(gone("awarding_rights"), same, ("valid", "right-absent"), GOOD, "notify", id="a right put in late"),
        pytest.param(rows("awarding_rights", last_delivered_on=date(2025, 4, 1)), same, ("valid", "delivery-not-recorded"), GOOD, "nothing", id="a delivery recorded"),
    ],
)  # fmt: skip
def test_a_badge_whose_verdict_changes_is_listed_with_both_and_an_advice(
    before: Change, after: Change, was: tuple[str, str], is_: tuple[str, str], advice: str
) -> None:
    simulator = Simulator()
    old, new = two_editions(before(simulator.register), after(simulator.register))
    badge = intake_bytes(write_json(simulator.good_badge()), name="badge.json")
    sweeper = sweeper_here(old=read(old), new=read(new), fetch=no_network, at=NOW)
    (one,) = sweep([badge], old=read(old), new=read(new), at=NOW, sweeper=sweeper).changed
    assert (one.before.genuine.value, one.before.accredited_reason) == was
    assert (one.after.genuine.value, one.after.accredited_reason) == is_
    assert one.advice == advice
    assert (one.nzqa_ref, one.awarded_on, one.signed_at) == (REF, "2026-05-04", "2026-05-06T21:15:00Z")


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        pytest.param(same, False, id="nothing at all"),
        pytest.param(
            rows("awarding_rights", ended_on=date(2026, 9, 1)), False, id="a right that ended after the award"
        ),
        pytest.param(rows("listings", discontinued_on=date(2026, 9, 1)), False, id="a listing discontinued since"),
        pytest.param(rows("providers", registered_to=date(2026, 9, 1)), False, id="a provider closed since"),
        pytest.param(then_taken_over, True, id="a provider taken over, which changes the grounds"),
    ],
)
def test_what_comes_after_the_award_changes_no_verdict(after: Change, *, reason: bool) -> None:
    simulator = Simulator()
    old, new = two_editions(simulator.register, after(simulator.register))
    unsigned = simulator.badge()
    del unsigned["issuer"]["otherIdentifier"]
    badge = intake_bytes(write_json(simulator.sign(unsigned)), name="badge.json")
    sweeper = sweeper_here(old=read(old), new=read(new), fetch=no_network, at=NOW)
    swept = sweep([badge], old=read(old), new=read(new), at=NOW, sweeper=sweeper)
    assert (swept.changed, bool(swept.reason_changed)) == ((), reason)
    assert swept.badges[0].advice is Advice.NOTHING


def test_every_change_of_verdicts_has_an_advice_and_no_change_has_none() -> None:
    for first in GenuineVerdict:
        for second in AccreditedVerdict:
            before = Standing(genuine=first, genuine_reason="a", accredited=second, accredited_reason="b", sentence="")
            assert advise(before, replace(before, accredited_reason="c")) is Advice.NOTHING
            for third in GenuineVerdict:
                for fourth in AccreditedVerdict:
                    after = replace(before, genuine=third, accredited=fourth)
                    worse = not after.is_good and before.verdicts != after.verdicts
                    assert (advise(before, after) is Advice.NOTHING) <= (not worse)


@pytest.mark.parametrize(
    ("older", "newer"),
    [pytest.param(1, 0, id="the newer one given as the old one"), pytest.param(0, 2, id="a fork")],
)
def test_editions_that_do_not_follow_each_other_are_refused(older: int, newer: int) -> None:
    register = Simulator().register
    editions = (*two_editions(register, register), signed(register, number=2, previous="a" * 64, as_at=NEW_DAY))
    old, new = editions[older], editions[newer]
    sweeper = sweeper_here(old=read(old), new=read(new), fetch=no_network, at=NOW)
    with pytest.raises(HistoryRefused):
        sweep([], old=read(old), new=read(new), at=NOW, sweeper=sweeper)


# --- as typed -----------------------------------------------------------------------------------------------------
class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Typed = Callable[..., Said]


@pytest.fixture
def world() -> Simulator:
    return Simulator()


@pytest.fixture
def typed(
    world: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Typed:
    """A folder with three badges of the provider, one of them also as a picture, and a way to sweep it."""
    monkeypatch.chdir(tmp_path)
    Path("badges").mkdir()
    for name in ("one", "two", "three"):
        put(f"badges/{name}.json", badge(world, name))
    picture = io.BytesIO()
    Image.new("RGB", (9, 9), "green").save(picture, "PNG")
    put("badges/one.png", bake_png(picture.getvalue(), Path("badges/one.json").read_text(encoding="utf-8")))
    put("anchor.json", anchor_document(AUTHORITY))
    put("did-map.json", {f"{world.provider.base_url}/.well-known/did.json": "did-document.json"})
    put("did-document.json", world.provider.did_document())

    def type_(after: Change | None = None, *words: object, before: Change = same) -> Said:
        if after is not None:
            for name, data in zip(
                ("old", "new"), two_editions(before(world.register), after(world.register)), strict=True
            ):
                put(f"{name}.json", data)
        with pytest.raises(SystemExit) as ended:
            run(office_cli, ["sweep", "--old", "old.json", "--new", "new.json", "--badges", "badges", *map(str, words)])
        out, err = capfd.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return type_


def put(name: str, content: JsonObject | bytes) -> None:
    Path(name).write_bytes(write_json(content) if isinstance(content, dict) else content)


def badge(world: Simulator, name: str, **changes: Any) -> JsonObject:
    address = f"{world.provider.base_url}/badges/{name}"
    signed_badge: JsonObject = world.good_badge(id=address, **changes)
    return signed_badge


def test_none_changed_is_0_and_says_so(typed: Typed) -> None:
    said = typed(rows("awarding_rights", ended_on=date(2026, 9, 1)))
    assert said.code == 0
    assert "From edition 1, as at 15 November 2026, to edition 2, as at 20 November 2026" in said.out
    assert "0 of 3 badges change" in said.out


def test_some_changed_is_1_with_from_what_to_what(typed: Typed) -> None:
    said = typed(stolen(SIGNED + timedelta(days=1)))
    assert said.code == 1
    assert "3 of 3 badges change" in said.out
    assert "genuine     valid (verified) → unconfirmed (key-compromised)" in said.out
    assert "accredited  valid (accredited) → unconfirmed (genuine-unconfirmed)" in said.out
    assert "reference 9876 · awarded 2026-05-04 · signed 2026-05-06T21:15:00Z · advice re-issue" in said.out
    assert "it may be genuine" in said.out
    assert "This may call for: re-issue 3." in said.out
    assert "DEMONSTRATION DATA" in said.out


def test_in_json_each_badge_stands_once_with_all_its_files(typed: Typed) -> None:
    said = typed(gone("awarding_rights"), "--json")
    assert (said.code, said.json["badges"], len(said.json["changed"])) == (1, 3, 3)
    one = said.json["changed"][0]
    assert one["files"] == ["badges/one.json", "badges/one.png"]
    assert (one["before"]["accredited"], one["after"]["accredited"]) == ("valid", "invalid")
    assert (said.json["old"]["edition"], said.json["new"]["as_at"]) == (1, "2026-11-20")


def test_a_sweep_names_no_learner(typed: Typed) -> None:
    for words in ((), ("--json",), ("--csv", "out.csv")):
        said = typed(gone("awarding_rights"), *words)
        assert "Mere" not in said.out + said.err
    assert "Mere" not in Path("out.csv").read_text(encoding="utf-8-sig")


def test_the_csv_file_holds_a_row_for_each_changed_badge_and_no_formula(typed: Typed, world: Simulator) -> None:
    put("badges/=1+1.json", badge(world, "four"))
    assert typed(rows("listings", removed_on=NEW_DAY), "--csv", "out.csv").code == 1
    with Path("out.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["files"] for row in found] == ["'=1+1.json", "one.json one.png", "three.json", "two.json"]
    assert found[-1]["accredited_reason_after"] == "listing-removed"
    assert (found[-1]["old_as_at"], found[-1]["new_as_at"], found[-1]["advice"]) == (
        "2026-11-15",
        "2026-11-20",
        "revoke",
    )
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in found for cell in row.values())


def test_a_badge_anchored_before_the_theft_does_not_change(typed: Typed, world: Simulator) -> None:
    from tests.verifier.test_binding import anchor_proof

    proof = anchor_proof(world, Path("badges/one.json").read_bytes(), recorded_on=date(2026, 5, 20))
    put("badges/one.anchor.json", proof)
    for copy in ("a-copy.json", "z-copy.json"):  # with no proof beside it; it is the same badge
        put(f"badges/{copy}", Path("badges/one.json").read_bytes())
    said = typed(stolen(datetime(2026, 6, 1, tzinfo=UTC)), "--json")
    assert [one["credential_id"].rpartition("/")[2] for one in said.json["changed"]] == ["three", "two"]


def test_a_key_that_cannot_be_had_offline_is_2_and_a_map_settles_it(typed: Typed, world: Simulator) -> None:
    for name in ("one.json", "one.png", "two.json", "three.json"):
        Path("badges", name).unlink()
    put("badges/foreign.json", world.sign(foreign_badge(world.provider), party=Party(prefix="other-")))
    world.change_register(keys=(), issuers=())
    put("did-document.json", Party(prefix="other-").did_document())
    said = typed(same)
    assert said.code == 2
    assert "1 could not be established (key-unreachable 1)" in said.out
    assert typed(None, "--did-map", "did-map.json").code == 0


def test_one_that_changed_outweighs_one_that_is_not_established(typed: Typed, world: Simulator) -> None:
    stranger = Party(base_url="https://strangers.example", prefix="other-")
    put("badges/foreign.json", world.sign(foreign_badge(stranger), party=stranger))
    said = typed(gone("awarding_rights"), "--json")
    assert (said.code, len(said.json["not_established"])) == (1, 1)


def test_a_file_that_is_no_badge_is_the_same_under_both(typed: Typed) -> None:
    put("badges/broken.json", b"{")
    said = typed(same, "--json")
    assert (said.code, said.json["badges"], said.json["changed"]) == (0, 4, [])


def test_the_keys_are_found_beside_the_old_edition_and_that_is_said(typed: Typed) -> None:
    assert "The authority's keys are those in anchor.json." in typed(same).err
    Path("anchor.json").rename("pinned.json")
    said = typed(None)
    assert said.code == 65
    assert "name the authority's key file with --anchor" in said.err
    said = typed(None, "--anchor", "pinned.json")
    assert (said.code, said.err) == (0, "")


def test_editions_that_do_not_stand_are_65(typed: Typed) -> None:
    typed(same)
    Path("new.json").write_bytes(Path("new.json").read_bytes().replace(b'"PTE"', b'"pte"').replace(b"9901", b"9902"))
    said = typed(None)
    assert said.code == 65
    assert "altered after it was signed" in said.err


def test_a_folder_without_badges_is_65(typed: Typed) -> None:
    for path in Path("badges").iterdir():
        path.unlink()
    said = typed(same)
    assert said.code == 65
    assert "no badge file in badges" in said.err


def test_workers_find_the_same(typed: Typed) -> None:
    alone = typed(gone("awarding_rights"), "--json", "--workers", "1")
    shared = typed(None, "--json", "--workers", "2")
    assert shared.code == alone.code == 1
    assert shared.json | {"checked_at": ""} == alone.json | {"checked_at": ""}
