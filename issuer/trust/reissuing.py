"""Everything a stolen key signed, signed again with the key in use: in chunks, each badge once, whatever is killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.admission import Candidate
from issuer.corrections import Correction, admit_again, load_parts, make_again
from issuer.instance import Instance
from issuer.running import Step
from issuer.selfcheck import OwnWeb, check_badge, sample
from issuer.status import refuse_closed, reserve_places, sign_lists, strictly_after
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.store.credentials import Learner, State, StoredCredential, StoredDocument
from issuer.store.lists import Places, Slot
from keys.suites.jwt import parse_jws
from schemas.errors import IssuingError
from schemas.jsontext import parse_object, write_json
from verifier.register.binding import bind
from verifier.register.edition import Edition

CHUNK_BADGES = 100
_ACT = "signed again"


class Outcome(StrEnum):
    REISSUED = "reissued"
    READY = "ready"  # a rehearsal's word for it
    ALREADY = "already"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReissueResult:
    """What became of one badge."""

    short_id: str
    outcome: Outcome
    version: int
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    held: StoredCredential
    learner: Learner
    old: StoredDocument
    candidate: Candidate


_Signed = tuple[_Work, StoredDocument, Learner]


def reissue(
    instance: Instance,
    key_id: str,
    *,
    since: datetime | None = None,
    edition: Edition | None,
    now: datetime,
    actor: str,
    dry_run: bool = False,
    chunk_badges: int = CHUNK_BADGES,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_step: Step = lambda _name: None,
) -> list[ReissueResult]:
    """Sign again every badge in force whose newest version `key_id` signed (from `since` on): same id, newer
    `validFrom`, new status index, old index revoked. Withdrawn badges stay as they are.

    A badge signed again is no longer one of that key's, so a run that was killed is simply run again. Raises
    IssuingError when the key is in use still, or when the register does not have the one that is.
    """
    _refuse_unready(instance, key_id, edition=edition, now=now)
    method = instance.method_of(key_id)
    with instance.store.reading() as connection:
        refuse_closed(connection)
        wanted = [
            badge.credential.short_id
            for badge in credential_store.current_badges(connection)
            if badge.credential.state is not State.REVOKED and _is_meant(badge.document, method, since)
        ]
    results: list[ReissueResult] = []
    for start in range(0, len(wanted), chunk_badges):
        chunk = wanted[start : start + chunk_badges]
        run = _Run(
            instance=instance,
            method=method,
            since=since,
            edition=edition,
            now=now,
            actor=actor,
            key_id=key_id,
            on_step=on_step,
        )
        results += run.rehearse(chunk) if dry_run else run.sign(chunk)
        on_progress(len(results), len(wanted))
    return results


def _refuse_unready(instance: Instance, key_id: str, *, edition: Edition | None, now: datetime) -> None:
    config = instance.config
    instance.keyring.entry(key_id)
    if key_id in {config.credential_key, config.jwt_key}:
        raise IssuingError(
            f"The key {key_id} is the one in use. Put another in its place first: badge-issuer keys new, "
            "enrol-request, keys rotate. Nothing was signed."
        )
    method = instance.method_of(config.credential_key)
    instance.credential_signer()
    if edition is None or not bind(edition.register, did=config.did, method=method, signed_at=now):
        raise IssuingError(
            f"The register in use does not have {method} as a key that may sign today; nobody could confirm what it "
            "signs. Enrol it (badge-issuer enrol-request) and use the edition that has it. Nothing was signed.",
            reason="key-not-bound",
        )


def _is_meant(document: StoredDocument, method: str, since: datetime | None) -> bool:
    if since is not None and document.valid_from < since:
        return False
    if any(proof.get("verificationMethod") == method for proof in parse_object(document.document)["proof"]):
        return True
    return document.jwt is not None and parse_jws(document.jwt).kid == method


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What the chunks of one run share."""

    instance: Instance
    key_id: str
    method: str
    since: datetime | None
    edition: Edition | None
    now: datetime
    actor: str
    on_step: Step

    def rehearse(self, short_ids: Sequence[str]) -> list[ReissueResult]:
        with self.instance.store.reading() as connection:
            work, results = self._admit(connection, short_ids)
        return results + [_result(one, Outcome.READY, one.held.version, "Would be signed again.") for one in work]

    def sign(self, short_ids: Sequence[str]) -> list[ReissueResult]:
        """One chunk, in one transaction: all of it or none."""
        store = self.instance.store
        with store.writing() as connection:
            refuse_closed(connection)
            # 1. Each as it is now, kept from changing; one that another run has signed meanwhile is let be.
            work, results = self._admit(connection, short_ids)
            self.on_step("claimed")
            # 2. New places in the status lists; sign.
            slots = self._reserve(connection, work)
            signed: list[_Signed] = []
            for one, slot in zip(work, slots, strict=True):
                try:
                    signed.append((one, *self._make(one, slot)))
                except IssuingError as error:
                    results.append(_failed(one.held.short_id, one.held.version, error))
            self.on_step("signed")
            # 3. The first, the last and one in 200 go through the whole verifier.
            self._check(connection, signed)
            self.on_step("checked")
            # 4. The old places are revoked, the new versions are in force, and the log has it all.
            self._store(connection, signed)
            self.on_step("stored")
            self._log(connection, signed)
            self.on_step("logged")
        self.on_step("committed")
        return results + [
            _result(one, Outcome.REISSUED, document.version, "Signed again.") for one, document, _ in signed
        ]

    def _admit(self, connection: Connection, short_ids: Sequence[str]) -> tuple[list[_Work], list[ReissueResult]]:
        work: list[_Work] = []
        results: list[ReissueResult] = []
        for short_id in sorted(short_ids):
            held = credential_store.load_credential(connection, short_id, for_update=True)
            if held is None:
                continue
            try:
                learner, old = load_parts(connection, short_id)
                if held.state is State.REVOKED or not _is_meant(old, self.method, self.since):
                    results.append(_result_of(held, Outcome.ALREADY, "Settled by another run meanwhile."))
                    continue
                candidate = admit_again(
                    self.instance,
                    held,
                    learner,
                    Correction(),
                    self.edition,
                    self.now,
                    held.unconfirmed_reason,
                    act=_ACT,
                )
            except IssuingError as error:
                results.append(_failed(short_id, held.version, error))
                continue
            work.append(_Work(held=held, learner=learner, old=old, candidate=candidate))
        return work, results

    def _reserve(self, connection: Connection, work: Sequence[_Work]) -> tuple[Places, ...]:
        """A badge on hold stays on hold, so it needs a place for that whatever the setting says now."""
        if not work:
            return ()
        on_hold = any(one.held.state is State.SUSPENDED for one in work)
        return reserve_places(self.instance, connection, len(work), at=self.now, can_be_held=on_hold)

    def _make(self, one: _Work, slot: Places) -> tuple[StoredDocument, Learner]:
        valid_from = strictly_after(one.old.valid_from, now=self.now)
        made, subject_urn = make_again(
            self.instance, one.candidate, one.learner, slot, old=one.old, valid_from=valid_from, act=_ACT
        )
        document = StoredDocument(
            short_id=one.held.short_id,
            version=one.held.version + 1,
            document=made.document,
            document_sha256=made.document_sha256,
            jwt=made.jwt,
            valid_from=valid_from,
            list_number=slot.revocation.list_number,
            list_index=slot.revocation.list_index,
            suspension_list=slot.suspension_list,
            suspension_index=slot.suspension_index,
            valid_until=one.candidate.valid_until,
        )
        return document, replace(one.learner, subject_urn=subject_urn)

    def _check(self, connection: Connection, signed: Sequence[_Signed]) -> None:
        documents = [document for _, document, _ in signed]
        if not documents:
            return
        at = max(document.valid_from for document in documents)
        numbers = {number for document in documents for number in document.list_numbers}
        lists = sign_lists(self.instance, connection, numbers, valid_from=at)
        web = OwnWeb(self.instance, lists=lists, at=at, edition=self.edition)
        unconfirmed = any(one.candidate.unconfirmed_reason is not None for one, _, _ in signed)
        for badge in sample(list(documents)):
            check_badge(badge, web=web, at=at, accept_unconfirmed=unconfirmed)

    def _store(self, connection: Connection, signed: Sequence[_Signed]) -> None:
        old = [Slot(list_number=one.old.list_number, list_index=one.old.list_index) for one, _, _ in signed]
        list_store.set_bits(connection, [*old, *_held_again(signed)], at=self.now)
        credential_store.insert_documents(connection, [document for _, document, _ in signed])
        achievements = {one.candidate.achievement.key: one.candidate.achievement for one, _, _ in signed}
        for _, achievement in sorted(achievements.items()):
            credential_store.keep_achievement(
                connection,
                nzqa_ref=achievement.nzqa_ref,
                version=achievement.version,
                document=write_json(achievement.page),
                at=self.now,
            )
        for one, document, learner in signed:
            credential_store.update_learner(connection, learner)
            credential_store.replace_version(
                connection,
                one.held.short_id,
                version=document.version,
                nzqa_ref=one.held.nzqa_ref,
                listing_version=one.candidate.achievement.version,
                achieved_on=one.held.achieved_on,
                unconfirmed_reason=one.candidate.unconfirmed_reason,
            )

    def _log(self, connection: Connection, signed: Sequence[_Signed]) -> None:
        if not signed:
            return
        versions = {(document.short_id, document.version): document.document_sha256 for _, document, _ in signed}
        facts: dict[str, object] = {
            "key": self.key_id,
            "documents": audit.document_facts(versions),
            "replaces": {one.held.short_id: one.old.document_sha256 for one, _, _ in signed},
            "bits": sorted([one.old.list_number, one.old.list_index] for one, _, _ in signed),
        }
        if suspended := sorted([slot.list_number, slot.list_index] for slot in _held_again(signed)):
            facts["suspended"] = suspended
        unconfirmed = sorted(one.held.short_id for one, _, _ in signed if one.candidate.unconfirmed_reason)
        if unconfirmed:
            facts["unconfirmed"] = unconfirmed
        audit.append(connection, at=self.now, actor=self.actor, action=audit.REISSUE, facts=facts)


def _held_again(signed: Sequence[_Signed]) -> list[Slot]:
    """The new places of suspension of badges that are on hold."""
    return [
        slot
        for one, document, _ in signed
        if one.held.state is State.SUSPENDED and (slot := document.suspension_slot) is not None
    ]


def _result(one: _Work, outcome: Outcome, version: int, sentence: str) -> ReissueResult:
    return ReissueResult(
        short_id=one.held.short_id, outcome=outcome, version=version, reason=one.candidate.reason, sentence=sentence
    )


def _result_of(held: StoredCredential, outcome: Outcome, sentence: str) -> ReissueResult:
    return ReissueResult(
        short_id=held.short_id, outcome=outcome, version=held.version, reason=outcome.value, sentence=sentence
    )


def _failed(short_id: str, version: int, error: IssuingError) -> ReissueResult:
    return ReissueResult(
        short_id=short_id,
        outcome=Outcome.FAILED,
        version=version,
        reason=str(error.extensions.get("reason", error.slug)),
        sentence=error.detail,
    )
