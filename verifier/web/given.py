"""A request -> the badge it gives: a file, a text, an address or JSON; reads and refuses, judges nothing."""

from __future__ import annotations

from flask import request

from schemas.errors import InputError
from schemas.jsontext import parse_object, write_json
from schemas.limits import MAX_IMAGE_BYTES, MAX_URL_CHARS
from verifier.intake import Subject, intake_bytes
from verifier.web.service import current_service


def parse_address(text: str) -> str:
    """A badge's address. Raises InputError."""
    url = text.strip()
    if not url.startswith(("https://", "http://")) or len(url) > MAX_URL_CHARS:
        raise InputError("Give the badge's address; it starts with https://")
    return url


def json_subject() -> tuple[Subject, str | None]:
    """`{"credential"|"jwt"|"url"}` -> the badge, and the address asked for. Raises InputError."""
    given = parse_object(request.get_data(cache=False))
    members = [name for name in ("credential", "jwt", "url") if name in given]
    if len(members) != 1 or len(given) != 1:
        raise InputError("Give one member: “credential” (an object), “jwt” or “url” (texts).")
    name, value = members[0], given[members[0]]
    if name == "credential" and isinstance(value, dict):
        return intake_bytes(write_json(value), name="credential"), None
    if name == "jwt" and isinstance(value, str):
        return intake_bytes(value.encode(), name="jwt"), None
    if name == "url" and isinstance(value, str):
        return current_service().subject_at(parse_address(value)), value
    raise InputError(f"“{name}” is not of the right kind: credential is an object, jwt and url are texts.")


def form_subject() -> tuple[Subject, str | None]:
    """The form's file, text or address -> the badge, and the address asked for. Raises InputError."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return intake_bytes(file.stream.read(MAX_IMAGE_BYTES + 1), name="the file"), None
    text = request.form.get("text", "").strip()
    if text.startswith(("https://", "http://")) and "\n" not in text:
        return current_service().subject_at(parse_address(text)), text
    if text:
        return intake_bytes(text.encode(), name="the text"), None
    raise InputError("Choose a file, or paste a badge or its address.")
