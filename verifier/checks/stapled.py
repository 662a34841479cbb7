"""Questions to the register, answered from the authority's statement in the badge, where there is no register."""

from __future__ import annotations

from datetime import date
from typing import Any

from schemas.nzqcf import fold_title, format_nz_date
from verifier.checks.finding import FAILED, PASSED, finding, notice
from verifier.checks.lateness import signing_notices
from verifier.inspection import Inspection
from verifier.register.binding import day_of
from verifier.register.reasons import OUTCOME_OF, Outcome, Reason
from verifier.register.records import KeyRow
from verifier.register.sentences import CAVEATS
from verifier.report import AccreditedAnswer, AccreditedVerdict, Check, CheckId, GenuineVerdict, Notice
from verifier.staple import Staple, StapledKey
from verifier.verdicts import Verdicts
from verifier.wording import REO_AWAITS_REVIEW, headline_for, sentence_for
from verifier.wording_stapled import INVENTED, TODAY

ACCREDITED_BY_STAPLE = "accredited-by-staple"


def check_stapled(inspection: Inspection, check_id: CheckId) -> Check | None:
    """What the statement says to one of the five questions; None where no statement stands in for the register."""
    staple = inspection.staple
    if staple is None or inspection.award_day is None:
        return None
    facts = staple_facts(staple, on=inspection.award_day)
    evidence = staple_evidence(staple)
    match check_id:
        case CheckId.BOUND:
            return _bound(inspection, staple, facts, evidence)
        case CheckId.LISTING:
            assumed = inspection.credential.awarded_date is None
            notices = [notice(CheckId.LISTING, "award-day-assumed", on=facts["on"])] if assumed else []
            return finding(CheckId.LISTING, PASSED, "listed-by-staple", evidence=evidence, notices=notices, **facts)
        case CheckId.PROVIDER:
            return finding(CheckId.PROVIDER, PASSED, "registered-by-staple", evidence=evidence, **facts)
        case CheckId.RIGHT:
            return finding(CheckId.RIGHT, PASSED, "accredited-by-staple", evidence=evidence, **facts)
        case CheckId.MATCH:
            return _match(inspection, staple, facts, evidence)
        case _:
            return None


def _bound(inspection: Inspection, staple: Staple, facts: dict[str, Any], evidence: dict[str, Any]) -> Check:
    claim = inspection.credential.nz_claim
    for claimed in () if claim is None else claim.provider_numbers:
        if claimed != staple.moe_number:
            told: dict[str, Any] = {
                "claimed": claimed[:40],
                "provider": staple.provider_name,
                "moe_number": staple.moe_number,
            }
            return finding(CheckId.BOUND, FAILED, "issuer-claim-mismatch", evidence=evidence, **told)
    return finding(CheckId.BOUND, PASSED, "bound-by-staple", evidence=evidence, **facts)


def _match(inspection: Inspection, staple: Staple, facts: dict[str, Any], evidence: dict[str, Any]) -> Check:
    """As `register.match`, against the level and credits that the statement gives."""
    claim = inspection.credential.nz_claim
    levels, credits_ = ((), ()) if claim is None else (claim.levels, claim.credits)
    evidence = evidence | {"badge": {"levels": list(levels), "credits": list(credits_)}}
    if levels != (str(staple.level),):
        claimed = ", ".join(levels)[:80] or "nothing"
        return finding(CheckId.MATCH, FAILED, "level-differs", evidence=evidence, claimed=claimed, listed=staple.level)
    if credits_ != (staple.credits,):
        claimed = ", ".join(f"{one:.15g}" for one in credits_)[:80] or "no"
        return finding(
            CheckId.MATCH, FAILED, "credits-differ", evidence=evidence, claimed=claimed, listed=facts["credits"]
        )
    title = None if claim is None else claim.title
    notices = signing_notices(inspection)
    if title is None or fold_title(title) != fold_title(staple.title):
        told = {"claimed": (title or "nothing")[:200], "listed": staple.title}
        notices.append(notice(CheckId.MATCH, "title-differs", **told))
    return finding(CheckId.MATCH, PASSED, "matches-by-staple", evidence=evidence, notices=notices, **facts)


def staple_facts(staple: Staple, *, on: date, language: str = "en") -> dict[str, Any]:
    """What the sentences about a statement may name."""
    return {
        "on": format_nz_date(on, language=language),
        "authority": staple.authority_name + (INVENTED[language] if staple.demonstration else ""),
        "as_at": format_nz_date(staple.as_at, language=language),
        "provider": staple.provider_name,
        "ref": staple.ref,
        "title": staple.title,
        "level": staple.level,
        "credits": f"{staple.credits:g}",
    }


def staple_evidence(staple: Staple) -> dict[str, Any]:
    """The statement as facts for the report."""
    return {
        "source": "staple",
        "authority": staple.authority_name,
        "edition": staple.edition,
        "edition_sha256": staple.edition_sha256,
        "as_at": staple.as_at.isoformat(),
        "provider": staple.moe_number,
        "provider_name": staple.provider_name,
        "ref": staple.ref,
        "version": staple.version,
        "level": staple.level,
        "credits": staple.credits,
        "right": staple.reason.value,
        "caveats": [caveat.value for caveat in staple.caveats],
        "first_day": staple.first_day.isoformat(),
        "last_day": staple.last_day.isoformat(),
        "demonstration": staple.demonstration,
    }


def _is_another(stated: StapledKey, key: KeyRow | None) -> bool:
    return key is not None and stated.public_key_multibase != key.public_key_multibase


def staple_doubt(inspection: Inspection) -> str:
    """Why a statement that the badge carries settles nothing, as a sentence to add; empty where it carries none."""
    doubt = inspection.stapled.doubt
    if doubt is None and inspection.stapled.staple is not None:
        doubt = "the one it carries does not bind the key that signed the badge on that day"
    return "" if doubt is None else f" The badge carries no statement of the authority that would settle it: {doubt}."


def compare_staple(inspection: Inspection) -> list[Notice]:
    """With a register the edition decides; where the statement in the badge says otherwise, a reader is told."""
    staple, edition, decision = inspection.stapled.staple, inspection.edition, inspection.at_award
    if staple is None or edition is None or decision is None or inspection.binding is None:
        return []
    listing, key = decision.listing, inspection.binding.key
    stated = None if key is None else staple.key(key.verification_method, inspection.binding.signed_on)
    differences = [
        word
        for word, differs in (
            ("that the award was allowed", OUTCOME_OF[decision.reason] is not Outcome.ACCREDITED),
            ("the provider", decision.moe_number != staple.moe_number),
            ("the level", listing is not None and listing.level != staple.level),
            ("the credits", listing is not None and listing.credits != staple.credits),
            ("the signing key", stated is not None and _is_another(stated, key)),
        )
        if differs
    ]
    if not differences:
        return []
    what = ", ".join(differences)
    told = {"what": what, "as_at": format_nz_date(staple.as_at), "edition": edition.number}
    return [notice(CheckId.ENDORSEMENTS, "staple-differs", authority=staple.authority_name, **told)]


def _stated(staple: Staple, facts: dict[str, Any], language: str) -> str:
    """The answer in one sentence, and one more for each caveat."""
    caveats = (CAVEATS[caveat].in_language(language) for caveat in staple.caveats)
    return " ".join((sentence_for(CheckId.RIGHT, PASSED, ACCREDITED_BY_STAPLE, facts, language=language), *caveats))


def answer_by_staple(inspection: Inspection, verdicts: Verdicts, staple: Staple) -> AccreditedAnswer:
    """The answer about accreditation where the statement stands in for the register. Today's state stays unknown."""
    day = inspection.award_day or staple.first_day
    facts, maori = (staple_facts(staple, on=day, language=language) for language in ("en", "mi"))
    verdict, by = verdicts.accredited, verdicts.accredited_by
    stated, stated_mi = _stated(staple, facts, "en"), _stated(staple, maori, "mi")
    reason, because, because_mi = ACCREDITED_BY_STAPLE, stated, stated_mi
    if by is not None:
        reason, because, because_mi = by.reason, by.sentence, by.sentence_mi or by.sentence
    if verdict is AccreditedVerdict.UNCONFIRMED and verdicts.genuine is GenuineVerdict.UNCONFIRMED:
        reason = "genuine-unconfirmed"
    source = {
        "edition": staple.edition,
        "edition_sha256": staple.edition_sha256,
        "as_at": staple.as_at.isoformat(),
        "authority": staple.authority_name,
        "demonstration": staple.demonstration,
    }
    at_award = {
        "outcome": Outcome.ACCREDITED.value,
        "reason": ACCREDITED_BY_STAPLE,
        "sentence": stated,
        "sentence_mi": stated_mi,
        "sentence_mi_reviewed": not REO_AWAITS_REVIEW,
        "on": day.isoformat(),
        **source,
        "caveats": [caveat.value for caveat in staple.caveats],
        "evidence": staple_evidence(staple),
    }
    today = {
        "outcome": Outcome.UNKNOWN.value,
        "reason": Reason.NO_REGISTER.value,
        "sentence": TODAY[0].format_map(facts),
        "sentence_mi": TODAY[1].format_map(maori),
        "sentence_mi_reviewed": not REO_AWAITS_REVIEW,
        "on": day_of(inspection.at).isoformat(),
        **source,
        "caveats": [],
        "evidence": {},
    }
    return AccreditedAnswer(
        verdict=verdict,
        reason=reason,
        sentence=headline_for("accredited", verdict.value, {"because": because}),
        sentence_mi=headline_for("accredited", verdict.value, {"because": because_mi}, language="mi"),
        at_award=at_award,
        today=today,
        authority=staple.authority_name,
    )
