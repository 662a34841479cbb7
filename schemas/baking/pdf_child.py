"""Run on its own, in a process with caps: reads a PDF from its input, writes the one badge text inside, or why not.

A stranger's PDF may loop, swell or crash whatever reads it; here that costs a process. It imports nothing of ours, and
follows nothing in the document: it looks once at every object, for files that are attached and for what would run.
"""

from __future__ import annotations

import io
import json
import logging
import re
import resource
import sys
from collections.abc import Iterator
from typing import Any

CPU_SECONDS = 3
MEMORY_BYTES = 512 * 1024 * 1024
MAX_OBJECTS = 20_000  # ours have 80; a hundred-page book about 2,000
MAX_ATTACHMENTS = 16
MAX_NESTING = 40  # direct objects within one object
MAX_TEXT_BYTES = 1024 * 1024  # schemas.limits.DOCUMENT
# ISO 32000-1, 12.6.4: what a document asks of its reader that no certificate needs.
ACTIVE = frozenset({"/JavaScript", "/Launch", "/ImportData", "/SubmitForm"})
JWS = re.compile(rb"\s*[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\s*")


class Refused(Exception):
    """The reason, a word that `schemas.baking.pdf` has a sentence for."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable()
    try:
        answer = {"text": badge_in(sys.stdin.buffer.read())}
    except Refused as refused:
        answer = {"refused": str(refused)}
    except MemoryError:
        answer = {"refused": "swells"}
    except Exception:  # noqa: BLE001 - whatever a damaged file makes of the library, the file is what is at fault
        answer = {"refused": "damaged"}
    sys.stdout.buffer.write(json.dumps(answer).encode())


def badge_in(data: bytes) -> str:
    """The text of the one attached badge. Raises Refused."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if "/Encrypt" in reader.trailer:
        raise Refused("encrypted")
    streams: dict[int, tuple[bool, Any]] = {}
    for value in dictionaries(reader):
        if value.get("/S") in ACTIVE or "/JS" in value:
            raise Refused("active")
        if (files := value.get("/EF")) is not None:
            files = files.get_object()
            name = str(value.get("/UF") or value.get("/F") or "")
            for key in ("/UF", "/F"):
                if key in files:
                    stream = files[key].get_object()
                    named = name.lower() in {"badge.json", "badge.jwt"}
                    streams.setdefault(id(stream), (named, stream))
                    break
            if len(streams) > MAX_ATTACHMENTS:
                raise Refused("many-attachments")
    found = {text for named, stream in streams.values() if (text := badge_text(stream, named=named)) is not None}
    if len(found) > 1:
        raise Refused("several")
    if not found:
        raise Refused("no-badge")
    try:
        return found.pop().decode()
    except UnicodeDecodeError:
        raise Refused("not-utf-8") from None


def dictionaries(reader: Any) -> Iterator[Any]:
    """Every dictionary in the document, each object looked at once."""
    numbers = {number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)
    if len(numbers) > MAX_OBJECTS:
        raise Refused("many-objects")
    from pypdf.generic import IndirectObject

    for number in sorted(numbers):
        yield from within(IndirectObject(number, 0, reader).get_object(), depth=0)


def within(value: Any, *, depth: int) -> Iterator[Any]:
    """The dictionaries of one object; references are other objects, and have their own turn."""
    if depth > MAX_NESTING:
        raise Refused("nested")
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from within(member, depth=depth + 1)
    elif isinstance(value, list):
        for member in value:
            yield from within(member, depth=depth + 1)


def badge_text(stream: Any, *, named: bool) -> bytes | None:
    """What the attachment holds, when it is or calls itself a badge."""
    filters = stream.get("/Filter")
    filters = filters if isinstance(filters, list) else [] if filters is None else [filters]
    if any(str(one) != "/FlateDecode" for one in filters) or len(filters) > 1:
        if named:
            raise Refused("damaged")
        return None
    try:
        content: bytes = stream.get_data()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        if "limit" in type(error).__name__.lower():
            raise Refused("swells") from None
        if named:
            raise Refused("damaged") from None
        return None
    looks_like = (content.lstrip()[:1] == b"{" and b"VerifiableCredential" in content) or (
        len(content) <= MAX_TEXT_BYTES and JWS.fullmatch(content)
    )
    if not named and not looks_like:
        return None
    if not content.strip():
        raise Refused("damaged")
    if len(content) > MAX_TEXT_BYTES:
        raise Refused("swells")
    return content


if __name__ == "__main__":
    main()
