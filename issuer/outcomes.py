"""What is told of a row that went as far as the register let it: issued, already issued, or not fit to be a badge."""

from __future__ import annotations

from functools import cache

from issuer.admission import Candidate, CompletionRow
from issuer.keeping import Work
from issuer.making import Made
from issuer.results import RowOutcome, RowResult
from issuer.store.credentials import State, StoredCredential
from issuer.words.sayings import say, say_day, together
from schemas.nzqcf import nz_date


def issued(work: Work) -> RowResult:
    """The result of a badge that is kept."""
    candidate = work.candidate
    return RowResult(
        line=work.line,
        row_key=candidate.row_key,
        outcome=RowOutcome.ISSUED,
        reason=candidate.reason,
        sentence=_issued_sentence(candidate.unconfirmed_reason is not None, candidate.lacks_endorsement),
        short_id=work.short_id,
    )


@cache
def _issued_sentence(is_unconfirmed: bool, lacks_endorsement: bool) -> str:
    sentence = say("Issued, although the register could not confirm it.") if is_unconfirmed else say("Issued.")
    if not lacks_endorsement:
        return sentence
    lacks = say("It carries no statement of the authority: none that is kept speaks for this award and key.")
    return together(sentence, lacks)


def refused(candidate: Candidate, made: Made) -> RowResult:
    """The result of a row of which no badge could be made."""
    return RowResult(
        line=candidate.row.line,
        row_key=candidate.row_key,
        outcome=RowOutcome.FAILED,
        reason=made.reason or "refused",
        sentence=f"Line {candidate.row.line}: {made.sentence}",
    )


def already(row: CompletionRow, row_key: str, held: StoredCredential, *, batch_id: str | None) -> RowResult:
    """The result of a row whose badge is there: of this very batch, before it was interrupted, or of another."""
    if batch_id is not None and held.batch_id == batch_id:
        return RowResult(
            line=row.line,
            row_key=row_key,
            outcome=RowOutcome.ISSUED,
            reason="issued",
            sentence=_issued_sentence(False, False),
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
