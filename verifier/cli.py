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
from schemas.errors import BadgeError, HighWaterError, InputError, Unreachable
from schemas.jsontext import parse_object, write_json
from schemas.limits import MAX_IMAGE_BYTES
from schemas.times import parse_date, parse_time
from verifier.badgefiles import badge_files, load_subject
from verifier.cli_highwater import admit, high_water_option, keep_lists, tell_notices, watch_lists
from verifier.cli_register import register
from verifier.cli_serve import serve
from verifier.display import show_report, show_table, write_csv
from verifier.exits import BAD_INPUT, GOOD, NOT_ESTABLISHED, NOT_GOOD, Ended, run
from verifier.fetch import GuardedFetch
from verifier.intake import Subject, fetch_badge, intake_bytes, unreachable_subject
from verifier.policy import BADGE_POLICY
from verifier.register.binding import day_of, end_of_day
from verifier.register.edition import Edition, load_anchor, load_edition
from verifier.report import AccreditedVerdict, CurrentVerdict, GenuineVerdict, Notice, Report
from verifier.verify import Surroundings, verify

_SEVERITY = (GOOD, NOT_ESTABLISHED, NOT_GOOD)
_STDIN = "-"
_PIPE_WIDTH = 200  # a table that nobody looks at on a screen is not folded at 80


@click.group()
def cli() -> None:
    """Is a badge genuine, is it in force, and was its provider accredited to award it?"""


cli.add_command(register)
cli.add_command(serve)


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
    "--anchor",
    "anchor_file",
    type=click.Path(path_type=Path),
    help="The register authority's pinned key file. Alone: its statements that badges carry are believed.",
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
@high_water_option
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
    high_water_file: Path | None,
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
    if edition_file is not None and anchor_file is None:
        raise click.UsageError("--register needs --anchor: a register is only believed under a pinned key.")
    if recipient == _STDIN and _STDIN in targets:
        raise click.UsageError("Standard input can give the badge or the recipient, not both.")
    fetch = _fetch(did_map, offline=offline, allow_origin=allow_origin)
    edition, fault, notices = _register(edition_file, anchor_file, high_water_file, looking_back_to=at)
    tell_notices(notices)
    lists = watch_lists(high_water_file, looking_back_to=at)
    surroundings = Surroundings(
        fetch=fetch,
        edition=edition,
        recipient=sys.stdin.readline().strip() if recipient == _STDIN else recipient,
        register_fault=fault,
        register_notices=notices,
        anchor=None if anchor_file is None else load_anchor(anchor_file),
        lists=lists,
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
    keep_lists(high_water_file, lists)
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


def _register(
    edition_file: Path | None,
    anchor_file: Path | None,
    high_water_file: Path | None,
    *,
    looking_back_to: datetime | None,
) -> tuple[Edition | None, BadgeError | None, tuple[Notice, ...]]:
    """The edition and notices about it; or why it is not believed: then there is no register (Decision, row 1)."""
    if edition_file is None or anchor_file is None:
        return None, None, ()
    for path in (edition_file, anchor_file):
        if not path.is_file():
            raise InputError(f"{path} is not there, or is not a file.")
    anchor = load_anchor(anchor_file)
    try:
        edition = load_edition(edition_file, anchor=anchor)
        back = None if looking_back_to is None else day_of(looking_back_to)
        return edition, None, admit(high_water_file, [edition], looking_back_to=back)
    except HighWaterError:
        raise
    except BadgeError as error:
        click.echo(f"The register {edition_file} is not believed. {error.detail}", err=True)
        return None, error, ()


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
            found, passed_over = badge_files(Path(target))
            subjects.extend(load_subject(path) for path in found)
            skipped.extend(passed_over)
        else:
            subjects.append(load_subject(Path(target)))
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
