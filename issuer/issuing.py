"""One chunk of rows -> badges, in one transaction: claim, reserve, mint, sign, check, store, log; all of it or none."""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.admission import Candidate, CompletionRow, Gate
from issuer.instance import Instance
from issuer.making import Made, Maker, Order
from issuer.minting import Award, NameDisplay
from issuer.nzroa import seal
from issuer.results import RowOutcome, RowResult
from issuer.selfcheck import OwnWeb, check_badge, sample
from issuer.status import sign_list
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.store import nzroa_rows
from issuer.store.credentials import Learner, NewCredential, State, StoredCredential, StoredDocument
from issuer.store.lists import Slot
from schemas.jsontext import write_json
from schemas.nzqcf import format_nz_date, nz_date

SHORT_ID_BYTES = 16  # 128 bits: an address nobody guesses

Step = Callable[[str], None]
"""Called at each step of a chunk with its name: progress, and where a test may pull the plug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What all chunks of one batch share."""

    instance: Instance
    gate: Gate
    maker: Maker
    batch_id: str | None
    now: datetime
    actor: str
    nsn_key: bytes
    on_step: Step


def new_short_id() -> str:
    """26 lower-case characters of base32."""
    return b32encode(secrets.token_bytes(SHORT_ID_BYTES)).decode("ascii").rstrip("=").lower()


def issue_chunk(rows: Sequence[CompletionRow], *, keys: Mapping[int, str], run: Run) -> list[RowResult]:
    """Issue what may be issued of these rows; their keys differ from each other. One result for each row.

    Everything is committed when this returns; when it raises, nothing of the chunk is.
    """
    results, candidates = sort_rows(rows, keys=keys, run=run)
    if not candidates:
        return results
    store = run.instance.store
    with store.writing() as connection:
        # 1. Claim the row keys: whoever comes second, here or in another process, gets none.
        short_ids = {candidate.row_key: new_short_id() for candidate in candidates}
        got = credential_store.claim(connection, (_claim(candidate, short_ids, run) for candidate in candidates))
        run.on_step("claimed")
        late = [candidate for candidate in candidates if short_ids[candidate.row_key] not in got]
        results += _already_by_another(connection, late, run=run)
        ours = [candidate for candidate in candidates if short_ids[candidate.row_key] in got]
        # 2. Reserve a random free place in a status list for each.
        slots = list_store.reserve(store, connection, len(ours), at=run.now)
        run.on_step("reserved")
        # 3. Mint, sign and check each by itself; a row that cannot be a badge gives back its claim.
        orders = [
            order_for(candidate, short_ids[candidate.row_key], slot, instance=run.instance)
            for candidate, slot in zip(ours, slots, strict=True)
        ]
        made = run.maker(orders)
        run.on_step("signed")
        good = [
            (candidate, order, badge, slot)
            for candidate, order, badge, slot in zip(ours, orders, made, slots, strict=True)
            if badge.sentence is None
        ]
        results += _give_back(connection, ours, made)
        # 4. The first, the last and one in 200 go through the whole verifier.
        _self_check(connection, [badge for _, _, badge, _ in good], slots=slots, run=run)
        run.on_step("checked")
        # 5. Store and log; the commit is the moment of issuing.
        credential_store.insert_documents(connection, [_document(badge, slot, run) for _, _, badge, slot in good])
        run.on_step("stored")
        credential_store.insert_learners(connection, [_learner(candidate, order) for candidate, order, _, _ in good])
        nzroa_rows.insert_entries(connection, _nzroa_entries(good, run), at=run.now)
        _keep_achievements(connection, [candidate for candidate, *_ in good], run=run)
        run.on_step("recorded")
        if good:
            _log(connection, [(candidate, badge) for candidate, _, badge, _ in good], run=run)
        run.on_step("logged")
    run.on_step("committed")
    return results + [_issued(candidate, badge) for candidate, _, badge, _ in good]


def sort_rows(
    rows: Sequence[CompletionRow], *, keys: Mapping[int, str], run: Run
) -> tuple[list[RowResult], list[Candidate]]:
    """(what is settled without issuing: already, held, failed; what may be issued). Writes nothing."""
    with run.instance.store.reading() as connection:
        found = credential_store.find_by_row_keys(
            connection, provider=run.instance.config.provider, row_keys=[keys[row.line] for row in rows]
        )
    results: list[RowResult] = []
    candidates: list[Candidate] = []
    for row in rows:
        key = keys[row.line]
        if key in found:
            results.append(_already(row, key, found[key]))
            continue
        admitted = run.gate.admit(row, row_key=key)
        if isinstance(admitted, RowResult):
            results.append(admitted)
        else:
            candidates.append(admitted)
    return results, candidates


def _claim(candidate: Candidate, short_ids: Mapping[str, str], run: Run) -> NewCredential:
    return NewCredential(
        short_id=short_ids[candidate.row_key],
        provider=run.instance.config.provider,
        row_key=candidate.row_key,
        nzqa_ref=candidate.achievement.nzqa_ref,
        listing_version=candidate.achievement.version,
        achieved_on=candidate.row.achieved_on,
        created_at=run.now,
        batch_id=run.batch_id,
        line=candidate.row.line,
        unconfirmed_reason=candidate.unconfirmed_reason,
    )


def order_for(candidate: Candidate, short_id: str, slot: Slot, *, instance: Instance) -> Order:
    """What the workshop is asked to make of a candidate."""
    row = candidate.row
    display = NameDisplay(row.name_display or NameDisplay.FULL)
    award = Award(
        credential_id=instance.badge_url(short_id),
        achieved_on=row.achieved_on,
        name=row.learner_name,
        preferred_name=row.preferred_name,
        name_display=display,
        subject_urn=uuid4().urn if display is NameDisplay.NONE else None,
        result=row.result,
        evidence_url=row.evidence_url,
        list_url=instance.list_url(slot.list_number),
        list_index=slot.list_index,
    )
    return Order(short_id=short_id, award=award, achievement=candidate.achievement.document)


def _give_back(connection: Connection, candidates: Sequence[Candidate], made: Sequence[Made]) -> list[RowResult]:
    refused = [(candidate, badge) for candidate, badge in zip(candidates, made, strict=True) if badge.sentence]
    credential_store.release(connection, [badge.short_id for _, badge in refused])
    return [
        RowResult(
            line=candidate.row.line,
            row_key=candidate.row_key,
            outcome=RowOutcome.FAILED,
            reason=badge.reason or "refused",
            sentence=f"Line {candidate.row.line}: {badge.sentence}",
        )
        for candidate, badge in refused
    ]


def _self_check(connection: Connection, badges: Sequence[Made], *, slots: Sequence[Slot], run: Run) -> None:
    numbers = {slot.list_number for slot in slots}
    lists = [status_list for status_list in list_store.load_lists(connection) if status_list.number in numbers]
    valid_from = run.now.replace(microsecond=0)
    signed = [sign_list(run.instance, connection, status_list, valid_from=valid_from) for status_list in lists]
    web = OwnWeb(run.instance, lists=signed, at=run.now)
    for badge in sample(list(badges)):
        check_badge(
            badge,
            web=web,
            edition=run.gate.edition,
            at=run.now,
            accept_unconfirmed=run.gate.accepts_unconfirmed,
        )


def _document(badge: Made, slot: Slot, run: Run) -> StoredDocument:
    return StoredDocument(
        short_id=badge.short_id,
        version=1,
        document=badge.document,
        document_sha256=badge.document_sha256,
        jwt=badge.jwt,
        valid_from=run.now.replace(microsecond=0),
        list_number=slot.list_number,
        list_index=slot.list_index,
    )


def _learner(candidate: Candidate, order: Order) -> Learner:
    row = candidate.row
    return Learner(
        short_id=order.short_id,
        name=row.learner_name,
        preferred_name=row.preferred_name,
        name_display=order.award.name_display,
        email=row.learner_email,
        language=row.language,
        result=row.result,
        evidence_url=row.evidence_url,
        subject_urn=order.award.subject_urn,
    )


def _nzroa_entries(good: Sequence[tuple[Candidate, Order, Made, Slot]], run: Run) -> list[nzroa_rows.NzroaEntry]:
    return [
        nzroa_rows.NzroaEntry(
            short_id=badge.short_id,
            nsn_sealed=seal(candidate.row.nsn, key=run.nsn_key, short_id=badge.short_id) if candidate.row.nsn else None,
            nzqa_ref=candidate.achievement.nzqa_ref,
            achieved_on=candidate.row.achieved_on,
        )
        for candidate, _, badge, _ in good
    ]


def _keep_achievements(connection: Connection, candidates: Sequence[Candidate], *, run: Run) -> None:
    for achievement in {candidate.achievement.key: candidate.achievement for candidate in candidates}.values():
        credential_store.keep_achievement(
            connection,
            nzqa_ref=achievement.nzqa_ref,
            version=achievement.version,
            document=write_json(achievement.document),
            at=run.now,
        )


def _log(connection: Connection, issued: Sequence[tuple[Candidate, Made]], *, run: Run) -> None:
    documents = audit.document_facts({(badge.short_id, 1): badge.document_sha256 for _, badge in issued})
    facts: dict[str, object] = {"batch": run.batch_id, "documents": documents}
    unconfirmed = sorted(badge.short_id for candidate, badge in issued if candidate.unconfirmed_reason)
    if unconfirmed:
        facts["unconfirmed"] = unconfirmed
    audit.append(connection, at=run.now, actor=run.actor, action=audit.ISSUE, facts=facts)


def _already_by_another(connection: Connection, late: Sequence[Candidate], *, run: Run) -> list[RowResult]:
    found = credential_store.find_by_row_keys(
        connection,
        provider=run.instance.config.provider,
        row_keys=[candidate.row_key for candidate in late],
    )
    return [_already(candidate.row, candidate.row_key, found[candidate.row_key]) for candidate in late]


def _already(row: CompletionRow, row_key: str, held: StoredCredential) -> RowResult:
    day = format_nz_date(nz_date(held.created_at))
    if held.state is State.REVOKED:
        reason = "withdrawn"
        sentence = f"A badge for this was issued on {day} and has since been withdrawn; none was issued again."
    else:
        reason = "already-issued"
        sentence = f"The badge for this was issued on {day}; none was issued again."
    return RowResult(
        line=row.line,
        row_key=row_key,
        outcome=RowOutcome.ALREADY,
        reason=reason,
        sentence=sentence,
        short_id=held.short_id,
    )


def _issued(candidate: Candidate, badge: Made) -> RowResult:
    sentence = "Issued." if not candidate.unconfirmed_reason else "Issued, although the register could not confirm it."
    return RowResult(
        line=candidate.row.line,
        row_key=candidate.row_key,
        outcome=RowOutcome.ISSUED,
        reason=candidate.reason,
        sentence=sentence,
        short_id=badge.short_id,
    )
