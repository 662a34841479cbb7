"""The house itself: packages under one roof, commands that explain themselves, nothing private in what is tracked."""

import importlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parent.parent
COMMANDS = {
    "badge-issuer": ("issuer.cli", "badge_issuer"),
    "badge-verifier": ("verifier.cli", "cli"),
    "badge-register": ("issuer.authority.cli", "cli"),
}


def commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []

    def walk(path: str, command: click.Command) -> None:
        found.append((path, command))
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                member = command.get_command(context, name)
                assert member is not None, name
                walk(f"{path} {name}", member)

    for name, (module, attribute) in COMMANDS.items():
        walk(name, getattr(importlib.import_module(module), attribute))
    return found


ALL = commands()


@pytest.mark.parametrize(("path", "command"), ALL, ids=[path for path, _ in ALL])
def test_every_command_and_option_has_help_and_every_command_stands_in_the_readme(
    path: str, command: click.Command
) -> None:
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name}"
    if not isinstance(command, click.Group):
        program, _, rest = path.partition(" ")
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{program}`"))
        assert f"`{rest}`" in row, f"{path} is missing from the README's table"


def test_all_four_packages_share_one_parent_folder() -> None:
    parents = {
        Path(str(importlib.import_module(name).__file__)).parent.parent
        for name in ("schemas", "keys", "verifier", "issuer")
    }
    assert len(parents) == 1


@pytest.mark.parametrize("name", ["schemas", "keys", "verifier", "issuer"])
def test_a_package_front_is_a_docstring_and_at_most_six_names(name: str) -> None:
    package = importlib.import_module(name)
    assert package.__doc__
    source = Path(str(package.__file__)).read_text(encoding="utf-8")
    assert len(re.findall(r"^    \"(\w+)\",?$", source, re.MULTILINE)) <= 6


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode()
    files = [ROOT / name for name in listing.split("\0") if name]
    return files or [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]


def test_no_private_key_lies_in_the_repository() -> None:
    for path in tracked():
        if "vectors" in path.parts or not path.is_file():
            continue
        data = path.read_bytes()
        assert b"-----BEGIN" + b" PRIVATE" not in data, path
        assert b"-----BEGIN" + b" ENCRYPTED" not in data, path


def test_modules_stay_near_four_hundred_lines() -> None:
    for path in tracked():
        if path.suffix == ".py" and path.is_file() and "tests" not in path.parts:
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 440, path


def test_only_command_lines_and_the_web_read_the_clock_and_only_settings_reads_the_environment() -> None:
    for package in ("schemas", "keys", "verifier", "issuer"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            name = path.stem
            if not (name.startswith("cli") or {"cli", "web"} & set(path.parts)):
                assert not re.search(r"datetime\.now\(|date\.today\(|utcnow\(|time\.time\(", text), path
            if path != ROOT / "issuer" / "settings.py":
                assert not re.search(r"os\.environ|os\.getenv|\bgetenv\(|\benviron\b", text), path


@pytest.mark.slow
def test_the_wheel_holds_what_it_needs_and_no_key(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    for wanted in (
        "schemas/contexts/credentials-v2.jsonld",
        "schemas/json/profile.json",
        "issuer/pages/static/badge.css",
        "issuer/pages/templates/badge.html",
    ):
        assert wanted in names
    assert any(name.startswith("issuer/store/migrations/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "demo/")) or name.endswith((".key", ".pem"))]
