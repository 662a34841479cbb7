"""Made badges -> rows: keys claimed, all stored and logged, in the one transaction that is the moment of issuing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.admission import Candidate
from issuer.bulk.delivering import Recipient, arrange, new_links
from issuer.making import Made, Order
from issuer.nzroa import seal_many
from issuer.running import Run
from issuer.store import new_rows
from issuer.store.credentials import keep_achievement
from issuer.store.lists import Places
from issuer.store.new_rows import CredentialRow, DocumentRow, LearnerRow, NzroaRow
from schemas.jsontext import write_json
from schemas.times import write_time


class Work(NamedTuple):
    """One badge that was made and is good."""

    candidate: Candidate
    order: Order
    places: Places
    made: Made

    @property
    def short_id(self) -> str:
        return self.order.short_id

    @property
    def line(self) -> int:
        return self.candidate.row.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows of a chunk's badges, made before the transaction that writes them: others wait for that one."""

    work: Sequence[Work]
    credentials: list[CredentialRow]
    documents: list[DocumentRow]
    learners: list[LearnerRow]
    entries: list[NzroaRow]
    links: list[str]

    @classmethod
    def of(cls, work: Sequence[Work], *, run: Run) -> Rows:
        return cls(
            work=work,
            credentials=_credentials(work, run),
            documents=_documents(work, run),
            learners=_learners(work),
            entries=_entries(work, run),
            links=new_links([one.order.short_id for one in work], instance=run.instance),
        )


def claim(connection: Connection, rows: Rows, *, run: Run) -> tuple[Rows, list[Work]]:
    """(the rows of those that got their row key; those that came too late, here or in another process)."""
    got = new_rows.claim(connection, rows.credentials)
    if len(got) == len(rows.work):
        return rows, []
    ours = [one for one in rows.work if one.short_id in got]
    return Rows.of(ours, run=run), [one for one in rows.work if one.short_id not in got]


def keep(connection: Connection, rows: Rows, *, run: Run) -> None:
    """Everything that is known of these badges: the signed bytes, the learner, the NZRoA entry, link and mail."""
    if not rows.work:
        return
    new_rows.insert_documents(connection, rows.documents)
    new_rows.insert_learners(connection, rows.learners)
    new_rows.insert_entries(connection, rows.entries)
    arrange(
        connection,
        [_recipient(one) for one in rows.work],
        links=rows.links,
        terms=run.terms,
        batch_id=run.batch_id,
        now=run.now,
    )
    achievements = {id(one.candidate.achievement): one.candidate.achievement for one in rows.work}
    for achievement in sorted(achievements.values(), key=lambda one: one.key):  # two processes never wait in a circle
        keep_achievement(
            connection,
            nzqa_ref=achievement.nzqa_ref,
            version=achievement.version,
            document=write_json(achievement.page),
            at=run.now,
        )


def log(connection: Connection, work: Sequence[Work], *, run: Run) -> None:
    """The audit entry of a chunk, as the last statement before the commit."""
    if not work:
        return
    documents = {(one.short_id, 1): one.made.document_sha256 for one in work}
    facts: dict[str, object] = {"batch": run.batch_id, "documents": audit.document_facts(documents)}
    unconfirmed = sorted(one.short_id for one in work if one.candidate.unconfirmed_reason)
    if unconfirmed:
        facts["unconfirmed"] = unconfirmed
    anew = {one.short_id: one.candidate.replaces for one in work if one.candidate.replaces}
    if anew:
        facts["in_place_of"] = dict(sorted(anew.items()))
    audit.append(connection, at=run.now, actor=run.actor, action=audit.ISSUE, facts=facts)


def _credentials(work: Sequence[Work], run: Run) -> list[CredentialRow]:
    provider, created_at = run.instance.config.provider, write_time(run.now)
    return [
        CredentialRow(
            short_id=one.order.short_id,
            provider=provider,
            row_key=one.candidate.row_key,
            nzqa_ref=one.candidate.achievement.nzqa_ref,
            listing_version=one.candidate.achievement.version,
            achieved_on=one.candidate.row.achieved_on.isoformat(),
            created_at=created_at,
            batch_id=run.batch_id,
            line=one.candidate.row.line,
            unconfirmed_reason=one.candidate.unconfirmed_reason,
        )
        for one in work
    ]


def _documents(work: Sequence[Work], run: Run) -> list[DocumentRow]:
    valid_from = write_time(run.signed_at)
    return [
        DocumentRow(
            short_id=one.order.short_id,
            document=one.made.document,
            document_sha256=one.made.document_sha256,
            jwt=one.made.jwt,
            valid_from=valid_from,
            list_number=one.places.revocation.list_number,
            list_index=one.places.revocation.list_index,
            suspension_list=one.places.suspension_list,
            suspension_index=one.places.suspension_index,
            valid_until=None if one.candidate.valid_until is None else write_time(one.candidate.valid_until),
        )
        for one in work
    ]


def _learners(work: Sequence[Work]) -> list[LearnerRow]:
    return [
        LearnerRow(
            short_id=one.order.short_id,
            name=one.candidate.row.learner_name,
            preferred_name=one.candidate.row.preferred_name,
            name_display=one.order.award.name_display.value,
            email=one.candidate.row.learner_email,
            language=one.candidate.row.language,
            result=one.candidate.row.result,
            evidence_url=one.candidate.row.evidence_url,
            subject_urn=one.order.award.subject_urn,
        )
        for one in work
    ]


def _entries(work: Sequence[Work], run: Run) -> list[NzroaRow]:
    recorded_at = write_time(run.now)
    sealed = seal_many([(one.order.short_id, one.candidate.row.nsn or None) for one in work], key=run.nsn_key)
    return [
        NzroaRow(
            short_id=one.order.short_id,
            nsn_sealed=nsn_sealed,
            nzqa_ref=one.candidate.achievement.nzqa_ref,
            achieved_on=one.candidate.row.achieved_on.isoformat(),
            recorded_at=recorded_at,
        )
        for one, nsn_sealed in zip(work, sealed, strict=True)
    ]


def _recipient(one: Work) -> Recipient:
    row = one.candidate.row
    return Recipient(short_id=one.short_id, name=row.learner_name, email=row.learner_email, language=row.language)
