"""The peers in this process: naive PyLD as anybody would write it, our paths, raw signatures, and small parts."""

from __future__ import annotations

import copy
import cProfile
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import cycle
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from pyld import jsonld

from benchmarks.counted import MAKING, counts_of, told
from benchmarks.scene import REFS, learner_name
from benchmarks.timing import Peer, per_unit, times
from issuer import qr
from issuer.catalogue import achievement_on
from issuer.drawing import artwork
from issuer.instance import Instance
from issuer.making import Order, SigningKit, Workshop, issuer_facts
from issuer.minting import Award, IssuerFacts, NameDisplay, mint
from issuer.trust.editions import load_edition
from keys.multibase import multibase_encode
from keys.signing import SoftwareSigner, add_proof, sign_jwt
from keys.suites import verify_proof
from keys.suites.jwt import credential_of, parse_jws, verify_jws
from schemas.baking import bake_png
from schemas.canonical import canonicalize
from schemas.errors import CanonicalizationLimit
from schemas.jsontext import JsonObject, write_json
from schemas.loader import load_context
from schemas.statuslist import encode
from schemas.times import write_time
from schemas.vocabulary import CREDENTIALS_V2, DATA_INTEGRITY_PROOF, EDDSA_RDFC_2022

ORDERS = 2_000
CHUNK = 200
AWARDED = date(2026, 7, 1)
_LIST_LENGTH = 131_072
_NAIVE = 3  # times a round; naive work is slow, and its spread small
_RAW = 100


def naive_loader(url: str, _options: Any = None) -> dict[str, Any]:
    """Our context files, parsed once, as a document loader of PyLD's."""
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": _kept(url),
    }


@cache
def _kept(url: str) -> JsonObject:
    return load_context(url)


def naive_canonical(document: JsonObject) -> bytes:
    """PyLD with a document loader that needs no network, and nothing else."""
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": naive_loader}
    return str(jsonld.normalize(document, options)).encode()


def naive_hash(document: JsonObject, options: JsonObject) -> bytes:
    """What eddsa-rdfc-2022 signs (its section 3.2), by naive PyLD."""
    return hashlib.sha256(naive_canonical(options)).digest() + hashlib.sha256(naive_canonical(document)).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One provider's issuing of one micro-credential to many learners, and the keys to do it with."""

    instance: Instance
    issuer: IssuerFacts
    signer: SoftwareSigner
    private_key: Ed25519PrivateKey = field(repr=False)
    valid_from: datetime
    orders: tuple[Order, ...]

    @classmethod
    def build(cls, instance: Instance, *, ref: str = REFS[0], on: date = AWARDED, count: int = ORDERS) -> Bench:
        private_key = Ed25519PrivateKey.generate()
        issuer = issuer_facts(instance)
        return cls(
            instance=instance,
            issuer=issuer,
            signer=SoftwareSigner(private_key),
            private_key=private_key,
            valid_from=datetime.now(UTC).replace(microsecond=0),
            orders=orders_for(instance, ref=ref, on=on, count=count),
        )

    @property
    def method(self) -> str:
        return self.instance.method_of(self.instance.config.credential_key)

    def workshop(self, *, jwt_signer: SoftwareSigner | None = None) -> Workshop:
        """Of its own: it has compiled nothing yet."""
        jwt_method = None if jwt_signer is None else f"{self.issuer.did}#jwt"
        return Workshop(
            kit=SigningKit(signer=self.signer, method=self.method, jwt_signer=jwt_signer, jwt_method=jwt_method),
            issuer=self.issuer,
            valid_from=self.valid_from,
            known_nsns=frozenset(),
        )

    def unsigned(self, order: Order) -> JsonObject:
        return mint(order.award, achievement=order.achievement, issuer=self.issuer, valid_from=self.valid_from)

    def proof_options(self) -> JsonObject:
        return {
            "type": DATA_INTEGRITY_PROOF,
            "cryptosuite": EDDSA_RDFC_2022,
            "created": write_time(self.valid_from),
            "verificationMethod": self.method,
            "proofPurpose": "assertionMethod",
        }

    def issue_naively(self, order: Order) -> bytes:
        """Mint, canonicalise document and proof options with naive PyLD, sign, write. No check at all."""
        document, options = self.unsigned(order), self.proof_options()
        signature = self.private_key.sign(naive_hash(document, {"@context": document["@context"], **options}))
        proof = {**options, "proofValue": multibase_encode(signature)}
        return json.dumps({**document, "proof": [proof]}, ensure_ascii=False).encode()

    def issue_by_reference(self, order: Order) -> bytes:
        """One badge by the reference path: mint, add a proof, write."""
        signed = add_proof(
            self.unsigned(order),
            signer=self.signer,
            cryptosuite=EDDSA_RDFC_2022,
            verification_method=self.method,
            created=self.valid_from,
        )
        return write_json(signed)

    def counted(self) -> str:
        """Which checks bulk issuing runs, counted under a profiler over all orders; compiling is in it."""
        profile = cProfile.Profile()
        made = profile.runcall(self.workshop(), self.orders)
        _sound(made)
        by_template = sum(one.by_template for one in made)
        return f"{told(counts_of(profile), over=len(self.orders), only=MAKING)}, made by the template {by_template:,}"

    def peers(self) -> dict[str, Peer]:
        """Everything that runs in this process, by name."""
        return self._linked_data() | self._jwt() | small_parts(self.issue_by_reference(self.orders[0]).decode())

    def _linked_data(self) -> dict[str, Peer]:
        turn = cycle(self.orders)
        chunks = _chunks(self.orders, CHUNK)
        compiled = self.workshop()
        compiled(self.orders[:CHUNK])
        document = self.unsigned(self.orders[0])
        signed = json.loads(self.issue_by_reference(self.orders[0]))
        proof = signed["proof"][0]
        options = {name: value for name, value in proof.items() if name != "proofValue"}
        options["@context"] = document["@context"]
        unsecured = {name: value for name, value in signed.items() if name != "proof"}
        public_key = self.private_key.public_key()
        message = b"x" * 64
        signature = self.private_key.sign(message)

        def verify_naively() -> None:
            naive_hash(unsecured, options)
            public_key.verify(signature, message)

        return {
            "raw Ed25519 sign": times(lambda: self.private_key.sign(message), _RAW),
            "raw Ed25519 verify": times(lambda: public_key.verify(signature, message), _RAW),
            "naive issue": times(lambda: self.issue_naively(next(turn)), _NAIVE),
            "naive verify": times(verify_naively, _NAIVE),
            "naive canonical form": times(lambda: naive_canonical(document), _NAIVE),
            "bulk issue": per_unit(lambda: _sound(compiled(next(chunks))), units=CHUNK),
            "bulk issue, compiling included": per_unit(
                lambda: _sound(self.workshop()(self.orders)), units=len(self.orders)
            ),
            "reference issue": times(lambda: self.issue_by_reference(next(turn)), _NAIVE),
            "reference verify": times(lambda: verify_proof(signed, proof, self.signer.public_key), _NAIVE),
            "reference canonical form": times(lambda: canonicalize(document), _NAIVE),
        }

    def _jwt(self) -> dict[str, Peer]:
        key = ec.generate_private_key(ec.SECP256R1())
        signer = SoftwareSigner(key)
        document = self.unsigned(self.orders[0])
        kid = f"{self.issuer.did}#jwt"
        text = sign_jwt(document, signer=signer, kid=kid, alg="ES256")
        message = text.rpartition(".")[0].encode()
        hashing = ec.ECDSA(SHA256())
        chunks, compiled = _chunks(self.orders, CHUNK), self.workshop(jwt_signer=signer)
        compiled(self.orders[:CHUNK])
        raw = key.sign(message, hashing)
        public_key = key.public_key()

        def verify() -> None:
            jws = parse_jws(text)
            verify_jws(jws, signer.public_key)
            _, faults = credential_of(jws)
            if faults:
                raise RuntimeError(str(faults[0]))

        return {
            "raw ES256 sign": times(lambda: key.sign(message, hashing), _RAW),
            "raw ES256 verify": times(lambda: public_key.verify(raw, message, hashing), _RAW),
            "bulk issue with JWT": per_unit(lambda: _sound(compiled(next(chunks))), units=CHUNK),
            "JWT issue": times(lambda: sign_jwt(document, signer=signer, kid=kid, alg="ES256"), _RAW),
            "JWT verify": times(verify, _RAW),
        }


def orders_for(instance: Instance, *, ref: str, on: date, count: int) -> tuple[Order, ...]:
    """Orders as issuing makes them: every learner has a name, an id and a place of their own."""
    edition = load_edition(instance)
    if edition is None:
        raise SystemExit("the provider of the benchmark uses no register")
    issuer = issuer_facts(instance)
    achievement = achievement_on(edition.register, ref=ref, on=on, issuer=issuer).document
    places = secrets.SystemRandom().sample(range(_LIST_LENGTH), count)
    return tuple(
        Order(
            short_id=(short_id := secrets.token_hex(13)),
            award=Award(
                credential_id=instance.badge_url(short_id),
                achieved_on=on + timedelta(days=number % 60),
                name=learner_name(number),
                preferred_name=None,
                name_display=NameDisplay.FULL,
                subject_urn=None,
                result=None,
                evidence_url=None,
                list_url=instance.list_url(1),
                list_index=place,
            ),
            achievement=achievement,
        )
        for number, place in enumerate(places)
    )


def small_parts(text: str) -> dict[str, Peer]:
    """Baking `text`, drawing, encoding, refusing."""
    picture = artwork.draw_badge_png(
        title="Forestry River Crossing Construction",
        level=3,
        credits=20,
        provider_name="A provider",
        demonstration=False,
    )
    bits = range(0, _LIST_LENGTH, 100)
    poison = _clique(9)

    def refuse() -> None:
        with suppress(CanonicalizationLimit):
            canonicalize(copy.deepcopy(poison))
            raise RuntimeError("the poisoned document was not refused")

    work: dict[str, tuple[Callable[[], object], int]] = {
        "bake": (lambda: bake_png(picture, text), 20),
        "qr": (lambda: qr.qr_svg("https://badges.example/badges/aaaaaaaaaaaaaaaaaaaaaaaaaa"), 5),
        "list": (lambda: encode(bits, length=_LIST_LENGTH), 5),
        "poison": (refuse, 1),
    }
    return {name: times(function, count) for name, (function, count) in work.items()}


def _clique(size: int) -> JsonObject:
    nodes = [
        {
            "@id": f"_:n{one}",
            "https://example.org/knows": [{"@id": f"_:n{other}"} for other in range(size) if other != one],
        }
        for one in range(size)
    ]
    return {"@context": [CREDENTIALS_V2], "@graph": nodes}


def _chunks(orders: Sequence[Order], size: int) -> Iterator[Sequence[Order]]:
    """Chunk after chunk, and round again."""
    return cycle([orders[start : start + size] for start in range(0, len(orders), size)])


def _sound(made: Sequence[Any]) -> None:
    for one in made:
        if one.sentence is not None or not one.document:
            raise RuntimeError(f"a badge was not made: {one.sentence}")
