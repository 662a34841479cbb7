"""Editions and status lists that are signed well and are not the last: whoever remembers is not led back."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keys.signing import add_proof
from schemas import limits
from schemas import vocabulary as v
from schemas.errors import HighWaterError, HistoryRefused
from schemas.jsontext import JsonObject, write_json
from tests.patience import PATIENCE
from tests.simulator import AUTHORITY, MOE_NUMBER, NOW, REF, Party, Simulator, edited, signer
from verifier.cli import cli
from verifier.exits import Ended
from verifier.highwater import (
    Admission,
    Authority,
    Broken,
    HighWater,
    ListWatch,
    SeenList,
    admit_editions,
    remember_lists,
    seen_edition,
)
from verifier.highwater_file import change_high_water, high_water_document, load_high_water, parse_high_water
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.anchor import anchor_document
from verifier.register.edition import Edition, edition_document, parse_edition
from verifier.register.records import Register
from verifier.report import Report
from verifier.verify import Surroundings, verify

ROOT = Path(__file__).parents[2]
NOTHING = HighWater()


def signed(
    number: int,
    previous: str | None,
    *,
    as_at: date,
    register: Register | None = None,
    demonstration: bool = True,
) -> bytes:
    document = edition_document(
        register or Register(),
        number=number,
        previous_sha256=previous,
        as_at=as_at,
        authority=AUTHORITY,
        demonstration=demonstration,
    )
    return write_json(
        add_proof(
            document,
            signer=signer("ed25519 authority"),
            cryptosuite=v.EDDSA_JCS_2022,
            verification_method=AUTHORITY.keys[0].id,
            created=datetime(2026, 11, 20, tzinfo=UTC),
        )
    )


def edition(number: int, previous: Edition | str | None = None, **facts: Any) -> Edition:
    before = previous.sha256 if isinstance(previous, Edition) else previous
    facts = {"as_at": date(2026, number, 1)} | facts
    return parse_edition(signed(number, before, **facts), anchor=AUTHORITY)


FIRST = edition(1)
SECOND = edition(2, FIRST)
THIRD = edition(3, SECOND)
FOURTH = edition(4, THIRD)
OTHER_SECOND = edition(2, FIRST, as_at=date(2026, 2, 2))
OTHER_THIRD = edition(3, OTHER_SECOND)


def after(*editions: Edition) -> HighWater:
    """What a verifier remembers that met these editions one by one."""
    seen = NOTHING
    for one in editions:
        seen = admit_editions(seen, [one]).high_water
    return seen


def refused(seen: HighWater, *editions: Edition, back: date | None = None) -> str:
    with pytest.raises(HistoryRefused) as caught:
        admit_editions(seen, editions, looking_back_to=back)
    return str(caught.value.extensions["reason"])


def numbers(admission: Admission) -> list[int]:
    authority = admission.high_water.authority(AUTHORITY.did)
    return [] if authority is None else [one.number for one in authority.editions]


def codes(admission: Admission) -> list[str]:
    return [notice.code for notice in admission.notices]


# --- editions -----------------------------------------------------------------------------------------------------
def test_the_first_edition_of_an_authority_is_taken_and_remembered() -> None:
    admission = admit_editions(NOTHING, [SECOND])
    assert (numbers(admission), codes(admission)) == ([2], [])


def test_each_next_edition_is_taken_and_the_same_one_again() -> None:
    admission = admit_editions(after(FIRST, SECOND), [THIRD])
    assert (numbers(admission), codes(admission)) == ([1, 2, 3], [])
    again = admit_editions(admission.high_water, [THIRD])
    assert (again.high_water, codes(again)) == (admission.high_water, [])


def test_rollback_an_older_edition_than_one_seen_decides_nothing() -> None:
    assert refused(after(FIRST, SECOND), FIRST) == Broken.ROLLBACK
    assert refused(after(THIRD), SECOND) == Broken.ROLLBACK
    assert refused(after(THIRD), FIRST) == Broken.ROLLBACK


def test_fork_a_second_edition_of_a_number_is_refused_for_ever() -> None:
    assert refused(after(FIRST, SECOND), OTHER_SECOND) == Broken.FORK
    assert refused(after(FIRST, SECOND, THIRD), OTHER_SECOND) == Broken.FORK
    assert refused(after(FIRST, SECOND, THIRD), OTHER_SECOND, back=date(2026, 2, 5)) == Broken.FORK


def test_fork_the_next_edition_must_name_the_one_that_was_seen() -> None:
    assert refused(after(FIRST, SECOND), OTHER_THIRD) == Broken.FORK


def test_fork_an_older_edition_must_be_the_one_that_the_next_names() -> None:
    assert refused(after(THIRD), OTHER_SECOND, back=date(2026, 2, 5)) == Broken.FORK


def test_reorder_a_later_edition_of_an_earlier_day_is_refused() -> None:
    backwards = edition(3, SECOND, as_at=date(2026, 1, 15))
    assert refused(after(FIRST, SECOND), backwards) == Broken.REORDER
    far = edition(9, "a" * 64, as_at=date(2026, 1, 15))
    assert refused(after(FIRST, SECOND), far) == Broken.REORDER


def test_reorder_editions_given_newest_first_are_refused() -> None:
    assert refused(NOTHING, THIRD, SECOND) == Broken.ROLLBACK
    assert refused(NOTHING, SECOND, THIRD, FIRST) == Broken.ROLLBACK


def test_mixed_demonstration_data_never_follows_a_real_register_nor_the_other_way() -> None:
    real = edition(3, SECOND, demonstration=False)
    assert refused(after(FIRST, SECOND), real) == Broken.MIXED


def test_mixed_editions_of_two_authorities_are_no_chain() -> None:
    stranger = replace(SECOND, authority_did="did:web:other.example")
    assert refused(NOTHING, stranger, THIRD) == Broken.MIXED


def test_two_authorities_are_remembered_apart() -> None:
    stranger = replace(FIRST, authority_did="did:web:other.example", sha256="b" * 64)
    seen = admit_editions(after(FIRST, SECOND), [stranger]).high_water
    assert {one.did: len(one.editions) for one in seen.authorities} == {AUTHORITY.did: 2, "did:web:other.example": 1}


def test_an_edition_further_on_is_taken_with_a_word_about_those_between() -> None:
    admission = admit_editions(after(FIRST), [FOURTH])
    assert (numbers(admission), codes(admission)) == ([1, 4], ["editions-skipped"])
    assert "(2 of them)" in admission.notices[0].sentence


def test_nothing_is_said_when_those_between_are_shown() -> None:
    admission = admit_editions(after(FIRST), [SECOND, THIRD, FOURTH])
    assert (numbers(admission), codes(admission)) == ([1, 2, 3, 4], [])
    whole = admit_editions(after(SECOND), [FIRST, SECOND, THIRD])
    assert (numbers(whole), codes(whole)) == ([1, 2, 3], [])


def test_those_between_are_held_against_what_was_seen_even_afterwards() -> None:
    seen = after(FIRST, FOURTH)
    assert refused(seen, OTHER_THIRD, FOURTH) == Broken.FORK
    assert numbers(admit_editions(seen, [SECOND, THIRD, FOURTH])) == [1, 2, 3, 4]


# --- looking back -------------------------------------------------------------------------------------------------
def test_an_earlier_day_may_be_asked_of_an_older_edition_which_says_so_and_leaves_no_trace() -> None:
    seen = after(FIRST, SECOND, THIRD)
    admission = admit_editions(seen, [SECOND], looking_back_to=date(2026, 2, 20))
    assert (admission.high_water, codes(admission)) == (seen, ["older-edition"])
    assert "edition 3, as at 1 March 2026, has been seen since" in admission.notices[0].sentence


def test_an_older_edition_that_was_never_seen_says_that_too() -> None:
    admission = admit_editions(after(FOURTH), [SECOND], looking_back_to=date(2026, 2, 20))
    assert "never seen here while it was the newest" in admission.notices[0].sentence


def test_a_day_after_the_newest_edition_is_no_looking_back() -> None:
    seen = after(FIRST, SECOND)
    assert refused(seen, FIRST, back=date(2026, 2, 1)) == Broken.ROLLBACK
    assert numbers(admit_editions(seen, [THIRD], looking_back_to=date(2026, 3, 9))) == [1, 2, 3]


def test_a_newer_edition_met_while_looking_back_is_not_remembered() -> None:
    seen = after(FIRST, THIRD)
    assert admit_editions(seen, [FOURTH], looking_back_to=date(2026, 1, 9)).high_water == seen


# --- limits -------------------------------------------------------------------------------------------------------
def test_the_oldest_editions_are_let_go_and_never_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.MAX_SEEN_EDITIONS >= 500
    monkeypatch.setattr("verifier.highwater.MAX_SEEN_EDITIONS", 2)
    assert numbers(admit_editions(after(FIRST, SECOND, THIRD), [FOURTH])) == [3, 4]
    assert refused(after(FIRST, SECOND, THIRD, FOURTH), FIRST) == Broken.ROLLBACK


def test_one_authority_over_the_limit_is_refused() -> None:
    crowd = tuple(
        Authority(did=f"did:web:{number}.example", editions=(seen_edition(FIRST),))
        for number in range(limits.MAX_SEEN_AUTHORITIES)
    )
    assert refused(HighWater(authorities=crowd), FIRST) == "too-many-authorities"
    assert admit_editions(HighWater(authorities=crowd[1:]), [FIRST])


def test_a_strangers_lists_never_wash_out_one_that_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.MAX_SEEN_LISTS >= 10_000
    monkeypatch.setattr("verifier.highwater.MAX_SEEN_LISTS", 2)
    mine = seen_list(0)
    seen, passed_over = remember_lists(NOTHING, [mine, *(seen_list(0, url=f"https://x.example/{n}") for n in range(5))])
    assert (mine in seen.lists, len(seen.lists), passed_over) == (True, 2, 4)
    newer = seen_list(9)
    assert newer in remember_lists(seen, [newer])[0].lists


# --- status lists -------------------------------------------------------------------------------------------------
def seen_list(hours: int, *, url: str = "https://a.example/status/1", says: str = "a", issuer: str = "i") -> SeenList:
    return SeenList(url=url, issuer=issuer, valid_from=NOW + timedelta(hours=hours), sha256=says * 64)


@pytest.mark.parametrize(
    ("seen", "shown", "passes"),
    [
        pytest.param([], seen_list(0), True, id="the first list at an address"),
        pytest.param([seen_list(0)], seen_list(1), True, id="a newer list"),
        pytest.param([seen_list(0)], seen_list(0), True, id="the same list"),
        pytest.param([seen_list(1)], seen_list(0), False, id="an older list"),
        pytest.param([seen_list(0)], seen_list(0, says="b"), False, id="another list of the same moment"),
        pytest.param([seen_list(1)], seen_list(0, issuer="j"), True, id="an older list of another issuer"),
        pytest.param([seen_list(1)], seen_list(0, url="https://b.example/1"), True, id="an older list elsewhere"),
    ],
)
def test_a_list_is_held_against_the_newest_one_seen(seen: Sequence[SeenList], shown: SeenList, passes: bool) -> None:
    watch = ListWatch(HighWater(lists=tuple(seen)))
    assert (watch.compare(shown) is None) is passes
    assert (shown in watch.noticed.values()) is passes


def test_a_slower_process_does_not_put_back_the_older_list_it_saw() -> None:
    seen, _ = remember_lists(NOTHING, [seen_list(1)])
    assert remember_lists(seen, [seen_list(0)]) == (seen, 0)
    assert remember_lists(seen, [seen_list(1, says="b")]) == (seen, 0)


def test_within_one_run_too_a_list_does_not_fall_back() -> None:
    watch = ListWatch(NOTHING)
    assert watch.compare(seen_list(1)) is None
    assert watch.compare(seen_list(0)) == seen_list(1)


def checked(simulator: Simulator, badge: JsonObject, watch: ListWatch | None, *, at: datetime = NOW) -> Report:
    return verify(
        intake_bytes(write_json(badge), name="badge"),
        policy=BADGE_POLICY,
        surroundings=Surroundings(fetch=simulator.web, edition=simulator.edition(), lists=watch),
        at=at,
    )


def found(report: Report) -> tuple[str, str, str]:
    check = report.check("status.revocation")
    return check.outcome.value, check.reason, report.current.verdict.value


def test_mix_and_match_an_older_list_beside_a_newer_edition_does_not_clear_a_withdrawn_badge() -> None:
    simulator = Simulator()
    badge = simulator.good_badge()
    index = int(badge["credentialStatus"]["statusListIndex"])
    old = simulator.web.pages[simulator.list_url]
    simulator.publish_list(set_=[index], valid_from=NOW - timedelta(hours=1))
    watch = ListWatch(NOTHING)
    assert found(checked(simulator, badge, watch)) == ("failed", "withdrawn", "withdrawn")

    simulator.web.pages[simulator.list_url] = old
    assert found(checked(simulator, badge, None)) == ("passed", "not-revoked", "current")  # nobody remembers
    later = ListWatch(remember_lists(NOTHING, watch.noticed.values())[0])
    report = checked(simulator, badge, later)
    assert found(report) == ("unknown", "list-rolled-back", "unconfirmed")
    sentence = report.check("status.revocation").sentence
    assert "a newer one, of 15:00:00 on 22 November 2026, was seen before" in sentence
    assert later.noticed == {}


def test_mix_and_match_two_lists_of_one_moment_leave_it_open() -> None:
    simulator = Simulator()
    badge = simulator.good_badge()
    watch = ListWatch(NOTHING)
    checked(simulator, badge, watch)
    simulator.publish_list(set_=[7])
    report = checked(simulator, badge, watch)
    assert found(report) == ("unknown", "list-forked", "unconfirmed")
    assert "Two different lists" in report.check("status.revocation").sentence


def test_an_older_list_is_right_for_an_earlier_moment() -> None:
    simulator = Simulator()
    badge = simulator.good_badge()
    old = simulator.web.pages[simulator.list_url]
    simulator.publish_list(valid_from=NOW - timedelta(hours=1))
    watch = ListWatch(NOTHING)
    checked(simulator, badge, watch)
    simulator.web.pages[simulator.list_url] = old
    then = NOW - timedelta(hours=2)
    back = ListWatch(remember_lists(NOTHING, watch.noticed.values())[0], looking_back_to=then)
    assert found(checked(simulator, badge, back, at=then)) == ("passed", "not-revoked", "current")
    assert back.noticed == {}


def test_a_list_that_is_not_the_issuers_is_never_remembered() -> None:
    """Otherwise whoever holds the address for an hour could date a list ahead and spoil every honest one after it."""
    simulator = Simulator()
    badge = simulator.good_badge()
    squatter = Party(prefix="squatter-", key_names=("new",))
    squatter.publish(simulator.web)
    simulator.publish_list(party=squatter, key="new")
    watch = ListWatch(NOTHING)
    assert found(checked(simulator, badge, watch))[1] == "status-list-unproven"
    assert watch.noticed == {}


def test_a_list_dated_ahead_is_never_remembered() -> None:
    simulator = Simulator()
    simulator.publish_list(valid_from=NOW + timedelta(days=2))
    watch = ListWatch(NOTHING)
    assert found(checked(simulator, simulator.good_badge(), watch))[1] == "status-list-not-yet"
    assert watch.noticed == {}


# --- the file -----------------------------------------------------------------------------------------------------
REMEMBERED = HighWater(authorities=after(FIRST, SECOND).authorities, lists=(seen_list(0), seen_list(1, issuer="j")))


def put(path: Path, document: object, mode: int = 0o600) -> Path:
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    path.chmod(mode)
    return path


def test_the_file_says_all_that_is_remembered_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "high-water.json"
    assert load_high_water(path) == NOTHING
    change_high_water(path, lambda _: (REMEMBERED, None))
    assert load_high_water(path) == REMEMBERED
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [other.name for other in tmp_path.iterdir() if other.suffix == ".part"] == []


def _document(**changes: Any) -> JsonObject:
    return high_water_document(REMEMBERED) | changes


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut short"),
        pytest.param(b"[]", id="a list"),
        pytest.param({}, id="an object of something else"),
        pytest.param(_document(high_water=2), id="of a later program"),
        pytest.param(_document(more=1), id="with a part that nobody knows"),
        pytest.param(_document(authorities={}), id="whose authorities are no list"),
        pytest.param(_document(status_lists=[1]), id="whose list is no object"),
        pytest.param(edited(_document(), "authorities", 0, "editions", value=[]), id="an authority without editions"),
        pytest.param(edited(_document(), "authorities", 0, "editions", 0, "sha256", value="x"), id="no digest"),
        pytest.param(edited(_document(), "authorities", 0, "editions", 0, "edition", value=True), id="no number"),
        pytest.param(edited(_document(), "authorities", 0, "editions", 0, "edition", value=2), id="a number twice"),
        pytest.param(edited(_document(), "authorities", 0, "editions", 0, "as_at", value="soon"), id="no day"),
        pytest.param(edited(_document(), "status_lists", 0, "valid_from", value="2026-11-22"), id="no moment"),
        pytest.param(edited(_document(), "status_lists", 0, "url", value=""), id="no address"),
        pytest.param(edited(_document(), "status_lists", 0, "issuer", value="j"), id="a list twice"),
        pytest.param(b" " * (limits.HIGH_WATER.max_bytes + 1), id="too large"),
    ],
)
def test_a_damaged_file_is_named_with_its_mend_and_never_started_afresh(tmp_path: Path, content: object) -> None:
    path = put(tmp_path / "high-water.json", content)
    before = path.read_bytes()
    with pytest.raises(HighWaterError, match=r"high-water\.json is damaged .*Put back a copy"):
        change_high_water(path, lambda seen: (REMEMBERED, seen))
    assert path.read_bytes() == before


def test_a_file_that_others_may_change_is_not_relied_on(tmp_path: Path) -> None:
    path = put(tmp_path / "high-water.json", high_water_document(REMEMBERED), mode=0o660)
    with pytest.raises(HighWaterError, match="chmod 600"):
        load_high_water(path)


def test_a_file_that_cannot_be_kept_is_an_error_and_not_a_shrug(tmp_path: Path) -> None:
    with pytest.raises(HighWaterError, match="cannot be kept"):
        change_high_water(tmp_path / "nowhere" / "high-water.json", lambda seen: (seen, None))
    with pytest.raises(HighWaterError, match="cannot be read"):
        load_high_water(tmp_path)


def test_what_was_refused_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "high-water.json"
    change_high_water(path, lambda _: (after(FIRST, SECOND), None))
    before = path.read_bytes()
    with pytest.raises(HistoryRefused):
        change_high_water(path, lambda seen: (admit_editions(seen, [FIRST]).high_water, None))
    assert path.read_bytes() == before


def test_a_file_over_its_limit_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.highwater_file.HIGH_WATER", replace(limits.HIGH_WATER, max_bytes=100))
    with pytest.raises(HighWaterError, match="would grow"):
        change_high_water(tmp_path / "high-water.json", lambda _: (REMEMBERED, None))
    assert not (tmp_path / "high-water.json").exists()


def test_a_full_file_of_ours_can_be_read_again() -> None:
    editions = tuple(replace(seen_edition(SECOND), number=number) for number in range(1, limits.MAX_SEEN_EDITIONS + 1))
    crowd = tuple(
        Authority(did=f"did:web:{number}.example", editions=editions) for number in range(limits.MAX_SEEN_AUTHORITIES)
    )
    full = HighWater(authorities=crowd, lists=tuple(seen_list(0, url=f"https://a.example/{n}") for n in range(500)))
    assert parse_high_water(write_json(high_water_document(full), indent=1)) == full


_WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from verifier.highwater import SeenList, remember_lists
from verifier.highwater_file import change_high_water
for number in range(40):
    one = SeenList(url=f"https://{sys.argv[2]}.example/{number}", issuer="i", valid_from=datetime(2026, 11, 1, tzinfo=UTC), sha256="a" * 64)
    change_high_water(Path(sys.argv[1]), lambda seen: remember_lists(seen, [one]))
"""


def test_two_processes_at_once_forget_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "high-water.json"
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path), name], cwd=ROOT, stderr=subprocess.PIPE)
        for name in ("one", "two")
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=PATIENCE)
        assert (writer.returncode, errors) == (0, b"")
    assert len(load_high_water(path).lists) == 80


def test_a_file_held_by_a_process_that_hangs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.HIGH_WATER_LOCK_SECONDS <= limits.FETCH_TOTAL_SECONDS
    monkeypatch.setattr("verifier.highwater_file.HIGH_WATER_LOCK_SECONDS", 0.05)
    path = tmp_path / "high-water.json"

    def meanwhile(seen: HighWater) -> tuple[HighWater, None]:
        with pytest.raises(HighWaterError, match="Another process has held"):
            change_high_water(path, lambda inner: (inner, None))
        return seen, None

    change_high_water(path, meanwhile)


# --- as typed -----------------------------------------------------------------------------------------------------
@dataclass
class Typed:
    code: int
    out: str
    err: str


Run = Callable[..., Typed]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A folder with a world, four editions of its register (the second a fork), and a file to remember them in."""
    monkeypatch.chdir(tmp_path)
    simulator = Simulator()
    badge = simulator.good_badge()
    index = int(badge["credentialStatus"]["statusListIndex"])
    put(Path("badge.json"), badge)
    put(Path("anchor.json"), anchor_document(AUTHORITY))
    put(Path("did-map.json"), {simulator.list_url: "list.json"})
    put(Path("list-1.json"), simulator.publish_list())
    put(Path("list-2.json"), simulator.publish_list(set_=[index], valid_from=NOW - timedelta(hours=1)))
    put(Path("list.json"), Path("list-1.json").read_bytes())
    previous = None
    for number in (1, 2, 3, 4):
        facts: dict[str, Any] = {"as_at": date(2026, 11, 10 + number), "register": simulator.register}
        put(Path(f"edition-{number}.json"), signed(number, previous, **facts))
        previous = parse_edition(Path(f"edition-{number}.json").read_bytes(), anchor=AUTHORITY).sha256
    fork = signed(2, "f" * 64, as_at=date(2026, 11, 12), register=simulator.register)
    put(Path("fork-2.json"), fork)

    def type_(*words: object) -> Typed:
        result = CliRunner().invoke(cli, [*map(str, words), "--anchor", "anchor.json", "--high-water", "seen.json"])
        if isinstance(result.exception, Ended):
            return Typed(result.exception.code, result.stdout, result.stderr)
        if isinstance(result.exception, HighWaterError | HistoryRefused):
            return Typed(65, result.stdout, str(result.exception))
        return Typed(result.exit_code, result.stdout, result.stderr)

    return type_


def check(edition_file: str, at: str | None = None) -> list[str]:
    moment = [] if at is None else ["--at", at]
    return [
        "check",
        "badge.json",
        "--did-map",
        "did-map.json",
        "--offline",
        "--json",
        "--register",
        edition_file,
        *moment,
    ]


AT = "2026-11-22T03:00:00Z"


def test_check_refuses_the_older_edition_and_then_has_no_register(run: Run) -> None:
    assert run(*check("edition-2.json", AT)).code == 0
    assert run(*check("edition-1.json", AT)).code == 2
    report = json.loads(run(*check("edition-1.json", AT)).out)
    assert (report["accredited"]["verdict"], report["accredited"]["reason"]) == ("unconfirmed", "no-register")
    assert (
        "Edition 1 is older than edition 2, as at 12 November 2026, which was seen before"
        in report["accredited"]["sentence"]
    )
    assert run(*check("edition-3.json", AT)).code == 0


def test_check_of_an_earlier_day_uses_the_older_edition_and_says_so(run: Run) -> None:
    run(*check("edition-3.json", AT))
    before = Path("seen.json").read_bytes()
    typed = run(*check("edition-1.json", "2026-11-12"))
    report = json.loads(typed.out)
    assert report["accredited"]["verdict"] == "valid"
    assert [notice["code"] for notice in report["register"]["notices"]] == ["older-edition"]
    assert "edition 3, as at 13 November 2026, has been seen since" in typed.err
    assert Path("seen.json").read_bytes() == before


def test_check_refuses_the_older_list_and_never_passes_on_it(run: Run) -> None:
    put(Path("list.json"), Path("list-2.json").read_bytes())
    assert run(*check("edition-1.json", AT)).code == 1
    put(Path("list.json"), Path("list-1.json").read_bytes())
    typed = run(*check("edition-1.json", AT))
    report = json.loads(typed.out)
    assert (typed.code, report["current"]["verdict"]) == (2, "unconfirmed")
    assert report["genuine"]["verdict"] == "valid"
    assert [one["reason"] for one in report["checks"] if one["id"] == "status.revocation"] == ["list-rolled-back"]


def test_freeze_an_edition_that_stands_still_says_nothing_of_today_and_one_that_was_overtaken_nothing_at_all(
    run: Run,
) -> None:
    question = ["register", "decide", "--provider", MOE_NUMBER, "--ref", REF, "--on", "2026-05-03", "--json"]
    frozen = run(*question, "--register", "edition-1.json", "--at", "2027-01-31")
    answer = json.loads(frozen.out)
    assert (answer["outcome"], answer["today"]["reason"]) == ("accredited", "register-stale")
    assert run(*question, "--register", "edition-2.json", "--at", "2027-01-31").code == 0
    overtaken = run(*question, "--register", "edition-1.json", "--at", "2027-01-31")
    answer = json.loads(overtaken.out)
    assert (overtaken.code, answer["reason"]) == (2, "no-register")
    assert answer["evidence"]["fault"]["reason"] == "edition-rolled-back"


@pytest.mark.parametrize(
    ("seen", "shown", "code", "told"),
    [
        pytest.param(["edition-1"], ["edition-2"], 0, "Good. ", id="the next edition"),
        pytest.param(["edition-2"], ["edition-1"], 1, "is older than edition 2", id="rollback"),
        pytest.param(["edition-2"], ["fork-2"], 1, "There are two editions 2", id="fork"),
        pytest.param(["edition-1"], ["fork-2"], 1, "after another edition 1", id="a fork that begins here"),
        pytest.param(["edition-1"], ["edition-4"], 0, "(2 of them)", id="further on, without those between"),
        pytest.param(
            ["edition-1"], ["edition-2", "edition-3", "edition-4"], 0, "follows the one", id="further on, shown"
        ),
        pytest.param(["edition-1"], ["edition-3", "edition-2"], 1, "does not follow", id="reorder"),
    ],
)
def test_register_verify_holds_editions_against_those_seen(
    run: Run, seen: list[str], shown: list[str], code: int, told: str
) -> None:
    assert run("register", "verify", *(f"{name}.json" for name in seen)).code == 0
    typed = run("register", "verify", *(f"{name}.json" for name in shown))
    assert typed.code == code
    assert told in typed.out + typed.err
    assert ("Note:" in typed.err) is (told == "(2 of them)")


def test_register_verify_names_the_attack_in_json_and_show_refuses_it_too(run: Run) -> None:
    run("register", "verify", "edition-2.json")
    assert json.loads(run("register", "verify", "fork-2.json", "--json").out)["reason"] == Broken.FORK
    assert json.loads(run("register", "verify", "edition-1.json", "--json").out)["reason"] == Broken.ROLLBACK
    assert run("register", "show", "edition-2.json").code == 0
    assert run("register", "show", "edition-1.json").code == 65


def test_a_damaged_file_stops_every_command_that_was_to_use_it(run: Run) -> None:
    put(Path("seen.json"), b"{")
    for words in (
        check("edition-1.json"),
        ["register", "verify", "edition-1.json"],
        ["register", "show", "edition-1.json"],
    ):
        typed = run(*words)
        assert (typed.code, typed.out) == (65, "")
        assert "seen.json is damaged" in typed.err
    decide = [
        "register",
        "decide",
        "--register",
        "edition-1.json",
        "--provider",
        "1",
        "--ref",
        REF,
        "--on",
        "2026-05-03",
    ]
    assert run(*decide).code == 65


def test_without_the_file_every_edition_decides_for_itself(run: Run) -> None:
    run(*check("edition-3.json", AT))
    words = [*check("edition-1.json", AT), "--anchor", "anchor.json"]
    result = CliRunner().invoke(cli, words)
    assert isinstance(result.exception, Ended)
    assert result.exception.code == 0
