"""A class list -> badges, a chunk at a time: resumable, because every chunk is whole and every row has its key."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from issuer.admission import (
    Candidate,
    CompletionFault,
    CompletionList,
    CompletionRow,
    Gate,
    find_repeats,
    key_rows,
    known_nsns,
)
from issuer.bulk.delivering import NO_MAIL, Terms, shared_addresses
from issuer.instance import NSN_KEY, ROW_KEY_SECRET, Instance
from issuer.issuing import Run, Step, issue_chunk, order_for, sort_rows
from issuer.making import issuer_facts, makers
from issuer.minting import mint, refuse_nsns
from issuer.outputs import Outputs
from issuer.results import RowOutcome, RowResult, count_outcomes
from issuer.status import refuse_closed
from issuer.store import batches as batch_store
from issuer.store.batches import Counts
from issuer.store.lists import Places, Slot
from issuer.store.setups import load_setups
from issuer.trust.staples import load_staples
from schemas.errors import BadgeError, IssuingError
from schemas.jsontext import write_json
from schemas.lossless import find_losses
from schemas.validate import validate_status_set
from verifier.register.binding import bind
from verifier.register.edition import Edition

CHUNK_ROWS = 200  # short enough a transaction for SQLite's one writer, long enough that a commit costs nothing


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What issuing would do: how many rows are ready, and every row that is not."""

    ready: int
    results: tuple[RowResult, ...]
    candidates: tuple[Candidate, ...] = ()  # the rows that are ready

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

    A run that is killed has issued whole chunks; the same call again issues the rest, and completes the files. A
    batch that is stored already is run, and resumed, by its `batch_id`: what it has issued counts as issued by it.
    Whoever runs it so also finishes it. `on_progress` may raise to stop after a chunk.
    Raises IssuingError when nothing more can be issued (the database, the self-check); what was committed stands.
    """
    _refuse_unknown_jwt_key(instance, edition, options=options, now=now)
    stored, batch_id = batch_id is not None, batch_id or secrets.token_hex(16)
    keys, results, rows = _prepare(instance, class_list)
    total = len(rows) + len(results)
    if not stored:
        with instance.store.writing() as connection:
            batch_store.start_batch(connection, batch_id=batch_id, file_sha256=file_sha256, row_count=total, at=now)
    on_progress(0, total)
    shared = shared_addresses((row.learner_name, row.learner_email) for row in class_list.rows)
    gate = _gate(instance, edition, options=options, now=now)
    with makers(
        instance,
        valid_from=now.replace(microsecond=0),
        known_nsns=known_nsns(class_list.rows),
        with_jwt=options.with_jwt,
        workers=options.workers,
    ) as maker:
        run = Run(
            instance=instance,
            gate=gate,
            maker=maker,
            batch_id=batch_id,
            now=now,
            actor=actor,
            nsn_key=instance.secret(NSN_KEY),
            on_step=on_step,
            terms=replace(options.terms, shared=shared),
        )
        for chunk in _chunks(rows, options.chunk_rows):
            done = issue_chunk(chunk, keys=keys, run=run)
            results += done
            if outputs is not None:
                outputs.write_badges(done)
                on_step("written")
            on_progress(len(results), total)
    report = BatchReport(batch_id=batch_id, results=tuple(sorted(results, key=lambda result: result.line)))
    if not stored:
        _finish(instance, report, now=now)
    if outputs is not None:
        outputs.write_results(report.results)
    return report


def rehearse_batch(
    instance: Instance,
    class_list: CompletionList,
    *,
    edition: Edition | None,
    options: Options,
    now: datetime,
    actor: str,
    batch_id: str | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Rehearsal:
    """What `issue_batch` would do, writing and signing nothing: each badge is minted and checked unsigned."""
    _refuse_unknown_jwt_key(instance, edition, options=options, now=now)
    keys, results, rows = _prepare(instance, class_list)
    nsns = known_nsns(class_list.rows)
    run = Run(
        instance=instance,
        gate=_gate(instance, edition, options=options, now=now),
        maker=lambda _orders: [],
        batch_id=batch_id,
        now=now,
        actor=actor,
        nsn_key=b"",
        on_step=lambda _name: None,
    )
    ready: list[Candidate] = []
    total = len(rows) + len(results)
    gone_through = len(results)
    sound: set[tuple[object, ...]] = set()
    for chunk in _chunks(rows, options.chunk_rows):
        settled, candidates = sort_rows(chunk, keys=keys, run=run)
        results += settled
        for candidate in candidates:
            if refusal := _rehearse(candidate, nsns=nsns, run=run, sound=sound):
                results.append(refusal)
            else:
                ready.append(candidate)
        gone_through += len(chunk)
        on_progress(gone_through, total)
    ordered = tuple(sorted(results, key=lambda result: result.line))
    return Rehearsal(ready=len(ready), results=ordered, candidates=tuple(ready))


def _prepare(
    instance: Instance, class_list: CompletionList
) -> tuple[dict[int, str], list[RowResult], list[CompletionRow]]:
    """(row keys by line, the rows that cannot be read or are there twice, the others in the order of the file)."""
    with instance.store.reading() as connection:
        refuse_closed(connection)
    rows: list[CompletionRow] = list(class_list.rows)
    keys = key_rows(rows, secret=instance.secret(ROW_KEY_SECRET), provider=instance.config.provider)
    repeats = find_repeats(rows, keys=keys)
    results = [*unreadable_rows(class_list), *repeats.values()]
    return keys, results, [row for row in rows if row.line not in repeats]


def unreadable_rows(class_list: CompletionList) -> list[RowResult]:
    """One result for each line with faults, telling all of them."""
    by_line: dict[int, list[CompletionFault]] = {}
    for fault in class_list.faults:
        by_line.setdefault(fault.line, []).append(fault)
    return [
        RowResult(
            line=line,
            outcome=RowOutcome.FAILED,
            reason=faults[0].reason,
            sentence=" ".join(_located(fault) for fault in faults),
        )
        for line, faults in by_line.items()
    ]


def _located(fault: CompletionFault) -> str:
    where = f"Line {fault.line}" + (f", column {fault.column}" if fault.column else "")
    return f"{where}: {fault.message}"


def _gate(instance: Instance, edition: Edition | None, *, options: Options, now: datetime) -> Gate:
    with instance.store.reading() as connection:
        setups = load_setups(connection)
    return Gate(
        edition,
        issuer=issuer_facts(instance),
        method=instance.method_of(instance.config.credential_key),
        now=now,
        accept_unconfirmed=options.accept_unconfirmed,
        staples=load_staples(instance, method=instance.method_of(instance.config.credential_key)),
        setups=setups,
    )


def _refuse_unknown_jwt_key(instance: Instance, edition: Edition | None, *, options: Options, now: datetime) -> None:
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


def _rehearse(
    candidate: Candidate, *, nsns: frozenset[str], run: Run, sound: set[tuple[object, ...]]
) -> RowResult | None:
    """Why the badge could not be made. Its form is checked in full once for each shape: names and days alter none."""
    row = candidate.row
    form = (row.language, row.name_display, row.result is None, row.evidence_url)
    shape = (candidate.achievement.key, candidate.endorsement is None, *form)
    slot = Slot(list_number=1, list_index=0)
    places = Places(revocation=slot, suspension=slot if run.instance.config.suspension else None)
    order = order_for(candidate, "a" * 26, places, instance=run.instance)
    try:
        unsigned = mint(
            order.award,
            achievement=order.achievement,
            issuer=run.gate.issuer,
            valid_from=run.now,
            endorsement=order.endorsement,
        )
        refuse_nsns(write_json(unsigned).decode(), known=nsns)
        faults = () if shape in sound else validate_status_set(unsigned) or find_losses(unsigned)
        if not faults:
            sound.add(shape)
            return None
        reason, sentence = "not-a-valid-badge", f"The badge would not be valid: {faults[0]}."
    except BadgeError as error:
        reason, sentence = error.extensions.get("reason", error.slug), error.detail
    return RowResult(
        line=candidate.row.line,
        row_key=candidate.row_key,
        outcome=RowOutcome.FAILED,
        reason=reason,
        sentence=f"Line {candidate.row.line}: {sentence}",
    )


def _finish(instance: Instance, report: BatchReport, *, now: datetime) -> None:
    problems = [result.record for result in report.results if result.outcome is not RowOutcome.ISSUED]
    with instance.store.writing() as connection:
        batch_store.finish_batch(connection, batch_id=report.batch_id, counts=report.counts, problems=problems, at=now)


def _chunks(rows: Sequence[CompletionRow], size: int) -> Iterator[Sequence[CompletionRow]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
