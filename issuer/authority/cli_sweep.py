"""`badge-register sweep`: reads two editions and a folder of badges, and tells what `sweep` found."""

from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from issuer.authority.sweep import Standing, Sweep, Swept, sweep
from issuer.authority.sweep_workers import sweepers
from schemas.errors import InputError
from schemas.jsontext import JsonObject, write_json
from schemas.nzqcf import format_nz_date
from verifier.badgefiles import badge_files, load_subject
from verifier.exits import GOOD, NOT_ESTABLISHED, NOT_GOOD, Ended, InputPath
from verifier.register.edition import Edition, load_anchor, load_edition
from verifier.report import format_instant

_ANCHOR_FILE = "anchor.json"
_MOST_TOLD = 20
_WORTH_SHARING = 150  # files; a worker takes about a second to get ready
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_FILE = InputPath()
_COLUMNS = (
    *("files", "credential_id", "issuer", "nzqa_ref", "awarded_on", "signed_at", "advice"),
    *("old_edition", "old_as_at", "genuine_before", "genuine_reason_before"),
    *("accredited_before", "accredited_reason_before", "sentence_before"),
    *("new_edition", "new_as_at", "genuine_after", "genuine_reason_after"),
    *("accredited_after", "accredited_reason_after", "sentence_after"),
)


@click.command(name="sweep")
@click.option("--old", "old_file", type=_FILE, required=True, help="The edition that was in force.")
@click.option("--new", "new_file", type=_FILE, required=True, help="The edition that follows it.")
@click.option(
    "--badges",
    type=InputPath(folder=True),
    required=True,
    help="A folder of badge files: JSON, JWS, PNG or SVG.",
)
@click.option(
    "--anchor", "anchor_file", type=_FILE, help="The authority's key file; else anchor.json beside the old edition."
)
@click.option("--did-map", "did_map", type=_FILE, help="JSON: addresses -> local files; nothing else is looked up.")
@click.option(
    "--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the changed badges to this file."
)
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Processes to share many badges out among.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def sweep_command(
    old_file: Path,
    new_file: Path,
    badges: Path,
    anchor_file: Path | None,
    did_map: Path | None,
    csv_file: Path | None,
    workers: int | None,
    *,
    as_json: bool,
) -> None:
    """List the badges whose verdict a new edition changes: from what to what, why, and what that may call for.

    Nothing is retrieved from the network. Exit code: 0 none changed, 1 some did, 2 none did but some could not be
    established.
    """
    found_anchor = anchor_file or _find_anchor(old_file, new_file, badges)
    if anchor_file is None:
        click.echo(f"The authority's keys are those in {found_anchor}.", err=True)
    anchor = load_anchor(found_anchor)
    old, new = load_edition(old_file, anchor=anchor), load_edition(new_file, anchor=anchor)
    files, _ = badge_files(badges)
    if not files:
        raise InputError(f"There is no badge file in {badges}.")
    now = datetime.now(UTC)
    if workers is None:
        workers = 1 if len(files) < _WORTH_SHARING else os.cpu_count() or 1
    with sweepers(old=old, new=new, did_map=did_map, at=now, workers=workers) as sweeper:
        swept = sweep(map(load_subject, files), old=old, new=new, at=now, sweeper=sweeper)
    if csv_file is not None:
        _write_csv(csv_file, swept)
    if as_json:
        click.echo(write_json(_document(swept), indent=2), nl=False)
    else:
        _tell(swept)
    raise Ended(NOT_GOOD if swept.changed else NOT_ESTABLISHED if swept.not_established else GOOD)


def _find_anchor(old_file: Path, new_file: Path, badges: Path) -> Path:
    folders = dict.fromkeys((old_file.parent, new_file.parent, badges, badges.parent))
    for folder in folders:
        if (folder / _ANCHOR_FILE).is_file():
            return folder / _ANCHOR_FILE
    places = ", ".join(str(folder) for folder in folders)
    raise InputError(f"No {_ANCHOR_FILE} lies in {places}; name the authority's key file with --anchor.")


# --- what to say ------------------------------------------------------------------------------------------------
def _document(swept: Sweep) -> JsonObject:
    return {
        "old": _edition(swept.old),
        "new": _edition(swept.new),
        "checked_at": format_instant(swept.at),
        "badges": len(swept.badges),
        "changed": [one.to_json() for one in swept.changed],
        "reason_changed": [one.to_json() for one in swept.reason_changed],
        "not_established": [one.to_json() for one in swept.not_established],
    }


def _edition(edition: Edition) -> JsonObject:
    return {
        "edition": edition.number,
        "as_at": edition.as_at.isoformat(),
        "sha256": edition.sha256,
        "authority": edition.authority_name,
        "demonstration": edition.demonstration,
    }


def _tell(swept: Sweep) -> None:
    old, new = swept.old, swept.new
    mark = " (DEMONSTRATION DATA)" if new.demonstration else ""
    click.echo(
        f"From edition {old.number}, as at {format_nz_date(old.as_at)}, to edition {new.number}, as at "
        f"{format_nz_date(new.as_at)}{mark}: {len(swept.changed)} of {len(swept.badges)} badges change."
    )
    for one in swept.changed[:_MOST_TOLD]:
        _tell_one(one)
    if len(swept.changed) > _MOST_TOLD:
        click.echo(f"\n… and {len(swept.changed) - _MOST_TOLD} more; --csv and --json list them all.")
    counts = Counter(one.advice.value for one in swept.changed)
    if counts:
        click.echo("\nThis may call for: " + ", ".join(f"{word} {count}" for word, count in counts.most_common()) + ".")
    if swept.reason_changed:
        click.echo(f"{len(swept.reason_changed)} more stand as before, on other grounds.")
    if swept.not_established:
        reasons = Counter(one.after.genuine_reason for one in swept.not_established)
        told = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
        click.echo(
            f"{len(swept.not_established)} could not be established ({told}); --did-map gives what they refer to."
        )


def _tell_one(one: Swept) -> None:
    click.echo(f"\n{one.credential_id or one.files[0]}")
    facts = (
        ("reference", one.nzqa_ref),
        ("awarded", one.awarded_on),
        ("signed", one.signed_at),
        ("advice", one.advice.value),
    )
    click.echo("  " + " · ".join(f"{name} {value}" for name, value in facts if value))
    before, after = one.before, one.after
    if before.genuine is not after.genuine:
        click.echo(f"  genuine     {_genuine(before)} → {_genuine(after)}")
    click.echo(f"  accredited  {_accredited(before)} → {_accredited(after)}")
    click.echo(f"  {_said(after.sentence)}")


def _genuine(standing: Standing) -> str:
    return f"{standing.genuine} ({standing.genuine_reason})"


def _accredited(standing: Standing) -> str:
    return f"{standing.accredited} ({standing.accredited_reason})"


def _said(text: str) -> str:
    """Text of a stranger's making, without what a terminal would obey."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _write_csv(path: Path, swept: Sweep) -> None:
    """One row per changed badge; a cell that a spreadsheet would run as a formula begins with an apostrophe."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for one in swept.changed:
            row = _row(one, swept)
            writer.writerow([_plain(row[column]) for column in _COLUMNS])


def _row(one: Swept, swept: Sweep) -> JsonObject:
    document = one.to_json()
    sides = {
        f"{name}_{side}": value
        for side, standing in (("before", one.before), ("after", one.after))
        for name, value in standing.to_json().items()
    }
    return (
        document
        | sides
        | {
            "files": " ".join(Path(name).name for name in one.files),
            "old_edition": swept.old.number,
            "old_as_at": swept.old.as_at.isoformat(),
            "new_edition": swept.new.number,
            "new_as_at": swept.new.as_at.isoformat(),
        }
    )


def _plain(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
