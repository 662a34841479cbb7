"""(check, outcome, reason) -> the sentence a person reads, English and te reo Māori side by side; decides nothing.

The Māori drafts await a te reo speaker's review (`REO_AWAITS_REVIEW`); None falls back to English, and a page then
marks the sentence `lang="en"`. The sentences about listings, providers and rights belong to the register's decision
and stand in `verifier.register.sentences`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from verifier.report import CheckId, Outcome

REO_AWAITS_REVIEW = True


class Sentence(NamedTuple):
    en: str
    mi: str | None = None


_P, _F, _U, _S = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED
_Rows = dict[tuple[Outcome, str], Sentence]

_NOT_REACHED: _Rows = {
    (_S, "not-reached"): Sentence(
        "Not checked, because an earlier check did not pass.",
        "Kāore i arowhaihia, nā te mea kāore i tutuki tētahi arowhai o mua.",
    ),
    (_U, "internal-fault"): Sentence(
        "This check broke down through a fault of ours; that says nothing about the badge.",
        "I hinga tēnei arowhai nā tō mātou hapa; ehara i te hē o te tohu.",
    ),
}
_NOT_GENUINE: _Rows = {
    (_S, "not-genuine"): Sentence(
        "Not checked: what stands in a badge that is not genuine says nothing.",
        "Kāore i arowhaihia: kāore he tikanga o ngā kōrero kei roto i te tohu teka.",
    ),
}
_NO_NZ_CLAIM: _Rows = {
    (_S, "no-nz-claim"): Sentence(
        "The badge does not say that it is a New Zealand micro-credential, so there is nothing to look up.",
        "Kāore te tohu e kī ana nō te anga tohu o Aotearoa, nō reira kāore he mea hei rapu.",
    ),
}
_NO_REGISTER: _Rows = {
    (_U, "no-register"): Sentence(
        "This verifier has no register to look in, so accreditation is not known.{detail}",
        "Kāore he rēhita hei tirohanga, nō reira kāore i te mōhiotia te whakamanatanga.",
    ),
}
_CONTEXT_NOT_HELD = Sentence(
    "The badge uses a vocabulary ({context}) that this verifier does not hold, so its meaning cannot be checked.",
    "Kei te whakamahi te tohu i tētahi kuputaka ({context}) kāore i a mātou.",
)

_INTAKE: _Rows = {
    (_P, "read"): Sentence("One badge was read from the {kind}.", "Kotahi te tohu i pānuihia mai i te {kind}."),
    (_F, "empty"): Sentence("{detail}"),
    (_F, "json-malformed"): Sentence("The file is damaged or is not a badge. {detail}"),
    (_F, "jws-malformed"): Sentence("The signed text is damaged or is not a badge. {detail}"),
    (_F, "too-large"): Sentence("{detail}"),
    (_F, "baking"): Sentence("{detail}"),
    (_F, "no-badge"): Sentence("{detail}", "Kāore he tohu kei roto i tēnei pikitia; whakamahia te hononga."),
    (_F, "several"): Sentence("{detail}"),
    (_F, "open-badges-2"): Sentence("{detail}"),
    (_F, "clr"): Sentence("{detail}"),
    (_F, "web-page"): Sentence("{detail}"),
    (_F, "not-a-badge"): Sentence("{detail}"),
    (_U, "pdf-not-read"): Sentence("{detail}"),
    (_U, "unreachable"): Sentence("The badge could not be retrieved. {detail}", "Kāore i taea te tiki i te tohu."),
}

_CONFORMS: _Rows = {
    (_P, "conforms"): Sentence(
        "The badge is laid out as Open Badges 3.0 requires.", "E ū ana te tohu ki te paerewa Open Badges 3.0."
    ),
    (_F, "disguised"): Sentence(
        "The badge is written so that a reader could be misled about what was signed: {detail}."
    ),
    (_F, "contexts"): Sentence("It does not name its vocabularies as an Open Badges 3.0 badge must: {detail}."),
    (_F, "schema"): Sentence("The badge is not laid out as Open Badges 3.0 requires: {detail}."),
    (_F, "malformed"): Sentence("The badge is not laid out as Open Badges 3.0 requires. {detail}"),
    (_F, "claims-differ"): Sentence("What the signature envelope says differs from the badge inside it: {detail}."),
    (_U, "context-not-held"): _CONTEXT_NOT_HELD,
}

_LOSSLESS: _Rows = {
    (_P, "nothing-lost"): Sentence(
        "Everything in the badge is covered by the signature; nothing can be slipped in beside it.",
        "E kapi ana ngā mea katoa o te tohu i te hainatanga.",
    ),
    (_F, "term-dropped"): Sentence("The badge holds something that its signature would not cover: {detail}."),
    (_F, "canonicalization-limit"): Sentence("The badge is built so that checking it would take too much work."),
    (_F, "malformed"): Sentence("The badge cannot be read as linked data. {detail}"),
    (_U, "context-not-held"): _CONTEXT_NOT_HELD,
    (_S, "signed-as-text"): Sentence(
        "The signature covers the whole text of the badge, so nothing can be left out of it."
    ),
}

_PROOF: _Rows = {
    (_P, "verified"): Sentence(
        "The badge has not been changed since it was signed{signed_on}: the signature was checked with {key}.",
        "Kāore te tohu i whakarerekētia mai i te hainatanga.",
    ),
    (_F, "no-proof"): Sentence("The badge is not signed.", "Kāore te tohu i hainatia."),
    (_F, "too-many-proofs"): Sentence("The badge carries {count} signatures; no more than {limit} are checked."),
    (_F, "proof-malformed"): Sentence("A signature of the badge is malformed. {detail}"),
    (_F, "signature-wrong"): Sentence(
        "The badge has been changed since it was signed, or was not signed with the named key.",
        "Kua whakarerekētia te tohu, kāore rānei i hainatia ki te kī kua whakaingoatia.",
    ),
    (_F, "proof-purpose"): Sentence(
        "The signature was made for another purpose ({purpose}), not to state what a badge says."
    ),
    (_F, "proof-from-future"): Sentence("The signature says it was made on {signed}, which has not come yet."),
    (_F, "proof-expired"): Sentence("The signature was only to be relied on until {expires}."),
    (_F, "key-disagrees"): Sentence(
        "The badge was signed with a key that the issuer's website shows, but the register has another key for this "
        "issuer. Somebody else may have taken over the website.",
        "Kāore te kī o te paetukutuku e ōrite ana ki tērā o te rēhita.",
    ),
    (_F, "key-compromised"): Sentence(
        "The signing key was stolen or lost from {compromised_from}, and the badge was signed after that.",
        "I tāhaetia te kī haina i mua i te hainatanga o te tohu.",
    ),
    (_U, "key-compromised"): Sentence(
        "The signing key was stolen or lost from {compromised_from}. The badge says it was signed before, but that "
        "cannot be told apart: it may be genuine. Ask the issuer for a new copy.",
        "I tāhaetia te kī haina. Tērā pea he tūturu te tohu, engari kāore e taea te whakatau.",
    ),
    (_F, "key-refused"): Sentence("The signing key is one that must not be trusted. {detail}"),
    (_F, "key-not-authorised"): Sentence("The issuer does not let this key sign badges. {detail}"),
    (_F, "key-expired"): Sentence("The issuer says that the signing key was not to be used after {expires}."),
    (_F, "key-revoked"): Sentence("The issuer withdrew the signing key on {revoked}."),
    (_F, "document-refused"): Sentence("The badge cannot be put into the form that is signed. {detail}"),
    (_U, "proof-unsupported"): Sentence("The badge is signed in a way this verifier does not know ({suite})."),
    (_U, "key-unreachable"): Sentence(
        "The issuer's key could not be retrieved, so the signature could not be checked. {detail}",
        "Kāore i taea te tiki i te kī a te kaituku, nō reira kāore i taea te arowhai i te hainatanga.",
    ),
    (_U, "context-not-held"): _CONTEXT_NOT_HELD,
}

_IDENTITY: _Rows = {
    (_P, "controller-is-issuer"): Sentence(
        "The key belongs to the issuer that the badge names, {issuer}.",
        "Nō te kaituku e whakaingoatia ana te kī: {issuer}.",
    ),
    (_F, "controller-not-issuer"): Sentence(
        "The badge names {issuer} as its issuer, but was signed by {controller}.",
        "Ko {issuer} te kaituku e kīia ana, engari nā {controller} i haina.",
    ),
    (_U, "issuer-proof-unchecked"): Sentence(
        "Whether the issuer that the badge names signed it could not be found out."
    ),
}

_DATES: _Rows = {
    (_P, "in-force"): Sentence("In force since {valid_from}{valid_until}."),
    (_F, "expired"): Sentence("It expired on {valid_until}.", "I pau te wā i te {valid_until}."),
    (_F, "not-yet-valid"): Sentence("It only begins on {valid_from}.", "Ka tīmata i te {valid_from}."),
}

_STATUS: _Rows = {
    (_S, "no-status"): Sentence("The badge names no list for this, so there is none to look at."),
    (_U, "status-type-unknown"): Sentence("The badge uses a kind of status ({type}) that this verifier does not know."),
    (_U, "status-purpose-unknown"): Sentence(
        "The badge uses a status ({purpose}) whose meaning this verifier does not know."
    ),
    (_U, "too-many-status-entries"): Sentence(
        "The badge names {count} status entries; no more than {limit} are checked."
    ),
    (_U, "status-entry-malformed"): Sentence("The badge's own status entry cannot be used. {detail}"),
    (_U, "status-unreachable"): Sentence(
        "The issuer's list could not be retrieved. {detail}", "Kāore i taea te tiki i te rārangi a te kaituku."
    ),
    (_U, "status-list-malformed"): Sentence("The issuer's list cannot be read. {detail}"),
    (_U, "status-list-unproven"): Sentence("The list's own signature does not stand. {detail}"),
    (_U, "status-list-foreign"): Sentence("The list comes from {list_issuer}, who may not speak for this issuer."),
    (_U, "status-list-elsewhere"): Sentence("The list at that address says that it belongs at another, {list_id}."),
    (_U, "status-purpose-differs"): Sentence("The list is for another purpose ({list_purpose}) than the badge says."),
    (_U, "status-list-expired"): Sentence("The list was only to be relied on until {list_valid_until}."),
    (_U, "status-list-not-yet"): Sentence("The list only begins on {list_valid_from}."),
    (_U, "status-list-stale"): Sentence(
        "The list was last retrieved on {retrieved_on}, too long ago to say what holds now."
    ),
    (_U, "status-list-short"): Sentence("The list is shorter than the standard allows. {detail}"),
    (_U, "status-index-out-of-range"): Sentence("{detail}"),
}
_REVOCATION: _Rows = _STATUS | {
    (_P, "not-revoked"): Sentence(
        "The issuer has not withdrawn it, by the list of {list_valid_from}.", "Kāore te kaituku i tango i te tohu."
    ),
    (_F, "withdrawn"): Sentence(
        "The issuer has withdrawn it, by the list of {list_valid_from}.", "Kua tangohia te tohu e te kaituku."
    ),
}
_SUSPENSION: _Rows = _STATUS | {
    (_P, "not-suspended"): Sentence(
        "The issuer has not put it on hold, by the list of {list_valid_from}.",
        "Kāore te kaituku i whakatārewa i te tohu.",
    ),
    (_F, "suspended"): Sentence(
        "The issuer has put it on hold, by the list of {list_valid_from}.", "Kua whakatārewatia te tohu e te kaituku."
    ),
}

_LINEAGE: _Rows = {
    (_P, "newest"): Sentence("No newer version of this badge stands at its own address."),
    (_F, "replaced"): Sentence(
        "The issuer signed a newer version of this badge on {newer_valid_from}; use that one: {address}",
        "Kua hainatia he putanga hou o tēnei tohu i te {newer_valid_from}; whakamahia tērā: {address}",
    ),
    (_S, "no-address"): Sentence("The badge has no web address of its own, where a newer version could stand."),
    (_U, "address-unreachable"): Sentence(
        "The badge's own address did not answer, so nobody looked for a newer version."
    ),
    (_U, "address-unreadable"): Sentence("What stands at the badge's own address is not a badge that can be read."),
    (_U, "address-holds-another"): Sentence("Another badge stands at this badge's own address."),
    (_U, "newer-not-genuine"): Sentence("What stands at the badge's own address says it is newer, but is not genuine."),
}

_BOUND: _Rows = (
    _NO_NZ_CLAIM
    | _NO_REGISTER
    | {
        (_P, "bound"): Sentence(
            "The register has this issuer and this key as {provider} (edition {edition}).",
            "Kei te rēhita tēnei kaituku me tēnei kī: ko {provider}.",
        ),
        (_F, "issuer-not-bound"): Sentence(
            "The badge says it is a New Zealand micro-credential, but the register has nobody behind {issuer} on the "
            "day it was signed.",
            "Kāore he kaiwhakarato i te rēhita mō {issuer} i te rā i hainatia ai.",
        ),
        (_F, "issuer-claim-mismatch"): Sentence(
            "The badge claims provider number {claimed}; the register has this issuer as {provider} ({moe_number}).",
        ),
        (_U, "key-not-bound"): Sentence(
            "The register knows {provider}, but not this key for signing badges on that day. It may be a new key that "
            "is not in the register yet.",
            "E mōhio ana te rēhita ki a {provider}, engari kāore ki tēnei kī.",
        ),
    }
)

_LISTING: _Rows = (
    _NO_NZ_CLAIM
    | _NO_REGISTER
    | {
        (_P, "listed"): Sentence(
            "{ref} “{title}” was listed on the award day, {on}.", "I rārangitia a {ref} “{title}” i te {on}."
        ),
        (_F, "no-reference"): Sentence(
            "The badge claims a place on the New Zealand framework but gives no NZQA reference."
        ),
        (_F, "several-references"): Sentence("The badge claims several NZQA references: {refs}."),
    }
)
_PROVIDER: _Rows = (
    _NO_NZ_CLAIM
    | _NO_REGISTER
    | {
        (_P, "registered"): Sentence(
            "{provider} was registered on the award day, {on}, or its part is accounted for by a succession."
        ),
    }
)
_RIGHT: _Rows = _NO_NZ_CLAIM | _NO_REGISTER

_MATCH: _Rows = (
    _NO_NZ_CLAIM
    | _NO_REGISTER
    | {
        (_P, "matches"): Sentence(
            "Level and credits are those of the listing on the award day (level {level}, {credits} credits).",
            "E ōrite ana te kaupae me ngā whiwhinga ki te rārangi (kaupae {level}, whiwhinga {credits}).",
        ),
        (_F, "level-differs"): Sentence("The badge says level {claimed}; the listing says level {listed}."),
        (_F, "credits-differ"): Sentence("The badge says {claimed} credits; the listing says {listed}."),
        (_U, "listing-incomplete"): Sentence(
            "The register does not hold the {missing} of this listing to compare with."
        ),
    }
)

_RECIPIENT: _Rows = {
    (_S, "not-asked"): Sentence("Nobody asked whose badge this is. Compare the name with the person in front of you."),
    (_S, "nothing-to-compare"): Sentence("The badge holds no address or identifier that yours could be compared with."),
    (_P, "same-recipient"): Sentence("The badge was issued to the address or identifier you gave."),
    (_F, "other-recipient"): Sentence("The badge was not issued to the address or identifier you gave."),
    (_U, "hash-unknown"): Sentence("The badge hides its recipient with a method this verifier does not know."),
}

_ENDORSEMENTS: _Rows = {
    (_S, "none"): Sentence("Nobody has endorsed this badge inside it."),
    (_P, "endorsed"): Sentence("{count} endorsement(s) inside the badge are genuine."),
    (_F, "endorsement-invalid"): Sentence(
        "{bad} of {count} endorsement(s) inside the badge are not genuine; ignore them."
    ),
    (_U, "endorsement-unconfirmed"): Sentence(
        "{unsure} of {count} endorsement(s) inside the badge could not be checked."
    ),
}

_GENUINE_ROWS = (_INTAKE, _CONFORMS, _LOSSLESS, _PROOF, _IDENTITY)
_LATER_ROWS = (
    *(_DATES, _REVOCATION, _SUSPENSION, _LINEAGE),
    *(_BOUND, _LISTING, _PROVIDER, _RIGHT, _MATCH, _RECIPIENT, _ENDORSEMENTS),
)

SENTENCES: Mapping[tuple[CheckId, Outcome, str], Sentence] = MappingProxyType(
    {
        (check_id, outcome, reason): sentence
        for check_id, rows in zip(
            CheckId,
            (
                *(rows | _NOT_REACHED for rows in _GENUINE_ROWS),
                *(rows | _NOT_REACHED | _NOT_GENUINE for rows in _LATER_ROWS),
            ),
            strict=True,
        )
        for (outcome, reason), sentence in rows.items()
    }
)

# Notices: (check, code).
NOTICES: Mapping[tuple[CheckId, str], Sentence] = MappingProxyType(
    {
        (CheckId.PROOF, "site-key-differs"): Sentence(
            "The issuer's website now shows another key for this, or none. The register's key was used, so the badge "
            "stands; the website may have changed hands.",
            "He kī kē kei te paetukutuku a te kaituku ināianei. I whakamahia te kī o te rēhita.",
        ),
        (CheckId.PROOF, "as-bound-in-edition"): Sentence(
            "The key was taken as bound in edition {edition} of the register; the issuer's website did not answer.",
        ),
        (CheckId.PROOF, "proof-not-checked"): Sentence("A further signature could not be checked ({what})."),
        (CheckId.PROOF, "anchored"): Sentence(
            "The key was later stolen or lost, but the register shows that this badge was signed before {recorded_on}."
        ),
        (CheckId.PROOF, "older-context-text"): Sentence(
            "Signed under an older text of a vocabulary that has since been edited ({texts})."
        ),
        (CheckId.IDENTITY, "co-signed"): Sentence("{controller} has signed the badge as well."),
        (CheckId.LISTING, "award-day-assumed"): Sentence(
            "The badge gives no award date, so the day from which it is valid, {on}, was taken for it."
        ),
        (CheckId.MATCH, "title-differs"): Sentence("The badge says “{claimed}”; the listing says “{listed}”."),
        (CheckId.MATCH, "signed-late"): Sentence("The badge was signed {days} days after the award."),
        (CheckId.MATCH, "signed-before-award"): Sentence("The badge was signed before the award date it gives."),
    }
)

_ACCREDITED = "accredited"
HEADLINES: Mapping[tuple[str, str], Sentence] = MappingProxyType(
    {
        ("genuine", "valid"): Sentence(
            "This badge is genuine: it was signed by {signer} and has not been changed since.",
            "He tūturu tēnei tohu: nā {signer} i haina, ā, kāore i whakarerekētia.",
        ),
        ("genuine", "invalid"): Sentence(
            "Do not rely on this badge. {because}", "Kaua e whirinaki ki tēnei tohu. {because}"
        ),
        ("genuine", "unconfirmed"): Sentence(
            "We could not finish checking whether this badge is genuine. This does not mean it is false. {because}",
            "Kāore i taea te whakaoti i te arowhai mēnā he tūturu tēnei tohu. Ehara tēnei i te kī he teka. {because}",
        ),
        ("current", "current"): Sentence(
            "It is in force: it has not been withdrawn and has not expired.",
            "E mana ana: kāore i tangohia, kāore anō i pau te wā.",
        ),
        ("current", "current-no-status"): Sentence(
            "It is in force by its dates. Its issuer keeps no list of withdrawn badges that it names.",
            "E mana ana i runga i ōna rā.",
        ),
        ("current", "expired"): Sentence("It is no longer in force. {because}", "Kua pau te wā. {because}"),
        ("current", "not-yet-valid"): Sentence("It is not in force yet. {because}", "Kāore anō kia mana. {because}"),
        ("current", "withdrawn"): Sentence(
            "The issuer has withdrawn this badge.", "Kua tangohia tēnei tohu e te kaituku."
        ),
        ("current", "suspended"): Sentence(
            "The issuer has put this badge on hold.", "Kua whakatārewatia tēnei tohu e te kaituku."
        ),
        ("current", "replaced"): Sentence(
            "This copy has been replaced. {because}", "Kua whakakapia tēnei putanga. {because}"
        ),
        ("current", "unconfirmed"): Sentence(
            "We could not find out whether it is still in force. {because}",
            "Kāore i taea te kite mēnā kei te mana tonu. {because}",
        ),
        ("current", "not-applicable"): Sentence(
            "There is nothing to say about a badge that is not genuine.", "Kāore he kōrero mō te tohu teka."
        ),
        (_ACCREDITED, "valid"): Sentence("{because}"),
        (_ACCREDITED, "invalid"): Sentence("{because}"),
        (_ACCREDITED, "unconfirmed"): Sentence(
            "We could not find out whether the provider was entitled to award this. {because}",
            "Kāore i taea te kite mēnā i whai mana te kaiwhakarato ki te tuku i tēnei. {because}",
        ),
        (_ACCREDITED, "not-applicable"): Sentence(
            "The badge does not claim to be a New Zealand micro-credential, so accreditation does not come into it.",
            "Kāore te tohu e kī ana nō te anga tohu o Aotearoa.",
        ),
        (_ACCREDITED, "not-genuine"): Sentence(
            "There is nothing to say about a badge that is not genuine.", "Kāore he kōrero mō te tohu teka."
        ),
    }
)


def sentence_for(
    check_id: CheckId, outcome: Outcome, reason: str, facts: Mapping[str, Any], *, language: str = "en"
) -> str:
    """What a check says. Raises KeyError for a reason or a fact that is not there."""
    return _say(SENTENCES[check_id, outcome, reason], facts, language)


def notice_for(check_id: CheckId, code: str, facts: Mapping[str, Any], *, language: str = "en") -> str:
    """What a notice says. Raises KeyError."""
    return _say(NOTICES[check_id, code], facts, language)


def headline_for(question: str, verdict: str, facts: Mapping[str, Any], *, language: str = "en") -> str:
    """The answer to one of the three questions. Raises KeyError."""
    return _say(HEADLINES[question, verdict], facts, language).strip()


def _say(sentence: Sentence, facts: Mapping[str, Any], language: str) -> str:
    text = sentence.mi if language == "mi" and sentence.mi is not None else sentence.en
    return text.format_map(facts)
