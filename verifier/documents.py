"""How a signed document may be written, before anything in it is read; knows no keys and no dates."""

from __future__ import annotations

from schemas import vocabulary as v
from schemas.credential import as_list
from schemas.errors import Fault
from schemas.jsontext import JsonObject, JsonValue
from schemas.loader import held
from schemas.lossless import find_disguises
from schemas.validate import in_array_form, validate_status_set

_JCS_SUITES = frozenset({v.EDDSA_JCS_2022, v.ECDSA_JCS_2019})


def unsigned(document: JsonObject) -> JsonObject:
    """The document without its proofs."""
    return {name: value for name, value in document.items() if name != "proof"}


def disguises_in(document: JsonObject) -> tuple[Fault, ...]:
    """As `find_disguises`; a JCS proof repeats the contexts it signed, which is no disguise (eddsa-jcs-2022, 3.3.1)."""
    proofs = [
        {name: value for name, value in proof.items() if name != "@context"}
        if isinstance(proof, dict) and str(proof.get("cryptosuite")) in _JCS_SUITES
        else proof
        for proof in as_list(document.get("proof"))
    ]
    return find_disguises(document | {"proof": proofs} if proofs else document)


def badge_faults(document: JsonObject) -> tuple[Fault, ...]:
    """Faults against the strict schema, and of a badge that is nobody's or for nothing."""
    arrays = in_array_form(document)
    subject = arrays.get("credentialSubject")
    return (*validate_status_set(arrays), *_without_recipient(subject), *_without_criteria(subject))


def _without_recipient(subject: JsonValue) -> tuple[Fault, ...]:
    """OB 3.0, AchievementSubject: `id` or at least one `identifier`, which the schema cannot say."""
    if not isinstance(subject, dict) or subject.get("id") or subject.get("identifier"):
        return ()
    return (Fault(pointer="/credentialSubject", message="has neither 'id' nor 'identifier', so the badge is nobody's"),)


def _without_criteria(subject: JsonValue) -> tuple[Fault, ...]:
    """OB 3.0, Criteria: an address or a narrative, which the schema cannot say either."""
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    criteria = achievement.get("criteria") if isinstance(achievement, dict) else None
    if not isinstance(criteria, dict) or criteria.get("id") or criteria.get("narrative"):
        return ()
    place = "/credentialSubject/achievement/criteria"
    return (Fault(pointer=place, message="has neither 'id' nor 'narrative', so nobody can know what was asked"),)


def strange_schemas(document: JsonObject) -> tuple[str, ...]:
    """Addresses of the JSON Schemas that a document brings along, 1EdTech's own left out: those are on board."""
    return tuple(
        dict.fromkeys(
            str(entry.get("id"))
            for entry in as_list(document.get("credentialSchema"))
            if isinstance(entry, dict)
            and v.JSON_SCHEMA_1EDTECH in as_list(entry.get("type"))
            and not str(entry.get("id")).startswith(f"{v.OB3}schema/")
        )
    )


def contexts_not_held(document: JsonObject) -> list[tuple[int, str]]:
    """(position, URL) of each context whose text this program does not hold; never fetched, so never understood."""
    contexts = document.get("@context")
    if not isinstance(contexts, list):
        return []
    return [(place, url) for place, url in enumerate(contexts) if isinstance(url, str) and not held(url)]
