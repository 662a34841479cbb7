"""The schema and the audit chain: one schema in both databases, and any edit of the log or of a badge is found."""

from __future__ import annotations

from pathlib import Path
from stat import S_IMODE

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from issuer import audit
from issuer.instance import NSN_KEY, Instance
from issuer.nzroa import seal, unseal
from issuer.status import revoke
from issuer.store import endings, migrating, nzroa_rows
from issuer.store import lists as list_store
from issuer.store.credentials import Learner
from issuer.store.engine import open_store, parse_database_url, sqlite_url
from issuer.store.service_tables import metadata
from issuer.store.tables import audit_head, audit_log, batches, documents, status_bits
from schemas.errors import IssuingError
from tests.issuer.provider import NOW, Completion, Completions, class_of, issue, only_id

MIGRATIONS = Path(migrating.__file__).parent / "migrations"


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite does not tell what an index computes
def test_the_scripts_make_exactly_the_tables_the_queries_use(any_instance: Instance) -> None:
    with any_instance.store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_known_head_is_the_newest_script() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [migrating.HEAD]


def test_a_new_database_is_made_once_by_two_that_open_it(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "new.sqlite3")
    stores = [open_store(url, create=True), open_store(url)]
    for store in stores:
        with store.reading() as connection:
            assert migrating.current_revision(connection) == migrating.HEAD
        store.close()


def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    store = open_store(sqlite_url(path), create=True)
    with store.writing() as connection:
        connection.execute(sa.delete(batches))
        assert {S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
        assert len(list(tmp_path.iterdir())) > 1  # its log too
    store.close()


def test_a_database_in_a_folder_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(IssuingError, match="cannot be made: No such file"):
        open_store(sqlite_url(tmp_path / "nowhere" / "new.sqlite3"), create=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "old.sqlite3")
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite does not tell what an index computes
def test_a_database_of_the_first_schema_is_brought_up_with_what_it_holds(empty_database: str) -> None:
    url = parse_database_url(empty_database)
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", "issuer.store:migrations")
    at = "2026-11-01T00:00:00Z"
    owner = "INSERT INTO owner (id, did, provider, base_url, created_at) VALUES (1, 'did:x', '9901', 'u', :t)"
    lists = "INSERT INTO status_lists (number, purpose, length, taken, created_at) VALUES (1, 'r', 8, 0, :t)"
    signed = (
        "INSERT INTO signed_lists (number, bits_sha256, document, valid_from, valid_until) VALUES (1, 'a', :d, :t, :t)"
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in (owner, lists, signed):
            values = {"d": b"{}", "t": at} if statement is signed else {"t": at}
            connection.execute(sa.text(statement), values)
    engine.dispose()
    store = open_store(empty_database)
    with store.reading() as connection:
        kept = list_store.load_signed_list(connection, 1)
        assert endings.load_closed_at(connection) is None
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()
    assert kept is not None
    assert (kept.document, kept.is_final) == (b"{}", False)


def test_a_transaction_that_fails_leaves_nothing(any_instance: Instance) -> None:
    def fail_halfway() -> None:
        with any_instance.store.writing() as connection:
            audit.append(connection, at=NOW, actor="test", action="key-new", facts={})
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        fail_halfway()
    with any_instance.store.reading() as connection:
        report = audit.verify_chain(connection)
    assert report
    assert report.entries == 2  # init and register use


def test_a_batch_is_recorded_with_its_counts(instance: Instance) -> None:
    rows = (*class_of(2).rows, Completion(line=9, learner_name="Elsewhere", nzqa_ref="1111"))
    report = issue(instance, Completions(rows=rows))
    with instance.store.reading() as connection:
        row = connection.execute(sa.select(batches)).one()
        assert (row.batch_id, row.state, row.row_count) == (report.batch_id, "finished", 3)
        assert (row.issued, row.already, row.held, row.failed) == (2, 0, 0, 1)


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        pytest.param(
            sa.update(audit_log).where(audit_log.c.seq == 3).values(actor="somebody else"),
            "Entry 3 was changed",
            id="an actor changed",
        ),
        pytest.param(
            sa.update(audit_log).where(audit_log.c.seq == 2).values(facts="{}"), "Entry 2 was changed", id="facts"
        ),
        pytest.param(sa.delete(audit_log).where(audit_log.c.seq == 2), "what stood between is gone", id="one dropped"),
        pytest.param(sa.delete(audit_log).where(audit_log.c.seq == 4), "is not the end it had", id="the last dropped"),
        pytest.param(sa.delete(audit_head), "is not the end it had", id="the head dropped"),
        pytest.param(
            sa.update(documents).values(document=b"{}"), "is not the one logged", id="a signed document changed"
        ),
        pytest.param(sa.delete(documents), "no longer stored", id="a signed document dropped"),
        pytest.param(sa.delete(status_bits), "is clear although", id="a withdrawal undone"),
        pytest.param(
            sa.insert(status_bits).values(list_number=1, list_index=7, set_at="2026-11-22T03:00:00Z"),
            "is set, but no act",
            id="a withdrawal nobody ordered",
        ),
    ],
)
def test_tampering_is_found(instance: Instance, tampering: sa.Executable, told: str) -> None:
    short_id = only_id(issue(instance, class_of(1)))
    revoke(instance, short_id, now=NOW, actor="test")
    with instance.store.writing() as connection:
        connection.execute(tampering)
    with instance.store.reading() as connection:
        report = audit.verify_chain(connection)
    assert not report
    assert any(told in fault.message for fault in report.faults), report.faults


def test_two_entries_that_changed_places_are_found(instance: Instance) -> None:
    issue(instance, class_of(1))
    with instance.store.writing() as connection:
        for before, after in ((2, 102), (3, 2), (102, 3)):
            connection.execute(sa.update(audit_log).where(audit_log.c.seq == before).values(seq=after))
    with instance.store.reading() as connection:
        assert not audit.verify_chain(connection)


def test_a_log_cut_back_with_its_head_and_badges_is_found_by_the_head_noted_elsewhere(instance: Instance) -> None:
    with instance.store.reading() as connection:
        noted = audit.verify_chain(connection).head_sha256
        entry = connection.execute(sa.select(audit_log).where(audit_log.c.seq == 1)).one()
    with instance.store.writing() as connection:
        connection.execute(sa.delete(audit_log).where(audit_log.c.seq > 1))
        connection.execute(sa.update(audit_head).values(seq=1, entry_sha256=entry.entry_sha256))
    with instance.store.reading() as connection:
        assert audit.verify_chain(connection)
        report = audit.verify_chain(connection, expected_head=noted)
    assert not report
    assert "cut back" in report.faults[0].message


def test_a_badge_that_was_never_logged_is_found(instance: Instance) -> None:
    issue(instance, class_of(1))
    with instance.store.writing() as connection:
        row = connection.execute(sa.select(documents)).one()
        connection.execute(sa.insert(documents).values(**(dict(row._mapping) | {"version": 2, "list_index": 0})))
    with instance.store.reading() as connection:
        report = audit.verify_chain(connection)
    assert "was signed but is not logged" in report.faults[0].message


def test_a_student_number_is_sealed_to_its_badge(instance: Instance) -> None:
    key = instance.secret(NSN_KEY)
    sealed = seal("123456789", key=key, short_id="abc")
    assert unseal(sealed, key=key, short_id="abc") == "123456789"
    assert len(seal("0123456789", key=key, short_id="abc")) == len(sealed)
    assert seal("123456789", key=key, short_id="abc") != sealed
    with pytest.raises(IssuingError):
        unseal(sealed, key=key, short_id="abd")
    with pytest.raises(IssuingError):
        unseal(sealed, key=bytes(32), short_id="abc")
    with pytest.raises(IssuingError):
        unseal(sealed[:8], key=key, short_id="abc")


def test_the_nzroa_store_keeps_what_is_to_be_reported(any_instance: Instance) -> None:
    short_id = only_id(issue(any_instance, Completions(rows=(Completion(line=2, nsn="123456789"),))))
    with any_instance.store.reading() as connection:
        entry = nzroa_rows.load_entry(connection, short_id)
    assert entry is not None
    assert entry.nsn_sealed is not None
    assert unseal(entry.nsn_sealed, key=any_instance.secret(NSN_KEY), short_id=short_id) == "123456789"
    assert (entry.nzqa_ref, entry.achieved_on.isoformat()) == ("9876", "2026-05-04")


def test_a_learner_is_never_printed_by_accident() -> None:
    learner = Learner(short_id="abc", name="Mere Āwhina", email="mere@example.nz")
    assert "Mere" not in repr(learner)
    assert "mere@" not in repr(learner)
