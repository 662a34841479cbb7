"""The public pages as a person meets them: what matters most comes first, and nothing a learner wrote runs."""

from __future__ import annotations

import re

import pytest

from issuer.instance import Instance
from issuer.pages import BadgePage, Publisher, badge_html, index_html, stylesheet
from tests.issuer.provider import NOW, Completion, Completions, issue, only_id, stored_documents


def publisher(instance: Instance) -> Publisher:
    config = instance.config
    return Publisher(
        name=config.name,
        provider_number=config.provider,
        did=config.did,
        base_url=config.base_url,
        demonstration=True,
        visibility="public",
    )


def page_of(instance: Instance, *, state: str = "current", **facts: object) -> str:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2, **facts),))))  # type: ignore[arg-type]  # facts are Completion's own
    (document,) = stored_documents(instance)
    return badge_html(
        BadgePage(short_id=short_id, document=document, state=state, corrected=False), publisher(instance)
    )


@pytest.mark.parametrize(("state", "word"), [("revoked", "Withdrawn"), ("suspended", "On hold")])
def test_a_badge_out_of_force_says_so_before_its_picture_and_in_its_title(
    instance: Instance, state: str, word: str
) -> None:
    html = page_of(instance, state=state)
    body = html[html.index("<main>") :]
    assert body.index(word) < body.index("<img") < body.index("<h1")
    assert html.count(f"{word}: ") == 2  # the title of the page, and of a link to it in a chat
    assert "Not withdrawn when" not in html


def test_a_badge_in_force_claims_no_more_than_the_page_knows(instance: Instance) -> None:
    html = page_of(instance)
    assert "Not withdrawn when this page was last published" in html
    assert "Withdrawn" not in html


@pytest.mark.parametrize(
    ("description", "shown"),
    [
        pytest.param("collect seed and sow it", False, id="the list over again as one sentence"),
        pytest.param("For those who look after a forest.", True, id="something else"),
        pytest.param("Collect seed, sow it, and sell it", True, id="more than the list"),
    ],
)
def test_a_description_that_only_says_the_outcomes_again_is_left_out(
    instance: Instance, description: str, shown: bool
) -> None:
    only_id(issue(instance, Completions(rows=(Completion(line=2),))))
    (document,) = stored_documents(instance)
    achievement = document["credentialSubject"]["achievement"]
    achievement["description"] = f"{description}\n\nIt is not a qualification."
    achievement["criteria"] = {"narrative": "Met all of it.\n\n1. Collect seed.\n2. Sow it"}
    page = BadgePage(short_id="a", document=document, state="current", corrected=False)
    html = badge_html(page, publisher(instance))
    assert (description in html) is shown
    assert "It is not a qualification." in html
    assert "Collect seed." in html


def test_a_name_that_is_markup_stays_text(instance: Instance) -> None:
    html = page_of(instance, learner_name="<script>alert(1)</script>")
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_everything_stands_inside_a_landmark(instance: Instance) -> None:
    html = index_html(publisher(instance), achievements=(("5301", "Te Waha Ohaoha", 2),), badges=(), as_at=NOW)
    body = re.sub(r"\s+", " ", html[html.index("<body>") :])
    outside = re.sub(r"<(aside|header|main|footer)\b.*?</\1>", "", body)
    assert re.fullmatch(r"<body> </body> </html>", re.sub(r" +", " ", outside).strip())


def test_a_reference_is_never_broken_over_two_lines(instance: Instance) -> None:
    html = index_html(publisher(instance), achievements=(("128482-1", "Geotextiles", 2),), badges=(), as_at=NOW)
    assert '<td class="reference">128482-1</td>' in html
    assert ".reference { white-space: nowrap; }" in stylesheet().decode()


def test_a_page_for_those_with_the_link_is_not_listed_in_public(instance: Instance) -> None:
    short_id = only_id(issue(instance, Completions(rows=(Completion(line=2, learner_name="Māia Rēweti"),))))
    (document,) = stored_documents(instance)

    def front(visibility: str | None) -> str:
        page = BadgePage(short_id=short_id, document=document, state="current", corrected=False, visibility=visibility)
        return index_html(publisher(instance), achievements=(), badges=(page,), as_at=NOW)

    assert "Māia Rēweti" in front(None)
    assert "Māia Rēweti" in front("public")
    assert "Māia Rēweti" not in front("link")
    assert short_id not in front("link")
