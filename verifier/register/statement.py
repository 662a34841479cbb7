"""A decision said aloud: the JSON of the contract, and sentences made from the register's facts; decides nothing."""

from __future__ import annotations

from datetime import date

from schemas.jsontext import JsonObject
from schemas.nzqcf import format_nz_date
from verifier.register.decision import Decision
from verifier.register.edition import Edition
from verifier.register.reasons import Outcome, Reason
from verifier.register.records import Basis, Equivalency, Listing, Provider, Succession
from verifier.register.sentences import (
    AT_AWARD,
    AT_SIGNING,
    CAVEATS,
    DEMONSTRATION_REGISTER,
    REGISTER,
    REO_AWAITS_REVIEW,
    RIGHT_NAMES,
    SENTENCES,
    SINCE,
    STILL,
    Words,
)
from verifier.register.succession import Standing

_UNSAID = {"en": "a day that is not recorded", "mi": "he rā kāore i tuhia"}


def decision_document(decision: Decision, edition: Edition | None, *, today: Decision | None = None) -> JsonObject:
    """`register decide … --json` of the contract. `today` adds how things stand on that later day."""
    document: JsonObject = {
        "outcome": decision.outcome.value,
        "reason": decision.reason.value,
        "sentence": decision_sentence(decision, edition),
        "sentence_mi": decision_sentence(decision, edition, language="mi"),
        "sentence_mi_reviewed": not REO_AWAITS_REVIEW,
        "on": decision.on.isoformat(),
        "edition": None if edition is None else edition.number,
        "edition_sha256": None if edition is None else edition.sha256,
        "as_at": None if edition is None else edition.as_at.isoformat(),
        "authority": None if edition is None else edition.authority_name,
        "demonstration": None if edition is None else edition.demonstration,
        "caveats": [caveat.value for caveat in decision.caveats],
        "evidence": decision_evidence(decision),
    }
    if today is not None:
        document["today"] = {
            "outcome": today.outcome.value,
            "reason": today.reason.value,
            "sentence": decision_sentence(today, edition),
            "on": today.on.isoformat(),
        }
    return document


def decision_sentence(decision: Decision, edition: Edition | None, *, language: str = "en") -> str:
    """The answer in one sentence, and one more for each caveat."""
    return _spoken(SENTENCES[decision.reason], decision, edition, language)


def award_sentences(
    at_award: Decision, edition: Edition | None, *, today: Decision | None = None, language: str = "en"
) -> str:
    """The answer for a badge in hand: when it was awarded, when it was signed, and today; good answers only say all."""
    words = AT_AWARD.get(at_award.reason)
    if words is None:
        return decision_sentence(at_award, edition, language=language)
    said = [_spoken(words, at_award, edition, language), signing_sentence(at_award, edition, language=language)]
    said.append(None if today is None else since_sentence(today, edition, language=language))
    return " ".join(sentence for sentence in said if sentence)


def signing_sentence(decision: Decision, edition: Edition | None, *, language: str = "en") -> str | None:
    """What to say of the signing day; None where nobody was bound, or it was the award day itself."""
    binding = decision.binding
    if binding is None or not binding or binding.signed_on == decision.on:
        return None
    return AT_SIGNING.in_language(language).format_map(_facts(decision, edition, language))


def _spoken(words: Words, decision: Decision, edition: Edition | None, language: str) -> str:
    spoken = [words.in_language(language).format_map(_facts(decision, edition, language))]
    spoken += [CAVEATS[caveat].in_language(language) for caveat in decision.caveats]
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in spoken)


def since_sentence(today: Decision, edition: Edition | None, *, language: str = "en") -> str | None:
    """What to say about today after a good answer for the award day; None where today adds nothing."""
    if today.outcome is Outcome.ACCREDITED:
        return STILL.in_language(language)
    words = SINCE.get(today.reason)
    return None if words is None else words.in_language(language).format_map(_facts(today, edition, language))


def _facts(decision: Decision, edition: Edition | None, language: str) -> dict[str, str]:
    """Every fact a sentence may name; those that a reason does not use may be blank."""

    def day(value: date | None) -> str:
        return _UNSAID[language] if value is None else format_nz_date(value, language=language)

    listing, standing, binding = decision.listing, decision.standing, decision.binding
    facts = {
        "on": day(decision.on),
        "ref": decision.ref,
        "moe_number": decision.moe_number or "",
        "title": _title(decision, language),
        "provider": _name(None if decision.provider is None else decision.provider.legal_name, decision.moe_number),
        "first_day": day(None if listing is None else listing.first_day),
        "last_day": day(None if listing is None else listing.last_day),
        "did": "" if binding is None else binding.did,
        "signed_on": day(decision.on if binding is None else binding.signed_on),
        "authority": "" if edition is None else edition.authority_name,
        "as_at": day(None if edition is None else edition.as_at),
        "granted_on": day(None if standing is None else standing.right.granted_on),
        "last_good_day": day(None if standing is None else standing.last_good_day),
        "last_delivered_on": day(None if standing is None else standing.right.last_delivered_on),
    }
    signer = None if binding is None or binding.provider is None else binding.provider.legal_name
    facts["signer"] = _name(signer, decision.moe_number)
    basis = Basis.ACCREDITATION if standing is None else standing.right.basis
    facts["right"] = RIGHT_NAMES[basis].in_language(language)
    facts["holder"] = facts["provider"]
    facts["predecessor"] = ""
    if standing is not None:
        facts["holder"] = _holder_name(decision, edition, standing.holder)
        if standing.path:
            facts["predecessor"] = _holder_name(decision, edition, standing.right.moe_number)
            if decision.reason is not Reason.PROVIDER_NOT_REGISTERED:
                facts["holder"] = facts["predecessor"]
    if edition is not None:
        clause = DEMONSTRATION_REGISTER if edition.demonstration else REGISTER
        facts["register"] = clause.in_language(language).format_map(facts)
    return facts


def _title(decision: Decision, language: str) -> str:
    listing = decision.listing
    title = decision.equivalency.title if decision.equivalency is not None else None
    if listing is not None:
        title = (listing.title_mi if language == "mi" else None) or listing.title
    return f"[Ref: {decision.ref}]" if title is None else f"“{title}” [Ref: {decision.ref}]"


def _name(name: str | None, moe_number: str | None) -> str:
    return name or f"provider {moe_number or 'unknown'}"


def _holder_name(decision: Decision, edition: Edition | None, moe_number: str) -> str:
    row = None if edition is None else edition.register.provider_named(moe_number, decision.on)
    return _name(None if row is None else row.legal_name, moe_number)


# --- evidence ---------------------------------------------------------------------------------------------------
def decision_evidence(decision: Decision) -> JsonObject:
    """The register's facts behind a decision; days ISO, absent facts left out."""
    provider, listing = decision.provider, decision.listing
    evidence: JsonObject = {"provider": decision.moe_number, "ref": decision.ref}
    if provider is not None:
        evidence |= _provider_evidence(provider)
    if listing is not None:
        evidence["listing"] = _listing_evidence(listing)
    if decision.equivalency is not None:
        evidence["equivalency"] = _equivalency_evidence(decision.equivalency)
    if decision.standing is not None:
        evidence["right"] = _right_evidence(decision.standing)
        if decision.standing.path:
            evidence["successions"] = [_succession_evidence(link) for link in decision.standing.path]
    if decision.binding is not None:
        evidence["issuer"] = _stated(
            {
                "did": decision.binding.did,
                "verification_method": decision.binding.method,
                "signed_on": decision.binding.signed_on.isoformat(),
                "reason": decision.binding.reason.value,
            }
        )
    if decision.absence is not None:
        evidence["absence"] = decision.absence.value
    return _stated(evidence)


def _provider_evidence(provider: Provider) -> JsonObject:
    return {
        "provider_name": provider.legal_name,
        "provider_type": provider.type.value,
        "registered_from": provider.registered_from.isoformat(),
        "registered_to": _iso(provider.registered_to),
    }


def _listing_evidence(listing: Listing) -> JsonObject:
    """Listing and approval are two decisions with days of their own; `first_day` and `last_day` are of both."""
    return _stated(
        {
            "version": listing.version,
            "title_en": listing.title_en,
            "title_mi": listing.title_mi,
            "level": listing.level,
            "credits": listing.credits,
            "developer": listing.developer,
            "qa_body": listing.qa_body.value,
            "approval_number": listing.approval_number,
            "listed_from": listing.listed_from.isoformat(),
            "approved_on": _iso(listing.approved_on),
            "approval_ended_on": _iso(listing.approval_ended_on),
            "expiring_from": _iso(listing.expiring_from),
            "discontinued_on": _iso(listing.discontinued_on),
            "removed_on": _iso(listing.removed_on),
            "first_day": listing.first_day.isoformat(),
            "last_day": _iso(listing.last_day),
            "nzqa_page": listing.nzqa_page,
            "checked_on": _iso(listing.checked_on),
        }
    )


def _right_evidence(standing: Standing) -> JsonObject:
    right = standing.right
    return _stated(
        {
            "holder": right.moe_number,
            "basis": right.basis.value,
            "granted_on": right.granted_on.isoformat(),
            "last_delivered_on": _iso(right.last_delivered_on),
            "delivery_checked_on": _iso(right.delivery_checked_on),
            "lapse_extended_to": _iso(right.lapse_extended_to),
            "ended_on": _iso(right.ended_on),
            "end_reason": right.end_reason,
            "last_good_day": _iso(standing.last_good_day),
        }
    )


def _succession_evidence(link: Succession) -> JsonObject:
    return {
        "from": link.from_moe,
        "to": link.to_moe,
        "effective_on": link.effective_on.isoformat(),
        "scope": link.scope,
        "instrument": link.instrument,
    }


def _equivalency_evidence(row: Equivalency) -> JsonObject:
    return _stated(
        {
            "organisation": row.organisation,
            "title": row.title,
            "level": row.level,
            "credits": row.credits,
            "statement_on": _iso(row.statement_on),
        }
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _stated(document: JsonObject) -> JsonObject:
    return {name: value for name, value in document.items() if value is not None}
