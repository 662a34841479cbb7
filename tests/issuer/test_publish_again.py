"""Publishing again: what changed is made again, nothing else is looked at, and no kill leaves a page stale."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from issuer.corrections import Correction, correct
from issuer.instance import Instance
from issuer.learner import claims
from issuer.learner.asking import change_nzroa_link
from issuer.publish import Published, publish, publisher_of
from issuer.sharing import make_share_key, withdraw_share_key
from issuer.status import revoke
from issuer.store import nzroa_rows, setups
from issuer.store.claims_rows import Visibility
from issuer.store.setups import Setup
from issuer.store.tables import documents
from issuer.trust.anchoring import anchor_badges
from issuer.trust.editions import load_edition
from tests.issuer.provider import NOW, REF, class_of, issue, short_ids

LATER = NOW + timedelta(hours=1)
_KILLED_AT = """
import os, signal, sys
from pathlib import Path
from issuer import sitefolder
from issuer.instance import open_instance
from issuer.publish import publish, publisher_of
from tests.issuer.provider import NOW
left, write = int(sys.argv[3]), sitefolder.write_if_different
def write_some(path, data):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(path, data)
sitefolder.write_if_different = write_some
with open_instance(Path(sys.argv[1])) as instance:
    listed = Path(sys.argv[4])
    publish(instance, Path(sys.argv[2]), publisher=publisher_of(instance), now=NOW, changed_list=listed)
"""


@pytest.fixture
def badges(any_instance: Instance) -> list[str]:
    return sorted(short_ids(issue(any_instance, class_of(5))))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def published(instance: Instance, folder: Path, **options: object) -> Published:
    return publish(instance, folder, publisher=publisher_of(instance), now=LATER, **options)  # type: ignore[arg-type]  # by name


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def publish_and_be_killed(instance: Instance, site: Path, listed: Path, *, after: int) -> None:
    """In a process of its own, after so many files."""
    command = [sys.executable, "-c", _KILLED_AT, str(instance.folder), str(site), str(after), str(listed)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def picture() -> bytes:
    """A provider's own artwork."""
    data = io.BytesIO()
    Image.new("RGB", (600, 600), "teal").save(data, "PNG")
    return data.getvalue()


def changes(instance: Instance, badges: list[str]) -> list[tuple[str, Callable[[], object]]]:
    """(what it is, the act): everything that a badge's files depend on, one after the other."""

    def report() -> None:
        with instance.store.writing() as connection:
            nzroa_rows.mark_reported(connection, badges[1:2], at=NOW)

    def give_artwork() -> None:
        with instance.store.writing() as connection:
            setups.save_setup(connection, Setup(nzqa_ref=REF, artwork=picture()), at=NOW, by="test")

    def rewrite(short_id: str) -> None:
        with instance.store.writing() as connection:
            text = connection.scalars(sa.select(documents.c.document).where(documents.c.short_id == short_id)).one()
            other = bytes(text).replace(b'"Learner ', b'"Student ')
            row = sa.update(documents).where(documents.c.short_id == short_id)
            connection.execute(row.values(document=other, document_sha256="1" * 64))

    edition = load_edition(instance)
    choose = claims.choose_visibility
    return [
        ("hidden", lambda: choose(instance, badges[0], Visibility.PRIVATE, now=NOW)),
        ("a certificate's key", lambda: make_share_key(instance, badges[0], now=NOW)),
        ("public", lambda: choose(instance, badges[0], Visibility.PUBLIC, now=NOW)),
        ("the key withdrawn", lambda: withdraw_share_key(instance, badges[0], now=NOW)),
        ("another key", lambda: make_share_key(instance, badges[0], now=NOW)),
        ("reported", report),
        (
            "the learner's link",
            lambda: change_nzroa_link(instance, badges[2], "https://secure.nzqa.govt.nz/share/AbC-1", now=NOW),
        ),
        ("withdrawn", lambda: revoke(instance, badges[3], now=NOW, actor="test")),
        ("anchored", lambda: anchor_badges(instance, edition=None, now=NOW, actor="test")),
        (
            "corrected",
            lambda: correct(
                instance,
                badges[4],
                Correction(name="Hine Tūī"),
                edition=edition,
                now=LATER,
                actor="test",
            ),
        ),
        ("artwork", give_artwork),
        (
            "the verifier's address",
            lambda: instance.save_config(replace(instance.config, verifier_url="https://verifier.example")),
        ),
        ("another document under the same version", lambda: rewrite(badges[1])),
        ("more badges", lambda: issue(instance, class_of(2, first_line=90, learner_email="a@b.example"))),
        ("every page private", lambda: instance.save_config(replace(instance.config, visibility="private"))),
    ]


def test_after_each_change_the_folder_is_what_a_first_run_would_write(
    any_instance: Instance, badges: list[str], site: Path, tmp_path: Path
) -> None:
    published(any_instance, site)
    for number, (name, change) in enumerate(changes(any_instance, badges)):
        before = tree(site)
        change()
        done = published(any_instance, site)
        fresh = tmp_path / f"fresh-{number}"
        first = published(any_instance, fresh)
        assert tree(site) == tree(fresh), name
        assert (done.files, done.badges) == (first.files, first.badges), name
        assert tree(site) != before, name
        again = published(any_instance, site)
        assert (again.written, again.removed) == (0, 0), name


def test_a_file_of_a_badge_that_did_not_change_is_not_looked_at_unless_asked(
    any_instance: Instance, badges: list[str], site: Path
) -> None:
    published(any_instance, site)
    right = tree(site)
    page = site / "badges" / badges[0] / "index.html"
    page.write_text("something else")
    assert published(any_instance, site).written == 0
    assert page.read_text() == "something else"
    assert published(any_instance, site, verify_files=True).written == 1
    assert tree(site) == right


@pytest.mark.parametrize("suffix", [".json", ".png", ".qr.svg"])
def test_a_file_that_was_deleted_is_there_again(
    any_instance: Instance, badges: list[str], site: Path, suffix: str
) -> None:
    published(any_instance, site)
    right = tree(site)
    (site / "badges" / f"{badges[2]}{suffix}").unlink()
    assert published(any_instance, site).written == 1
    assert tree(site) == right


def test_what_lies_in_a_pages_own_folder_is_missed_when_asked_to_verify(
    any_instance: Instance, badges: list[str], site: Path
) -> None:
    published(any_instance, site)
    right = tree(site)
    (site / "badges" / badges[0] / "mi" / "index.html").unlink()
    assert published(any_instance, site).written == 0
    assert published(any_instance, site, verify_files=True).written == 1
    assert tree(site) == right


def test_a_foreign_file_beside_the_badges_makes_nothing_written_again(
    any_instance: Instance, badges: list[str], site: Path
) -> None:
    published(any_instance, site)
    (site / "badges" / "theirs.json").write_text("{}")
    done = published(any_instance, site)
    assert (done.written, done.removed) == (0, 0)
    assert (site / "badges" / "theirs.json").read_text() == "{}"


def test_badges_that_the_database_no_longer_knows_are_taken_out(
    any_instance: Instance, badges: list[str], site: Path, tmp_path: Path
) -> None:
    published(any_instance, site)
    # As after a restore from before they were issued.
    with any_instance.store.writing() as connection:
        for table in ("claims", "nzroa_entries", "learners", "documents", "credentials"):
            connection.execute(sa.text(f"DELETE FROM {table} WHERE short_id = :id"), {"id": badges[0]})  # noqa: S608 - these
    assert published(any_instance, site).removed == 7
    published(any_instance, tmp_path / "fresh")
    assert tree(site) == tree(tmp_path / "fresh")


@pytest.mark.parametrize("after", [0, 4, 11, 30])
def test_a_run_that_is_killed_leaves_no_page_stale_and_no_file_behind(
    instance: Instance, site: Path, tmp_path: Path, after: int
) -> None:
    made = sorted(short_ids(issue(instance, class_of(5))))
    published(instance, site)
    revoke(instance, made[0], now=NOW, actor="test")
    instance.save_config(replace(instance.config, verifier_url="https://verifier.example"))
    make_share_key(instance, made[1], now=NOW)
    publish_and_be_killed(instance, site, tmp_path / "changed.txt", after=after)
    withdraw_share_key(instance, made[1], now=NOW)
    claims.choose_visibility(instance, made[2], Visibility.PRIVATE, now=NOW)
    published(instance, site)
    published(instance, tmp_path / "fresh")
    assert tree(site) == tree(tmp_path / "fresh")


def test_several_processes_write_what_one_does(
    any_instance: Instance, badges: list[str], site: Path, tmp_path: Path
) -> None:
    anchor_badges(any_instance, edition=None, now=NOW, actor="test")
    published(any_instance, site, workers=2)
    published(any_instance, tmp_path / "fresh")
    assert tree(site) == tree(tmp_path / "fresh")


def test_the_list_of_changes_has_each_address_that_may_be_kept_and_no_certificates_key(
    any_instance: Instance, badges: list[str], site: Path, tmp_path: Path
) -> None:
    listed = tmp_path / "changed.txt"
    published(any_instance, site, changed_list=listed)
    published(any_instance, site, changed_list=listed)
    assert listed.read_text() == ""
    revoke(any_instance, badges[0], now=NOW, actor="test")
    key = make_share_key(any_instance, badges[1], now=NOW)
    claims.choose_visibility(any_instance, badges[2], Visibility.PRIVATE, now=NOW)
    published(any_instance, site, changed_list=listed)
    base = any_instance.config.base_url
    withdrawn, hidden = any_instance.badge_url(badges[0]), any_instance.badge_url(badges[2])
    lines = listed.read_text().splitlines()
    assert {withdrawn, f"{withdrawn}/", f"{withdrawn}/index.html", f"{withdrawn}/mi", f"{base}/status/1"} <= set(lines)
    assert {hidden, f"{hidden}/", f"{hidden}.json", f"{hidden}.png", f"{hidden}/card.png"} <= set(lines)
    assert f"{withdrawn}.json" not in lines  # the signed document is as it was
    assert not [line for line in lines if key in line or badges[3] in line]


@pytest.mark.parametrize("after", [4, 9, 11])
def test_what_a_killed_run_may_have_changed_is_in_the_next_list(
    instance: Instance, site: Path, tmp_path: Path, after: int
) -> None:
    (made,) = short_ids(issue(instance, class_of(1)))
    listed = tmp_path / "changed.txt"
    published(instance, site, changed_list=listed)
    revoke(instance, made, now=NOW, actor="test")
    publish_and_be_killed(instance, site, listed, after=after)
    published(instance, site, changed_list=listed)
    assert f"{instance.badge_url(made)}/" in listed.read_text().splitlines()


def test_of_a_demonstration_only_the_first_learners_are_listed(
    instance: Instance, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.frontpage.LISTED_MOST", 3)
    instance.save_config(replace(instance.config, visibility="public"))
    made = sorted(short_ids(issue(instance, class_of(5))))
    published(instance, site)
    html = (site / "index.html").read_text()
    assert [one for one in made if one in html] == made[:3]
    assert "The first 3 of 5 are listed." in html
    assert "E rārangi ana te 3 tuatahi o te 5." in (site / "mi" / "index.html").read_text()
    assert '<td class="number">5</td>' in html
