"""The archive: the same bytes every time, nothing private, and any change in it is found."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer.archive import MANIFEST_FILE, write_archive
from issuer.cli import badge_issuer
from issuer.instance import Instance
from issuer.trust.anchoring import anchor_badges
from issuer.trust.archive_check import check_archive
from issuer.trust.editions import load_edition
from keys.resolve import load_did_map
from schemas.errors import InputError
from tests.issuer.provider import NOW, Completion, Completions, class_of, issue, register_for, short_ids
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.edition import load_anchor
from verifier.register.edition import load_edition as load_edition_file
from verifier.verify import Surroundings, verify

EMAIL, NSN = "mere.private@example.nz", "123456789"
ROWS = Completions(rows=(Completion(line=2, learner_email=EMAIL, nsn=NSN),))


@pytest.fixture
def archive(instance: Instance, tmp_path: Path) -> Path:
    issue(instance, ROWS)
    anchor_badges(instance, edition=None, now=NOW, actor="test")
    write_archive(instance, tmp_path / "a.zip", now=NOW)
    return tmp_path / "a.zip"


def test_the_same_instance_at_the_same_moment_gives_the_same_bytes(
    instance: Instance, archive: Path, tmp_path: Path
) -> None:
    write_archive(instance, tmp_path / "b.zip", now=NOW)
    assert archive.read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_nothing_private_is_in_it(instance: Instance, archive: Path) -> None:
    with zipfile.ZipFile(archive) as bundle:
        names = bundle.namelist()
        content = b"".join(bundle.read(name) for name in names)
    for private in (EMAIL.encode(), NSN.encode(), b"ciphertext", b"scrypt", b"nsn-key"):
        assert private not in content
    (short_id,) = [
        name.split("/")[2].removesuffix(".qr.svg") for name in names if name.endswith(".qr.svg") and "/badges/" in name
    ]
    assert {
        "did-map.json",
        "manifest.json",
        "README.txt",
        "SHA256SUMS",
        "register/edition-1.json",
        "register/anchor.json",
        "site/.well-known/did.json",
        "site/issuer",
        "site/status/1",
        f"site/badges/{short_id}.json",
        f"site/badges/{short_id}.png",
        f"site/badges/{short_id}.anchor.json",
    } <= set(names)


def test_unpacked_it_answers_for_the_server_and_the_domain(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as bundle:
        bundle.extractall(tmp_path / "left")
    left = tmp_path / "left"
    (badge,) = (left / "site" / "badges").glob("*.png")
    fetch = load_did_map(left / "did-map.json", at=NOW)
    edition = load_edition_file(
        left / "register" / "edition-1.json", anchor=load_anchor(left / "register" / "anchor.json")
    )
    report = verify(
        intake_bytes(badge.read_bytes(), name=badge.name),
        policy=BADGE_POLICY,
        surroundings=Surroundings(fetch=fetch, edition=edition),
        at=NOW,
    )
    assert report
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=left, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_whole_archive_is_told_whole_and_whose_it_is(instance: Instance, archive: Path) -> None:
    report = check_archive(archive, edition=load_edition(instance))
    assert report, report.faults
    assert report.signed_by == instance.method_of("status-1")
    assert check_archive(archive, edition=None).signed_by is None


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)


def _alter_manifest(files: dict[str, bytes]) -> None:
    manifest = json.loads(files[MANIFEST_FILE])
    manifest["name"] = "Somebody Else"
    files[MANIFEST_FILE] = json.dumps(manifest).encode()


def _unsign(files: dict[str, bytes]) -> None:
    manifest = json.loads(files[MANIFEST_FILE])
    del manifest["proof"]
    files[MANIFEST_FILE] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda files: files.update({"site/issuer": b"{}"}), "is not the file", id="a file changed"),
        pytest.param(lambda files: files.pop("site/issuer"), "is missing", id="a file taken out"),
        pytest.param(lambda files: files.update({"extra": b""}), "is not in the manifest", id="a file put in"),
        pytest.param(_alter_manifest, "is not shown to be the provider's", id="the manifest changed"),
        pytest.param(_unsign, "carries no signature", id="the signature taken off"),
    ],
)
def test_any_change_is_found(
    instance: Instance, archive: Path, change: Callable[[dict[str, bytes]], None], told: str
) -> None:
    rewrite(archive, change)
    report = check_archive(archive, edition=load_edition(instance))
    assert not report
    assert any(told in str(fault) for fault in report.faults), report.faults


def test_a_manifest_under_a_key_the_register_does_not_have_is_not_the_providers(
    instance: Instance, archive: Path
) -> None:
    edition = load_edition(instance)
    assert edition is not None
    without = replace(edition, register=register_for(instance, keys=()))
    report = check_archive(archive, edition=without)
    assert "does not have" in str(report.faults[0])


@pytest.mark.parametrize("data", [pytest.param(b"no zip", id="no zip"), pytest.param(b"", id="nothing")])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(InputError):
        check_archive(tmp_path / "x.zip", edition=None)


def test_the_commands_write_an_archive_and_check_it(instance_folder: Path, tmp_path: Path) -> None:
    from issuer.instance import open_instance

    with open_instance(instance_folder) as instance:
        assert short_ids(issue(instance, class_of(1)))
    runner = CliRunner()
    out = tmp_path / "end.zip"
    wrong = runner.invoke(
        badge_issuer, ["--instance", str(instance_folder), "archive", "--out", str(tmp_path / "x.tar")]
    )
    assert wrong.exit_code != 0
    done = runner.invoke(badge_issuer, ["--instance", str(instance_folder), "archive", "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert answer["badges"] == 1
    assert [note for note in answer["notes"] if "are in no anchor" in note]
    assert [note for note in answer["notes"] if "close the instance first" in note]
    register = instance_folder / "register"
    arguments = ["--register", str(register / "edition-1.json"), "--anchor", str(register / "anchor.json")]
    good = runner.invoke(badge_issuer, ["archive-check", str(out), *arguments])
    assert good.exit_code == 0, good.output
    assert "The archive is whole" in good.output
    rewrite(out, lambda files: files.update({"site/issuer": b"{}"}))
    assert runner.invoke(badge_issuer, ["archive-check", str(out)]).exit_code != 0
