"""The worker keeps the instance open for weeks: settings and clocks that change meanwhile are noticed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from issuer.instance import Instance, open_instance
from issuer.suspension import set_suspension
from issuer.worker import run_worker
from tests.issuer.bulk import class_csv, confirmed
from tests.issuer.provider import NOW, stored_documents


def run_loops(folder: Path, acts: list[Callable[[], None]], clock: Callable[[], datetime] = lambda: NOW) -> None:
    """One worker that does a round after each of `acts`, and ends after the last."""
    waits = iter(acts)

    class Rounds(Event):
        def wait(self, timeout: float | None = None) -> bool:
            del timeout
            act = next(waits, None)
            if act is None:
                self.set()
            else:
                act()
            return self.is_set()

    run_worker(folder, clock=clock, stop=Rounds())


def test_a_setting_changed_by_another_process_holds_from_the_next_list_on(instance_folder: Path) -> None:
    def switch_on_and_issue() -> None:
        with open_instance(instance_folder) as other:
            set_suspension(other, on=True, now=NOW, actor="test")
            confirmed(other, class_csv(1))

    run_loops(instance_folder, [switch_on_and_issue])
    with open_instance(instance_folder) as instance:
        documents = stored_documents(instance)
    assert len(documents) == 1
    purposes = [entry["statusPurpose"] for entry in documents[0]["credentialStatus"]]
    assert "suspension" in purposes, "the badge was signed as if it could not be put on hold"


def test_a_clock_that_is_put_back_stops_no_chore(instance_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, beats = [NOW], []
    monkeypatch.setattr("issuer.worker.beat", lambda _instance, *, now: beats.append(now))
    back = NOW - timedelta(days=30)
    run_loops(instance_folder, [lambda: now.__setitem__(0, back)], clock=lambda: now[0])
    assert beats == [NOW, back]


def test_settings_that_cannot_be_read_for_a_moment_leave_those_from_before(instance: Instance) -> None:
    from issuer.instance import CONFIG_FILE, FreshConfig

    fresh, before = FreshConfig(instance), instance.config
    path = instance.folder / CONFIG_FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    assert not fresh.refresh()
    assert instance.config == before
    path.write_bytes(whole)
    assert fresh.refresh()
