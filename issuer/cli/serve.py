"""`badge-issuer serve`: the desk, the learners' pages, the public face and the API of one instance."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from issuer.cli.common import EXISTING_FILE, instance_option, named_folder, opened
from issuer.instance import Instance
from schemas.errors import InputError

_VC_API_WARNING = """\
WARNING: --vc-api is for conformance tests. Anybody who reaches this server can have any credential signed by it, with
keys of its own that no register binds. Never use it on a server that issues real badges."""


@click.command("serve")
@instance_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8801, show_default=True, help="The port to listen on.")
@click.option(
    "--tls", nargs=2, type=EXISTING_FILE, metavar="CERT KEY", help="Serve https with this certificate and key (PEM)."
)
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes.")
@click.option("--no-worker", is_flag=True, help="Start no worker beside it: `badge-issuer worker` runs elsewhere.")
@click.option(
    "--origin",
    metavar="URL",
    help="For trying out only: where people reach this server, when that is not the base URL. Links lead there.",
)
@click.option(
    "--vc-api",
    is_flag=True,
    help="For conformance tests only: also sign ANY credential for ANYBODY, with keys of its own (VC-API endpoints).",
)
@click.pass_context
def serve(
    context: click.Context,
    host: str,
    port: int,
    tls: tuple[Path, Path] | None,
    processes: int,
    *,
    no_worker: bool,
    origin: str | None,
    vc_api: bool,
) -> None:
    """Serve the desk, the learners' pages, the public badge pages and the API; a worker issues and mails beside it."""
    from issuer.web.serving import Service  # late: other commands need no web
    from issuer.web.site import ServeOptions

    if origin is not None and not origin.startswith(("http://127.0.0.1", "http://localhost", "https://")):
        raise InputError("The origin must be https, or this machine (http://127.0.0.1:PORT).")
    with opened(context) as instance:  # what is wrong with the instance is said before anything is started
        base_url = instance.config.base_url
        if vc_api:
            _warn_of_vc_api(instance)
    shown = origin or base_url
    service = Service(
        named_folder(context),
        bind=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        options=ServeOptions(origin=origin, vc_api=vc_api),
        tls=tls,
        processes=processes,
        with_worker=not no_worker,
        on_ready=lambda: click.echo(f"Serving {shown} on {host}:{port}; the desk is {shown}/desk. Ctrl-C ends it."),
    )
    service.run()


def _warn_of_vc_api(instance: Instance) -> None:
    """What the flag means, and the keys that a suite must name as the issuer; they are made now, if they never were."""
    from issuer.conformance import ConformanceIssuer  # late, as above

    click.echo(_VC_API_WARNING, err=True)
    conformance = ConformanceIssuer(instance, list_url=lambda name: name, now=datetime.now(UTC))
    for key in conformance.keys:
        click.echo(f"It signs as {key.did} ({key.signer.key_type})", err=True)
