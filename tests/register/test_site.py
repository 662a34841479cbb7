"""The public register site: every row findable, nothing said that the edition does not say, the same bytes again."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from issuer.authority.site import write_site
from issuer.authority.site.views import EQUIVALENCY_STATEMENT
from tests.register.making import (
    REF,
    P,
    Q,
    edition,
    equivalency,
    issuer,
    key,
    listing,
    provider,
    right,
    signer,
    succession,
)
from verifier.register.edition import Edition
from verifier.register.records import LearningOutcome

DID = "did:web:te-kura.example"
DATA = b'{"edition": 1}'
ROWS: list[Any] = [
    provider(P, "2026-01-01", trading_as="Kelp & Co"),
    provider(Q, last="2025-12-31"),
    provider("9993", "2015-01-01", "2018-06-30"),
    provider("9993", "2020-01-01"),
    succession(),
    issuer(DID),
    key(f"{DID}#1", str(signer(5).public_key.multibase)),
    listing(REF, first="2020-01-01", approval_ended_on="2025-06-30", title_en="Kelp <farming>", nzsced="050301"),
    listing(REF, first="2025-07-01", version="2", approved_on="2025-05-01", title_en="Kelp farming", level=5),
    listing("0426", title_en=None, title_mi="Ahumāra rimurimu", level=None, credits=None),
    listing("128482-1", last="2025-01-31", title_en="Āta mahi"),
    listing("1111", title_en="9 lives", removed_on="2016-01-01"),
    LearningOutcome(nzqa_ref=REF, version="2", position=1, text_en="Farm kelp", text_mi="Te ahu rimurimu"),
    right(Q, "2020-01-01", "2025-12-31", delivered="2025-11-30", why="closed"),
    right("9993", ref="0426", delivered=None),
    equivalency(),
]


def held(**more: Any) -> Edition:
    return replace(edition(*ROWS), sha256=hashlib.sha256(DATA).hexdigest(), **more)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("register")
    write_site(held(), data=DATA, folder=folder)
    return folder


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found += [str(values[name]) for name in ("href", "src") if name in values]
        if (tag == "script" and "src" not in values) or tag == "style":
            self.inline.append(tag)
        self.inline += [name for name, _ in attrs if name == "style" or name.startswith("on")]


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def links(page: Path) -> Links:
    parser = Links()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    for page in pages(site):
        for link in links(page).found:
            if not urlsplit(link).scheme and not link.startswith("#"):
                assert (page.parent / link.partition("#")[0]).is_file(), (page.name, link)


def test_every_page_can_be_reached_from_the_front_page_without_a_script(site: Path) -> None:
    seen, waiting = set(), [site / "index.html"]
    while waiting:
        page = waiting.pop().resolve()
        if page in seen or page.suffix != ".html":
            continue
        seen.add(page)
        waiting += [page.parent / link for link in links(page).found if not urlsplit(link).scheme and link[0] != "#"]
    assert seen == {page.resolve() for page in pages(site)}


def test_every_page_says_whose_register_it_is_not_and_that_it_is_a_demonstration(site: Path) -> None:
    assert len(pages(site)) > 15
    for page in pages(site):
        text = page.read_text(encoding="utf-8")
        assert "This is not NZQA’s register." in text
        assert "<strong>Demonstration.</strong>" in text
        assert 'content="noindex"' in text


def test_a_real_register_carries_no_demonstration_banner(tmp_path: Path) -> None:
    write_site(held(demonstration=False), data=DATA, folder=tmp_path)
    assert not any("Demonstration" in page.read_text(encoding="utf-8") for page in pages(tmp_path))
    assert not any("noindex" in page.read_text(encoding="utf-8") for page in pages(tmp_path))


def test_no_page_needs_an_unsafe_policy(site: Path) -> None:
    for page in pages(site):
        assert links(page).inline == []
        assert "script-src 'self'" in page.read_text(encoding="utf-8")
        assert "unsafe" not in page.read_text(encoding="utf-8")


def test_the_edition_lies_there_whole_with_its_checksum(site: Path) -> None:
    assert (site / "edition.json").read_bytes() == DATA
    assert (site / "edition.sha256").read_text() == f"{hashlib.sha256(DATA).hexdigest()}  edition.json\n"
    assert hashlib.sha256(DATA).hexdigest() in (site / "index.html").read_text(encoding="utf-8")


def listing_page(site: Path, ref: str = REF) -> str:
    return re.sub(r"\s+", " ", (site / "listings" / f"{ref}.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "Version 2: current",
        "Version 1: no longer awarded: the last day was 30 June 2025",
        "<dt>Listed from</dt><dd>1 July 2025</dd>",
        "<dt>Approved</dt><dd>1 May 2025</dd>",
        "<dt>Approved</dt><dd>not recorded</dd>",
        "<dt>Granted</dt><dd>1 January 2020</dd>",
        "<dt>Ended</dt><dd>31 December 2025 (closed)</dd>",
        "From 1 January 2026",
        "https://www.nzqa.govt.nz/nzqf/search/viewQualification.do?selectedItemKey=5055",
        '<span lang="mi">Te ahu rimurimu</span>',
        "Micro-credential, not a qualification",
        "Kelp &lt;farming&gt;",
    ],
)
def test_a_listings_page_holds(site: Path, text: str) -> None:
    assert text in listing_page(site)


def test_a_title_in_te_reo_alone_is_marked_as_such_on_its_page_and_in_the_lists(site: Path) -> None:
    assert '<h1><span lang="mi">Ahumāra rimurimu</span></h1>' in listing_page(site, "0426")
    assert '<span lang="mi">Ahumāra rimurimu</span>' in (site / "titles" / "a.html").read_text(encoding="utf-8")


def test_a_macron_does_not_hide_a_title_from_its_letter(site: Path) -> None:
    assert "Āta mahi" in (site / "titles" / "a.html").read_text(encoding="utf-8")
    assert "9 lives" in (site / "titles" / "other.html").read_text(encoding="utf-8")


def test_what_is_not_recorded_is_said_to_be_so(site: Path) -> None:
    assert "<span>Level</span> <strong>not recorded</strong>" in listing_page(site, "0426")
    assert "0426" in (site / "levels" / "unknown.html").read_text(encoding="utf-8")


def test_a_providers_page_holds_its_periods_keys_and_successions(site: Path) -> None:
    gap = (site / "providers" / "9993.html").read_text(encoding="utf-8")
    assert "1 January 2015 to 30 June 2018" in gap
    assert "1 January 2020 to now" in gap
    heir = (site / "providers" / f"{P}.html").read_text(encoding="utf-8")
    assert "trading as Kelp &amp; Co" in heir
    assert DID in heir
    assert "stands in the place of" in heir


def test_equivalencies_stand_apart_with_their_statement_and_without_a_page_of_their_own(site: Path) -> None:
    page = (site / "equivalencies.html").read_text(encoding="utf-8")
    assert EQUIVALENCY_STATEMENT in page
    assert "Spraying" in page
    assert not (site / "listings" / "ZQ0001.html").exists()
    for other in pages(site):
        assert other.name == "equivalencies.html" or "Spraying" not in other.read_text(encoding="utf-8")
    assert json.loads((site / "equivalencies.json").read_bytes())["statement"] == EQUIVALENCY_STATEMENT


def test_the_json_beside_a_page_has_the_registers_own_rows(site: Path) -> None:
    document = json.loads((site / "listings" / f"{REF}.json").read_bytes())
    assert [version["version"] for version in document["versions"]] == ["2", "1"]
    assert document["awarding_rights"][0]["moe_number"] == Q
    assert document["awarding_rights"][0]["successions"][0]["to_moe"] == P
    assert document["register"]["notice"] == "This is not NZQA's register."
    index = json.loads((site / "index.json").read_bytes())
    for name in (*index["listings"], *index["providers"], index["equivalencies"]):
        assert (site / name).is_file()


def test_the_search_looks_in_every_listing_and_provider(site: Path) -> None:
    text = (site / "assets" / "search-data.js").read_text(encoding="utf-8")
    data = json.loads(re.fullmatch(r"registerEntries\((.*)\);\n", text)[1])  # type: ignore[index]
    assert {row[0] for row in data["listings"]} == {REF, "0426", "128482-1", "1111"}
    assert {row[0] for row in data["providers"]} == {P, Q, "9993"}


def test_a_second_run_writes_nothing_and_a_vanished_row_takes_its_page_along(tmp_path: Path) -> None:
    first = write_site(held(), data=DATA, folder=tmp_path)
    again = write_site(held(), data=DATA, folder=tmp_path)
    assert (first.written, again.written, again.removed) == (first.files, 0, 0)
    (tmp_path / "listings" / "my-own-note.txt").write_text("kept")
    fewer = replace(held(), register=edition(*[row for row in ROWS if row is not ROWS[10]]).register)
    third = write_site(fewer, data=DATA, folder=tmp_path)
    assert third.removed >= 2
    assert not (tmp_path / "listings" / "128482-1.html").exists()
    assert (tmp_path / "listings" / "my-own-note.txt").exists()


def test_a_tampered_list_of_files_cannot_take_away_what_is_not_ours(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_site(held(), data=DATA, folder=folder)
    (tmp_path / "precious.html").write_text("kept")
    (folder / "files.json").write_text('["../precious.html", "/etc/passwd", 7, "titles/../../precious.html"]')
    assert write_site(held(), data=DATA, folder=folder).removed == 0
    assert (tmp_path / "precious.html").exists()


def test_a_long_list_is_cut_into_pages_that_lead_to_each_other(tmp_path: Path) -> None:
    many = [listing(f"{number:04}", title_en=f"Kelp {number}") for number in range(600)]
    big = replace(held(), register=edition(*many).register)
    write_site(big, data=DATA, folder=tmp_path)
    third = (tmp_path / "titles" / "k-3.html").read_text(encoding="utf-8")
    assert "page 3 of 3" in third
    assert 'href="../titles/k.html"' in third
    assert third.count('<li><a href="../listings/') == 100
