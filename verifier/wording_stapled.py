"""What is said where the authority's statement in the badge stands in for the register: English, te reo Māori."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from verifier.report import CheckId

_BY = "by a statement of {authority} as at {as_at} that the badge carries (not NZQA)"
_E_AI = "e ai ki tētahi kōrero a {authority} i te {as_at} kei roto i te tohu (ehara i a NZQA)"
_SINCE = "Whether that was withdrawn since could not be looked up."

# All are of checks that passed.
STAPLED: Mapping[tuple[CheckId, str], tuple[str, str]] = MappingProxyType(
    {
        (CheckId.BOUND, "bound-by-staple"): (
            f"This issuer and this key are {{provider}}, {_BY}. {_SINCE}",
            f"Ko {{provider}} tēnei kaituku me tēnei kī, {_E_AI}.",
        ),
        (CheckId.LISTING, "listed-by-staple"): (
            f"{{ref}} “{{title}}” was listed on the award day, {{on}}, {_BY}.",
            f"I rārangitia a {{ref}} “{{title}}” i te {{on}}, {_E_AI}.",
        ),
        (CheckId.PROVIDER, "registered-by-staple"): (
            (
                f"{{provider}} was registered on the award day, {{on}}, or its part is accounted for by a succession, "
                f"{_BY}."
            ),
            f"I rēhitatia a {{provider}} i te {{on}}, ka riro mai rānei tōna wāhi, {_E_AI}.",
        ),
        (CheckId.RIGHT, "accredited-by-staple"): (
            f"{{provider}} was entitled to award “{{title}}” [Ref: {{ref}}] on {{on}}, {_BY}. {_SINCE}",
            f"I whai mana a {{provider}} ki te tuku i “{{title}}” [Ref: {{ref}}] i te {{on}}, {_E_AI}.",
        ),
        (CheckId.MATCH, "matches-by-staple"): (
            (
                f"Level and credits are those of the listing on the award day (level {{level}}, {{credits}} credits), "
                f"{_BY}."
            ),
            f"E ōrite ana te kaupae me ngā whiwhinga (kaupae {{level}}, whiwhinga {{credits}}), {_E_AI}.",
        ),
    }
)
STAPLED_NOTICES: Mapping[tuple[CheckId, str], tuple[str, str]] = MappingProxyType(
    {
        (CheckId.PROOF, "as-bound-by-staple"): (
            (
                "The key was taken from the authority's statement that the badge carries; the issuer's website did not "
                "answer."
            ),
            (
                "I tangohia te kī i te kōrero a te mana rēhita kei roto i te tohu; kāore te paetukutuku a te kaituku i "
                "whakautu."
            ),
        ),
        (CheckId.ENDORSEMENTS, "staple-differs"): (
            (
                "The statement of {authority} as at {as_at} in the badge differs from edition {edition} of the "
                "register about {what}. The edition decides."
            ),
            (
                "He rerekē te kōrero a {authority} i te {as_at} kei roto i te tohu i te putanga {edition} o te rēhita "
                "mō {what}. Ko te putanga te mea whai mana."
            ),
        ),
    }
)
INVENTED = {"en": " (demonstration: invented data)", "mi": " (he whakaatu: he raraunga tito)"}
TODAY = (
    "How things stand today was not looked up: nothing but a statement of {authority} as at {as_at} was at hand.",
    "Kāore i rapua te āhua o ēnei rā: ko tētahi kōrero anake a {authority} i te {as_at} i konei.",
)
