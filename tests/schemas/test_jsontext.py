import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import BadgeError, JsonTextError, TooLarge
from schemas.jsontext import parse_json, parse_object, pointer, write_json
from schemas.limits import DOCUMENT, JsonLimits

SMALL = JsonLimits(max_bytes=64, max_depth=3, max_values=8)

REFUSED = [
    pytest.param(b"", JsonTextError, id="an empty text"),
    pytest.param(b'{"a":1,"a":2}', JsonTextError, id="a member twice"),
    pytest.param(b'{"a":{"b":1,"b":1}}', JsonTextError, id="a member twice further in, even with one value"),
    pytest.param(b"[NaN]", JsonTextError, id="NaN"),
    pytest.param(b"[-Infinity]", JsonTextError, id="Infinity"),
    pytest.param(b"[1e999]", JsonTextError, id="a number beyond a double"),
    pytest.param(b"[9007199254740992]", JsonTextError, id="an integer that a double cannot hold exactly"),
    pytest.param(b"[" + b"9" * 5000 + b"]", JsonTextError, id="an integer of thousands of digits"),
    pytest.param(b'"\\ud800"', JsonTextError, id="a lone surrogate, escaped"),
    pytest.param(b'{"\\udc00":1}', JsonTextError, id="a lone surrogate in a name"),
    pytest.param(b'"\xed\xa0\x80"', JsonTextError, id="a surrogate in UTF-8"),
    pytest.param(b'"\xff"', JsonTextError, id="bytes that are not UTF-8"),
    pytest.param(b"\xef\xbb\xbf{}", JsonTextError, id="a byte order mark"),
    pytest.param('{"a":1}'.encode("utf-16"), JsonTextError, id="UTF-16"),
    pytest.param(b"{'a':1}", JsonTextError, id="single quotes"),
    pytest.param(b'{"a":1,}', JsonTextError, id="a trailing comma"),
    pytest.param(b'{"a":1} x', JsonTextError, id="something after the value"),
    pytest.param(b'"\x00"', JsonTextError, id="a raw control character"),
    pytest.param(b"[01]", JsonTextError, id="a leading zero"),
    pytest.param(b"[1_0]", JsonTextError, id="an underscore in a number"),
    pytest.param('["١"]'.replace('"', "").encode(), JsonTextError, id="digits of another script"),
    pytest.param(b"[" * 33 + b"]" * 33, TooLarge, id="one level over the depth limit"),
    pytest.param(b"[" * 100_000, TooLarge, id="a hundred thousand brackets"),
    pytest.param(b"[" + b"1," * 1000 + b"1]", TooLarge, id="over the limit of values"),
    pytest.param(b'"' + b"a" * DOCUMENT.max_bytes + b'"', TooLarge, id="over the limit of bytes"),
]


@pytest.mark.parametrize(("text", "error"), REFUSED)
def test_refuses(text: bytes, error: type[BadgeError]) -> None:
    with pytest.raises(error):
        parse_json(text)


def test_the_limits_themselves_pass_and_one_over_fails() -> None:
    assert parse_json("[[[1]]]", limits=SMALL) == [[[1]]]
    with pytest.raises(TooLarge):
        parse_json("[[[[1]]]]", limits=SMALL)
    assert parse_json("[1,2,3,4,5,6]", limits=SMALL)
    with pytest.raises(TooLarge):
        parse_json("[1,2,3,4,5,6,7,8]", limits=SMALL)
    assert parse_json('"' + "a" * 62 + '"', limits=SMALL)
    with pytest.raises(TooLarge):
        parse_json('"' + "a" * 63 + '"', limits=SMALL)


def test_brackets_and_commas_inside_strings_are_not_counted() -> None:
    text = json.dumps(["[[[[,,,,,,,,,,{{{{", 'a"[\\'])
    assert parse_json(text, limits=SMALL) == ["[[[[,,,,,,,,,,{{{{", 'a"[\\']


def test_macrons_and_a_paired_surrogate_survive() -> None:
    assert parse_json('["Hēmi", "\\ud83d\\ude00"]') == ["Hēmi", "😀"]
    assert write_json("Hēmi") == '"Hēmi"'.encode()


def test_a_document_must_be_an_object() -> None:
    with pytest.raises(JsonTextError):
        parse_object("[]")


def test_pointers_are_escaped() -> None:
    assert pointer("a/b", 0, "m~n") == "/a~1b/0/m~0n"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert parse_json(write_json(value)) == value


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_a_value_or_our_error(data: bytes) -> None:
    try:
        parse_json(data)
    except BadgeError:
        pass
