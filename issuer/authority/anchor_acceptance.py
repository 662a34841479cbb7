"""Records a provider's Merkle roots: a checked request becomes rows of anchors.csv, or nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from issuer.authority.acceptance import append_rows
from issuer.trust.anchor_request import AnchorRequest, check_request
from keys.did import canonical_id
from schemas.errors import InputError, RegisterError
from schemas.jsontext import parse_object
from schemas.nzqcf import format_nz_date, nz_date
from verifier.register.importing import load_records
from verifier.register.integrity import Line, find_contradictions
from verifier.register.records import AnchorRow
from verifier.register.tables import ANCHORS


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was added; empty when the register had it all."""

    request: AnchorRequest
    recorded_on: date
    rows: tuple[AnchorRow, ...]


def accept_anchors(records: Path, data: bytes, *, at: datetime, on: date | None = None) -> Recorded:
    """Check a request and write its roots into anchors.csv, as recorded on that day (today in New Zealand).

    A root that is there already is left as it is: it was recorded when it was recorded. Raises InputError,
    NotAuthorised or ProofInvalid for a bad request, and RegisterError for faulty records.
    """
    register = load_records(records)
    request = check_request(parse_object(data), register=register, at=at)
    day = on or nz_date(at)
    if day > nz_date(at):
        raise InputError(f"{format_nz_date(day)} has not come yet; roots are recorded on the day they come in.")
    if day < nz_date(request.created):
        raise InputError(
            f"The request was made on {format_nz_date(nz_date(request.created))}; its roots cannot have been recorded "
            "before that."
        )
    held = {(row.merkle_root, row.count) for row in register.anchors_by_did.get(canonical_id(request.did), ())}
    new = tuple(
        AnchorRow(did=request.did, merkle_root=one.merkle_root, count=one.count, recorded_on=day)
        for one in dict.fromkeys(request.anchors)
        if (one.merkle_root, one.count) not in held
    )
    extended = replace(register, anchors=(*register.anchors, *new))
    faults = tuple(find_contradictions(extended, where=lambda table, _: Line(file=f"{table}.csv", line=None)))
    if faults:
        raise RegisterError("The request contradicts the register, so nothing was changed.", faults=faults)
    append_rows(records / ANCHORS.file, ANCHORS, new)
    return Recorded(request=request, recorded_on=day, rows=new)
