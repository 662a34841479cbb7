"""From SQLite to PostgreSQL and on to partitions: nothing is lost, and every constraint stays the database's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from issuer import audit
from issuer.cli import badge_issuer
from issuer.corrections import Correction, correct
from issuer.growing import move_database, partition_database
from issuer.instance import Instance, open_instance
from issuer.status import RevocationReason, revoke
from issuer.store.moving import count_rows
from issuer.store.partitioning import is_partitioned
from issuer.store.tables import documents
from issuer.suspension import set_suspension
from issuer.trust.anchoring import anchor_badges
from issuer.trust.editions import load_edition
from schemas.errors import InputError, IssuingError
from tests.issuer.bulk import check_every_badge_has_its_way_to_its_learner, class_csv, issued_by_worker
from tests.issuer.durable import check_exactly_once, start_run
from tests.issuer.provider import NOW, class_of, issue, make_instance, short_ids, stored_documents

pytestmark = pytest.mark.network


def moved(folder: Path, url: str) -> None:
    with open_instance(folder) as instance:
        move_database(instance, url, now=NOW, actor="test")


def test_a_moved_instance_has_every_row_its_log_and_goes_on(instance_folder: Path, postgresql_url: str) -> None:
    with open_instance(instance_folder) as instance:
        issued_by_worker(instance, class_csv(5))
        ids = short_ids(issue(instance, class_of(6)))
        revoke(instance, ids[0], reason=RevocationReason.UNSPECIFIED, now=NOW, actor="test")
        before = stored_documents(instance)
        with instance.store.reading() as connection:
            counts, head = count_rows(connection), audit.verify_chain(connection).head_sha256
        done = move_database(instance, postgresql_url, now=NOW, actor="test")
        assert (done.head, done.documents) == (head, 11)
    with open_instance(instance_folder) as instance:
        assert not instance.store.is_sqlite
        assert stored_documents(instance) == before
        with instance.store.reading() as connection:
            after = count_rows(connection)
            assert audit.verify_chain(connection, expected_head=head)
        assert after == counts | {"audit_log": counts["audit_log"] + 1}
        issued_by_worker(instance, class_csv(3, first=50))
        assert issue(instance, class_of(6)).counts.issued == 0


def test_nothing_is_issued_from_the_old_file_any_more(instance_folder: Path, postgresql_url: str) -> None:
    with open_instance(instance_folder) as left_open:
        moved(instance_folder, postgresql_url)
        with pytest.raises(IssuingError, match="closed"):
            issue(left_open, class_of(1))
    with open_instance(instance_folder) as instance:
        assert issue(instance, class_of(1)).counts.issued == 1


def test_a_database_that_is_in_use_is_not_moved_onto(
    instance_folder: Path, postgresql_url: str, tmp_path: Path
) -> None:
    make_instance(tmp_path / "other", database=postgresql_url)
    with open_instance(instance_folder) as instance:
        with pytest.raises(IssuingError, match="not empty"):
            move_database(instance, postgresql_url, now=NOW, actor="test")
        assert issue(instance, class_of(1)).counts.issued == 1


def test_a_copy_that_differs_is_not_put_to_use(instance_folder: Path, postgresql_url: str) -> None:
    with open_instance(instance_folder) as instance:
        issue(instance, class_of(2))
        with instance.store.writing() as connection:
            connection.execute(sa.update(documents).values(document=b"{}"))
        with pytest.raises(IssuingError, match="Nothing was changed"):
            move_database(instance, postgresql_url, now=NOW, actor="test")
    with open_instance(instance_folder) as instance:
        assert instance.store.is_sqlite


def test_only_postgresql_is_moved_to_and_only_sqlite_from(instance_folder: Path, postgresql_url: str) -> None:
    with open_instance(instance_folder) as instance, pytest.raises(InputError, match="must be PostgreSQL"):
        move_database(instance, "sqlite:///elsewhere.sqlite3", now=NOW, actor="test")
    moved(instance_folder, postgresql_url)
    with open_instance(instance_folder) as instance, pytest.raises(InputError, match="already"):
        move_database(instance, postgresql_url, now=NOW, actor="test")


# --- partitions -------------------------------------------------------------------------------------------------
@pytest.fixture
def partitioned_folder(postgresql_url: str, tmp_path: Path) -> Path:
    """An instance with suspensions and some anchored badges, in partitions."""
    folder = make_instance(tmp_path / "partitioned", database=postgresql_url)
    with open_instance(folder) as instance:
        set_suspension(instance, on=True, now=NOW, actor="test")
        issue(instance, class_of(10))
        anchor_badges(instance, edition=load_edition(instance), now=NOW, actor="test")
        assert partition_database(instance, parts=4, now=NOW, actor="test") == 10
    return folder


def test_partitioned_documents_are_issued_corrected_withdrawn_and_logged(partitioned_folder: Path) -> None:
    with open_instance(partitioned_folder) as instance:
        issued_by_worker(instance, class_csv(30, first=100))
        check_exactly_once(instance, expected=40)
        ids = [document["id"].rpartition("/")[2] for document in stored_documents(instance)]
        revoke(instance, ids[0], reason=RevocationReason.UNSPECIFIED, now=NOW, actor="test")
        correct(
            instance,
            ids[1],
            Correction(name="Hēmi Tāwhiri"),
            edition=load_edition(instance),
            now=NOW,
            actor="test",
        )
        anchor_badges(instance, edition=load_edition(instance), now=NOW, actor="test")
        with instance.store.reading() as connection:
            assert is_partitioned(connection)
            assert audit.verify_chain(connection)
            per_part = [
                connection.scalar(sa.text(f"SELECT count(*) FROM documents_{part}"))  # noqa: S608
                for part in range(4)
            ]
            places = connection.scalar(sa.text("SELECT count(*) FROM document_places"))
        assert sum(per_part) == 41
        assert all(per_part)
        assert places == 2 * 41  # revocation and suspension


def break_constraint(instance: Instance, statement: str) -> None:
    with instance.store.writing() as connection:
        connection.execute(sa.text(statement))


COPY = "INSERT INTO documents SELECT {columns} FROM documents LIMIT 1"
COLUMNS = [column.name for column in documents.columns]


def copied(**values: str) -> str:
    """A statement that puts one more row like another, but for these values."""
    return COPY.format(columns=", ".join(values.get(name, name) for name in COLUMNS))


FREE = {"version": "99", "list_index": "(list_index + 1) % 7 + 131000", "suspension_index": "131050"}


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(copied(**(FREE | {"version": "version"})), id="one version of one badge twice"),
        pytest.param(copied(**(FREE | {"list_index": "list_index"})), id="one place of revocation twice"),
        pytest.param(copied(**(FREE | {"suspension_index": "suspension_index"})), id="one place of suspension twice"),
        pytest.param(copied(**(FREE | {"short_id": "'nobody'"})), id="a document of no badge"),
        pytest.param(copied(**(FREE | {"list_number": "4711"})), id="a place in no list"),
        pytest.param("DELETE FROM documents", id="an anchored document taken away"),
        pytest.param("UPDATE documents SET list_index = 131070 WHERE version = 1", id="a document given another place"),
    ],
)
def test_the_database_itself_refuses(partitioned_folder: Path, statement: str) -> None:
    with open_instance(partitioned_folder) as instance:
        with instance.store.reading() as connection:  # by itself such a row is sound; reading keeps nothing
            connection.execute(sa.text(copied(**FREE)))
        with pytest.raises(sa.exc.DBAPIError):
            break_constraint(instance, statement)
        check_exactly_once(instance, expected=10)


def test_two_processes_with_one_file_issue_each_badge_once_in_partitions(partitioned_folder: Path) -> None:
    completions = class_of(24, first_line=50, achieved_on=NOW.date().replace(month=6))
    processes = [start_run(partitioned_folder, completions, chunk_rows=6) for _ in range(2)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    with open_instance(partitioned_folder) as instance:
        check_exactly_once(instance, expected=34)


def test_partitions_are_made_once_and_on_postgresql_alone(partitioned_folder: Path, instance: Instance) -> None:
    with open_instance(partitioned_folder) as whole, pytest.raises(IssuingError, match="already"):
        partition_database(whole, parts=4, now=NOW, actor="test")
    with pytest.raises(IssuingError, match="database move"):
        partition_database(instance, parts=4, now=NOW, actor="test")


def test_the_commands_move_and_partition(
    instance_folder: Path, postgresql_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_instance(instance_folder) as instance:
        issued_by_worker(instance, class_csv(4))
    words = ["--instance", str(instance_folder), "database"]
    badge_issuer.main([*words, "move", "--to", postgresql_url], standalone_mode=False)
    badge_issuer.main([*words, "partition", "--parts", "3"], standalone_mode=False)
    told = capsys.readouterr().out
    assert "4 documents checked" in told
    assert "is closed" in told
    assert "4 signed documents are in 3 partitions now." in told
    with open_instance(instance_folder) as instance:
        check_every_badge_has_its_way_to_its_learner(instance, expected=4, mails=4)
