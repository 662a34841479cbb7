"""Award -> signed badge by a template made from a badge of the same shape; whatever no template serves gets None.

`issuer.minting` alone says what a credential carries: which fact of an award stands where is found by minting two
made-up awards and looking where they differ. Nothing here decides whether a badge may be issued.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter, itemgetter
from typing import Any, Protocol, TypeAlias

from issuer.minting import Award, IssuerFacts, mint, refuse_nsns
from issuer.orders import Made, Order, SigningKit
from issuer.suites import algorithm_of, suite_of
from keys.multibase import base64url_encode, multibase_encode
from keys.signing import jwt_header, jwt_payload, sign_unchecked
from keys.suites import SUITES
from schemas.canonical.jsontemplate import JsonTemplate, compile_json
from schemas.canonical.leaves import Inexact, Leaves, differences, leaf_at, with_leaves
from schemas.canonical.template import Forms, Template, compile_template
from schemas.errors import BadgeError, IssuingError
from schemas.jsontext import JsonObject, parse_object, write_json
from schemas.lossless import find_losses
from schemas.times import is_date_time, write_time
from schemas.validate import validate_status_set

WORTH = 4  # badges of one shape: making a template takes about as long as making so many by the reference path
MOST = 512  # templates at once, of some 60 KB each
_ATTEMPTS = 3  # at a template of one shape: the first award may have a text that another stands in the way of
_PROOF_VALUE = "proofValue"

# Nine digits and the separators between them, without which `refuse_nsns` finds nothing.
_POSSIBLE_NSN = re.compile(r"[\d \u00a0.-]{9,}")
_TIMES = frozenset({"day", "until", "expiry"})  # as `_written` writes them: no more than eight digits before a letter

Shape: TypeAlias = tuple[object, ...]


class Shop(Protocol):
    """What all badges of a run are made with."""

    @property
    def kit(self) -> SigningKit: ...
    @property
    def issuer(self) -> IssuerFacts: ...
    @property
    def valid_from(self) -> datetime: ...
    @property
    def known_nsns(self) -> Container[str]: ...


# --- the facts of an award ---------------------------------------------------------------------------------------
@lru_cache(maxsize=4_096)
def _written(moment: date) -> str:
    """A day or an instant as it is signed; nothing when the strict schema would refuse it (format date-time)."""
    instant = moment if isinstance(moment, datetime) else datetime.combine(moment, time(), tzinfo=UTC)
    text = write_time(instant)
    return text if is_date_time(text) else ""


@lru_cache(maxsize=4_096)
def _seconds(instant: datetime) -> str:
    return str(int(instant.replace(microsecond=0).timestamp()))


FACTS = (
    "id", "day", "name", "preferred name", "subject", "result", "evidence", "list", "index", "entry",
    "suspension list", "suspension index", "suspension entry", "until", "expiry",
)  # fmt: skip


def facts_of(award: Award) -> tuple[str | None, ...]:
    """Every text that an award could put into a credential, in the order of FACTS."""
    index = str(award.list_index)
    hold, hold_index, until = award.suspension_url, str(award.suspension_index), award.valid_until
    return (
        award.credential_id,
        _written(award.achieved_on),
        award.name,
        award.preferred_name,
        award.subject_urn,
        award.result,
        award.evidence_url,
        award.list_url,
        index,
        f"{award.list_url}#{index}",
        hold,
        hold_index,
        f"{hold}#{hold_index}",
        None if until is None else _written(until),
        None if until is None else _seconds(until),
    )


_VARYING = {"str", "str | None", "int", "int | None", "date", "datetime | None"}
_varying = attrgetter(*(field.name for field in fields(Award) if field.type in _VARYING))
_chosen = attrgetter(*(field.name for field in fields(Award) if field.type not in _VARYING))


def form_of(award: Award) -> Shape:
    """Which facts an award has, and what was chosen: awards of one form differ only in texts."""
    return (_chosen(award), *map(bool, _varying(award)))


def _probe(award: Award, number: int) -> Award:
    """A made-up award of the same form; no fact of one number is that of another, nor another fact."""
    changes: dict[str, Any] = {}
    for position, field in enumerate(fields(award)):
        value = getattr(award, field.name)
        if field.type not in _VARYING or not value:
            continue
        unlike = number * 100 + position
        if isinstance(value, str):
            changes[field.name] = f"urn:probe:{unlike}"
        elif isinstance(value, int):
            changes[field.name] = 7_000 + unlike
        else:
            changes[field.name] = value + timedelta(days=unlike) if value.year < 2500 else value - timedelta(unlike)
    return replace(award, **changes)


def _leaves(minted: Sequence[JsonObject], probes: Sequence[Award]) -> Leaves:
    """Fact -> where it stands, from two credentials of probes. Raises Inexact for a place that is no fact alone."""
    known = list(zip(FACTS, *(facts_of(probe) for probe in probes), strict=True))
    leaves: dict[str, list[str]] = {}
    one, other = minted
    for place, first, second in differences(one, other):
        names = [name for name, *texts in known if texts == [str(first), str(second)]]
        if len(names) != 1:
            raise Inexact(f"What stands at {place} is no single fact of the award.")
        leaves.setdefault(names[0], []).append(place)
    return leaves


# --- one template ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class _Jwt:
    head: str
    payload: JsonTemplate
    pick: Any


class BadgeTemplate:
    """Makes signed badges of one shape for one workshop."""

    def __init__(self, order: Order, made: Made, *, shop: Shop) -> None:
        """From an order and what the reference path made of it. Raises Inexact when it would not be exact."""
        self.shop = shop
        signed = parse_object(made.document)
        unsigned = {name: value for name, value in signed.items() if name != "proof"}
        probes = [_probe(order.award, number) for number in (1, 2)]
        minted = [_minted(order, probe, shop) for probe in probes]
        leaves = _leaves(minted, probes)
        _check_asks_for_texts_only(signed, leaves)
        self._nquads: Template = compile_template(unsigned, leaves=leaves)
        self._document = compile_json(signed, leaves={**leaves, _PROOF_VALUE: ("/proof/0/proofValue",)})
        self._pick = itemgetter(*(FACTS.index(name) for name in leaves))
        self._doubtful = itemgetter(*(place for place, name in enumerate(leaves) if name not in _TIMES))
        self._options_hash = _options_hash(signed, unsigned, shop.kit)
        self._jwt = _jwt_template(unsigned, minted, probes, shop.kit)
        again = self.make(order)
        if again is None or again._replace(by_template=False) != made:
            raise Inexact("The template does not make the badge that the reference path made.")

    def make(self, order: Order) -> Made | None:
        """The badge `issuer.making.make_badge` would make, byte for byte, or None when that must make it."""
        facts = facts_of(order.award)
        texts = self._pick(facts)
        forms = self._nquads.forms(texts)
        if forms is None or self._may_show_an_nsn(texts, forms):
            return None
        canonical = self._nquads.canonical(forms)
        if canonical is None:
            return None
        kit = self.shop.kit
        signature = sign_unchecked(kit.signer, self._options_hash + sha256(canonical).digest())
        document = self._document.text([*forms.json, multibase_encode(signature).encode()])
        return Made(
            short_id=order.short_id,
            document=document,
            document_sha256=sha256(document).hexdigest(),
            jwt=self._sign_jwt(facts, forms),
            by_template=True,
        )

    def _may_show_an_nsn(self, texts: Sequence[str], forms: Forms) -> bool:
        """As `refuse_nsns` of the whole JSON text: digits on both sides of a quotation mark are never one number,
        so what varies and what stays can be looked at apart; what stays was looked at with the first badge."""
        if forms.json is forms.nquads:
            written = '"'.join(self._doubtful(texts))
        else:
            written = b'"'.join(self._doubtful(forms.json)).decode()
        if not _POSSIBLE_NSN.search(written):
            return False
        try:
            refuse_nsns(written, known=self.shop.known_nsns)
        except IssuingError:
            return True
        return False

    def _sign_jwt(self, facts: Sequence[str | None], forms: Forms) -> str | None:
        jwt, signer = self._jwt, self.shop.kit.jwt_signer
        if jwt is None or signer is None:
            return None
        numbers = [str(facts[place]).encode() for place in jwt.pick]
        signing_input = f"{jwt.head}.{base64url_encode(jwt.payload.text([*forms.json, *numbers]))}"
        return f"{signing_input}.{base64url_encode(sign_unchecked(signer, signing_input.encode('ascii')))}"


def _minted(order: Order, award: Award, shop: Shop) -> JsonObject:
    return mint(
        award,
        achievement=order.achievement,
        issuer=shop.issuer,
        valid_from=shop.valid_from,
        endorsement=order.endorsement,
    )


def _check_asks_for_texts_only(signed: JsonObject, leaves: Leaves) -> None:
    """The strict schema takes any text at a leaf, save a time, whose form `_written` sees to. Raises Inexact."""
    odd = {
        slot: leaf_at(signed, places[0]) if slot in {"day", "until"} else f"§ {number} any text"
        for number, (slot, places) in enumerate(leaves.items())
    }
    if validate_status_set(with_leaves(signed, leaves, odd)):
        raise Inexact("The strict schema asks more of a varying leaf than that it is a text.")
    if find_losses(signed):
        raise Inexact("JSON-LD would lose a part.")


def _options_hash(signed: JsonObject, unsigned: JsonObject, kit: SigningKit) -> bytes:
    """The hash of the proof configuration, the same in every badge of the run (Data Integrity 4.5, RDFC suites)."""
    (proof,) = signed["proof"]
    options = {name: value for name, value in proof.items() if name != _PROOF_VALUE}
    hashes = SUITES[suite_of(kit.signer)].hash_data(unsigned, options, key_type=kit.signer.key_type)
    if len(hashes) != 2 * sha256().digest_size:
        raise Inexact("The suite hashes otherwise than by SHA-256.")
    return hashes[: sha256().digest_size]


def _jwt_template(
    unsigned: JsonObject, minted: Sequence[JsonObject], probes: Sequence[Award], kit: SigningKit
) -> _Jwt | None:
    if kit.jwt_signer is None or kit.jwt_method is None:
        return None
    of_document = _leaves(minted, probes)
    leaves = _leaves([jwt_payload(document) for document in minted], probes)
    more = [name for name in leaves if name not in of_document]
    if more != ["expiry"][: len(more)]:
        raise Inexact("The JWT has facts that the credential has not.")
    ordered: Mapping[str, Sequence[str]] = {name: leaves[name] for name in (*of_document, *more)}
    head = jwt_header(kid=kit.jwt_method, alg=algorithm_of(kit.jwt_signer))
    payload = compile_json(jwt_payload(unsigned), leaves=ordered)
    return _Jwt(head=head, payload=payload, pick=[FACTS.index(name) for name in more])


# --- all templates of a workshop ---------------------------------------------------------------------------------
class Templates:
    """The templates of one workshop by shape; a shape gets one once it has been seen often enough to be worth it."""

    def __init__(self, *, worth: int = WORTH) -> None:
        self._worth = worth
        self._by_shape: dict[Shape, BadgeTemplate] = {}
        self._seen: dict[Shape, int] = {}
        self._documents: dict[int, tuple[JsonObject, bytes]] = {}

    def make(self, order: Order, *, shop: Shop) -> Made | None:
        """The badge by a template, or None when none serves: then the reference path makes it."""
        template = self._by_shape.get(self._shape(order))
        return None if template is None or template.shop is not shop else template.make(order)

    def learn(self, order: Order, made: Made, *, shop: Shop) -> None:
        """Take note of what the reference path made; after a few of one shape, make a template of it."""
        if made.sentence is not None:
            return
        shape = self._shape(order)
        if shape in self._by_shape:
            return  # this one document was outside the conditions
        if shape not in self._seen and len(self._seen) >= 8 * MOST:
            self._seen.clear()
        seen = self._seen[shape] = self._seen.get(shape, 0) + 1
        if not self._worth <= seen < self._worth + _ATTEMPTS:
            return
        try:
            template = self._compile(order, made, shop)
        except BadgeError:  # Inexact, or whatever the reference path has against a made-up award
            return
        if len(self._by_shape) >= MOST:
            oldest = next(iter(self._by_shape))
            del self._by_shape[oldest], self._seen[oldest]
        self._by_shape[shape] = template

    def _compile(self, order: Order, made: Made, shop: Shop) -> BadgeTemplate:
        return BadgeTemplate(order, made, shop=shop)

    def _shape(self, order: Order) -> Shape:
        endorsement = None if order.endorsement is None else self._content(order.endorsement)
        return (self._content(order.achievement), endorsement, form_of(order.award))

    def _content(self, document: JsonObject) -> bytes:
        """A document by its content, for another process has copies; it is held, so that its number stays its own."""
        found = self._documents.get(id(document))
        if found is None:
            if len(self._documents) >= 2 * MOST:
                self._documents.clear()
            found = self._documents[id(document)] = (document, sha256(write_json(document)).digest())
        return found[1]
