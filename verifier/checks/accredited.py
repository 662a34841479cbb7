"""Was this provider, by this key, entitled to award this on that day? The register answers; the badge only claims."""

from __future__ import annotations

from typing import Any

from schemas.credential import NzClaim
from schemas.nzqcf import fold_title, format_nz_date
from verifier.checks.finding import FAILED, PASSED, SKIPPED, UNKNOWN, finding, notice
from verifier.checks.lateness import signing_notices
from verifier.checks.stapled import check_stapled, staple_doubt
from verifier.inspection import Inspection
from verifier.register.binding import BindingReason
from verifier.register.decision import Decision
from verifier.register.reasons import Concern
from verifier.register.reasons import Outcome as Answer
from verifier.register.records import Listing, Provider
from verifier.register.statement import decision_evidence, decision_sentence
from verifier.report import Check, CheckId, Notice
from verifier.verdicts import NO_NZ_CLAIM

_OUTCOMES = {Answer.ACCREDITED: PASSED, Answer.NOT_ACCREDITED: FAILED, Answer.UNKNOWN: UNKNOWN}
_ORDER = tuple(Concern)


def provider_name(provider: Provider) -> str:
    """The provider as the register names it."""
    if provider.trading_as and provider.trading_as != provider.legal_name:
        return f"{provider.legal_name} (trading as {provider.trading_as})"
    return provider.legal_name


def check_bound(inspection: Inspection) -> Check:
    """Contract, "Binding the issuer": the provider behind the issuer and key; the claimed number is only compared."""
    beside = _beside_the_point(inspection, CheckId.BOUND)
    binding, edition = inspection.binding, inspection.edition
    claim = inspection.credential.nz_claim
    if beside is not None or binding is None or edition is None or claim is None:
        return beside or _no_register(inspection, CheckId.BOUND)
    evidence: dict[str, Any] = {
        "issuer": inspection.issuer,
        "verification_method": binding.method,
        "signed_on": binding.signed_on.isoformat(),
        "claimed_numbers": list(claim.provider_numbers),
        "edition": edition.number,
    }
    if binding.moe_number is None or binding.provider is None:
        return finding(
            CheckId.BOUND, FAILED, "issuer-not-bound", evidence=evidence, issuer=inspection.issuer[:200] or "nobody"
        )
    provider = provider_name(binding.provider)
    evidence |= {"moe_number": binding.moe_number, "provider": provider}
    for claimed in claim.provider_numbers:
        if claimed != binding.moe_number:
            facts: dict[str, Any] = {"claimed": claimed[:40], "provider": provider, "moe_number": binding.moe_number}
            return finding(CheckId.BOUND, FAILED, "issuer-claim-mismatch", evidence=evidence, **facts)
    if binding.reason is not BindingReason.BOUND:
        return finding(CheckId.BOUND, UNKNOWN, "key-not-bound", evidence=evidence, provider=provider)
    return finding(CheckId.BOUND, PASSED, "bound", evidence=evidence, provider=provider, edition=edition.number)


def check_listing(inspection: Inspection) -> Check:
    """Was the micro-credential listed on the award day?"""
    beside = _beside_the_point(inspection, CheckId.LISTING)
    if beside is not None:
        return beside
    if not inspection.references:
        return finding(CheckId.LISTING, FAILED, "no-reference")
    if len(inspection.references) > 1:
        refs = ", ".join(inspection.references)[:200]
        return finding(CheckId.LISTING, FAILED, "several-references", evidence={"refs": refs}, refs=refs)
    decision = inspection.at_award
    if decision is None:
        return _no_register(inspection, CheckId.LISTING)
    if _ORDER.index(decision.concern) <= _ORDER.index(Concern.LISTING):
        return _decided(inspection, CheckId.LISTING, decision)
    title = decision.listing.title if decision.listing else decision.ref
    on = format_nz_date(decision.on)
    notices = []
    if inspection.credential.awarded_date is None:
        notices.append(notice(CheckId.LISTING, "award-day-assumed", on=on))
    return finding(
        CheckId.LISTING,
        PASSED,
        "listed",
        evidence=_evidence(inspection, decision, CheckId.LISTING),
        notices=notices,
        ref=decision.ref,
        title=title,
        on=decision.on,
        listed_from=decision.listing.listed_from if decision.listing else None,
        approved_on=decision.listing.approved_on if decision.listing else None,
    )


def check_provider(inspection: Inspection) -> Check:
    """Was the provider registered on the award day?"""
    beside = _beside_the_point(inspection, CheckId.PROVIDER)
    decision = inspection.at_award
    if beside is not None or decision is None:
        return beside or _nothing_decided(inspection, CheckId.PROVIDER)
    if decision.concern is Concern.PROVIDER:
        return _decided(inspection, CheckId.PROVIDER, decision)
    if decision.concern is not Concern.RIGHT or decision.provider is None:
        return finding(CheckId.PROVIDER, SKIPPED, "not-reached")
    evidence = _evidence(inspection, decision, CheckId.PROVIDER)
    if not decision.provider.is_registered(decision.on):
        return finding(
            CheckId.PROVIDER,
            PASSED,
            "registered-through-succession",
            evidence=evidence,
            provider=provider_name(decision.provider),
            on=decision.on,
        )
    return finding(
        CheckId.PROVIDER,
        PASSED,
        "registered",
        evidence=evidence,
        provider=provider_name(decision.provider),
        registered_from=decision.provider.registered_from,
        on=decision.on,
    )


def check_right(inspection: Inspection) -> Check:
    """Had the provider the right to award it on the award day?"""
    beside = _beside_the_point(inspection, CheckId.RIGHT)
    decision = inspection.at_award
    if beside is not None or decision is None:
        return beside or _nothing_decided(inspection, CheckId.RIGHT)
    if decision.concern is not Concern.RIGHT:
        return finding(CheckId.RIGHT, SKIPPED, "not-reached")
    return _decided(inspection, CheckId.RIGHT, decision)


def check_match(inspection: Inspection) -> Check:
    """Level and credits equal those of the listing's version on the award day; the title may differ, with a notice."""
    beside = _beside_the_point(inspection, CheckId.MATCH)
    decision, claim = inspection.at_award, inspection.credential.nz_claim
    if beside is not None or decision is None or claim is None:
        return beside or _nothing_decided(inspection, CheckId.MATCH)
    listing = decision.listing
    if listing is None or not listing.is_in_force(decision.on):
        return finding(CheckId.MATCH, SKIPPED, "not-reached")
    evidence = {
        "badge": {"levels": list(claim.levels), "credits": list(claim.credits), "title": claim.title},
        "listing": {"level": listing.level, "credits": listing.credits, "title": listing.title},
        "version": listing.version,
    }
    for name, value in (("level", listing.level), ("credits", listing.credits)):
        if value is None:
            return finding(CheckId.MATCH, UNKNOWN, "listing-incomplete", evidence=evidence, missing=name)
    if claim.levels != (str(listing.level),):
        claimed = ", ".join(claim.levels)[:80] or "nothing"
        return finding(CheckId.MATCH, FAILED, "level-differs", evidence=evidence, claimed=claimed, listed=listing.level)
    if claim.credits != (listing.credits,):
        claimed = ", ".join(f"{one:.15g}" for one in claim.credits)[:80] or "no"
        return finding(
            CheckId.MATCH, FAILED, "credits-differ", evidence=evidence, claimed=claimed, listed=f"{listing.credits:g}"
        )
    return finding(
        CheckId.MATCH,
        PASSED,
        "matches",
        evidence=evidence,
        notices=[*_title_notices(claim, listing), *signing_notices(inspection)],
        level=listing.level,
        credits=f"{listing.credits:g}",
    )


def _title_notices(claim: NzClaim, listing: Listing) -> list[Notice]:
    titles = [fold_title(title) for title in (listing.title_en, listing.title_mi) if title]
    if claim.title is not None and fold_title(claim.title) in titles:
        return []
    return [notice(CheckId.MATCH, "title-differs", claimed=(claim.title or "nothing")[:200], listed=listing.title)]


def _beside_the_point(inspection: Inspection, check_id: CheckId) -> Check | None:
    if inspection.credential.nz_claim is None:
        return finding(check_id, SKIPPED, NO_NZ_CLAIM)
    if inspection.edition is None:
        return check_stapled(inspection, check_id) or _no_register(inspection, check_id)
    return None


def _no_register(inspection: Inspection, check_id: CheckId) -> Check:
    fault = inspection.register_fault
    detail = staple_doubt(inspection) if fault is None else f" {fault.detail}"
    return finding(check_id, UNKNOWN, "no-register", problem=fault, detail=detail)


def _nothing_decided(inspection: Inspection, check_id: CheckId) -> Check:
    """Without one clear reference there is nothing to ask the register."""
    if inspection.edition is None:
        return _no_register(inspection, check_id)
    return finding(check_id, SKIPPED, "not-reached")


def _decided(inspection: Inspection, check_id: CheckId, decision: Decision) -> Check:
    return finding(
        check_id,
        _OUTCOMES[decision.outcome],
        decision.reason.value,
        evidence=_evidence(inspection, decision, check_id),
        sentence=decision_sentence(decision, inspection.edition),
        sentence_mi=decision_sentence(decision, inspection.edition, language="mi"),
    )


# What each check looked at, of all that the decision rests on.
_FACTS = {
    CheckId.LISTING: ("ref", "listing", "equivalency", "absence"),
    CheckId.PROVIDER: (
        *("provider", "provider_name", "provider_type", "registered_from", "registered_to"),
        *("successions", "absence"),
    ),
    CheckId.RIGHT: ("provider", "ref", "right", "successions", "absence"),
}


def _evidence(inspection: Inspection, decision: Decision, check_id: CheckId) -> dict[str, Any]:
    facts, edition = decision_evidence(decision), inspection.edition
    return {
        "on": decision.on.isoformat(),
        **{name: facts[name] for name in _FACTS[check_id] if name in facts},
        "caveats": [caveat.value for caveat in decision.caveats],
        "edition": None if edition is None else edition.number,
        "as_at": None if edition is None else edition.as_at.isoformat(),
    }
