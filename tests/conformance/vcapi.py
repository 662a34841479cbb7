"""Both ends of the VC-API in memory, and documents to put through them: what the public suites do over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient

from keys.did import did_key_of
from keys.multibase import multibase_encode
from keys.resolve import Retrieved
from keys.signing import SoftwareSigner
from keys.suites import SUITES
from keys.suites.data_integrity import unsecured
from schemas import vocabulary as v
from schemas.errors import Unreachable
from schemas.jsontext import JsonObject
from schemas.loader import CURRENT
from tests.simulator import NOW, SUITE_KEYS, signer

EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
LEARNER = "did:example:learner"


def did_of(key: str) -> str:
    return did_key_of(signer(key).public_key)


def method_of(key: str) -> str:
    did = did_of(key)
    return f"{did}#{did.removeprefix('did:key:')}"


def credential(by: str, /, **changes: Any) -> JsonObject:
    """The smallest credential that the data model allows; a change of None leaves the member out."""
    document: JsonObject = {
        "@context": [v.CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": by,
        "credentialSubject": {"id": LEARNER},
    }
    return {name: value for name, value in (document | changes).items() if value is not None}


def presentation(*credentials: object, **changes: Any) -> JsonObject:
    document: JsonObject = {"@context": [v.CREDENTIALS_V2], "type": ["VerifiablePresentation"]}
    if credentials:
        document["verifiableCredential"] = list(credentials)
    return {name: value for name, value in (document | changes).items() if value is not None}


def proved(
    document: JsonObject,
    *,
    key: str | None = None,
    suite: str = v.EDDSA_RDFC_2022,
    hashing: Callable[[JsonObject, JsonObject], bytes] | None = None,
    **options: Any,
) -> JsonObject:
    """The document with one more proof that covers exactly these options, however wrong they are; None leaves one out.

    `hashing` puts something else in the place of what the suite would sign.
    """
    key = key or SUITE_KEYS[suite]
    hand: SoftwareSigner = signer(key)
    made: JsonObject = {
        "type": v.DATA_INTEGRITY_PROOF,
        "cryptosuite": suite,
        "created": "2026-05-06T21:15:00Z",
        "verificationMethod": method_of(key),
        "proofPurpose": v.ASSERTION_METHOD,
    }
    proof = {name: value for name, value in (made | options).items() if value is not None}
    kind = SUITES[suite]
    if kind.contexts_in_proof:
        proof["@context"] = document["@context"]
    if hashing is not None:
        signed = hashing(document, proof)
    else:
        signed = kind.hash_data(unsecured(document, proof), proof, key_type=hand.key_type, texts=CURRENT)
    proof["proofValue"] = multibase_encode(hand.sign(signed))
    earlier = document.get("proof")
    proofs = [*([] if earlier is None else earlier if isinstance(earlier, list) else [earlier]), proof]
    return document | {"proof": proofs if len(proofs) > 1 else proofs[0]}


def served_by(client: FlaskClient, base_url: str) -> Callable[[str], Retrieved]:
    """A network in which one server is all there is."""

    def fetch(url: str) -> Retrieved:
        if not url.startswith(base_url):
            raise Unreachable(f"{url} could not be reached.", url=url)
        answer = client.get(url.removeprefix(base_url))
        if answer.status_code != 200:
            raise Unreachable(f"{url} answered {answer.status_code}.", url=url)
        body = answer.get_data()
        return Retrieved(
            url=url,
            body=body,
            media_type=answer.mimetype,
            retrieved_at=NOW,
            sha256=hashlib.sha256(body).hexdigest(),
        )

    return fetch


def moment() -> datetime:
    return NOW
