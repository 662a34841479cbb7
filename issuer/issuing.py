"""One chunk of rows -> badges, in one transaction: claim, reserve, mint, sign, check, store, log; all of it or none."""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.admission import Candidate, CompletionRow, Gate
from issuer.anew import find_places
from issuer.bulk.delivering import NO_MAIL, Recipient, Terms, arrange
from issuer.instance import ROW_KEY_SECRET, Instance
from issuer.making import Made, Maker, Order
from issuer.minting import Award, NameDisplay
from issuer.nzroa import seal
from issuer.results import RowOutcome, RowResult
from issuer.selfcheck import OwnWeb, check_badge, sample
from issuer.status import refuse_closed, reserve_places, sign_lists
from issuer.store import credentials as credential_store
from issuer.store import nzroa_rows
from issuer.store.credentials import Learner, NewCredential, State, StoredCredential, StoredDocument
from issuer.store.lists import Places
from issuer.words.sayings import say, say_day, together
from schemas.jsontext import write_json
from schemas.nzqcf import nz_date

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
    nsn_key: bytes = field(repr=False)
    on_step: Step
    terms: Terms = NO_MAIL

    @property
    def signed_at(self) -> datetime:
        """What `validFrom` and `proof.created` say: to the second."""
        return self.now.replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One badge on its way through a chunk."""

    candidate: Candidate
    order: Order
    slot: Places
    made: Made

    @property
    def line(self) -> int:
        return self.candidate.row.line


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
        refuse_closed(connection)
        # 1. Claim the row keys: whoever comes second, here or in another process, gets none.
        ours, late = _claim(connection, candidates, run=run)
        results += _already_by_another(connection, late, run=run)
        run.on_step("claimed")
        # 2. Reserve a random free place in a status list for each.
        slots = reserve_places(run.instance, connection, len(ours), at=run.now)
        run.on_step("reserved")
        # 3. Mint, sign and check each by itself; a row that cannot be a badge gives back its claim.
        orders = [
            order_for(candidate, short_id, slot, instance=run.instance)
            for (short_id, candidate), slot in zip(ours.items(), slots, strict=True)
        ]
        work = [
            _Work(candidate=candidate, order=order, slot=slot, made=made)
            for candidate, order, slot, made in zip(ours.values(), orders, slots, run.maker(orders), strict=True)
        ]
        good = [one for one in work if one.made.sentence is None]
        results += _give_back(connection, [one for one in work if one.made.sentence is not None])
        run.on_step("signed")
        # 4. The first, the last and one in 200 go through the whole verifier.
        _self_check(connection, good, run=run)
        run.on_step("checked")
        # 5. Store and log; the commit is the moment of issuing.
        _store(connection, good, run=run)
        run.on_step("stored")
        if good:
            _log(connection, good, run=run)
        run.on_step("logged")
    run.on_step("committed")
    return results + [_issued(one) for one in good]


def sort_rows(
    rows: Sequence[CompletionRow], *, keys: Mapping[int, str], run: Run
) -> tuple[list[RowResult], list[Candidate]]:
    """(what is settled without issuing: already, held, failed; what may be issued). Writes nothing."""
    with run.instance.store.reading() as connection:
        places = find_places(
            connection,
            rows,
            keys=keys,
            provider=run.instance.config.provider,
            secret=run.instance.secret(ROW_KEY_SECRET),
            batch_id=run.batch_id,
        )
    results: list[RowResult] = []
    candidates: list[Candidate] = []
    for row in rows:
        place = places[row.line]
        if place.held is not None:
            results.append(_already(row, place.row_key, place.held, run=run))
            continue
        admitted = run.gate.admit(row, row_key=place.row_key)
        if isinstance(admitted, RowResult):
            results.append(admitted)
        else:
            candidates.append(replace(admitted, replaces=place.replaces))
    return results, candidates


def _claim(
    connection: Connection, candidates: Sequence[Candidate], *, run: Run
) -> tuple[dict[str, Candidate], list[Candidate]]:
    """(short id -> candidate, for those that got their row key; those that came too late)."""
    wanted = {new_short_id(): candidate for candidate in candidates}
    got = credential_store.claim(
        connection,
        [
            NewCredential(
                short_id=short_id,
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
            for short_id, candidate in wanted.items()
        ],
    )
    ours = {short_id: candidate for short_id, candidate in wanted.items() if short_id in got}
    return ours, [candidate for short_id, candidate in wanted.items() if short_id not in got]


def order_for(candidate: Candidate, short_id: str, slot: Places, *, instance: Instance) -> Order:
    """What the workshop is asked to make of a candidate."""
    hold = slot.suspension
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
        list_url=instance.list_url(slot.revocation.list_number),
        list_index=slot.revocation.list_index,
        suspension_url=None if hold is None else instance.list_url(hold.list_number),
        suspension_index=None if hold is None else hold.list_index,
        valid_until=candidate.valid_until,
    )
    return Order(
        short_id=short_id,
        award=award,
        achievement=candidate.achievement.document,
        endorsement=candidate.endorsement,
    )


def _give_back(connection: Connection, refused: Sequence[_Work]) -> list[RowResult]:
    credential_store.release(connection, [one.order.short_id for one in refused])
    return [
        RowResult(
            line=one.line,
            row_key=one.candidate.row_key,
            outcome=RowOutcome.FAILED,
            reason=one.made.reason or "refused",
            sentence=f"Line {one.line}: {one.made.sentence}",
        )
        for one in refused
    ]


def _self_check(connection: Connection, good: Sequence[_Work], *, run: Run) -> None:
    numbers = {number for one in good for number in one.slot.numbers}
    signed = sign_lists(run.instance, connection, numbers, valid_from=run.signed_at)
    web = OwnWeb(run.instance, lists=signed, at=run.now)
    for badge in sample([one.made for one in good]):
        check_badge(
            badge,
            web=web,
            edition=run.gate.edition,
            at=run.now,
            accept_unconfirmed=run.gate.accepts_unconfirmed,
        )


def _store(connection: Connection, good: Sequence[_Work], *, run: Run) -> None:
    credential_store.insert_documents(connection, [_document(one, run) for one in good])
    credential_store.insert_learners(connection, [_learner(one) for one in good])
    nzroa_rows.insert_entries(connection, [_nzroa_entry(one, run) for one in good], at=run.now)
    arrange(
        connection,
        [_recipient(one) for one in good],
        instance=run.instance,
        terms=run.terms,
        batch_id=run.batch_id,
        now=run.now,
    )
    achievements = {one.candidate.achievement.key: one.candidate.achievement for one in good}
    for _, achievement in sorted(achievements.items()):  # in order: two processes then never wait for each other
        credential_store.keep_achievement(
            connection,
            nzqa_ref=achievement.nzqa_ref,
            version=achievement.version,
            document=write_json(achievement.page),
            at=run.now,
        )


def _document(one: _Work, run: Run) -> StoredDocument:
    return StoredDocument(
        short_id=one.order.short_id,
        version=1,
        document=one.made.document,
        document_sha256=one.made.document_sha256,
        jwt=one.made.jwt,
        valid_from=run.signed_at,
        list_number=one.slot.revocation.list_number,
        list_index=one.slot.revocation.list_index,
        suspension_list=one.slot.suspension_list,
        suspension_index=one.slot.suspension_index,
        valid_until=one.candidate.valid_until,
    )


def _learner(one: _Work) -> Learner:
    row = one.candidate.row
    return Learner(
        short_id=one.order.short_id,
        name=row.learner_name,
        preferred_name=row.preferred_name,
        name_display=one.order.award.name_display,
        email=row.learner_email,
        language=row.language,
        result=row.result,
        evidence_url=row.evidence_url,
        subject_urn=one.order.award.subject_urn,
    )


def _recipient(one: _Work) -> Recipient:
    row = one.candidate.row
    return Recipient(short_id=one.order.short_id, name=row.learner_name, email=row.learner_email, language=row.language)


def _nzroa_entry(one: _Work, run: Run) -> nzroa_rows.NzroaEntry:
    nsn, short_id = one.candidate.row.nsn, one.order.short_id
    return nzroa_rows.NzroaEntry(
        short_id=short_id,
        nsn_sealed=seal(nsn, key=run.nsn_key, short_id=short_id) if nsn else None,
        nzqa_ref=one.candidate.achievement.nzqa_ref,
        achieved_on=one.candidate.row.achieved_on,
    )


def _log(connection: Connection, good: Sequence[_Work], *, run: Run) -> None:
    documents = {(one.order.short_id, 1): one.made.document_sha256 for one in good}
    facts: dict[str, object] = {"batch": run.batch_id, "documents": audit.document_facts(documents)}
    unconfirmed = sorted(one.order.short_id for one in good if one.candidate.unconfirmed_reason)
    if unconfirmed:
        facts["unconfirmed"] = unconfirmed
    anew = {one.order.short_id: one.candidate.replaces for one in good if one.candidate.replaces}
    if anew:
        facts["in_place_of"] = dict(sorted(anew.items()))
    audit.append(connection, at=run.now, actor=run.actor, action=audit.ISSUE, facts=facts)


def _already_by_another(connection: Connection, late: Sequence[Candidate], *, run: Run) -> list[RowResult]:
    found = credential_store.find_by_row_keys(
        connection,
        provider=run.instance.config.provider,
        row_keys=[candidate.row_key for candidate in late],
    )
    return [_already(candidate.row, candidate.row_key, found[candidate.row_key], run=run) for candidate in late]


def _already(row: CompletionRow, row_key: str, held: StoredCredential, *, run: Run) -> RowResult:
    if run.batch_id is not None and held.batch_id == run.batch_id:  # this very batch, before it was interrupted
        return RowResult(
            line=row.line,
            row_key=row_key,
            outcome=RowOutcome.ISSUED,
            reason="issued",
            sentence=say("Issued."),
            short_id=held.short_id,
        )
    day = say_day(nz_date(held.created_at))
    if held.state is State.REVOKED:
        reason = "withdrawn"
        sentence = say(
            "A badge for this was issued on %(day)s and has since been withdrawn; none was issued again. To issue one "
            "anew, say so where the list is checked at the desk, or give the row a row_key of its own.",
            day=day,
        )
    else:
        reason = "already-issued"
        sentence = say("The badge for this was issued on %(day)s; none was issued again.", day=day)
    return RowResult(
        line=row.line,
        row_key=row_key,
        outcome=RowOutcome.ALREADY,
        reason=reason,
        sentence=sentence,
        short_id=held.short_id,
        withdrawn_at=held.revoked_at,
    )


def _issued(one: _Work) -> RowResult:
    unconfirmed = one.candidate.unconfirmed_reason is not None
    sentence: str = say("Issued, although the register could not confirm it.") if unconfirmed else say("Issued.")
    if one.candidate.lacks_endorsement:
        lacks = say("It carries no statement of the authority: none that is kept speaks for this award and key.")
        sentence = together(sentence, lacks)
    return RowResult(
        line=one.line,
        row_key=one.candidate.row_key,
        outcome=RowOutcome.ISSUED,
        reason=one.candidate.reason,
        sentence=sentence,
        short_id=one.order.short_id,
    )
