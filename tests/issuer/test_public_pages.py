"""The published site: who sees what, in both languages, and what is taken out of it again."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from issuer.instance import Instance
from issuer.learner import claims
from issuer.learner.asking import change_nzroa_link
from issuer.pages.markdown import Block, BlockKind, parse_blocks
from issuer.publish import Published, publish, publisher_of
from issuer.sharing import make_share_key, withdraw_share_key
from issuer.store import nzroa_rows
from issuer.store.claims_rows import Visibility
from issuer.store.sitenotes import SiteNotes
from tests.issuer.provider import NOW, Completion, Completions, issue, only_id

EMAIL = "mere@learner.example"
NSN = "123456789"
NAME = "Mere Āwhina"
LIMIT = 100_000


@pytest.fixture
def short_id(instance: Instance) -> str:
    row = Completion(line=2, learner_name=NAME, learner_email=EMAIL, nsn=NSN)
    return only_id(issue(instance, Completions(rows=(row,))))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Where the site is published to; the instance lies elsewhere."""
    return tmp_path / "site"


def published(instance: Instance, folder: Path) -> Published:
    return publish(instance, folder, publisher=publisher_of(instance), now=NOW)


def files_of(folder: Path, word: str) -> set[str]:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if word in name}


def page_of(folder: Path, short_id: str, language: str = "") -> str:
    return (folder / "badges" / short_id / language / "index.html").read_text(encoding="utf-8")


def choose(instance: Instance, short_id: str, visibility: Visibility) -> None:
    claims.choose_visibility(instance, short_id, visibility, now=NOW)


def test_every_file_of_a_badge_is_there_in_both_languages(instance: Instance, short_id: str, site: Path) -> None:
    published(instance, site)
    stem = f"badges/{short_id}"
    assert files_of(site, short_id) == {
        *(stem + suffix for suffix in (".json", ".png", ".svg", ".qr.svg", "/card.png")),
        f"{stem}/index.html",
        f"{stem}/mi/index.html",
    }


@pytest.mark.parametrize(
    ("visibility", "is_named", "is_indexed"),
    [
        pytest.param(Visibility.LINK, False, False, id="with the link"),
        pytest.param(Visibility.PUBLIC, True, True, id="public"),
    ],
)
def test_previews_name_the_learner_and_search_engines_come_only_when_it_is_public(
    instance: Instance, short_id: str, site: Path, visibility: Visibility, is_named: bool, is_indexed: bool
) -> None:
    choose(instance, short_id, visibility)
    published(instance, site)
    html = page_of(site, short_id)
    head = html[: html.index("</head>")]
    assert (NAME in head) is is_named
    assert ('name="robots" content="noindex"' in head) is not is_indexed
    assert NAME in html


def test_a_link_to_the_page_is_shown_with_picture_title_and_language(
    instance: Instance, short_id: str, site: Path
) -> None:
    published(instance, site)
    url = instance.badge_url(short_id)
    for language, locale, own in (("", "en_NZ", url), ("mi", "mi_NZ", f"{url}/mi")):
        head = page_of(site, short_id, language)
        found = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', head))
        assert found["og:image"] == f"{url}/card.png"
        assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
        assert found["twitter:card"] == "summary_large_image"
        assert (found["og:locale"], found["og:url"]) == (locale, own)
        assert all(found[name] for name in ("og:title", "og:description", "og:image:alt", "og:site_name"))
        assert f'hreflang="mi" href="{url}/mi"' in head
        assert f'hreflang="en-NZ" href="{url}"' in head
        assert f'type="application/vc+ld+json" href="{url}.json"' in head


def test_the_page_speaks_te_reo_with_its_months_and_says_that_it_is_a_draft(
    instance: Instance, short_id: str, site: Path
) -> None:
    published(instance, site)
    html = page_of(site, short_id, "mi")
    assert '<html lang="mi">' in html
    assert "4 Haratua 2026" in html
    assert "He pūkenga-whāiti, ehara i te tohu mātauranga." in html
    assert "hukihuki" in html
    assert '<h1 lang="en-NZ">' in html
    assert '<html lang="en-NZ">' in page_of(site, short_id)


def test_every_link_of_a_page_leads_to_a_file_that_is_there(instance: Instance, short_id: str, site: Path) -> None:
    make_share_key(instance, short_id, now=NOW)
    published(instance, site)
    for page in site.rglob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")):
            if not link.startswith("https://"):
                assert (page.parent / link).resolve().is_file(), (page, link)


def test_a_page_is_small_and_loads_nothing_from_elsewhere(instance: Instance, short_id: str, site: Path) -> None:
    published(instance, site)
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert len(html) + len((site / "assets/badge.css").read_bytes()) < LIMIT
        assert "<script" not in html
        assert "style=" not in html
        assert not re.findall(r'(?:src|rel="stylesheet" href)="(?:https?:)?//', html)


def test_a_private_badge_has_no_file_and_no_trace(instance: Instance, short_id: str, site: Path) -> None:
    choose(instance, short_id, Visibility.PRIVATE)
    published(instance, site)
    assert files_of(site, short_id) == set()
    everything = b"".join(path.read_bytes() for path in site.rglob("*") if path.is_file())
    assert short_id.encode() not in everything
    assert NAME.encode() not in everything


def test_hiding_a_badge_takes_its_files_out_and_nothing_of_anybody_else(
    instance: Instance, short_id: str, site: Path
) -> None:
    published(instance, site)
    foreign = site / "badges" / "notes.txt"
    foreign.write_text("the web master's own")
    choose(instance, short_id, Visibility.PRIVATE)
    done = published(instance, site)
    assert done.removed == 7
    assert files_of(site, short_id) == set()
    assert not (site / "badges" / short_id).exists()
    assert foreign.read_text() == "the web master's own"
    choose(instance, short_id, Visibility.LINK)
    assert published(instance, site).removed == 0
    assert len(files_of(site, short_id)) == 7


def test_what_a_killed_run_wrote_is_taken_out_by_the_next(
    instance: Instance, short_id: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pull_the_plug(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(instance, site, publisher=publisher_of(instance), now=NOW, progress=pull_the_plug)
    assert files_of(site, short_id)
    choose(instance, short_id, Visibility.PRIVATE)
    published(instance, site)
    assert files_of(site, short_id) == set()


def test_publishing_again_writes_nothing(instance: Instance, short_id: str, site: Path) -> None:
    first = published(instance, site)
    second = published(instance, site)
    assert (second.files, second.written, second.removed) == (first.files, 0, 0)


def test_what_was_published_is_noted_in_the_instance_for_its_owner_alone(
    instance: Instance, short_id: str, site: Path
) -> None:
    published(instance, site)
    (notes,) = (instance.folder / "published").iterdir()
    assert notes.stat().st_mode & 0o077 == 0
    with SiteNotes(notes) as held:
        assert f"badges/{short_id}.json" in held.recall([short_id])[short_id].names
    assert not [path for path in (site).rglob("*") if "published" in path.name]


def test_a_certificates_key_opens_a_hidden_badge_until_it_is_withdrawn(
    instance: Instance, short_id: str, site: Path
) -> None:
    choose(instance, short_id, Visibility.PRIVATE)
    key = make_share_key(instance, short_id, now=NOW)
    published(instance, site)
    html = (site / "s" / key / "index.html").read_text(encoding="utf-8")
    assert NAME in html
    assert 'name="robots" content="noindex"' in html
    assert "og:" not in html
    assert (site / "s" / f"{key}.json").is_file()
    assert (site / "s" / key / "mi" / "index.html").is_file()
    withdraw_share_key(instance, short_id, now=NOW)
    published(instance, site)
    assert not (site / "s").exists()


def test_the_page_tells_the_reporting_state_and_the_learners_own_link(
    instance: Instance, short_id: str, site: Path
) -> None:
    link = "https://secure.nzqa.govt.nz/share/AbC-1?x=1&y=2"
    published(instance, site)
    assert "has not recorded a report" in page_of(site, short_id)
    with instance.store.writing() as connection:
        nzroa_rows.mark_reported(connection, [short_id], at=NOW)
    change_nzroa_link(instance, short_id, link, now=NOW)
    published(instance, site)
    html = page_of(site, short_id)
    assert "reported this achievement to NZQA on 22 November 2026." in html
    assert link.replace("&", "&amp;") in html


def test_the_verifier_is_asked_about_the_badges_own_address(instance: Instance, short_id: str, site: Path) -> None:
    instance.save_config(replace(instance.config, verifier_url="https://verifier.example"))
    published(instance, site)
    address = instance.badge_url(short_id).replace(":", "%3A").replace("/", "%2F")
    assert f'href="https://verifier.example/verify?badge={address}"' in page_of(site, short_id)


def test_no_number_and_no_address_is_in_any_byte_of_the_site(instance: Instance, short_id: str, site: Path) -> None:
    make_share_key(instance, short_id, now=NOW)
    published(instance, site)
    everything = b"".join(path.read_bytes() for path in site.rglob("*") if path.is_file())
    for secret in (EMAIL, NSN, "learner.example"):
        assert secret.encode() not in everything


def paragraph(text: str) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, texts=(text,))


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        pytest.param(None, (), id="nothing"),
        pytest.param("One\ntwo\n\nthree", (paragraph("One two"), paragraph("three")), id="paragraphs"),
        pytest.param(
            "Outcomes:\n\n1. Dig\n2. Sow\n\n3. Reap",
            (paragraph("Outcomes:"), Block(kind=BlockKind.NUMBERED, texts=("Dig", "Sow", "Reap"))),
            id="a numbered list after its lead",
        ),
        pytest.param("- a\n* b", (Block(kind=BlockKind.BULLETED, texts=("a", "b")),), id="bullets of two kinds"),
        pytest.param("## Part\ntext", (paragraph("Part"), paragraph("text")), id="a heading is a paragraph"),
        pytest.param("**Bold** word", (paragraph("Bold word"),), id="emphasis goes"),
        pytest.param("<b>x</b> [a](javascript:1)", (paragraph("<b>x</b> [a](javascript:1)"),), id="the rest is text"),
    ],
)
def test_criteria_become_paragraphs_and_lists(markdown: str | None, blocks: tuple[Block, ...]) -> None:
    assert parse_blocks(markdown) == blocks
