"""`badge-verifier check`: exit codes, what it prints, and where it looks."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from keys.signing import add_proof
from schemas import vocabulary as v
from schemas.baking import bake_png
from schemas.jsontext import JsonObject, write_json
from tests.simulator import AUTHORITY, REF, Simulator, edited, foreign_badge, signer
from verifier.cli import cli, main
from verifier.exits import Ended
from verifier.register.anchor import anchor_document
from verifier.register.edition import edition_document

AT = "2026-11-22T03:00:00Z"


@dataclass
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self) -> JsonObject:
        document: JsonObject = json.loads(self.out)
        return document


@dataclass
class Folder:
    """A simulator's world as files: a register, an anchor, a published site and its map."""

    path: Path
    simulator: Simulator

    def put(self, name: str, content: JsonObject | str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = write_json(content) if isinstance(content, dict) else content
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def run(self, *arguments: str | Path, stdin: str | bytes = "", world: bool = True) -> Run:
        extra = ["--did-map", "did-map.json", "--offline", "--at", AT] if world else []
        register = ["--register", "edition.json", "--anchor", "anchor.json"] if world else []
        words = [str(argument) for argument in arguments]
        result = CliRunner().invoke(cli, ["check", *words, *extra, *register], input=stdin, catch_exceptions=True)
        code = result.exception.code if isinstance(result.exception, Ended) else result.exit_code
        if result.exception is not None and not isinstance(result.exception, Ended | SystemExit):
            code = 65
        return Run(code, result.stdout, result.stderr + (str(result.exception) if code == 65 else ""))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    simulator = Simulator()
    here = Folder(tmp_path, simulator)
    unsigned = edition_document(
        simulator.register,
        number=1,
        previous_sha256=None,
        as_at=simulator.as_at,
        authority=AUTHORITY,
        demonstration=True,
    )
    edition = add_proof(
        unsigned,
        signer=signer("ed25519 authority"),
        cryptosuite=v.EDDSA_JCS_2022,
        verification_method=AUTHORITY.keys[0].id,
        created=simulator.web.retrieved_at,
    )
    here.put("edition.json", edition)
    here.put("anchor.json", anchor_document(AUTHORITY))
    here.put("site/.well-known/did.json", simulator.provider.did_document())
    here.put("site/status/1", simulator.publish_list())
    here.put("did-map.json", {f"{simulator.provider.base_url}/": "site"})
    return here


@pytest.fixture
def png(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("art") / "art.png"
    Image.new("RGB", (9, 9), "green").save(path)
    return path.read_bytes()


# --- exit codes -----------------------------------------------------------------------------------------------------
def _tampered(folder: Folder) -> bytes:
    return write_json(edited(folder.simulator.good_badge(), "name", value="Master of Seeds"))


def _foreign(folder: Folder) -> bytes:
    return write_json(folder.simulator.sign(foreign_badge(folder.simulator.provider)))


def _good(folder: Folder) -> bytes:
    return write_json(folder.simulator.good_badge())


def _in_doubt(folder: Folder) -> bytes:
    entry = folder.simulator.badge()["credentialStatus"] | {"statusListCredential": "https://gone.example/1"}
    return write_json(folder.simulator.good_badge(credentialStatus=entry))


@pytest.mark.parametrize(
    ("make", "options", "code"),
    [
        pytest.param(_good, [], 0, id="a good badge is 0"),
        pytest.param(_good, ["--require-accredited"], 0, id="an accredited badge is 0 where that is required"),
        pytest.param(_foreign, [], 0, id="a good badge without a New Zealand claim is 0"),
        pytest.param(_foreign, ["--require-accredited"], 1, id="and 1 where accreditation is required"),
        pytest.param(_tampered, [], 1, id="a tampered badge is 1"),
        pytest.param(_good, ["--at", "2032-01-01"], 1, id="an expired badge is 1"),
        pytest.param(_in_doubt, [], 2, id="a badge whose list cannot be reached is 2"),
        pytest.param(lambda _: b"%PDF-1.7", [], 2, id="a PDF is 2"),
        pytest.param(lambda _: b"Kia ora", [], 1, id="a file that is no badge is 1"),
        pytest.param(lambda _: b"", [], 1, id="an empty file is 1"),
    ],
)
def test_the_exit_code_is_the_answer(
    folder: Folder, make: Callable[[Folder], bytes], options: list[str], code: int
) -> None:
    folder.put("badge.json", make(folder))
    arguments = ["badge.json", "--did-map", "did-map.json", "--offline", "--register", "edition.json"]
    arguments += ["--anchor", "anchor.json", *options, *([] if "--at" in options else ["--at", AT])]
    assert folder.run(*arguments, world=False).code == code


def test_without_a_register_a_new_zealand_claim_is_2(folder: Folder) -> None:
    folder.put("badge.json", _good(folder))
    run = folder.run("badge.json", "--did-map", "did-map.json", "--offline", "--at", AT, "--json", world=False)
    assert run.code == 2
    assert run.json["accredited"]["reason"] == "no-register"


def test_a_register_that_was_altered_is_no_register(folder: Folder) -> None:
    folder.put("badge.json", _good(folder))
    document = json.loads((folder.path / "edition.json").read_bytes())
    document["listings"][0]["credits"] = 40
    folder.put("edition.json", document)
    run = folder.run("badge.json", "--json")
    assert run.code == 2
    assert run.json["accredited"]["reason"] == "no-register"
    assert "is not believed" in run.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["missing.json"], 65, id="a file that is not there"),
        pytest.param(["empty"], 65, id="a folder without badges"),
        pytest.param(["badge.json", "--did-map", "missing.json"], 65, id="a map that is not there"),
        pytest.param(["badge.json", "--register", "missing.json", "--anchor", "anchor.json"], 65, id="a register that is not there"),
        pytest.param(["badge.json", "--register", "edition.json", "--anchor", "badge.json"], 65, id="an anchor that is none"),
        pytest.param(["badge.json", "--register", "edition.json"], 2, id="a register without its anchor"),
        pytest.param(["-", "--recipient", "-"], 2, id="two things from standard input"),
        pytest.param(["badge.json", "--at", "yesterday"], 2, id="a time that is none"),
        pytest.param(["badge.json", "--at", "2026-11-22T03:00:00"], 2, id="a time without a zone"),
        pytest.param([], 2, id="nothing to check"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(folder: Folder, arguments: list[str], code: int) -> None:
    """Click's own usage error is 2 here; `verifier.exits.run` makes it 64."""
    folder.put("badge.json", _good(folder))
    (folder.path / "empty").mkdir()
    run = folder.run(*arguments, world=False)
    assert run.code == code
    assert run.err.strip()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["check", "badge.json", "--offline"], 2, id="not established"),
        pytest.param(["check"], 64, id="usage"),
        pytest.param(["check", "--at", "yesterday", "badge.json"], 64, id="a bad option"),
        pytest.param(["chekc"], 64, id="no such command"),
        pytest.param(["check", "missing.json"], 65, id="bad input"),
        pytest.param(["--help"], 0, id="help"),
        pytest.param(["register", "--help"], 0, id="help of a group"),
    ],
)
def test_the_process_ends_with_the_contracts_code(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    folder.put("badge.json", _good(folder))
    monkeypatch.setattr("sys.argv", ["badge-verifier", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code


# --- several --------------------------------------------------------------------------------------------------------
def test_a_folder_is_checked_file_by_file_and_the_worst_is_the_answer(folder: Folder, png: bytes) -> None:
    good = folder.simulator.good_badge()
    folder.put("badges/a.json", good)
    folder.put("badges/b.png", bake_png(png, write_json(good).decode()))
    folder.put("badges/c.jwt", folder.simulator.sign_text(folder.simulator.badge()))
    folder.put("badges/results.csv", "row,outcome\n")
    folder.put("badges/a.anchor.json", {})
    folder.put("badges/a.qr.png", png)
    run = folder.run("badges", "--json")
    assert run.code == 0
    assert [entry["file"].rpartition("/")[2] for entry in json.loads(run.out)] == ["a.json", "b.png", "c.jwt"]
    assert "Passed over as no badges: a.anchor.json, a.qr.png, results.csv." in folder.run("badges").out
    folder.put("badges/d.json", _in_doubt(folder))
    assert folder.run("badges").code == 2
    folder.put("badges/e.json", _tampered(folder))
    assert folder.run("badges").code == 1


def test_json_of_one_badge_is_an_object_and_of_several_an_array(folder: Folder) -> None:
    folder.put("a.json", _good(folder))
    folder.put("b.json", _tampered(folder))
    assert isinstance(folder.run("a.json", "--json").json, dict)
    several = json.loads(folder.run("a.json", "b.json", "--json").out)
    assert [entry["genuine"]["verdict"] for entry in several] == ["valid", "invalid"]


def test_the_csv_neutralises_what_a_spreadsheet_would_run(folder: Folder) -> None:
    unsigned = edited(
        folder.simulator.badge(),
        "credentialSubject",
        "identifier",
        0,
        "identityHash",
        value='=HYPERLINK("http://evil.example")',
    )
    folder.put("a.json", folder.simulator.sign(unsigned))
    folder.put("b.json", _tampered(folder))
    assert folder.run("a.json", "b.json", "--csv", "out.csv").code == 1
    with (folder.path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["genuine"], row["current"], row["accredited"]) for row in rows] == [
        ("a.json", "valid", "current", "valid"),
        ("b.json", "invalid", "not-applicable", "not-applicable"),
    ]
    assert rows[0]["learner"].startswith("'=")
    assert (rows[0]["nzqa_ref"], rows[1]["learner"]) == (REF, "")
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


# --- where it looks ---------------------------------------------------------------------------------------------------
def test_a_badge_from_standard_input(folder: Folder) -> None:
    assert folder.run("-", stdin=_good(folder)).code == 0


def test_a_badge_by_its_address_and_through_its_page(folder: Folder) -> None:
    badge = folder.simulator.good_badge()
    name = badge["id"].rpartition("/")[2]
    folder.put(f"site/badges/{name}/index.html", "<!doctype html><title>A badge</title>")
    folder.put(f"site/badges/{name}.json", badge)
    for address in (badge["id"], badge["id"] + ".json", badge["id"] + "/"):
        run = folder.run(address, "--json")
        assert (run.code, run.json["checks"][0]["evidence"]["name"]) == (0, address)
    assert folder.run("https://gone.example/badge").code == 2


def test_a_correction_is_found_through_the_map(folder: Folder) -> None:
    badge = folder.simulator.good_badge()
    newer = folder.simulator.good_badge(validFrom="2026-08-01T00:00:00Z")
    folder.put("old.json", badge)
    folder.put(f"site/badges/{badge['id'].rpartition('/')[2]}.json", newer)
    run = folder.run("old.json", "--json")
    assert (run.code, run.json["current"]["verdict"]) == (1, "replaced")


def test_the_recipient_can_be_given_on_standard_input_and_is_never_repeated(folder: Folder) -> None:
    folder.put("badge.json", _good(folder))
    run = folder.run("badge.json", "--recipient", "-", stdin="mere@example.nz\n")
    assert run.code == 0
    assert "mere@" not in run.out + run.err


# --- what it says -------------------------------------------------------------------------------------------------------
def test_a_person_reads_the_three_answers_first(folder: Folder) -> None:
    folder.put("badge.json", _good(folder))
    lines = folder.run("badge.json").out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["Genuine?", "In", "Accredited?"]
    text = "\n".join(lines)
    assert "Mere Āwhina" in text
    assert "not NZQA" in text
    assert "demonstration register" in text
    assert "that the person in front of you is the person named" in text


def test_a_badge_that_is_not_genuine_shows_no_name(folder: Folder) -> None:
    folder.put("badge.json", _tampered(folder))
    out = folder.run("badge.json").out
    assert "Do not rely on this badge" in out
    assert "Mere" not in out


def test_a_badge_cannot_write_on_the_terminal(folder: Folder) -> None:
    evil = "\u001b]0;owned\u0007[red]Mere\u202e[/]"
    unsigned = edited(folder.simulator.badge(), "credentialSubject", "identifier", 0, "identityHash", value=evil)
    folder.put("a.json", folder.simulator.sign(unsigned))
    for arguments in (["a.json"], ["a.json", "a.json"]):
        out = folder.run(*arguments).out
        assert "\u001b" not in out
        assert "\u202e" not in out
        assert "[red]Mere" in out
