"""Killed, copied, raced and starved of disk: each completion still has exactly one badge, and each badge its record."""

from __future__ import annotations

import random
import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer.batches import Options, issue_batch
from issuer.instance import Instance, open_instance
from issuer.outputs import Outputs
from issuer.store import credentials as credential_store
from issuer.store import engine, lists, new_rows
from issuer.store.credentials import StoredDocument
from issuer.store.engine import open_store, sqlite_url
from issuer.store.migrating import HEAD
from issuer.store.new_rows import CredentialRow
from issuer.store.tables import documents, status_lists
from issuer.trust.editions import load_edition
from schemas.errors import InputError, IssuingError
from schemas.times import write_time
from tests.issuer.durable import STEPS, check_exactly_once, start_run
from tests.issuer.provider import NOW, PlainPictures, class_of, issue

SIGKILLED = -9
CLASS = class_of(10)


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_at_any_step_is_completed_by_the_same_command(
    any_instance_folder: Path, tmp_path: Path, step: str
) -> None:
    out = tmp_path / "out"
    process = start_run(any_instance_folder, CLASS, out=out, die_at=step, occurrence=2)
    process.join()
    assert process.exitcode == SIGKILLED
    with open_instance(any_instance_folder) as instance:
        report = issue(instance, CLASS, out=out, now=NOW + timedelta(hours=1))
        assert report.counts.issued + report.counts.already == 10
        assert report.counts.issued < 10
        check_exactly_once(instance, expected=10)
    assert len(list((out / "badges").glob("*.json"))) == 10
    assert len(list((out / "badges").glob("*.png"))) == 10
    assert len((out / "results.csv").read_text(encoding="utf-8").splitlines()) == 11


def test_runs_killed_at_random_moments_are_completed(any_instance_folder: Path) -> None:
    chance = random.Random(20261122)
    for _ in range(4):
        process = start_run(any_instance_folder, CLASS, chunk_rows=2)
        time.sleep(chance.uniform(0.02, 0.2))
        process.kill()
        process.join()
    with open_instance(any_instance_folder) as instance:
        report = issue(instance, CLASS)
        assert report.counts.issued + report.counts.already == 10
        check_exactly_once(instance, expected=10)


def test_copies_of_the_database_taken_mid_batch_open_and_complete(instance_folder: Path, tmp_path: Path) -> None:
    copies: list[Path] = []

    def copy(step: str) -> None:
        target = tmp_path / f"copy-{len(copies)}-{step}"
        shutil.copytree(instance_folder, target)
        copies.append(target)

    with open_instance(instance_folder) as instance:
        issue_batch(
            instance,
            CLASS,
            file_sha256="0" * 64,
            edition=load_edition(instance),
            options=Options(chunk_rows=5),
            now=NOW,
            actor="test",
            on_step=copy,
        )
    for folder in copies:
        with open_instance(folder) as instance:
            issue(instance, CLASS)
            check_exactly_once(instance, expected=10)


def test_two_processes_with_one_file_issue_each_badge_once(any_instance_folder: Path) -> None:
    completions = class_of(24)
    processes = [start_run(any_instance_folder, completions, chunk_rows=6) for _ in range(2)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    with open_instance(any_instance_folder) as instance:
        check_exactly_once(instance, expected=24)


def test_eight_writers_are_never_granted_one_status_index(any_instance: Instance) -> None:
    faults: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            for round_ in range(6):
                _grant(any_instance, writer=writer, round_=round_, count=40, length=1_000)
        except BaseException as fault:  # noqa: BLE001 - told by the test itself
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[0]
    with any_instance.store.reading() as connection:
        granted = connection.execute(sa.select(documents.c.list_number, documents.c.list_index)).all()
        taken = dict(connection.execute(sa.select(status_lists.c.number, status_lists.c.taken)).all())  # type: ignore[arg-type]  # rows of two
    assert len(granted) == len(set(granted)) == 8 * 6 * 40
    assert sum(taken.values()) == 8 * 6 * 40
    assert max(taken.values()) <= 750  # a list is left when it is three quarters full


def _grant(instance: Instance, *, writer: int, round_: int, count: int, length: int) -> None:
    names = [f"w{writer}r{round_}n{number}" for number in range(count)]
    with instance.store.writing() as connection:
        new = [
            CredentialRow(
                short_id=name,
                provider="9901",
                row_key=name,
                nzqa_ref="9876",
                listing_version="1",
                achieved_on=NOW.date().isoformat(),
                created_at=write_time(NOW),
                batch_id=None,
                line=None,
                unconfirmed_reason=None,
            )
            for name in names
        ]
        assert len(new_rows.claim(connection, new)) == count
        slots = lists.reserve(instance.store, connection, count, at=NOW, length=length)
        credential_store.insert_documents(
            connection,
            [
                StoredDocument(
                    short_id=name,
                    version=1,
                    document=b"{}",
                    document_sha256="",
                    jwt=None,
                    valid_from=NOW,
                    list_number=slot.list_number,
                    list_index=slot.list_index,
                )
                for name, slot in zip(names, slots, strict=True)
            ],
        )


def test_indexes_are_not_handed_out_in_order(instance: Instance) -> None:
    issue(instance, class_of(12))
    with instance.store.reading() as connection:
        indexes = connection.scalars(sa.select(documents.c.list_index)).all()
    assert max(indexes) - min(indexes) > 10_000


def test_a_folder_that_cannot_be_written_is_noticed_before_anything_is_issued(
    instance: Instance, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    with pytest.raises(InputError, match="nothing was issued"):
        Outputs(blocked, instance, pictures=PlainPictures()).check_writable()


class FullDisk(PlainPictures):
    """Room for three pictures."""

    def __init__(self) -> None:
        self.room = 3

    def png(self, document: bytes) -> bytes:
        self.room -= 1
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return super().png(document)


def test_a_disk_that_fills_up_leaves_the_database_right_and_the_same_command_completes(
    instance: Instance, tmp_path: Path
) -> None:
    outputs = Outputs(tmp_path, instance, pictures=FullDisk())
    report = issue_batch(
        instance,
        CLASS,
        file_sha256="0" * 64,
        edition=load_edition(instance),
        options=Options(chunk_rows=4),
        now=NOW,
        actor="test",
        outputs=outputs,
    )
    assert report.counts.issued == 10
    assert "No space left" in outputs.fault_sentence
    assert "run the same command again" in outputs.fault_sentence
    assert not (tmp_path / "results.csv").exists()
    check_exactly_once(instance, expected=10)
    again = issue(instance, CLASS, out=tmp_path)
    assert again.counts.already == 10
    assert len(list((tmp_path / "badges").glob("*.png"))) == 10
    assert not list(tmp_path.rglob(".*"))


def test_a_busy_database_is_told_in_plain_words(instance_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    with open_instance(instance_folder) as holder, open_instance(instance_folder) as waiting:
        with holder.store.writing(), pytest.raises(engine.DatabaseAway, match="busy with another process"):
            issue(waiting, class_of(1))
        assert issue(waiting, class_of(1)).counts.issued == 1


def test_a_database_that_is_gone_is_told_in_plain_words(instance_folder: Path) -> None:
    (instance_folder / "badges.sqlite3").unlink()
    with pytest.raises(IssuingError, match="is not there"):
        open_instance(instance_folder)


def test_a_database_server_that_does_not_answer_is_told_without_its_password(
    instance_folder: Path, tmp_path: Path
) -> None:
    url = f"postgresql://badger:s3cret@/badges?host={tmp_path}"
    with pytest.raises(engine.DatabaseAway, match="cannot be used") as refused:
        open_instance(instance_folder, database=url)
    assert "s3cret" not in str(refused.value)


def test_a_database_of_a_newer_program_is_left_alone(instance_folder: Path) -> None:
    store = open_store(sqlite_url(instance_folder / "badges.sqlite3"))
    with store.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(IssuingError, match=f"newer version .*knows up to {HEAD}"):
        open_instance(instance_folder)
