"""The public face live: what `publish` writes, at the same addresses, in the form that is asked for."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin

import pypdfium2 as pdfium
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from issuer.instance import Instance
from issuer.learner import claims
from issuer.publish import publish, publisher_of
from issuer.sharing import grouped, make_share_key
from issuer.status import RevocationReason, revoke, signed_lists
from issuer.store.claims_rows import Visibility
from issuer.store.tables import signed_lists as list_rows
from issuer.trust.anchoring import anchor_badges
from schemas.times import write_time
from tests.issuer.provider import NOW, REF, Completion, Completions, issue, make_instance, only_id
from tests.issuer.web.conftest import make_site, site_of

EMAIL = "mere@learner.example"
NSN = "123456789"
NAME = "Mere Āwhina"
_ANSWERED = re.compile(rb'<section class="ways">.*?</section>\n', re.DOTALL)  # what no static file could answer
JSON_TYPES = ("application/vc+ld+json", "application/vc", "application/ld+json", "application/json")


@pytest.fixture
def live(app: Flask) -> Instance:
    return site_of(app).instance


@pytest.fixture
def short_id(live: Instance) -> str:
    row = Completion(line=2, learner_name=NAME, learner_email=EMAIL, nsn=NSN)
    made = only_id(issue(live, Completions(rows=(row,))))
    signed_lists(live, now=NOW)  # what the worker does
    return made


def hide(live: Instance, short_id: str) -> None:
    claims.choose_visibility(live, short_id, Visibility.PRIVATE, now=NOW)


def test_every_published_file_is_served_byte_for_byte(
    live: Instance, client: FlaskClient, short_id: str, tmp_path: Path
) -> None:
    make_share_key(live, short_id, now=NOW)
    anchor_badges(live, edition=None, now=NOW, actor="test")
    folder = tmp_path / "site"
    publish(live, folder, publisher=publisher_of(live), now=NOW)
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert len(names) > 20
    assert f"badges/{short_id}.anchor.json" in names
    for name in names:
        if name == "_headers":  # for static hosts alone
            continue
        answer = client.get(f"/{name}")
        assert answer.status_code == 200, name
        assert _ANSWERED.sub(b"", answer.data) == (folder / name).read_bytes(), name


@pytest.mark.parametrize("address", ["/", "/mi"])
def test_the_front_page_leads_to_what_only_a_service_answers_and_a_static_one_does_not(
    live: Instance, client: FlaskClient, short_id: str, tmp_path: Path, address: str
) -> None:
    page = client.get(address)
    found = _ANSWERED.findall(page.data)
    assert len(found) == 1
    ways = re.findall(rb'href="([^"]+)"', found[0])
    assert [client.get(urljoin(f"http://localhost{address}", way.decode())).status_code for way in ways] == [200, 200]
    folder = tmp_path / "site"
    publish(live, folder, publisher=publisher_of(live), now=NOW)
    static = (folder / address.lstrip("/") / "index.html").read_bytes()
    assert not _ANSWERED.search(static)
    assert not re.search(rb'href="[./]*(my|s)"', static)


def test_every_public_page_names_a_picture_for_its_tab_that_is_there(client: FlaskClient, short_id: str) -> None:
    for address in ("/", "/mi", f"/badges/{short_id}", f"/badges/{short_id}/mi", "/my"):
        page = client.get(address, headers={"Accept": "text/html"}).get_data(as_text=True)
        icon = re.search(r'<link rel="icon" href="([^"]+)"', page)
        assert icon, address
        assert client.get(urljoin(f"http://localhost{address}", icon[1])).mimetype == "image/svg+xml", address


@pytest.mark.parametrize("language", ["", "/mi"])
def test_the_page_at_the_id_is_the_published_one_but_for_the_way_to_its_files(
    client: FlaskClient, short_id: str, language: str
) -> None:
    at_id = client.get(f"/badges/{short_id}{language}", headers={"Accept": "text/html"}).get_data(as_text=True)
    in_folder = client.get(f"/badges/{short_id}{language}/index.html").get_data(as_text=True)
    deep, less = ("../../../", "../../") if language else ("../../", "../")
    assert at_id == in_folder.replace(f'"{deep}', f'"{less}')


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param(None, "text/html", id="nothing said"),
        pytest.param("*/*", "text/html", id="anything"),
        pytest.param("text/html,application/xhtml+xml,*/*;q=0.8", "text/html", id="a browser"),
        pytest.param(
            "text/html,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8",
            "text/html",
            id="a browser that likes pictures too",
        ),
        *[pytest.param(one, one, id=one) for one in JSON_TYPES],
        pytest.param("application/json, text/html;q=0.5", "application/json", id="json before a page"),
        pytest.param("image/png", "image/png", id="a picture"),
        pytest.param("image/svg+xml", "image/svg+xml", id="a drawing"),
        pytest.param("application/pdf", "application/pdf", id="a sheet"),
    ],
)
def test_a_badge_comes_in_the_form_that_is_asked_for(
    client: FlaskClient, short_id: str, accept: str | None, media_type: str
) -> None:
    answer = client.get(f"/badges/{short_id}", headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", ["application/vc+jwt", "text/plain", "video/mp4"])
def test_a_form_that_there_is_not_is_refused_as_such(client: FlaskClient, short_id: str, accept: str) -> None:
    answer = client.get(f"/badges/{short_id}", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")
    assert client.get(f"/badges/{short_id}.jwt").status_code == 406


@pytest.mark.parametrize(
    ("suffix", "media_type", "beginning"),
    [
        (".json", "application/vc+ld+json", b"{"),
        (".png", "image/png", b"\x89PNG"),
        (".svg", "image/svg+xml", b"<"),
        (".pdf", "application/pdf", b"%PDF"),
        (".qr", "image/png", b"\x89PNG"),
        (".qr.svg", "image/svg+xml", b"<svg"),
        ("/card.png", "image/png", b"\x89PNG"),
    ],
)
def test_each_file_has_an_address_a_type_and_is_for_every_site(
    client: FlaskClient, short_id: str, suffix: str, media_type: str, beginning: bytes
) -> None:
    answer = client.get(f"/badges/{short_id}{suffix}")
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    assert answer.data.startswith(beginning)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert ("sandbox" in answer.headers["Content-Security-Policy"]) is (media_type == "image/svg+xml")


@pytest.mark.parametrize("accept", ["application/vc+jwt", "application/jwt"])
def test_a_badge_that_was_signed_as_a_token_too_comes_as_one(live: Instance, client: FlaskClient, accept: str) -> None:
    made = only_id(issue(live, Completions(rows=(Completion(line=2),)), with_jwt=True))
    answer = client.get(f"/badges/{made}", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, accept)
    assert answer.data.count(b".") == 2
    assert client.get(f"/badges/{made}.jwt").data == answer.data


def test_the_printed_sheet_holds_no_address_and_no_number(client: FlaskClient, short_id: str) -> None:
    sheet = pdfium.PdfDocument(client.get(f"/badges/{short_id}.pdf").data)
    text = " ".join(page.get_textpage().get_text_bounded() for page in sheet)
    attached = b"".join(sheet.get_attachment(number).get_data() for number in range(sheet.count_attachments()))
    assert "Level" in text
    assert attached.startswith(b"{")
    for secret in (EMAIL, NSN):
        assert secret not in text
        assert secret.encode() not in bytes(attached)


def test_a_copy_that_is_fresh_is_not_sent_again(client: FlaskClient, short_id: str) -> None:
    for name in (f"badges/{short_id}", f"badges/{short_id}.json", "status/1"):
        first = client.get(f"/{name}")
        again = client.get(f"/{name}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), name


@pytest.mark.parametrize(
    ("path", "control"),
    [
        ("/status/1", "public, max-age=3600"),
        ("/.well-known/did.json", "public, max-age=300"),
        ("/.well-known/jwks.json", "public, max-age=300"),
        ("/issuer", "public, max-age=300"),
        ("/badges/{id}", "no-cache"),
        ("/badges/{id}.json", "no-cache"),
        ("/badges/{id}.png", "no-cache"),
        ("/badges/{id}/card.png", "no-cache"),
        ("/achievements/9001/1", "no-cache"),
    ],
)
def test_each_address_says_how_long_it_may_be_kept_and_by_what_it_is_asked_about(
    client: FlaskClient, short_id: str, path: str, control: str
) -> None:
    address = path.format(id=short_id).replace("9001", REF)
    first = client.get(address)
    assert (first.status_code, first.headers["Cache-Control"]) == (200, control)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for asked in (tag, f"W/{tag}", f'"other", {tag}'):  # a proxy that compresses makes it a weak one
        again = client.get(address, headers={"If-None-Match": asked, "Accept-Encoding": "gzip"})
        assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", control)
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert "Content-Encoding" not in client.get(address, headers={"Accept-Encoding": "gzip"}).headers


def test_a_list_is_dated_and_never_kept_longer_than_it_is_good(
    live: Instance, client: FlaskClient, short_id: str
) -> None:
    first = client.get("/status/1")
    assert first.headers["Last-Modified"] == "Sun, 22 Nov 2026 03:00:00 GMT"
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get("/status/1", headers=since).status_code == 304
    revoke(live, short_id, now=NOW, actor="test")
    signed_lists(live, now=NOW)
    assert client.get("/status/1", headers=since | {"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert client.get("/status/1", headers=since).status_code == 200
    with live.store.writing() as connection:
        ends = sa.update(list_rows).values(valid_until=write_time(NOW + timedelta(minutes=10)))
        connection.execute(ends)
    assert client.get("/status/1").headers["Cache-Control"] == "public, max-age=600"


def test_what_is_hidden_and_what_there_is_not_is_kept_by_no_cache(
    live: Instance, client: FlaskClient, short_id: str
) -> None:
    hide(live, short_id)
    for stem in (f"/badges/{short_id}", "/badges/zzzz"):
        for suffix in ("", "/", "/mi", ".json", ".png", "/card.png"):
            answer = client.get(stem + suffix)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store"), stem + suffix


def test_a_head_request_says_what_a_get_would(client: FlaskClient, short_id: str) -> None:
    got, head = client.get(f"/badges/{short_id}.json"), client.head(f"/badges/{short_id}.json")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(got.data))


@pytest.mark.parametrize(
    "path", ["/badges/aaaa", "/badges/aaaa.json", "/status/999", "/achievements/0000/1", "/s/0000000000000000.json"]
)
def test_what_there_is_not_is_a_problem_to_a_program_and_a_page_to_a_person(client: FlaskClient, path: str) -> None:
    told = client.get(path, headers={"Accept": "application/json"})
    assert (told.status_code, told.mimetype) == (404, "application/problem+json")
    shown = client.get(path, headers={"Accept": "text/html"})
    assert shown.status_code == 404


@pytest.mark.parametrize("name", ["..%2Finstance.json", "%2e%2e", "a.b.c.json", "A!", "x" * 100, "a.exe"])
def test_a_name_that_no_file_has_is_not_looked_for(client: FlaskClient, short_id: str, name: str) -> None:
    assert client.get(f"/badges/{name}").status_code == 404


def test_a_hidden_badge_is_a_calm_page_that_names_nobody(live: Instance, client: FlaskClient, short_id: str) -> None:
    hide(live, short_id)
    page = client.get(f"/badges/{short_id}", headers={"Accept": "text/html"})
    html = page.get_data(as_text=True)
    assert page.status_code == 404
    assert "The learner has not published this page" in html
    assert NAME not in html
    assert "Native Seed" not in html
    assert 'content="noindex"' in html
    assert "Kāore te ākonga i whakaputa" in client.get(f"/badges/{short_id}/mi").get_data(as_text=True)
    for suffix in (".json", ".png", ".svg", ".pdf", ".qr", ".qr.svg", "/card.png", ".anchor.json", ".jwt"):
        assert client.get(f"/badges/{short_id}{suffix}").status_code == 404, suffix


def test_a_certificates_key_opens_the_page_and_the_file_of_a_hidden_badge(
    live: Instance, client: FlaskClient, short_id: str
) -> None:
    hide(live, short_id)
    key = make_share_key(live, short_id, now=NOW)
    page = client.get(f"/s/{key}", headers={"Accept": "text/html"})
    assert (page.status_code, NAME in page.get_data(as_text=True)) == (200, True)
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    document = client.get(f"/s/{key}", headers={"Accept": "application/json"})
    assert json.loads(document.data)["id"] == live.badge_url(short_id)
    assert client.get(f"/s/{key}.json").data == document.data
    assert client.get(f"/s/{grouped(key)}").headers["Location"].endswith(f"/s/{key}")
    assert client.get("/s", query_string={"code": grouped(key)}).headers["Location"].endswith(f"/s/{key}")


def test_a_code_that_opens_nothing_says_so_and_guessing_is_slowed_but_never_a_real_code(
    live: Instance, client: FlaskClient, short_id: str
) -> None:
    key = make_share_key(live, short_id, now=NOW)
    codes = {client.get(f"/s/{number:016d}").status_code for number in range(30)}
    assert codes == {404, 429}
    assert client.get(f"/s/{key}").status_code == 200
    assert client.get("/s", query_string={"code": "not a code"}).status_code == 404


def test_a_code_that_opens_nothing_is_offered_to_be_typed_again(client: FlaskClient) -> None:
    page = client.get("/s/0000000000000000").get_data(as_text=True)
    assert "This code opens nothing." in page
    assert 'name="code"' in page
    assert 'value="0000000000000000"' in page


def test_a_withdrawn_badge_says_so_at_its_address(live: Instance, client: FlaskClient, short_id: str) -> None:
    revoke(live, short_id, reason=RevocationReason.DUPLICATE, now=NOW + timedelta(hours=1), actor="test")
    html = client.get(f"/badges/{short_id}").get_data(as_text=True)
    assert "Withdrawn: " in html
    assert "duplicate" not in html


def test_a_status_list_is_served_as_it_was_signed_last_and_signed_by_no_request(
    live: Instance, client: FlaskClient, short_id: str
) -> None:
    before = client.get("/status/1").data
    revoke(live, short_id, now=NOW + timedelta(hours=1), actor="test")
    assert client.get("/status/1").data == before
    signed_lists(live, now=NOW + timedelta(hours=1))
    answer = client.get("/status/1")
    assert answer.data != before
    assert answer.mimetype == "application/vc+ld+json"


def test_pages_run_no_script_and_send_no_form(client: FlaskClient, short_id: str) -> None:
    policy = client.get(f"/badges/{short_id}").headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")
    assert "form-action 'none'" in policy


def test_nothing_that_is_served_tells_an_address_or_a_number(
    live: Instance, client: FlaskClient, short_id: str
) -> None:
    key = make_share_key(live, short_id, now=NOW)
    paths = [f"/badges/{short_id}{suffix}" for suffix in ("", "/mi", ".json", ".png", ".svg", ".pdf", "/card.png")]
    paths += [f"/s/{key}", f"/s/{key}.json", "/", "/mi", "/issuer", "/.well-known/did.json", "/.well-known/jwks.json"]
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        for secret in (EMAIL, NSN, "learner.example"):
            assert secret.encode() not in answer.data, path
            assert secret not in str(answer.headers), path


def test_the_same_address_needs_no_cookie_and_sets_none(client: FlaskClient, short_id: str) -> None:
    assert "Set-Cookie" not in client.get(f"/badges/{short_id}").headers


def test_an_instance_below_a_path_serves_and_publishes_the_same(tmp_path: Path) -> None:
    folder = make_instance(tmp_path / "instance", base_url="https://www.totara-training.example/tohu")
    app = make_site(folder)
    try:
        live = site_of(app).instance
        made = only_id(issue(live, Completions(rows=(Completion(line=2),))))
        signed_lists(live, now=NOW)
        site = tmp_path / "site"
        publish(live, site, publisher=publisher_of(live), now=NOW)
        client = app.test_client()
        for path in site.rglob("*"):
            name = path.relative_to(site).as_posix()
            if path.is_file() and name != "_headers":
                assert _ANSWERED.sub(b"", client.get(f"/tohu/{name}").data) == path.read_bytes(), name
        assert client.get("/tohu/did.json").mimetype == "application/did+json"
        page = client.get(f"/tohu/badges/{made}").get_data(as_text=True)
        assert 'href="../assets/badge.css"' in page
        assert client.get(f"/badges/{made}").status_code == 404
    finally:
        site_of(app).close()


def test_a_hidden_badge_answers_in_the_language_that_the_address_asks_for(
    live: Instance, client: FlaskClient, short_id: str
) -> None:
    hide(live, short_id)
    page = client.get(f"/badges/{short_id}?lang=mi", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert '<html lang="mi">' in page.get_data(as_text=True)
    assert "Kāore te ākonga i whakaputa" in page.get_data(as_text=True)
