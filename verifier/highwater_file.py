"""The high-water file: JSON that only its owner reads, changed under a lock and in one step; judges nothing.

    {"high_water": 1,
     "authorities": [{"did", "editions": [{"edition", "sha256", "previous_sha256", "as_at", "demonstration"}]}],
     "status_lists": [{"url", "issuer", "valid_from", "sha256"}]}

A file that cannot be read is never started afresh: whoever could damage it could otherwise make us forget.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from schemas.errors import HighWaterError, InputError
from schemas.jsontext import JsonObject, JsonValue, parse_object, write_json
from schemas.limits import HIGH_WATER, HIGH_WATER_LOCK_SECONDS
from schemas.times import parse_date, parse_time
from verifier.highwater import Authority, HighWater, SeenEdition, SeenList

_FORMAT = 1
_PRIVATE = 0o600
_SHA256 = re.compile(r"[0-9a-f]{64}")
_POLL_SECONDS = 0.02
_Result = TypeVar("_Result")


def load_high_water(path: Path) -> HighWater:
    """What the file remembers; nothing when there is no file yet. Raises HighWaterError."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise HighWaterError(
                    f"{path} can be read or changed by others, so it is not relied on; run `chmod 600 {path}` after "
                    "making sure that nobody changed it."
                )
            data = file.read(HIGH_WATER.max_bytes + 1)
    except FileNotFoundError:
        return HighWater()
    except OSError as error:
        raise HighWaterError(f"The high-water file {path} cannot be read: {error.strerror}.") from None
    try:
        return parse_high_water(data)
    except InputError as error:
        raise HighWaterError(
            f"The high-water file {path} is damaged ({error.detail.rstrip('.')}). Put back a copy of it; without one, "
            "move it aside and start a new one with the newest edition from the authority itself. It was left as it is."
        ) from None


def change_high_water(path: Path, change: Callable[[HighWater], tuple[HighWater, _Result]]) -> _Result:
    """Read the file, `change` what it says, and write it when that differs: one process at a time.

    What `change` raises leaves the file as it was. Raises HighWaterError.
    """
    path = path.resolve()
    with _locked(path):
        before = load_high_water(path)
        after, result = change(before)
        if after != before:
            _write(path, write_json(high_water_document(after), indent=1))
        return result


def high_water_document(high_water: HighWater) -> JsonObject:
    return {
        "high_water": _FORMAT,
        "authorities": [
            {
                "did": authority.did,
                "editions": [
                    {
                        "edition": one.number,
                        "sha256": one.sha256,
                        "previous_sha256": one.previous_sha256,
                        "as_at": one.as_at.isoformat(),
                        "demonstration": one.demonstration,
                    }
                    for one in authority.editions
                ],
            }
            for authority in high_water.authorities
        ],
        "status_lists": [
            {"url": one.url, "issuer": one.issuer, "valid_from": one.valid_from.isoformat(), "sha256": one.sha256}
            for one in high_water.lists
        ],
    }


def parse_high_water(data: bytes) -> HighWater:
    """The inverse of `high_water_document`. Raises InputError for anything it would not have written."""
    document = parse_object(data, limits=HIGH_WATER)
    if document.get("high_water") != _FORMAT:
        raise InputError("it is not a high-water file, or one of a later program")
    if document.keys() != {"high_water", "authorities", "status_lists"}:
        raise InputError("it lacks a part, or has one that does not belong there")
    authorities = tuple(_authority(one) for one in _objects(document["authorities"]))
    lists = tuple(_list(one) for one in _objects(document["status_lists"]))
    if len({one.did for one in authorities}) != len(authorities) or len({one.key for one in lists}) != len(lists):
        raise InputError("it says something twice")
    return HighWater(authorities=authorities, lists=lists)


def _authority(row: JsonObject) -> Authority:
    editions = tuple(_edition(one) for one in _objects(row.get("editions")))
    if not editions or any(after.number <= before.number for before, after in pairwise(editions)):
        raise InputError("an authority's editions are missing or out of order")
    return Authority(did=_text(row, "did"), editions=editions)


def _edition(row: JsonObject) -> SeenEdition:
    number, demonstration = row.get("edition"), row.get("demonstration")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or not isinstance(demonstration, bool):
        raise InputError("an edition has no number, or does not say whether it is demonstration data")
    return SeenEdition(
        number=number,
        sha256=_sha256(row, "sha256"),
        previous_sha256=None if row.get("previous_sha256") is None else _sha256(row, "previous_sha256"),
        as_at=parse_date(row.get("as_at")),
        demonstration=demonstration,
    )


def _list(row: JsonObject) -> SeenList:
    return SeenList(
        url=_text(row, "url"),
        issuer=_text(row, "issuer"),
        valid_from=parse_time(row.get("valid_from")),
        sha256=_sha256(row, "sha256"),
    )


def _objects(value: JsonValue) -> Iterator[JsonObject]:
    if not isinstance(value, list):
        raise InputError("a part of it is not a list")
    for one in value:
        if not isinstance(one, dict):
            raise InputError("an entry of it is not an object")
        yield one


def _text(row: JsonObject, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise InputError(f"{name} is missing")
    return value


def _sha256(row: JsonObject, name: str) -> str:
    value = _text(row, name)
    if not _SHA256.fullmatch(value):
        raise InputError(f"{name} is not a SHA-256")
    return value


# --- the disk -----------------------------------------------------------------------------------------------------
@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """A lock on a file beside the real one, which is itself replaced at every change."""
    beside = path.with_name(f".{path.name}.lock")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    except OSError as error:
        raise HighWaterError(f"{path} cannot be kept: {beside} cannot be opened ({error.strerror}).") from None
    try:
        _wait_for(descriptor, path)
        yield
    finally:
        os.close(descriptor)  # which also lets go of the lock


def _wait_for(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + HIGH_WATER_LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise HighWaterError(
                    f"Another process has held {path} for {HIGH_WATER_LOCK_SECONDS:g} seconds; try again later."
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _write(path: Path, data: bytes) -> None:
    if len(data) > HIGH_WATER.max_bytes:
        raise HighWaterError(f"{path} would grow over {HIGH_WATER.max_bytes:,} bytes; keep a file for each register.")
    beside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise HighWaterError(f"The high-water file {path} cannot be written: {error.strerror}.") from None
