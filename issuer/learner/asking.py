"""What a learner asks of the provider in their own words, and the link of their own they add to the badge's page."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from urllib.parse import unquote, urlsplit

from issuer import audit
from issuer.instance import Instance
from issuer.store import claims_rows
from issuer.store.claims_rows import RequestKind, StoredRequest
from schemas.errors import InputError
from schemas.limits import MAX_URL_CHARS
from schemas.nzqcf import looks_like_nsn

MAX_WORDS_CHARS = 1000
MAX_OPEN_REQUESTS = 5  # of one badge: more are nothing that staff could answer apart
NZQA_HOST = "nzqa.govt.nz"
_NSN_DIGITS = re.compile(r"(?<!\d)\d{9,10}(?!\d)")


def ask(instance: Instance, short_id: str, *, kind: RequestKind, words: str, now: datetime) -> bool:
    """File a request for staff. False when the same is open already. Raises InputError with what is to be mended."""
    text = read_words(words)
    with instance.store.writing() as connection:
        claims_rows.load_claim(connection, short_id, for_update=True)  # so that a double click files one
        open_requests = claims_rows.load_requests(connection, short_id=short_id, open_only=True)
        if any((one.kind, one.words) == (kind, text) for one in open_requests):
            return False
        if len(open_requests) >= MAX_OPEN_REQUESTS:
            raise InputError("There are several requests of yours already; wait until they are answered.")
        row = StoredRequest(request_id=secrets.token_hex(8), short_id=short_id, kind=kind, words=text, made_at=now)
        claims_rows.insert_request(connection, row)
        facts = {"credential": short_id, "request": row.request_id, "kind": kind.value}
        audit.append(connection, at=now, actor=f"learner:{short_id}", action=audit.LEARNER_REQUEST, facts=facts)
    return True


def read_words(words: str) -> str:
    """A learner's own words, trimmed. Raises InputError."""
    text = "\n".join(" ".join(line.split()) for line in words.strip().splitlines())
    if not text:
        raise InputError("Write in a few words what is wrong, or what you want.")
    if len(text) > MAX_WORDS_CHARS:
        raise InputError(f"That is {len(text):,} characters long; the limit is {MAX_WORDS_CHARS:,}.")
    if any(not character.isprintable() and character != "\n" for character in text):
        raise InputError("The text holds characters that cannot be shown.")
    if looks_like_nsn(text):
        raise InputError(
            "The text holds a number that looks like a National Student Number. Take it out: nobody here needs it."
        )
    return text


def change_nzroa_link(instance: Instance, short_id: str, given: str, *, now: datetime) -> bool:
    """The learner's link to their own record at NZQA, shown on the page; an empty one takes it off. InputError."""
    link = read_nzroa_link(given) if given.strip() else None
    with instance.store.writing() as connection:
        claim = claims_rows.load_claim(connection, short_id, for_update=True)
        if claim is None or claim.nzroa_link == link:
            return False
        claims_rows.change_nzroa_link(connection, short_id, link, at=now)
        facts = {"credential": short_id, "set": link is not None}
        audit.append(connection, at=now, actor=f"learner:{short_id}", action=audit.CLAIM_NZROA_LINK, facts=facts)
    return True


def read_nzroa_link(given: str) -> str:
    """An https address at NZQA without anything of a student number in it. Raises InputError."""
    text = given.strip()
    if len(text) > MAX_URL_CHARS or not text.isascii() or not text.isprintable() or re.search(r"[\s<>\"\\^`{|}]", text):
        raise InputError("The address holds a character that an address cannot; copy it from the browser's bar.")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise InputError("That is not a web address.") from None
    if parts.scheme != "https" or parts.username is not None or parts.password is not None or port is not None:
        raise InputError("The link must begin with https:// and lead to nzqa.govt.nz.")
    if host != NZQA_HOST and not host.endswith(f".{NZQA_HOST}"):
        raise InputError("Only a link to NZQA's own site, nzqa.govt.nz, is shown here.")
    plain = unquote(text)
    if looks_like_nsn(plain) or _NSN_DIGITS.search(re.sub(r"(?<=\d)[\s._-](?=\d)", "", plain)) or "@" in plain:
        raise InputError(
            "The address holds a number that looks like a National Student Number, or an e-mail address; it is not "
            "shown on a page."
        )
    return text
