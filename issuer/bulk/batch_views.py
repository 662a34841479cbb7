"""Batches as people look at them: lists, progress, what became of every row; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.engine import Connection

from issuer.bulk.findings import FoundRow, cell_of, load_findings
from issuer.bulk.upload_choices import open_choices
from issuer.bulk.uploads import BatchState, Source, load_batch, load_choices
from issuer.instance import Instance
from issuer.results import RowOutcome, RowResult
from issuer.results import results_csv as write_results
from issuer.rows import Field
from issuer.store import batch_work, uploads_rows
from issuer.store.batch_work import Batch, IssuedRow
from issuer.store.batches import Counts, RowRecord
from issuer.words.sayings import as_it_is, say, together

_GONE = {
    RowOutcome.ALREADY: say("A badge for this was issued before; none was issued again."),
    RowOutcome.HELD: say("Held: the register could not confirm it. Nothing was signed."),
    RowOutcome.FAILED: say("Not issued. The words of this row's fault were deleted with the class list."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSummary:
    """One batch in a list."""

    batch_id: str
    state: BatchState
    source: str
    filename: str | None
    started_at: datetime
    finished_at: datetime | None
    row_count: int
    done: int
    counts: Counts
    made_by: str | None
    approved_by: str | None
    mail: str
    reason: str | None
    withdrawn_at: datetime | None

    @property
    def is_idle(self) -> bool:
        """Whether nobody has anything to do with it: discarded, or nothing in it but what was issued already."""
        checked = self.state is BatchState.CHECKED and self.reason == batch_work.NOTHING_TO_DO
        return checked or self.state is BatchState.DISCARDED


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """What became of one row."""

    line: int
    outcome: str
    reason: str
    sentence: str = field(repr=False)
    short_id: str | None = None
    learner_name: str | None = field(default=None, repr=False)
    nzqa_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """One batch in full: `rows` are those of the page, `total_rows` those that `only` lets through."""

    summary: BatchSummary
    rows: tuple[ResultRow, ...]
    total_rows: int
    page: int
    pages: int
    mails: Mapping[str, int]
    hand_over: int
    claimed: int
    can_retry: bool
    cancelling: bool
    already_withdrawn: int = 0  # rows whose badge was withdrawn before


def load_batch_view(
    instance: Instance, batch_id: str, *, page: int = 1, page_size: int = 100, only: str | None = None
) -> BatchView:
    """Raises IssuingError when there is no such batch. A page beyond the last is the last."""
    with instance.store.reading() as connection:
        batch = load_batch(connection, batch_id)
        summary = _summary(instance, connection, batch)
        mails = batch_work.mail_states(connection, batch_id)
        hand_over, claimed = batch_work.claim_counts(connection, batch_id)
        issued = batch_work.issued_rows(connection, batch_id) if only in (None, RowOutcome.ISSUED) else []
        problems = batch_work.problem_rows(connection, batch_id)
    told = _told(instance, batch_id, problems)
    rows = _rows(issued, problems, told=told, only=only)
    pages = max(1, -(-len(rows) // page_size))
    page = min(max(1, page), pages)
    ended = summary.state in (BatchState.FINISHED, BatchState.STOPPED)
    unfinished = summary.state is BatchState.STOPPED or summary.counts.held + summary.counts.failed > 0
    return BatchView(
        summary=summary,
        rows=tuple(rows[(page - 1) * page_size : page * page_size]),
        total_rows=len(rows),
        page=page,
        pages=pages,
        mails=mails,
        hand_over=hand_over,
        claimed=claimed,
        can_retry=(
            ended
            and unfinished
            and batch.withdrawn_at is None
            and batch.source != Source.CLI
            and summary.filename is not None
        ),
        cancelling=batch.state == BatchState.RUNNING and batch.reason == batch_work.CANCELLING,
        already_withdrawn=sum(row.outcome == RowOutcome.ALREADY and row.reason == "withdrawn" for row in problems),
    )


def load_batch_summary(instance: Instance, batch_id: str) -> BatchSummary:
    """Where one batch stands, without its rows: what a page asks every second. Raises IssuingError."""
    with instance.store.reading() as connection:
        return _summary(instance, connection, load_batch(connection, batch_id))


def list_batches(
    instance: Instance, *, page: int = 1, page_size: int = 50, with_idle: bool = True
) -> tuple[tuple[BatchSummary, ...], int]:
    """(batches of that page, the newest first; how many there are in all), with or without those that are idle."""
    offset = (max(1, page) - 1) * page_size
    with instance.store.reading() as connection:
        found, total = batch_work.load_page(connection, offset=offset, limit=page_size, with_idle=with_idle)
        names = _filenames(instance, connection, [batch.batch_id for batch in found])
    return tuple(_summary_of(batch, filename=names.get(batch.batch_id)) for batch in found), total


def results_csv(instance: Instance, batch_id: str, *, for_people: bool = False) -> bytes:
    """Every row with what became of it, in the form that `badge-issuer issue` writes.

    For people it also names the learners, and begins with the mark by which Excel keeps their macrons.
    """
    with instance.store.reading() as connection:
        load_batch(connection, batch_id)
        issued = batch_work.issued_rows(connection, batch_id)
        problems = batch_work.problem_rows(connection, batch_id)
    told = _told(instance, batch_id, problems)
    results = [
        RowResult(
            line=row.line or 0,
            outcome=RowOutcome.ISSUED,
            reason="issued",
            sentence=say("Issued."),
            row_key=row.row_key,
            short_id=row.short_id,
        )
        for row in issued
    ]
    results += [
        RowResult(
            line=row.line,
            outcome=RowOutcome(row.outcome),
            reason=row.reason,
            sentence=told.sentences.get(row.line) or _GONE[RowOutcome(row.outcome)],
            row_key=row.row_key,
            short_id=row.short_id,
        )
        for row in problems
    ]
    names = {row.line or 0: row.name or "" for row in issued} | dict(told.names) if for_people else None
    return write_results(results, files={}, badges_url=f"{instance.config.base_url}/badges", names=names)


def batch_badges(instance: Instance, batch_id: str) -> tuple[str, ...]:
    """The short ids of its badges, in the order of their lines."""
    with instance.store.reading() as connection:
        load_batch(connection, batch_id)
        return tuple(row.short_id for row in batch_work.issued_rows(connection, batch_id))


# --- within -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Line -> why it was not issued, and whose it is, as long as the class list lies here."""

    sentences: Mapping[int, str] = field(default_factory=dict, repr=False)
    names: Mapping[int, str] = field(default_factory=dict, repr=False)


def _rows(
    issued: Sequence[IssuedRow], problems: Sequence[RowRecord], *, told: _Told, only: str | None
) -> list[ResultRow]:
    rows = [
        ResultRow(
            line=row.line or 0,
            outcome=RowOutcome.ISSUED,
            reason="issued",
            sentence=say("Issued."),
            short_id=row.short_id,
            learner_name=row.name,
            nzqa_ref=row.nzqa_ref,
        )
        for row in issued
    ]
    rows += [
        ResultRow(
            line=row.line,
            outcome=row.outcome,
            reason=row.reason,
            sentence=told.sentences.get(row.line) or _GONE[RowOutcome(row.outcome)],
            short_id=row.short_id,
            learner_name=told.names.get(row.line),
        )
        for row in problems
        if only in (None, row.outcome)
    ]
    return sorted(rows, key=lambda row: row.line)


def _told(instance: Instance, batch_id: str, problems: Sequence[RowRecord]) -> _Told:
    badges = {row.short_id: row.line for row in problems if row.short_id}
    with instance.store.reading() as connection:
        known = batch_work.learner_names(connection, sorted(badges))
    names = {badges[short_id]: name for short_id, name in known.items()}
    findings = load_findings(instance, batch_id)
    if findings is None:
        return _Told(names=names)
    choices = load_choices(instance, batch_id)
    for row in findings.problems:
        mended = choices.repairs.get(row.line, {}).get(Field.LEARNER_NAME)
        if name := mended or cell_of(row, Field.LEARNER_NAME, findings, choices.columns):
            names[row.line] = name
    return _Told(sentences={row.line: _why(row) for row in (*findings.problems, *findings.already_rows)}, names=names)


def _why(row: FoundRow) -> str:
    return together(
        *(
            together(as_it_is(f"{fault.column}:"), fault.message) if fault.column else fault.message
            for fault in row.faults
        )
    )


def _summary(instance: Instance, connection: Connection, batch: Batch) -> BatchSummary:
    names = _filenames(instance, connection, [batch.batch_id])
    return _summary_of(batch, filename=names.get(batch.batch_id))


def _filenames(instance: Instance, connection: Connection, batch_ids: list[str]) -> dict[str, str]:
    sealed = uploads_rows.load_all_choices(connection, batch_ids)
    return {batch_id: open_choices(instance, batch_id, choices).filename for batch_id, choices in sealed.items()}


def _summary_of(batch: Batch, *, filename: str | None) -> BatchSummary:
    return BatchSummary(
        batch_id=batch.batch_id,
        state=BatchState(batch.state),
        source=batch.source,
        filename=filename,
        started_at=batch.started_at,
        finished_at=batch.finished_at,
        row_count=batch.row_count,
        done=batch.done,
        counts=batch.counts,
        made_by=batch.made_by,
        approved_by=batch.approved_by,
        mail=batch.mail,
        reason=batch.reason,
        withdrawn_at=batch.withdrawn_at,
    )
