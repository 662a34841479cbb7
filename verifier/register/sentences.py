"""Reason -> the sentence a person reads, in English and te reo Māori side by side; decides nothing.

The Māori drafts await a te reo speaker's review (`REO_AWAITS_REVIEW`), and whoever shows them must say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from verifier.register.reasons import Caveat, Reason
from verifier.register.records import Basis

REO_AWAITS_REVIEW = True


class Words(NamedTuple):
    en: str
    mi: str

    def in_language(self, language: str) -> str:
        return self.mi if language == "mi" else self.en


# Whose word it is; ends every sentence about an award.
REGISTER = Words(
    "by the register kept by {authority} as at {as_at} (not NZQA)",
    "e ai ki te rēhita a {authority} i te {as_at} (ehara i a NZQA)",
)
DEMONSTRATION_REGISTER = Words(
    "by the demonstration register (invented data) kept by {authority} as at {as_at} (not NZQA)",
    "e ai ki te rēhita whakaatu (he raraunga tito) a {authority} i te {as_at} (ehara i a NZQA)",
)

SENTENCES: Mapping[Reason, Words] = MappingProxyType(
    {
        Reason.NO_REGISTER: Words(
            "No register could be used, so nothing can be said about an accreditation on {on}.",
            "Kāore he rēhita hei whakamahi, nō reira kāore e taea te kōrero mō te whakamanatanga i te {on}.",
        ),
        Reason.REGISTER_STALE: Words(
            "The register kept by {authority} is as at {as_at}, more than 35 days ago, so it does not tell how things "
            "stand on {on}.",
            "Nō te {as_at} te rēhita a {authority}, neke atu i te 35 rā ki muri, nō reira kāore e mōhiotia te āhua i "
            "te {on}.",
        ),
        Reason.REGISTER_PREDATES_AWARD: Words(
            "The register kept by {authority} is as at {as_at} and cannot tell about {on}: what it lacks may have been "
            "added since.",
            "Nō te {as_at} te rēhita a {authority}, kāore e taea te kōrero mō te {on}: tērā pea kua tāpirihia te mea e "
            "ngaro ana.",
        ),
        Reason.LISTING_REMOVED: Words(
            "{title} was listed by mistake and removed, so no award of it counts, {register}.",
            "I hē te whakarārangi i {title}, ā, kua tangohia, nō reira kāore e whai mana ngā whakawhiwhinga, "
            "{register}.",
        ),
        Reason.EQUIVALENCY_ONLY: Words(
            "An equivalency, {register}: {title} was levelled against the NZQCF; neither the micro-credential nor its "
            "delivery was quality assured by NZQA.",
            "I whakataurangitia {title} ki te NZQCF; kāore te pūkenga-whāiti me tōna whakaako i whakaūngia e NZQA, "
            "{register}.",
        ),
        Reason.LISTING_UNKNOWN: Words(
            "No micro-credential with the reference {ref} was listed on {on}, {register}.",
            "Kāore he pūkenga-whāiti e mau ana i te tohutoro {ref} i whakarārangihia i te {on}, {register}.",
        ),
        Reason.LISTING_NOT_YET: Words(
            "{title} was not listed and approved until {first_day}, after {on}, {register}.",
            "Nō te {first_day} rā anō a {title} i whakarārangihia, i whakaaetia ai, i muri i te {on}, {register}.",
        ),
        Reason.LISTING_DISCONTINUED: Words(
            "{title} could no longer be awarded on {on}: its last day was {last_day}, {register}.",
            "Kāore e taea te whakawhiwhi i {title} i te {on}: ko te {last_day} tōna rā whakamutunga, {register}.",
        ),
        Reason.ISSUER_NOT_BOUND: Words(
            "No provider stood behind {did} on {signed_on}, {register}.",
            "Kāore he kaiwhakarato i muri i {did} i te {signed_on}, {register}.",
        ),
        Reason.KEY_NOT_BOUND: Words(
            "The issuer {did} is known, but not this key for signing badges on {signed_on}, {register}.",
            "E mōhiotia ana a {did}, engari kāore tēnei kī mō te haina tohu i te {signed_on}, {register}.",
        ),
        Reason.KEY_COMPROMISED: Words(
            "This key was reported stolen before it was used on {signed_on}, so the provider did not sign, {register}.",
            "I pūrongotia kua tāhaetia tēnei kī i mua i te {signed_on}, nō reira ehara i te kaiwhakarato i haina, "
            "{register}.",
        ),
        Reason.PROVIDER_UNKNOWN: Words(
            "No provider has the number {moe_number}, {register}.",
            "Kāore he kaiwhakarato e mau ana i te tau {moe_number}, {register}.",
        ),
        Reason.PROVIDER_NOT_REGISTERED: Words(
            "{holder} was not registered on {on}, {register}.",
            "Kāore a {holder} i rēhitatia i te {on}, {register}.",
        ),
        Reason.ACCREDITED: Words(
            "{provider} was accredited to deliver {title} on {on}, {register}.",
            "I whai mana a {provider} ki te whakaako i {title} i te {on}, {register}.",
        ),
        Reason.APPROVED_INSTITUTION: Words(
            "{provider} held its own approval of {title} on {on} and could award it, {register}.",
            "Nō {provider} tonu te whakaaetanga o {title} i te {on}, ā, ka taea te whakawhiwhi, {register}.",
        ),
        Reason.AWARDED_BY_DEVELOPER: Words(
            "{provider} could award {title} on {on} as its developer, {register}.",
            "I taea e {provider} te whakawhiwhi i {title} i te {on} hei kaiwhakawhanake, {register}.",
        ),
        Reason.AWARDED_BY_NZQA: Words(
            "{title} could be awarded on {on} by NZQA, entered as {provider}, {register}.",
            "I taea e NZQA te whakawhiwhi i {title} i te {on}, e mau ana hei {provider}, {register}.",
        ),
        Reason.ACCREDITED_THROUGH_PREDECESSOR: Words(
            "{provider} could award {title} on {on} through {predecessor}, whose place it has taken, {register}.",
            "I taea e {provider} te whakawhiwhi i {title} i te {on} mā {predecessor}, i whakakapia e ia, {register}.",
        ),
        Reason.RIGHT_ABSENT: Words(
            "{provider} had no right to award {title} on {on}, {register}.",
            "Kāore he mana o {provider} ki te whakawhiwhi i {title} i te {on}, {register}.",
        ),
        Reason.RIGHT_NOT_YET: Words(
            "The right of {holder} to award {title} began on {granted_on}, after {on}, {register}.",
            "Nō te {granted_on} i tīmata ai te mana o {holder} ki te whakawhiwhi i {title}, i muri i te {on}, "
            "{register}.",
        ),
        Reason.RIGHT_ENDED: Words(
            "The right of {holder} to award {title} ended on {last_good_day}, before {on}, {register}.",
            "I mutu te mana o {holder} ki te whakawhiwhi i {title} i te {last_good_day}, i mua i te {on}, {register}.",
        ),
        Reason.RIGHT_LAPSED: Words(
            "The accreditation of {holder} to deliver {title} lapsed after {last_good_day}, before {on}, {register}.",
            "I hemo te whakamanatanga o {holder} mō {title} i muri i te {last_good_day}, i mua i te {on}, {register}.",
        ),
        Reason.DELIVERY_NOT_RECORDED: Words(
            "{holder} is last known to have delivered {title} on {last_delivered_on}, {register}; whether its "
            "accreditation had lapsed by {on} is not recorded.",
            "Nō te {last_delivered_on} te whakaakoranga whakamutunga e mōhiotia ana o {title} e {holder}, {register}; "
            "kāore i te mōhiotia mēnā kua hemo te whakamanatanga i te {on}.",
        ),
    }
)

CAVEATS: Mapping[Caveat, Words] = MappingProxyType(
    {
        Caveat.DELIVERY_NOT_RECORDED: Words(
            "No delivery is recorded, so the register cannot tell whether this accreditation had lapsed.",
            "Kāore he whakaakoranga kua tuhia, nō reira kāore te rēhita e mōhio mēnā kua hemo te whakamanatanga.",
        ),
        Caveat.KEY_COMPROMISED: Words(
            "The signing key was stolen later.",
            "I tāhaetia te kī haina i muri mai.",
        ),
    }
)

# The answer for a badge in hand, where it is good: at award, at signing, today, one sentence each.
AT_AWARD: Mapping[Reason, Words] = MappingProxyType(
    {
        Reason.ACCREDITED: Words(
            "Accredited when awarded on {on}, {register}.",
            "I whai mana i te whakawhiwhinga i te {on}, {register}.",
        ),
        Reason.APPROVED_INSTITUTION: Words(
            "Awarded on {on} by an institution with its own approval of it, {register}.",
            "I whakawhiwhia i te {on} e tētahi whare ako nōna tonu te whakaaetanga, {register}.",
        ),
        Reason.AWARDED_BY_DEVELOPER: Words(
            "Awarded on {on} by its developer, which could, {register}.",
            "I whakawhiwhia i te {on} e tōna kaiwhakawhanake, i whai mana ki te pērā, {register}.",
        ),
        Reason.AWARDED_BY_NZQA: Words(
            "Awarded on {on} by NZQA itself, {register}.",
            "I whakawhiwhia i te {on} e NZQA tonu, {register}.",
        ),
        Reason.ACCREDITED_THROUGH_PREDECESSOR: Words(
            "Accredited when awarded on {on} through {predecessor}, whose place {provider} has taken, {register}.",
            "I whai mana i te whakawhiwhinga i te {on} mā {predecessor}, i whakakapia e {provider}, {register}.",
        ),
    }
)
AT_SIGNING = Words(
    "Signed on {signed_on}, when the register had this address and key as those of {signer}.",
    "I hainatia i te {signed_on}, i a {signer} tēnei wāhitau me tēnei kī e ai ki te rēhita.",
)
# What a right is called, by its basis.
RIGHT_NAMES: Mapping[Basis, Words] = MappingProxyType(
    {
        Basis.ACCREDITATION: Words("accreditation", "whakamanatanga"),
        Basis.APPROVAL: Words("approval", "whakaaetanga"),
        Basis.DEVELOPER: Words("developer's right to award it", "mana whakawhiwhi o te kaiwhakawhanake"),
        Basis.NZQA: Words("right of NZQA to award it", "mana whakawhiwhi o NZQA"),
    }
)

# How things stand today, said after a good answer about the award day.
SINCE: Mapping[Reason, Words] = MappingProxyType(
    {
        Reason.RIGHT_ENDED: Words(
            "The {right} ended on {last_good_day}; the badge is not affected.",
            "I mutu te {right} i te {last_good_day}; kāore te tohu e pāngia.",
        ),
        Reason.RIGHT_LAPSED: Words(
            "The accreditation lapsed after {last_good_day}; the badge is not affected.",
            "I hemo te whakamanatanga i muri i te {last_good_day}; kāore te tohu e pāngia.",
        ),
        Reason.LISTING_DISCONTINUED: Words(
            "The micro-credential could be awarded until {last_day}; the badge is not affected.",
            "I taea te whakawhiwhi tae noa ki te {last_day}; kāore te tohu e pāngia.",
        ),
        Reason.PROVIDER_NOT_REGISTERED: Words(
            "{holder} is no longer registered; the badge is not affected.",
            "Kua kore a {holder} i rēhitatia; kāore te tohu e pāngia.",
        ),
        Reason.DELIVERY_NOT_RECORDED: Words(
            "Whether it has lapsed since is not recorded; the badge is not affected.",
            "Kāore i te mōhiotia mēnā kua hemo i muri mai; kāore te tohu e pāngia.",
        ),
        Reason.LISTING_REMOVED: Words(
            "The listing has been removed since.",
            "Kua tangohia te rārangitanga i muri mai.",
        ),
        Reason.RIGHT_ABSENT: Words(
            "{provider} has no right to award it today; the badge is not affected.",
            "Kāore he mana whakawhiwhi o {provider} i tēnei rā; kāore te tohu e pāngia.",
        ),
        Reason.RIGHT_NOT_YET: Words(
            "The next {right} begins on {granted_on}; the badge is not affected.",
            "Ka tīmata te {right} hou i te {granted_on}; kāore te tohu e pāngia.",
        ),
        Reason.REGISTER_PREDATES_AWARD: Words(
            "How things stand today is not known: the register is as at {as_at}.",
            "Kāore i te mōhiotia te āhua i tēnei rā: nō te {as_at} te rēhita.",
        ),
        Reason.REGISTER_STALE: Words(
            "How things stand today is not known: the register is more than 35 days old.",
            "Kāore i te mōhiotia te āhua i tēnei rā: neke atu i te 35 rā te pakeke o te rēhita.",
        ),
    }
)
STILL = Words("That is so today as well.", "Kei te pērā tonu i tēnei rā.")
