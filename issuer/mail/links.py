"""A learner's link once more, or to another address: what staff do for whoever lost the mail or the mailbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import ROW_KEY_SECRET, Instance
from issuer.learner.claims import claim_token, letters_of
from issuer.rowkeys import default_row_key
from issuer.rows.single import read_one_email
from issuer.status import load_held
from issuer.store import claims_rows, outbox_rows
from issuer.store import credentials as credential_store
from issuer.store.claims_rows import Delivery, StoredClaim
from issuer.store.credentials import Learner, State
from issuer.store.outbox_rows import MailKind, MailState, NewMail, insert_mails
from issuer.vault import token_sha256
from schemas.errors import InputError, IssuingError

AGAIN_AFTER: Final = timedelta(minutes=10)


def resend(instance: Instance, short_id: str, *, valid_for: timedelta, now: datetime, actor: str) -> str:
    """Send the badge's link once more, a new one if it ran out. Returns the mail's id.

    Raises IssuingError: no address of their own, withdrawn, or a mail that waits or went out minutes ago.
    """
    with instance.store.writing() as connection:
        held = load_held(connection, short_id)
        claim, learner = _load(connection, short_id)
        if held.state is State.REVOKED:
            raise IssuingError(f"Badge {short_id} was withdrawn; there is no link to send.", reason="withdrawn")
        if learner.email is None or claim.delivery is not Delivery.MAIL:
            raise IssuingError(
                "There is no address that is this learner's alone. Print the link, or hand it over.", reason="hand-over"
            )
        _refuse_too_soon(connection, short_id, now=now)
        if now >= claim.link_expires_at:
            _renew(instance, connection, claim, valid_for=valid_for, now=now)
        mail = _mail(learner, learner.email, claimed=claim.claimed_at is not None, batch_id=held.batch_id, now=now)
        insert_mails(connection, [mail])
        facts = {"credential": short_id, "mail": mail.mail_id}
        audit.append(connection, at=now, actor=actor, action=audit.MAIL_RESEND, facts=facts)
    return mail.mail_id


def change_address(
    instance: Instance, short_id: str, email: str, *, valid_for: timedelta, now: datetime, actor: str
) -> int:
    """A learner who lost a mailbox: another address, new links in place of the old, and a mail with one of them.

    The learner's other badges follow. A class list with the new address will find the badges. Returns how many badges
    changed. Raises InputError for the address, IssuingError.
    """
    address = read_one_email(email)
    with instance.store.writing() as connection:
        held = load_held(connection, short_id)
        claim, learner = _load(connection, short_id)
        if learner.email is not None and learner.email.lower() == address.lower():
            raise InputError("This is the address that the badge has already.", field="email")
        _refuse_another_learner(connection, learner, address)
        badges = _badges_of(connection, learner)
        for each in badges:
            _move(instance, connection, each, address, valid_for=valid_for, now=now)
        outbox_rows.change_waiting_address(connection, [each.short_id for each in badges], address)
        _cancel_waiting(connection, short_id)  # one mail with the link is enough, and it goes now
        if held.state is not State.REVOKED:
            claimed = claim.claimed_at is not None
            insert_mails(connection, [_mail(learner, address, claimed=claimed, batch_id=held.batch_id, now=now)])
        facts = {"credential": short_id, "credentials": sorted(each.short_id for each in badges)}
        audit.append(connection, at=now, actor=actor, action=audit.LEARNER_ADDRESS, facts=facts)
    return len(badges)


def _cancel_waiting(connection: Connection, short_id: str) -> None:
    waiting = outbox_rows.list_mails(connection, states=(MailState.HELD, MailState.QUEUED), short_id=short_id)
    links = [mail.mail_id for mail in waiting if mail.kind in outbox_rows.LINK_KINDS]
    outbox_rows.cancel(connection, reason="address-changed", mail_ids=links)


def _move(
    instance: Instance, connection: Connection, learner: Learner, address: str, *, valid_for: timedelta, now: datetime
) -> None:
    """One badge to another address: its old link opens nothing, and a list with the new address finds it."""
    credential_store.update_learner(connection, replace(learner, email=address))
    claim = claims_rows.load_claim(connection, learner.short_id, for_update=True)
    if claim is not None:
        _renew(instance, connection, claim, valid_for=valid_for, now=now)
        claims_rows.change_delivery(connection, learner.short_id, Delivery.MAIL, at=now)
    _let_lists_find(instance, connection, learner, address)


def _let_lists_find(instance: Instance, connection: Connection, learner: Learner, address: str) -> None:
    """A class list that found the badge by name, address, reference and day finds it by the new address too."""
    held = load_held(connection, learner.short_id)
    provider, secret = instance.config.provider, instance.secret(ROW_KEY_SECRET)
    before, after = (
        default_row_key(
            secret, provider=provider, name=learner.name, email=email, ref=held.nzqa_ref, achieved_on=held.achieved_on
        )
        for email in (learner.email, address)
    )
    found = credential_store.find_by_row_keys(connection, provider=provider, row_keys=[before])
    if before in found and found[before].short_id == learner.short_id:
        credential_store.add_alias(connection, provider=provider, row_key=after, short_id=learner.short_id)


def _load(connection: Connection, short_id: str) -> tuple[StoredClaim, Learner]:
    claim = claims_rows.load_claim(connection, short_id, for_update=True)
    learner = credential_store.load_learner(connection, short_id)
    if claim is None or learner is None:
        raise IssuingError(f"Badge {short_id} has no claim link.", reason="unknown-credential")
    return claim, learner


def _badges_of(connection: Connection, learner: Learner) -> list[Learner]:
    """The badges of this person: the same address and the same name; a name alone is nobody's proof."""
    if learner.email is None:
        return [learner]
    same = claims_rows.load_learners_with_email(connection, learner.email)
    return [each for each in same if letters_of(each.name) == letters_of(learner.name)]


def _refuse_another_learner(connection: Connection, learner: Learner, address: str) -> None:
    for other in claims_rows.load_learners_with_email(connection, address):
        if letters_of(other.name) != letters_of(learner.name):
            raise InputError(
                "Another learner's badges have this address. Hand the link over, or use an address of their own.",
                field="email",
            )


def _refuse_too_soon(connection: Connection, short_id: str, *, now: datetime) -> None:
    last = outbox_rows.last_link_mail(connection, short_id)
    if last is None:
        return
    if last.state in {MailState.HELD, MailState.QUEUED, MailState.SENDING}:
        raise IssuingError("A mail with the link waits to be sent already; release it, or wait.", reason="waiting")
    if last.state is MailState.SENT and (last.sent_at or last.created_at) > now - AGAIN_AFTER:
        raise IssuingError("A mail with the link was sent in the last ten minutes; wait a little.", reason="too-soon")


def _renew(
    instance: Instance, connection: Connection, claim: StoredClaim, *, valid_for: timedelta, now: datetime
) -> None:
    serial = claim.link_serial + 1
    claims_rows.change_link(
        connection,
        claim.short_id,
        link_sha256=token_sha256(claim_token(instance, claim.short_id, serial=serial)),
        link_serial=serial,
        expires_at=now + valid_for,
        at=now,
    )


def _mail(learner: Learner, address: str, *, claimed: bool, batch_id: str | None, now: datetime) -> NewMail:
    return NewMail(
        kind=MailKind.LINK if claimed else MailKind.CLAIM,
        recipient=address,
        short_id=learner.short_id,
        batch_id=batch_id,
        language=learner.language,
        state=MailState.QUEUED,
        made_at=now,
    )
