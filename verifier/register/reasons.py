"""Every reason a decision can give, and what each one comes to; the words for them stand in `sentences`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Outcome(StrEnum):
    ACCREDITED = "accredited"
    NOT_ACCREDITED = "not-accredited"
    UNKNOWN = "unknown"


class Concern(StrEnum):
    """Which fact decided: what came before it in this order was found good, what comes after was not looked at."""

    REGISTER = "register"
    LISTING = "listing"
    ISSUER = "issuer"
    PROVIDER = "provider"
    RIGHT = "right"


class Reason(StrEnum):
    NO_REGISTER = "no-register"
    REGISTER_STALE = "register-stale"
    LISTING_REMOVED = "listing-removed"
    REGISTER_PREDATES_AWARD = "register-predates-award"
    EQUIVALENCY_ONLY = "equivalency-only"
    LISTING_UNKNOWN = "listing-unknown"
    LISTING_NOT_YET = "listing-not-yet"
    LISTING_DISCONTINUED = "listing-discontinued"
    ISSUER_NOT_BOUND = "issuer-not-bound"
    KEY_NOT_BOUND = "key-not-bound"
    KEY_COMPROMISED = "key-compromised"
    PROVIDER_UNKNOWN = "provider-unknown"
    PROVIDER_NOT_REGISTERED = "provider-not-registered"
    ACCREDITED = "accredited"
    APPROVED_INSTITUTION = "approved-institution"
    AWARDED_BY_DEVELOPER = "awarded-by-developer"
    AWARDED_BY_NZQA = "awarded-by-nzqa"
    ACCREDITED_THROUGH_PREDECESSOR = "accredited-through-predecessor"
    RIGHT_ABSENT = "right-absent"
    RIGHT_NOT_YET = "right-not-yet"
    RIGHT_ENDED = "right-ended"
    RIGHT_LAPSED = "right-lapsed"
    DELIVERY_NOT_RECORDED = "delivery-not-recorded"


class Caveat(StrEnum):
    DELIVERY_NOT_RECORDED = "delivery-not-recorded"
    KEY_COMPROMISED = "key-compromised"  # the key was stolen later; only an anchor shows that this was before


_GOOD, _BAD, _OPEN = Outcome.ACCREDITED, Outcome.NOT_ACCREDITED, Outcome.UNKNOWN
_TABLE: dict[Reason, tuple[Outcome, Concern]] = {
    Reason.NO_REGISTER: (_OPEN, Concern.REGISTER),
    Reason.REGISTER_STALE: (_OPEN, Concern.REGISTER),
    Reason.REGISTER_PREDATES_AWARD: (_OPEN, Concern.REGISTER),
    Reason.LISTING_REMOVED: (_BAD, Concern.LISTING),
    Reason.EQUIVALENCY_ONLY: (_BAD, Concern.LISTING),
    Reason.LISTING_UNKNOWN: (_BAD, Concern.LISTING),
    Reason.LISTING_NOT_YET: (_BAD, Concern.LISTING),
    Reason.LISTING_DISCONTINUED: (_BAD, Concern.LISTING),
    Reason.ISSUER_NOT_BOUND: (_BAD, Concern.ISSUER),
    Reason.KEY_NOT_BOUND: (_OPEN, Concern.ISSUER),
    Reason.KEY_COMPROMISED: (_BAD, Concern.ISSUER),
    Reason.PROVIDER_UNKNOWN: (_BAD, Concern.PROVIDER),
    Reason.PROVIDER_NOT_REGISTERED: (_BAD, Concern.PROVIDER),
    Reason.ACCREDITED: (_GOOD, Concern.RIGHT),
    Reason.APPROVED_INSTITUTION: (_GOOD, Concern.RIGHT),
    Reason.AWARDED_BY_DEVELOPER: (_GOOD, Concern.RIGHT),
    Reason.AWARDED_BY_NZQA: (_GOOD, Concern.RIGHT),
    Reason.ACCREDITED_THROUGH_PREDECESSOR: (_GOOD, Concern.RIGHT),
    Reason.RIGHT_ABSENT: (_BAD, Concern.RIGHT),
    Reason.RIGHT_NOT_YET: (_BAD, Concern.RIGHT),
    Reason.RIGHT_ENDED: (_BAD, Concern.RIGHT),
    Reason.RIGHT_LAPSED: (_BAD, Concern.RIGHT),
    Reason.DELIVERY_NOT_RECORDED: (_OPEN, Concern.RIGHT),
}
OUTCOME_OF: Mapping[Reason, Outcome] = MappingProxyType({reason: row[0] for reason, row in _TABLE.items()})
CONCERN_OF: Mapping[Reason, Concern] = MappingProxyType({reason: row[1] for reason, row in _TABLE.items()})

# Shortly after the register's day, a thing it does not hold may have been added since.
ABSENCES = frozenset({Reason.LISTING_UNKNOWN, Reason.PROVIDER_UNKNOWN, Reason.RIGHT_ABSENT, Reason.RIGHT_NOT_YET})
