"""Pages of scenes, as text and as what stands in them."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from tests.scenes import SCENES, Scene
from verifier.web.app import make_app


@dataclass(kw_only=True)
class Visitor:
    """Somebody with a browser without scripts, in front of the verifier of one scene."""

    scene: Scene
    client: FlaskClient

    def page(self, *, language: str = "en", as_file: bool = False, **more: str) -> str:
        """The answer page, by the scene's address or by its file."""
        if self.scene.url and not as_file:
            answer = self.client.get("/verify", query_string={"badge": self.scene.url, "lang": language, **more})
        else:
            answer = self.client.post(
                "/verify", data={"file": (io.BytesIO(self.scene.given), "badge"), "lang": language, **more}
            )
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        return answer.get_data(as_text=True)


def visit(name: str) -> Visitor:
    scene = SCENES[name][0]()
    client = make_app(scene.service).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html,application/xhtml+xml,*/*;q=0.8"  # as browsers send it
    return Visitor(scene=scene, client=client)


@pytest.fixture
def visitor() -> Visitor:
    return visit("good")
