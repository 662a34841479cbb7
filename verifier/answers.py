"""Verdicts -> what a person reads first: three answers and a plain summary of the badge; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.jsontext import JsonObject
from schemas.times import parse_time
from verifier.checks.accredited import provider_name
from verifier.checks.stapled import answer_by_staple
from verifier.inspection import Inspection
from verifier.register.reasons import Outcome as Answer
from verifier.register.statement import award_sentences, decision_document
from verifier.report import (
    AccreditedAnswer,
    AccreditedVerdict,
    Check,
    CheckId,
    CurrentAnswer,
    CurrentVerdict,
    GenuineAnswer,
    GenuineVerdict,
    Outcome,
    format_instant,
)
from verifier.verdicts import NO_NZ_CLAIM, Verdicts
from verifier.wording import headline_for
from verifier.words import Sentence

_DECIDED = {AccreditedVerdict.INVALID: Answer.NOT_ACCREDITED, AccreditedVerdict.UNCONFIRMED: Answer.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    genuine: GenuineAnswer
    current: CurrentAnswer
    accredited: AccreditedAnswer
    badge: JsonObject | None


_FAULT_MI = "I hinga tēnei pūmanatawa nā tōna ake hapa; ehara i te hē o te tohu."
_FAULT = "This verifier broke down through a fault of its own; that says nothing about the badge."
# What is said when even saying it failed.
NO_ANSWERS = Answers(
    genuine=GenuineAnswer(verdict=GenuineVerdict.UNCONFIRMED, sentence=_FAULT, sentence_mi=_FAULT_MI),
    current=CurrentAnswer(verdict=CurrentVerdict.UNCONFIRMED, sentence=_FAULT, sentence_mi=_FAULT_MI, as_of=None),
    accredited=AccreditedAnswer(
        verdict=AccreditedVerdict.UNCONFIRMED, reason="internal-fault", sentence=_FAULT, sentence_mi=_FAULT_MI
    ),
    badge=None,
)


def answer(inspection: Inspection, verdicts: Verdicts) -> Answers:
    """The three answers, and the badge's summary unless it is not genuine or could not be read."""
    shown = verdicts.genuine is not GenuineVerdict.INVALID and inspection.subject.document is not None
    return Answers(
        genuine=answer_genuine(inspection, verdicts),
        current=answer_current(inspection, verdicts),
        accredited=answer_accredited(inspection, verdicts),
        badge=summarise(inspection) if shown else None,
    )


def answer_genuine(inspection: Inspection, verdicts: Verdicts) -> GenuineAnswer:
    facts: dict[str, Any] = {"because": _because(verdicts.genuine_by)}
    if verdicts.genuine is GenuineVerdict.VALID:
        facts["signer"] = _signer(inspection)
    sentence, sentence_mi = _headlines("genuine", verdicts.genuine.value, facts)
    return GenuineAnswer(verdict=verdicts.genuine, sentence=sentence, sentence_mi=sentence_mi)


def answer_current(inspection: Inspection, verdicts: Verdicts) -> CurrentAnswer:
    verdict, by = verdicts.current, verdicts.current_by
    if verdict is CurrentVerdict.NOT_APPLICABLE:
        sentence, sentence_mi = _headlines("current", verdict.value, {})
        return CurrentAnswer(verdict=verdict, sentence=sentence, sentence_mi=sentence_mi, as_of=None)
    wording = verdict.value
    revocation = inspection.found.get(CheckId.REVOCATION)
    if verdict is CurrentVerdict.CURRENT and revocation is not None and revocation.outcome is Outcome.SKIPPED:
        wording = "current-no-status"
    lineage = inspection.found.get(CheckId.LINEAGE)
    if verdict is CurrentVerdict.WITHDRAWN and lineage is not None and lineage.reason == "address-unpublished":
        wording = "withdrawn-unseen"  # a correction withdraws the old copy too, and its learner hides the newer one
    sentence, sentence_mi = _headlines("current", wording, {"because": _because(by)})
    return CurrentAnswer(verdict=verdict, sentence=sentence, sentence_mi=sentence_mi, as_of=_oldest_source(inspection))


def answer_accredited(inspection: Inspection, verdicts: Verdicts) -> AccreditedAnswer:
    verdict, by = verdicts.accredited, verdicts.accredited_by
    if verdict is AccreditedVerdict.NOT_APPLICABLE:
        genuine = verdicts.genuine is not GenuineVerdict.INVALID
        reason, wording = (NO_NZ_CLAIM, verdict.value) if genuine else ("not-genuine", "not-genuine")
        sentence, sentence_mi = _headlines("accredited", wording, {})
        return AccreditedAnswer(verdict=verdict, reason=reason, sentence=sentence, sentence_mi=sentence_mi)
    if inspection.staple is not None:
        return answer_by_staple(inspection, verdicts, inspection.staple)
    edition, at_award, today = inspection.edition, inspection.at_award, inspection.today
    reason = "" if by is None else by.reason
    because: Sentence = _because(by)
    if at_award is not None and (verdict is AccreditedVerdict.VALID or _DECIDED.get(verdict) is at_award.outcome):
        reason = at_award.reason.value
        because = Sentence(*(award_sentences(at_award, edition, today=today, language=one) for one in ("en", "mi")))
    elif by is not None and by.id not in {CheckId.BOUND, CheckId.MATCH, CheckId.LISTING}:
        reason = "genuine-unconfirmed" if verdicts.genuine is GenuineVerdict.UNCONFIRMED else reason
    sentence, sentence_mi = _headlines("accredited", verdict.value, {"because": because})
    return AccreditedAnswer(
        verdict=verdict,
        reason=reason,
        sentence=sentence,
        sentence_mi=sentence_mi,
        at_award=None if at_award is None else decision_document(at_award, edition),
        today=None if today is None else decision_document(today, edition),
        authority=None if edition is None else edition.authority_name,
    )


def summarise(inspection: Inspection) -> JsonObject:
    """The badge in plain members. What only the badge says of its issuer is named as a claim."""
    badge = inspection.credential
    claim, achievement, binding = badge.nz_claim, badge.achievement, inspection.binding
    subject: JsonObject = next(iter(badge.subjects), {})
    level = claim.levels[0] if claim and len(claim.levels) == 1 else None
    credits_ = subject.get("creditsEarned", achievement.credits_available if achievement else None)
    provider = binding.provider if binding is not None else None
    staple = inspection.staple
    return {
        "id": badge.id,
        "title": achievement.name if achievement else None,
        "achievement_type": achievement.achievement_type if achievement else None,
        "nzqa_ref": inspection.references[0] if len(inspection.references) == 1 else None,
        "level": int(level) if level is not None and level.isascii() and level.isdigit() else level,
        "credits": credits_,
        "provider": staple.provider_name if staple else None if provider is None else provider_name(provider),
        "provider_number": staple.moe_number if staple else None if binding is None else binding.moe_number,
        "issuer": badge.issuer_id,
        "issuer_name_claimed": badge.issuer_name,
        "learner": badge.learner_name,
        "awarded_on": None if inspection.award_day is None else inspection.award_day.isoformat(),
        "signed_at": _instant(inspection.signed_at),
        "valid_from": _instant(badge.valid_from),
        "valid_until": _instant(badge.valid_until),
        "description": achievement.description if achievement else None,
        "criteria": achievement.criteria if achievement else None,
        "kind": inspection.subject.kind.value,
    }


def _headlines(question: str, verdict: str, facts: dict[str, Any]) -> tuple[str, str]:
    """The answer in English and in te reo Māori."""
    return headline_for(question, verdict, facts), headline_for(question, verdict, facts, language="mi")


def _because(by: Check | None) -> Sentence:
    """What the deciding check said; where it has no te reo, its English."""
    return Sentence("", "") if by is None else Sentence(by.sentence, by.sentence_mi or by.sentence)


def _signer(inspection: Inspection) -> str | Sentence:
    """The provider as the register names it; else whoever holds the issuer's address, never a name it gives itself."""
    binding = inspection.binding
    if binding is not None and binding and binding.provider is not None:
        return provider_name(binding.provider)
    if inspection.staple is not None:
        return inspection.staple.provider_name
    return Sentence(f"the holder of {inspection.issuer}", f"te kaipupuri o {inspection.issuer}")


def _oldest_source(inspection: Inspection) -> datetime:
    """When the oldest list was retrieved that the answer rests on; without one, now."""
    moments = [inspection.at]
    for check_id in (CheckId.REVOCATION, CheckId.SUSPENSION):
        entries = inspection.found[check_id].evidence.get("entries", ()) if check_id in inspection.found else ()
        moments.extend(parse_time(entry["retrieved_at"]) for entry in entries if "retrieved_at" in entry)
    return min(moments)


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
