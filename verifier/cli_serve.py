"""`badge-verifier serve`: the verifier as a page and for programs, on one register."""

from __future__ import annotations

from pathlib import Path

import click

from schemas.errors import InputError
from verifier.origins import AllowedOrigins
from verifier.register.anchor import load_anchor
from verifier.register.edition import load_edition


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8802, show_default=True, help="The port to listen on.")
@click.option("--tls", nargs=2, type=click.Path(path_type=Path), metavar="CERT KEY", help="Serve https (PEM files).")
@click.option("--register", "edition_file", type=click.Path(path_type=Path), help="A signed edition of the register.")
@click.option("--anchor", "anchor_file", type=click.Path(path_type=Path), help="The authority's pinned key file.")
@click.option("--did-map", "did_map", type=click.Path(path_type=Path), help="JSON: addresses -> local files.")
@click.option(
    "--allow-origin",
    multiple=True,
    metavar="URL[=URL]",
    help="A development machine's origin to trust; with =URL, where it is found. Said on every page.",
)
def serve(
    host: str,
    port: int,
    tls: tuple[Path, Path] | None,
    edition_file: Path | None,
    anchor_file: Path | None,
    did_map: Path | None,
    allow_origin: tuple[str, ...],
) -> None:
    """Serve the verifier: upload, paste or link a badge, and read three answers."""
    from verifier.web.app import Service, make_app  # late: other commands need no web
    from verifier.web.serving import Server

    if edition_file is not None and anchor_file is None:
        raise click.UsageError("--register needs --anchor: a register is only believed under a pinned key.")
    for path in (edition_file, anchor_file, did_map, *(tls or ())):
        if path is not None and not path.is_file():
            raise InputError(f"{path} is not there, or is not a file.")
    anchor = None if anchor_file is None else load_anchor(anchor_file)
    edition = None if edition_file is None or anchor is None else load_edition(edition_file, anchor=anchor)
    origins = AllowedOrigins.parse(allow_origin)
    if origins:
        click.echo(f"WARNING: origins of a development machine are trusted: {', '.join(allow_origin)}", err=True)
    app = make_app(Service(edition=edition, anchor=anchor, did_map=did_map, origins=origins))
    scheme = "https" if tls else "http"
    Server(app, bind=f"{host}:{port}", tls=tls, address=f"{scheme}://{host}:{port}/").run()
