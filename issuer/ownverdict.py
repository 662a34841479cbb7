"""What our own verifier says of one stored badge at this moment, over our own addresses in memory; changes nothing."""

from __future__ import annotations

from datetime import datetime

from issuer.instance import Instance
from issuer.selfcheck import OwnWeb
from issuer.status import signed_lists
from issuer.store import credentials as credential_store
from schemas.errors import IssuingError
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.register.edition import Edition
from verifier.report import Report
from verifier.verify import Surroundings, verify


def verdict_now(
    instance: Instance, short_id: str, *, edition: Edition | None, now: datetime, version: int | None = None
) -> Report:
    """The whole verification of a badge, of its version in force unless another is named. Raises IssuingError.

    An earlier version is judged as a stranger would judge a copy of it: our address has the newer one.
    """
    with instance.store.reading() as connection:
        newest = credential_store.load_document(connection, short_id)
        looked_at = newest if version is None else credential_store.load_document(connection, short_id, version=version)
    if newest is None or looked_at is None:
        raise IssuingError(f"This instance has issued no badge {short_id}.", reason="unknown-credential")
    web = OwnWeb(instance, lists=signed_lists(instance, now=now), at=now)
    web.put(newest)
    subject = intake_bytes(looked_at.document, name=short_id)
    return verify(subject, policy=BADGE_POLICY, surroundings=Surroundings(fetch=web, edition=edition), at=now)
