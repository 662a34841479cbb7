"""The command `badge-issuer`, from init to a verifier that believes the result; and how it says no."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import click
import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image

from issuer.cli import badge_issuer
from issuer.cli import common as cli_common
from issuer.cli.issue import workers_for
from issuer.instance import open_instance
from issuer.trust.enrolment import check_request
from schemas.baking import unbake_png, unbake_svg
from schemas.jsontext import parse_object
from tests.issuer.provider import ANCHOR, BASE_URL, NOW, PROVIDER, REF, edition_for
from tests.simulator import PROVIDER_NAME
from verifier.cli import cli as badge_verifier
from verifier.exits import run

HEADER = "Learner name,NZQA ref,Achieved on,Email,NSN,Favourite colour\n"
CLASS_LIST = HEADER + (
    "Mere Āwhina,9876,04/05/2026,mere@learner.example,123456789,blue\n"
    "Wiremu Kōtare,9876,2026-05-04,,,\n"
    "Hine Tūī,9876,2026-05-05,,,red\n"
)


class Desk:
    """Somebody at a prompt."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.out = ""
        self.err = ""

    def __call__(self, *arguments: str | Path, command: click.Command = badge_issuer) -> int:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run(command, [str(argument) for argument in arguments])
        self.out, self.err = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def results(self) -> list[dict[str, str]]:
        text = (self.folder / "out" / "results.csv").read_text(encoding="utf-8")
        return list(csv.DictReader(text.splitlines()))

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(cli_common, "datetime", FixedClock)
    monkeypatch.setenv("BADGES_INSTANCE", str(tmp_path / "instance"))
    return Desk(tmp_path, capsys)


class FixedClock:
    """The only clock of the commands."""

    @staticmethod
    def now(_zone: object) -> Any:
        return NOW


@pytest.fixture
def ready(desk: Desk, instance_folder: Path) -> Desk:
    """An instance with a register, and a class list."""
    assert instance_folder == desk.folder / "instance"
    desk.write("class.csv", CLASS_LIST)
    return desk


def test_from_init_to_a_verifier_that_believes_it(desk: Desk) -> None:
    named = ("--name", PROVIDER_NAME, "--provider", PROVIDER, "--base-url", BASE_URL)
    assert desk("init", *named) == 0
    assert "did:web:badges.totara-training.example" in desk.out
    request = desk.folder / "request.json"
    assert desk("enrol-request", "--out", request) == 0
    enrolled = check_request(parse_object(request.read_bytes()), at=NOW)
    assert [method.id.partition("#")[2] for method in enrolled.methods] == ["credential-1", "credential-2", "status-1"]
    with open_instance(desk.folder / "instance") as instance:
        edition = desk.write("edition.json", edition_for(instance))
    anchor = desk.write("anchor.json", ANCHOR)
    assert desk("register", "use", edition, "--anchor", anchor) == 0
    assert "DEMONSTRATION register" in desk.out
    class_list = desk.write("class.csv", CLASS_LIST)
    assert desk("issue", class_list, "--dry-run") == 0
    assert "3 ready" in desk.out
    assert not (desk.folder / "out").exists()
    assert desk("issue", class_list, "--out", desk.folder / "out") == 0
    assert "3 issued" in desk.out
    assert "Favourite colour" in desk.out
    rows = desk.results()
    first, second, third = (desk.folder / "out" / row["json"] for row in rows)
    old = desk.write("old.json", first.read_bytes())
    assert desk("correct", rows[0]["credential_id"], "--name", "Mere Āwhina-Ngata", "--json") == 0
    assert desk.json["version"] == 2
    assert desk("revoke", rows[1]["credential_id"].rpartition("/")[2], "--reason", "duplicate") == 0
    assert desk("publish", desk.folder / "site", "--visibility", "public") == 0
    assert desk("did-map", "--out", desk.folder / "did-map.json") == 0
    told = {
        name: verdicts_of(desk, path, anchor=anchor, edition=edition)
        for name, path in {"replaced": old, "withdrawn": second, "current": third}.items()
    }
    assert told == {
        "replaced": ("valid", "replaced", "valid"),
        "withdrawn": ("valid", "withdrawn", "valid"),
        "current": ("valid", "current", "valid"),
    }
    assert desk("audit", "verify", "--json") == 0
    assert (desk.json["good"], desk.json["documents"]) == (True, 4)


def verdicts_of(desk: Desk, path: Path, *, anchor: Path, edition: Path) -> tuple[str, str, str]:
    desk(
        *("check", path, "--json", "--register", edition, "--anchor", anchor, "--at", "2026-11-22T04:00:00Z"),
        *("--did-map", desk.folder / "did-map.json", "--offline"),
        command=badge_verifier,
    )
    report = desk.json[0] if isinstance(desk.json, list) else desk.json
    return tuple(report[question]["verdict"] for question in ("genuine", "current", "accredited"))  # type: ignore[return-value]  # three


def test_the_instance_is_named_before_or_after_the_subcommand(ready: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BADGES_INSTANCE")
    folder = ready.folder / "instance"
    for arguments in (
        ("--instance", folder, "keys", "list", "--json"),
        ("keys", "--instance", folder, "list", "--json"),
        ("keys", "list", "--json", "--instance", folder),
    ):
        assert ready(*arguments) == 0
        assert [key["id"] for key in ready.json] == ["credential-1", "credential-2", "status-1"]
    assert ready("keys", "list") == 65
    assert "There is no instance in instance" in ready.err


def test_some_rows_failed_is_exit_1_and_the_good_rows_went_on(ready: Desk) -> None:
    bad = ready.write("bad.csv", CLASS_LIST + "Ngaio Rangi,1111,2026-05-04,,,\nTama Reid,9876,31/02/2026,,,\n")
    assert ready("issue", bad, "--dry-run", "--json") == 1
    assert (ready.json["ready"], ready.json["failed"]) == (3, 2)
    assert [problem["row"] for problem in ready.json["problems"]] == [5, 6]
    assert ready("issue", bad, "--out", ready.folder / "out") == 1
    assert "3 issued" in ready.out
    assert "row 5  failed  listing-unknown" in ready.out
    assert "row 6  failed" in ready.out
    assert ready("issue", bad, "--json") == 1
    assert (ready.json["issued"], ready.json["already"], ready.json["failed"]) == (0, 3, 2)
    assert ready.json["unknown_columns"] == ["Favourite colour"]


def test_more_problems_than_a_program_is_told_are_counted_and_stand_in_the_results(
    ready: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = ready.write("bad.csv", CLASS_LIST + "Ngaio Rangi,1111,2026-05-04,,,\nTama Reid,9876,31/02/2026,,,\n")
    assert ready("issue", bad, "--dry-run", "--json") == 1
    assert (len(ready.json["problems"]), ready.json["problems_left_out"]) == (2, 0)
    monkeypatch.setattr("issuer.cli.issue._TOLD", 1)
    assert ready("issue", bad, "--out", ready.folder / "out", "--json") == 1
    assert ([problem["row"] for problem in ready.json["problems"]], ready.json["problems_left_out"]) == ([5], 1)
    assert ready.json["results"] == str(ready.folder / "out" / "results.csv")
    assert [row["row"] for row in ready.results() if row["outcome"] == "failed"] == ["5", "6"]
    monkeypatch.setattr("issuer.cli.issue._SHOWN", 1)
    assert ready("issue", bad) == 1
    assert "… and 1 more." in ready.out


def test_a_row_that_is_there_twice_is_told_and_issued_once(ready: Desk) -> None:
    twice = ready.write("twice.csv", CLASS_LIST + "MERE  ĀWHINA,9876,2026-05-04,Mere@learner.example,,\n")
    assert ready("issue", twice, "--out", ready.folder / "out", "--json") == 1
    assert (ready.json["issued"], ready.json["failed"]) == (3, 1)
    assert ready.json["problems"][0]["reason"] == "duplicate-row"
    assert ready.json["problems"][0]["sentence"].startswith("Line 5: The row is the same as line 2.")


@pytest.mark.parametrize(
    ("rows", "cores", "workers"),
    [
        pytest.param(1_999, 4, 1, id="a class is signed here"),
        pytest.param(2_000, 1, 1, id="one core signs by itself"),
        pytest.param(2_000, 4, 4, id="a long list has a process for each core"),
        pytest.param(2_000_000, 64, 8, id="more than one process can store are not begun"),
    ],
)
def test_as_many_processes_sign_as_are_worth_it(
    rows: int, cores: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: set(range(cores)))
    assert workers_for(rows) == workers


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="no command"),
        pytest.param(("nonsense",), id="no such command"),
        pytest.param(("issue",), id="no file"),
        pytest.param(("issue", "class.csv", "--format", "pdf"), id="no such format"),
        pytest.param(("issue", "class.csv", "--workers", "0"), id="no workers"),
        pytest.param(("issue", "class.csv", "--accept-unconfirmed", " "), id="no reason"),
        pytest.param(("correct", "abc", "--achieved-on", "04/05/2026"), id="a day that is not ISO"),
        pytest.param(("revoke", "abc", "--reason", "a long story"), id="no such reason"),
        pytest.param(("export", "abc", "--format", "gif", "--out", "x"), id="no such picture"),
        pytest.param(("init", "--name", "x"), id="half an init"),
    ],
)
def test_a_usage_error_is_exit_64(ready: Desk, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ready.folder)
    assert ready(*arguments) == 64


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("empty.csv", b"", id="an empty file"),
        pytest.param("noheader.csv", b"a,b,c\n1,2,3\n", id="no header we know"),
        pytest.param("binary.csv", bytes(range(256)) * 4, id="no text"),
    ],
)
def test_a_file_that_is_no_class_list_is_exit_65_and_issues_nothing(ready: Desk, name: str, content: bytes) -> None:
    assert ready("issue", ready.write(name, content)) == 65
    assert ready.err.strip()
    assert ready("audit", "verify", "--json") == 0
    assert ready.json["documents"] == 0


def test_with_json_an_error_is_a_problem_document(ready: Desk) -> None:
    assert ready("revoke", "aaaa", "--json") == 65
    problem = json.loads(ready.err)
    assert problem["slug"] == "issuing-refused"
    assert problem["reason"] == "unknown-credential"


def test_a_badge_is_exported_in_every_form_from_the_same_bytes(ready: Desk) -> None:
    assert ready("issue", ready.folder / "class.csv", "--out", ready.folder / "out", "--format", "ldp,jwt") == 0
    row = ready.results()[0]
    signed = (ready.folder / "out" / row["json"]).read_bytes()
    made = {}
    for form in ("json", "png", "svg", "jwt", "pdf", "qr"):
        target = ready.folder / f"badge.{form}"
        assert ready("export", row["credential_id"], "--format", form, "--out", target) == 0
        made[form] = target.read_bytes()
    assert made["json"] == signed
    assert unbake_png(made["png"]).encode() == signed
    assert unbake_svg(made["svg"]).encode() == signed
    assert made["jwt"].count(b".") == 2
    assert bytes(pdfium.PdfDocument(made["pdf"]).get_attachment(0).get_data()) == signed
    (scanned,) = zxingcpp.read_barcodes(Image.open(ready.folder / "badge.qr"))
    assert scanned.text == row["credential_id"]


def test_a_jwt_that_was_not_made_at_issuing_is_not_made_later(ready: Desk) -> None:
    assert ready("issue", ready.folder / "class.csv", "--out", ready.folder / "out") == 0
    row = ready.results()[0]
    assert ready("export", row["credential_id"], "--format", "jwt", "--out", ready.folder / "x.jwt") == 65
    assert "issued without a JWT" in ready.err
    assert not (ready.folder / "x.jwt").exists()


def test_a_did_map_made_before_publishing_publishes_beside_itself(ready: Desk) -> None:
    assert ready("issue", ready.folder / "class.csv") == 0
    assert ready("did-map", "--out", ready.folder / "maps" / "did-map.json") == 0
    document = json.loads((ready.folder / "maps" / "did-map.json").read_bytes())
    assert document[f"{BASE_URL}/"] == "did-map-site/"
    assert len(document) == 4
    for target in document.values():
        assert (ready.folder / "maps" / target).exists()


def test_a_disk_that_fills_while_publishing_or_exporting_is_told_and_is_no_internal_error(
    ready: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ready("issue", ready.folder / "class.csv", "--out", ready.folder / "out") == 0
    site, row = ready.folder / "site", ready.results()[0]

    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")  # as a write raises it: without a file's name

    with monkeypatch.context() as patched:
        patched.setattr("issuer.sitefolder.write_if_different", full)
        patched.setattr("issuer.cli.public.write_whole", full)
        for command in (
            ("publish", site),
            ("export", row["credential_id"], "--format", "json", "--out", ready.folder / "x.json"),
        ):
            assert ready(*command) == 65
            assert "could not be written (No space left on device). Mend that, and" in ready.err
    assert ready("publish", site) == 0


def test_an_output_folder_that_cannot_be_written_is_told_first(ready: Desk) -> None:
    blocked = ready.write("blocked", "in the way")
    assert ready("issue", ready.folder / "class.csv", "--out", blocked / "out") in {64, 65}
    assert ready("audit", "verify", "--json") == 0
    assert ready.json["documents"] == 0


def test_a_log_that_was_changed_is_exit_1(ready: Desk) -> None:
    assert ready("audit", "verify", "--expect-head", "0" * 63 + "1") == 1
    assert "THE LOG IS NOT WHOLE" in ready.out


def test_keys_are_made_put_to_use_and_retired(ready: Desk) -> None:
    assert ready("keys", "new", "--suite", "ecdsa-rdfc-2019", "--json") == 0
    assert (ready.json["id"], ready.json["type"], ready.json["state"]) == ("credential-3", "P-256", "waiting")
    assert ready("keys", "rotate", "credential-3") == 0
    assert ready("keys", "retire", "credential-1", "--destroy") == 0
    assert ready("keys", "list", "--json") == 0
    assert {key["id"]: key["state"] for key in ready.json} == {
        "credential-1": "destroyed",
        "credential-2": "in use",
        "credential-3": "in use",
        "status-1": "in use",
    }
    assert ready("keys", "list") == 0
    assert "destroyed" in ready.out


def test_every_command_and_option_has_help() -> None:
    def lacking(command: click.Command, path: str) -> list[str]:
        found = [] if command.help else [path]
        found += [
            f"{path} {option.name}"
            for option in command.params
            if isinstance(option, click.Option) and not (option.help or "").strip()
        ]
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None, name
                found += lacking(inner, f"{path} {name}")
        return found

    assert lacking(badge_issuer, "badge-issuer") == []


def test_the_reference_used_here_is_the_registers() -> None:
    assert REF in CLASS_LIST
