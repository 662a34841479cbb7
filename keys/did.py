"""did:key and did:web identifiers: knows their syntax and where they point, and retrieves nothing."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from keys.multikey import PublicKey, parse_multikey
from schemas.errors import InputError, KeyRefused
from schemas.jsontext import JsonObject
from schemas.limits import MAX_DID_CHARS, MAX_URL_CHARS
from schemas.vocabulary import DID_V1, MULTIKEY_V1

# DID Core 1.0, section 3.1; a path or query would be a DID URL of a kind that names no key.
_DID = re.compile(r"did:[a-z0-9]+(?::(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+)+")
_FRAGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+")  # RFC 3986, 3.5
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_DID_SEGMENT = re.compile(r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+")
# IDNA 2003 (which Python speaks) and IDNA 2008 (which browsers speak) send these to different names.
_IDNA_DEVIATIONS = frozenset("ßς\u200c\u200d")

_RELATIONSHIPS = ("authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation")


def split_did_url(text: str) -> tuple[str, str | None]:
    """(DID, fragment or None). Raises KeyRefused for anything but a DID, or a DID and a fragment."""
    if len(text) > MAX_DID_CHARS:
        raise KeyRefused(f"The DID has {len(text):,} characters; the limit is {MAX_DID_CHARS}.")
    did, mark, fragment = text.partition("#")
    if not _DID.fullmatch(did):
        raise KeyRefused(f"{did[:100]!r} is not a DID that can be used (no path, query or other characters).")
    if not mark:
        return did, None
    if not _FRAGMENT.fullmatch(fragment):
        raise KeyRefused("The part after '#' is empty or holds characters that a fragment cannot.")
    return did, fragment


def canonical_id(text: str) -> str:
    """The spelling of a DID or DID URL to compare with: host names mean the same in capitals, so did:web loses them.

    Anything that is not a did:web comes back as it is.
    """
    if not text.startswith("did:web:"):
        return text
    did, mark, fragment = text.partition("#")
    host, colon, path = did.removeprefix("did:web:").partition(":")
    return f"did:web:{host.lower().replace('%3a', '%3A')}{colon}{path}{mark}{fragment}"


# --- did:key ----------------------------------------------------------------------------------------------------
def did_key_of(public_key: PublicKey) -> str:
    """The did:key of a key. Raises KeyRefused for RSA, which has no Multikey form."""
    if public_key.multibase is None:
        raise KeyRefused("An RSA key has no did:key.")
    return f"did:key:{public_key.multibase}"


def did_key_document(did: str) -> JsonObject:
    """The controller document that a did:key stands for (did:key, 3.1). Raises KeyRefused."""
    base, fragment = split_did_url(did)
    if not base.startswith("did:key:") or fragment is not None:
        raise KeyRefused(f"{did[:100]!r} is not a did:key.")
    multikey = base.removeprefix("did:key:")
    parse_multikey(multikey)
    method_id = f"{base}#{multikey}"
    document: JsonObject = {
        "@context": [DID_V1, MULTIKEY_V1],
        "id": base,
        "verificationMethod": [
            {"id": method_id, "type": "Multikey", "controller": base, "publicKeyMultibase": multikey}
        ],
    }
    return document | {relationship: [method_id] for relationship in _RELATIONSHIPS}


# --- did:web ----------------------------------------------------------------------------------------------------
def did_web_of(base_url: str) -> str:
    """The did:web of an https address: `https://host:8801/a/b/` gives `did:web:host%3A8801:a:b`.

    Raises InputError, or KeyRefused for one that makes too long a DID.
    """
    parts = _split_https(base_url)
    host = punycode_host(parts.hostname or "")
    port = "" if parts.port in (None, 443) else f"%3A{parts.port}"
    segments = parts.path.removesuffix("/").split("/")[1:]
    for segment in segments:
        _check_segment(segment)
        if not _DID_SEGMENT.fullmatch(segment):
            raise InputError(f"The path part {segment[:100]!r} cannot stand in a did:web; use letters, digits and -.")
    did = ":".join([f"did:web:{host}{port}", *segments])
    did_web_location(did)
    return did


def did_web_location(did: str) -> str:
    """The https address of the DID document (did:web, 3.2). Raises KeyRefused.

    Host and path forms; a port as %3A. An IP address is let through here: the fetcher decides what it will call.
    """
    base, fragment = split_did_url(did)
    if not base.startswith("did:web:") or fragment is not None:
        raise KeyRefused(f"{did[:100]!r} is not a did:web.")
    authority, *segments = base.removeprefix("did:web:").split(":")
    host, mark, port = authority.lower().partition("%3a")
    if mark and not (_PORT.fullmatch(port) and int(port) <= 65_535):
        raise KeyRefused(f"{did[:100]!r} has a port that is not a number from 1 to 65535.")
    if "%" in host:  # user information, a path or a slash in disguise
        raise KeyRefused(f"{did[:100]!r} hides characters in its host name.")
    try:
        _check_host(host)
        for segment in segments:
            _check_segment(segment)
    except InputError as error:
        raise KeyRefused(error.detail) from None
    root = f"https://{host}:{port}" if mark else f"https://{host}"
    return "/".join([root, *segments, "did.json"]) if segments else f"{root}/.well-known/did.json"


def punycode_host(host: str) -> str:
    """A host name as the network compares it: lower case, other letters than a-z as punycode. Raises InputError."""
    if host.isascii():
        name = host.lower()
    elif any(character in _IDNA_DEVIATIONS for character in host):
        raise InputError(f"The host name {host!r} has letters that programs turn into different names; use punycode.")
    else:
        try:
            name = unicodedata.normalize("NFC", host).encode("idna").decode("ascii").lower()
        except UnicodeError:
            raise InputError(f"The host name {host!r} has no form that the network understands.") from None
    _check_host(name)
    return name


def looks_alike(host: str) -> str | None:
    """A warning for a person when a host name (punycode or not) can be taken for another one; else None.

    A suffix proves nothing either way, and letters such as ā are honest, so this warns and never refuses.
    """
    try:
        shown = host.encode("ascii").decode("idna") if host.isascii() else host
    except UnicodeError:
        return f"The host name {host!r} cannot be read as written; it may be dressed up as another."
    if shown.isascii():
        return None
    for label in shown.split("."):
        scripts = {_script(character) for character in label if character.isalpha()}
        if len(scripts) > 1:
            return f"The host name {shown!r} ({host}) mixes alphabets in {label!r}, so it can look like another name."
        if scripts - {"LATIN"}:
            return f"The host name {shown!r} ({host}) is not written in Latin letters, though it may look so."
    return f"The host name reads {shown!r} and is {host!r} to the network; without its marks it is another name."


def _script(character: str) -> str:
    return unicodedata.name(character, "UNNAMED").split()[0]


def _check_host(host: str) -> None:
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise InputError(f"{host[:100]!r} is not a host name.")


def _check_segment(segment: str) -> None:
    """Refuse a path part that could mean another path: empty, dots, or slashes and controls in disguise."""
    try:
        decoded = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"The path part {segment[:100]!r} is not UTF-8 when decoded.") from None
    if decoded in ("", ".", "..") or any(c in "/\\%?#" or not c.isprintable() for c in decoded):
        raise InputError(f"The path part {segment[:100]!r} could mean another path.")


def _split_https(url: str) -> SplitResult:
    if len(url) > MAX_URL_CHARS:
        raise InputError(f"The address has {len(url):,} characters; the limit is {MAX_URL_CHARS}.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InputError(f"{url[:100]!r} is not a web address.") from None
    if parts.scheme != "https" or not parts.hostname or port == 0:
        raise InputError(f"{url[:100]!r} is not an https address; did:web documents are read over https only.")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise InputError(f"{url[:100]!r} must be an address and path alone: no user name, '?' or '#'.")
    return parts
