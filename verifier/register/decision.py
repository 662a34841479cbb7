"""Was this provider entitled to award this on that day? Pure: the register and the day are arguments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from verifier.register.binding import Binding, BindingReason, bind, end_of_day
from verifier.register.edition import Edition
from verifier.register.reasons import ABSENCES, CONCERN_OF, OUTCOME_OF, Caveat, Concern, Outcome, Reason
from verifier.register.records import Basis, Equivalency, Listing, Provider, Register
from verifier.register.succession import (
    Path,
    Standing,
    State,
    holder_on,
    own_standing,
    paths_to,
    standing_through,
)

KNOWN_AFTER = timedelta(days=45)  # contract, row 3: how long after its day an edition may still speak
STALE_AFTER = timedelta(days=35)  # contract, "today": editions come monthly

_BASIS_REASON = {
    Basis.ACCREDITATION: Reason.ACCREDITED,
    Basis.APPROVAL: Reason.APPROVED_INSTITUTION,
    Basis.DEVELOPER: Reason.AWARDED_BY_DEVELOPER,
    Basis.NZQA: Reason.AWARDED_BY_NZQA,
}
_BASIS_ORDER = {basis: position for position, basis in enumerate(Basis)}
_STATE_REASON = {
    State.ENDED: Reason.RIGHT_ENDED,
    State.LAPSED: Reason.RIGHT_LAPSED,
    State.DOUBTFUL: Reason.DELIVERY_NOT_RECORDED,
    State.UNREGISTERED: Reason.PROVIDER_NOT_REGISTERED,
}
_BINDING_REASON = {
    BindingReason.ISSUER_NOT_BOUND: Reason.ISSUER_NOT_BOUND,
    BindingReason.KEY_NOT_BOUND: Reason.KEY_NOT_BOUND,
    BindingReason.KEY_COMPROMISED: Reason.KEY_COMPROMISED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer for one day, and the records it rests on. True in an `if` only when accredited."""

    reason: Reason
    on: date
    ref: str
    moe_number: str | None = None
    caveats: tuple[Caveat, ...] = ()
    listing: Listing | None = None
    equivalency: Equivalency | None = None
    provider: Provider | None = None
    standing: Standing | None = None
    binding: Binding | None = None
    absence: Reason | None = None  # what it would have been, had the register been younger than the day

    @property
    def outcome(self) -> Outcome:
        return OUTCOME_OF[self.reason]

    @property
    def concern(self) -> Concern:
        """The fact that decided; `register-predates-award` tells by what was absent."""
        return CONCERN_OF[self.absence or self.reason]

    def __bool__(self) -> bool:
        return self.outcome is Outcome.ACCREDITED


def decide(edition: Edition | None, *, provider: str, ref: str, on: date) -> Decision:
    """The contract's table for a provider's MoE number, an NZQA reference and a day in New Zealand."""
    if edition is None:
        return replace(_no_register(ref, on), moe_number=provider)
    decision, listing = _of_listing(edition, ref=ref, on=on)
    if decision is not None:
        return replace(decision, moe_number=provider)
    return _of_provider(edition, listing, moe_number=provider, ref=ref, on=on, binding=None)


def decide_for_issuer(
    edition: Edition | None,
    *,
    did: str,
    method: str | None = None,
    signed_at: datetime | None = None,
    ref: str,
    on: date,
) -> Decision:
    """As `decide`, for whoever the register says the DID (and key) was on the signing day.

    `signed_at` None means some time on the day `on`. The listing is looked at first: it needs no provider.
    """
    if edition is None:
        return _no_register(ref, on)
    binding = bind(edition.register, did=did, method=method, signed_at=signed_at or end_of_day(on))
    decision, listing = _of_listing(edition, ref=ref, on=on)
    if decision is not None:
        return replace(decision, moe_number=binding.moe_number, binding=binding)
    if binding.moe_number is None or not binding:
        reason = _BINDING_REASON.get(binding.reason, Reason.ISSUER_NOT_BOUND)
        return Decision(
            reason=reason,
            on=on,
            ref=ref,
            moe_number=binding.moe_number,
            listing=listing,
            provider=binding.provider,
            binding=binding,
        )
    return _of_provider(edition, listing, moe_number=binding.moe_number, ref=ref, on=on, binding=binding)


def decide_today(edition: Edition | None, *, provider: str, ref: str, today: date) -> Decision:
    """How things stand now, for information: unknown `register-stale` when the edition is older than 35 days."""
    if edition is not None and is_stale(edition, today=today):
        return Decision(reason=Reason.REGISTER_STALE, on=today, ref=ref, moe_number=provider)
    return decide(edition, provider=provider, ref=ref, on=today)


def is_stale(edition: Edition, *, today: date) -> bool:
    return today - edition.as_at > STALE_AFTER


def listing_in_force(register: Register, *, ref: str, on: date) -> Listing | None:
    """The version of a listing in force on a day, the newest when two are; what `register.match` compares with."""
    versions = register.versions_by_ref.get(ref, ())
    return next((version for version in reversed(versions) if version.is_in_force(on)), None)


def _no_register(ref: str, on: date) -> Decision:
    """Row 1: no register, or one whose signature or chain failed and which was therefore never loaded."""
    return Decision(reason=Reason.NO_REGISTER, on=on, ref=ref)


def _of_listing(edition: Edition, *, ref: str, on: date) -> tuple[Decision | None, Listing | None]:
    """Rows 2 to 5, which need no provider: (the decision if one of them decides, the listing)."""
    register = edition.register
    knows = on - edition.as_at <= KNOWN_AFTER
    in_force = listing_in_force(register, ref=ref, on=on)
    if in_force is not None and knows:
        return None, in_force
    versions = register.versions_by_ref.get(ref, ())
    standing = [version for version in versions if version.removed_on is None]
    newest = (standing or versions or (None,))[-1]
    # 2. Listed by mistake: whatever the day, and only when every version was.
    if versions and not standing:
        reason = Reason.LISTING_REMOVED
    # 3. Too long after the register's day for it to know anything.
    elif not knows:
        reason = Reason.REGISTER_PREDATES_AWARD
    # 4. The separate register of equivalency never stands in for a listing.
    elif not versions and ref in register.equivalencies_by_ref:
        reason = Reason.EQUIVALENCY_ONLY
    # 5. Not listed on the day.
    elif not versions:
        reason = Reason.LISTING_UNKNOWN
    else:
        begun = [version for version in standing if version.first_day <= on]
        reason = Reason.LISTING_DISCONTINUED if begun else Reason.LISTING_NOT_YET
        newest = begun[-1] if begun else standing[0]
    row = register.equivalencies_by_ref[ref][-1] if reason is Reason.EQUIVALENCY_ONLY else None
    return _softened(edition, Decision(reason=reason, on=on, ref=ref, listing=newest, equivalency=row)), newest


def _of_provider(
    edition: Edition, listing: Listing | None, *, moe_number: str, ref: str, on: date, binding: Binding | None
) -> Decision:
    """Rows 6 to 9."""
    register = edition.register
    provider = register.provider_named(moe_number, on)

    def decided(reason: Reason, standing: Standing | None = None) -> Decision:
        return Decision(
            reason=reason,
            on=on,
            ref=ref,
            moe_number=moe_number,
            caveats=_caveats(reason, standing, binding),
            listing=listing,
            provider=provider,
            standing=standing,
            binding=binding,
        )

    # 6. Provider absent, or nobody registered on the day whose right could count.
    if provider is None:
        return _softened(edition, decided(Reason.PROVIDER_UNKNOWN))
    paths = list(paths_to(register, moe_number, ref))
    if not _someone_registered(register, moe_number, paths, on):
        return decided(Reason.PROVIDER_NOT_REGISTERED)
    own = [own_standing(register, right, on) for right in register.rights_by_pair.get((moe_number, ref), ())]
    inherited = [
        standing
        for path in paths
        for right in register.rights_by_pair.get((path[0].from_moe, ref), ())
        if (standing := standing_through(register, path, right, on)) is not None
    ]
    # 7. A right covers the day: the provider's own is named first.
    if covering := _best(own) or _best(inherited):
        through = Reason.ACCREDITED_THROUGH_PREDECESSOR
        return decided(through if covering.path else _BASIS_REASON[covering.right.basis], covering)
    # 8. and 9. None does: the latest period begun on or before the day says why.
    if telling := _latest_begun(own) or _latest_begun(inherited):
        return decided(_STATE_REASON[telling.state], telling)
    if own or inherited:
        next_one = min(own or inherited, key=lambda standing: standing.right.granted_on)
        return _softened(edition, decided(Reason.RIGHT_NOT_YET, next_one))
    return _softened(edition, decided(Reason.RIGHT_ABSENT))


def _softened(edition: Edition, decision: Decision) -> Decision:
    """In the window after the register's day, absence proves nothing."""
    if decision.reason in ABSENCES and decision.on > edition.as_at:
        return replace(decision, reason=Reason.REGISTER_PREDATES_AWARD, absence=decision.reason)
    return decision


def _someone_registered(register: Register, moe_number: str, paths: Iterable[Path], day: date) -> bool:
    if register.provider_on(moe_number, day) is not None:
        return True
    return any(register.provider_on(holder_on(path, day), day) is not None for path in paths)


def _best(standings: list[Standing]) -> Standing | None:
    """Of the rights that cover the day: one without a caveat, by basis as listed, the latest granted."""
    covering = [standing for standing in standings if standing.state is State.COVERS]
    if len(covering) < 2:
        return covering[0] if covering else None
    return min(
        covering,
        key=lambda standing: (
            standing.undated,
            len(standing.path),
            _BASIS_ORDER[standing.right.basis],
            -standing.right.granted_on.toordinal(),
        ),
    )


def _latest_begun(standings: list[Standing]) -> Standing | None:
    """The period begun last; of two begun on one day, one that is in doubt, then the one that lasted longer."""
    begun = [standing for standing in standings if standing.state is not State.NOT_YET]
    return max(
        begun,
        key=lambda standing: (
            standing.right.granted_on,
            standing.state is State.DOUBTFUL,
            standing.last_good_day or date.max,
        ),
        default=None,
    )


def _caveats(reason: Reason, standing: Standing | None, binding: Binding | None) -> tuple[Caveat, ...]:
    caveats: tuple[Caveat, ...] = ()
    if standing is not None and standing.undated and OUTCOME_OF[reason] is Outcome.ACCREDITED:
        caveats += (Caveat.DELIVERY_NOT_RECORDED,)
    if binding is not None and binding.compromised_from is not None:
        caveats += (Caveat.KEY_COMPROMISED,)
    return caveats
