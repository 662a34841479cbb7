"""A mail server for trying things out: keeps every message in a folder, shows it on a page, sends nothing on."""

from __future__ import annotations

import email
import email.policy
import re
import threading
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask, abort, render_template_string
from markupsafe import Markup, escape
from werkzeug.serving import make_server

_LINK = re.compile(r"https?://[^\s<>\"]+")
_STYLE = """
body { margin: 0 auto; max-width: 42rem; padding: 1rem; font: 1.0625rem/1.5 system-ui, sans-serif; color: #17252f; }
h1 { font-size: clamp(1.3rem, 5vw, 1.8rem); line-height: 1.25; overflow-wrap: anywhere; }
a { color: #0b4f6c; text-underline-offset: .15em; }
a:focus-visible { outline: 3px solid #0b4f6c; outline-offset: 2px; }
ul { list-style: none; padding: 0; }
li { border-top: 1px solid #d5dee2; padding: .6rem 0; }
li a { display: block; font-weight: 600; }
li span, dt { color: #46555f; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.letter { white-space: pre-wrap; overflow-wrap: anywhere; padding: 1rem; border: 1px solid #d5dee2; }
"""
_PAGE = (
    """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{ title }}</title>
<style>"""
    + _STYLE
    + """</style></head><body><main>
<h1>{{ title }}</h1>
{% if body is defined %}<p><a href="/">All mail</a></p>
<dl>{% for name, value in headers %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
<div class="letter">{{ body }}</div>
{% else %}<p>Nothing here was sent to anybody.</p>
<ul>{% for name, to, subject in mails %}<li><a href="/{{ name }}">{{ subject }}</a> <span>to {{ to }}</span></li>
{% else %}<li>No mail yet.</li>{% endfor %}</ul>{% endif %}</main></body></html>"""
)


class Mailbox:
    """An SMTP server and a page over what it caught, both on loopback."""

    def __init__(self, folder: Path, *, smtp_port: int, web_port: int) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._controller = Controller(self, hostname="127.0.0.1", port=smtp_port, ready_timeout=60)
        self._server = make_server("127.0.0.1", web_port, _pages(folder), threaded=True)

    def start(self) -> None:
        self._controller.start()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._controller.stop()
        self._server.shutdown()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content
        data = content if isinstance(content, bytes) else str(content).encode()
        number = len(list(self._folder.glob("*.eml"))) + 1
        unfinished = self._folder / f"{number:05}.tmp"
        unfinished.write_bytes(data)
        unfinished.rename(unfinished.with_suffix(".eml"))  # whoever looks sees a whole message or none
        return "250 Caught"


def _pages(folder: Path) -> Flask:
    app = Flask("demo.mailbox")

    @app.get("/")
    def listing() -> str:
        mails = [(path.stem, message["To"], message["Subject"]) for path, message in _mails(folder)]
        return render_template_string(_PAGE, title="Mail caught by the demonstration", mails=mails)

    @app.get("/<name>")
    def show(name: str) -> str:
        found = {path.stem: message for path, message in _mails(folder)}.get(name)
        if found is None:
            abort(404)
        part = found.get_body(("plain",))
        text: Any = escape(part.get_content() if part is not None else "")
        body = Markup(_LINK.sub(lambda link: f'<a href="{link[0]}">{link[0]}</a>', str(text)))  # noqa: S704 - escaped above
        headers = [(field, _decoded(found, field)) for field in ("From", "To", "Date", "Message-ID")]
        return render_template_string(_PAGE, title=found["Subject"], body=body, headers=headers)

    return app


def _decoded(message: EmailMessage, field: str) -> str:
    """A field as mail programs show it; Python's own reading leaves a gap where a name was folded."""
    raw = next((str(value) for name, value in message.raw_items() if name == field), "")
    return str(make_header(decode_header(raw)))


def _mails(folder: Path) -> list[tuple[Path, EmailMessage]]:
    return [
        (path, email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
        for path in sorted(folder.glob("*.eml"), reverse=True)
    ]
