"""Compact JWS and VC-JWT: a strict envelope, and claims that must repeat the credential."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk as joserfc_jwk
from joserfc import jws as joserfc_jws

from keys.multikey import KeyType, base64url_encode, public_key_from_jwk
from keys.signing import SoftwareSigner, sign_jwt
from keys.suites.jwt import JWS_ALGORITHMS, credential_of, parse_jws, registered_claims, verify_jws
from schemas.errors import IssuingError, KeyRefused, ProofInvalid, ProofUnsupported, TooLarge
from schemas.limits import MAX_JWS_CHARS

SIGNERS = {
    "EdDSA": SoftwareSigner.from_secret(KeyType.ED25519, bytes(range(32))),
    "ES256": SoftwareSigner.from_secret(KeyType.P256, bytes(range(32))),
    "ES384": SoftwareSigner.from_secret(KeyType.P384, bytes(range(48))),
    "RS256": SoftwareSigner.generate(KeyType.RSA),
}
ES256 = SIGNERS["ES256"]
KID = "did:web:badges.example#key-2"
CREDENTIAL: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "https://badges.example/badges/1",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:web:badges.example", "type": ["Profile"]},
    "validFrom": "2026-05-03T10:00:00Z",
    "validUntil": "2028-05-03T10:00:00Z",
    "credentialSubject": {"id": "urn:uuid:5b1c2c1e-6a0e-4b0f-9d7d-0c6b5b6a7a11", "type": ["AchievementSubject"]},
}
V1 = CREDENTIAL | {"@context": ["https://www.w3.org/2018/credentials/v1"], "issuanceDate": CREDENTIAL["validFrom"]}


def compact(header: Any, payload: Any, signer: SoftwareSigner = ES256) -> str:
    """A signed JWS of any header and payload, well formed or not; bytes are taken as they are."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signing_input = ".".join(base64url_encode(part) for part in parts)
    return f"{signing_input}.{base64url_encode(signer.sign(signing_input.encode()))}"


HEADER = {"alg": "ES256", "kid": KID}
TEXT = compact(HEADER, CREDENTIAL)


# --- our own ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("alg", list(JWS_ALGORITHMS))
def test_a_credential_signed_here_reads_back_whole(alg: str) -> None:
    jws = parse_jws(sign_jwt(CREDENTIAL, signer=SIGNERS[alg], kid=KID, alg=alg))
    assert jws.header == {"alg": alg, "kid": KID, "typ": "JWT"}
    assert jws.kid == KID
    verify_jws(jws, SIGNERS[alg].public_key)
    assert credential_of(jws) == (CREDENTIAL, ())


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
@pytest.mark.parametrize("alg", list(JWS_ALGORITHMS))
def test_another_implementation_verifies_what_is_signed_here(alg: str) -> None:
    text = sign_jwt(CREDENTIAL, signer=SIGNERS[alg], kid=KID, alg=alg)
    key = joserfc_jwk.import_key(SIGNERS[alg].public_key.to_jwk())
    assert json.loads(joserfc_jws.deserialize_compact(text, key, algorithms=[alg]).payload)["jti"] == CREDENTIAL["id"]


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
@pytest.mark.parametrize("alg", ["ES256", "ES384", "RS256", "EdDSA"])
def test_what_another_implementation_signs_is_verified_here(alg: str) -> None:
    kind, crv = {
        "ES256": ("EC", "P-256"),
        "ES384": ("EC", "P-384"),
        "RS256": ("RSA", 2048),
        "EdDSA": ("OKP", "Ed25519"),
    }[alg]
    key = joserfc_jwk.generate_key(kind, crv)  # type: ignore[call-overload] # pairs as joserfc takes them
    text = joserfc_jws.serialize_compact({"alg": alg, "kid": KID}, b"{}", key, algorithms=[alg])
    verify_jws(parse_jws(text), public_key_from_jwk(key.as_dict(private=False)))


def test_the_claims_repeat_the_credential() -> None:
    assert registered_claims(CREDENTIAL) == {
        "iss": "did:web:badges.example",
        "jti": "https://badges.example/badges/1",
        "sub": "urn:uuid:5b1c2c1e-6a0e-4b0f-9d7d-0c6b5b6a7a11",
        "nbf": 1_777_802_400,
        "exp": 1_840_960_800,
    }


def test_a_credential_without_end_or_subject_id_has_no_such_claims() -> None:
    bare = CREDENTIAL | {"credentialSubject": {"type": ["AchievementSubject"]}}
    del bare["validUntil"]
    assert registered_claims(bare).keys() == {"iss", "jti", "nbf"}
    assert credential_of(parse_jws(sign_jwt(bare, signer=ES256, kid=KID, alg="ES256"))) == (bare, ())


@pytest.mark.parametrize(
    ("alg", "signer"),
    [("ES256", "EdDSA"), ("RS256", "ES256"), ("ES384", "ES256"), ("HS256", "ES256"), ("none", "ES256"), ("", "ES256")],
)
def test_an_algorithm_that_does_not_go_with_the_key_is_not_used(alg: str, signer: str) -> None:
    with pytest.raises(IssuingError):
        sign_jwt(CREDENTIAL, signer=SIGNERS[signer], kid=KID, alg=alg)


def test_an_old_data_model_is_not_signed() -> None:
    for document in (V1, {"id": "x"}, CREDENTIAL | {"@context": "https://www.w3.org/ns/credentials/v2"}):
        with pytest.raises(IssuingError):
            sign_jwt(document, signer=ES256, kid=KID, alg="ES256")


# --- the envelope -----------------------------------------------------------------------------------------------
HEAD, PAYLOAD, SIGNATURE = TEXT.split(".")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(f"{HEAD}.{PAYLOAD}", id="two parts"),
        pytest.param(f"{TEXT}.{SIGNATURE}", id="four parts"),
        pytest.param(f"{TEXT}.", id="an empty fourth part"),
        pytest.param(f".{PAYLOAD}.{SIGNATURE}", id="no header"),
        pytest.param(f"{HEAD}.{PAYLOAD}.", id="no signature"),
        pytest.param(f"{TEXT}=", id="padding"),
        pytest.param(f"{TEXT}\n", id="a line end"),
        pytest.param(f" {TEXT}", id="a space in front"),
        pytest.param(f"Bearer {TEXT}", id="a word in front"),
        pytest.param(TEXT.replace(".", "。"), id="other full stops"),
        pytest.param(f"{HEAD}.{PAYLOAD}.{SIGNATURE[:-1]}B", id="stray bits in the signature"),
        pytest.param(f"{HEAD}.{PAYLOAD}.{SIGNATURE[:-1]}", id="a cut signature"),
        pytest.param(f"{HEAD}.{PAYLOAD}+.{SIGNATURE}", id="the other base64 alphabet"),
        pytest.param(f"{TEXT}~WyJzYWx0Il0~", id="SD-JWT disclosures"),
        pytest.param(json.dumps({"protected": HEAD, "payload": PAYLOAD, "signature": SIGNATURE}), id="JSON serialisation"),
        pytest.param(compact(b"\xff", CREDENTIAL), id="a header that is not UTF-8"),
        pytest.param(compact(b"[]", CREDENTIAL), id="a header that is a list"),
        pytest.param(compact(b'{"alg":"ES256","alg":"ES256"}', CREDENTIAL), id="a header member twice"),
        pytest.param(compact(b'{"alg":"none","alg":"ES256"}', CREDENTIAL), id="two algorithms"),
        pytest.param(compact(HEADER | {"kid": "x" * 9_000}, CREDENTIAL), id="a header over the limit"),
        pytest.param(compact({"kid": KID}, CREDENTIAL), id="no algorithm"),
        pytest.param(compact({"alg": None}, CREDENTIAL), id="an algorithm that is null"),
        pytest.param(compact({"alg": ["ES256"]}, CREDENTIAL), id="a list of algorithms"),
        pytest.param(compact({"alg": "none"}, CREDENTIAL), id="none"),
        pytest.param(compact({"alg": "NoNe"}, CREDENTIAL), id="none in capitals"),
        pytest.param(compact(HEADER | {"crit": ["exp"]}, CREDENTIAL), id="crit"),
        pytest.param(compact(HEADER | {"crit": []}, CREDENTIAL), id="an empty crit"),
        pytest.param(compact(HEADER | {"b64": False}, CREDENTIAL), id="b64"),
        pytest.param(compact(HEADER | {"zip": "DEF"}, CREDENTIAL), id="zip"),
        pytest.param(compact(HEADER | {"jku": "https://evil.example/jwks"}, CREDENTIAL), id="jku"),
        pytest.param(compact(HEADER | {"x5u": "https://evil.example/x"}, CREDENTIAL), id="x5u"),
        pytest.param(compact(HEADER | {"x5c": []}, CREDENTIAL), id="x5c"),
        pytest.param(compact(HEADER | {"cty": "vc"}, CREDENTIAL), id="cty"),
        pytest.param(compact(HEADER | {"iss": "did:web:badges.example"}, CREDENTIAL), id="a claim in the header"),
        pytest.param(compact(HEADER | {"kid": 7}, CREDENTIAL), id="a kid that is a number"),
        pytest.param(compact(HEADER | {"typ": "at+jwt"}, CREDENTIAL), id="an access token"),
        pytest.param(compact(HEADER | {"typ": "vp+jwt"}, CREDENTIAL), id="a presentation"),
        pytest.param(compact(HEADER | {"typ": 5}, CREDENTIAL), id="a typ that is a number"),
        pytest.param(compact(HEADER | {"typ": ""}, CREDENTIAL), id="an empty typ"),
    ],
)  # fmt: skip
def test_what_is_no_strict_compact_jws_is_refused(text: str) -> None:
    with pytest.raises(ProofInvalid):
        parse_jws(text)


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_shared_secret_proves_nothing(alg: str) -> None:
    with pytest.raises(ProofInvalid, match="shared secret"):
        parse_jws(compact({"alg": alg}, CREDENTIAL))


@pytest.mark.parametrize("alg", ["PS256", "RS384", "ES512", "ES256K", "es256", "Ed448", ""])
def test_an_algorithm_that_is_not_read_is_unsupported(alg: str) -> None:
    with pytest.raises(ProofUnsupported):
        parse_jws(compact({"alg": alg}, CREDENTIAL))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "vc+jwt", "vc+ld+jwt", "VC+JWT"])
def test_the_types_of_a_credential_are_read(typ: str) -> None:
    verify_jws(parse_jws(compact(HEADER | {"typ": typ}, CREDENTIAL)), ES256.public_key)


def test_a_jws_over_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_jws("a" * (MAX_JWS_CHARS + 1))


def test_a_private_key_in_the_header_is_refused() -> None:
    jwk = ES256.public_key.to_jwk()
    with pytest.raises(KeyRefused):
        parse_jws(compact(HEADER | {"jwk": jwk | {"d": "AAAA"}}, CREDENTIAL))
    with pytest.raises(KeyRefused):
        parse_jws(compact(HEADER | {"jwk": "text"}, CREDENTIAL))


def test_a_key_in_the_header_counts_only_when_it_is_the_issuers() -> None:
    attacker = SoftwareSigner.generate(KeyType.P256)
    forged = parse_jws(compact(HEADER | {"jwk": attacker.public_key.to_jwk()}, CREDENTIAL, attacker))
    assert forged.jwk == attacker.public_key
    with pytest.raises(ProofInvalid):
        verify_jws(forged, ES256.public_key)
    verify_jws(parse_jws(compact(HEADER | {"jwk": ES256.public_key.to_jwk()}, CREDENTIAL)), ES256.public_key)


def test_a_signature_by_the_issuer_with_a_strange_key_in_the_header_is_refused() -> None:
    jwk = SoftwareSigner.generate(KeyType.P256).public_key.to_jwk()
    with pytest.raises(ProofInvalid):
        verify_jws(parse_jws(compact(HEADER | {"jwk": jwk}, CREDENTIAL)), ES256.public_key)


@pytest.mark.parametrize("alg", ["EdDSA", "ES384", "RS256"])
def test_the_algorithm_comes_from_the_key_and_not_from_the_header(alg: str) -> None:
    with pytest.raises(ProofInvalid):
        verify_jws(parse_jws(compact({"alg": alg}, CREDENTIAL)), ES256.public_key)
    with pytest.raises(ProofInvalid):
        verify_jws(parse_jws(TEXT), SIGNERS[alg].public_key)


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("ABab01-_."))
def test_no_change_of_one_character_verifies(position: int, character: str) -> None:
    text = TEXT[:position] + character + TEXT[position + 1 :]
    if text == TEXT:
        return
    with pytest.raises((ProofInvalid, ProofUnsupported, KeyRefused)):
        verify_jws(parse_jws(text), ES256.public_key)


@given(st.text(max_size=60))
def test_no_text_causes_another_error(text: str) -> None:
    with pytest.raises((ProofInvalid, ProofUnsupported, KeyRefused)):
        parse_jws(text)


# --- the credential ---------------------------------------------------------------------------------------------
def read(payload: Any, **header: Any) -> tuple[Any, list[str | None]]:
    credential, faults = credential_of(parse_jws(compact(HEADER | header, payload)))
    return credential, [fault.pointer for fault in faults]


CLAIMS = registered_claims(CREDENTIAL)


@pytest.mark.parametrize("payload", [b"", b"foo", b"[]", b'"text"', b'{"a":1,"a":2}', b"\xff", b'{"vc": []}', b"{}}"])
def test_a_payload_that_is_no_credential_is_refused(payload: bytes) -> None:
    with pytest.raises(ProofInvalid):
        read(payload)


@pytest.mark.parametrize("claim", ["iss", "jti", "sub", "nbf", "exp"])
def test_every_claim_must_be_there(claim: str) -> None:
    payload = {name: value for name, value in (CREDENTIAL | CLAIMS).items() if name != claim}
    assert read(payload) == (CREDENTIAL, [f"/{claim}"])
    assert read(payload, typ="JWT")[1] == [f"/{claim}"]
    assert read(payload, typ="vc+jwt")[1] == [], "VC-JOSE-COSE leaves the claims out"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        pytest.param("iss", "did:web:other.example", id="another issuer"),
        pytest.param("iss", {"id": "did:web:badges.example"}, id="an issuer that is an object"),
        pytest.param("iss", None, id="an issuer that is null"),
        pytest.param("jti", "https://badges.example/badges/2", id="another credential"),
        pytest.param("sub", "urn:uuid:00000000-0000-4000-8000-000000000000", id="another subject"),
        pytest.param("nbf", CLAIMS["nbf"] + 1, id="a second later"),
        pytest.param("nbf", str(CLAIMS["nbf"]), id="a time that is a text"),
        pytest.param("nbf", "2026-05-03T10:00:00Z", id="a time in words"),
        pytest.param("nbf", True, id="a time that is true"),
        pytest.param("nbf", [CLAIMS["nbf"]], id="a time in a list"),
        pytest.param("exp", CLAIMS["exp"] - 1, id="an earlier end"),
    ],
)
def test_a_claim_that_contradicts_the_credential_is_a_fault(claim: str, value: Any) -> None:
    for typ in ("JWT", "vc+jwt"):
        assert read(CREDENTIAL | CLAIMS | {claim: value}, typ=typ)[1] == [f"/{claim}"]


@pytest.mark.parametrize("member", ["id", "issuer", "validFrom", "validUntil", "credentialSubject"])
def test_a_claim_about_what_the_credential_does_not_say_is_a_fault(member: str) -> None:
    credential = {name: value for name, value in CREDENTIAL.items() if name != member}
    assert len(read(credential | CLAIMS)[1]) == 1


def test_claims_that_say_nothing_of_the_credential_are_left_out_of_it() -> None:
    assert read(CREDENTIAL | CLAIMS | {"iat": 5, "aud": "x"}) == (CREDENTIAL, [])


def test_a_fraction_of_a_second_may_be_kept_or_dropped() -> None:
    credential = CREDENTIAL | {"validFrom": "2026-05-03T10:00:00.5Z"}
    for nbf in (CLAIMS["nbf"], CLAIMS["nbf"] + 0.5):
        assert read(credential | CLAIMS | {"nbf": nbf})[1] == []


def test_a_time_in_another_zone_is_the_same_time() -> None:
    assert read(CREDENTIAL | CLAIMS | {"validFrom": "2026-05-03T22:00:00+12:00"})[1] == []


def test_a_single_subject_may_stand_in_an_array_and_two_have_no_claim() -> None:
    subject = CREDENTIAL["credentialSubject"]
    assert read(CREDENTIAL | CLAIMS | {"credentialSubject": [subject]})[1] == []
    assert read(CREDENTIAL | CLAIMS | {"credentialSubject": [subject, subject]})[1] == ["/sub"]


def test_an_issuer_may_be_a_plain_text() -> None:
    assert read(CREDENTIAL | CLAIMS | {"issuer": "did:web:badges.example"})[1] == []


def test_a_credential_of_the_old_data_model_stands_in_vc() -> None:
    del_until = {name: value for name, value in V1.items() if name not in ("validFrom", "validUntil")}
    payload = {"vc": del_until} | registered_claims(del_until)
    assert read(payload) == (del_until, [])
    assert read({"vc": CREDENTIAL} | CLAIMS)[1] == ["/vc/@context/0"]
    assert "/@context/0" in read(V1 | CLAIMS)[1]
