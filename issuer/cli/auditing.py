"""`badge-issuer audit verify`: goes over the whole log."""

from __future__ import annotations

import click

from issuer import audit
from issuer.cli.common import instance_option, json_option, opened, print_json
from verifier.exits import NOT_GOOD, Ended


@click.group("audit")
@instance_option
def audit_group() -> None:
    """The hash-chained log of everything that was done."""


@audit_group.command("verify")
@instance_option
@click.option("--expect-head", metavar="SHA256", help="The head noted earlier: a log cut back since lacks it.")
@json_option
@click.pass_context
def audit_verify(context: click.Context, expect_head: str | None, *, as_json: bool) -> None:
    """Go over the whole log and every signed badge; any edit, drop or reorder is found."""
    with opened(context) as instance, instance.store.reading() as connection:
        report = audit.verify_chain(connection, expected_head=expect_head)
    if as_json:
        print_json(
            {
                "good": bool(report),
                "entries": report.entries,
                "documents": report.documents,
                "head": report.head_sha256,
                "faults": [fault.message for fault in report.faults],
            }
        )
    else:
        for fault in report.faults:
            click.echo(fault.message)
        verdict = "The log is whole" if report else "THE LOG IS NOT WHOLE"
        click.echo(f"{verdict}: {report.entries} entries, {report.documents} signed documents.")
        click.echo(f"Head: {report.head_sha256} (keep it elsewhere, and give it to --expect-head next time)")
    if not report:
        raise Ended(NOT_GOOD)
