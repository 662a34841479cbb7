"""did:key and did:web: syntax, the documents they stand for, and the addresses they point to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.did import (
    canonical_id,
    did_key_document,
    did_key_of,
    did_web_location,
    did_web_of,
    looks_alike,
    punycode_host,
    split_did_url,
)
from keys.multikey import KeyType
from keys.signing import SoftwareSigner
from schemas.errors import InputError, KeyRefused
from schemas.limits import MAX_DID_CHARS

MULTIKEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("did:web:badges.example", ("did:web:badges.example", None)),
        ("did:web:badges.example#key-1", ("did:web:badges.example", "key-1")),
        ("did:web:localhost%3A8801:a:b#k", ("did:web:localhost%3A8801:a:b", "k")),
        (f"did:key:{MULTIKEY}#{MULTIKEY}", (f"did:key:{MULTIKEY}", MULTIKEY)),
    ],
)
def test_a_did_url_is_split_at_its_fragment(text: str, expected: tuple[str, str | None]) -> None:
    assert split_did_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("did:web:", id="no identifier"),
        pytest.param("did:WEB:badges.example", id="a method in capitals"),
        pytest.param("DID:web:badges.example", id="a scheme in capitals"),
        pytest.param("did:web:badges.example/path#k", id="a path"),
        pytest.param("did:web:badges.example?service=x#k", id="a query"),
        pytest.param("did:web:badges.example;a=b#k", id="a parameter"),
        pytest.param("did:web:user@badges.example", id="a user name"),
        pytest.param("did:web:badges.example#", id="an empty fragment"),
        pytest.param("did:web:badges.example#a#b", id="two fragments"),
        pytest.param("did:web:badges.example#a b", id="a space in the fragment"),
        pytest.param("did:web:badges.example#k\n", id="a line end"),
        pytest.param("did:web:māori.example", id="letters outside ASCII"),
        pytest.param("did:web:a::b", id="an empty part"),
        pytest.param("did:web:a%2", id="a broken percent sign"),
        pytest.param(" did:web:a", id="a space in front"),
        pytest.param("did:web:" + "a" * MAX_DID_CHARS, id="longer than the limit"),
    ],
)
def test_what_is_no_did_is_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        split_did_url(text)


# --- did:key ----------------------------------------------------------------------------------------------------
def test_a_did_key_stands_for_a_document_with_its_one_key() -> None:
    document = did_key_document(f"did:key:{MULTIKEY}")
    method = f"did:key:{MULTIKEY}#{MULTIKEY}"
    assert document["id"] == f"did:key:{MULTIKEY}"
    assert document["verificationMethod"] == [
        {"id": method, "type": "Multikey", "controller": f"did:key:{MULTIKEY}", "publicKeyMultibase": MULTIKEY}
    ]
    assert document["assertionMethod"] == [method]


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.P256, KeyType.P384])
def test_the_did_key_of_a_key_leads_back_to_it(key_type: KeyType) -> None:
    key = SoftwareSigner.generate(key_type).public_key
    assert did_key_document(did_key_of(key))["verificationMethod"][0]["publicKeyMultibase"] == key.multibase


def test_an_rsa_key_has_no_did_key() -> None:
    with pytest.raises(KeyRefused):
        did_key_of(SoftwareSigner.generate(KeyType.RSA).public_key)


@pytest.mark.parametrize(
    "did",
    [
        pytest.param("did:web:badges.example", id="another method"),
        pytest.param(f"did:key:{MULTIKEY}#{MULTIKEY}", id="a method, not the DID"),
        pytest.param("did:key:zzz", id="no key"),
        pytest.param(f"did:key:1.1:{MULTIKEY}", id="a version"),
        pytest.param(f"did:key:{MULTIKEY}:a", id="a part too many"),
        pytest.param("did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP" + "1", id="a key one byte longer"),
    ],
)
def test_what_is_no_did_key_has_no_document(did: str) -> None:
    with pytest.raises(KeyRefused):
        did_key_document(did)


# --- did:web ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("base_url", "did", "location"),
    [
        ("https://badges.example", "did:web:badges.example", "https://badges.example/.well-known/did.json"),
        ("https://badges.example/", "did:web:badges.example", "https://badges.example/.well-known/did.json"),
        ("https://BADGES.example:443/", "did:web:badges.example", "https://badges.example/.well-known/did.json"),
        (
            "https://localhost:8801",
            "did:web:localhost%3A8801",
            "https://localhost:8801/.well-known/did.json",
        ),
        (
            "https://badges.example/kaiako/ako",
            "did:web:badges.example:kaiako:ako",
            "https://badges.example/kaiako/ako/did.json",
        ),
        (
            "https://badges.example:8443/a/",
            "did:web:badges.example%3A8443:a",
            "https://badges.example:8443/a/did.json",
        ),
        (
            "https://ako-māori.example/b",
            "did:web:xn--ako-mori-l7a.example:b",
            "https://xn--ako-mori-l7a.example/b/did.json",
        ),
        ("https://192.0.2.7", "did:web:192.0.2.7", "https://192.0.2.7/.well-known/did.json"),
        ("https://badges.example/%C4%81", "did:web:badges.example:%C4%81", "https://badges.example/%C4%81/did.json"),
    ],
)
def test_an_address_its_did_web_and_its_document(base_url: str, did: str, location: str) -> None:
    assert did_web_of(base_url) == did
    assert did_web_location(did) == location


@pytest.mark.parametrize(
    "base_url",
    [
        pytest.param("http://badges.example", id="not https"),
        pytest.param("https://", id="no host"),
        pytest.param("https://user@badges.example", id="a user name"),
        pytest.param("https://badges.example:0", id="port zero"),
        pytest.param("https://badges.example:99999", id="a port too large"),
        pytest.param("https://badges.example/a//b", id="an empty part"),
        pytest.param("https://badges.example/a/../b", id="dots"),
        pytest.param("https://badges.example/a%2Fb", id="a slash in disguise"),
        pytest.param("https://badges.example/a?b", id="a query"),
        pytest.param("https://badges.example/a#b", id="a fragment"),
        pytest.param("https://badges.example/~ako", id="a character that no DID has"),
        pytest.param("https://badges_.example", id="an underscore in the host"),
        pytest.param("https://-a.example", id="a hyphen in front"),
        pytest.param("https://a..example", id="an empty label"),
        pytest.param("https://badges.example.", id="a full stop at the end"),
        pytest.param("https://straße.example", id="a letter that IDNA versions read differently"),
        pytest.param("https://[::1]", id="an IPv6 address"),
        pytest.param("https://badges.example/" + "a" * 3_000, id="longer than the limit"),
        pytest.param("badges.example", id="no scheme"),
        pytest.param("https://[", id="a broken address"),
    ],
)
def test_an_address_with_no_did_web_is_refused(base_url: str) -> None:
    with pytest.raises((InputError, KeyRefused)):
        did_web_of(base_url)


@pytest.mark.parametrize(
    "did",
    [
        pytest.param("did:key:z6Mk", id="another method"),
        pytest.param("did:web:badges.example#k", id="a method, not the DID"),
        pytest.param("did:web:badges.example%3A", id="an empty port"),
        pytest.param("did:web:badges.example%3A0", id="port zero"),
        pytest.param("did:web:badges.example%3A080", id="a port with a leading zero"),
        pytest.param("did:web:badges.example%3A65536", id="a port too large"),
        pytest.param("did:web:badges.example%3A8x", id="a port that is no number"),
        pytest.param("did:web:badges.example%3A1%3A2", id="two ports"),
        pytest.param("did:web:user%40badges.example", id="a user name in disguise"),
        pytest.param("did:web:badges.example%2Fpath", id="a slash in the host"),
        pytest.param("did:web:badges.example%3Aa%40evil.example", id="a password in disguise"),
        pytest.param("did:web:badges.example:..", id="dots"),
        pytest.param("did:web:badges.example:.", id="one dot"),
        pytest.param("did:web:badges.example:%2e%2e", id="dots in disguise"),
        pytest.param("did:web:badges.example:a%2fb", id="a slash in disguise"),
        pytest.param("did:web:badges.example:a%5Cb", id="a backslash in disguise"),
        pytest.param("did:web:badges.example:a%00", id="a zero byte in disguise"),
        pytest.param("did:web:badges.example:a%0Ab", id="a line end in disguise"),
        pytest.param("did:web:badges.example:a%252f", id="a percent sign in disguise"),
        pytest.param("did:web:badges.example:a%3Fb", id="a question mark in disguise"),
        pytest.param("did:web:badges.example:%FF", id="bytes that are not UTF-8"),
        pytest.param("did:web:badges_.example", id="an underscore in the host"),
        pytest.param("did:web:" + "a" * 64 + ".example", id="a label too long"),
        pytest.param("did:web:" + ".".join(["a" * 60] * 5), id="a host too long"),
    ],
)
def test_a_did_web_that_could_mean_another_address_is_refused(did: str) -> None:
    with pytest.raises(KeyRefused):
        did_web_location(did)


@given(st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True), min_size=1, max_size=4),
       st.none() | st.integers(1, 65_535),
       st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True), max_size=3))  # fmt: skip
def test_address_and_did_web_lead_to_each_other(labels: list[str], port: int | None, path: list[str]) -> None:
    host = ".".join(labels) + (f":{port}" if port else "")
    location = did_web_location(did_web_of("/".join([f"https://{host}", *path])))
    root = host.removesuffix(":443") if port == 443 else host
    assert location == "/".join([f"https://{root}", *(path or [".well-known"]), "did.json"])


@given(st.text(alphabet="did:web.%3A2F-a#/\\@é", max_size=30).map(lambda text: "did:web:" + text))
def test_no_text_leads_outside_its_host(did: str) -> None:
    try:
        location = did_web_location(did)
    except KeyRefused:
        return
    host = did.removeprefix("did:web:").split(":")[0].lower().partition("%3a")[0]
    assert location.startswith((f"https://{host}/", f"https://{host}:"))
    assert ".." not in location.split("/")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("did:web:Badges.Example", "did:web:badges.example"),
        ("did:web:badges.example%3a8801:A#k", "did:web:BADGES.example%3A8801:A#k"),
    ],
)
def test_host_names_are_compared_without_capitals(one: str, other: str) -> None:
    assert canonical_id(one) == canonical_id(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("did:web:badges.example:A", "did:web:badges.example:a"),
        ("did:web:badges.example#K", "did:web:badges.example#k"),
        ("did:key:zA", "did:key:za"),
        ("https://badges.example/A", "https://badges.example/a"),
    ],
)
def test_nothing_else_is_compared_without_capitals(one: str, other: str) -> None:
    assert canonical_id(one) != canonical_id(other)


def test_a_host_is_compared_as_the_network_reads_it() -> None:
    assert punycode_host("Ako-MĀORI.example") == "xn--ako-mori-l7a.example"
    assert punycode_host("ako-ma\u0304ori.example") == "xn--ako-mori-l7a.example", "decomposed letters are the same"


@pytest.mark.parametrize("host", ["a\u200db.example", "ς.example", "a b.example", "é" * 80 + ".example", "。"])
def test_a_host_with_no_one_network_form_is_refused(host: str) -> None:
    with pytest.raises(InputError):
        punycode_host(host)


@pytest.mark.parametrize(
    ("host", "part"),
    [
        pytest.param("xn--80ak6aa92e.example", "not written in Latin", id="Cyrillic that looks like apple"),
        pytest.param("раypal.example", "mixes alphabets", id="two Cyrillic letters among Latin"),
        pytest.param("xn--ako-mori-l7a.example", "without its marks", id="a macron"),
        pytest.param("xn--zzzzzzzzzz999.example", "cannot be read", id="broken punycode"),
    ],
)
def test_a_name_that_looks_like_another_is_warned_about(host: str, part: str) -> None:
    assert part in str(looks_alike(host))


@pytest.mark.parametrize("host", ["badges.example", "localhost", "192.0.2.7", "a-b.c-d.example"])
def test_a_plain_name_is_not_warned_about(host: str) -> None:
    assert looks_alike(host) is None
