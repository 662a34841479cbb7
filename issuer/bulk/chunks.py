"""A batch cut into chunks, and one chunk issued: what every runner does, in whatever process, as often as it may be."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from issuer.admission import CompletionRow
from issuer.bulk.delivering import MailChoice, Terms
from issuer.bulk.uploads import Source, read_upload
from issuer.instance import Config, Instance
from issuer.issuing import Issuing, open_issuing
from issuer.issuing import process_chunk as issue_chunk
from issuer.listed import ListedRows
from issuer.results import RowOutcome, RowResult, count_outcomes
from issuer.rows import Row
from issuer.rowsource import Chunk
from issuer.running import Step, run_of
from issuer.staff.choices import load_choices as load_settings
from issuer.status import refuse_closed
from issuer.store import chunk_rows as chunk_store
from issuer.store.batch_work import Batch
from issuer.store.chunk_rows import NewChunk, Plan, TakenChunk
from issuer.store.claims_rows import Visibility
from issuer.store.engine import Store
from issuer.trust.editions import load_edition
from issuer.vault import seal, unseal
from issuer.words.sayings import packed, unpacked
from schemas.times import parse_date, parse_time, write_time

LEASE: Final = timedelta(seconds=60)  # a worker silent for longer is taken for dead; if it was not, nothing is doubled
SETTLED: Final = 0  # the number of the chunk of rows that nobody needs to issue
_PURPOSE: Final = "chunk"
_RUN_BYTES: Final = 8
_SITTING: Final = timedelta(minutes=5)  # for so long, chunks are issued by one look at the register and the set-ups
DATED_BACK: Final = _SITTING + LEASE  # a badge has the date of its sitting's beginning, so much earlier at most
_ROW_FIELDS: Final = Row._fields


def chunk_rows(store: Store) -> int:
    """How many rows one chunk has: SQLite has one writer, and the desk must not wait for it."""
    return 200 if store.is_sqlite else 500


# --- cutting ----------------------------------------------------------------------------------------------------
def plan_batch(
    instance: Instance, batch: Batch, *, size: int | None = None, worker: str, clock: Callable[[], datetime]
) -> bool:
    """Read the class list and keep it as chunks, of `size` rows if given. Raises TableError.

    False when the batch is not ours any more.
    """
    with instance.store.reading() as connection:
        refuse_closed(connection)
    class_list, choices = read_upload(instance, batch.batch_id, edition=load_edition(instance))
    source = ListedRows(instance, class_list)
    settled = list(source.settled())
    run = secrets.token_hex(_RUN_BYTES)
    facts = {
        "nsns": sorted(source.known_nsns),
        "shared": sorted(source.shared),
        "accept_unconfirmed": choices.accept_unconfirmed,
    }
    sealed = _seal(instance, facts, context=f"{batch.batch_id} {run} facts")
    plan = Plan(batch_id=batch.batch_id, run=run, facts_sealed=sealed)
    first = NewChunk(
        number=SETTLED,
        rows=len(settled),
        results_sealed=_seal_results(instance, settled, plan=plan, number=SETTLED),
        counts=count_outcomes(settled),
    )
    with instance.store.writing() as connection:
        return chunk_store.keep_plan(
            connection,
            plan,
            worker=worker,
            settled=first,
            chunks=_cut(instance, source, plan=plan, size=size or chunk_rows(instance.store)),
            row_count=source.total,
            at=clock(),
        )


def _cut(instance: Instance, source: ListedRows, *, plan: Plan, size: int) -> Iterator[NewChunk]:
    for number, chunk in enumerate(source.chunks(size), start=SETTLED + 1):
        rows = [_pack_row(row) | {"key": chunk.keys[row.line]} for row in chunk.rows]
        context = f"{plan.batch_id} {plan.run} rows {number}"
        yield NewChunk(number=number, rows=len(rows), rows_sealed=_seal(instance, rows, context=context))


# --- issuing ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """One run's rules, keys and makers, opened once for many chunks."""

    run: str
    config: Config
    began: datetime
    issuing: Issuing


class Sittings:
    """Keeps the newest sitting of a process open, for as long as it is of the same run, by the same settings."""

    def __init__(self, instance: Instance, *, clock: Callable[[], datetime], on_step: Step) -> None:
        self._instance = instance
        self._clock = clock
        self._on_step = on_step
        self._open: _Sitting | None = None
        self._stack = ExitStack()

    def of(self, batch: Batch, plan: Plan) -> Issuing:
        now, found = self._clock(), self._open
        if (
            found is None
            or (found.run, found.config) != (plan.run, self._instance.config)
            or not found.began <= now < found.began + _SITTING
        ):
            self.close()
            issuing = self._stack.enter_context(_open(self._instance, batch, plan, now=now, on_step=self._on_step))
            found = _Sitting(run=plan.run, config=self._instance.config, began=now, issuing=issuing)
            self._open = found
        return found.issuing

    def close(self) -> None:
        self._open = None
        self._stack.close()


def _open(instance: Instance, batch: Batch, plan: Plan, *, now: datetime, on_step: Step) -> Any:
    facts = _unseal(instance, plan.facts_sealed, context=f"{plan.batch_id} {plan.run} facts")
    with instance.store.reading() as connection:
        settings = load_settings(connection)
    terms = Terms(
        mail=MailChoice(batch.mail),
        claim_days=settings.claim_days,
        visibility=None if batch.source == Source.CLI else Visibility.PRIVATE,
        shared=frozenset(facts["shared"]),
    )
    run = run_of(
        instance,
        load_edition(instance),
        accept_unconfirmed=facts["accept_unconfirmed"],
        terms=terms,
        now=now,
        actor=batch.made_by or "worker",
        batch_id=batch.batch_id,
        on_step=on_step,
    )
    return open_issuing(run, known_nsns=frozenset(facts["nsns"]))


def process_chunk(
    instance: Instance,
    batch: Batch,
    plan: Plan,
    chunk: TakenChunk,
    *,
    sittings: Sittings,
    worker: str,
    clock: Callable[[], datetime],
) -> bool:
    """Issue a chunk that was taken and keep what became of it. False when its run is over meanwhile.

    Run twice, by two workers or after a kill, it issues nothing twice: the row keys see to it, and what the batch has
    issued before counts as issued by it.
    """
    rows = _unseal(instance, chunk.rows_sealed, context=f"{chunk.batch_id} {chunk.run} rows {chunk.number}")
    keys = {row["line"]: row.pop("key") for row in rows}
    issuing = sittings.of(batch, plan)
    results = issue_chunk(Chunk(rows=[_unpack_row(row) for row in rows], keys=keys), issuing=issuing)
    sealed = _seal_results(instance, results, plan=plan, number=chunk.number)
    with instance.store.writing() as connection:
        return chunk_store.finish_chunk(
            connection, chunk, counts=count_outcomes(results), results_sealed=sealed, worker=worker, at=clock()
        )


# --- sealed -----------------------------------------------------------------------------------------------------
def open_results(instance: Instance, plan: Plan, sealed: Sequence[tuple[int, bytes]]) -> list[RowResult]:
    """Every row of these chunks that was not issued."""
    return [
        _unpack_result(members)
        for number, data in sealed
        for members in _unseal(instance, data, context=_results_context(plan, number))
    ]


def _seal_results(instance: Instance, results: Sequence[RowResult], *, plan: Plan, number: int) -> bytes:
    """Those that were not issued: of the others the badge itself tells."""
    kept = [_pack_result(result) for result in results if result.outcome is not RowOutcome.ISSUED]
    return _seal(instance, kept, context=_results_context(plan, number))


def _results_context(plan: Plan, number: int) -> str:
    return f"{plan.batch_id} {plan.run} results {number}"


def _seal(instance: Instance, value: object, *, context: str) -> bytes:
    return seal(instance, json.dumps(value, separators=(",", ":")).encode(), purpose=_PURPOSE, context=context)


def _unseal(instance: Instance, sealed: bytes, *, context: str) -> Any:
    return json.loads(unseal(instance, sealed, purpose=_PURPOSE, context=context), object_hook=unpacked)


def _pack_row(row: CompletionRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _ROW_FIELDS}
    values["achieved_on"] = row.achieved_on.isoformat()
    return {name: value for name, value in values.items() if value is not None}


def _unpack_row(members: dict[str, Any]) -> Row:
    return Row(**(members | {"achieved_on": parse_date(members["achieved_on"])}))


def _pack_result(result: RowResult) -> dict[str, Any]:
    withdrawn_at = None if result.withdrawn_at is None else write_time(result.withdrawn_at)
    return {
        "line": result.line,
        "outcome": result.outcome,
        "reason": result.reason,
        "sentence": packed(result.sentence),
        "row_key": result.row_key,
        "short_id": result.short_id,
        "withdrawn_at": withdrawn_at,
    }


def _unpack_result(members: dict[str, Any]) -> RowResult:
    withdrawn_at = members["withdrawn_at"]
    values = {
        "outcome": RowOutcome(members["outcome"]),
        "withdrawn_at": None if withdrawn_at is None else parse_time(withdrawn_at),
    }
    return RowResult(**(members | values))
