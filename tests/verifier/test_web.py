"""The verifier's service: every way in, an answer in words and signs, a report for machines, and no fault of ours."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from schemas.baking import bake_png
from schemas.errors import InputError, Unreachable
from schemas.jsontext import write_json
from tests.issuer.provider import ONE_PIXEL
from tests.simulator import NOW, Simulator, edited
from verifier.origins import AllowedOrigins
from verifier.web.app import Service, make_app


@pytest.fixture
def world() -> Simulator:
    return Simulator()


@pytest.fixture
def service(world: Simulator) -> Service:
    return Service(edition=world.edition(), clock=lambda: NOW, network=world.web)


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return make_app(service).test_client()


def page_for(client: FlaskClient, data: bytes) -> str:
    answer = client.post("/verify", data={"file": (io.BytesIO(data), "badge")}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_good_badge_gets_three_good_answers_in_words(client: FlaskClient, world: Simulator) -> None:
    page = page_for(client, write_json(world.good_badge()))
    assert page.index("Genuine") < page.index("In force") < page.index("Accredited when awarded")
    assert "What this does not prove" in page


def test_a_picture_with_the_badge_inside_is_read(client: FlaskClient, world: Simulator) -> None:
    baked = bake_png(ONE_PIXEL, write_json(world.good_badge()).decode())
    assert "Accredited when awarded" in page_for(client, baked)


def test_after_a_bad_signature_the_claims_are_hidden(client: FlaskClient, world: Simulator) -> None:
    forged = edited(world.good_badge(), "name", value="Brain surgery")
    page = page_for(client, write_json(forged))
    assert "Do not rely on it" in page
    assert "What it says" not in page
    assert "Brain surgery" not in page


def test_markup_in_a_badge_stays_text(client: FlaskClient, world: Simulator) -> None:
    badge = world.badge()
    badge["credentialSubject"]["achievement"]["name"] = "<script>alert(1)</script>"
    page = page_for(client, write_json(world.sign(badge)))
    assert "<script" not in page


def test_a_link_is_fetched_and_checked_and_the_page_says_which(client: FlaskClient, world: Simulator) -> None:
    badge = world.good_badge()
    world.web.put(badge["id"], badge, "application/vc+ld+json")
    page = client.get("/verify", query_string={"badge": badge["id"]}).get_data(as_text=True)
    assert "Accredited when awarded" in page
    assert badge["id"] in page


def test_an_address_that_answers_nothing_is_unconfirmed_and_not_false(client: FlaskClient) -> None:
    page = client.get("/verify", query_string={"badge": "https://gone.example/b/1"}).get_data(as_text=True)
    assert "This does not mean it is false" in page
    assert "Do not rely on it" not in page


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda badge: {"credential": badge}, id="as an object"),
        pytest.param(lambda badge: {"url": badge["id"]}, id="as an address"),
    ],
)
def test_a_program_gets_the_report(client: FlaskClient, world: Simulator, body: object) -> None:
    badge = world.good_badge()
    world.web.put(badge["id"], badge, "application/vc+ld+json")
    answer = client.post("/verify", json=body(badge))  # type: ignore[operator]  # a lambda of the table
    assert answer.status_code == 200
    assert {question: answer.json[question]["verdict"] for question in ("genuine", "current", "accredited")} == {
        "genuine": "valid",
        "current": "current",
        "accredited": "valid",
    }


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(b"", "application/json", id="nothing at all"),
        pytest.param(b"[]", "application/json", id="a list"),
        pytest.param(b'{"credential": 1}', "application/json", id="a number for a badge"),
        pytest.param(b'{"credential": {}, "url": "https://a.example"}', "application/json", id="two things at once"),
        pytest.param(b'{"url": "file:///etc/passwd"}', "application/json", id="a file of the server"),
        pytest.param(b'{"jwt": {}}', "application/json", id="an object for a token"),
        pytest.param(b"text=", "application/x-www-form-urlencoded", id="an empty form"),
        pytest.param(b"--x\r\n", "multipart/form-data; boundary=x", id="a broken form"),
    ],
)
def test_a_request_that_cannot_be_read_is_told_so(client: FlaskClient, data: bytes, content_type: str) -> None:
    answer = client.post("/verify", data=data, content_type=content_type)
    assert 400 <= answer.status_code < 500


def test_a_file_that_is_no_badge_is_a_result_and_no_error(client: FlaskClient) -> None:
    page = page_for(client, b"\xff\xd8\xff a photograph")
    assert "There is no badge in this" in page
    assert "Do not rely on it" not in page


def test_a_development_origin_is_said_on_every_page(service: Service) -> None:
    origins = AllowedOrigins.parse(("https://badges.example=http://127.0.0.1:8801",))
    page = make_app(replace(service, origins=origins)).test_client().get("/").get_data(as_text=True)
    assert "A development machine." in page


def test_a_moved_origin_is_asked_where_it_is_found_and_named_as_it_is_known(world: Simulator) -> None:
    world.web.put("http://127.0.0.1:8801/status/1", b"{}")
    ask = AllowedOrigins.parse(("https://badges.example=http://127.0.0.1:8801",)).over(world.web)
    assert ask("https://badges.example/status/1").url == "https://badges.example/status/1"
    with pytest.raises(Unreachable):
        ask("https://badges.example.evil/status/1")


@pytest.mark.parametrize("text", ["", "ftp://x", "https://", "https://a.example/path", "https://a.example=x"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no origin"):
        AllowedOrigins.parse((text,))


def test_pages_load_nothing_from_elsewhere_and_say_so(client: FlaskClient) -> None:
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
