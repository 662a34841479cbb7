"""What a published site still says and a restored instance no longer knows: bits set after the backup was taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from issuer.instance import Instance
from issuer.store import lists as list_store
from issuer.store import withdrawals
from schemas.errors import BadgeError, InputError
from schemas.jsontext import JsonObject, parse_object
from schemas.limits import MAX_BITSTRING_BYTES
from schemas.statuslist import decode
from schemas.vocabulary import SUSPENSION

_STATUS_FOLDER = "status"
_MAX_LIST_BYTES = 3 * MAX_BITSTRING_BYTES  # base64 of bits that do not compress, and the credential around them


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSince:
    """Badges that the site has as withdrawn (or replaced) and as on hold, and places of badges nobody here knows."""

    withdrawn: tuple[str, ...]
    on_hold: tuple[str, ...]
    unknown: int


def find_lost(instance: Instance, site: Path) -> LostSince:
    """Compare the site's status lists with the instance's own bits. It only names; nothing is changed, so no signature
    is asked for. Raises InputError when the folder holds no status lists or one cannot be read.
    """
    files = sorted(path for path in (site / _STATUS_FOLDER).glob("*") if path.name.isascii() and path.name.isdigit())
    if not files:
        raise InputError(f"{site} holds no status lists; name the folder that `badge-issuer publish` wrote.")
    withdrawn: set[str] = set()
    on_hold: set[str] = set()
    unknown = 0
    for path in files:
        number = int(path.name)
        purpose, published = _read_list(path)
        with instance.store.reading() as connection:
            missing = published - set(list_store.load_bits(connection, number))
            found = withdrawals.find_at_places(connection, number, sorted(missing), suspension=purpose == SUSPENSION)
        (on_hold if purpose == SUSPENSION else withdrawn).update(found.values())
        unknown += len(missing) - len(found)
    return LostSince(withdrawn=tuple(sorted(withdrawn)), on_hold=tuple(sorted(on_hold - withdrawn)), unknown=unknown)


def _read_list(path: Path) -> tuple[str, set[int]]:
    """(purpose, the set bits) of a published list."""
    try:
        if path.stat().st_size > _MAX_LIST_BYTES:
            raise InputError("it is too large.")
        subject: JsonObject = parse_object(path.read_bytes())["credentialSubject"]
        bits = decode(subject["encodedList"])
        return str(subject["statusPurpose"]), set(_set_bits(bits.octets))
    except BadgeError as error:
        raise InputError(f"{path} is not a status list that can be read: {error.detail}") from None
    except (OSError, KeyError, TypeError):
        raise InputError(f"{path} is not a status list that can be read.") from None


def _set_bits(octets: bytes) -> Iterable[int]:
    for place, octet in enumerate(octets):
        if octet:
            yield from (8 * place + bit for bit in range(8) if octet & (0x80 >> bit))
