"""`badge-issuer archive`, `archive-check` and `close`: what outlives the server, and how an instance ends."""

from __future__ import annotations

from pathlib import Path

import click

from issuer.archive import refuse_no_archive, write_archive
from issuer.cli.common import (
    EXISTING_FILE,
    OUTPUT_FILE,
    current_actor,
    current_time,
    instance_option,
    json_option,
    opened,
    print_json,
)
from issuer.trust.archive_check import check_archive
from issuer.trust.closing import close_instance
from schemas.nzqcf import format_nz_date, nz_date
from schemas.times import write_time
from verifier.exits import NOT_GOOD, Ended
from verifier.register.edition import load_anchor, load_edition

_SHOWN = 20


@click.command("archive")
@instance_option
@click.option("--out", required=True, type=OUTPUT_FILE, metavar="FILE.zip", help="Where to write the archive.")
@json_option
@click.pass_context
def archive(context: click.Context, out: Path, *, as_json: bool) -> None:
    """Write everything public into one zip, with which badges are checked when the server and the domain are gone.

    Pages, badges, pictures, status lists, keys, inclusion proofs and register editions; no private key, no e-mail and
    no student number. Unpacked, it is a site for any web host, and a map for badge-verifier.
    """
    refuse_no_archive(out)
    with opened(context) as instance:
        done = write_archive(instance, out, now=current_time())
    if as_json:
        print_json(
            {
                "out": str(out),
                "sha256": done.sha256,
                "files": done.files,
                "badges": done.badges,
                "notes": list(done.notes),
            }
        )
        return
    click.echo(f"Wrote {out}: {done.badges:,} badges, {done.files:,} files.")
    click.echo(f"sha256 {done.sha256}")
    for note in done.notes:
        click.echo(f"Note: {note}", err=True)


@click.command("archive-check")
@click.argument("file", type=EXISTING_FILE)
@click.option("--register", "edition_file", type=EXISTING_FILE, help="An edition that has the provider's keys.")
@click.option("--anchor", "anchor_file", type=EXISTING_FILE, help="The register authority's pinned key file.")
@json_option
def archive_check(file: Path, edition_file: Path | None, anchor_file: Path | None, *, as_json: bool) -> None:
    """Compare an archive with its own manifest, and the manifest's signature with the register's key."""
    if (edition_file is None) != (anchor_file is None):
        raise click.UsageError("--register and --anchor go together: a register is only believed under a pinned key.")
    edition = None
    if edition_file is not None and anchor_file is not None:
        edition = load_edition(edition_file, anchor=load_anchor(anchor_file))
    report = check_archive(file, edition=edition)
    if as_json:
        print_json(
            {
                "good": bool(report),
                "name": report.name,
                "files": report.files,
                "signed_by": report.signed_by,
                "faults": [str(fault) for fault in report.faults],
            }
        )
    else:
        for fault in report.faults[:_SHOWN]:
            click.echo(str(fault))
        if len(report.faults) > _SHOWN:
            click.echo(f"… and {len(report.faults) - _SHOWN} more.")
        verdict = "The archive is whole" if report else "THE ARCHIVE IS NOT WHOLE"
        click.echo(f"{verdict}: {report.files:,} files of {report.name}.")
        click.echo(
            f"Signed with {report.signed_by}, a key that the register has."
            if report.signed_by
            else "Whose it is was not shown; give --register and --anchor."
        )
    if not report:
        raise Ended(NOT_GOOD)


@click.command("close")
@instance_option
@click.option("--confirm", required=True, metavar="NAME", help="The provider's name, to show that it is meant.")
@json_option
@click.pass_context
def close(context: click.Context, confirm: str, *, as_json: bool) -> None:
    """End this instance for good: its status lists are signed as final, without an end, and nothing is issued again.

    Withdraw first what is to be withdrawn. Then publish, anchor and archive, and destroy the keys last.
    """
    with opened(context) as instance:
        done = close_instance(instance, confirm=confirm, now=current_time(), actor=current_actor())
    if as_json:
        print_json({"closed_at": write_time(done.at), "final_lists": done.lists, "already": done.already})
        return
    day = format_nz_date(nz_date(done.at))
    click.echo(f"Closed {'already ' if done.already else ''}on {day}, with {done.lists} final status lists.")
    click.echo("Next: badge-issuer publish, anchor (and use the edition that records it), archive; then keys retire.")
