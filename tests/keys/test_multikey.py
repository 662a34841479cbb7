"""Public keys: their one text, their one form, and the keys that are refused."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from keys.jwk import parse_jwks
from keys.multikey import (
    KeyType,
    PublicKey,
    base58btc_decode,
    base58btc_encode,
    base64url_decode,
    base64url_encode,
    multibase_decode,
    multibase_encode,
    parse_multikey,
    public_key_from_jwk,
)
from keys.public_key import public_key_of, rsa_public_key
from keys.signing import SoftwareSigner
from schemas.errors import InputError, KeyRefused, ProofInvalid, TooLarge
from schemas.limits import MAX_BASE58_CHARS, MAX_RSA_BITS, MIN_RSA_BITS

P = 2**255 - 19
ED25519 = SoftwareSigner.from_secret(KeyType.ED25519, bytes(range(32)))
P256 = SoftwareSigner.from_secret(KeyType.P256, bytes(range(32)))
P384 = SoftwareSigner.from_secret(KeyType.P384, bytes(range(48)))
RSA = SoftwareSigner(rsa.generate_private_key(public_exponent=65_537, key_size=2_048))
SIGNERS = {signer.key_type: signer for signer in (ED25519, P256, P384, RSA)}


# --- codecs -----------------------------------------------------------------------------------------------------
@given(st.binary(max_size=140))
def test_base58_gives_back_what_it_was_given(data: bytes) -> None:
    assert base58btc_decode(base58btc_encode(data)) == data


@given(st.text(alphabet="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=MAX_BASE58_CHARS))
def test_every_base58_text_is_the_only_spelling_of_its_bytes(text: str) -> None:
    assert base58btc_encode(base58btc_decode(text)) == text


@given(st.binary(max_size=300))
def test_base64url_gives_back_what_it_was_given(data: bytes) -> None:
    assert base64url_decode(base64url_encode(data)) == data


@given(st.text(alphabet="ABab01-_", max_size=12))
def test_a_base64url_text_that_is_read_is_the_only_spelling(text: str) -> None:
    try:
        assert base64url_encode(base64url_decode(text)) == text
    except InputError:
        pass


@given(st.binary(max_size=140))
def test_multibase_gives_back_what_it_was_given(data: bytes) -> None:
    assert multibase_decode(multibase_encode(data)) == data
    assert multibase_decode("u" + base64url_encode(data)) == data


def test_the_published_base58_examples_hold() -> None:
    """draft-msporny-base58-03, section 5."""
    assert base58btc_encode(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert base58btc_decode("11233QC4") == bytes.fromhex("0000287fb4cd")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0OIl", id="characters left out of base58"),
        pytest.param("z z", id="a space"),
        pytest.param("é", id="another alphabet"),
        pytest.param("١", id="an Arabic digit"),
    ],
)
def test_base58_of_other_characters_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        base58btc_decode(text)


def test_base58_over_the_limit_is_refused_before_any_work() -> None:
    base58btc_decode("1" * MAX_BASE58_CHARS)
    with pytest.raises(TooLarge):
        base58btc_decode("1" * (MAX_BASE58_CHARS + 1))
    with pytest.raises(TooLarge):
        base58btc_encode(bytes(MAX_BASE58_CHARS + 1))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("AA==", id="padding"),
        pytest.param("A", id="an impossible length"),
        pytest.param("AB", id="stray bits at the end"),
        pytest.param("A+A/", id="the other base64 alphabet"),
        pytest.param("AAAA\n", id="a line end"),
    ],
)
def test_base64url_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        base64url_decode(text)


@pytest.mark.parametrize("text", ["", "f00", "Zabc", "mAAAA"])
def test_other_multibase_forms_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        multibase_decode(text)


# --- Multikey ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.P256, KeyType.P384])
def test_a_multikey_reads_back_as_the_same_key(key_type: KeyType) -> None:
    key = SIGNERS[key_type].public_key
    assert key.multibase is not None
    assert parse_multikey(key.multibase) == key


@pytest.mark.parametrize(
    ("key_type", "start"), [(KeyType.ED25519, "z6Mk"), (KeyType.P256, "zDna"), (KeyType.P384, "z82L")]
)
def test_a_multikey_starts_as_the_specification_says(key_type: KeyType, start: str) -> None:
    """Controlled Identifiers 1.0, 2.2.2."""
    assert str(SIGNERS[key_type].public_key.multibase).startswith(start)


def test_an_rsa_key_has_no_multikey() -> None:
    assert RSA.public_key.multibase is None


GOOD = ED25519.public_key.encoded


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("z", id="no key"),
        pytest.param("u" + base64url_encode(b"\xed\x01" + GOOD), id="base64url, which Multikey does not allow"),
        pytest.param(multibase_encode(b"\xed\x01" + GOOD)[1:], id="no multibase prefix"),
        pytest.param(multibase_encode(b"\xed\x01" + GOOD + b"\0"), id="one byte too many"),
        pytest.param(multibase_encode(b"\xed\x01" + GOOD[:-1]), id="one byte too few"),
        pytest.param(multibase_encode(b"\0\xed\x01" + GOOD), id="a zero byte in front"),
        pytest.param(multibase_encode(GOOD), id="no multicodec prefix"),
        pytest.param(multibase_encode(b"\x80\x26" + GOOD), id="the prefix of a private key"),
        pytest.param(multibase_encode(b"\xed\x81\x00" + GOOD), id="a prefix in a longer varint"),
        pytest.param(multibase_encode(b"\xe7\x01" + P256.public_key.encoded), id="a secp256k1 key"),
        pytest.param(multibase_encode(b"\x80\x24" + P384.public_key.encoded), id="a P-384 point as P-256"),
        pytest.param(multibase_encode(b"\x80\x24\x04" + P256.public_key.encoded[1:]), id="an uncompressed mark"),
        pytest.param(multibase_encode(b"\x80\x24\x00" + bytes(32)), id="the point at infinity"),
        pytest.param(multibase_encode(b"\x80\x24\x02" + b"\xff" * 32), id="an x beyond the field"),
        pytest.param(multibase_encode(b"\x80\x24\x02" + bytes(31) + b"\x01"), id="an x off the curve"),
        pytest.param(multibase_encode(b"\x81\x24\x02" + b"\xff" * 48), id="a P-384 x beyond the field"),
        pytest.param("z" + "1" * (MAX_BASE58_CHARS + 1), id="base58 over the limit"),
        pytest.param("z6Mk" + "0" * 44, id="characters outside base58"),
    ],
)
def test_a_multikey_that_is_no_good_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        parse_multikey(text)


# The points of small order, as libsodium lists them, and each with the other sign bit or y + p where that fits.
SMALL_ORDER = {
    "order 4, y = 0": "00" * 32,
    "order 4, y = 0, sign set": "00" * 31 + "80",
    "order 1, the identity": "01" + "00" * 31,
    "order 1, sign set": "01" + "00" * 30 + "80",
    "order 2, y = -1": "ec" + "ff" * 30 + "7f",
    "order 2, sign set": "ec" + "ff" * 31,
    "order 8, first": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "order 8, first, sign set": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "order 8, second": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "order 8, second, sign set": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "y = p, which is 0": "ed" + "ff" * 30 + "7f",
    "y = p, sign set": "ed" + "ff" * 31,
    "y = p + 1, which is 1": "ee" + "ff" * 30 + "7f",
    "y = p + 1, sign set": "ee" + "ff" * 31,
}


@pytest.mark.parametrize("encoded", [pytest.param(value, id=name) for name, value in SMALL_ORDER.items()])
def test_a_point_of_small_order_is_refused_in_every_spelling(encoded: str) -> None:
    with pytest.raises(KeyRefused):
        PublicKey(key_type=KeyType.ED25519, encoded=bytes.fromhex(encoded))


def test_why_small_order_matters_the_library_takes_a_signature_anyone_can_make() -> None:
    """Under the identity, R = identity and S = 0 verify for every message; OpenSSL says so."""
    identity = bytes.fromhex(SMALL_ORDER["order 1, the identity"])
    ed25519.Ed25519PublicKey.from_public_bytes(identity).verify(identity + bytes(32), b"any badge at all")


@pytest.mark.parametrize("y", [pytest.param(P + extra, id=f"y = p + {extra}") for extra in range(2, 19)])
def test_a_second_spelling_of_an_ed25519_key_is_refused(y: int) -> None:
    for sign in (0, 1):
        with pytest.raises(KeyRefused, match="canonical"):
            PublicKey(key_type=KeyType.ED25519, encoded=(y | sign << 255).to_bytes(32, "little"))


def test_half_of_all_small_y_are_off_the_curve_and_refused() -> None:
    refused = 0
    for y in range(2, 66):
        try:
            PublicKey(key_type=KeyType.ED25519, encoded=y.to_bytes(32, "little"))
        except KeyRefused:
            refused += 1
    assert 20 <= refused <= 44


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_an_ed25519_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(KeyRefused):
        PublicKey(key_type=KeyType.ED25519, encoded=GOOD[:1] * length)


# --- signatures -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key_type", list(KeyType))
def test_a_signature_verifies_and_any_other_does_not(key_type: KeyType) -> None:
    signer = SIGNERS[key_type]
    signature = signer.sign(b"badge")
    signer.public_key.verify(signature, b"badge")
    flipped = bytes([signature[0] ^ 1]) + signature[1:]
    for wrong, message in (
        (signature, b"badger"),
        (flipped, b"badge"),
        (signature[:-1], b"badge"),
        (signature + b"\0", b"badge"),
        (b"\0" + signature, b"badge"),
        (bytes(len(signature)), b"badge"),
        (b"", b"badge"),
    ):
        with pytest.raises(ProofInvalid):
            signer.public_key.verify(wrong, message)


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.P256, KeyType.P384, KeyType.RSA])
def test_signing_twice_gives_the_same_signature(key_type: KeyType) -> None:
    """RFC 8032 and RFC 6979: no nonce is drawn, so none can be repeated."""
    assert SIGNERS[key_type].sign(b"badge") == SIGNERS[key_type].sign(b"badge")


def test_other_curves_are_refused() -> None:
    for key in (ec.generate_private_key(ec.SECP521R1()), ec.generate_private_key(ec.SECP256K1())):
        with pytest.raises(KeyRefused):
            public_key_of(key.public_key())
        with pytest.raises(KeyRefused):
            SoftwareSigner(key)
    with pytest.raises(KeyRefused):
        public_key_of("no key")


# --- RSA --------------------------------------------------------------------------------------------------------
N = int.from_bytes(base64url_decode(RSA.public_key.to_jwk()["n"]), "big")


@pytest.mark.parametrize(
    ("n", "e"),
    [
        pytest.param(N >> 1 | 1, 65_537, id="2047 bits"),
        pytest.param(1 << (MAX_RSA_BITS) | 1, 65_537, id="8193 bits"),
        pytest.param(N, 1, id="exponent one"),
        pytest.param(N, 2, id="exponent two"),
        pytest.param(N, 65_536, id="an even exponent"),
        pytest.param(N, 2**64 + 1, id="a huge exponent"),
        pytest.param(N + 1, 65_537, id="an even modulus"),
        pytest.param(N - N % 3 + 3 * (1 + N % 2), 65_537, id="a modulus with a small factor"),
        pytest.param(0, 3, id="no modulus"),
    ],
)
def test_a_weak_rsa_key_is_refused(n: int, e: int) -> None:
    with pytest.raises(KeyRefused):
        rsa_public_key(n, e)


def test_rsa_keys_of_the_smallest_size_are_taken() -> None:
    assert N.bit_length() == MIN_RSA_BITS
    assert rsa_public_key(N, 65_537) == RSA.public_key


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(RSA.public_key.encoded + b"\0", id="a byte behind"),
        pytest.param(ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw(), id="a key of another kind"),
    ],
)
def test_an_rsa_encoding_that_is_not_the_one_form_is_refused(encoded: bytes) -> None:
    with pytest.raises(KeyRefused):
        PublicKey(key_type=KeyType.RSA, encoded=encoded)


# --- JWK --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key_type", list(KeyType))
def test_a_jwk_reads_back_as_the_same_key(key_type: KeyType) -> None:
    key = SIGNERS[key_type].public_key
    assert public_key_from_jwk(key.to_jwk()) == key
    assert public_key_from_jwk(key.to_jwk() | {"use": "sig", "key_ops": ["verify"], "kid": "a", "x5c": []}) == key


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    """RFC 8037, appendix A.3."""
    key = public_key_from_jwk({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_rsa_thumbprint_orders_its_members() -> None:
    jwk = RSA.public_key.to_jwk()
    text = f'{{"e":"{jwk["e"]}","kty":"RSA","n":"{jwk["n"]}"}}'
    assert RSA.public_key.thumbprint == base64url_encode(hashlib.sha256(text.encode()).digest())


OKP, EC, EC384, RSA_JWK = (SIGNERS[kind].public_key.to_jwk() for kind in
                           (KeyType.ED25519, KeyType.P256, KeyType.P384, KeyType.RSA))  # fmt: skip


def _other_y() -> str:
    y = int.from_bytes(base64url_decode(EC["y"]), "big")
    prime = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
    assert y != prime - y
    return base64url_encode((y ^ 2).to_bytes(32, "big"))


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param("text", id="a text"),
        pytest.param(None, id="null"),
        pytest.param({}, id="an empty object"),
        pytest.param(OKP | {"d": OKP["x"]}, id="a private Ed25519 key"),
        pytest.param(EC | {"d": EC["x"]}, id="a private P-256 key"),
        pytest.param(RSA_JWK | {"p": "AQ"}, id="a private RSA member"),
        pytest.param({"kty": "oct", "k": "AAAA"}, id="a symmetric key"),
        pytest.param(OKP | {"kty": "EC"}, id="kty and crv disagree"),
        pytest.param(OKP | {"crv": "X25519"}, id="a key for agreement"),
        pytest.param(OKP | {"crv": "Ed448"}, id="a curve that is not read"),
        pytest.param(EC | {"crv": "P-521"}, id="P-521"),
        pytest.param(EC | {"crv": "secp256k1"}, id="secp256k1"),
        pytest.param(EC | {"crv": "P-384"}, id="P-256 coordinates on P-384"),
        pytest.param(EC384 | {"crv": "P-256"}, id="P-384 coordinates on P-256"),
        pytest.param(RSA_JWK | {"crv": "P-256"}, id="RSA with a curve"),
        pytest.param(EC | {"y": _other_y()}, id="a point off the curve"),
        pytest.param(EC | {"y": EC["x"]}, id="x as y"),
        pytest.param(EC | {"x": base64url_encode(b"\0" + base64url_decode(EC["x"]))}, id="a coordinate too long"),
        pytest.param(EC | {"x": base64url_encode(base64url_decode(EC["x"])[1:])}, id="a coordinate too short"),
        pytest.param(OKP | {"x": OKP["x"] + "="}, id="padding"),
        pytest.param(OKP | {"x": 5}, id="a coordinate that is a number"),
        pytest.param({"kty": "OKP", "crv": "Ed25519"}, id="no coordinate"),
        pytest.param(OKP | {"x": base64url_encode(bytes(32))}, id="a point of small order"),
        pytest.param(RSA_JWK | {"n": base64url_encode(b"\0" + base64url_decode(RSA_JWK["n"]))}, id="leading zeros"),
        pytest.param(RSA_JWK | {"e": ""}, id="an empty exponent"),
        pytest.param(RSA_JWK | {"e": "AQ"}, id="exponent one"),
        pytest.param(EC | {"use": "enc"}, id="a key for encryption"),
        pytest.param(EC | {"use": None}, id="a use that is null"),
        pytest.param(EC | {"key_ops": ["encrypt"]}, id="operations without verify"),
        pytest.param(EC | {"key_ops": "verify"}, id="operations that are a text"),
        pytest.param(EC | {"key_ops": ["sign, verify"]}, id="operations run together"),
        pytest.param(EC | {"alg": "ES384"}, id="the algorithm of another curve"),
        pytest.param(EC | {"alg": "HS256"}, id="a symmetric algorithm"),
        pytest.param(RSA_JWK | {"alg": "PS256"}, id="RSA for another padding"),
        pytest.param(RSA_JWK | {"alg": "none"}, id="no algorithm"),
        pytest.param(OKP | {"alg": None}, id="an algorithm that is null"),
    ],
)
def test_a_jwk_that_is_not_exactly_right_is_refused(jwk: object) -> None:
    with pytest.raises(KeyRefused):
        public_key_from_jwk(jwk)


def test_a_set_gives_its_usable_keys_and_passes_over_the_others() -> None:
    entries = parse_jwks(
        {
            "keys": [
                EC | {"kid": "a"},
                EC | {"kid": "b", "use": "enc"},
                {"kty": "EC", "crv": "P-521"},
                OKP | {"iss": "i"},
            ]
        }
    )
    assert [(entry.kid, entry.public_key.key_type, entry.issuer) for entry in entries] == [
        ("a", KeyType.P256, None),
        (None, KeyType.ED25519, "i"),
    ]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="no keys"),
        pytest.param({"keys": {}}, id="keys that are no list"),
        pytest.param({"keys": ["a"]}, id="an entry that is no object"),
        pytest.param({"keys": [EC | {"kid": 1}]}, id="a kid that is a number"),
        pytest.param({"keys": [EC | {"kid": "a"}, OKP | {"kid": "a"}]}, id="a kid that stands twice"),
        pytest.param({"keys": [EC, {"kty": "oct", "k": "AAAA"}]}, id="a symmetric key among them"),
        pytest.param({"keys": [EC, OKP | {"d": "AAAA"}]}, id="a private key among them"),
    ],
)
def test_a_set_that_cannot_be_trusted_is_refused_whole(document: dict[str, object]) -> None:
    with pytest.raises(KeyRefused):
        parse_jwks(document)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["EC", "OKP"]),
                    lambda inner: st.lists(inner, max_size=3), max_leaves=4),
       st.sampled_from(["kty", "crv", "x", "y", "n", "e", "use", "alg", "key_ops", "kid"]))  # fmt: skip
def test_no_value_in_a_jwk_causes_another_error(value: object, member: str) -> None:
    for jwk in (OKP, EC, RSA_JWK):
        try:
            public_key_from_jwk(json.loads(json.dumps(jwk | {member: value})))
        except KeyRefused:
            pass
