"""An edition is believed whole, under a pinned key inside its window, in its place in the chain; or not at all."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.suites import verify_proof
from schemas.canonical import jcs
from schemas.errors import (
    BadgeError,
    InputError,
    NotAuthorised,
    ProofInvalid,
    ProofUnsupported,
    RegisterError,
    TooLarge,
)
from schemas.jsontext import parse_object, write_json
from schemas.limits import EDITION as LIMITS
from tests.register.making import (
    AS_AT,
    P,
    Q,
    anchor,
    document,
    equivalency,
    issuer,
    key,
    listing,
    method_of,
    provider,
    right,
    signed,
    signer,
    succession,
)
from verifier.register.edition import canonical_digest, parse_anchor, parse_edition, verify_chain
from verifier.register.records import LearningOutcome

DID = "did:web:te-kura.ac.nz"
ROWS = (
    provider(P, legal_name="Te Kura Whakaatu (invented)"),
    provider(Q, last="2025-12-31"),
    listing(title_mi="Te Waha Ōhāoha", credits=7.5, approved_on="2016-02-03", te_hono=True),
    LearningOutcome(nzqa_ref="5055", version="1", position=1, text_en="Speak", text_mi="Kōrero"),
    right(),
    right(Q, last="2025-12-31", why="closed"),
    succession(),
    equivalency(),
    issuer(DID),
    key(f"{DID}#1", str(signer(5).public_key.multibase), stolen=datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
)
UNSIGNED = document(*ROWS)
DATA = signed(UNSIGNED)
ANCHOR = anchor()


def test_a_good_edition_gives_back_what_was_written() -> None:
    edition = parse_edition(DATA, anchor=ANCHOR)
    again = document(
        *(row for name in UNSIGNED if isinstance(UNSIGNED[name], list) for row in getattr(edition.register, name))
    )
    assert again == UNSIGNED
    assert (edition.number, edition.as_at, edition.demonstration) == (1, AS_AT, True)
    assert edition.sha256 == hashlib.sha256(DATA).hexdigest()
    assert edition.authority_name == "Authority (invented)"


def test_the_proof_is_a_plain_eddsa_jcs_2022_proof_that_anyone_can_check() -> None:
    read = parse_object(DATA)
    verify_proof(read, read["proof"][0], signer(1).public_key)


def test_layout_does_not_matter_to_the_signature_but_to_the_hash() -> None:
    spaced = json.dumps(parse_object(DATA), indent=1, ensure_ascii=True).encode()
    edition = parse_edition(spaced, anchor=ANCHOR)
    assert edition.sha256 != parse_edition(DATA, anchor=ANCHOR).sha256


def test_a_single_proof_need_not_stand_in_a_list() -> None:
    read = parse_object(DATA)
    read["proof"] = read["proof"][0]
    assert parse_edition(write_json(read), anchor=ANCHOR).number == 1


def test_either_authority_key_may_sign() -> None:
    assert parse_edition(signed(UNSIGNED, by=2), anchor=ANCHOR).signed_by == method_of(signer(2))


# --- tampering --------------------------------------------------------------------------------------------------
def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, (*path, name))
    elif isinstance(value, list):
        if not value:
            yield path
        for index, member in enumerate(value):
            yield from leaves(member, (*path, index))
    else:
        yield path


def edited(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value[:-1] + ("a" if value[-1:] != "a" else "b")
        case list():
            return [{}]
        case _:
            return "0" * 64


@pytest.mark.parametrize(
    "path", [pytest.param(path, id="/".join(map(str, path))) for path in leaves(parse_object(DATA))]
)
def test_every_leaf_edited_is_refused(path: tuple[Any, ...]) -> None:
    tampered = parse_object(DATA)
    place = tampered
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = edited(place[path[-1]])
    with pytest.raises(BadgeError):
        parse_edition(write_json(tampered), anchor=ANCHOR)


@pytest.mark.parametrize(
    "path", [pytest.param(path, id="/".join(map(str, path))) for path in leaves(parse_object(DATA))]
)
def test_every_leaf_taken_out_is_refused(path: tuple[Any, ...]) -> None:
    tampered = parse_object(DATA)
    place = tampered
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    with pytest.raises(BadgeError):
        parse_edition(write_json(tampered), anchor=ANCHOR)


def _with(**members: Any) -> bytes:
    return write_json(parse_object(DATA) | members)


def _with_proof(**members: Any) -> bytes:
    read = parse_object(DATA)
    read["proof"][0] |= members
    return write_json(read)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(b"", InputError, id="nothing"),
        pytest.param(b"[]", InputError, id="no object"),
        pytest.param(DATA[:-1], InputError, id="cut short"),
        pytest.param(DATA.replace(b'"edition":1', b'"edition":1,"edition":1'), InputError, id="a member twice"),
        pytest.param(DATA.replace("Ō".encode(), b"\xc5"), InputError, id="not UTF-8"),
        pytest.param(write_json(UNSIGNED), ProofInvalid, id="unsigned"),
        pytest.param(_with(proof=[]), ProofInvalid, id="no proofs"),
        pytest.param(_with(proof=parse_object(DATA)["proof"] * 2), ProofInvalid, id="two proofs"),
        pytest.param(_with(proof="z"), ProofInvalid, id="a proof that is a text"),
        pytest.param(_with_proof(cryptosuite="eddsa-rdfc-2022"), ProofUnsupported, id="another suite"),
        pytest.param(_with_proof(type="Ed25519Signature2020"), ProofUnsupported, id="another type"),
        pytest.param(_with_proof(proofPurpose="authentication"), ProofInvalid, id="another purpose"),
        pytest.param(_with_proof(expires="2030-01-01T00:00:00Z"), ProofInvalid, id="a member added to the proof"),
        pytest.param(_with_proof(created="2026-11-02"), ProofInvalid, id="no time of signing"),
        pytest.param(_with_proof(proofValue="mAAAA"), ProofInvalid, id="a signature in another base"),
        pytest.param(_with_proof(proofValue="z" + "1" * 64), ProofInvalid, id="a signature of zeros"),
        pytest.param(_with_proof(verificationMethod=method_of(signer(2))), ProofInvalid, id="the other pinned key"),
        pytest.param(_with_proof(verificationMethod=method_of(signer(9))), NotAuthorised, id="a key not pinned"),
        pytest.param(_with_proof(verificationMethod=["x"]), NotAuthorised, id="a method that is no text"),
        pytest.param(signed(UNSIGNED, by=9), NotAuthorised, id="well signed by a stranger"),
        pytest.param(
            signed(UNSIGNED, created=datetime(2025, 12, 31, 10, 59, 59, tzinfo=UTC)),
            NotAuthorised,
            id="a second before the key's window in New Zealand",
        ),
    ],
)
def test_what_is_not_believed(data: bytes, kind: type[BadgeError]) -> None:
    with pytest.raises(kind):
        parse_edition(data, anchor=ANCHOR)


def test_a_keys_window_includes_its_first_and_last_day() -> None:
    pinned = anchor(first="2026-01-01", last="2026-01-01")
    for moment in (datetime(2025, 12, 31, 11, 0, tzinfo=UTC), datetime(2026, 1, 1, 10, 59, 59, tzinfo=UTC)):
        parse_edition(signed(UNSIGNED, created=moment), anchor=pinned)
    with pytest.raises(NotAuthorised):
        parse_edition(signed(UNSIGNED, created=datetime(2026, 1, 1, 11, 0, tzinfo=UTC)), anchor=pinned)


def test_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        parse_edition(b" " * (LIMITS.max_bytes + 1), anchor=ANCHOR)


def _changed(**members: Any) -> bytes:
    return signed(copy.deepcopy(UNSIGNED) | members)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(_changed(edition=0), RegisterError, id="number 0"),
        pytest.param(_changed(edition=True), RegisterError, id="a number that is true"),
        pytest.param(_changed(edition=2), RegisterError, id="number 2 that follows nothing"),
        pytest.param(_changed(previous_sha256="0" * 64), RegisterError, id="number 1 that follows something"),
        pytest.param(_changed(as_at="1 November 2026"), RegisterError, id="no day"),
        pytest.param(_changed(demonstration="no"), RegisterError, id="demonstration not said"),
        pytest.param(_changed(authority="X"), RegisterError, id="no authority"),
        pytest.param(_changed(authority={"name": "X", "did": "did:key:z6Mk"}), NotAuthorised, id="another authority"),
        pytest.param(_changed(wallets=[]), RegisterError, id="a table that is not known"),
        pytest.param(_changed(providers={}), RegisterError, id="a table that is no list"),
        pytest.param(_changed(providers=["x"]), RegisterError, id="a row that is no object"),
        pytest.param(_changed(providers=[{"moe_number": "9990"}]), RegisterError, id="a row without a name"),
        pytest.param(
            _changed(outcomes=[UNSIGNED["outcomes"][0] | {"colour": "red"}]), RegisterError, id="a member not known"
        ),
        pytest.param(
            _changed(outcomes=[UNSIGNED["outcomes"][0] | {"position": True}]), RegisterError, id="a number that is true"
        ),
        pytest.param(
            _changed(outcomes=[UNSIGNED["outcomes"][0] | {"position": "1"}]), RegisterError, id="a number as text"
        ),
        pytest.param(
            _changed(outcomes=[UNSIGNED["outcomes"][0] | {"version": 1}]), RegisterError, id="a text as number"
        ),
        pytest.param(_changed(outcomes=[UNSIGNED["outcomes"][0] | {"text_en": None}]), RegisterError, id="a null"),
        pytest.param(
            _changed(outcomes=[UNSIGNED["outcomes"][0] | {"text_en": ["x"]}]), RegisterError, id="a list for a text"
        ),
    ],
)
def test_well_signed_but_not_a_register(data: bytes, kind: type[BadgeError]) -> None:
    with pytest.raises(kind):
        parse_edition(data, anchor=ANCHOR)


# --- the chain --------------------------------------------------------------------------------------------------
def _next(before: bytes, number: int, **more: Any) -> bytes:
    return signed(document(*ROWS, number=number, previous=hashlib.sha256(before).hexdigest(), **more))


SECOND = _next(DATA, 2)
THIRD = _next(SECOND, 3)
FORK = signed(document(*ROWS[:-1], number=2, previous=hashlib.sha256(DATA).hexdigest()), by=2)


@pytest.mark.parametrize(
    ("chain", "good"),
    [
        pytest.param([DATA], True, id="one"),
        pytest.param([DATA, SECOND, THIRD], True, id="three in order"),
        pytest.param([DATA, FORK], True, id="the other branch, alone"),
        pytest.param([SECOND, DATA], False, id="rolled back"),
        pytest.param([DATA, THIRD], False, id="one left out"),
        pytest.param([DATA, DATA], False, id="the same again"),
        pytest.param([DATA, FORK, THIRD], False, id="forked"),
        pytest.param([DATA, _next(DATA, 2, as_at=date(2026, 10, 31))], False, id="the day goes back"),
        pytest.param(
            [DATA, signed(document(number=2, previous=hashlib.sha256(DATA).hexdigest()) | {"demonstration": False})],
            False,
            id="no longer said to be a demonstration",
        ),
    ],
)
def test_a_chain(chain: list[bytes], good: bool) -> None:
    editions = [parse_edition(data, anchor=ANCHOR) for data in chain]
    if good:
        verify_chain(editions)
    else:
        with pytest.raises(RegisterError, match="does not follow"):
            verify_chain(editions)


# --- the anchor -------------------------------------------------------------------------------------------------
GOOD_KEY = {"id": method_of(signer(1)), "publicKeyMultibase": signer(1).public_key.multibase, "from": "2026-01-01"}
GOOD_ANCHOR = {"name": "A", "did": method_of(signer(1)).partition("#")[0], "keys": [GOOD_KEY]}
P256 = "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"name": ""}, id="no name"),
        pytest.param({"did": "https://x.nz"}, id="no DID"),
        pytest.param({"did": GOOD_KEY["id"]}, id="a DID with a fragment"),
        pytest.param({"keys": []}, id="no keys"),
        pytest.param({"keys": [GOOD_KEY, GOOD_KEY]}, id="a key twice"),
        pytest.param({"keys": ["x"]}, id="a key that is no object"),
        pytest.param({"keys": [GOOD_KEY | {"id": GOOD_ANCHOR["did"]}]}, id="a key id without a fragment"),
        pytest.param({"keys": [GOOD_KEY | {"publicKeyMultibase": "z6Mk"}]}, id="a key cut short"),
        pytest.param({"keys": [GOOD_KEY | {"publicKeyMultibase": P256}]}, id="a key of another kind"),
        pytest.param({"keys": [GOOD_KEY | {"from": "soon"}]}, id="no first day"),
        pytest.param({"keys": [GOOD_KEY | {"to": "2025-12-31"}]}, id="a window that ends before it begins"),
        pytest.param({"keys": [GOOD_KEY | {"until": "2027-12-31"}]}, id="a misspelt member"),
        pytest.param({"url": "https://x.nz"}, id="a member not known"),
    ],
)
def test_a_bad_anchor_is_refused(changed: dict[str, Any]) -> None:
    assert parse_anchor(write_json(GOOD_ANCHOR)).name == "A"
    with pytest.raises(RegisterError, match="anchor"):
        parse_anchor(write_json(GOOD_ANCHOR | changed))


# --- the fast hash ----------------------------------------------------------------------------------------------
scalars = st.one_of(
    st.text(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
rows = st.lists(st.one_of(scalars, st.dictionaries(st.text(), st.one_of(scalars, st.lists(scalars, max_size=2)))))


@given(st.dictionaries(st.text(), st.one_of(scalars, rows)))
def test_the_sliced_hash_is_that_of_the_rfc_8785_form(value: dict[str, Any]) -> None:
    assert canonical_digest(value) == hashlib.sha256(jcs(value)).digest()


def test_the_sliced_hash_holds_across_slices() -> None:
    value = {"awarding_rights": [{"number": index, "text": f"ā\u2028\x7f\n{index}"} for index in range(4_001)], "a": []}
    assert canonical_digest(value) == hashlib.sha256(jcs(value)).digest()
