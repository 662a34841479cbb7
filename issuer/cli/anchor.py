"""`badge-issuer anchor`: asks the register to record what was signed, so that a key stolen later cannot back-date."""

from __future__ import annotations

from pathlib import Path

import click

from issuer.cli.common import (
    OUTPUT_FILE,
    current_actor,
    current_time,
    instance_option,
    json_option,
    opened,
    print_json,
)
from issuer.files import write_whole
from issuer.trust.anchoring import anchor_badges, request_for
from issuer.trust.editions import load_edition
from schemas.jsontext import write_json


@click.command("anchor")
@instance_option
@click.option("--out", required=True, type=OUTPUT_FILE, metavar="FILE", help="Where to write the signed request.")
@json_option
@click.pass_context
def anchor(context: click.Context, out: Path, *, as_json: bool) -> None:
    """Make a Merkle tree over every badge signed since the last one, and ask the authority to record its root.

    The request names every root that the register in use does not have yet, so one that was lost is written again.
    """
    now = current_time()
    with opened(context) as instance:
        anchored = anchor_badges(instance, edition=load_edition(instance), now=now, actor=current_actor())
        if anchored.unrecorded:
            document = request_for(instance, anchored.unrecorded, now=now)
            write_whole(out, write_json(document, indent=2))
    new = anchored.new
    if as_json:
        print_json(
            {
                "new": None if new is None else {"merkle_root": new.merkle_root, "count": new.count},
                "asked": [one.merkle_root for one in anchored.unrecorded],
                "out": str(out) if anchored.unrecorded else None,
            }
        )
        return
    click.echo(
        "Nothing was signed since the last anchor."
        if new is None
        else f"Anchored {new.count:,} signed documents: {new.merkle_root}"
    )
    if not anchored.unrecorded:
        click.echo("The register in use has every root; there is nothing to ask.")
        return
    click.echo(
        f"Wrote {out}. The authority records it: badge-register accept-anchor DIR --records CSV_DIR --request FILE"
    )
