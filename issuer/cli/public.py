"""`badge-issuer publish`, `export` and `did-map`: what leaves the instance for everyone to see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from issuer.cli.common import FOLDER, OUTPUT_FILE, current_time, instance_option, json_option, opened, print_json
from issuer.drawing.pictures import Pictures
from issuer.export import ExportFormat, did_map, export_badge
from issuer.files import write_whole
from issuer.instance import Instance
from issuer.publish import Published, publish, publisher_of
from issuer.trust.editions import load_edition
from schemas.errors import InputError, IssuingError
from schemas.jsontext import parse_object, write_json

_PUBLISHED_FILE = "published.json"  # where the site was last published to, for `did-map`


@click.command("publish")
@instance_option
@click.argument("folder", type=FOLDER)
@click.option(
    "--visibility",
    type=click.Choice(["private", "link", "public"]),
    help="Of pages whose learner chose nothing: public lets search engines in; kept.",
)
@click.option("--verifier-url", metavar="URL", help="Where the pages' “check this badge” leads; kept.")
@click.option("--verify-files", is_flag=True, help="Make every file again and compare it with the one that is there.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="Processes that make pages and pictures.")
@click.option(
    "--changed-list",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="Write the address of every page and file that changed, one a line, for a CDN to forget.",
)
@json_option
@click.pass_context
def publish_command(
    context: click.Context,
    folder: Path,
    visibility: str | None,
    verifier_url: str | None,
    *,
    verify_files: bool,
    workers: int,
    changed_list: Path | None,
    as_json: bool,
) -> None:
    """Write the whole public face into FOLDER, as static files for any host; its root stands for the base URL."""
    with opened(context) as instance:
        _keep_choices(instance, visibility=visibility, verifier_url=verifier_url)
        done = publish_site(instance, folder, verify_files=verify_files, workers=workers, changed_list=changed_list)
    if as_json:
        print_json(
            {
                "files": done.files,
                "written": done.written,
                "removed": done.removed,
                "badges": done.badges,
                "folder": str(folder),
            }
        )
        return
    taken = f" {done.removed} that are not public any more were taken out." if done.removed else ""
    click.echo(f"{done.badges} badges in {folder}: {done.files} files, {done.written} of them written.{taken}")


def publish_site(
    instance: Instance,
    folder: Path,
    *,
    verify_files: bool = False,
    workers: int = 1,
    changed_list: Path | None = None,
) -> Published:
    """Publish, and remember where."""
    with _telling_disk(folder, mend="publish again: what is there already is kept"):
        done = publish(
            instance,
            folder,
            publisher=publisher_of(instance),
            now=current_time(),
            verify_files=verify_files,
            workers=workers,
            changed_list=changed_list,
        )
    write_whole(instance.folder / _PUBLISHED_FILE, write_json({"folder": str(folder.resolve())}, indent=2))
    return done


@click.command("export")
@instance_option
@click.argument("credential_id")
@click.option("--format", "form", required=True, type=click.Choice([form.value for form in ExportFormat]), help="What.")
@click.option("--out", required=True, type=OUTPUT_FILE, metavar="FILE", help="Where to write it.")
@click.pass_context
def export(context: click.Context, credential_id: str, form: str, out: Path) -> None:
    """Write one badge to a file: its JSON, JWT, picture with the badge baked in, certificate to print, or QR code."""
    with opened(context) as instance:
        pictures = Pictures(instance, demonstration=is_demonstration(instance))
        data = export_badge(instance, instance.short_id(credential_id), form=ExportFormat(form), pictures=pictures)
    with _telling_disk(out):
        write_whole(out, data)
    click.echo(f"Wrote {out}.")


@click.command("did-map")
@instance_option
@click.option("--out", required=True, type=OUTPUT_FILE, metavar="FILE", help="Where to write the map.")
@click.option("--site", type=FOLDER, metavar="DIR", help="The published folder. Default: where it was last published.")
@click.pass_context
def did_map_command(context: click.Context, out: Path, site: Path | None) -> None:
    """Write a map with which badge-verifier finds this instance's documents without a network."""
    with opened(context) as instance:
        folder = site or _last_published(instance)
        if folder is None or not folder.is_dir():
            # Never published: publish beside the map, so that the map leads somewhere.
            folder = out.parent / f"{out.stem}-site"
            publish_site(instance, folder)
        document = did_map(instance, site=folder, map_file=out)
    with _telling_disk(out):
        write_whole(out, write_json(document, indent=2))
    click.echo(f"Wrote {out}: {len(document)} entries, leading into {folder}.")


@contextmanager
def _telling_disk(place: Path, *, mend: str = "run the command again") -> Iterator[None]:
    """A full or read-only disk is told as such: it is no fault of this program's."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{place} could not be written ({error.strerror}). Mend that, and {mend}.") from error


def is_demonstration(instance: Instance) -> bool:
    """Whether the register in use is a demonstration: every picture and page then says so."""
    edition = load_edition(instance)
    return edition is not None and edition.demonstration


def _keep_choices(instance: Instance, *, visibility: str | None, verifier_url: str | None) -> None:
    config = instance.config
    if verifier_url is not None and not verifier_url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        raise IssuingError("The verifier's address must start with https://")
    chosen = replace(
        config, visibility=visibility or config.visibility, verifier_url=verifier_url or config.verifier_url
    )
    if chosen != config:
        instance.save_config(chosen)


def _last_published(instance: Instance) -> Path | None:
    try:
        return Path(str(parse_object((instance.folder / _PUBLISHED_FILE).read_bytes())["folder"]))
    except (FileNotFoundError, KeyError):
        return None
