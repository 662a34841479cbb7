"""Registers for tests: rows with one telling word each, and signed editions of them."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from keys.did import did_key_of
from keys.multikey import KeyType
from keys.signing import SoftwareSigner, add_proof
from schemas.jsontext import JsonObject, write_json
from schemas.vocabulary import EDDSA_JCS_2022
from verifier.register import records
from verifier.register.edition import Anchor, AnchorKey, Edition, edition_document
from verifier.register.records import Register

AS_AT = date(2026, 11, 1)
CREATED = datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)
P, Q, R, S = "9990", "9991", "9992", "9993"  # provider, predecessor, and those before
REF = "5055"


def day(text: str | date | None) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else text


def provider(moe: str = P, first: str = "2010-01-01", last: str | None = None, **more: Any) -> records.Provider:
    values = {"legal_name": f"Provider {moe} (invented)", "type": records.ProviderType.PTE} | more
    return records.Provider(moe_number=moe, registered_from=day(first), registered_to=day(last), **values)


def listing(ref: str = REF, first: str = "2015-01-01", last: str | None = None, **more: Any) -> records.Listing:
    values: dict[str, Any] = {
        "version": "1",
        "title_en": "Kelp farming",
        "level": 4,
        "credits": 10,
        "developer": "Developer (invented)",
        "qa_body": records.QualityBody.NZQA,
        "te_hono": False,
        "origin": records.Origin.NEW,
    }
    dated = {name: day(value) if name.endswith(("_on", "_from")) else value for name, value in more.items()}
    return records.Listing(nzqa_ref=ref, listed_from=day(first), discontinued_on=day(last), **(values | dated))


def right(
    moe: str = P,
    granted: str = "2020-01-01",
    last: str | None = None,
    *,
    ref: str = REF,
    basis: str = "accreditation",
    delivered: str | None = "2026-10-01",
    checked: str | None = None,
    extended: str | None = None,
    why: str | None = None,
) -> records.AwardingRight:
    return records.AwardingRight(
        moe_number=moe,
        nzqa_ref=ref,
        basis=records.Basis(basis),
        granted_on=day(granted),
        last_delivered_on=day(delivered),
        delivery_checked_on=day(checked),
        lapse_extended_to=day(extended),
        ended_on=day(last),
        end_reason=why,
    )


def succession(source: str = Q, target: str = P, on: str = "2026-01-01", scope: str = "*") -> records.Succession:
    return records.Succession(
        from_moe=source, to_moe=target, effective_on=day(on), scope=scope, instrument="Order (invented)", source="-"
    )


def equivalency(ref: str = "ZQ0001") -> records.Equivalency:
    return records.Equivalency(
        organisation="Society (invented)", title="Spraying", level=2, credits=5, statement_on=date(2019, 6, 1), ref=ref
    )


def issuer(did: str, moe: str = P, first: str = "2020-01-01", last: str | None = None) -> records.Issuer:
    return records.Issuer(moe_number=moe, did=did, from_day=day(first), to_day=day(last), evidence="seen")


def key(
    method: str,
    multibase: str,
    first: str = "2020-01-01",
    last: str | None = None,
    *,
    purpose: str = "credential",
    stolen: datetime | None = None,
) -> records.KeyRow:
    return records.KeyRow(
        did=method.partition("#")[0],
        verification_method=method,
        public_key_multibase=multibase,
        purpose=records.KeyPurpose(purpose),
        from_day=day(first),
        to_day=day(last),
        compromised_from=stolen,
        evidence="seen",
    )


_TABLE_OF = {
    records.Provider: "providers",
    records.Issuer: "issuers",
    records.KeyRow: "keys",
    records.Listing: "listings",
    records.LearningOutcome: "outcomes",
    records.AwardingRight: "awarding_rights",
    records.Succession: "successions",
    records.Equivalency: "equivalencies",
    records.AnchorRow: "anchors",
}


def register(*rows: Any) -> Register:
    tables: dict[str, list[Any]] = {field.name: [] for field in fields(Register)}
    for row in rows:
        tables[_TABLE_OF[type(row)]].append(row)
    return Register(**{name: tuple(found) for name, found in tables.items()})


def edition(*rows: Any, as_at: date = AS_AT, number: int = 1) -> Edition:
    """What a verifier holds once the signature was checked."""
    return Edition(
        number=number,
        as_at=as_at,
        authority_name="Authority (invented)",
        authority_did="did:key:z6MkAuthority",
        demonstration=True,
        sha256="0" * 64,
        previous_sha256=None,
        signed_by="did:key:z6MkAuthority#1",
        register=register(*rows),
    )


def plain(*rows: Any, as_at: date = AS_AT) -> Edition:
    """`rows`, with the provider and the listing where none are given."""
    kinds = {type(row) for row in rows}
    given = list(rows)
    if records.Provider not in kinds:
        given.append(provider())
    if records.Listing not in kinds:
        given.append(listing())
    return edition(*given, as_at=as_at)


# --- the authority ----------------------------------------------------------------------------------------------
def signer(number: int = 1) -> SoftwareSigner:
    """A key that is the same in every run, so that an edition is too."""
    return SoftwareSigner.from_secret(KeyType.ED25519, bytes([number]) * 32)


def method_of(one: SoftwareSigner) -> str:
    did = did_key_of(one.public_key)
    return f"{did}#{did.removeprefix('did:key:')}"


def anchor(*numbers: int, first: str = "2026-01-01", last: str | None = None) -> Anchor:
    signers = [signer(number) for number in numbers or (1, 2)]
    return Anchor(
        name="Authority (invented)",
        did=did_key_of(signers[0].public_key),
        keys=tuple(
            AnchorKey(id=method_of(one), public_key=one.public_key, from_day=day(first), to_day=day(last))
            for one in signers
        ),
    )


def document(*rows: Any, number: int = 1, previous: str | None = None, as_at: date = AS_AT) -> JsonObject:
    return edition_document(
        register(*rows), number=number, previous_sha256=previous, as_at=as_at, authority=anchor(), demonstration=True
    )


def signed(unsigned: JsonObject, *, by: int = 1, created: datetime = CREATED) -> bytes:
    one = signer(by)
    return write_json(
        add_proof(unsigned, signer=one, cryptosuite=EDDSA_JCS_2022, verification_method=method_of(one), created=created)
    )
