"""`badge-verifier serve`: the verifier as a page and for programs, on one register."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keys.did import canonical_id
from schemas.errors import InputError
from verifier.cli_highwater import high_water_option
from verifier.origins import AllowedOrigins
from verifier.register.anchor import load_anchor

if TYPE_CHECKING:
    from verifier.web.standing import RegisterFile


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
@high_water_option
@click.option(
    "--rate",
    type=click.IntRange(0),
    default=6_000,
    show_default=True,
    help="Checks a minute from one address, counted by each of two processes for itself; 0 counts nothing.",
)
@click.option(
    "--proxies",
    type=click.IntRange(0, 8),
    default=0,
    show_default=True,
    help="Proxies in front whose X-Forwarded-For is believed.",
)
def serve(
    host: str,
    port: int,
    tls: tuple[Path, Path] | None,
    edition_file: Path | None,
    anchor_file: Path | None,
    did_map: Path | None,
    allow_origin: tuple[str, ...],
    high_water_file: Path | None,
    rate: int,
    proxies: int,
) -> None:
    """Serve the verifier: upload, paste or link a badge, and read three answers.

    An edition put in the place of FILE is taken up while it runs, if it is believed.
    """
    from werkzeug.middleware.proxy_fix import ProxyFix  # late: other commands need no web

    from verifier.web.app import Service, make_app
    from verifier.web.serving import Server
    from verifier.web.standing import RegisterFile, ServiceWatch

    if edition_file is not None and anchor_file is None:
        raise click.UsageError("--register needs --anchor: a register is only believed under a pinned key.")
    for path in (edition_file, anchor_file, did_map, *(tls or ())):
        if path is not None and not path.is_file():
            raise InputError(f"{path} is not there, or is not a file.")
    anchor = None if anchor_file is None else load_anchor(anchor_file)
    register = None
    if edition_file is not None and anchor is not None:
        register = RegisterFile(edition_file, anchor=anchor, high_water_file=high_water_file)
    origins = AllowedOrigins.parse(allow_origin)
    if origins:
        click.echo(f"WARNING: origins of a development machine are trusted: {', '.join(allow_origin)}", err=True)
    service = Service(
        edition=None if register is None else register.current()[0],
        anchor=anchor,
        did_map=did_map,
        origins=origins,
        register=register,
        rate=rate,
        seen=None if high_water_file is None else ServiceWatch(high_water_file, is_known=_known_to(register)),
    )
    service.fetch()  # a map that cannot be used is told here, and not to the first who asks
    app = make_app(service)
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]  # Flask's own way
    scheme = "https" if tls else "http"
    Server(app, bind=f"{host}:{port}", tls=tls, address=f"{scheme}://{host}:{port}/").run()


def _known_to(register: RegisterFile | None) -> Callable[[str], bool]:
    """Whether the register in use has an issuer."""
    issuers: dict[str, frozenset[str]] = {}  # of the edition in use, by its digest

    def is_known(issuer: str) -> bool:
        if register is None:
            return False
        edition, _ = register.current()
        if edition.sha256 not in issuers:
            issuers.clear()
            issuers[edition.sha256] = frozenset(canonical_id(row.did) for row in edition.register.issuers)
        known = issuers.get(edition.sha256, frozenset())
        return canonical_id(issuer) in known

    return is_known
