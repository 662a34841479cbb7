"""A learner at their claim link: what they read, choose and take along; and strangers, who get nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from issuer.instance import Instance
from issuer.learner.claims import claim_token
from issuer.staff.choices import load_choices, save_choices
from issuer.status import revoke
from issuer.store import claims_rows
from issuer.store.claims_rows import RequestKind, StoredClaim, Visibility
from issuer.store.service_tables import claims as claims_table
from issuer.store.service_tables import outbox
from issuer.store.tables import audit_log
from tests.issuer.provider import NOW, Completion, Completions, issue, only_id, stored_documents
from tests.issuer.web.conftest import make_site, site_of

EMAIL = "mere@learner.example"
NSN = "123456789"
NAME = "Mere Awhina"
CHOICES = {"visibility": "link", "name_display": "full", "spelling": NAME}


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(instance_folder: Path, clock: Clock) -> Iterator[Flask]:
    made = make_site(instance_folder, clock=clock)
    yield made
    site_of(made).close()


@pytest.fixture
def live(app: Flask) -> Instance:
    return site_of(app).instance


@pytest.fixture
def short_id(live: Instance) -> str:
    row = Completion(line=2, learner_name=NAME, preferred_name="Mere", learner_email=EMAIL, nsn=NSN)
    return only_id(issue(live, Completions(rows=(row,))))


@pytest.fixture
def link(live: Instance, short_id: str) -> str:
    return f"/claim/{claim_token(live, short_id, serial=1)}"


@pytest.fixture
def claimed(client: FlaskClient, link: str) -> str:
    assert client.post(link, data=CHOICES).status_code == 303
    return link


def claim_of(live: Instance, short_id: str) -> StoredClaim:
    with live.store.reading() as connection:
        found = claims_rows.load_claim(connection, short_id)
    assert found is not None
    return found


def text_of(client: FlaskClient, path: str, **options: object) -> str:
    return client.get(path, **options).get_data(as_text=True)


def count(live: Instance, table: sa.Table) -> int:
    with live.store.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_opening_the_link_changes_nothing_however_often_a_scanner_does(
    live: Instance, client: FlaskClient, short_id: str, link: str
) -> None:
    before, entries = claim_of(live, short_id), count(live, audit_log)
    for path in (link, f"{link}/badges", f"{link}/linkedin", f"{link}/certificate.pdf", f"{link}/picture.svg"):
        client.get(path)
        client.head(path)
    assert claim_of(live, short_id) == before
    assert count(live, audit_log) == entries


def test_the_page_says_who_holds_what_and_what_each_choice_means(client: FlaskClient, link: str) -> None:
    html = text_of(client, link)
    for words in (
        "Native Seed Collection",
        "What Tōtara Training (demonstration) holds about you, and why",
        "Privacy Act 2020",
        "Nobody: keep it private",
        "Anyone who has the link",
        "Everyone: publish it",
        "The name you go by: Mere",
        "No name",
    ):
        assert words in html, words
    assert 'value="private" checked' not in html  # nobody chooses for the learner
    assert html.count("<h1") == 1


def test_the_page_says_that_nothing_is_published_only_where_that_is_so(
    client: FlaskClient, instance: Instance, link: str
) -> None:
    nothing, seen = "Nothing is published until you take it.", "Its page can be seen already"
    for visibility, told, untold in (("private", nothing, seen), ("link", seen, nothing), ("public", seen, nothing)):
        with instance.store.writing() as connection:
            connection.execute(sa.update(claims_table).values(visibility=visibility))
        page = client.get(link).get_data(as_text=True)
        assert told in page
        assert untold not in page


def test_a_learner_claims_and_a_double_click_claims_once(
    live: Instance, client: FlaskClient, short_id: str, link: str
) -> None:
    first = client.post(link, data=CHOICES)
    entries = count(live, audit_log)
    second = client.post(link, data=CHOICES | {"visibility": "public"})
    assert (first.status_code, second.status_code) == (303, 303)
    assert claim_of(live, short_id).visibility is Visibility.LINK
    assert count(live, audit_log) == entries
    page = text_of(client, first.headers["Location"])
    assert "The badge is yours." in page
    assert f"/badges/{short_id}" in page


def test_without_a_choice_nothing_is_taken_and_the_form_says_what_is_missing(
    live: Instance, client: FlaskClient, short_id: str, link: str
) -> None:
    answer = client.post(link, data=CHOICES | {"visibility": ""})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'href="#visibility"' in html
    assert "<title>Error:" in html
    assert claim_of(live, short_id).claimed_at is None


def test_a_macron_is_mended_while_claiming_and_other_letters_become_a_request(
    live: Instance, client: FlaskClient, short_id: str, link: str, clock: Clock
) -> None:
    clock.now += timedelta(minutes=1)
    client.post(link, data=CHOICES | {"spelling": "Mere Āwhina"})
    (document,) = stored_documents(live)
    assert "Mere Āwhina" in str(document["credentialSubject"])
    answer = client.post(f"{link}/name", data={"name_display": "full", "spelling": "Mere Smith"})
    assert "done=name-asked" in answer.headers["Location"]
    with live.store.reading() as connection:
        (row,) = claims_rows.load_requests(connection, short_id=short_id)
    assert (row.kind, row.words) == (RequestKind.NAME, "Mere Smith")
    assert "Smith" not in str(stored_documents(live))


def test_the_name_can_be_taken_off_later(
    live: Instance, client: FlaskClient, short_id: str, claimed: str, clock: Clock
) -> None:
    clock.now += timedelta(minutes=1)
    client.post(f"{claimed}/name", data={"name_display": "none", "spelling": NAME})
    (document,) = stored_documents(live)
    assert NAME not in str(document)
    assert NAME not in text_of(client, f"/badges/{short_id}")


def test_hiding_the_page_hides_it_at_once_and_the_printed_code_still_opens_it(
    client: FlaskClient, short_id: str, claimed: str
) -> None:
    own = text_of(client, claimed)
    code = re.search(r"/s/([0-9a-z]{16})", own)
    assert code is not None
    assert client.get(f"/badges/{short_id}").status_code == 200
    client.post(f"{claimed}/visibility", data={"visibility": "private"})
    assert client.get(f"/badges/{short_id}").status_code == 404
    assert client.get(f"/s/{code[1]}").status_code == 200
    client.post(f"{claimed}/certificate-key", data={"do": "withdraw"})
    assert client.get(f"/s/{code[1]}").status_code == 404
    client.post(f"{claimed}/certificate-key", data={"do": "make"})
    assert code[1] not in text_of(client, claimed)
    assert re.search(r"/s/[0-9a-z]{16}", text_of(client, claimed))


def test_linkedin_opens_filled_in_or_warns_when_nobody_could_see_the_page(
    client: FlaskClient, short_id: str, claimed: str
) -> None:
    location = client.get(f"{claimed}/linkedin").headers["Location"]
    assert location.startswith("https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME&name=Native%20Seed")
    assert f"certUrl=http%3A%2F%2Flocalhost%2Fbadges%2F{short_id}" in location
    assert "issueYear=2026&issueMonth=5" in location
    client.post(f"{claimed}/visibility", data={"visibility": "private"})
    warned = client.get(f"{claimed}/linkedin")
    assert warned.status_code == 200
    assert "LinkedIn needs a page that others can see" in warned.get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "media_type", "beginning"),
    [
        ("badge.json", "application/vc+ld+json", b"{"),
        ("badge.png", "image/png", b"\x89PNG"),
        ("badge.svg", "image/svg+xml", b"<"),
        ("certificate.pdf", "application/pdf", b"%PDF"),
    ],
)
def test_downloads_come_as_files_whose_names_tell_nobody(
    client: FlaskClient, claimed: str, name: str, media_type: str, beginning: bytes
) -> None:
    answer = client.get(f"{claimed}/{name}")
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    assert answer.data.startswith(beginning)
    stem, _, ending = name.rpartition(".")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{stem}-9876.{ending}"'
    for secret in (EMAIL, NSN):
        assert secret.encode() not in answer.data


def test_before_claiming_there_is_nothing_to_download(client: FlaskClient, link: str) -> None:
    assert client.get(f"{link}/badge.json").headers["Location"].endswith(link)


def test_the_snippet_is_shown_as_text_that_cannot_run(client: FlaskClient, claimed: str) -> None:
    html = text_of(client, claimed)
    assert "&lt;a href=&#34;http://localhost/badges/" in html


def test_a_request_reaches_the_provider_once_and_a_student_number_is_refused(
    live: Instance, client: FlaskClient, short_id: str, claimed: str
) -> None:
    refused = client.post(f"{claimed}/request", data={"kind": "correction", "words": f"my number is {NSN}"})
    assert refused.status_code == 422
    assert "National Student Number" in refused.get_data(as_text=True)
    for _ in range(2):
        assert client.post(f"{claimed}/request", data={"kind": "withdrawal", "words": "Please"}).status_code == 303
    with live.store.reading() as connection:
        (row,) = claims_rows.load_requests(connection)
    assert row.kind is RequestKind.WITHDRAWAL


def test_a_link_to_nzqa_is_shown_on_the_page_and_no_other_link_is(
    client: FlaskClient, short_id: str, claimed: str
) -> None:
    refused = client.post(f"{claimed}/nzroa", data={"nzroa_link": "https://evil.example/"})
    assert refused.status_code == 422
    client.post(f"{claimed}/nzroa", data={"nzroa_link": "https://secure.nzqa.govt.nz/share/abc"})
    html = text_of(client, f"/badges/{short_id}")
    assert "https://secure.nzqa.govt.nz/share/abc" in html
    assert "evil.example" not in html


def test_a_withdrawn_badge_is_told_to_its_learner_and_offered_nowhere(
    live: Instance, client: FlaskClient, short_id: str, claimed: str
) -> None:
    revoke(live, short_id, now=NOW, actor="test")
    html = text_of(client, claimed)
    assert "has withdrawn this badge." in html
    assert "Add to LinkedIn" not in html


def test_a_guessed_link_is_a_page_that_a_person_understands(client: FlaskClient, link: str) -> None:
    answer = client.get(f"/claim/{'a' * 26}")
    assert answer.status_code == 404
    assert "This link opens nothing" in answer.get_data(as_text=True)
    assert client.post(f"/claim/{'a' * 26}", data=CHOICES).status_code == 404


def test_guessing_is_slowed_and_a_real_link_opens_all_the_same(client: FlaskClient, link: str) -> None:
    answers = {client.get(f"/claim/{'a' * 20}{number:06d}").status_code for number in range(30)}
    assert answers == {404, 429}
    assert client.get(link).status_code == 200


def test_a_link_that_ran_out_offers_a_new_one_by_mail(
    live: Instance, client: FlaskClient, short_id: str, link: str, clock: Clock
) -> None:
    clock.now = claim_of(live, short_id).link_expires_at + timedelta(days=1)
    old = client.get(link)
    assert old.status_code == 410
    assert "Send me a new link" in old.get_data(as_text=True)
    assert client.post(link, data=CHOICES).status_code == 410
    answers = [client.post(f"{link}/new-link") for _ in range(2)]
    assert {(one.status_code, one.headers["Location"]) for one in answers} == {(303, "/my/sent")}
    assert count(live, outbox) == 1
    assert client.get(link).status_code == 404
    assert client.get(f"/claim/{claim_token(live, short_id, serial=2)}").status_code == 200


def test_known_and_unknown_addresses_are_answered_alike(live: Instance, client: FlaskClient, short_id: str) -> None:
    answers = [client.post("/my", data={"email": email}) for email in (EMAIL, "nobody@learner.example", "nothing", "")]
    assert {(one.status_code, one.headers["Location"], one.data) for one in answers} == {
        (303, "/my/sent", answers[0].data)
    }
    assert count(live, outbox) == 1


def test_all_badges_of_a_person_are_reached_from_one_of_them(live: Instance, client: FlaskClient, link: str) -> None:
    second = Completion(line=2, learner_name="MERE ĀWHINA", learner_email=EMAIL, row_key="second")
    other = Completion(line=3, learner_name="Wiremu Kōtare", learner_email="wiremu@learner.example")
    issue(live, Completions(rows=(second, other)))
    html = text_of(client, f"{link}/badges")
    links = re.findall(r'<a href="(/claim/[a-z2-7]{26})"', html)
    assert len(set(links)) == 2
    assert all(client.get(one).status_code == 200 for one in links)


def test_the_page_speaks_the_learners_language_unless_they_chose_another(live: Instance, client: FlaskClient) -> None:
    row = Completion(line=2, learner_name="Hana Rāwiri", language="mi")
    made = only_id(issue(live, Completions(rows=(row,))))
    link = f"/claim/{claim_token(live, made, serial=1)}"
    assert '<html lang="mi">' in text_of(client, link)
    assert "Tīkina taku tohu" in text_of(client, link)
    assert "Take my badge" in text_of(client, f"{link}?lang=en")


@pytest.mark.parametrize("path", ["", "/badges", "/badge.json", "/linkedin"])
def test_the_address_is_kept_from_everybody_else(client: FlaskClient, claimed: str, path: str) -> None:
    headers = client.get(claimed + path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Set-Cookie" not in headers


def test_no_page_tells_an_address_a_number_or_loads_from_elsewhere(client: FlaskClient, claimed: str) -> None:
    for path in (claimed, f"{claimed}/badges", f"{claimed}/picture.svg", "/my", "/my/sent"):
        html = text_of(client, path)
        assert EMAIL not in html
        assert NSN not in html
        assert not re.findall(r'(?:src|<link[^>]*href)="https?://', html)
        assert " style=" not in html or path.endswith(".svg")


def test_no_log_line_tells_a_link_or_a_name(
    client: FlaskClient, claimed: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.get(claimed)
    client.post(f"{claimed}/request", data={"words": "hello"})
    for secret in (claimed.rpartition("/")[2], NAME, EMAIL):
        assert secret not in caplog.text


def test_whom_to_ask_stands_where_a_link_does_not_open(
    live: Instance, client: FlaskClient, short_id: str, link: str, clock: Clock
) -> None:
    with live.store.writing() as connection:
        wanted = replace(load_choices(connection), contact_name="Aroha Hēnare", contact_email="badges@provider.example")
        save_choices(live, connection, wanted, actor="test", now=NOW)
    clock.now = claim_of(live, short_id).link_expires_at + timedelta(days=1)
    for path in (link, f"/claim/{'a' * 26}", "/my/sent"):
        page = client.get(path).get_data(as_text=True)
        assert "Whom to ask: Aroha Hēnare at" in page
        assert 'href="mailto:badges@provider.example"' in page
