"""`badge-verifier register`: verify an edition, read it, ask it for a decision; decides nothing itself."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import click

from schemas.errors import (
    BadgeError,
    HighWaterError,
    HistoryRefused,
    InputError,
    NotAuthorised,
    ProofInvalid,
    ProofUnsupported,
    RegisterError,
)
from schemas.jsontext import JsonObject, write_json
from schemas.times import parse_date, parse_time
from verifier.cli_highwater import admit, high_water_option, tell_notices
from verifier.exits import GOOD, NOT_ESTABLISHED, NOT_GOOD, Ended, InputPath
from verifier.register.binding import day_of, end_of_day
from verifier.register.decision import Decision, decide, decide_for_issuer, decide_today
from verifier.register.difference import difference_document, find_changes, follow_fault
from verifier.register.display import edition_heading, row_lines, rows_about
from verifier.register.edition import (
    Edition,
    load_anchor,
    load_edition,
    parse_edition_unverified,
    row_document,
    verify_chain,
)
from verifier.register.reasons import Outcome
from verifier.register.statement import decision_document, decision_sentence, since_sentence
from verifier.register.tables import TABLES
from verifier.report import Notice

_EXIT_CODES = {
    Outcome.ACCREDITED: GOOD,
    Outcome.NOT_ACCREDITED: NOT_GOOD,
    Outcome.UNKNOWN: NOT_ESTABLISHED,
}
_FILE = InputPath()


def _day(_: click.Context, parameter: click.Parameter, text: str) -> date:
    try:
        return parse_date(text)
    except InputError as error:
        raise click.BadParameter(error.detail, param=parameter) from None


def _moment(_: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """A time with its zone, or a day: then its last instant in New Zealand, the strictest for a stolen key."""
    try:
        if text is None:
            return None
        return parse_time(text) if "T" in text else end_of_day(parse_date(text))
    except InputError as error:
        raise click.BadParameter(error.detail, param=parameter) from None


def _say(document: JsonObject | list[JsonObject]) -> None:
    click.echo(write_json(document, indent=2), nl=False)


_anchor_option = click.option(
    "--anchor", "anchor_file", type=_FILE, required=True, help="The authority's pinned key file."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group()
def register() -> None:
    """Check a register edition, read it, and ask what it says about an award."""


# --- verify -----------------------------------------------------------------------------------------------------
@register.command()
@click.argument("editions", nargs=-1, required=True, type=_FILE)
@_anchor_option
@high_water_option
@_json_option
def verify(editions: tuple[Path, ...], anchor_file: Path, high_water_file: Path | None, *, as_json: bool) -> None:
    """Check the signature of an EDITION; of several, oldest first, also that each follows the one before."""
    anchor = load_anchor(anchor_file)
    try:
        read = [load_edition(path, anchor=anchor) for path in editions]
        try:
            verify_chain(read)
        except RegisterError as error:
            raise NotAuthorised(error.detail) from None
        notices = admit(high_water_file, read)
    except (ProofInvalid, ProofUnsupported, NotAuthorised, HistoryRefused) as error:
        if as_json:
            reason = error.extensions.get("reason", error.slug)
            _say({"good": False, "reason": reason, "detail": error.detail})
        else:
            click.echo(f"Not good. {error.detail}")
        raise Ended(NOT_GOOD) from None
    tell_notices(notices)
    if as_json:
        summaries = [_summary(edition) for edition in read]
        _say(summaries[0] if len(summaries) == 1 else summaries)
        return
    for edition in read:
        click.echo(f"Good. {edition_heading(edition)} Signed with {edition.signed_by}.")
    if len(read) > 1:
        click.echo(f"Each of the {len(read)} editions follows the one before.")


def _summary(edition: Edition) -> JsonObject:
    return {
        "good": True,
        "edition": edition.number,
        "as_at": edition.as_at.isoformat(),
        "authority": edition.authority_name,
        "authority_did": edition.authority_did,
        "demonstration": edition.demonstration,
        "sha256": edition.sha256,
        "previous_sha256": edition.previous_sha256,
        "signed_by": edition.signed_by,
        "counts": {table.name: len(getattr(edition.register, table.name)) for table in TABLES},
    }


# --- show -------------------------------------------------------------------------------------------------------
@register.command()
@click.argument("edition_file", metavar="EDITION", type=_FILE)
@_anchor_option
@click.option("--provider", "moe_number", help="One provider, by its Ministry of Education number.")
@click.option("--ref", help="One micro-credential, by its NZQA reference.")
@high_water_option
@_json_option
def show(
    edition_file: Path,
    anchor_file: Path,
    moe_number: str | None,
    ref: str | None,
    high_water_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Show what an EDITION holds: all in brief, or one provider or micro-credential in full."""
    edition = load_edition(edition_file, anchor=load_anchor(anchor_file))
    tell_notices(admit(high_water_file, [edition]))
    chosen = rows_about(edition.register, moe_number=moe_number, ref=ref)
    if not any(chosen.values()):
        click.echo(f"The register holds nothing about {' and '.join(filter(None, (moe_number, ref)))}.", err=True)
        raise Ended(NOT_GOOD)
    if as_json:
        rows = {
            table.name: [row_document(row, table) for row in chosen[table.name]]
            for table in TABLES
            if chosen[table.name]
        }
        _say(_summary(edition) | rows)
        return
    click.echo(edition_heading(edition))
    if moe_number is None and ref is None:
        for table in TABLES:
            click.echo(f"{len(chosen[table.name]):>8,} {table.name.replace('_', ' ')}")
    else:
        for line in row_lines(edition.register, chosen):
            click.echo(line)


# --- diff -------------------------------------------------------------------------------------------------------
@register.command()
@click.argument("old_file", metavar="OLD", type=_FILE)
@click.argument("new_file", metavar="NEW", type=_FILE)
@click.option("--anchor", "anchor_file", type=_FILE, help="The authority's pinned key file; without it, unverified.")
@_json_option
def diff(old_file: Path, new_file: Path, anchor_file: Path | None, *, as_json: bool) -> None:
    """Tell what changed from the OLD edition to the NEW one, in words. Exit 0 whether or not anything did."""
    try:
        old, new = (_compared(path, anchor_file) for path in (old_file, new_file))
    except (ProofInvalid, ProofUnsupported, NotAuthorised) as error:
        if as_json:
            _say({"good": False, "reason": error.slug, "detail": error.detail})
        else:
            click.echo(f"Not good. {error.detail}")
        raise Ended(NOT_GOOD) from None
    changes = find_changes(old.register, new.register)
    if as_json:
        _say(difference_document(old, new, changes))
        return
    click.echo(f"From: {edition_heading(old)}")
    click.echo(f"To:   {edition_heading(new)}")
    if anchor_file is None:
        click.echo("Neither signature was checked; --anchor checks them.", err=True)
    if old.sha256 != new.sha256 and (fault := follow_fault(old, new)):
        click.echo(f"Mind: {fault}")
    for table in TABLES:
        about = [change for change in changes if change.table is table]
        if about:
            counts = Counter(change.kind.value for change in about)
            told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))
            click.echo(f"\n{table.name.replace('_', ' ').capitalize()}: {told}")
            for change in about:
                click.echo(f"  {change.sentence}")
    if not changes:
        click.echo("No record changed.")


def _compared(path: Path, anchor_file: Path | None) -> Edition:
    if anchor_file is not None:
        return load_edition(path, anchor=load_anchor(anchor_file))
    return parse_edition_unverified(path.read_bytes())


# --- decide -----------------------------------------------------------------------------------------------------
@register.command(name="decide")
@click.option("--register", "edition_file", type=_FILE, required=True, help="The signed edition.")
@_anchor_option
@click.option("--provider", "moe_number", help="The provider's Ministry of Education number.")
@click.option("--issuer", "did", help="Instead of --provider: the issuer's DID.")
@click.option("--key", "method", help="With --issuer: the verification method it signed with.")
@click.option("--signed-at", callback=_moment, metavar="TIME", help="With --issuer: when it signed.")
@click.option("--ref", required=True, help="The NZQA reference.")
@click.option("--on", callback=_day, metavar="DATE", required=True, help="The award day in New Zealand, as 2026-05-03.")
@click.option("--at", callback=_moment, metavar="TIME", help="What to take for the present.")
@high_water_option
@_json_option
def decide_command(
    edition_file: Path,
    anchor_file: Path,
    moe_number: str | None,
    did: str | None,
    method: str | None,
    signed_at: datetime | None,
    ref: str,
    on: date,
    at: datetime | None,
    high_water_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Was this provider entitled to award this micro-credential on that day? Exit 0 yes, 1 no, 2 not known."""
    if (moe_number is None) == (did is None):
        raise click.UsageError("Give either --provider or --issuer.")
    if did is None and (method is not None or signed_at is not None):
        raise click.UsageError("--key and --signed-at go with --issuer.")
    edition, fault, notices = _believed(edition_file, anchor_file, high_water_file, at)
    tell_notices(notices)
    today = day_of(at or datetime.now(UTC))
    if did is not None:
        decision = decide_for_issuer(edition, did=did, method=method, signed_at=signed_at, ref=ref, on=on)
    else:
        decision = decide(edition, provider=moe_number or "", ref=ref, on=on)
    now = None
    if edition is not None and decision.moe_number is not None:
        now = decide_today(edition, provider=decision.moe_number, ref=ref, today=today)
    if as_json:
        document = decision_document(decision, edition, today=now)
        if fault is not None:
            document["evidence"]["fault"] = {
                "reason": fault.extensions.get("reason", fault.slug),
                "detail": fault.detail,
            }
        _say(document)
    else:
        _tell(decision, edition, now, fault)
    raise Ended(_EXIT_CODES[decision.outcome])


def _believed(
    edition_file: Path, anchor_file: Path, high_water_file: Path | None, at: datetime | None
) -> tuple[Edition | None, BadgeError | None, tuple[Notice, ...]]:
    """The edition and notices about it, or why it is not believed: then there is no register (contract, row 1)."""
    anchor = load_anchor(anchor_file)
    try:
        edition = load_edition(edition_file, anchor=anchor)
        return edition, None, admit(high_water_file, [edition], looking_back_to=None if at is None else day_of(at))
    except HighWaterError:
        raise
    except BadgeError as error:
        return None, error, ()


def _tell(decision: Decision, edition: Edition | None, now: Decision | None, fault: BadgeError | None) -> None:
    click.echo(f"{decision.outcome} ({decision.reason})")
    click.echo(decision_sentence(decision, edition))
    if fault is not None:
        click.echo(fault.detail)
    if decision and now is not None and (since := since_sentence(now, edition)):
        click.echo(since)
    if edition is not None and edition.demonstration:
        click.echo("DEMONSTRATION DATA, not the NZQA register.")
