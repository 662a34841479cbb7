"""A demonstration provider with an instance of its own, and class lists as plain values; every name is invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from issuer.batches import BatchReport, Options, issue_batch
from issuer.instance import DidMethod, Instance, init_instance, open_instance
from issuer.outputs import BadgePictures, Outputs
from issuer.trust.editions import load_edition, use_edition
from keys.signing import add_proof
from schemas import vocabulary as v
from schemas.baking import bake_png, bake_svg
from schemas.jsontext import JsonObject, write_json
from tests import simulator
from verifier.register.anchor import anchor_document
from verifier.register.edition import edition_document
from verifier.register.records import Issuer, KeyPurpose, KeyRow, Register

NOW = simulator.NOW
REF = simulator.REF
AWARDED = simulator.AWARDED
PROVIDER = simulator.MOE_NUMBER
BASE_URL = simulator.BASE_URL
ANCHOR = write_json(anchor_document(simulator.AUTHORITY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One row of a class list."""

    line: int
    learner_name: str = "Mere Āwhina"
    nzqa_ref: str = REF
    achieved_on: date = AWARDED
    learner_email: str | None = None
    row_key: str | None = None
    nsn: str | None = None
    preferred_name: str | None = None
    name_display: str | None = None
    language: str | None = None
    result: str | None = None
    evidence_url: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    line: int
    column: str | None
    message: str
    reason: str = "row-unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completions:
    rows: tuple[Completion, ...] = ()
    faults: tuple[Unreadable, ...] = ()


class PlainPictures:
    """Bakes into a picture of one pixel: artwork is tested elsewhere."""

    def png(self, document: bytes) -> bytes:
        return bake_png(ONE_PIXEL, document.decode())

    def svg(self, document: bytes) -> bytes:
        return bake_svg(b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>', document.decode())


def _one_pixel() -> bytes:
    import io

    from PIL import Image

    data = io.BytesIO()
    Image.new("RGBA", (1, 1)).save(data, "PNG")
    return data.getvalue()


ONE_PIXEL = _one_pixel()


def class_of(count: int, *, first_line: int = 2, **facts: Any) -> Completions:
    """A class of so many learners, each with a name of their own."""
    return Completions(
        rows=tuple(
            Completion(line=first_line + index, **({"learner_name": f"Learner {index} Tāmati"} | facts))
            for index in range(count)
        )
    )


def make_instance(
    folder: Path, *, database: str | None = None, did_method: DidMethod = DidMethod.WEB, base_url: str = BASE_URL
) -> Path:
    """An instance whose keys are in the demonstration register it uses."""
    init_instance(
        folder,
        name=simulator.PROVIDER_NAME,
        provider=PROVIDER,
        base_url=base_url,
        did_method=did_method,
        database=database,
        now=NOW,
        actor="test",
    )
    with open_instance(folder) as instance:
        use_edition(instance, edition_for(instance), anchor_data=ANCHOR, now=NOW, actor="test")
    return folder


def register_for(instance: Instance, **tables: Any) -> Register:
    """The demonstration register with this instance's DID and keys in it."""
    register = simulator.demonstration_register(simulator.Party())
    did = instance.config.did
    keys = tuple(
        KeyRow(
            did=did,
            verification_method=instance.method_of(entry.id),
            public_key_multibase=entry.public_key_multibase or "",
            purpose=KeyPurpose(entry.purpose),
            from_day=date(2025, 1, 1),
            evidence="demonstration",
        )
        for entry in instance.keyring.entries()
        if entry.public_key_multibase is not None
    )
    issuers = (Issuer(moe_number=PROVIDER, did=did, from_day=date(2025, 1, 1), evidence="demonstration"),)
    return replace(register, **({"issuers": issuers, "keys": keys} | tables))


def edition_for(
    instance: Instance,
    *,
    number: int = 1,
    previous_sha256: str | None = None,
    as_at: date = date(2026, 11, 15),
    **tables: Any,
) -> bytes:
    """A signed edition of `register_for`."""
    document = edition_document(
        register_for(instance, **tables),
        number=number,
        previous_sha256=previous_sha256,
        as_at=as_at,
        authority=simulator.AUTHORITY,
        demonstration=True,
    )
    signed = add_proof(
        document,
        signer=simulator.signer("ed25519 authority"),
        cryptosuite=v.EDDSA_JCS_2022,
        verification_method=simulator.AUTHORITY.keys[0].id,
        created=datetime(as_at.year, as_at.month, as_at.day, tzinfo=UTC),
    )
    return write_json(signed)


def issue(
    instance: Instance,
    completions: Completions,
    *,
    out: Path | None = None,
    now: datetime = NOW,
    pictures: BadgePictures | None = None,
    **options: Any,
) -> BatchReport:
    """Issue a class list as the command does."""
    outputs = None if out is None else Outputs(out, instance, pictures=pictures or PlainPictures())
    return issue_batch(
        instance,
        completions,
        file_sha256="0" * 64,
        edition=load_edition(instance),
        options=Options(**options),
        now=now,
        actor="test",
        outputs=outputs,
    )


def stored_documents(instance: Instance) -> list[JsonObject]:
    """Every badge's newest signed version."""
    from issuer.store.credentials import current_badges

    with instance.store.reading() as connection:
        return [json.loads(badge.document.document) for badge in current_badges(connection)]


def only_id(report: BatchReport) -> str:
    """The short id of the one badge a report is about."""
    (result,) = report.results
    assert result.short_id is not None, result
    return result.short_id


def short_ids(report: BatchReport) -> Sequence[str]:
    return [result.short_id for result in report.results if result.short_id is not None]
