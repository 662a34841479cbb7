"""Bitstring status lists: the standard's examples, every malformed list we could think of, and round trips."""

import contextlib
import json
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import statuslist
from schemas.errors import InputError, StatusListError, TooLarge
from schemas.limits import MAX_BITSTRING_BYTES, MIN_BITSTRING_ENTRIES

VECTORS = Path(__file__).parents[1] / "vectors"


def encoded(name):
    return (VECTORS / "status-lists" / f"{name}.txt").read_text(encoding="ascii")


@pytest.mark.parametrize(
    "name",
    ["03-example-bitstringstatuslistcredential", "05-a-status-list-verifiable-credential"],
)
def test_the_lists_of_the_standard_are_read(name):
    text = (VECTORS / "w3c-bitstring-status-list" / f"{name}.json").read_text(encoding="utf-8")
    bits = statuslist.decode(json.loads(text)["credentialSubject"]["encodedList"], minimum=MIN_BITSTRING_ENTRIES)
    assert bits.length == MIN_BITSTRING_ENTRIES
    assert bits.count() == 0
    assert not bits.is_set(94567)


def test_the_entries_of_the_standard_are_read():
    path = VECTORS / "w3c-bitstring-status-list" / "01-example-statuslistcredential-using-simple-entries.json"
    entries = json.loads(path.read_text(encoding="utf-8"))["credentialStatus"]
    assert [statuslist.parse_index(entry["statusListIndex"]) for entry in entries] == [94567, 23452]
    rebuilt = statuslist.status_entry(
        list_url="https://example.com/credentials/status/3", index=94567, purpose="revocation"
    )
    assert rebuilt == entries[0]


@pytest.mark.parametrize("name", ["good", "good-with-a-file-name-in-the-gzip-header"])
def test_index_zero_is_the_leftmost_bit(name):
    bits = statuslist.decode(encoded(name), minimum=MIN_BITSTRING_ENTRIES)
    assert [index for index in range(bits.length) if bits.is_set(index)] == [0, 7, 9, 131_071]


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("empty-list", StatusListError, "empty"),
        ("empty-text", StatusListError, "start with “u”"),
        ("nothing-after-the-u", StatusListError, "base64url"),
        ("no-u-prefix", StatusListError, "start with “u”"),
        ("base58-prefix", StatusListError, "start with “u”"),
        ("padded-base64url", StatusListError, "without padding"),
        ("standard-base64-alphabet", StatusListError, "base64url"),
        ("space-inside", StatusListError, "base64url"),
        ("newline-at-the-end", StatusListError, "base64url"),
        ("impossible-length", StatusListError, "base64url"),
        ("stray-bits-in-the-last-character", StatusListError, "canonical"),
        ("not-gzip", StatusListError, "not gzip"),
        ("zlib-instead-of-gzip", StatusListError, "not gzip"),
        ("bare-bits", StatusListError, "not gzip"),
        ("cut-short", StatusListError, "cut short"),
        ("trailer-missing", StatusListError, "cut short"),
        ("checksum-wrong", StatusListError, "damaged"),
        ("length-in-trailer-wrong", StatusListError, "damaged"),
        ("bytes-after-the-end", StatusListError, "more after the end"),
        ("two-gzip-members", StatusListError, "more after the end"),
        ("one-byte-over-the-size-limit", TooLarge, "inflates to more than"),
    ],
)
def test_a_malformed_list_is_refused_with_a_sentence(name, error, sentence):
    with pytest.raises(error, match=sentence):
        statuslist.decode(encoded(name))


@pytest.mark.parametrize("value", [None, 7, b"uH4sI", ["uH4sI"], {}])
def test_a_list_that_is_no_string_is_refused(value):
    with pytest.raises(StatusListError, match="not a string"):
        statuslist.decode(value)


def test_a_list_at_the_size_limit_is_read():
    assert statuslist.decode(encoded("good-at-the-size-limit")).length == MAX_BITSTRING_BYTES * 8


def test_more_text_than_a_list_can_need_is_refused_unread():
    with pytest.raises(TooLarge, match="characters"):
        statuslist.decode("u" + "A" * (MAX_BITSTRING_BYTES * 3 // 2))


def test_a_list_too_short_to_hide_in_is_refused_when_a_minimum_is_asked():
    text = encoded("one-entry-byte-too-short-for-herd-privacy")
    assert statuslist.decode(text).length == MIN_BITSTRING_ENTRIES - 8
    with pytest.raises(StatusListError, match="131,064 entries") as caught:
        statuslist.decode(text, minimum=MIN_BITSTRING_ENTRIES)
    assert caught.value.extensions == {"reason": "list-too-short"}


@pytest.mark.parametrize("index", [131_072, 10**15, -1])
def test_an_index_beyond_the_list_is_refused(index):
    bits = statuslist.decode(encoded("good"))
    with pytest.raises(StatusListError, match="the status list ends at 131,071") as caught:
        bits.is_set(index)
    assert caught.value.extensions == {"reason": "index-out-of-range"}


@pytest.mark.parametrize(("value", "index"), [("0", 0), ("23", 23), (23, 23), ("9" * 16, 10**16 - 1)])
def test_an_index_in_plain_digits_is_read(value, index):
    assert statuslist.parse_index(value) == index


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="nothing"),
        pytest.param("-1", id="negative"),
        pytest.param("+1", id="a plus"),
        pytest.param("01", id="a leading zero"),
        pytest.param(" 1", id="a space"),
        pytest.param("1\n", id="a newline"),
        pytest.param("1_0", id="an underscore, which int() takes"),
        pytest.param("1e3", id="an exponent"),
        pytest.param("0x1f", id="hexadecimal"),
        pytest.param("１２", id="full-width digits"),
        pytest.param("٣", id="Arabic-Indic digits"),
        pytest.param("²", id="a superscript, which isdigit() takes"),
        pytest.param("9" * 17, id="more digits than a list can need"),
        pytest.param("9" * 5000, id="more digits than int() takes"),
        pytest.param(-1, id="a negative number"),
        pytest.param(10**16, id="a number beyond any list"),
        pytest.param(23.0, id="a float"),
        pytest.param(True, id="a boolean"),
        pytest.param(None, id="null"),
        pytest.param(["1"], id="an array"),
    ],
)
def test_any_other_index_is_refused(value):
    with pytest.raises(StatusListError, match="statusListIndex"):
        statuslist.parse_index(value)


@given(st.sets(st.integers(min_value=0, max_value=1_023)))
def test_what_is_encoded_is_decoded(indexes):
    text = statuslist.encode(indexes, length=1_024)
    bits = statuslist.decode(text)
    assert bits.length == 1_024
    assert {index for index in range(1_024) if bits.is_set(index)} == indexes
    assert bits.count() == len(indexes)
    assert statuslist.encode(sorted(indexes, reverse=True), length=1_024) == text


def test_a_list_at_one_per_cent_survives():
    indexes = random.Random(4).sample(range(MIN_BITSTRING_ENTRIES), 1_311)
    bits = statuslist.decode(statuslist.encode(indexes, length=MIN_BITSTRING_ENTRIES), minimum=MIN_BITSTRING_ENTRIES)
    assert all(bits.is_set(index) for index in indexes)
    assert bits.count() == 1_311


@pytest.mark.parametrize("length", [0, -8, 7, 131_071, MAX_BITSTRING_BYTES * 8 + 8])
def test_no_list_of_such_a_length_is_made(length):
    with pytest.raises(ValueError, match="cannot have"):
        statuslist.encode([], length=length)


@pytest.mark.parametrize("index", [-1, 1_024])
def test_no_entry_outside_the_list_is_set(index):
    with pytest.raises(ValueError, match="outside"):
        statuslist.encode([index], length=1_024)


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_an_input_error(text):
    for candidate in (text, "u" + text):
        with contextlib.suppress(InputError):
            statuslist.decode(candidate)


@given(st.data())
def test_a_damaged_list_is_refused_or_read_but_never_crashes(data):
    text = encoded("good")
    at = data.draw(st.integers(min_value=0, max_value=len(text) - 1))
    character = data.draw(st.characters(codec="ascii"))
    with contextlib.suppress(InputError):
        statuslist.decode(text[:at] + character + text[at + 1 :])


def document(**changes):
    values = {
        "id": "https://badges.example.nz/status/1",
        "issuer": "did:web:badges.example.nz",
        "purpose": "revocation",
        "encoded": encoded("good"),
        "valid_from": datetime(2026, 5, 3, 0, 0, tzinfo=UTC),
        "valid_until": datetime(2026, 6, 2, 0, 0, tzinfo=UTC),
        "ttl_ms": 3_600_000,
    }
    return statuslist.status_list_document(**(values | changes))


def test_the_list_credential_has_the_shape_of_the_standard():
    path = VECTORS / "w3c-bitstring-status-list" / "03-example-bitstringstatuslistcredential.json"
    example = json.loads(path.read_text(encoding="utf-8"))
    ours = document()
    assert ours["@context"] == example["@context"]
    assert ours["type"] == example["type"]
    assert set(ours) == set(example) | {"validUntil"}
    assert set(ours["credentialSubject"]) == set(example["credentialSubject"]) | {"ttl"}
    assert ours["credentialSubject"]["id"] == "https://badges.example.nz/status/1#list"


def test_the_times_of_a_list_are_written_in_utc():
    nz = timezone(timedelta(hours=12))
    assert document(valid_from=datetime(2026, 5, 3, 9, 30, tzinfo=nz))["validFrom"] == "2026-05-02T21:30:00Z"
    with pytest.raises(ValueError, match="zone"):
        document(valid_from=datetime(2026, 5, 3))  # noqa: DTZ001 - the point of the test
