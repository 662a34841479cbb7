"""Made badges -> rows: keys claimed, all stored and logged, in the one transaction that is the moment of issuing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.admission import Candidate
from issuer.bulk.delivering import Recipient, arrange
from issuer.making import Made, Order
from issuer.nzroa import seal
from issuer.running import Run
from issuer.store import credentials as credential_store
from issuer.store import nzroa_rows
from issuer.store.credentials import Learner, NewCredential, StoredDocument
from issuer.store.lists import Places
from schemas.jsontext import write_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
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


def claim(connection: Connection, work: Sequence[Work], *, run: Run) -> tuple[list[Work], list[Work]]:
    """(those that got their row key; those that came too late, here or in another process)."""
    provider = run.instance.config.provider
    got = credential_store.claim(
        connection,
        [
            NewCredential(
                short_id=one.short_id,
                provider=provider,
                row_key=one.candidate.row_key,
                nzqa_ref=one.candidate.achievement.nzqa_ref,
                listing_version=one.candidate.achievement.version,
                achieved_on=one.candidate.row.achieved_on,
                created_at=run.now,
                batch_id=run.batch_id,
                line=one.line,
                unconfirmed_reason=one.candidate.unconfirmed_reason,
            )
            for one in work
        ],
    )
    if len(got) == len(work):
        return list(work), []
    return [one for one in work if one.short_id in got], [one for one in work if one.short_id not in got]


def keep(connection: Connection, work: Sequence[Work], *, run: Run) -> None:
    """Everything that is known of these badges: the signed bytes, the learner, the NZRoA entry, link and mail."""
    if not work:
        return
    credential_store.insert_documents(connection, [_document(one, run) for one in work])
    credential_store.insert_learners(connection, [_learner(one) for one in work])
    nzroa_rows.insert_entries(connection, [_nzroa_entry(one, run) for one in work], at=run.now)
    arrange(
        connection,
        [_recipient(one) for one in work],
        instance=run.instance,
        terms=run.terms,
        batch_id=run.batch_id,
        now=run.now,
    )
    achievements = {id(one.candidate.achievement): one.candidate.achievement for one in work}
    for achievement in sorted(achievements.values(), key=lambda one: one.key):  # two processes never wait in a circle
        credential_store.keep_achievement(
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


def _document(one: Work, run: Run) -> StoredDocument:
    return StoredDocument(
        short_id=one.short_id,
        version=1,
        document=one.made.document,
        document_sha256=one.made.document_sha256,
        jwt=one.made.jwt,
        valid_from=run.signed_at,
        list_number=one.places.revocation.list_number,
        list_index=one.places.revocation.list_index,
        suspension_list=one.places.suspension_list,
        suspension_index=one.places.suspension_index,
        valid_until=one.candidate.valid_until,
    )


def _learner(one: Work) -> Learner:
    row = one.candidate.row
    return Learner(
        short_id=one.short_id,
        name=row.learner_name,
        preferred_name=row.preferred_name,
        name_display=one.order.award.name_display,
        email=row.learner_email,
        language=row.language,
        result=row.result,
        evidence_url=row.evidence_url,
        subject_urn=one.order.award.subject_urn,
    )


def _recipient(one: Work) -> Recipient:
    row = one.candidate.row
    return Recipient(short_id=one.short_id, name=row.learner_name, email=row.learner_email, language=row.language)


def _nzroa_entry(one: Work, run: Run) -> nzroa_rows.NzroaEntry:
    nsn = one.candidate.row.nsn
    return nzroa_rows.NzroaEntry(
        short_id=one.short_id,
        nsn_sealed=seal(nsn, key=run.nsn_key, short_id=one.short_id) if nsn else None,
        nzqa_ref=one.candidate.achievement.nzqa_ref,
        achieved_on=one.candidate.row.achieved_on,
    )
