"""What issuing would do, writing and signing nothing: the dry run of the command line and the check of the desk."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from issuer.admission import Candidate, CompletionList
from issuer.batches import Options, refuse_unknown_jwt_key
from issuer.instance import Instance
from issuer.issuing import order_for, sort_rows
from issuer.listed import Gathered, ListedRows
from issuer.minting import mint, refuse_nsns
from issuer.results import RowOutcome, RowResult, count_outcomes
from issuer.rowsource import ResultSink, RowSource
from issuer.running import Run, run_of
from issuer.status import refuse_closed
from issuer.store.batches import Counts
from issuer.store.lists import Places, Slot
from schemas.errors import BadgeError
from schemas.jsontext import write_json
from schemas.lossless import find_losses
from schemas.validate import validate_status_set
from verifier.register.edition import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What issuing would do: how many rows are ready, and every row that is not."""

    ready: int
    results: tuple[RowResult, ...]
    candidates: tuple[Candidate, ...] = ()  # the rows that are ready

    @property
    def counts(self) -> Counts:
        return count_outcomes(self.results)


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
    """As `rehearse_rows`, for a list that is in memory."""
    sink, ready = Gathered(), list[Candidate]()
    rehearse_rows(
        instance,
        ListedRows(instance, class_list),
        sink=sink,
        edition=edition,
        options=options,
        now=now,
        actor=actor,
        batch_id=batch_id,
        on_ready=ready.extend,
        on_progress=on_progress,
    )
    return Rehearsal(ready=len(ready), results=sink.in_order(), candidates=tuple(ready))


def rehearse_rows(
    instance: Instance,
    source: RowSource,
    *,
    sink: ResultSink,
    edition: Edition | None,
    options: Options,
    now: datetime,
    actor: str,
    batch_id: str | None = None,
    on_ready: Callable[[Sequence[Candidate]], None] = lambda _candidates: None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """What `issue_rows` would do: each badge is minted and checked unsigned. Returns how many rows are ready; all
    others are in `sink`."""
    refuse_unknown_jwt_key(instance, edition, options=options, now=now)
    with instance.store.reading() as connection:
        refuse_closed(connection)
    run = run_of(
        instance,
        edition,
        accept_unconfirmed=options.accept_unconfirmed,
        terms=options.terms,
        now=now,
        actor=actor,
        batch_id=batch_id,
    )
    ready = gone_through = 0
    settled = source.settled()
    while part := list(islice(settled, options.chunk_rows)):
        sink.add(part)
        gone_through += len(part)
    sound: set[tuple[object, ...]] = set()
    for chunk in source.chunks(options.chunk_rows):
        results, candidates = sort_rows(chunk, run=run)
        fit: list[Candidate] = []
        for candidate in candidates:
            if refusal := _rehearse(candidate, nsns=source.known_nsns, run=run, sound=sound):
                results.append(refusal)
            else:
                fit.append(candidate)
        sink.add(results)
        on_ready(fit)
        ready += len(fit)
        gone_through += len(chunk.rows)
        on_progress(gone_through, source.total)
    return ready


def _rehearse(
    candidate: Candidate, *, nsns: Container[str], run: Run, sound: set[tuple[object, ...]]
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
