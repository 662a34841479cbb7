"""For every leaf of a good badge, edited once or taken away, for every suite: never genuine."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from keys.multibase import base64url_decode, base64url_encode
from schemas import vocabulary as v
from schemas.jsontext import JsonObject
from tests.simulator import JWT_KEYS, SUITE_KEYS, Simulator, foreign_badge, old_badge
from verifier.report import GenuineVerdict

Path = tuple[str | int, ...]


def leaves(value: Any, where: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, (*where, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, (*where, index))
    else:
        yield where, value


def alterations(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
    else:
        yield value[:-1] + ("a" if value[-1:] != "a" else "b")  # of the same length and, for base58, alphabet
        yield value.swapcase()
        if value[:2] == "20" and value[4:5] == "-":
            yield "2027" + value[4:]  # another date, still a date


def edits(document: JsonObject, *, thorough: bool = True) -> Iterator[tuple[str, JsonObject]]:
    """(what was done, the badge with it done), each from a fresh copy; one edit a leaf unless `thorough`."""
    for path, value in leaves(document):
        altered = tuple(alterations(value))
        for new in (*altered, ...) if thorough else altered[:1]:
            if new == value:
                continue
            changed = copy.deepcopy(document)
            place: Any = changed
            for step in path[:-1]:
                place = place[step]
            if new is ...:
                del place[path[-1]]
            else:
                place[path[-1]] = new
            yield f"{'/'.join(map(str, path))} -> {'gone' if new is ... else repr(new)}", changed


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator()


def test_an_edit_of_a_foreign_badge_is_never_genuine(simulator: Simulator) -> None:
    good = simulator.sign(foreign_badge(simulator.provider))
    assert simulator.check(good, register=False).genuine.verdict is GenuineVerdict.VALID
    believed = [what for what, badge in edits(good) if _is_genuine(simulator, badge)]
    assert believed == []


@pytest.mark.parametrize("suite", SUITE_KEYS)
def test_an_edit_of_any_leaf_is_never_genuine(simulator: Simulator, suite: str) -> None:
    thorough = suite != v.ECDSA_RDFC_2019  # the same canonical form as eddsa-rdfc-2022
    unsigned = old_badge(simulator.provider) if suite == v.ED25519_SIGNATURE_2020 else simulator.badge()
    good = simulator.sign(unsigned, suite=suite)
    assert simulator.check(good, register=False).genuine.verdict is GenuineVerdict.VALID
    believed = [what for what, badge in edits(good, thorough=thorough) if _is_genuine(simulator, badge)]
    assert believed == []


@pytest.mark.parametrize("alg", JWT_KEYS)
def test_an_edit_of_any_leaf_of_a_jwt_is_never_genuine(simulator: Simulator, alg: str) -> None:
    text = simulator.sign_text(simulator.badge(), alg=alg)
    assert simulator.check(text, register=False).genuine.verdict is GenuineVerdict.VALID
    header, payload, signature = text.split(".")
    believed = []
    for position, part in enumerate((header, payload)):
        for what, changed in edits(json.loads(base64url_decode(part))):
            parts = [header, payload, signature]
            parts[position] = base64url_encode(json.dumps(changed, ensure_ascii=False).encode())
            if simulator.check(".".join(parts), register=False).genuine.verdict is GenuineVerdict.VALID:
                believed.append(what)
    assert believed == []


def test_an_edit_of_any_leaf_is_never_genuine_under_the_registers_key(simulator: Simulator) -> None:
    good = simulator.good_badge()
    assert simulator.check(good).genuine.verdict is GenuineVerdict.VALID
    believed = [what for what, badge in edits(good, thorough=False) if _is_genuine(simulator, badge, register=True)]
    assert believed == []


def _is_genuine(simulator: Simulator, badge: JsonObject, *, register: bool = False) -> bool:
    return simulator.check(badge, register=register).genuine.verdict is GenuineVerdict.VALID
