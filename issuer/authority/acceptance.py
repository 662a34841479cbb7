"""Registers a provider's keys: a checked request becomes rows of issuers.csv and keys.csv, or nothing changes."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from issuer.files import write_whole
from issuer.trust.enrolment import EnrolmentRequest, check_request
from keys.did import canonical_id
from schemas.errors import RegisterError
from schemas.jsontext import parse_object
from schemas.nzqcf import nz_date
from verifier.register.cells import write_cell
from verifier.register.importing import load_records
from verifier.register.integrity import Line, find_contradictions
from verifier.register.records import Issuer, KeyRow, Provider, Register
from verifier.register.tables import ISSUERS, KEYS, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was added; empty when the register knew it all."""

    request: EnrolmentRequest
    provider: Provider
    issuers: tuple[Issuer, ...]
    keys: tuple[KeyRow, ...]


def accept_request(records: Path, data: bytes, *, at: datetime) -> Accepted:
    """Check an enrolment request and write its rows, valid from today in New Zealand.

    The same request again adds nothing. Raises InputError, KeyRefused or ProofInvalid for a bad request, and
    RegisterError when the records have faults, do not know the provider, or would contradict themselves.
    """
    request = check_request(parse_object(data), at=at)
    register = load_records(records)
    today = nz_date(at)
    provider = register.provider_on(request.moe_number, today)
    if provider is None:
        raise RegisterError(
            f"Provider {request.moe_number} is not registered today in providers.csv; register the provider first."
        )
    evidence = f"proof of possession: request sha256:{hashlib.sha256(data).hexdigest()}, accepted {today.isoformat()}"
    issuers = _new_issuers(register, request, today, evidence)
    keys = _new_keys(register, request, today, evidence)
    _refuse_contradictions(register, issuers, keys)
    # Issuers first: a key without its issuer is a fault, an issuer without a key is not.
    append_rows(records / ISSUERS.file, ISSUERS, issuers)
    append_rows(records / KEYS.file, KEYS, keys)
    return Accepted(request=request, provider=provider, issuers=issuers, keys=keys)


def _new_issuers(register: Register, request: EnrolmentRequest, today: date, evidence: str) -> tuple[Issuer, ...]:
    for row in register.issuers_by_did.get(canonical_id(request.did), ()):
        if row.moe_number == request.moe_number and row.from_day <= today <= (row.to_day or date.max):
            return ()
    return (Issuer(moe_number=request.moe_number, did=request.did, from_day=today, evidence=evidence),)


def _new_keys(register: Register, request: EnrolmentRequest, today: date, evidence: str) -> tuple[KeyRow, ...]:
    return tuple(
        KeyRow(
            did=request.did,
            verification_method=method.id,
            public_key_multibase=method.public_key_multibase,
            purpose=method.purpose,
            from_day=today,
            evidence=evidence,
        )
        for method in request.methods
        if not any(
            row.public_key_multibase == method.public_key_multibase
            and row.purpose is method.purpose
            and row.from_day <= today <= (row.to_day or date.max)
            for row in register.keys_by_method.get(canonical_id(method.id), ())
        )
    )


def _refuse_contradictions(register: Register, issuers: tuple[Issuer, ...], keys: tuple[KeyRow, ...]) -> None:
    stolen = [row.verification_method for row in keys if row.public_key_multibase in register.compromised_keys]
    if stolen:
        raise RegisterError(f"{stolen[0]} is a key that was reported stolen; it is not registered again.")
    extended = replace(register, issuers=(*register.issuers, *issuers), keys=(*register.keys, *keys))
    faults = tuple(find_contradictions(extended, where=lambda table, _: Line(file=f"{table}.csv", line=None)))
    if faults:
        raise RegisterError("The request contradicts the register, so nothing was changed.", faults=faults)


def append_rows(path: Path, table: Table, rows: Sequence[Any]) -> None:
    """Add rows at the end, under the file's own header and in its own line ends; in one step."""
    if not rows:
        return
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # an optional table that nobody has begun
        data = ",".join(column.name for column in table.columns).encode() + b"\n"
    header = next(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    fields = {column.name: column.field for column in table.columns}
    line_end = "\r\n" if b"\r\n" in data else "\n"
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end)
    for row in rows:
        values = (getattr(row, fields[name.strip()]) for name in header)
        writer.writerow(["" if value is None else write_cell(value) for value in values])
    between = b"" if data.endswith(b"\n") else line_end.encode()
    write_whole(path, data + between + text.getvalue().encode(), durable=True)
