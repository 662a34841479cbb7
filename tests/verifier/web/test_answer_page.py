"""The answer page: the state first, three answers apart, what it rests on, what it does not prove; in both languages."""

from __future__ import annotations

import base64
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

import verifier.web
from tests.scenes import SCENES
from tests.simulator import TITLE
from tests.verifier.web.conftest import Visitor, visit
from verifier.web.view import host_of
from verifier.wording_states import HEADINGS, KINDS, VERDICTS, State

STYLE = Path(verifier.web.__file__).parent / "static" / "verifier.css"
MAX_PAGE_BYTES = 60_000
HIDDEN = [name for name, (_, state, _) in SCENES.items() if state in {"altered", "malformed"}]


def plain(page: str) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


# --- every state, in every language ------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["en", "mi"])
@pytest.mark.parametrize("name", SCENES)
def test_a_page_says_its_state_in_words_first_and_then_three_answers(name: str, language: str) -> None:
    state = State(SCENES[name][1])
    page = visit(name).page(language=language)
    heading = HEADINGS[state].mi if language == "mi" else HEADINGS[state].en
    said = plain(page)
    assert heading.partition("{day}")[0] in said
    assert f'<div class="state {KINDS[state]}" role="status">' in page
    questions = ("He tūturu?", "E mana ana?", "I whai mana te") if language == "mi" else ("Is it genuine?", "Is it in force?", "Was it accredited?")  # fmt: skip
    places = [said.index(heading.partition("{day}")[0]), *(said.index(question) for question in questions)]
    assert places == sorted(places)


@pytest.mark.parametrize("language", ["en", "mi"])
@pytest.mark.parametrize("name", SCENES)
def test_a_page_is_one_language_one_outline_and_small(name: str, language: str) -> None:
    page = visit(name).page(language=language)
    assert f'<html lang="{"mi" if language == "mi" else "en-NZ"}">' in page
    levels = [int(level) for level in re.findall("<h([1-6])", page)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.encode()) + STYLE.stat().st_size < MAX_PAGE_BYTES
    assert "<script" not in page
    assert "style=" not in page


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("language", ["en", "mi"])
def test_after_a_bad_signature_no_claim_is_shown(name: str, language: str) -> None:
    page = visit(name).page(language=language)
    for claim in ("Brain surgery", TITLE, "Mere Āwhina", "Tōtara"):
        assert claim not in plain(page)
    assert "What it says" not in page


@pytest.mark.parametrize("name", [name for name, (_, state, _) in SCENES.items() if KINDS[State(state)] == "unknown"])
def test_what_could_not_be_checked_is_grey_and_not_called_false(name: str) -> None:
    said = plain(visit(name).page())
    assert "does not mean" in said
    assert "Do not rely on" not in said


@pytest.mark.parametrize("name", [name for name, (_, state, _) in SCENES.items() if state in {"not-checked", "current-open"}])  # fmt: skip
def test_what_could_not_be_checked_says_which_check_and_offers_another_try(name: str) -> None:
    visitor = visit(name)
    page = visitor.page()
    assert "Could not check" in page
    if visitor.scene.url:
        assert "Try again" in page


def test_only_the_good_state_is_green() -> None:
    assert [state for state, kind in KINDS.items() if kind == "good"] == [State.GOOD]
    assert VERDICTS[next(key for key in VERDICTS if key[1] == "no-claim")][1] == "none"


# --- what it rests on ---------------------------------------------------------------------------------------------
def test_the_provider_is_the_registers_and_the_register_is_named_dated_and_not_nzqa(visitor: Visitor) -> None:
    said = plain(visitor.page())
    assert "Provider, by the register Tōtara Training (demonstration)" in said
    assert "Provider number, by the register 9901" in said
    assert (
        "By the register of Demonstration Register Office, edition 1, as at 15 November 2026. That is not NZQA." in said
    )


def test_a_name_that_only_the_badge_gives_is_called_a_claim() -> None:
    said = plain(visit("stranger").page())
    assert "Issuer, by its own word Tōtara Training (demonstration) (not in the register)" in said
    assert "Provider, by the register" not in said


def test_each_check_stands_under_its_question_with_source_and_date(visitor: Visitor) -> None:
    said = plain(visitor.page())
    assert "List https://badges.totara-training.example/status/1" in said
    assert "List dated 11:00, 22 November 2026 (NZDT)" in said
    assert "Key taken from the register, edition 1" in said
    assert "Compared with Open Badges 3.0 strict JSON Schema" in said


def test_the_page_says_what_it_does_not_prove(visitor: Visitor) -> None:
    said = plain(visitor.page())
    for sentence in (
        "the person in front of you",
        "a licence or a qualification",
        "credit will be given for it elsewhere",
    ):
        assert sentence in said


def test_the_domain_the_link_pointed_to_is_shown_and_other_verifiers_are_offered_as_text(visitor: Visitor) -> None:
    page = visitor.page()
    assert "The link pointed to badges.totara-training.example" in plain(page)
    assert "They are not ours" in page
    assert 'href="https://' not in page


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("https://badges.example/b/1", ("badges.example", None), id="a plain host"),
        pytest.param("https://tōtara.example/b", ("tōtara.example", "xn--ttara-g9a.example"), id="a macron"),
        pytest.param("https://xn--ttara-g9a.example/b", ("tōtara.example", "xn--ttara-g9a.example"), id="a macron in ASCII"),
        pytest.param("https://nzqa.govt.nz@evil.example/b", ("evil.example", None), id="a user name in front"),
        pytest.param("http://127.0.0.1:8801/b", ("127.0.0.1:8801", None), id="a port"),
    ],
)  # fmt: skip
def test_a_host_is_shown_as_written_and_in_ascii_where_that_differs(url: str, host: tuple[str, str | None]) -> None:
    assert host_of(url) == host


def test_the_page_says_when_it_was_checked_and_by_whose_server(visitor: Visitor) -> None:
    assert "Checked at 16:00, 22 November 2026 (NZDT), by the verifier at localhost" in plain(visitor.page())


def test_the_digests_that_reproduce_the_report_stand_on_the_page(visitor: Visitor) -> None:
    page = visitor.page()
    report = visitor.client.get("/verify", query_string={"badge": visitor.scene.url, "format": "json"}).json
    assert report["report_sha256"] in page
    assert report["register"]["sha256"] in page
    assert report["checks"][0]["evidence"]["sha256"] in page
    assert "--at 2026-11-22T03:00:00Z" in page


def test_the_printable_report_has_everything_open(visitor: Visitor) -> None:
    assert "<details open" not in visitor.page()
    printed = visitor.page(print="1")
    assert printed.count("<details open") == printed.count("<details") == 2


def test_a_replaced_copy_leads_to_the_newer_one() -> None:
    page = visit("replaced").page()
    assert "Check the newer version" in page
    assert "Check the newer version" not in visit("good").page()


# --- language ------------------------------------------------------------------------------------------------------
def test_the_language_is_in_the_address_and_needs_no_cookie(visitor: Visitor) -> None:
    page = visitor.page(language="mi")
    assert "lang=en" in page
    assert 'lang="en-NZ">English</a>' in page
    assert "Arowhai anō" in page
    assert "&amp;lang=mi" in page


def test_an_answer_about_an_upload_changes_its_language_by_a_form_that_carries_the_badge() -> None:
    visitor = visit("good-certificate")
    page = visitor.page()
    packed = re.search(r'name="packed" value="([^"]+)"', page)
    assert packed is not None
    assert base64.b64decode(packed[1]).startswith(b'{"@context"')
    again = visitor.client.post("/verify", data={"packed": packed[1], "lang": "mi"}).get_data(as_text=True)
    assert HEADINGS[State.GOOD].mi in again


def test_a_forged_badge_can_be_asked_about_again_without_its_claims_standing_in_the_page() -> None:
    page = visit("altered").page()
    assert 'name="packed"' in page
    assert "Brain surgery" not in page


def test_every_sentence_of_a_report_has_te_reo_and_the_page_says_it_is_a_draft(visitor: Visitor) -> None:
    said = plain(visitor.page(language="mi"))
    assert "Kāore tētahi i tautoko i tēnei tohu" in said
    assert "tae noa ki te 7 Haratua 2031" in said
    assert "He tauira noa te reo Māori" in said


@pytest.mark.parametrize("language", ["xx", "", "en-NZ"])
def test_another_language_is_english(visitor: Visitor, language: str) -> None:
    assert HEADINGS[State.GOOD].en in visitor.page(language=language)


# --- whose badge --------------------------------------------------------------------------------------------------
def test_only_a_badge_with_a_hidden_identifier_offers_to_compare_an_address() -> None:
    assert 'type="email"' in visit("good-hidden-recipient").page()
    assert 'type="email"' not in visit("good").page()


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        pytest.param("mere@learner.example", "was issued to the address", id="hers"),
        pytest.param("Mere@Learner.example", "was issued to the address", id="hers in capitals"),
        pytest.param("another@learner.example", "was not issued to the address", id="another's"),
    ],
)
def test_an_address_is_compared_and_stands_nowhere_in_the_answer(address: str, answer: str) -> None:
    visitor = visit("good-hidden-recipient")
    page = visitor.client.post("/verify", data={"text": visitor.scene.url, "recipient": address}).get_data(as_text=True)
    assert answer in plain(page)
    assert address.lower() not in page.lower()


def test_an_address_in_the_query_is_not_read() -> None:
    visitor = visit("good-hidden-recipient")
    report = visitor.client.get(
        "/verify", query_string={"badge": visitor.scene.url, "recipient": "mere@learner.example", "format": "json"}
    ).json
    assert next(check for check in report["checks"] if check["id"] == "recipient")["reason"] == "not-asked"
