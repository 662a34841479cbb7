"""What asking over HTTP costs beside the verification itself: the whole application, warm, CPU against CPU."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from werkzeug.test import EnvironBuilder, run_wsgi_app

from keys.retrieval import load_did_map
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.anchor import load_anchor
from verifier.register.edition import load_edition
from verifier.verify import Surroundings, verify
from verifier.web.app import Service, make_app

DEMO: Final = Path("build/demo")
MUST: Final = 1.3


def functions() -> dict[str, Callable[[], object]] | None:
    """`in process` and `over HTTP`, of one badge of the demonstration; None where there is no demonstration."""
    badges = [path for path in sorted((DEMO / "badges").glob("*.json")) if not path.name.endswith(".anchor.json")]
    if not badges or not (DEMO / "did-map.json").exists():
        return None
    data = badges[0].read_bytes()
    anchor = load_anchor(DEMO / "anchor.json")
    edition = load_edition(DEMO / "edition.json", anchor=anchor)
    fetch = load_did_map(DEMO / "did-map.json", at=lambda: datetime.now(UTC))
    app = make_app(Service(edition=edition, anchor=anchor, did_map=DEMO / "did-map.json"))
    body = b'{"credential":' + data + b"}"

    def in_process() -> object:
        surroundings = Surroundings(fetch=fetch, edition=edition, anchor=anchor)
        subject = intake_bytes(data, name="badge")
        return verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=datetime.now(UTC))

    def over_http() -> object:
        builder = EnvironBuilder(method="POST", path="/verify", data=body, content_type="application/json")
        answer, status, _ = run_wsgi_app(app.wsgi_app, builder.get_environ(), buffered=True)
        text = b"".join(answer)
        if not status.startswith("200") or b'"genuine":{"verdict":"valid"' not in text:
            raise RuntimeError(f"{status} {text[:200]!r}")
        return text

    return {"in process": in_process, "over HTTP": over_http}
