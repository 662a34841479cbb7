"""A class list -> badges, a chunk at a time: resumable, because every chunk is whole and every row has its key."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from issuer.admission import CompletionList
from issuer.bulk.delivering import NO_MAIL, Terms
from issuer.collecting import collecting_seldom
from issuer.instance import Instance
from issuer.listed import Gathered, ListedRows
from issuer.outputs import Outputs
from issuer.processes import MANY_ROWS, issue_chunks
from issuer.results import RowOutcome, RowResult, count_outcomes
from issuer.rowsource import ResultSink, RowSource
from issuer.running import Step, run_of
from issuer.status import refuse_closed
from issuer.store import batches as batch_store
from issuer.store.batches import Counts
from schemas.errors import IssuingError
from verifier.register.binding import bind
from verifier.register.edition import Edition

# The first and the last badge of each chunk go through the whole verifier: fewer chunks, less of that. A chunk is one
# transaction of a tenth of a second or two, and writes each page of the indexes once.
CHUNK_ROWS = 4_000
_SHORT_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the person who issues chose."""

    accept_unconfirmed: str | None = None
    with_jwt: bool = False
    workers: int = 1
    chunk_rows: int = CHUNK_ROWS
    terms: Terms = NO_MAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What became of every row, in the order of their lines."""

    batch_id: str
    results: tuple[RowResult, ...]

    @property
    def counts(self) -> Counts:
        return count_outcomes(self.results)


def issue_batch(
    instance: Instance,
    class_list: CompletionList,
    *,
    file_sha256: str,
    edition: Edition | None,
    options: Options,
    now: datetime,
    actor: str,
    outputs: Outputs | None = None,
    batch_id: str | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_step: Step = lambda _name: None,
) -> BatchReport:
    """Issue every row that may be issued; rows that may not are in the results, each with its sentence.

    As `issue_rows`, for a list that is in memory; `outputs` gets the files.
    """
    sink = Gathered()
    source = ListedRows(instance, class_list)

    def written(results: Sequence[RowResult]) -> None:
        if outputs is not None:
            outputs.write_badges(results)
            on_step("written")

    batch_id = issue_rows(
        instance,
        source,
        sink=sink,
        file_sha256=file_sha256,
        edition=edition,
        options=options,
        now=now,
        actor=actor,
        batch_id=batch_id,
        on_issued=written,
        on_progress=on_progress,
        on_step=on_step,
    )
    report = BatchReport(batch_id=batch_id, results=sink.in_order())
    if outputs is not None:
        outputs.write_results(report.results)
    return report


def issue_rows(
    instance: Instance,
    source: RowSource,
    *,
    sink: ResultSink,
    file_sha256: str,
    edition: Edition | None,
    options: Options,
    now: datetime,
    actor: str,
    batch_id: str | None = None,
    on_issued: Callable[[Sequence[RowResult]], None] = lambda _results: None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_step: Step = lambda _name: None,
) -> str:
    """Issue what may be issued of a class list; what became of each row goes into `sink`. Returns the batch's id.

    A run that is killed has issued whole chunks; the same call again issues the rest. A batch that is stored already
    is run, and resumed, by its `batch_id`: what it has issued counts as issued by it, and whoever runs it so also
    finishes it. `on_issued` gets the results of each chunk once it is committed; `on_progress` may raise to stop then.
    Raises IssuingError when nothing more can be issued (the database, the self-check); what was committed stands.
    """
    refuse_unknown_jwt_key(instance, edition, options=options, now=now)
    stored, batch_id = batch_id is not None, batch_id or secrets.token_hex(16)
    with instance.store.reading() as connection:
        refuse_closed(connection)
    if not stored:
        with instance.store.writing() as connection:
            batch_store.start_batch(
                connection, batch_id=batch_id, file_sha256=file_sha256, row_count=source.total, at=now
            )
    counts = Counts()

    def settle(results: Sequence[RowResult]) -> None:
        nonlocal counts
        sink.add(results)
        counts += count_outcomes(results)
        if not stored:
            _keep_problems(instance, results, batch_id=batch_id)

    for results in _in_parts(source.settled()):
        settle(results)
    on_progress(0, source.total)
    run = run_of(
        instance,
        edition,
        accept_unconfirmed=options.accept_unconfirmed,
        terms=replace(options.terms, shared=source.shared),
        now=now,
        actor=actor,
        batch_id=batch_id,
        on_step=on_step,
    )
    with collecting_seldom() if source.total >= MANY_ROWS else nullcontext():
        for results in issue_chunks(
            source.chunks(_chunk_rows(source.total, options)),
            run=run,
            known_nsns=source.known_nsns,
            with_jwt=options.with_jwt,
            workers=options.workers,
            expected=source.total,
        ):
            settle(results)
            on_issued(results)
            on_progress(counts.total, source.total)
    if not stored:
        with instance.store.writing() as connection:
            batch_store.end_batch(connection, batch_id=batch_id, counts=counts, at=now)
    return batch_id


def _chunk_rows(total: int, options: Options) -> int:
    """Several processes get four chunks each of a long list, so that none of them works long after the others."""
    if options.workers <= 1:
        return options.chunk_rows
    return min(options.chunk_rows, max(_SHORT_CHUNK, -(-total // (4 * options.workers))))


def _keep_problems(instance: Instance, results: Sequence[RowResult], *, batch_id: str) -> None:
    problems = [result.record for result in results if result.outcome is not RowOutcome.ISSUED]
    if problems:
        with instance.store.writing() as connection:
            batch_store.keep_problems(connection, batch_id=batch_id, problems=problems)


def _in_parts(results: Iterator[RowResult]) -> Iterator[list[RowResult]]:
    while part := list(islice(results, CHUNK_ROWS)):
        yield part


def refuse_unknown_jwt_key(instance: Instance, edition: Edition | None, *, options: Options, now: datetime) -> None:
    """A JWT is signed with a key of its own, which the register must have too. Raises IssuingError."""
    if not options.with_jwt:
        return
    if instance.config.is_did_key:
        raise IssuingError("A did:key instance has one key, which signs no JWTs; they need an instance with did:web.")
    if instance.config.jwt_key is None:
        raise IssuingError("This instance has no key for JWTs: badge-issuer keys new --suite ES256, then keys rotate.")
    if options.accept_unconfirmed is not None:
        return
    method = instance.method_of(instance.config.jwt_key)
    if edition is not None and not bind(edition.register, did=instance.config.did, method=method, signed_at=now):
        raise IssuingError(
            f"The register in use does not have {method}, the key for JWTs; nobody could confirm such a badge. Enrol "
            "it (badge-issuer enrol-request), or issue without --format jwt. Nothing was issued.",
            reason="key-not-bound",
        )
