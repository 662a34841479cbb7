"""`badge-issuer database`: when one machine is no longer enough."""

from __future__ import annotations

import click

from issuer.cli.common import current_actor, current_time, instance_option, opened
from issuer.growing import move_database, partition_database

_MOST_PARTS = 1_024


@click.group("database")
def database() -> None:
    """Move the database to PostgreSQL, or spread it over partitions there."""


@database.command("move")
@instance_option
@click.option("--to", "url", metavar="URL", required=True, help="postgresql://user:password@host/database, empty.")
@click.pass_context
def move_command(context: click.Context, url: str) -> None:
    """Copy everything from SQLite to an empty PostgreSQL database, go over the copy, and use it from now on.

    Stop the service first. The old file stays where it is, closed: nothing is issued from it any more.
    """
    with opened(context) as instance:
        done = move_database(
            instance,
            url,
            now=current_time(),
            actor=current_actor(),
            on_table=lambda name, rows: click.echo(f"  {name}: {rows:,} rows") if rows else None,
        )
        old = instance.store.place
    click.echo(
        f"Moved {done.rows:,} rows of {done.tables} tables to {done.place}; {done.documents:,} documents checked."
    )
    click.echo(f"The audit log there ended with {done.head} before the move was noted (audit verify --expect-head).")
    click.echo(f"{old} is closed. Keep it until the next backup, then delete it: it holds learners' names.")


@database.command("partition")
@instance_option
@click.option("--parts", type=click.IntRange(2, _MOST_PARTS), default=16, show_default=True, help="How many, for good.")
@click.pass_context
def partition_command(context: click.Context, parts: int) -> None:
    """Spread the signed documents over partitions by their ids. Others wait until it is done."""
    with opened(context) as instance:
        count = partition_database(instance, parts=parts, now=current_time(), actor=current_actor())
    click.echo(f"{count:,} signed documents are in {parts} partitions now.")
