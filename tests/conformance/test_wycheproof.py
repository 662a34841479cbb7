"""Every Wycheproof vector through this project's own functions: no wrong answer; stricter refusals are listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keys.jwk import parse_jwks
from keys.multikey import KeyType, PublicKey, public_key_from_jwk
from keys.suites.jwt import parse_jws, verify_jws
from schemas.errors import KeyRefused, ProofInvalid, ProofUnsupported

FOLDER = Path(__file__).parents[1] / "vectors" / "wycheproof"

NOT_READ = "an algorithm or key type that OB 3.0 does not ask for: HMAC, PSS, RS384, RS512, P-521"
NOT_JWS = "JSON Web Encryption, which a badge never uses"

# Valid by Wycheproof, refused here on purpose: file -> reason -> tcIds.
STRICTER: dict[str, dict[str, list[int]]] = {
    "json_web_signature_test.json": {
        NOT_READ: [1, *range(264, 276), 287, 288, *range(320, 324), *range(325, 329), 346, 347, 348, 350, 351, 352,
                   357, 358, 359, 372, 373, 376, 377],
    },
    "json_web_key_test.json": {NOT_READ: [2, 13, 14, 15]},
    "json_web_crypto_test.json": {NOT_READ: [1, 48], NOT_JWS: [50, 67]},
}  # fmt: skip

Verdicts = dict[int, bool]


def groups(name: str) -> list[dict[str, Any]]:
    document = json.loads((FOLDER / name).read_bytes())
    assert sum(len(group["tests"]) for group in document["testGroups"]) == document["numberOfTests"]
    return list(document["testGroups"])


def accepted(check: Callable[[], None]) -> bool:
    """Whether a check passes. Any error but ours is a failure of the test itself."""
    try:
        check()
    except (KeyRefused, ProofInvalid, ProofUnsupported):
        return False
    return True


def assert_answers(name: str, check: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    stricter = {number for numbers in STRICTER.get(name, {}).values() for number in numbers}
    wrong = []
    refused = set()
    for group in groups(name):
        for test in group["tests"]:
            passed = accepted(lambda group=group, test=test: check(group, test))  # type: ignore[misc] # bound now
            if test["result"] == "valid" and not passed:
                refused.add(test["tcId"])
            elif test["result"] != "valid" and passed:
                wrong.append((test["tcId"], test["comment"], "accepted"))
    assert not wrong
    assert refused == stricter, "the list of stricter refusals is exact"


def point_key(key_type: KeyType, uncompressed: bytes) -> PublicKey:
    """The key of an uncompressed SEC 1 point, in the form a Multikey has."""
    size = (len(uncompressed) - 1) // 2
    return PublicKey(key_type=key_type, encoded=bytes([2 + (uncompressed[-1] & 1)]) + uncompressed[1 : 1 + size])


def signature_check(key_type: KeyType) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def check(group: dict[str, Any], test: dict[str, Any]) -> None:
        if key_type is KeyType.ED25519:
            key = PublicKey(key_type=key_type, encoded=bytes.fromhex(group["publicKey"]["pk"]))
        else:
            key = point_key(key_type, bytes.fromhex(group["publicKey"]["uncompressed"]))
        key.verify(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))

    return check


@pytest.mark.parametrize(
    ("name", "key_type"),
    [
        ("ed25519_test.json", KeyType.ED25519),
        ("ecdsa_secp256r1_sha256_p1363_test.json", KeyType.P256),
        ("ecdsa_secp384r1_sha384_p1363_test.json", KeyType.P384),
    ],
)
def test_signatures_are_answered_as_wycheproof_says(name: str, key_type: KeyType) -> None:
    assert_answers(name, signature_check(key_type))


@pytest.mark.parametrize("name", ["ed25519_test.json", "ecdsa_secp256r1_sha256_p1363_test.json"])
def test_the_keys_of_a_file_are_the_same_as_jwk_and_as_point(name: str) -> None:
    for group in groups(name):
        jwk = group.get("publicKeyJwk")
        if jwk is None:
            continue
        key = public_key_from_jwk(jwk)
        point = group["publicKey"]
        expected = point["pk"] if key.key_type is KeyType.ED25519 else point["wx"].removeprefix("00")
        assert expected.rjust(64, "0") in key.encoded.hex()
        assert key.to_jwk().items() <= jwk.items()


@pytest.mark.parametrize(
    ("name", "key_type"),
    [("ecdsa_secp256r1_sha256_test.json", KeyType.P256), ("ecdsa_secp384r1_sha384_test.json", KeyType.P384)],
)
def test_der_signatures_are_refused_where_r_and_s_are_called_for(name: str, key_type: KeyType) -> None:
    """Valid and invalid alike: none of the 988 may pass as r || s."""
    check = signature_check(key_type)
    for group in groups(name):
        for test in group["tests"]:
            assert not accepted(lambda group=group, test=test: check(group, test)), test["tcId"]  # type: ignore[misc]


def jws_check(group: dict[str, Any], test: dict[str, Any]) -> None:
    """The issuer's key or key set is the group's public one; a lone private or symmetric key is offered as it is."""
    offered = group.get("public", group["private"])
    text = test["jws"] if "jws" in test else test["jwe"]
    if not isinstance(text, str):  # JSON serialisation: only the compact form is read
        text = json.dumps(text)
    jws = parse_jws(text)
    if "keys" not in offered:
        verify_jws(jws, public_key_from_jwk(offered))
        return
    matching = [entry.public_key for entry in parse_jwks(offered) if entry.kid == jws.kid]
    if len(matching) != 1:
        raise KeyRefused("The set does not hold the key that the JWS names.")
    verify_jws(jws, matching[0])


@pytest.mark.parametrize(
    "name", ["json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"]
)
def test_json_web_signatures_are_answered_as_wycheproof_says(name: str) -> None:
    assert_answers(name, jws_check)


def test_no_file_of_wycheproof_is_left_out() -> None:
    assert sum(len(group["tests"]) for path in FOLDER.glob("*.json") for group in groups(path.name)) == 2_191
