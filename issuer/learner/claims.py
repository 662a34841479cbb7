"""What a learner may do with a badge of theirs, reached by its claim link; knows no page, and signs nothing itself."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.bulk.delivering import claim_token
from issuer.corrections import Correction, correct
from issuer.instance import Config, Instance
from issuer.minting import NameDisplay
from issuer.rows import read_one_name
from issuer.sharing import share_key, share_sha256
from issuer.store import claims_rows, outbox_rows
from issuer.store import credentials as credential_store
from issuer.store.claims_rows import StoredClaim, Visibility
from issuer.store.credentials import Learner, StoredCredential, StoredDocument
from issuer.store.outbox_rows import MailKind, MailState, NewMail
from issuer.vault import token_sha256
from schemas.errors import IssuingError
from verifier.register.edition import Edition

__all__ = [
    "FoundLink",
    "Held",
    "LinkState",
    "NameChange",
    "NewNames",
    "badges_of_holder",
    "choose_names",
    "choose_visibility",
    "claim_badge",
    "claim_token",
    "effective_visibility",
    "find_claim",
    "learner_actor",
    "letters_of",
    "renew_link",
    "send_links",
]

_TOKEN = re.compile(r"[a-z2-7]{26}")
_MAIL_AGAIN_AFTER = timedelta(minutes=10)
_UNDER_WAY = frozenset({MailState.HELD, MailState.QUEUED, MailState.SENDING})  # held: staff decide when it goes


class LinkState(StrEnum):
    GOOD = "good"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A badge as its learner meets it. `repr` shows its id alone."""

    claim: StoredClaim
    credential: StoredCredential
    document: StoredDocument
    learner: Learner

    @property
    def short_id(self) -> str:
        return self.claim.short_id

    def __repr__(self) -> str:
        return f"Held(short_id={self.short_id!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLink:
    """What a link opens: nothing, unless it is good or was."""

    state: LinkState
    held: Held | None = None


class NameChange(StrEnum):
    """What became of a spelling the learner gave."""

    SIGNED = "signed"
    ASKED = "asked"  # other letters than the class list had: the provider's to decide
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNames:
    """A learner's wishes for the name; None leaves one as it is."""

    display: NameDisplay | None = None
    spelling: str | None = field(default=None, repr=False)


def effective_visibility(claim: StoredClaim | None, config: Config) -> Visibility:
    """Who may see the badge's page: the learner's choice, or before one what the instance says."""
    if claim is not None and claim.visibility is not None:
        return claim.visibility
    return Visibility(config.visibility)


def find_claim(instance: Instance, given: str, *, now: datetime) -> FoundLink:
    """What this link opens. Nothing is changed, and a link that never was is told from nothing else."""
    if _TOKEN.fullmatch(given) is None:
        return FoundLink(state=LinkState.UNKNOWN)
    with instance.store.reading() as connection:
        claim = claims_rows.find_by_link(connection, token_sha256(given))
        held = None if claim is None else _held(connection, claim)
    if held is None:
        return FoundLink(state=LinkState.UNKNOWN)
    return FoundLink(state=LinkState.EXPIRED if now >= held.claim.link_expires_at else LinkState.GOOD, held=held)


def claim_badge(instance: Instance, short_id: str, *, visibility: Visibility, now: datetime) -> bool:
    """Take the badge, with who may see it, and make the key for printed certificates. True the first time only."""
    with instance.store.writing() as connection:
        claim = _load(connection, short_id)
        if not claims_rows.mark_claimed(connection, short_id, at=now):
            return False
        claims_rows.change_visibility(connection, short_id, visibility, at=now)
        if claim.share_sha256 is None:
            key = share_key(instance, short_id, serial=claim.share_serial)
            claims_rows.change_share(
                connection, short_id, share_sha256=share_sha256(key), share_serial=claim.share_serial, at=now
            )
        _log(connection, short_id, audit.CLAIM, now=now, visibility=visibility)
    return True


def choose_visibility(instance: Instance, short_id: str, visibility: Visibility, *, now: datetime) -> bool:
    """Who may see the page from now on. False when it is so already."""
    with instance.store.writing() as connection:
        claim = _load(connection, short_id)
        if claim.visibility is visibility:
            return False
        claims_rows.change_visibility(connection, short_id, visibility, at=now)
        _log(connection, short_id, audit.CLAIM_VISIBILITY, now=now, visibility=visibility)
    return True


def choose_names(
    instance: Instance, held: Held, wishes: NewNames, *, edition: Edition | None, now: datetime
) -> NameChange:
    """Sign the badge anew with the name in another form or spelling: same id, newer validFrom.

    A spelling with the same letters (other capitals, macrons or spaces) is the learner's own to mend. One with other
    letters is not signed here: it is `ASKED`, and the caller files it. Raises IssuingError, InputError.
    """
    spelling = read_one_name(wishes.spelling) if wishes.spelling and wishes.spelling.strip() else None
    if spelling is not None and letters_of(spelling) != letters_of(held.learner.name):
        return NameChange.ASKED
    if wishes.display is NameDisplay.PREFERRED and not held.learner.preferred_name:
        raise IssuingError("The provider holds no preferred name of yours; ask for one below.", reason="no-such-name")
    name = spelling if spelling != held.learner.name else None
    display = wishes.display if wishes.display != held.learner.name_display else None
    if name is None and display is None:
        return NameChange.SAME
    try:
        correct(
            instance,
            held.short_id,
            Correction(name=name, name_display=display),
            edition=edition,
            now=now,
            actor=learner_actor(held.short_id),
            accept_unconfirmed=held.credential.unconfirmed_reason,
        )
    except IssuingError as error:
        if error.extensions.get("reason") == "nothing-to-correct":
            return NameChange.SAME
        raise
    return NameChange.SIGNED


def letters_of(name: str) -> str:
    """A name's letters alone: without capitals, macrons and other marks, and spaces."""
    plain = unicodedata.normalize("NFKD", name)
    kept = "".join(character for character in plain if not unicodedata.combining(character))
    return "".join(kept.casefold().split())


def badges_of_holder(instance: Instance, held: Held) -> list[Held]:
    """All badges of this person from this provider: the same address and the same name. Without an address, this one.

    A name alone is nobody's proof: two learners may share it.
    """
    email = held.learner.email
    if not email:
        return [held]
    with instance.store.reading() as connection:
        learners = claims_rows.load_learners_with_email(connection, email)
        same = [one.short_id for one in learners if letters_of(one.name) == letters_of(held.learner.name)]
        rows = claims_rows.load_claims(connection, same)
        found = [one for claim in rows.values() if (one := _held(connection, claim)) is not None]
    return sorted(found, key=lambda one: (one.credential.achieved_on, one.short_id), reverse=True)


def renew_link(instance: Instance, held: Held, *, valid_for: timedelta, now: datetime) -> bool:
    """A new link in place of one that ran out, mailed to the address the provider holds. False without an address."""
    with instance.store.writing() as connection:
        return _send_link(instance, connection, held, valid_for=valid_for, now=now)


def send_links(instance: Instance, email: str, *, valid_for: timedelta, now: datetime) -> None:
    """Mail whoever has badges at this address a link to them. Nothing tells the caller whether there were any."""
    with instance.store.writing() as connection:
        newest: dict[str, Held] = {}
        learners = claims_rows.load_learners_with_email(connection, email.strip())
        claims = claims_rows.load_claims(connection, [one.short_id for one in learners])
        for claim in claims.values():
            held = _held(connection, claim)
            if held is None:
                continue
            name = letters_of(held.learner.name)
            if name not in newest or held.credential.created_at > newest[name].credential.created_at:
                newest[name] = held
        for held in newest.values():
            _send_link(instance, connection, held, valid_for=valid_for, now=now)


def learner_actor(short_id: str) -> str:
    """As the audit log names whoever holds the badge's link."""
    return f"learner:{short_id}"


def _send_link(instance: Instance, connection: Connection, held: Held, *, valid_for: timedelta, now: datetime) -> bool:
    """Queue a mail with the link; one that has run out is replaced. A mail under way is not sent twice."""
    email, claim = held.learner.email, _load(connection, held.short_id)  # whoever asks at the same moment waits
    if not email or not _is_own_address(connection, held, email):
        return False
    last = outbox_rows.last_link_mail(connection, held.short_id)
    if last is not None and (last.state in _UNDER_WAY or last.created_at > now - _MAIL_AGAIN_AFTER):
        return True
    if now >= claim.link_expires_at:
        serial = claim.link_serial + 1
        claims_rows.change_link(
            connection,
            held.short_id,
            link_sha256=token_sha256(claim_token(instance, held.short_id, serial=serial)),
            link_serial=serial,
            expires_at=now + valid_for,
            at=now,
        )
    mail = NewMail(
        kind=MailKind.LINK,
        recipient=email,
        short_id=held.short_id,
        state=MailState.QUEUED,
        made_at=now,
        language=held.learner.language,
    )
    outbox_rows.insert_mails(connection, [mail])
    _log(connection, held.short_id, audit.CLAIM_LINK, now=now)
    return True


def _is_own_address(connection: Connection, held: Held, email: str) -> bool:
    """Whether nobody of another name has it: an address that several people share opens nobody's badge."""
    names = {letters_of(one.name) for one in claims_rows.load_learners_with_email(connection, email)}
    is_mailed = held.claim.delivery is claims_rows.Delivery.MAIL
    return len(names) == 1 and (is_mailed or claims_rows.is_batch_without_mail(connection, held.short_id))


def _held(connection: Connection, claim: StoredClaim) -> Held | None:
    credential = credential_store.load_credential(connection, claim.short_id)
    document = credential_store.load_document(connection, claim.short_id)
    learner = credential_store.load_learner(connection, claim.short_id)
    if credential is None or document is None or learner is None:
        return None
    return Held(claim=claim, credential=credential, document=document, learner=learner)


def _load(connection: Connection, short_id: str) -> StoredClaim:
    claim = claims_rows.load_claim(connection, short_id, for_update=True)
    if claim is None:
        raise IssuingError(f"Badge {short_id} has no claim link.", reason="unknown-credential")
    return claim


def _log(connection: Connection, short_id: str, action: str, *, now: datetime, **facts: str) -> None:
    audit.append(
        connection, at=now, actor=learner_actor(short_id), action=action, facts={"credential": short_id, **facts}
    )
