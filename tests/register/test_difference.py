"""What `register diff` tells: by what a row is about, whatever its place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from schemas.jsontext import write_json
from tests.register.making import (
    REF,
    P,
    Q,
    anchor,
    document,
    equivalency,
    issuer,
    key,
    listing,
    provider,
    register,
    right,
    signed,
    signer,
    succession,
)
from verifier.cli_register import diff
from verifier.register.anchor import anchor_document
from verifier.register.difference import Kind, find_changes
from verifier.register.records import AnchorRow, LearningOutcome
from verifier.register.tables import TABLES

DID = "did:web:te-kura.example"
METHOD = f"{DID}#1"
MULTIBASE = str(signer(5).public_key.multibase)
OUTCOME = LearningOutcome(nzqa_ref=REF, version="1", position=1, text_en="Farm kelp")
ANCHOR = AnchorRow(did=DID, merkle_root="a" * 64, count=200, recorded_on=provider().registered_from)
EVERYTHING = [
    *(provider(), issuer(DID), key(METHOD, MULTIBASE), listing(), OUTCOME, right()),
    *(succession(), equivalency(), ANCHOR),
]


def told(old: list[Any], new: list[Any]) -> list[str]:
    return [change.sentence for change in find_changes(register(*old), register(*new))]


def test_a_register_of_every_kind_of_row_does_not_differ_from_itself_in_another_order() -> None:
    assert told(EVERYTHING, EVERYTHING[::-1]) == []
    assert {type(row) for row in EVERYTHING} == {table.row for table in TABLES}


@pytest.mark.parametrize("row", EVERYTHING, ids=lambda row: type(row).__name__)
def test_every_kind_of_row_is_told_in_words_when_it_comes_and_when_it_goes(row: Any) -> None:
    others = [other for other in EVERYTHING if other is not row]
    (came,) = find_changes(register(*others), register(*EVERYTHING))
    (went,) = find_changes(register(*EVERYTHING), register(*others))
    assert (came.kind, went.kind) == (Kind.ADDED, Kind.REMOVED)
    assert came.sentence.startswith("New. ")
    assert went.sentence.startswith("No longer in the register. ")
    assert "None" not in came.sentence + went.sentence
    assert came.key == went.key


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        pytest.param(
            right(),
            right(last="2026-09-01", why="withdrawn"),
            "Right of Provider 9990 (invented) (9990) to award 5055 “Kelp farming” by accreditation: "
            "ended on 1 September 2026; end reason is now “withdrawn” (not recorded before).",
            id="a right ended",
        ),
        pytest.param(
            right(),
            right(extended="2027-12-31"),
            "Right of Provider 9990 (invented) (9990) to award 5055 “Kelp farming” by accreditation: "
            "its lapse was put off to 31 December 2027.",
            id="a right extended",
        ),
        pytest.param(
            right(granted="2020-01-01"),
            right(granted="2020-02-01"),
            "Right of Provider 9990 (invented) (9990) to award 5055 “Kelp farming” by accreditation: "
            "granted on was 1 January 2020, is now 1 February 2020.",
            id="the day in the key itself was corrected",
        ),
        pytest.param(
            listing(),
            listing(level=5, credits=7.5),
            "Listing 5055 version 1, “Kelp farming”: level was 4, is now 5; the credits were 10, are now 7.5.",
            id="level and credits",
        ),
        pytest.param(
            listing(),
            listing(removed_on="2026-02-01"),
            "Listing 5055 version 1, “Kelp farming”: removed on 1 February 2026 as listed by mistake.",
            id="listed by mistake",
        ),
        pytest.param(
            provider(),
            provider(last="2026-12-31"),
            "Provider 9990, Provider 9990 (invented): its registration ended on 31 December 2026.",
            id="a provider closed",
        ),
    ],
)
def test_a_change_is_told_from_what_to_what(before: Any, after: Any, sentence: str) -> None:
    others = [row for row in (provider(), listing(), right()) if type(row) is not type(before)]
    assert told([*others, before], [*others, after]) == [sentence]


def test_a_second_version_is_new_and_not_a_change_of_the_first() -> None:
    (change,) = find_changes(register(listing()), register(listing(), listing(version="2", first="2026-01-01")))
    assert (change.kind, change.key) == (Kind.ADDED, {"nzqa_ref": REF, "version": "2"})


def test_two_periods_that_both_moved_are_not_taken_for_each_other() -> None:
    old = [right(granted="2020-01-01", last="2020-12-31"), right(granted="2022-01-01")]
    new = [replace(row, granted_on=row.granted_on.replace(month=2)) for row in old]
    assert [change.kind for change in find_changes(register(*old), register(*new))].count(Kind.CHANGED) == 0


def test_a_stolen_key_cannot_be_overlooked() -> None:
    from datetime import UTC, datetime

    stolen = key(METHOD, MULTIBASE, stolen=datetime(2026, 3, 1, tzinfo=UTC))
    (sentence,) = told([issuer(DID), key(METHOD, MULTIBASE)], [issuer(DID), stolen])
    assert "STOLEN OR LOST, not believed from 2026-03-01T00:00:00Z" in sentence


# --- the command ------------------------------------------------------------------------------------------------
@pytest.fixture
def editions(tmp_path: Path) -> tuple[Path, Path, Path]:
    import hashlib

    paths = tmp_path / "old.json", tmp_path / "new.json", tmp_path / "anchor.json"
    first = signed(document(provider(), listing(), right()))
    paths[0].write_bytes(first)
    previous = hashlib.sha256(first).hexdigest()
    second = document(provider(), provider(Q), listing(level=5), right(), number=2, previous=previous)
    paths[1].write_bytes(signed(second))
    paths[2].write_bytes(write_json(anchor_document(anchor())))
    return paths


def typed(*arguments: object) -> tuple[int, str]:
    from click.testing import CliRunner

    done = CliRunner().invoke(diff, [str(argument) for argument in arguments], standalone_mode=False)
    code = getattr(done.exception, "code", 1 if done.exception else 0)
    return code, done.output


def test_the_command_tells_the_difference_and_ends_well(editions: tuple[Path, Path, Path]) -> None:
    old, new, trusted = editions
    code, out = typed(old, new, "--anchor", trusted)
    assert code == 0
    assert "level was 4, is now 5" in out
    assert "New. Provider 9991" in out
    assert "Mind:" not in out


def test_without_an_anchor_it_says_that_no_signature_was_checked(editions: tuple[Path, Path, Path]) -> None:
    _, out = typed(*editions[:2])
    assert "Neither signature was checked" in out


def test_editions_that_do_not_follow_each_other_are_pointed_out(editions: tuple[Path, Path, Path]) -> None:
    old, new, trusted = editions
    assert "Mind: Edition 1 does not follow edition 2" in typed(new, old, "--anchor", trusted)[1]


def test_an_altered_edition_is_not_compared(editions: tuple[Path, Path, Path]) -> None:
    old, new, trusted = editions
    new.write_bytes(new.read_bytes().replace(b'"level":5', b'"level":6'))
    code, out = typed(old, new, "--anchor", trusted)
    assert code == 1
    assert out.startswith("Not good.")


def test_the_json_gives_each_field_before_and_after(editions: tuple[Path, Path, Path]) -> None:
    old, new, trusted = editions
    found = json.loads(typed(old, new, "--anchor", trusted, "--json")[1])
    assert (found["follows"], found["same"], found["old"]["verified"]) == (True, False, True)
    changed = next(change for change in found["changes"] if change["change"] == "changed")
    assert (changed["table"], changed["key"]) == ("listings", {"nzqa_ref": REF, "version": "1"})
    assert changed["fields"] == {"level": {"from": 4, "to": 5}}
    assert {change["key"].get("moe_number") for change in found["changes"]} == {None, Q}
    assert isinstance(diff, click.Command)
    assert P not in {change["key"].get("moe_number") for change in found["changes"]}
