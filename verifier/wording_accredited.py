"""What is said about the register: (outcome, reason) -> sentence, a table for each check.

The sentences of the register's own decision stand in `verifier.register.sentences`.
"""

from __future__ import annotations

from verifier.words import FAILED, PASSED, SKIPPED, UNKNOWN, Rows, Sentence

_NO_NZ_CLAIM: Rows = {
    (SKIPPED, "no-nz-claim"): Sentence(
        "The badge does not say that it is a New Zealand micro-credential, so there is nothing to look up.",
        "Kāore te tohu e kī ana nō te anga tohu o Aotearoa, nō reira kāore he mea hei rapu.",
    ),
}
_NO_REGISTER: Rows = {
    (UNKNOWN, "no-register"): Sentence(
        "This verifier has no register to look in, so accreditation is not known.{detail}",
        "Kāore he rēhita hei tirohanga, nō reira kāore i te mōhiotia te whakamanatanga.",
    ),
}
BOUND: Rows = (
    _NO_NZ_CLAIM
    | _NO_REGISTER
    | {
        (PASSED, "bound"): Sentence(
            "The register has this issuer and this key as {provider} (edition {edition}).",
            "Kei te rēhita tēnei kaituku me tēnei kī: ko {provider}.",
        ),
        (FAILED, "issuer-not-bound"): Sentence(
            "The badge says it is a New Zealand micro-credential, but the register has nobody behind {issuer} on the "
            "day it was signed.",
            "Kāore he kaiwhakarato i te rēhita mō {issuer} i te rā i hainatia ai.",
        ),
        (FAILED, "issuer-claim-mismatch"): Sentence(
            "The badge claims provider number “{claimed}”; the register has this issuer as {provider} ({moe_number}).",
            "E kī ana te tohu ko “{claimed}” te tau kaiwhakarato; ki te rēhita ko {provider} ({moe_number}) "
            "tēnei kaituku.",
        ),
        (UNKNOWN, "key-not-bound"): Sentence(
            "The register knows {provider}, but not this key for signing badges on that day. It may be a new key that "
            "is not in the register yet.",
            "E mōhio ana te rēhita ki a {provider}, engari kāore ki tēnei kī.",
        ),
    }
)

LISTING: Rows = (
    _NO_NZ_CLAIM
    | _NO_REGISTER
    | {
        (PASSED, "listed"): Sentence(
            "{ref} “{title}” was listed on the award day, {on}: listed from {listed_from}, approved on {approved_on}.",
            "I whakarārangitia a {ref} “{title}” i te {on}: nō te {listed_from} te rārangitanga, nō te {approved_on} "
            "te whakaaetanga.",
        ),
        (FAILED, "no-reference"): Sentence(
            "The badge claims a place on the New Zealand framework but gives no NZQA reference.",
            "E kī ana te tohu kei te anga tohu o Aotearoa ia, engari kāore he tohutoro NZQA.",
        ),
        (FAILED, "several-references"): Sentence(
            "The badge claims several NZQA references: {refs}.",
            "He maha ngā tohutoro NZQA e kīia ana e te tohu: {refs}.",
        ),
    }
)
PROVIDER: Rows = (
    _NO_NZ_CLAIM
    | _NO_REGISTER
    | {
        (PASSED, "registered"): Sentence(
            "{provider} was registered on the award day, {on}: registered from {registered_from}.",
            "I rēhitatia a {provider} i te {on}: nō te {registered_from} te rēhitatanga.",
        ),
        (PASSED, "registered-through-succession"): Sentence(
            "{provider} was not itself registered on the award day, {on}, but has taken the place of a provider that "
            "was.",
            "Kāore a {provider} i rēhitatia i te {on}, engari i whakakapia e ia tētahi kaiwhakarato i rēhitatia.",
        ),
    }
)
RIGHT: Rows = _NO_NZ_CLAIM | _NO_REGISTER

MATCH: Rows = (
    _NO_NZ_CLAIM
    | _NO_REGISTER
    | {
        (PASSED, "matches"): Sentence(
            "Level and credits are those of the listing on the award day (level {level}, {credits} credits).",
            "E ōrite ana te kaupae me ngā whiwhinga ki te rārangi (kaupae {level}, whiwhinga {credits}).",
        ),
        (FAILED, "level-differs"): Sentence(
            "The badge says level “{claimed}”; the listing says level {listed}.",
            "E kī ana te tohu kaupae “{claimed}”; e kī ana te rārangi kaupae {listed}.",
        ),
        (FAILED, "credits-differ"): Sentence(
            "The badge says {claimed} credits; the listing says {listed}.",
            "E kī ana te tohu {claimed} ngā whiwhinga; e kī ana te rārangi {listed}.",
        ),
        (UNKNOWN, "listing-incomplete"): Sentence(
            "The register does not hold the {missing} of this listing to compare with.",
            "Kāore i te rēhita te {missing} o tēnei rārangitanga hei whakataurite.",
        ),
    }
)
