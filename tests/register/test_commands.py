"""`badge-register` and `badge-verifier register` as they are typed: what they say and how they end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from demo import build_records
from issuer.authority.cli import cli as office_cli
from issuer.trust.enrolment import KeyOffered, build_request
from schemas.errors import RegisterError
from schemas.jsontext import write_json
from tests.register.making import signer
from verifier.cli_register import register as register_cli
from verifier.exits import Ended, run
from verifier.register.records import KeyPurpose

DEMO = Path(__file__).resolve().parents[2] / "demo" / "register"


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def typed(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def type_(command: click.Command, *arguments: object) -> Said:
        with pytest.raises(SystemExit) as ended:
            run(command, [str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return type_


class Place(NamedTuple):
    office: Path
    records: Path
    edition: Path
    anchor: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("commands")
    records = Path(shutil.copytree(DEMO, folder / "records"))
    found = Place(folder / "office", records, folder / "edition.json", folder / "office" / "anchor.json")
    for arguments in (
        ["init", found.office, "--name", "Authority (invented)"],
        [
            "build",
            found.office,
            "--records",
            records,
            "--as-at",
            "2026-11-01",
            "--demonstration",
            "--out",
            found.edition,
        ],
    ):
        with pytest.raises(SystemExit) as ended:
            run(office_cli, list(map(str, arguments)))
        assert ended.value.code == 0
    return found


def believed(place: Place) -> list[object]:
    return ["--register", place.edition, "--anchor", place.anchor]


# --- decide -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "ref", "day", "code", "reason"),
    [
        pytest.param("9990", "5055", "2026-05-03", 0, "accredited", id="accredited"),
        pytest.param("9990", "5301", "2026-05-03", 0, "accredited", id="a title in te reo only"),
        pytest.param("9991", "ZZ0017", "2026-05-03", 0, "accredited", id="no delivery recorded"),
        pytest.param("9990", "128479-1", "2026-05-03", 0, "accredited-through-predecessor", id="succession of one ref"),
        pytest.param("9993", "128481-1", "2026-05-03", 0, "accredited-through-predecessor", id="succession of all"),
        pytest.param("9996", "ZZ0035", "2026-05-03", 0, "approved-institution", id="an institution's own"),
        pytest.param("9994", "128489-1", "2026-05-03", 0, "awarded-by-developer", id="the developer"),
        pytest.param("9999", "128487-1", "2026-05-03", 0, "awarded-by-nzqa", id="NZQA"),
        pytest.param("9991", "5055", "2026-05-03", 1, "right-absent", id="no right"),
        pytest.param("9991", "128483-1", "2026-07-01", 1, "right-ended", id="ended"),
        pytest.param("9991", "ZZ0030", "2026-05-03", 1, "right-lapsed", id="lapsed"),
        pytest.param("9998", "ZZ0028", "2026-05-03", 1, "provider-not-registered", id="closed"),
        pytest.param("9990", "ZZ0026", "2026-05-03", 1, "listing-discontinued", id="discontinued"),
        pytest.param("9990", "ZZ0099", "2026-05-03", 1, "listing-removed", id="listed by mistake"),
        pytest.param("9990", "ZQ0038", "2026-05-03", 1, "equivalency-only", id="equivalency"),
        pytest.param("9990", "9999", "2026-05-03", 1, "listing-unknown", id="no such listing"),
        pytest.param("1234", "5055", "2026-05-03", 1, "provider-unknown", id="no such provider"),
        pytest.param("9991", "ZZ0016", "2026-05-03", 2, "delivery-not-recorded", id="perhaps lapsed"),
        pytest.param("9990", "5055", "2027-05-03", 2, "register-predates-award", id="after the register's window"),
    ],
)
def test_decide_ends_with_the_answer(
    typed: Callable[..., Said], place: Place, who: str, ref: str, day: str, code: int, reason: str
) -> None:
    question = [*believed(place), "--provider", who, "--ref", ref, "--on", day]
    said = typed(register_cli, "decide", *question, "--json", "--at", "2026-11-20")
    assert (said.code, said.json["reason"]) == (code, reason)
    spoken = typed(register_cli, "decide", *question, "--at", "2026-11-20")
    assert spoken.code == code
    assert said.json["sentence"] in spoken.out
    assert "DEMONSTRATION DATA" in spoken.out


def test_decide_says_how_things_stand_today(typed: Callable[..., Said], place: Place) -> None:
    question = [*believed(place), "--provider", "9991", "--ref", "128483-1", "--on", "2026-05-03"]
    said = typed(register_cli, "decide", *question, "--at", "2026-11-20")
    assert "The accreditation ended on 30 June 2026; the badge is not affected." in said.out
    late = typed(register_cli, "decide", *question, "--at", "2026-12-07T00:00:00Z", "--json")
    assert (late.code, late.json["today"]["reason"]) == (0, "register-stale")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data.replace(b"9990", b"9989"), id="tampered"),
        pytest.param(lambda data: data[:-10], id="cut short"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
def test_a_register_not_believed_is_no_register(
    typed: Callable[..., Said], place: Place, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "edition.json"
    path.write_bytes(damage(place.edition.read_bytes()))
    question = ["--register", path, "--anchor", place.anchor, "--provider", "9990", "--ref", "5055"]
    said = typed(register_cli, "decide", *question, "--on", "2026-05-03", "--json")
    assert (said.code, said.json["outcome"], said.json["reason"]) == (2, "unknown", "no-register")
    assert said.json["evidence"]["fault"]["detail"]
    assert typed(register_cli, "decide", *question, "--on", "2026-05-03").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="nothing"),
        pytest.param(["--ref", "5055", "--on", "2026-05-03"], id="nobody"),
        pytest.param(
            ["--provider", "9990", "--issuer", "did:web:x.nz", "--ref", "5055", "--on", "2026-05-03"], id="two"
        ),
        pytest.param(
            ["--provider", "9990", "--key", "x#1", "--ref", "5055", "--on", "2026-05-03"], id="key of a number"
        ),
        pytest.param(["--provider", "9990", "--ref", "5055", "--on", "3/5/2026"], id="a day as typed"),
        pytest.param(["--provider", "9990", "--ref", "5055", "--on", "2026-05-03", "--at", "now"], id="no time"),
        pytest.param(["--provider", "9990", "--ref", "5055", "--on", "2026-05-03", "--loud"], id="no such option"),
    ],
)
def test_wrong_usage_ends_with_64(typed: Callable[..., Said], place: Place, arguments: list[str]) -> None:
    said = typed(register_cli, "decide", *believed(place), *arguments)
    assert (said.code, said.out) == (64, "")
    assert "Error" in said.err


def test_a_missing_edition_is_bad_input_and_so_is_a_bad_anchor(
    typed: Callable[..., Said], place: Place, tmp_path: Path
) -> None:
    question = ["--provider", "9990", "--ref", "5055", "--on", "2026-05-03"]
    gone = ["--register", tmp_path / "none.json", "--anchor", place.anchor]
    said = typed(register_cli, "decide", *gone, *question)
    assert (said.code, "none.json" in said.err) == (65, True)
    wrong = ["--register", place.edition, "--anchor", place.edition]
    said = typed(register_cli, "decide", *wrong, *question, "--json")
    assert said.code == 65
    assert json.loads(said.err)["slug"] == "register-refused"


# --- verify and show --------------------------------------------------------------------------------------------
def test_verify_says_who_signed_what(typed: Callable[..., Said], place: Place) -> None:
    said = typed(register_cli, "verify", place.edition, "--anchor", place.anchor, "--json")
    assert (said.code, said.json["good"], said.json["demonstration"]) == (0, True, True)
    assert said.json["counts"]["listings"] == 39
    assert typed(register_cli, "verify", place.edition, "--anchor", place.anchor).out.startswith("Good. DEMONSTRATION")


def test_verify_of_a_tampered_edition_is_not_good(typed: Callable[..., Said], place: Place, tmp_path: Path) -> None:
    path = tmp_path / "edition.json"
    path.write_bytes(place.edition.read_bytes().replace(b"accreditation", b"approval", 1))
    said = typed(register_cli, "verify", path, "--anchor", place.anchor)
    assert (said.code, said.out[:9]) == (1, "Not good.")
    as_json = typed(register_cli, "verify", path, "--anchor", place.anchor, "--json").json
    assert (as_json["good"], as_json["reason"]) == (False, "proof-invalid")


def test_verify_of_something_else_is_bad_input(typed: Callable[..., Said], place: Place, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    said = typed(register_cli, "verify", tmp_path / "x.json", "--anchor", place.anchor)
    assert said.code == 65


def test_a_chain_is_verified_in_order(typed: Callable[..., Said], place: Place, tmp_path: Path) -> None:
    second = tmp_path / "second.json"
    build = ["build", place.office, "--records", place.records, "--as-at", "2026-11-02", "--demonstration"]
    assert typed(office_cli, *build, "--previous", place.edition, "--out", second).code == 0
    good = typed(register_cli, "verify", place.edition, second, "--anchor", place.anchor)
    assert (good.code, good.out.splitlines()[-1]) == (0, "Each of the 2 editions follows the one before.")
    assert typed(register_cli, "verify", second, place.edition, "--anchor", place.anchor).code == 1


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        pytest.param([], "39 listings", id="in brief"),
        pytest.param(["--provider", "9998"], "Demonstration Training Institute (invented) (pte), registered", id="one"),
        pytest.param(["--provider", "9998"], "to award ZZ0028", id="what it may award"),
        pytest.param(["--ref", "128479-1"], "Succession: 9990 takes the place of 9992", id="one ref"),
        pytest.param(["--ref", "ZQ0037"], "Equivalency only, not quality assured by NZQA: Growsafe", id="equivalency"),
        pytest.param(["--provider", "9990", "--ref", "5055"], "to award 5055 by accreditation", id="the two together"),
    ],
)
def test_show_is_for_people(typed: Callable[..., Said], place: Place, options: list[str], shown: str) -> None:
    said = typed(register_cli, "show", place.edition, "--anchor", place.anchor, *options)
    assert said.code == 0
    assert shown in said.out
    assert "not the NZQA register" in said.out
    assert typed(register_cli, "show", place.edition, "--anchor", place.anchor, *options, "--json").json["edition"] == 1


def test_show_of_nothing_is_not_good(typed: Callable[..., Said], place: Place) -> None:
    assert typed(register_cli, "show", place.edition, "--anchor", place.anchor, "--provider", "0001").code == 1


# --- the office -------------------------------------------------------------------------------------------------
def test_every_fault_stands_on_a_line_and_nothing_is_written(
    typed: Callable[..., Said], place: Place, tmp_path: Path
) -> None:
    records = Path(shutil.copytree(place.records, tmp_path / "records"))
    for name in ("providers.csv", "listings.csv"):
        (records / name).write_text((records / name).read_text() + "x\n")
    out = tmp_path / "edition.json"
    build = ["build", place.office, "--records", records, "--as-at", "2026-11-01", "--out", out]
    said = typed(office_cli, *build)
    assert (said.code, out.exists()) == (65, False)
    assert said.err.splitlines()[1].strip().startswith("providers.csv, line 12:")
    assert said.err.splitlines()[2].strip().startswith("listings.csv, line 41:")
    problem = json.loads(typed(office_cli, *build, "--json").err)
    assert [(fault["file"], fault["line"]) for fault in problem["faults"]] == [
        ("providers.csv", 12),
        ("listings.csv", 41),
    ]


def test_a_failed_build_leaves_the_old_edition_in_place(
    typed: Callable[..., Said], place: Place, tmp_path: Path
) -> None:
    out = tmp_path / "edition.json"
    out.write_text("old")
    assert (
        typed(office_cli, "build", place.office, "--records", tmp_path, "--as-at", "2026-11-01", "--out", out).code
        == 65
    )
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["edition.json"]


def test_accept_key_says_what_it_added(typed: Callable[..., Said], place: Place, tmp_path: Path) -> None:
    records = Path(shutil.copytree(place.records, tmp_path / "records"))
    did = "did:web:te-kura.example"
    document = build_request(
        did=did,
        moe_number="9990",
        name="Te Kura (invented)",
        keys=[KeyOffered(id=f"{did}#1", purpose=KeyPurpose.CREDENTIAL, signer=signer(5))],
        created=datetime.now(UTC),
    )
    path = tmp_path / "request.json"
    path.write_bytes(write_json(document))
    accept = ["accept-key", place.office, "--records", records, "--request", path]
    said = typed(office_cli, *accept, "--json")
    assert (said.code, said.json["keys_added"]) == (0, [f"{did}#1"])
    assert "nothing was added" in typed(office_cli, *accept).out
    path.write_bytes(write_json(document | {"moe_number": "9991"}))
    assert typed(office_cli, *accept).code == 65


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["build"], id="build what"),
        pytest.param(["init", "x"], id="init without a name"),
        pytest.param(["sign"], id="no such command"),
    ],
)
def test_wrong_usage_of_the_office_ends_with_64(typed: Callable[..., Said], arguments: list[str]) -> None:
    assert typed(office_cli, *arguments).code == 64


def test_an_office_that_is_none_is_bad_input(typed: Callable[..., Said], place: Place, tmp_path: Path) -> None:
    build = ["build", tmp_path, "--records", place.records, "--as-at", "2026-11-01", "--out", tmp_path / "e.json"]
    said = typed(office_cli, *build)
    assert (said.code, "is not a register office" in said.err) == (65, True)


@pytest.mark.parametrize("command", [office_cli, register_cli], ids=["badge-register", "badge-verifier register"])
def test_every_command_and_option_has_help(command: click.Group) -> None:
    for name, one in command.commands.items():
        assert one.help, name
        for parameter in one.params:
            assert not isinstance(parameter, click.Option) or parameter.help, (name, parameter.name)


# --- how a command ends -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        pytest.param(None, 0, "", id="good"),
        pytest.param(Ended(1), 1, "", id="not good"),
        pytest.param(RegisterError("Broken."), 65, "Broken.\n", id="bad input"),
        pytest.param(FileNotFoundError(2, "No such file or directory", "x.csv"), 65, "x.csv: No such file", id="file"),
        pytest.param(ZeroDivisionError("secret"), 70, "Internal error (ZeroDivisionError)", id="internal"),
        pytest.param(KeyboardInterrupt(), 130, "Stopped.", id="interrupted"),
    ],
)
def test_a_command_ends_with_the_contracts_code(
    typed: Callable[..., Said], raised: BaseException | None, code: int, said: str
) -> None:
    @click.command()
    def command() -> None:
        if raised is not None:
            raise raised

    ended = typed(command)
    assert ended.code == code
    assert said in ended.err
    assert "secret" not in ended.err


# --- the demonstration's records ----------------------------------------------------------------------------------
def test_the_demonstration_records_are_what_the_script_makes() -> None:
    for name, content in build_records.build().items():
        assert (DEMO / name).read_bytes() == content, f"run python -m demo.build_records for {name}"


def test_no_real_provider_is_named_as_one() -> None:
    for line in (DEMO / "providers.csv").read_text().splitlines()[1:]:
        assert line.startswith("999")
        assert "(invented)" in line


def test_a_folder_that_is_not_there_is_bad_input(typed: Callable[..., Said], tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    said = typed(office_cli, "build", gone, "--records", gone, "--as-at", "2026-11-01", "--out", "x")
    assert (said.code, gone in said.err) == (65, True)
