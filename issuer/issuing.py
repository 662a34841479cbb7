"""Chunks of rows -> badges: places reserved, made and checked ahead, then kept in one transaction, whole or not at all.

What is signed but not kept, because a run died or another process had the row key first, is seen by nobody: its places
in the status lists stay empty. Exactly-once comes from the row key alone, whoever runs a chunk, and however often.
"""

from __future__ import annotations

import secrets
from collections.abc import Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy.engine import Connection

from issuer import outcomes
from issuer.admission import Candidate
from issuer.anew import find_places
from issuer.bench import Bench
from issuer.instance import Instance
from issuer.keeping import Rows, Work, claim, keep, log
from issuer.making import Order
from issuer.minting import Award, NameDisplay
from issuer.results import RowResult
from issuer.rowsource import Chunk
from issuer.running import Run
from issuer.status import refuse_closed, reserve_places, sign_lists
from issuer.store import credentials as credential_store
from issuer.store.lists import Places, SignedList
from issuer.vault import text_of_128_bits

SHORT_ID_BYTES = 16  # 128 bits: an address nobody guesses
_TOGETHER_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """A run in one process: what `process_chunk` works with. Comes from `open_issuing`."""

    run: Run
    bench: Bench
    lists: dict[int, SignedList] = field(default_factory=dict)  # for the self-check: as this run's time has them
    spare: list[Places] = field(default_factory=list)  # reserved with an earlier chunk, for the next
    turn: AbstractContextManager[object] = field(default_factory=nullcontext)  # held while writing


@contextmanager
def open_issuing(
    run: Run,
    *,
    known_nsns: Container[str],
    with_jwt: bool = False,
    turn: AbstractContextManager[object] | None = None,
    is_large: bool = False,
) -> Iterator[Issuing]:
    """Everything a chunk is issued with. Raises IssuingError for a key that cannot be had."""
    bench = Bench(run, known_nsns=known_nsns, with_jwt=with_jwt, is_large=is_large)
    yield Issuing(run=run, bench=bench, turn=turn or nullcontext())


def process_chunk(chunk: Chunk, *, issuing: Issuing, ahead: int = 0) -> list[RowResult]:
    """Issue what may be issued of these rows. One result for each row.

    Everything is committed when this returns; when it raises, nothing of the chunk is. On SQLite, which has one writer,
    places for the next chunk are reserved in the same transaction, `ahead` at most.
    """
    run = issuing.run
    results, candidates = sort_rows(chunk, run=run)
    if not candidates:
        return results
    work, refused = _make(candidates, issuing)
    results += refused
    if not work:
        return results
    rows = Rows.of(work, run=run)
    with issuing.turn, run.instance.store.writing() as connection:
        refuse_closed(connection)
        ours, late = claim(connection, rows, run=run)
        run.on_step("claimed")
        lacking = ahead - len(issuing.spare) if run.instance.store.is_sqlite else 0
        reserved = reserve_places(run.instance, connection, lacking, at=run.now) if lacking > 0 else ()
        keep(connection, ours, run=run)
        run.on_step("stored")
        if late:
            results += _already_by_another(late, connection=connection, run=run)
        log(connection, ours.work, run=run)
        run.on_step("logged")
    issuing.spare.extend(reserved)  # ours only now: a transaction that failed has given them back
    run.on_step("committed")
    return results + [outcomes.issued(one) for one in ours.work]


def _make(candidates: Sequence[Candidate], issuing: Issuing) -> tuple[list[Work], list[RowResult]]:
    """(the badges that were made and are good; what is told of the others). Raises IssuingError by the self-check."""
    run = issuing.run
    places = _places(len(candidates), issuing)
    run.on_step("reserved")
    orders = [
        order_for(candidate, short_id, place, instance=run.instance)
        for candidate, short_id, place in zip(candidates, new_short_ids(len(candidates)), places, strict=True)
    ]
    numbers = {slot.list_number for one in places for slot in one if slot is not None}
    made = issuing.bench.make(orders, lists=[_signed_list(number, issuing) for number in sorted(numbers)])
    everything = [
        Work(candidate=candidate, order=order, places=place, made=one)
        for candidate, order, place, one in zip(candidates, orders, places, made, strict=True)
    ]
    good = [one for one in everything if one.made.sentence is None]
    return good, [outcomes.refused(one.candidate, one.made) for one in everything if one.made.sentence is not None]


def _places(count: int, issuing: Issuing) -> list[Places]:
    """Places for so many badges, reserved with an earlier chunk or in a transaction of their own."""
    run = issuing.run
    lacking = count - len(issuing.spare)
    if lacking > 0:
        with issuing.turn, run.instance.store.writing() as connection:
            refuse_closed(connection)
            reserved = reserve_places(run.instance, connection, lacking, at=run.now)
        issuing.spare.extend(reserved)  # once they are committed
    taken, issuing.spare[:] = issuing.spare[:count], issuing.spare[count:]
    return taken


def _signed_list(number: int, issuing: Issuing) -> SignedList:
    if number not in issuing.lists:
        run = issuing.run
        with run.instance.store.reading() as connection:
            (issuing.lists[number],) = sign_lists(run.instance, connection, {number}, valid_from=run.signed_at)
    return issuing.lists[number]


def new_short_ids(count: int) -> list[str]:
    """Ids for the badges of one chunk: 26 lower-case characters of base32 each.

    The first 16 bits are the same, so that the rows of a chunk lie together in every index, however many there are; the
    other 112 are each badge's own: whoever has one badge of a class does not guess another.
    """
    together = secrets.token_bytes(_TOGETHER_BYTES)
    own = SHORT_ID_BYTES - _TOGETHER_BYTES
    rest = secrets.token_bytes(own * count)
    return text_of_128_bits(together + rest[start : start + own] for start in range(0, own * count, own))


def sort_rows(chunk: Chunk, *, run: Run) -> tuple[list[RowResult], list[Candidate]]:
    """(what is settled without issuing: already, held, failed; what may be issued). Writes nothing."""
    with run.instance.store.reading() as connection:
        places = find_places(
            connection,
            chunk.rows,
            keys=chunk.keys,
            provider=run.instance.config.provider,
            secret=run.row_secret,
            batch_id=run.batch_id,
        )
    results: list[RowResult] = []
    candidates: list[Candidate] = []
    for row in chunk.rows:
        place = places[row.line]
        if place.held is not None:
            results.append(outcomes.already(row, place.row_key, place.held, batch_id=run.batch_id))
            continue
        admitted = run.gate.admit(row, row_key=place.row_key, replaces=place.replaces)
        if isinstance(admitted, RowResult):
            results.append(admitted)
        else:
            candidates.append(admitted)
    return results, candidates


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


def _already_by_another(late: Sequence[Work], *, connection: Connection, run: Run) -> list[RowResult]:
    found = credential_store.find_by_row_keys(
        connection,
        provider=run.instance.config.provider,
        row_keys=[one.candidate.row_key for one in late],
    )
    return [
        outcomes.already(one.candidate.row, one.candidate.row_key, found[one.candidate.row_key], batch_id=run.batch_id)
        for one in late
    ]
