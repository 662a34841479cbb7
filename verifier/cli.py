"""`badge-verifier`: reads arguments, clock, files and network, and leaves every judgement to `verifier.verify`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from keys.resolve import Fetch, Retrieved, load_did_map, no_network
from schemas.errors import BadgeError, InputError, Unreachable
from schemas.jsontext import JsonObject, parse_object, write_json
from schemas.limits import MAX_IMAGE_BYTES
from schemas.times import parse_date, parse_time
from verifier.cli_register import register
from verifier.display import show_report, show_table, write_csv
from verifier.exits import BAD_INPUT, GOOD, NOT_ESTABLISHED, NOT_GOOD, Ended, run
from verifier.fetch import GuardedFetch
from verifier.intake import Subject, fetch_badge, intake_bytes, unreachable_subject
from verifier.policy import BADGE_POLICY
from verifier.register.binding import end_of_day
from verifier.register.edition import Edition, load_anchor, load_edition
from verifier.report import AccreditedVerdict, CurrentVerdict, GenuineVerdict, Report
from verifier.verify import Surroundings, verify

_BADGE_SUFFIXES = frozenset({".json", ".jsonld", ".jws", ".jwt", ".png", ".svg", ".pdf", ".1ob"})
# What lies beside badges in our own folders and is none.
_NO_BADGES = ("*.anchor.json", "*.qr.png", "did-map.json", "summary.json", "edition*.json", "anchor.json", "did.json")
_SEVERITY = (GOOD, NOT_ESTABLISHED, NOT_GOOD)
_STDIN = "-"
_PIPE_WIDTH = 200  # a table that nobody looks at on a screen is not folded at 80


@click.group()
def cli() -> None:
    """Is a badge genuine, is it in force, and was its provider accredited to award it?"""


cli.add_command(register)


def _moment(_: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    try:
        if text is None:
            return None
        return parse_time(text) if "T" in text else end_of_day(parse_date(text))
    except InputError as error:
        raise click.BadParameter(error.detail, param=parameter) from None


@cli.command()
@click.argument("targets", metavar="FILE|DIR|URL|-", nargs=-1, required=True)
@click.option("--register", "edition_file", type=click.Path(path_type=Path), help="A signed edition of the register.")
@click.option(
    "--anchor", "anchor_file", type=click.Path(path_type=Path), help="The register authority's pinned key file."
)
@click.option(
    "--at",
    callback=_moment,
    metavar="TIME",
    help="Check as at this time (2026-05-03T10:00:00Z) or the end of this day.",
)
@click.option("--offline", is_flag=True, help="Retrieve nothing over the network.")
@click.option("--recipient", metavar="EMAIL|-", help="Whose badge it should be; - reads it from standard input.")
@click.option(
    "--require-accredited", is_flag=True, help="A badge that claims no New Zealand accreditation is not good."
)
@click.option("--did-map", "did_map", type=click.Path(path_type=Path), help="JSON: addresses -> local files.")
@click.option("--anchor-proof", type=click.Path(path_type=Path), help="The inclusion proof of the badge, as a file.")
@click.option("--allow-origin", multiple=True, metavar="URL", help="An origin to trust on a development machine.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write one row per badge to this file.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON: an object for one badge, an array for several.")
def check(
    targets: tuple[str, ...],
    edition_file: Path | None,
    anchor_file: Path | None,
    at: datetime | None,
    recipient: str | None,
    did_map: Path | None,
    anchor_proof: Path | None,
    allow_origin: tuple[str, ...],
    csv_file: Path | None,
    *,
    offline: bool,
    require_accredited: bool,
    as_json: bool,
) -> None:
    """Check badges: JSON, JWS, PNG or SVG files, folders of them, web addresses, or - for standard input.

    Exit code: 0 genuine, in force and accredited (or no such claim made); 1 not good; 2 could not be established;
    of several, the worst.
    """
    if (edition_file is None) != (anchor_file is None):
        raise click.UsageError("--register and --anchor go together: a register is only believed under a pinned key.")
    if recipient == _STDIN and _STDIN in targets:
        raise click.UsageError("Standard input can give the badge or the recipient, not both.")
    fetch = _fetch(did_map, offline=offline, allow_origin=allow_origin)
    edition, fault = _register(edition_file, anchor_file)
    surroundings = Surroundings(
        fetch=fetch,
        edition=edition,
        recipient=sys.stdin.readline().strip() if recipient == _STDIN else recipient,
        register_fault=fault,
    )
    subjects, skipped = _subjects(targets, fetch)
    proof = None if anchor_proof is None else parse_object(anchor_proof.read_bytes())
    moment = at or datetime.now(UTC)
    reports = [
        (
            subject.name,
            verify(
                subject if proof is None else replace(subject, anchor=proof),
                policy=BADGE_POLICY,
                surroundings=surroundings,
                at=moment,
            ),
        )
        for subject in subjects
    ]
    _answer(reports, many=_are_many(targets), as_json=as_json, csv_file=csv_file, skipped=skipped)
    codes = [exit_code(report, require_accredited=require_accredited) for _, report in reports]
    raise Ended(max(codes, key=_SEVERITY.index, default=BAD_INPUT))


def exit_code(report: Report, *, require_accredited: bool) -> int:
    """0 only if genuine, current, and accredited or not-applicable; 1 if something is not good; else 2."""
    genuine, current, accredited = report.genuine.verdict, report.current.verdict, report.accredited.verdict
    if accredited is AccreditedVerdict.NOT_APPLICABLE and require_accredited:
        return NOT_GOOD
    if report:
        return GOOD
    not_established = (
        genuine is not GenuineVerdict.INVALID
        and current in {CurrentVerdict.CURRENT, CurrentVerdict.UNCONFIRMED}
        and accredited is not AccreditedVerdict.INVALID
    )
    return NOT_ESTABLISHED if not_established else NOT_GOOD


def main() -> None:
    run(cli)


def _fetch(did_map: Path | None, *, offline: bool, allow_origin: tuple[str, ...]) -> Fetch:
    def now() -> datetime:
        return datetime.now(UTC)

    origins = frozenset(origin.rstrip("/").lower() for origin in allow_origin)
    network: Fetch = no_network if offline else GuardedFetch(clock=now, allow_origins=origins)
    return _once(network if did_map is None else load_did_map(did_map, at=now(), otherwise=network))


def _once(fetch: Fetch) -> Fetch:
    """Each address once for all the badges of a run: thirty badges of a class name one list."""
    answers: dict[str, Retrieved | Unreachable] = {}

    def ask(url: str) -> Retrieved:
        if url not in answers:
            try:
                answers[url] = fetch(url)
            except Unreachable as error:
                answers[url] = error
        answer = answers[url]
        if isinstance(answer, Unreachable):
            raise answer.with_traceback(None)
        return answer

    return ask


def _register(edition_file: Path | None, anchor_file: Path | None) -> tuple[Edition | None, BadgeError | None]:
    """The edition; or, when its signature or form does not stand, why: then there is no register (Decision, row 1)."""
    if edition_file is None or anchor_file is None:
        return None, None
    for path in (edition_file, anchor_file):
        if not path.is_file():
            raise InputError(f"{path} is not there, or is not a file.")
    anchor = load_anchor(anchor_file)
    try:
        return load_edition(edition_file, anchor=anchor), None
    except BadgeError as error:
        click.echo(f"The register {edition_file} is not believed. {error.detail}", err=True)
        return None, error


# --- what to check ----------------------------------------------------------------------------------------------
def _are_many(targets: tuple[str, ...]) -> bool:
    return len(targets) > 1 or Path(targets[0]).is_dir()


def _subjects(targets: tuple[str, ...], fetch: Fetch) -> tuple[list[Subject], list[str]]:
    """Everything named, in the order named, and the files in folders that were passed over. Raises InputError."""
    missing = [
        target for target in targets if target != _STDIN and not _is_address(target) and not Path(target).exists()
    ]
    if missing:
        raise InputError("Not found: " + ", ".join(missing[:10]) + ".")
    subjects: list[Subject] = []
    skipped: list[str] = []
    for target in targets:
        if target == _STDIN:
            subjects.append(intake_bytes(sys.stdin.buffer.read(MAX_IMAGE_BYTES + 1), name="standard input"))
        elif _is_address(target):
            subjects.append(_from_address(target, fetch))
        elif Path(target).is_dir():
            found, passed_over = _files_in(Path(target))
            subjects.extend(_from_file(path) for path in found)
            skipped.extend(passed_over)
        else:
            subjects.append(_from_file(Path(target)))
    if not subjects:
        raise InputError(f"There is no badge file in {', '.join(targets)}.")
    return subjects, skipped


def _is_address(target: str) -> bool:
    return target.startswith(("https://", "http://"))


def _from_address(url: str, fetch: Fetch) -> Subject:
    try:
        return intake_bytes(fetch_badge(url, fetch=fetch).body, name=url)
    except Unreachable as error:
        return unreachable_subject(url, error)


def _from_file(path: Path) -> Subject:
    with path.open("rb") as file:
        data = file.read(MAX_IMAGE_BYTES + 1)  # one byte over is enough to be refused for its size
    return replace(intake_bytes(data, name=str(path)), anchor=_anchor_beside(path))


def _anchor_beside(path: Path) -> JsonObject | None:
    beside = path.with_suffix(".anchor.json")
    try:
        return parse_object(beside.read_bytes()) if beside != path and beside.is_file() else None
    except (OSError, InputError):
        return None


def _files_in(folder: Path) -> tuple[list[Path], list[str]]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    found = [path for path in files if _may_be_badge(path)]
    return found, [path.name for path in files if path not in found]


def _may_be_badge(path: Path) -> bool:
    named_otherwise = any(path.match(pattern) for pattern in _NO_BADGES)
    return path.suffix.lower() in _BADGE_SUFFIXES and not named_otherwise and not path.name.startswith(".")


# --- what to say ------------------------------------------------------------------------------------------------
def _answer(
    reports: list[tuple[str, Report]], *, many: bool, as_json: bool, csv_file: Path | None, skipped: list[str]
) -> None:
    if csv_file is not None:
        write_csv(csv_file, reports)
    if as_json:
        documents = [{"file": name} | report.to_json() for name, report in reports] if many else []
        click.echo(write_json(documents if many else reports[0][1].to_json(), indent=2), nl=False)
        for line in _about_skipped(skipped):
            click.echo(line, err=True)
        return
    console = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    if many:
        show_table(console, reports)
    else:
        show_report(console, *reports[0])
    for line in _about_skipped(skipped):
        console.print(line, markup=False)


def _about_skipped(skipped: list[str]) -> Iterator[str]:
    if skipped:
        more = f" and {len(skipped) - 3} more" if len(skipped) > 3 else ""
        yield f"Passed over as no badges: {', '.join(skipped[:3])}{more}."


if __name__ == "__main__":
    main()
