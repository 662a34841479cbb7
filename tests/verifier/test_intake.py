"""Whatever is handed over becomes a subject: a bad badge is a result, never an exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from schemas import vocabulary as v
from schemas.baking import bake_png, bake_svg
from schemas.errors import Unreachable
from schemas.jsontext import write_json
from schemas.limits import DOCUMENT, MAX_IMAGE_BYTES
from tests.simulator import Simulator
from verifier.intake import Kind, Subject, fetch_badge, intake_bytes, unreachable_subject
from verifier.report import GenuineVerdict

IMAGES = Path(__file__).parent.parent / "vectors" / "images"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4" cx="4" cy="4"/></svg>'


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture(scope="module")
def png(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("art") / "art.png"
    Image.new("RGB", (9, 9), "green").save(path)
    return path.read_bytes()


# --- what can be read -----------------------------------------------------------------------------------------------
def test_json_and_jws_are_told_by_what_they_hold(simulator: Simulator) -> None:
    badge = simulator.good_badge()
    text = simulator.sign_text(simulator.badge())
    for data, kind in (
        (write_json(badge), Kind.JSON),
        (b"\n\t " + write_json(badge, indent=2) + b"\r\n", Kind.JSON),
        (text.encode(), Kind.JWS),
        (text.encode() + b"\n", Kind.JWS),
    ):
        subject = intake_bytes(data, name="badge.txt")
        assert (subject.kind, subject.fault) == (kind, None)
        assert simulator.check(subject).genuine.verdict is GenuineVerdict.VALID


def test_a_baked_picture_gives_the_very_text_that_was_signed(simulator: Simulator, png: bytes) -> None:
    json_text = write_json(simulator.good_badge()).decode()
    jws_text = simulator.sign_text(simulator.badge())
    for text in (json_text, jws_text):
        for data, kind in ((bake_png(png, text), Kind.PNG), (bake_svg(SVG, text), Kind.SVG)):
            subject = intake_bytes(data, name="badge")
            assert (subject.kind, subject.text) == (kind, text)
            assert simulator.check(subject).genuine.verdict is GenuineVerdict.VALID


# --- what cannot ----------------------------------------------------------------------------------------------------
def _deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


REFUSED: list[object] = [
    pytest.param(b"", "failed", "empty", id="nothing"),
    pytest.param(b" \r\n\t", "failed", "empty", id="white space"),
    pytest.param(b"Kia ora", "failed", "not-a-badge", id="a greeting"),
    pytest.param(b"[]", "failed", "not-a-badge", id="a list"),
    pytest.param(b"null", "failed", "not-a-badge", id="null"),
    pytest.param(b"<!doctype html><title>Badge</title>", "failed", "web-page", id="a web page"),
    pytest.param(b"<!-- saved --><HTML><body>", "failed", "web-page", id="an old web page"),
    pytest.param(b"%PDF-1.7\n", "unknown", "pdf-not-read", id="a PDF"),
    pytest.param(b"\xff\xd8\xff\xe0", "failed", "not-a-badge", id="a JPEG"),
    pytest.param(b"RIFF\0\0\0\0WEBP", "failed", "not-a-badge", id="a WebP"),
    pytest.param(b"PK\x03\x04", "failed", "not-a-badge", id="a ZIP file"),
    pytest.param(b"\xef\xbb\xbf{}", "failed", "json-malformed", id="a byte order mark"),
    pytest.param('{"id":"ā"}'.encode("utf-16"), "failed", "json-malformed", id="UTF-16"),
    pytest.param('{"name":"Mārama"}'.encode("latin-1", "replace") + b"\xe9", "failed", "json-malformed", id="no UTF-8"),
    pytest.param(b'{"a":1,"a":2}', "failed", "json-malformed", id="a member twice"),
    pytest.param(b'{"a":NaN}', "failed", "json-malformed", id="NaN"),
    pytest.param(b'{"a":1e400}', "failed", "json-malformed", id="a number beyond every double"),
    pytest.param(b'{"a":"\\ud800"}', "failed", "json-malformed", id="a lone surrogate"),
    pytest.param(b'{"a":1', "failed", "json-malformed", id="cut short"),
    pytest.param(b"{}{}", "failed", "json-malformed", id="two objects"),
    pytest.param(b'{"a":1}//', "failed", "json-malformed", id="a comment"),
    pytest.param(_deep(DOCUMENT.max_depth + 1), "failed", "too-large", id="one too deep"),
    pytest.param(b"{" + b'"a":[' + b"1," * DOCUMENT.max_values + b"1]}", "failed", "too-large", id="too many values"),
    pytest.param(b'{"a":"' + b"a" * DOCUMENT.max_bytes + b'"}', "failed", "too-large", id="too long"),
    pytest.param(b"..", "failed", "jws-malformed", id="an empty JWS"),
    pytest.param(b"e30.e30.", "failed", "jws-malformed", id="a JWS without a signature"),
    pytest.param(b"eyJhbGciOiJub25lIn0.e30.AA", "failed", "jws-malformed", id="a JWS of algorithm none"),
    pytest.param(b"eyJhbGciOiJIUzI1NiJ9.e30.AA", "failed", "jws-malformed", id="a JWS with a shared secret"),
    pytest.param(b"eyJhbGciOiJFUzI1NiIsImNyaXQiOltdfQ.e30.AA", "failed", "jws-malformed", id="a JWS with crit"),
    pytest.param(b"e30.e30.e30.e30.e30", "failed", "not-a-badge", id="an encrypted JWE"),
    pytest.param(SVG, "failed", "no-badge", id="an SVG without a badge"),
    pytest.param(b"\x89PNG\r\n\x1a\n", "failed", "baking", id="a PNG that ends at once"),
    pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * MAX_IMAGE_BYTES, "failed", "too-large", id="a picture over the limit"),
]


@pytest.mark.parametrize(("data", "outcome", "reason"), REFUSED)
def test_what_cannot_be_read_has_its_own_reason(simulator: Simulator, data: bytes, outcome: str, reason: str) -> None:
    report = simulator.check(data)
    intake = report.check("intake")
    assert (intake.outcome.value, intake.reason) == (outcome, reason)
    assert report.genuine.verdict == {"failed": "invalid", "unknown": "unconfirmed"}[outcome]
    assert report.to_json()["badge"] is None
    assert intake.sentence.endswith(".")


def test_a_picture_without_a_badge_says_what_to_do(simulator: Simulator, png: bytes) -> None:
    report = simulator.check(png)
    assert report.check("intake").reason == "no-badge"
    assert "This picture carries no badge; use the link" in report.genuine.sentence


@pytest.mark.parametrize("path", sorted(IMAGES.glob("*.[ps][nv]g")), ids=lambda path: path.name)
def test_only_the_good_pictures_are_read(path: Path) -> None:
    subject = intake_bytes(path.read_bytes(), name=path.name)
    if not path.name.startswith("good"):
        assert subject.document is None or "artwork" in path.name
        assert subject.fault is not None


@given(st.binary(max_size=400))
def test_no_bytes_at_all_make_intake_raise(data: bytes) -> None:
    subject = intake_bytes(data, name="noise")
    assert (subject.document is None) == (subject.fault is not None)


@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers(), lambda leaf: st.lists(leaf) | st.dictionaries(st.sampled_from(["@context", "id", "type", "issuer", "proof", "credentialSubject", "credentialStatus", "@id", "x"]), leaf), max_leaves=12))  # fmt: skip
def test_no_json_at_all_is_believed_or_breaks_a_check(value: object) -> None:
    report = Simulator().check(json.dumps(value).encode())
    assert report.genuine.verdict is not GenuineVerdict.VALID
    assert "internal-fault" not in {check.reason for check in report.checks}


# --- from an address -----------------------------------------------------------------------------------------------
ADDRESS = "https://badges.totara-training.example/badges/abc"


@pytest.fixture
def page() -> Callable[[bytes], Simulator]:
    def make(head: bytes) -> Simulator:
        simulator = Simulator()
        simulator.web.put(ADDRESS, b"<!doctype html><head>" + head + b"</head>", "text/html; charset=utf-8")
        simulator.web.put(ADDRESS + ".json", simulator.good_badge(), v.VC_LD_JSON)
        return simulator

    return make


def test_the_address_of_a_page_leads_to_the_badge(page: Callable[[bytes], Simulator]) -> None:
    simulator = page(b"")
    found = fetch_badge(ADDRESS, fetch=simulator.web)
    assert intake_bytes(found.body, name=ADDRESS).kind is Kind.JSON


def test_a_page_that_leads_nowhere_is_a_web_page(page: Callable[[bytes], Simulator]) -> None:
    simulator = page(b'<link rel="alternate" type="application/vc+ld+json" href="http://[bad">')
    del simulator.web.pages[ADDRESS + ".json"]
    found = fetch_badge(ADDRESS, fetch=simulator.web)
    report = simulator.check(intake_bytes(found.body, name=ADDRESS))
    assert report.check("intake").reason == "web-page"


def test_an_address_that_does_not_answer_is_unknown_and_not_false(simulator: Simulator) -> None:
    subject: Subject = unreachable_subject(ADDRESS, Unreachable("It did not answer."))
    report = simulator.check(subject)
    assert (report.check("intake").outcome, report.check("intake").reason) == ("unknown", "unreachable")
    assert [answer.verdict for answer in (report.genuine, report.current, report.accredited)] == ["unconfirmed"] * 3
