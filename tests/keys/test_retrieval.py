"""The did-map: local files that stand for addresses, and nothing outside them."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys.retrieval import Fetch, Retrieved, load_did_map, no_network, retrieved
from schemas.errors import InputError, NotPublished, Unreachable
from schemas.limits import MAX_FETCH_BYTES, MAX_IMAGE_BYTES

AT = datetime(2026, 5, 3, 10, tzinfo=UTC)
ROOT = "https://badges.example"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A published folder beside a secret, and a map file in the folder above."""
    site = tmp_path / "site"
    (site / ".well-known").mkdir(parents=True)
    (site / "badges" / "abc").mkdir(parents=True)
    (site / ".well-known" / "did.json").write_text("{}")
    (site / "issuer").write_text('{"a": 1}')
    (site / "index.html").write_text("front")
    (site / "badges" / "abc" / "index.html").write_text("page")
    (site / "badges" / "abc.json").write_text('{"badge": 1}')
    (site / "badges" / "abc.png").write_bytes(b"\x89PNG")
    (site / "badges" / "only-page").mkdir()
    (site / "badges" / "only-page" / "index.html").write_text("only")
    (site / "kaupapa ā.json").write_text("{}")
    (tmp_path / "secret.json").write_text("secret")
    (site / "escape.json").symlink_to(tmp_path / "secret.json")
    (site / "out").symlink_to(tmp_path)
    (site / "inside.json").symlink_to(site / "issuer")
    os.mkfifo(site / "pipe.json")
    return site


def mapped(site: Path, entries: dict[str, object], otherwise: Fetch | None = None) -> Fetch:
    path = site.parent / "did-map.json"
    path.write_text(json.dumps(entries))
    return load_did_map(path, at=AT, otherwise=otherwise)


@pytest.fixture
def fetch(site: Path) -> Fetch:
    return mapped(site, {f"{ROOT}/": "site"})


@pytest.mark.parametrize(
    ("path", "body", "media_type"),
    [
        pytest.param("/.well-known/did.json", b"{}", "application/json", id="a file by its path"),
        pytest.param("/issuer", b'{"a": 1}', None, id="a file without a suffix"),
        pytest.param("/badges/abc", b'{"badge": 1}', "application/json", id="the JSON before the page of a folder"),
        pytest.param("/badges/abc.png", b"\x89PNG", "image/png", id="a picture"),
        pytest.param("/badges/abc/", b"page", "text/html", id="a folder's page by its own address"),
        pytest.param("/badges/only-page", b"only", "text/html", id="a folder's page when there is nothing else"),
        pytest.param("/", b"front", "text/html", id="the front page"),
        pytest.param("/kaupapa%20%C4%81", b"{}", "application/json", id="a name with escapes"),
        pytest.param("/inside", b'{"a": 1}', None, id="a link that stays inside"),
        pytest.param("/issuer#key-1", b'{"a": 1}', None, id="a fragment is not asked for"),
    ],
)
def test_an_address_under_a_prefix_is_answered_by_its_file(
    fetch: Fetch, path: str, body: bytes, media_type: str | None
) -> None:
    answer = fetch(ROOT + path)
    assert (answer.body, answer.retrieved_at, answer.url) == (body, AT, ROOT + path)
    assert answer.sha256 == hashlib.sha256(body).hexdigest()
    assert answer.media_type == media_type


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/missing", id="no such file"),
        pytest.param("/../secret.json", id="dots"),
        pytest.param("/badges/../../secret.json", id="dots further in"),
        pytest.param("/%2e%2e/secret.json", id="dots in disguise"),
        pytest.param("/..%2fsecret.json", id="a slash in disguise"),
        pytest.param("/badges/%2e%2e%2f%2e%2e%2fsecret.json", id="all in disguise"),
        pytest.param("/..%5csecret.json", id="a backslash in disguise"),
        pytest.param("/%252e%252e/secret.json", id="dots in two disguises"),
        pytest.param("/escape.json", id="a link to a file outside"),
        pytest.param("/out/secret.json", id="a link to a folder outside"),
        pytest.param("/badges//abc", id="an empty part"),
        pytest.param("//etc/passwd", id="an absolute path"),
        pytest.param("/issuer%00.json", id="a zero byte"),
        pytest.param("/%ff", id="bytes that are not UTF-8"),
        pytest.param("/issuer?x=1", id="a query"),
        pytest.param("/pipe.json", id="a pipe that nobody writes to"),
        pytest.param("/" + "a" * 300, id="a name longer than a file system has"),
        pytest.param("/issuer/", id="a file as a folder"),
    ],
)
def test_nothing_outside_the_folder_is_ever_read(fetch: Fetch, path: str) -> None:
    with pytest.raises(Unreachable):
        fetch(ROOT + path)


def test_a_folder_that_lacks_a_file_says_that_nothing_is_published(fetch: Fetch) -> None:
    with pytest.raises(NotPublished):
        fetch(f"{ROOT}/badges/private")


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param({f"{ROOT}/": "no-such-folder"}, id="a folder that is not there"),
        pytest.param({f"{ROOT}/badges/private": "no-such-file.json"}, id="a file that the map names and is not there"),
        pytest.param({"https://other.example/": "site"}, id="an address that the map does not name"),
    ],
)
def test_what_the_map_cannot_answer_says_nothing_of_what_is_published(site: Path, entries: dict[str, object]) -> None:
    with pytest.raises(Unreachable) as told:
        mapped(site, entries)(f"{ROOT}/badges/private")
    assert not isinstance(told.value, NotPublished)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["..", ".", "", "%2e%2e", "out", "secret.json", "secret", "badges", "%2f", "\\", "site"]),
                max_size=6))  # fmt: skip
def test_no_path_reaches_the_secret(fetch: Fetch, parts: list[str]) -> None:
    try:
        assert fetch("/".join([ROOT, *parts])).body != b"secret"
    except Unreachable:
        pass


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://badges.example.evil.example/issuer", id="a host that only begins alike"),
        pytest.param("https://other.example/issuer", id="another host"),
        pytest.param("http://badges.example/issuer", id="another scheme"),
        pytest.param("https://badges.example:8443/issuer", id="another port"),
        pytest.param("https://user@badges.example/issuer", id="a user name"),
        pytest.param("ftp://badges.example/issuer", id="a scheme that is not the web's"),
        pytest.param("https://badges.example/issuer\n", id="a line end"),
        pytest.param("https://badges.example:x/issuer", id="a broken port"),
        pytest.param("did:web:badges.example", id="a DID"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_address_that_the_map_does_not_name_is_not_answered(fetch: Fetch, url: str) -> None:
    with pytest.raises(Unreachable):
        fetch(url)


def test_host_names_and_the_usual_port_are_matched_without_capitals(fetch: Fetch) -> None:
    assert fetch("HTTPS://Badges.EXAMPLE:443/issuer").body == b'{"a": 1}'


def test_an_exact_address_wins_over_a_prefix_and_a_longer_prefix_over_a_shorter(site: Path) -> None:
    for name in ("one", "two"):
        (site.parent / name).mkdir()
        (site.parent / name / "x.json").write_text(name)
    (site.parent / "exact.json").write_text("exact")
    fetch = mapped(site, {f"{ROOT}/": "one", f"{ROOT}/a/": str(site.parent / "two"), f"{ROOT}/a/y": "./exact.json"})
    assert fetch(f"{ROOT}/x").body == b"one"
    assert fetch(f"{ROOT}/a/x").body == b"two"
    assert fetch(f"{ROOT}/a/y").body == b"exact"
    with pytest.raises(Unreachable):
        fetch(f"{ROOT}/a/z"), "a prefix that was chosen is not left for a shorter one"


def test_relative_paths_are_relative_to_the_map_file(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert mapped(site, {f"{ROOT}/issuer": "site/issuer"})(f"{ROOT}/issuer").body == b'{"a": 1}'


def test_other_addresses_go_on_to_the_next_fetch(site: Path) -> None:
    def elsewhere(url: str) -> Retrieved:
        return retrieved(url, b"elsewhere", media_type=None, at=AT)

    fetch = mapped(site, {f"{ROOT}/": "site"}, otherwise=elsewhere)
    assert fetch("https://other.example/").body == b"elsewhere"
    with pytest.raises(Unreachable):
        fetch(f"{ROOT}/missing"), "what the map names is answered by the map alone"


@pytest.mark.parametrize(
    ("suffix", "limit"),
    [pytest.param(".json", MAX_FETCH_BYTES, id="document"), pytest.param(".png", MAX_IMAGE_BYTES, id="picture")],
)
def test_a_file_over_the_limit_is_not_read(site: Path, fetch: Fetch, suffix: str, limit: int) -> None:
    (site / f"big{suffix}").write_bytes(bytes(limit))
    assert len(fetch(f"{ROOT}/big{suffix}").body) == limit
    (site / f"big{suffix}").write_bytes(bytes(limit + 1))
    with pytest.raises(Unreachable):
        fetch(f"{ROOT}/big{suffix}")


def test_an_exact_entry_that_is_a_folder_is_not_answered(site: Path) -> None:
    with pytest.raises(Unreachable):
        mapped(site, {f"{ROOT}/issuer": "site"})(f"{ROOT}/issuer")


def test_a_prefix_whose_folder_is_missing_is_not_answered(site: Path) -> None:
    with pytest.raises(Unreachable):
        mapped(site, {f"{ROOT}/": "nowhere"})(f"{ROOT}/issuer")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("[]", id="no object"),
        pytest.param('{"https://a.example/": "x", "https://a.example/": "y"}', id="an address twice"),
        pytest.param('{"https://a.example/": 1}', id="a path that is a number"),
        pytest.param('{"https://a.example/": ""}', id="an empty path"),
        pytest.param('{"https://a.example/": "a\\u0000"}', id="a zero byte"),
        pytest.param('{"a.example/": "x"}', id="no scheme"),
        pytest.param('{"file:///etc/": "x"}', id="another scheme"),
        pytest.param('{"https://u:p@a.example/": "x"}', id="a password"),
        pytest.param('{"https://a.example/#f": "x"}', id="a fragment"),
        pytest.param('{"": "x"}', id="an empty address"),
    ],
)
def test_a_map_that_cannot_be_used_is_refused_at_once(tmp_path: Path, text: str) -> None:
    path = tmp_path / "did-map.json"
    path.write_text(text)
    with pytest.raises(InputError):
        load_did_map(path, at=AT)


def test_a_map_with_faults_names_every_one(tmp_path: Path) -> None:
    path = tmp_path / "did-map.json"
    path.write_text('{"a": "x", "https://a.example/": "y", "b": "z"}')
    with pytest.raises(InputError) as caught:
        load_did_map(path, at=AT)
    assert [fault.pointer for fault in caught.value.faults] == ["/a", "/b"]


def test_a_missing_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_did_map(tmp_path / "none.json", at=AT)


def test_without_a_network_nothing_is_retrieved() -> None:
    with pytest.raises(Unreachable):
        no_network("https://badges.example/")
