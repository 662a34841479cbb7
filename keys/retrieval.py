"""Documents by address without a network: knows local files that stand for URLs, not what the documents say."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn, TypeAlias
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from schemas.errors import Fault, InputError, NotPublished, Unreachable
from schemas.jsontext import parse_object, pointer
from schemas.limits import CONFIGURATION, MAX_FETCH_BYTES, MAX_IMAGE_BYTES, MAX_URL_CHARS

_MEDIA_TYPES = {
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".jwt": "application/vc+jwt",
    ".jws": "application/vc+jwt",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".html": "text/html",
}
_IMAGE_SUFFIXES = (".png", ".svg", ".pdf")
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What an address gave, and when. `url` is the address asked for; `sha256` is of the body, in hexadecimal.

    `max_age` is for how many seconds its sender lets it be kept (RFC 9111); None where it said nothing, and `NEVER`.
    """

    url: str
    body: bytes
    media_type: str | None
    retrieved_at: datetime
    sha256: str
    max_age: int | None = None


NEVER = -1  # the sender says no-store

Fetch: TypeAlias = Callable[[str], Retrieved]
"""Gives the document at an address, or raises Unreachable."""


def retrieved(url: str, body: bytes, *, media_type: str | None, at: datetime) -> Retrieved:
    """A Retrieved with its digest."""
    digest = hashlib.sha256(body).hexdigest()
    return Retrieved(url=url, body=body, media_type=media_type, retrieved_at=at, sha256=digest)


def no_network(url: str) -> NoReturn:
    """The Fetch that retrieves nothing."""
    raise Unreachable(f"{url[:200]} was not looked up: this check runs without a network.", url=url)


def load_did_map(path: Path, *, at: datetime | Callable[[], datetime], otherwise: Fetch | None = None) -> Fetch:
    """A Fetch over local files, from a JSON object: address -> file, or address prefix ending in `/` -> folder.

    An exact address wins over a prefix, a longer prefix over a shorter. Relative paths are relative to the map file.
    Under a folder the path P of an address is answered by the file P, else P.json, else P/index.html; nothing
    outside the folder is ever read. Where the folder has none of them the address is NotPublished; addresses that the
    map does not name go to `otherwise`, or are Unreachable. `at` is when a file is said to have been retrieved: a
    moment, or a clock where one map serves for long.
    Raises InputError for a map that cannot be used.
    """
    try:
        entries = parse_object(path.read_bytes(), limits=CONFIGURATION)
    except OSError as error:
        raise InputError(f"The did-map {path} cannot be read: {error.strerror}.") from None
    except InputError as error:
        raise InputError(f"The did-map {path} cannot be read. {error.detail}") from None
    exact: dict[str, Path] = {}
    folders: list[tuple[str, Path]] = []
    faults = []
    for address, target in entries.items():
        normal = _normal_address(address)
        if normal is None or not isinstance(target, str) or not target or "\0" in target:
            message = "an entry is an http(s) address without '#', and a path"
            faults.append(Fault(message=message, file=str(path), pointer=pointer(address)))
        elif address.endswith("/"):
            folders.append((normal, path.parent / target))
        else:
            exact[normal] = path.parent / target
    if faults:
        raise InputError(f"The did-map cannot be used. {faults[0]}.", faults=tuple(faults))
    folders.sort(key=lambda entry: len(entry[0]), reverse=True)
    return _DidMap(exact=exact, folders=tuple(folders), otherwise=otherwise or no_network, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DidMap:
    exact: Mapping[str, Path]
    folders: tuple[tuple[str, Path], ...]  # longest prefix first
    otherwise: Fetch
    at: datetime | Callable[[], datetime]

    def __call__(self, url: str) -> Retrieved:
        normal = _normal_address(url.partition("#")[0])
        if normal is None:
            return self.otherwise(url)
        if (file := self.exact.get(normal)) is not None:
            return self._read(url, file)
        for prefix, folder in self.folders:
            if normal.startswith(prefix):
                return self._read(url, _file_under(folder, normal[len(prefix) :], url))
        return self.otherwise(url)

    def _read(self, url: str, file: Path) -> Retrieved:
        suffix = file.suffix.lower()
        limit = MAX_IMAGE_BYTES if suffix in _IMAGE_SUFFIXES else MAX_FETCH_BYTES
        body = _bytes_of_file(file, limit, url)
        return retrieved(url, body, media_type=_MEDIA_TYPES.get(suffix), at=self.at() if callable(self.at) else self.at)


def _file_under(folder: Path, rest: str, url: str) -> Path:
    """The file in `folder` that answers the rest of an address. Raises Unreachable; never leaves the folder."""
    segments = rest.removesuffix("/").split("/") if rest.strip("/") else []
    names = [_plain_name(segment, url) for segment in segments]
    try:
        root = folder.resolve(strict=True)
    except (OSError, RuntimeError):
        raise Unreachable(f"The folder for {url[:200]} is not there: {folder}.", url=url) from None
    plain = root.joinpath(*names)
    candidates = [plain / "index.html"]
    if names and not rest.endswith("/"):
        candidates = [plain, plain.with_name(plain.name + ".json"), *candidates]
    for candidate in candidates:
        try:
            real = candidate.resolve(strict=True)  # follows links, so that where they end is what is judged
        except (OSError, RuntimeError):
            continue
        if real.is_relative_to(root) and real.is_file():
            return real
    raise NotPublished(f"No file in {folder} answers {url[:200]}.", url=url)


def _plain_name(segment: str, url: str) -> str:
    """One decoded path part, which must be one plain file name."""
    try:
        name = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        name = ""
    if name in ("", ".", "..") or any(character in "/\\\0" for character in name):
        raise Unreachable(f"{url[:200]} has a path that no file of the map can answer.", url=url)
    return name


def _bytes_of_file(file: Path, limit: int, url: str) -> bytes:
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer that never comes.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise Unreachable(f"{file}, which the map gives for {url[:200]}, is not a file.", url=url)
            body = opened.read(limit + 1)
    except OSError as error:
        raise Unreachable(f"{file}, for {url[:200]}, cannot be read: {error.strerror}.", url=url) from None
    if len(body) > limit:
        raise Unreachable(f"{file}, for {url[:200]}, is larger than {limit:,} bytes.", url=url)
    return body


def _normal_address(url: str) -> str | None:
    """An http(s) address with scheme and host in lower case and no default port; None for anything else."""
    if len(url) > MAX_URL_CHARS or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc or "#" in url:
        return None
    shown_port = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    normal = SplitResult(parts.scheme, host + shown_port, parts.path or "/", parts.query, "")
    return normal.geturl()
