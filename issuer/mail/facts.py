"""What a mail may say, looked up when it is sent: the badge as it is then, or why nothing is to be sent any more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from issuer.instance import Instance
from issuer.learner.claims import claim_token, effective_visibility
from issuer.mail.compose import Facts
from issuer.staff.choices import Choices
from issuer.store import batch_work, claims_rows
from issuer.store import credentials as credential_store
from issuer.store.claims_rows import StoredClaim
from issuer.store.credentials import Learner, State, StoredCredential
from issuer.store.outbox_rows import LINK_KINDS, LINKLESS_KINDS, MailKind, StoredMail
from issuer.vault import token_sha256
from schemas.nzqcf import nz_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Moot:
    """A mail that has nothing to say any more, and the code of why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes: the same for all mail of a run."""

    instance: Instance
    choices: Choices
    link_base: str  # where links lead: the base URL, or the origin while trying out
    demonstration: bool = False


def load_facts(connection: Connection, mail: StoredMail, sender: Sender, *, now: datetime) -> Facts | Moot:
    """What this mail says at this moment."""
    if mail.kind is MailKind.TEST:
        return _facts_of_test(mail, sender)
    if mail.kind is MailKind.APPROVAL:
        return _facts_of_approval(connection, mail, sender)
    short_id = mail.short_id or ""
    credential = credential_store.load_credential(connection, short_id)
    document = credential_store.load_document(connection, short_id)
    learner = credential_store.load_learner(connection, short_id)
    claim = claims_rows.load_claim(connection, short_id)
    if credential is None or document is None or learner is None or claim is None:
        return Moot(reason="badge-gone")
    if moot := _reason_against(mail.kind, credential, claim, now=now):
        return Moot(reason=moot)
    token = claim_token(sender.instance, short_id, serial=claim.link_serial)
    if token_sha256(token) != claim.link_sha256:
        return Moot(reason="link-unknown")  # made under a secret that this instance no longer has
    config = sender.instance.config
    again = mail.kind is MailKind.CLAIM and claim.claimed_at is not None  # they have it: it is no news any more
    return Facts(
        kind=MailKind.LINK if again else mail.kind,
        provider=config.name,
        title=_title_of(json.loads(document.document)),
        awarded_on=credential.achieved_on,
        name=_name_of(learner),
        link=None if mail.kind in LINKLESS_KINDS else f"{sender.link_base}/claim/{token}",
        outcome=_last_outcome(connection, short_id) if mail.kind is MailKind.SETTLED else None,
        link_until=nz_date(claim.link_expires_at),
        visibility=effective_visibility(claim, config),
        claimed=claim.claimed_at is not None,
        language=mail.language or learner.language,
        contact_name=sender.choices.contact_name,
        contact_email=sender.choices.contact_email,
        demonstration=sender.demonstration,
    )


def _facts_of_test(mail: StoredMail, sender: Sender) -> Facts:
    return Facts(
        kind=MailKind.TEST,
        provider=sender.instance.config.name,
        language=mail.language,
        demonstration=sender.demonstration,
    )


def _facts_of_approval(connection: Connection, mail: StoredMail, sender: Sender) -> Facts | Moot:
    """Of a list that waits: where to look. Whose badges they are is for the desk to show, not for a mail."""
    batch = batch_work.load(connection, mail.batch_id or "")
    if batch is None or batch.state != "awaiting-approval":
        return Moot(reason="approved-meanwhile")
    return Facts(
        kind=MailKind.APPROVAL,
        provider=sender.instance.config.name,
        link=f"{sender.link_base}/desk/issue/{batch.batch_id}/approve",
        demonstration=sender.demonstration,
    )


def _last_outcome(connection: Connection, short_id: str) -> str | None:
    """What came of the request that was settled last."""
    settled = [one for one in claims_rows.load_requests(connection, short_id=short_id) if one.settled_at is not None]
    return max(settled, key=lambda one: one.settled_at or one.made_at).outcome if settled else None


def _reason_against(kind: MailKind, credential: StoredCredential, claim: StoredClaim, *, now: datetime) -> str | None:
    """A code when the badge is no longer as the mail would say."""
    if kind is MailKind.WITHDRAWN:
        return None if credential.state is State.REVOKED else "not-withdrawn"
    if kind is MailKind.SETTLED:
        return None
    if credential.state is State.REVOKED:
        return "badge-withdrawn"
    if kind is MailKind.REMINDER and claim.claimed_at is not None:
        return "claimed"
    if kind in LINK_KINDS and now >= claim.link_expires_at:
        return "link-expired"
    return None


def _name_of(learner: Learner) -> str | None:
    """The name to greet with: the one they go by. Whoever shows none on the badge is greeted all the same."""
    return learner.preferred_name or learner.name


def _title_of(document: Any) -> str:
    return str(document["credentialSubject"]["achievement"]["name"])
