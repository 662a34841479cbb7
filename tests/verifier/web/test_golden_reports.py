"""One report for every row of the pages' truth table, as a file: a change of any word or fact is seen in a difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenes import SCENES
from tests.vectors.reports import build
from verifier.web.states import state_of
from verifier.wording_states import State

FOLDER = Path(build.__file__).parent


@pytest.mark.parametrize("name", SCENES)
def test_the_report_is_the_one_on_file(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_bytes() == build.text(name), "run tests/vectors/reports/build.py and read"


def test_no_report_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_each_scene_has_its_verdicts_and_its_state(name: str) -> None:
    make, state, verdicts = SCENES[name]
    report = make().report()
    assert state_of(report) == state
    assert (report.genuine.verdict, report.current.verdict, report.accredited.verdict) == verdicts


def test_every_state_has_a_scene() -> None:
    assert {state for _, state, _ in SCENES.values()} == {state.value for state in State}
