"""A backup and what comes back of it: the same verdicts, no secret in the clear, and lists that never go backwards."""

from __future__ import annotations

import json
import shutil
import stat
import threading
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from issuer import audit, backup
from issuer.backup import MANIFEST_FILE, SEALED_FILE, restore_backup, write_backup
from issuer.cli import badge_issuer
from issuer.instance import Instance, open_instance
from issuer.lostsince import LostSince, find_lost
from issuer.nzroareport import export_rows
from issuer.publish import publish, publisher_of
from issuer.selfcheck import OwnWeb
from issuer.status import revoke, signed_lists
from issuer.store import credentials as credential_store
from issuer.store.credentials import State
from issuer.suspension import set_suspension, suspend
from issuer.trust.editions import load_edition
from schemas.errors import InputError, IssuingError
from tests.issuer.provider import NOW, Completion, Completions, class_of, issue, make_instance, short_ids
from verifier.exits import run
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.verify import Surroundings, verify

LATER = NOW + timedelta(hours=2)
NUMBER = "123456789"
PASSPHRASE = b"a long passphrase of a person"
SECRETS = ("key-passphrase", "nsn-key", "row-key")


@pytest.fixture(autouse=True)
def _sealing_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "_SCRYPT_N", 2**4)


@pytest.fixture
def busy(instance: Instance) -> Instance:
    """An instance with a bit of everything: badges, one withdrawn, one on hold, a student number, a signed list."""
    set_suspension(instance, on=True, now=NOW, actor="test")
    one, two, _ = short_ids(issue(instance, class_of(3)))
    issue(instance, Completions(rows=(Completion(line=2, nsn=NUMBER, learner_email="mere@learner.example"),)))
    revoke(instance, one, now=NOW, actor="test")
    suspend(instance, two, now=NOW, actor="test")
    signed_lists(instance, now=NOW)
    return instance


def back_up(instance: Instance, path: Path, *, passphrase: bytes | None = PASSPHRASE) -> Path:
    write_backup(instance, path, passphrase=passphrase, now=LATER, actor="test")
    return path


def restore(path: Path, folder: Path, *, passphrase: bytes | None = PASSPHRASE) -> tuple[str, ...]:
    return restore_backup(path, folder, passphrase=passphrase, now=LATER, actor="test").lacking


def verdicts(instance: Instance, *, at: datetime) -> dict[str, tuple[str, str, str]]:
    web = OwnWeb(instance, lists=signed_lists(instance, now=at), at=at)
    with instance.store.reading() as connection:
        badges = [badge.document for badge in credential_store.current_badges(connection)]
    told = {}
    for badge in badges:
        web.put(badge)
        report = verify(
            intake_bytes(badge.document, name="b"),
            policy=BADGE_POLICY,
            surroundings=Surroundings(fetch=web, edition=load_edition(instance)),
            at=at,
        )
        told[badge.short_id] = (
            report.genuine.verdict.value,
            report.current.verdict.value,
            report.accredited.verdict.value,
        )
    return told


def test_after_a_restore_every_verdict_is_what_it_was(busy: Instance, tmp_path: Path) -> None:
    file = back_up(busy, tmp_path / "backup.zip")
    before = verdicts(busy, at=LATER)
    assert sorted(current for _, current, _ in before.values()) == ["current", "current", "suspended", "withdrawn"]
    assert restore(file, tmp_path / "again") == ()
    with open_instance(tmp_path / "again") as again:
        assert verdicts(again, at=LATER) == before
        with again.store.reading() as connection:
            assert audit.verify_chain(connection).faults == ()
        assert issue(again, class_of(3)).counts.already == 3
        assert [row.nsn for row in export_rows(again, now=LATER, actor="test").rows] == [NUMBER]


def test_a_list_published_after_a_restore_is_dated_after_every_one_before(busy: Instance, tmp_path: Path) -> None:
    file = back_up(busy, tmp_path / "backup.zip")
    published = {one.number: one.valid_from for one in signed_lists(busy, now=LATER + timedelta(minutes=1))}
    restore(file, tmp_path / "again")
    with open_instance(tmp_path / "again") as again:
        for one in signed_lists(again, now=LATER + timedelta(minutes=2)):
            assert one.valid_from > published[one.number]


def test_a_list_is_dated_later_even_by_a_clock_that_was_put_back(busy: Instance, tmp_path: Path) -> None:
    kept = {one.number: one.valid_from for one in signed_lists(busy, now=LATER)}
    restore(back_up(busy, tmp_path / "backup.zip"), tmp_path / "again")
    with open_instance(tmp_path / "again") as again:
        for one in signed_lists(again, now=NOW - timedelta(days=1)):
            assert one.valid_from > kept[one.number]


def test_a_badge_issued_after_a_restore_takes_no_place_that_a_lost_one_may_hold(busy: Instance, tmp_path: Path) -> None:
    restore(back_up(busy, tmp_path / "backup.zip"), tmp_path / "again")
    with open_instance(tmp_path / "again") as again:
        (short_id,) = short_ids(issue(again, class_of(1, learner_name="Another Learner")))
        with again.store.reading() as connection:
            new = credential_store.load_document(connection, short_id)
        assert new is not None
        assert new.list_numbers == {3, 4}
        assert verdicts(again, at=LATER)[short_id] == ("valid", "current", "valid")


@pytest.mark.parametrize("passphrase", [pytest.param(None, id="without"), pytest.param(PASSPHRASE, id="with secrets")])
def test_no_secret_and_no_student_number_is_in_a_backup_in_the_clear(
    busy: Instance, tmp_path: Path, passphrase: bytes | None
) -> None:
    file = back_up(busy, tmp_path / "backup.zip", passphrase=passphrase)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    forbidden = [NUMBER.encode()]
    forbidden += [(busy.folder / "secrets" / name).read_bytes().strip() for name in SECRETS]
    with zipfile.ZipFile(file) as bundle:
        names = bundle.namelist()
        contents = b"".join(bundle.read(name) for name in names)
    assert [name for name in names if name.startswith("secrets/")] == []
    assert (SEALED_FILE in names) is (passphrase is not None)
    assert [text for text in forbidden if text in contents or text in file.read_bytes()] == []
    assert not list(tmp_path.glob(".*"))


def test_without_its_secrets_a_restored_instance_says_what_is_lacking(busy: Instance, tmp_path: Path) -> None:
    file = back_up(busy, tmp_path / "backup.zip", passphrase=None)
    again = tmp_path / "again"
    assert restore(file, again, passphrase=None) == SECRETS
    with open_instance(again) as opened, pytest.raises(IssuingError, match="cannot be read; restore it from a backup"):
        opened.secret("row-key")
    for name in SECRETS:
        shutil.copy(busy.folder / "secrets" / name, again / "secrets" / name)
    with open_instance(again) as opened:
        assert issue(opened, class_of(3)).counts.already == 3
        assert issue(opened, class_of(1, learner_name="Another Learner")).counts.issued == 1


def test_what_is_restored_is_for_its_owner_alone(busy: Instance, tmp_path: Path) -> None:
    restore(back_up(busy, tmp_path / "backup.zip"), tmp_path / "again")
    for path in [tmp_path / "again", *(tmp_path / "again").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_wrong_passphrase_restores_nothing(busy: Instance, tmp_path: Path) -> None:
    file = back_up(busy, tmp_path / "backup.zip")
    with pytest.raises(IssuingError, match="do not open with this passphrase"):
        restore(file, tmp_path / "again", passphrase=b"another passphrase")
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".restoring*"))


def test_a_folder_that_holds_anything_is_refused(busy: Instance, tmp_path: Path) -> None:
    file = back_up(busy, tmp_path / "backup.zip")
    with pytest.raises(IssuingError, match="not empty"):
        restore(file, busy.folder)
    (tmp_path / "empty").mkdir()
    assert restore(file, tmp_path / "empty") == ()


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(("badges.sqlite3", b"SQLite format 3\0"), id="another database"),
        pytest.param(("instance.json", b"{}"), id="another configuration"),
        pytest.param((MANIFEST_FILE, b"{}"), id="another manifest"),
        pytest.param(("badges.sqlite3", None), id="a file taken out"),
        pytest.param((MANIFEST_FILE, None), id="no manifest"),
    ],
)
def test_a_backup_that_was_changed_restores_nothing(
    busy: Instance, tmp_path: Path, harm: tuple[str, bytes | None]
) -> None:
    file = back_up(busy, tmp_path / "backup.zip")
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            data = harm[1] if name == harm[0] else before.read(name)
            if data is not None:
                after.writestr(name, data)
    with pytest.raises(InputError):
        restore(changed, tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("name", ["../outside", "/outside", "keys/../../outside", "a\\b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(busy: Instance, tmp_path: Path, name: str) -> None:
    file = back_up(busy, tmp_path / "backup.zip")
    with zipfile.ZipFile(file) as bundle:
        manifest = json.loads(bundle.read(MANIFEST_FILE))
        contents = {one: bundle.read(one) for one in manifest["files"]}
    manifest["files"][name] = "0" * 64
    with zipfile.ZipFile(tmp_path / "changed.zip", "w") as bundle:
        bundle.writestr(MANIFEST_FILE, json.dumps(manifest))
        for one, data in (contents | {name: b"x"}).items():
            bundle.writestr(one, data)
    with pytest.raises(InputError, match="not one of ours"):
        restore(tmp_path / "changed.zip", tmp_path / "again")
    assert not list(tmp_path.rglob("outside"))


def test_no_backup_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"not a zip")
    for path in (tmp_path / "x.zip", tmp_path / "missing.zip"):
        with pytest.raises(InputError, match="not a backup"):
            restore(path, tmp_path / "again")


def test_a_backup_taken_while_a_class_is_issued_is_whole(instance: Instance, tmp_path: Path) -> None:
    taken: list[Path] = []
    done = threading.Event()

    def keep_taking() -> None:
        with open_instance(instance.folder) as other:
            while not done.is_set():
                taken.append(back_up(other, tmp_path / f"{len(taken)}.zip"))

    thread = threading.Thread(target=keep_taking)
    thread.start()
    try:
        issue(instance, class_of(24), chunk_rows=3)
    finally:
        done.set()
        thread.join()
    for number, file in enumerate(taken[:: max(1, len(taken) // 4)]):
        restore(file, tmp_path / f"again-{number}")
        with open_instance(tmp_path / f"again-{number}") as again:
            with again.store.reading() as connection:
                assert audit.verify_chain(connection).faults == ()
            issue(again, class_of(24))
            with again.store.reading() as connection:
                assert sum(credential_store.count_badges(connection).values()) == 24


def test_postgresql_is_refused_with_what_to_do_instead(postgresql_url: str, tmp_path: Path) -> None:
    folder = make_instance(tmp_path / "instance", database=postgresql_url)
    with open_instance(folder) as instance, pytest.raises(IssuingError, match="pg_dump"):
        back_up(instance, tmp_path / "backup.zip")
    assert not (tmp_path / "backup.zip").exists()


def test_what_the_published_site_has_withdrawn_since_is_named(busy: Instance, tmp_path: Path) -> None:
    file = back_up(busy, tmp_path / "backup.zip")
    with busy.store.reading() as connection:
        standing = [
            one.credential.short_id
            for one in credential_store.current_badges(connection)
            if one.credential.state is State.ISSUED
        ]
    one, two = standing
    revoke(busy, one, now=LATER, actor="test")
    suspend(busy, two, now=LATER, actor="test")
    (late,) = short_ids(issue(busy, class_of(1, learner_name="Another Learner"), now=LATER))
    revoke(busy, late, now=LATER, actor="test")
    publish(busy, tmp_path / "site", publisher=publisher_of(busy), now=LATER)
    restore(file, tmp_path / "again")
    with open_instance(tmp_path / "again") as again:
        lost = find_lost(again, tmp_path / "site")
        assert (lost.withdrawn, lost.on_hold, lost.unknown) == ((one,), (two,), 1)
        revoke(again, one, now=LATER, actor="test")
        suspend(again, two, now=LATER, actor="test")
        assert find_lost(again, tmp_path / "site") == LostSince(withdrawn=(), on_hold=(), unknown=1)
    assert find_lost(busy, tmp_path / "site") == LostSince(withdrawn=(), on_hold=(), unknown=0)


def test_a_folder_without_status_lists_is_refused(busy: Instance, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no status lists"):
        find_lost(busy, tmp_path)
    (tmp_path / "status").mkdir()
    (tmp_path / "status" / "1").write_text("{}")
    with pytest.raises(InputError, match="not a status list"):
        find_lost(busy, tmp_path)


def test_the_commands_say_what_is_in_it_and_what_to_do_after(
    busy: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = busy.folder
    publish(busy, tmp_path / "site", publisher=publisher_of(busy), now=LATER)
    busy.close()

    def command(*arguments: str | Path) -> int:
        with pytest.raises(SystemExit) as ended:
            run(badge_issuer, [str(argument) for argument in arguments])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    assert command("--instance", folder, "backup", tmp_path / "plain.zip") == 0
    assert "keep them elsewhere: secrets/key-passphrase, secrets/nsn-key" in capsys.readouterr().out
    monkeypatch.setenv("BADGES_BACKUP_PASSPHRASE", "short")
    assert command("--instance", folder, "backup", tmp_path / "sealed.zip", "--with-secrets") == 65
    monkeypatch.setenv("BADGES_BACKUP_PASSPHRASE", PASSPHRASE.decode())
    assert command("--instance", folder, "backup", tmp_path / "sealed.zip", "--with-secrets", "--json") == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == []
    assert command("restore", tmp_path / "sealed.zip", "--instance", tmp_path / "again") == 0
    assert "withdraw and suspend" in capsys.readouterr().err
    assert command("restore", tmp_path / "sealed.zip", "--instance", tmp_path / "again") == 65
    assert command("audit", "verify", "--instance", tmp_path / "again") == 0
    bare = ("restore", tmp_path / "plain.zip", "--instance", tmp_path / "bare", "--site", tmp_path / "site", "--json")
    capsys.readouterr()
    assert command(*bare) == 0
    said = capsys.readouterr()
    assert "Put these into the folder" in said.err
    assert json.loads(said.out)["withdrawn_since"] == []
