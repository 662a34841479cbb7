"""Keys for printed certificates: short, typed without mistakes, and good while the badge's page is hidden."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.instance import Identity, Instance
from issuer.store import claims_rows
from issuer.vault import token
from schemas.errors import IssuingError

SHARE_PURPOSE = "share"
SHARE_KEY_CHARS = 16  # 80 bits: opens one badge's page and nothing else, so it may be short enough to type
# RFC 4648's letters as Crockford's: no I, L, O or U to be misread on paper.
_TO_CROCKFORD = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghjkmnpqrstvwxyz")
_MISREAD = str.maketrans("iloILO", "110110")
_KEY = re.compile(r"[0-9a-hjkmnp-tv-z]{16}")


def share_key(instance: Identity, short_id: str, *, serial: int) -> str:
    """16 characters of Crockford's base32, in lower case as addresses have them."""
    made = token(instance, purpose=SHARE_PURPOSE, context=f"{short_id}.{serial}")
    return made[:SHARE_KEY_CHARS].translate(_TO_CROCKFORD)


def share_sha256(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode("ascii")).hexdigest()


def grouped(key: str) -> str:
    """As it is printed: `7K3Q X9RZ 2M4T 01AB`."""
    upper = key.upper()
    return " ".join(upper[start : start + 4] for start in range(0, len(upper), 4))


def parse_share_key(typed: str) -> str | None:
    """The key somebody typed from paper, however grouped; letters that are never used are what they look like."""
    plain = re.sub(r"[\s-]", "", typed[:64]).translate(_MISREAD).lower()
    return plain if _KEY.fullmatch(plain) else None


def find_shared(instance: Instance, typed: str) -> str | None:
    """The short id of the badge a share key opens."""
    key = parse_share_key(typed)
    if key is None:
        return None
    with instance.store.reading() as connection:
        claim = claims_rows.find_by_share(connection, share_sha256(key))
    return None if claim is None else claim.short_id


def make_share_key(instance: Instance, short_id: str, *, now: datetime) -> str:
    """The badge's key; made if it has none."""
    with instance.store.writing() as connection:
        claim = claims_rows.load_claim(connection, short_id, for_update=True)
        if claim is None:
            raise IssuingError(f"Badge {short_id} has no claim link.", reason="unknown-credential")
        key = share_key(instance, short_id, serial=claim.share_serial)
        if claim.share_sha256 is None:
            claims_rows.change_share(
                connection, short_id, share_sha256=share_sha256(key), share_serial=claim.share_serial, at=now
            )
            _log(connection, short_id, audit.SHARE_KEY, now=now)
    return key


def withdraw_share_key(instance: Instance, short_id: str, *, now: datetime) -> bool:
    """Certificates printed so far lead nowhere from now on. False when there was no key. The next one is another."""
    with instance.store.writing() as connection:
        claim = claims_rows.load_claim(connection, short_id, for_update=True)
        if claim is None or claim.share_sha256 is None:
            return False
        claims_rows.change_share(connection, short_id, share_sha256=None, share_serial=claim.share_serial + 1, at=now)
        _log(connection, short_id, audit.SHARE_KEY_WITHDRAWN, now=now)
    return True


def _log(connection: Connection, short_id: str, action: str, *, now: datetime) -> None:
    audit.append(connection, at=now, actor=f"learner:{short_id}", action=action, facts={"credential": short_id})
