"""The authority's statements this instance may put into badges: kept as given, and believed only under its anchor."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from issuer import audit
from issuer.catalogue import Achievement
from issuer.files import write_whole
from issuer.instance import REGISTER_FOLDER, Instance
from issuer.trust.editions import load_anchor, load_edition
from keys.did import canonical_id
from schemas.errors import BadgeError, InputError, IssuingError
from schemas.jsontext import JsonObject, parse_object
from schemas.limits import CONFIGURATION
from verifier.register.anchor import Anchor, parse_anchor
from verifier.staple import Staple, read_staple
from verifier.stapling import believe

STAPLES_FILE = "endorsements.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What `endorsements use` came to: what is stated of whom, and from which edition."""

    staples: tuple[Staple, ...]

    @property
    def newest(self) -> Staple:
        return max(self.staples, key=lambda staple: staple.edition)


@dataclass(slots=True, kw_only=True)
class Staples:
    """The statements at hand for one run. Each signature is checked once, when its statement is first wanted."""

    statements: tuple[tuple[Staple, JsonObject], ...]
    anchor: Anchor
    method: str
    believed: dict[int, bool] = field(default_factory=dict)

    def for_award(self, achievement: Achievement, *, on: date, signed_on: date) -> JsonObject | None:
        """The statement that speaks for this award, signed on that day with our key; None when there is none."""
        for index, (staple, document) in enumerate(self.statements):
            if (
                (staple.ref, staple.version) == (achievement.nzqa_ref, achievement.version)
                and (staple.level, staple.credits) == (achievement.level, achievement.credits)
                and staple.covers(on)
                and staple.key(self.method, signed_on) is not None
                and self._is_believed(index, document)
            ):
                return document
        return None

    def _is_believed(self, index: int, document: JsonObject) -> bool:
        if index not in self.believed:
            try:
                believe(document, anchor=self.anchor)
                self.believed[index] = True
            except BadgeError:
                self.believed[index] = False
        return self.believed[index]


def use_endorsements(instance: Instance, data: bytes, *, anchor_data: bytes, now: datetime, actor: str) -> Kept:
    """Verify every statement of a file and keep the file in place of the one before.

    Raises InputError for a file that is none, and IssuingError for statements of another authority, about another
    issuer or provider, or not genuine. Then nothing changes.
    """
    if load_edition(instance) is None:
        raise IssuingError("Put a register to use first: badge-issuer register use EDITION.json --anchor ANCHOR.json")
    pinned = load_anchor(instance)
    if parse_anchor(anchor_data).did != pinned.did:
        raise IssuingError(
            f"The anchor given is not that of {pinned.name} ({pinned.did}), by whose register this instance issues; "
            "nothing was changed."
        )
    documents = _documents(data)
    staples = tuple(_checked(document, place, pinned, instance) for place, document in enumerate(documents, start=1))
    with instance.store.writing() as connection:
        facts = {"statements": len(staples), "editions": sorted({staple.edition_sha256 for staple in staples})}
        audit.append(connection, at=now, actor=actor, action=audit.ENDORSEMENTS_USE, facts=facts)
        write_whole(instance.folder / REGISTER_FOLDER / STAPLES_FILE, data, durable=True)
    return Kept(staples=staples)


def load_staples(instance: Instance, *, method: str) -> Staples | None:
    """The statements kept, when the instance's setting asks for them; None when badges carry none.

    Raises IssuingError when they are asked for and none are kept.
    """
    if not instance.config.staple:
        return None
    try:
        data = (instance.folder / REGISTER_FOLDER / STAPLES_FILE).read_bytes()
    except OSError:
        raise IssuingError(
            "The setting “staple” is on, but no statements are kept. Run: badge-issuer endorsements use FILE --anchor "
            "ANCHOR.json, or turn it off: badge-issuer endorsements staple off"
        ) from None
    newest_first = sorted(
        ((read_staple(document), document) for document in _documents(data)), key=lambda pair: -pair[0].edition
    )
    return Staples(statements=tuple(newest_first), anchor=load_anchor(instance), method=method)


def _documents(data: bytes) -> list[JsonObject]:
    documents = parse_object(data, limits=CONFIGURATION).get("endorsements")
    if not isinstance(documents, list) or not documents or not all(isinstance(one, dict) for one in documents):
        raise InputError("The file holds no statements; have the authority make one with `badge-register endorse`.")
    return documents


def _checked(document: JsonObject, place: int, anchor: Anchor, instance: Instance) -> Staple:
    try:
        staple = believe(document, anchor=anchor)
    except BadgeError as error:
        raise IssuingError(f"Statement {place} is not believed; nothing was changed. {error.detail}") from None
    config = instance.config
    if canonical_id(staple.did) != canonical_id(config.did) or staple.moe_number != config.provider:
        raise IssuingError(
            f"Statement {place} is about {staple.provider_name} ({staple.moe_number}) as {staple.did}, not about this "
            f"instance ({config.provider}, {config.did}); nothing was changed."
        )
    return staple
