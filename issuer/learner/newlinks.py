"""One badge's claim link in the hands of staff who know whom they give it to: shown to print, or replaced."""

from __future__ import annotations

from datetime import datetime, timedelta

from issuer import audit
from issuer.instance import Instance
from issuer.learner.claims import claim_token
from issuer.status import refuse_closed
from issuer.store import claims_rows
from issuer.vault import token_sha256
from schemas.errors import IssuingError


def replace_link(instance: Instance, short_id: str, *, valid_for: timedelta, now: datetime, actor: str) -> str:
    """Put a new link in place of the old, in one transaction with its audit entry. Returns its secret part.

    Raises IssuingError for a badge that was issued without a link.
    """
    with instance.store.writing() as connection:
        refuse_closed(connection)
        claim = claims_rows.load_claim(connection, short_id, for_update=True)
        if claim is None:
            raise IssuingError(
                "This badge was issued without a claim link, so there is none to replace.", reason="no-claim"
            )
        serial = claim.link_serial + 1
        token = claim_token(instance, short_id, serial=serial)
        claims_rows.change_link(
            connection,
            short_id,
            link_sha256=token_sha256(token),
            link_serial=serial,
            expires_at=now + valid_for,
            at=now,
        )
        facts = {"credential": short_id, "serial": serial}
        audit.append(connection, at=now, actor=actor, action=audit.LINK_REPLACED, facts=facts)
    return token


def print_link(instance: Instance, short_id: str, *, now: datetime, actor: str) -> str | None:
    """The secret part of the link that works now; that somebody took it is written down. None when it has run out.

    Raises IssuingError for a badge that was issued without a link.
    """
    with instance.store.writing() as connection:
        claim = claims_rows.load_claim(connection, short_id, for_update=True)
        if claim is None:
            raise IssuingError("This badge was issued without a claim link.", reason="no-claim")
        if now >= claim.link_expires_at:
            return None
        facts = {"credential": short_id, "links": 1}
        audit.append(connection, at=now, actor=actor, action=audit.LINKS_PRINTED, facts=facts)
    return claim_token(instance, short_id, serial=claim.link_serial)
