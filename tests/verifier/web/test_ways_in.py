"""The ways in: links, codes, files, pasted text, many at once; what cannot be read is said, in the page's language."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

import verifier.web
from schemas.baking import bake_png, bake_svg
from schemas.errors import InputError
from schemas.jsontext import parse_object, write_json
from schemas.limits import MAX_TOGETHER, MAX_TOGETHER_BYTES, MIB
from tests.issuer.provider import ONE_PIXEL
from tests.scenes import SCENES, good
from tests.verifier.web.conftest import Visitor, visit
from tests.verifier.web.test_answer_page import plain
from verifier.web.app import make_app
from verifier.web.given import parse_address
from verifier.wording_states import HEADINGS, State

PAGE = {"Accept": "text/html"}
GOOD = HEADINGS[State.GOOD].en
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'


@pytest.mark.parametrize(
    ("text", "url"),
    [
        pytest.param("https://b.example/b/1", "https://b.example/b/1", id="a link"),
        pytest.param("  https://b.example/b/1\n", "https://b.example/b/1", id="a link with spaces round it"),
        pytest.param("b.example/s/ABCD-2345", "https://b.example/s/ABCD-2345", id="a code with its address"),
        pytest.param("b.example/s/7K3Q X9RZ 2M4T 01AB", "https://b.example/s/7k3qx9rz2m4t01ab", id="a code as printed"),
        pytest.param(
            "https://b.example/s/7K3Q-X9RZ-2M4T-01AB", "https://b.example/s/7k3qx9rz2m4t01ab", id="with dashes"
        ),
        pytest.param("tōtara.example/s/ABCD", "https://tōtara.example/s/ABCD", id="an address with a macron"),
        pytest.param(
            "https://check.example/verify?badge=https%3A%2F%2Fb.example%2Fb%2F1&lang=mi",
            "https://b.example/b/1",
            id="the answer of another verifier",
        ),
        pytest.param("https://check.example/verify", "https://check.example/verify", id="a badge whose path ends so"),
        pytest.param(
            "https://check.example/verify?badge=file%3A%2F%2F%2Fetc%2Fpasswd",
            "https://check.example/verify?badge=file%3A%2F%2F%2Fetc%2Fpasswd",
            id="a verifier asked about something else",
        ),
    ],
)
def test_an_address_is_understood(text: str, url: str) -> None:
    assert parse_address(text) == url


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param("", "no_address", id="nothing"),
        pytest.param("file:///etc/passwd", "no_address", id="a file"),
        pytest.param("javascript:alert(1)", "no_address", id="a script"),
        pytest.param("https://b.example/" + "a" * 2_048, "no_address", id="too long"),
        pytest.param("https://[b/", "no_address", id="half an address"),
        pytest.param(
            "https://check.example/verify?badge=https%3A%2F%2F%5Bb%2F", "no_address", id="half an address within"
        ),
        pytest.param("ABCD-2345-EFGH", "code_alone", id="a code without its address"),
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str, key: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_address(text)
    assert refused.value.key == key  # type: ignore[attr-defined]  # a GivenError


@pytest.mark.parametrize("form", ["json", "png", "svg", "pdf", "pasted", "link"])
def test_every_way_in_gives_the_same_answer(form: str) -> None:
    visitor = visit("good-certificate" if form == "pdf" else "good")
    signed = write_json(visitor.scene.world.good_badge())
    data: dict[str, object] = {
        "json": {"file": (io.BytesIO(signed), "b.json")},
        "png": {"file": (io.BytesIO(bake_png(ONE_PIXEL, signed.decode())), "b.png")},
        "svg": {"file": (io.BytesIO(bake_svg(SVG, signed.decode())), "b.svg")},
        "pdf": {"file": (io.BytesIO(visitor.scene.given), "b.pdf")},
        "pasted": {"text": signed.decode()},
        "link": {"text": visitor.scene.url},
    }[form]
    assert GOOD in visitor.client.post("/verify", data=data).get_data(as_text=True)


def test_a_pasted_token_is_read(visitor: Visitor) -> None:
    world = good().world
    world.provider.key_names = ("ed25519", "p256", "status")
    token = world.sign_text(world.badge())
    client = make_app(visitor.scene.service).test_client()
    page = client.post("/verify", data={"text": token}, headers={"Accept": "text/html"}).get_data(as_text=True)
    assert GOOD in page


def test_a_pasted_code_without_its_address_says_to_type_the_address_too(visitor: Visitor) -> None:
    answer = visitor.client.post("/verify", data={"text": "ABCD-2345-EFGH", "lang": "mi"})
    assert answer.status_code == 400
    assert "patohia hoki te wāhitau i mua" in answer.get_data(as_text=True)


def test_a_form_with_nothing_in_it_says_so_beside_the_field(visitor: Visitor) -> None:
    answer = visitor.client.post("/verify", data={"text": " "})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert '<a href="#text">Choose a file' in answer.get_data(as_text=True)


# --- several at once ---------------------------------------------------------------------------------------------
def _several() -> dict[str, object]:
    scene = good()
    altered = SCENES["altered"][0]().given
    return {"file": [(io.BytesIO(scene.given), "=good.json"), (io.BytesIO(altered), "forged.json")]}


def test_several_files_make_one_table(visitor: Visitor) -> None:
    page = visitor.client.post("/verify", data=_several()).get_data(as_text=True)
    said = plain(page)
    assert "1 of 2 badges are good" in said
    assert "forged.json" in said
    assert "Brain surgery" not in page
    assert page.count("<tr role") == 3


def test_the_table_can_be_saved_without_a_script_and_runs_no_formula(visitor: Visitor) -> None:
    page = visitor.client.post("/verify", data=_several()).get_data(as_text=True)
    link = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    assert link is not None
    in_page = base64.b64decode(unquote(link[1]))
    asked_for = visitor.client.post("/verify", data=_several() | {"format": "csv"})
    assert asked_for.headers["Content-Type"].startswith("text/csv")
    assert asked_for.data == in_page
    rows = list(csv.DictReader(io.StringIO(in_page.decode("utf-8-sig"))))
    assert [row["file"] for row in rows] == ["'=good.json", "forged.json"]
    assert [row["genuine"] for row in rows] == ["valid", "invalid"]


def test_a_presentation_is_one_table_of_what_is_in_it_and_says_that_its_holder_was_not_checked(
    visitor: Visitor,
) -> None:
    world = visitor.scene.world
    token = world.sign_text(world.badge())
    enveloped = {"type": "EnvelopedVerifiableCredential", "id": f"data:application/vc+jwt,{token}"}
    forged = parse_object(SCENES["altered"][0]().given)
    presentation = {"type": ["VerifiablePresentation"], "verifiableCredential": [world.good_badge(), enveloped, forged]}
    page = visitor.client.post("/verify", data={"text": write_json(presentation).decode()}, headers=PAGE)
    said = plain(page.get_data(as_text=True))
    assert "2 of 3 badges are good" in said
    assert "Who presented it was not checked." in said
    presentation["verifiableCredential"] = [world.good_badge()]
    file = {"file": (io.BytesIO(write_json(presentation)), "p.json")}
    alone = visitor.client.post("/verify", data=file, headers=PAGE).get_data(as_text=True)
    assert GOOD in alone
    assert "Who presented it was not checked." in alone


@pytest.mark.parametrize("inside", [None, [], "x", [1, None, {}], {"a": 1}, [["b"]], [{"id": 5}]])
def test_a_presentation_of_nothing_is_a_result_and_no_fault(visitor: Visitor, inside: object) -> None:
    presentation = {"type": "VerifiablePresentation", "verifiableCredential": inside}
    answer = visitor.client.post("/verify", data={"text": write_json(presentation).decode()}, headers=PAGE)
    assert answer.status_code == 200


def test_several_links_a_line_make_one_table_with_a_link_to_each_answer(visitor: Visitor) -> None:
    links = f"{visitor.scene.url}\n\nhttps://gone.example/b/1\n{visitor.scene.url}"
    page = visitor.client.post("/verify", data={"text": links, "lang": "mi"}).get_data(as_text=True)
    assert "E 1 o ngā tohu e 2 e pai ana" in plain(page)
    assert page.count("te whakautu katoa</a>") == 2


def test_several_links_may_stand_in_one_address(visitor: Visitor) -> None:
    answer = visitor.client.get(
        "/verify", query_string={"badge": [visitor.scene.url, "https://gone.example/b"], "format": "json"}
    )
    assert [one["genuine"]["verdict"] for one in answer.json] == ["valid", "unconfirmed"]
    assert [one["name"] for one in answer.json] == [visitor.scene.url, "https://gone.example/b"]


def test_one_more_than_the_limit_is_refused(visitor: Visitor) -> None:
    links = "\n".join(f"https://gone.example/b/{number}" for number in range(MAX_TOGETHER + 1))
    answer = visitor.client.post("/verify", data={"text": links})
    assert answer.status_code == 400
    assert f"at most {MAX_TOGETHER}" in answer.get_data(as_text=True)


def test_files_that_are_large_together_are_read_and_each_has_its_own_limit(visitor: Visitor) -> None:
    large = [FileStorage(io.BytesIO(b"{" + b" " * (4 * MIB)), f"{number}.json") for number in range(3)]
    boundary, body = encode_multipart(MultiDict([("file", one) for one in large]))
    answer = visitor.client.post(
        "/verify", data=body, content_type=f"multipart/form-data; boundary={boundary}", headers=PAGE
    )
    assert answer.status_code == 200
    assert "0 of 3 badges are good" in plain(answer.get_data(as_text=True))


def test_more_than_many_may_be_together_is_refused_in_words(visitor: Visitor) -> None:
    answer = visitor.client.post(
        "/verify",
        data=b"--x--",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(MAX_TOGETHER_BYTES + 1)},
        headers=PAGE,
    )
    assert answer.status_code == 413
    assert "That is too large" in answer.get_data(as_text=True)


def test_many_silent_hosts_do_not_add_up(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.web.pages.TOGETHER_SECONDS", -1.0)
    links = f"{visitor.scene.url}\nhttps://gone.example/b"
    answer = visitor.client.post("/verify", data={"text": links, "format": "json"})
    assert [one["genuine"]["verdict"] for one in answer.json] == ["unconfirmed", "unconfirmed"]
    assert "time for so many at once" in answer.json[0]["genuine"]["sentence"]


def test_many_at_once_are_paid_for_one_by_one(visitor: Visitor) -> None:
    client = make_app(replace(visitor.scene.service, rate=18)).test_client()
    links = "\n".join(f"https://gone.example/b/{number}" for number in range(20))
    headers = {"Accept": "text/html"}
    assert client.post("/verify", data={"text": links}, headers=headers).status_code == 200
    refused = client.post("/verify", data={"text": links, "lang": "mi"}, headers=headers)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 1
    assert "He auau rawa" in refused.get_data(as_text=True)


# --- the page itself -----------------------------------------------------------------------------------------------
def test_only_the_first_page_has_a_script_and_may_ask_for_the_camera(visitor: Visitor) -> None:
    home = visitor.client.get("/")
    assert "script-src 'self'" in home.headers["Content-Security-Policy"]
    assert home.headers["Permissions-Policy"] == "camera=(self)"
    answer = visitor.client.get("/verify", query_string={"badge": visitor.scene.url})
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "camera=()" in answer.headers["Permissions-Policy"]
    for page in (home, answer):
        assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_the_scanner_is_a_file_of_ours_unchanged_with_its_licence_beside_it(visitor: Visitor) -> None:
    folder = Path(verifier.web.__file__).parent / "static" / "vendor"
    scanner = (folder / "jsQR.js").read_bytes()
    assert hashlib.sha256(scanner).hexdigest() in (folder / "SOURCES.md").read_text(encoding="utf-8")
    assert b"eval(" not in scanner
    assert "Apache License" in (folder / "jsQR.LICENSE.txt").read_text(encoding="utf-8")
    assert "/static/vendor/jsQR.js" in visitor.client.get("/").get_data(as_text=True)


def test_a_missing_page_is_told_in_the_language_asked_for(visitor: Visitor) -> None:
    answer = visitor.client.get("/nowhere?lang=mi", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "Kāore he whārangi pēnā." in answer.get_data(as_text=True)
