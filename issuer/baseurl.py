"""The base URL every public address of an instance starts with: one spelling, or a sentence why not."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from schemas.errors import InputError

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_MAX_HOST_CHARS = 253
_MAX_BASE_CHARS = 1_024  # leaves room for what is added to it within limits.MAX_URL_CHARS


def parse_base_url(text: str) -> str:
    """`HTTPS://Badges.Example.NZ:443/x/` -> `https://badges.example.nz/x`. Raises InputError.

    https only (http for this machine itself), no user, query or fragment; a macron in the host becomes punycode, the
    form in which did:web hosts are compared.
    """
    if len(text) > _MAX_BASE_CHARS or any(character.isspace() or not character.isprintable() for character in text):
        raise InputError("The base URL is too long, or has spaces in it.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InputError(f"“{text}” is no URL; a base URL looks like https://badges.example.nz") from None
    host = _host(parts, text)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOCAL_HOSTS):
        raise InputError(f"The base URL must start with https://, not “{parts.scheme}:” (http is for localhost only).")
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise InputError("The base URL may hold no user name, no query (?) and no fragment (#).")
    place = host if port is None or port == _DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    return f"{parts.scheme}://{place}{_path(parts.path)}"


def _host(parts: SplitResult, text: str) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise InputError(f"“{text}” names no host; a base URL looks like https://badges.example.nz")
    if ":" in host:
        return f"[{ipaddress.ip_address(host).compressed}]"
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise InputError(f"The host “{host}” has no internet form.") from None
    ascii_host = ascii_host.lower()
    if len(ascii_host) > _MAX_HOST_CHARS or not all(_LABEL.fullmatch(label) for label in ascii_host.split(".")):
        raise InputError(f"The host “{host}” is not one the internet can have.")
    return ascii_host


def _path(path: str) -> str:
    segments = [segment for segment in path.strip("/").split("/") if path.strip("/")]
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise InputError(f"The base URL's path may hold letters, digits and . _ - only, not “{segment}”.")
    return "".join("/" + segment for segment in segments)
