"""The digest of a report: the same badge, register, lists and moment give the same one, and anything else another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.scenes import SCENES, Scene, good
from tests.simulator import NOW
from verifier.digest import report_sha256
from verifier.intake import intake_bytes


def digest(scene: Scene) -> str:
    return str(scene.report().to_json()["report_sha256"])


@pytest.mark.parametrize("name", SCENES)
def test_a_second_run_gives_the_same_digest(name: str) -> None:
    make = SCENES[name][0]
    assert digest(make()) == digest(make())


def test_the_digest_stands_in_the_report_and_can_be_made_again_from_it() -> None:
    report = good().report().to_json()
    assert report_sha256(report) == report["report_sha256"]
    assert report_sha256({**report, "report_sha256": "another"}) == report["report_sha256"]


def test_neither_the_name_of_the_file_nor_the_hour_a_copy_was_retrieved_matters() -> None:
    scene = good()
    first = scene.service.check(intake_bytes(scene.given, name="one.json")).to_json()
    scene.world.web.retrieved_at = NOW - timedelta(minutes=7)
    second = scene.service.check(intake_bytes(scene.given, name="two.json")).to_json()
    assert first["sources"] != second["sources"]
    assert first["report_sha256"] == second["report_sha256"]


def test_a_link_to_the_same_badge_gives_the_digest_of_its_file() -> None:
    scene = good()
    by_file = scene.service.check(intake_bytes(scene.given, name="badge.json")).to_json()
    scene.url = "https://badges.totara-training.example/s/7k3qx9rz2m4t01ab"
    scene.world.web.put(scene.url, scene.given)
    by_link = scene.report().to_json()
    assert by_link["report_sha256"] == by_file["report_sha256"]


def _another_moment(scene: Scene) -> None:
    scene.at += timedelta(seconds=1)


def _another_list(scene: Scene) -> None:
    scene.world.publish_list(set_=[1])


def _another_edition(scene: Scene) -> None:
    scene.world.as_at -= timedelta(days=1)


def _no_register(scene: Scene) -> None:
    scene.register = False


def _a_silent_list(scene: Scene) -> None:
    del scene.world.web.pages[scene.world.list_url]


def _another_letter(scene: Scene) -> None:
    scene.given = scene.given.replace(b"\xc4\x80whina", b"Awhina")
    scene.url = None


def _the_same_badge_laid_out_otherwise(scene: Scene) -> None:
    scene.given, scene.url = scene.given + b" ", None


@pytest.mark.parametrize(
    "change",
    [
        _another_moment,
        _another_list,
        _another_edition,
        _no_register,
        _a_silent_list,
        _another_letter,
        _the_same_badge_laid_out_otherwise,
    ],
)
def test_anything_that_differs_gives_another_digest(change: object) -> None:
    scene = good()
    change(scene)  # type: ignore[operator]  # a function of the table
    assert digest(scene) != digest(good())


@pytest.mark.parametrize("question", ["genuine", "current", "accredited"])
def test_another_verdict_gives_another_digest(question: str) -> None:
    report = good().report().to_json()
    changed = {**report, question: {**report[question], "verdict": "invalid"}}
    assert report_sha256(changed) != report["report_sha256"]
