"""(check, outcome, reason) -> the sentence a person reads, English and te reo Māori side by side; decides nothing.

The Māori drafts await a te reo speaker's review (`REO_AWAITS_REVIEW`), and whoever shows them must say so. A detail
that an error gives is in English only, so most of them leave it out. The tables stand in the modules `wording_*`, the
sentences about listings, providers and rights, which belong to the register's decision, in
`verifier.register.sentences`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from verifier.report import CheckId, Outcome
from verifier.wording_accredited import BOUND, LISTING, MATCH, PROVIDER, RIGHT
from verifier.wording_current import DATES, LINEAGE, REVOCATION, SUSPENSION
from verifier.wording_genuine import CONFORMS, IDENTITY, INTAKE, LOSSLESS, PROOF
from verifier.wording_stapled import STAPLED, STAPLED_NOTICES
from verifier.words import FAILED, PASSED, REO_AWAITS_REVIEW, SKIPPED, UNKNOWN, Rows, Sentence, say

__all__ = [
    "HEADLINES",
    "NOTICES",
    "REO_AWAITS_REVIEW",
    "SENTENCES",
    "Sentence",
    "headline_for",
    "notice_for",
    "sentence_for",
]

NOT_REACHED: Rows = {
    (SKIPPED, "not-reached"): Sentence(
        "Not checked, because an earlier check did not pass.",
        "Kāore i arowhaihia, nā te mea kāore i tutuki tētahi arowhai o mua.",
    ),
    (UNKNOWN, "internal-fault"): Sentence(
        "This check broke down through a fault of ours; that says nothing about the badge.",
        "I hinga tēnei arowhai nā tō mātou hapa; ehara i te hē o te tohu.",
    ),
}
NOT_GENUINE: Rows = {
    (SKIPPED, "not-genuine"): Sentence(
        "Not checked: what stands in a badge that is not genuine says nothing.",
        "Kāore i arowhaihia: kāore he tikanga o ngā kōrero kei roto i te tohu teka.",
    ),
}
RECIPIENT: Rows = {
    (SKIPPED, "not-asked"): Sentence(
        "Nobody asked whose badge this is. Compare the name with the person in front of you.",
        "Kāore tētahi i pātai nō wai tēnei tohu. Whakatauritea te ingoa ki te tangata i mua i a koe.",
    ),
    (SKIPPED, "nothing-to-compare"): Sentence(
        "The badge holds no address or identifier that yours could be compared with.",
        "Kāore he wāhitau, he tautohu rānei i te tohu hei whakataurite ki tāu.",
    ),
    (PASSED, "same-recipient"): Sentence(
        "The badge was issued to the address or identifier you gave.",
        "I tukuna te tohu ki te wāhitau, ki te tautohu rānei i hoatu e koe.",
    ),
    (FAILED, "other-recipient"): Sentence(
        "The badge was not issued to the address or identifier you gave.",
        "Kāore te tohu i tukuna ki te wāhitau, ki te tautohu rānei i hoatu e koe.",
    ),
    (UNKNOWN, "hash-unknown"): Sentence(
        "The badge hides its recipient with a method this verifier does not know.",
        "E huna ana te tohu i tōna kaiwhiwhi mā tētahi tikanga kāore i te mōhiotia e tēnei pūmanatawa.",
    ),
}

ENDORSEMENTS: Rows = {
    (SKIPPED, "none"): Sentence(
        "Nobody has endorsed this badge inside it.", "Kāore tētahi i tautoko i tēnei tohu i roto i a ia."
    ),
    (PASSED, "endorsed"): Sentence(
        "{count} endorsement(s) inside the badge are genuine.", "He tūturu ngā tautoko e {count} kei roto i te tohu."
    ),
    (FAILED, "endorsement-invalid"): Sentence(
        "{bad} of {count} endorsement(s) inside the badge are not genuine; ignore them.",
        "Ehara i te tūturu ngā tautoko e {bad} o te {count} kei roto i te tohu; waiho ki te taha.",
    ),
    (UNKNOWN, "endorsement-unconfirmed"): Sentence(
        "{unsure} of {count} endorsement(s) inside the badge could not be checked.",
        "Kāore i taea te arowhai i ngā tautoko e {unsure} o te {count} kei roto i te tohu.",
    ),
}

_GENUINE_ROWS = (INTAKE, CONFORMS, LOSSLESS, PROOF, IDENTITY)
_LATER_ROWS = (
    *(DATES, REVOCATION, SUSPENSION, LINEAGE),
    *(BOUND, LISTING, PROVIDER, RIGHT, MATCH, RECIPIENT, ENDORSEMENTS),
)

SENTENCES: Mapping[tuple[CheckId, Outcome, str], Sentence] = MappingProxyType(
    {
        (check_id, outcome, reason): sentence
        for check_id, rows in zip(
            CheckId,
            (
                *(rows | NOT_REACHED for rows in _GENUINE_ROWS),
                *(rows | NOT_REACHED | NOT_GENUINE for rows in _LATER_ROWS),
            ),
            strict=True,
        )
        for (outcome, reason), sentence in rows.items()
    }
    | {(check_id, PASSED, reason): Sentence(*words) for (check_id, reason), words in STAPLED.items()}
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
            "I whakamahia te kī kei te putanga {edition} o te rēhita; kāore te paetukutuku a te kaituku i whakautu.",
        ),
        (CheckId.PROOF, "proof-not-checked"): Sentence(
            "A further signature could not be checked ({what}).",
            "Kāore i taea te arowhai i tētahi atu hainatanga ({what}).",
        ),
        (CheckId.PROOF, "anchored"): Sentence(
            "The key was later stolen or lost, but the register shows that this badge was signed before {recorded_on}.",
            "I tāhaetia, i ngaro rānei te kī i muri mai, engari e whakaatu ana te rēhita i hainatia tēnei "
            "tohu i mua i te {recorded_on}.",
        ),
        (CheckId.PROOF, "older-context-text"): Sentence(
            "Signed under an older text of a vocabulary that has since been edited ({texts}).",
            "I hainatia i raro i tētahi tuhinga tawhito o tētahi kuputaka kua whakatikaina i muri mai ({texts}).",
        ),
        (CheckId.IDENTITY, "co-signed"): Sentence(
            "{controller} has signed the badge as well.", "I haina hoki a {controller} i te tohu."
        ),
        (CheckId.LISTING, "award-day-assumed"): Sentence(
            "The badge gives no award date, so the day from which it is valid, {on}, was taken for it.",
            "Kāore he rā whakawhiwhinga i te tohu, nō reira i whakamahia te rā e mana ai ia, te {on}.",
        ),
        (CheckId.MATCH, "title-differs"): Sentence(
            "The badge says “{claimed}”; the listing says “{listed}”.",
            "E kī ana te tohu “{claimed}”; e kī ana te rārangi “{listed}”.",
        ),
        (CheckId.MATCH, "signed-late"): Sentence(
            "The badge was signed {days} days after the award.",
            "I hainatia te tohu {days} ngā rā i muri i te whakawhiwhinga.",
        ),
        (CheckId.MATCH, "signed-before-award"): Sentence(
            "The badge was signed before the award date it gives.",
            "I hainatia te tohu i mua i te rā whakawhiwhinga e kīia ana.",
        ),
    }
    | {place: Sentence(*words) for place, words in STAPLED_NOTICES.items()}
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
        ("current", "withdrawn-unseen"): Sentence(
            "The issuer has withdrawn this copy. Its own address shows nothing, so a newer copy may have replaced it: "
            "ask the learner for the newest.",
            "Kua tangohia tēnei tārua e te kaituku. Kāore he mea e whakaaturia ana i tōna ake wāhitau, nō reira kua "
            "whakakapia pea e tētahi tārua hou ake: uia te ākonga mō te mea hou rawa.",
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
        (_ACCREDITED, "valid"): Sentence("{because}", "{because}"),
        (_ACCREDITED, "invalid"): Sentence("{because}", "{because}"),
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
    return say(SENTENCES[check_id, outcome, reason], facts, language)


def notice_for(check_id: CheckId, code: str, facts: Mapping[str, Any], *, language: str = "en") -> str:
    """What a notice says. Raises KeyError."""
    return say(NOTICES[check_id, code], facts, language)


def headline_for(question: str, verdict: str, facts: Mapping[str, Any], *, language: str = "en") -> str:
    """The answer to one of the three questions. Raises KeyError."""
    return say(HEADLINES[question, verdict], facts, language).strip()
