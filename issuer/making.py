"""Order -> signed bytes: minting, signing and the checks every single badge gets; knows no database."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from issuer.instance import Identity
from issuer.minting import Award, IssuerFacts, mint, refuse_nsns
from issuer.suites import algorithm_of, suite_of
from keys.signing import Signer, add_proof, sign_jwt
from schemas.errors import BadgeError
from schemas.jsontext import JsonObject, write_json
from schemas.lossless import find_losses
from schemas.validate import validate_status_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One badge to be made; `short_id` is the store's name for it."""

    short_id: str
    award: Award
    achievement: JsonObject
    endorsement: JsonObject | None = None  # of the authority, for the badge to carry


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The signed bytes, or the sentence why there are none."""

    short_id: str
    document: bytes = b""
    document_sha256: str = ""
    jwt: str | None = None
    reason: str | None = None
    sentence: str | None = None


class Maker(Protocol):
    """Turns orders into signed badges, each judged by itself, in the order given."""

    def __call__(self, orders: Sequence[Order]) -> list[Made]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKit:
    """The keys of one run and the names others know them by."""

    signer: Signer
    method: str
    jwt_signer: Signer | None = None
    jwt_method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Everything a badge is made with, besides its order."""

    kit: SigningKit
    issuer: IssuerFacts
    valid_from: datetime
    known_nsns: Container[str]

    def __call__(self, orders: Sequence[Order]) -> list[Made]:
        return [self._make(order) for order in orders]

    def _make(self, order: Order) -> Made:
        try:
            return make_badge(order, workshop=self)
        except BadgeError as error:
            reason = error.extensions.get("reason", error.slug)
            return Made(short_id=order.short_id, reason=reason, sentence=error.detail)


def make_badge(order: Order, *, workshop: Workshop) -> Made:
    """Mint, look for student numbers, sign, and check what was signed: strict schema, and no term lost.

    Raises BadgeError for a row that cannot be a badge; nothing of it is kept then.
    """
    unsigned = mint(
        order.award,
        achievement=order.achievement,
        issuer=workshop.issuer,
        valid_from=workshop.valid_from,
        endorsement=order.endorsement,
    )
    refuse_nsns(write_json(unsigned).decode(), known=workshop.known_nsns)
    kit = workshop.kit
    signed = add_proof(
        unsigned,
        signer=kit.signer,
        cryptosuite=suite_of(kit.signer),
        verification_method=kit.method,
        created=workshop.valid_from,
    )
    faults = validate_status_set(signed) or find_losses(signed)
    if faults:
        told = "; ".join(str(fault) for fault in faults[:3])
        return Made(
            short_id=order.short_id, reason="not-a-valid-badge", sentence=f"The badge would not be valid: {told}."
        )
    jwt = None
    if kit.jwt_signer is not None and kit.jwt_method is not None:
        jwt = sign_jwt(unsigned, signer=kit.jwt_signer, kid=kit.jwt_method, alg=algorithm_of(kit.jwt_signer))
    document = write_json(signed)
    return Made(
        short_id=order.short_id,
        document=document,
        document_sha256=hashlib.sha256(document).hexdigest(),
        jwt=jwt,
    )


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
