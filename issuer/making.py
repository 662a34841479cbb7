"""Order -> signed bytes: minting, signing and the checks every single badge gets; knows no database."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from issuer.instance import Identity
from issuer.minting import IssuerFacts, mint, refuse_nsns
from issuer.orders import Made, Order, SigningKit
from issuer.suites import algorithm_of, suite_of
from issuer.templating import Templates
from keys.multibase import base64url_encode
from keys.signing import add_proof, jwt_header, jwt_payload, proof_options, sign_jwt
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject, parse_object, write_json
from schemas.lossless import find_losses
from schemas.validate import validate_status_set

__all__ = ["Made", "Order", "SigningKit", "Workshop", "issuer_facts", "make_badge", "signing_kit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Everything a badge is made with, besides its order. Called, it makes badges in order, each judged by itself."""

    kit: SigningKit
    issuer: IssuerFacts
    valid_from: datetime
    known_nsns: Container[str]  # complete before the first order, and unchanged until the last
    templates: Templates = field(default_factory=Templates, compare=False, repr=False)

    def __call__(self, orders: Sequence[Order]) -> list[Made]:
        return [self._make(order) for order in orders]

    def _make(self, order: Order) -> Made:
        try:
            made = self.templates.make(order, shop=self)
            if made is None:
                made = make_badge(order, workshop=self)
                self.templates.learn(order, made, shop=self)
        except BadgeError as error:
            reason = error.extensions.get("reason", error.slug)
            return Made(short_id=order.short_id, reason=reason, sentence=error.detail)
        return made


def make_badge(order: Order, *, workshop: Workshop) -> Made:
    """Sign by the reference path, and check what was signed: strict schema, and no term lost.

    Raises BadgeError for a row that cannot be a badge; nothing of it is kept then.
    """
    signed, jwt = sign_by_reference(order, workshop=workshop)
    faults = validate_status_set(signed) or find_losses(signed)
    if faults:
        told = "; ".join(str(fault) for fault in faults[:3])
        return Made(
            short_id=order.short_id, reason="not-a-valid-badge", sentence=f"The badge would not be valid: {told}."
        )
    document = write_json(signed)
    return Made(
        short_id=order.short_id,
        document=document,
        document_sha256=hashlib.sha256(document).hexdigest(),
        jwt=jwt,
    )


def sign_by_reference(order: Order, *, workshop: Workshop) -> tuple[JsonObject, str | None]:
    """Mint, look for student numbers, and sign: the credential, and its JWT where one is wanted.

    This is the reference path: whatever a template makes must be what this makes, byte for byte. Raises BadgeError.
    """
    unsigned = mint_badge(order, workshop=workshop)
    kit = workshop.kit
    signed = add_proof(
        unsigned,
        signer=kit.signer,
        cryptosuite=suite_of(kit.signer),
        verification_method=kit.method,
        created=workshop.valid_from,
    )
    jwt = None
    if kit.jwt_signer is not None and kit.jwt_method is not None:
        jwt = sign_jwt(unsigned, signer=kit.jwt_signer, kid=kit.jwt_method, alg=algorithm_of(kit.jwt_signer))
    return signed, jwt


def mint_badge(order: Order, *, workshop: Workshop) -> JsonObject:
    """The credential before it is signed. Raises IssuingError for a student number in it."""
    unsigned = mint(
        order.award,
        achievement=order.achievement,
        issuer=workshop.issuer,
        valid_from=workshop.valid_from,
        endorsement=order.endorsement,
    )
    refuse_nsns(write_json(unsigned).decode(), known=workshop.known_nsns)
    return unsigned


def difference_from_reference(made: Made, order: Order, *, workshop: Workshop) -> str | None:
    """Where a badge is not, byte for byte, what the reference path would sign; None when it is.

    The signatures themselves are for the verifier, which takes the reference path to what was signed. Raises
    IssuingError.
    """
    unsigned, kit = mint_badge(order, workshop=workshop), workshop.kit
    (proof,) = parse_object(made.document).get("proof", [None])
    options = proof_options(
        cryptosuite=suite_of(kit.signer), verification_method=kit.method, created=workshop.valid_from
    )
    expected = unsigned | {"proof": [options | {"proofValue": proof.get("proofValue")}]}
    if write_json(expected) != made.document or hashlib.sha256(made.document).hexdigest() != made.document_sha256:
        return "document"
    if kit.jwt_signer is None or kit.jwt_method is None:
        return None if made.jwt is None else "jwt"
    head = jwt_header(kid=kit.jwt_method, alg=algorithm_of(kit.jwt_signer))
    payload = base64url_encode(write_json(jwt_payload(unsigned)))
    return None if made.jwt is not None and made.jwt.rpartition(".")[0] == f"{head}.{payload}" else "jwt"


def signing_kit(instance: Identity, *, with_jwt: bool) -> SigningKit:
    """The instance's keys in use; `with_jwt` needs `config.jwt_key` to be set."""
    config = instance.config
    jwt_key = config.jwt_key if with_jwt else None
    return SigningKit(
        signer=instance.credential_signer(),
        method=instance.method_of(config.credential_key),
        jwt_signer=instance.keyring.signer(jwt_key) if jwt_key else None,
        jwt_method=instance.method_of(jwt_key) if jwt_key else None,
    )


def issuer_facts(instance: Identity) -> IssuerFacts:
    config = instance.config
    return IssuerFacts(did=config.did, name=config.name, base_url=config.base_url, provider=config.provider)
