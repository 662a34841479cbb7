"""The same request sent again gets the same answer, which is kept sealed for two days; HTTP is not known here."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from issuer.instance import Instance
from issuer.store import key_rows
from issuer.vault import seal, unseal
from schemas.errors import BadgeError
from schemas.jsontext import write_json
from schemas.times import parse_time

KEPT: Final = timedelta(hours=48)
_GIVEN_UP: Final = timedelta(minutes=10)  # a request under way for longer was cut off: it may be made again
_SEALS: Final = "idempotency"  # an answer may hold a badge, and a badge its learner's name


class OtherRequest(BadgeError):
    """The idempotency key was used for another request."""

    slug = "idempotency-key-reused"
    title = "The idempotency key belongs to another request"
    status = 422


class UnderWay(BadgeError):
    """The first request with this idempotency key has not been answered yet."""

    slug = "idempotency-under-way"
    title = "The first request with this key is still under way"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request was answered."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = "application/json"
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request: whose, under which idempotency key, and the hash of all it says."""

    key_id: str
    idempotency_key: str
    request_sha256: str


def begin(instance: Instance, ask: Ask, *, now: datetime) -> Answer | None:
    """The answer it had before; None when it is new and is now ours to answer. Raises OtherRequest, UnderWay."""
    names = {"key_id": ask.key_id, "idempotency_key": ask.idempotency_key}
    with instance.store.writing() as connection:
        key_rows.delete_answers(connection, before=now - KEPT)
        found = key_rows.load_answer(connection, **names)
        if found is not None and found.status is None and now >= parse_time(found.created_at) + _GIVEN_UP:
            key_rows.forget_request(connection, **names)
        if key_rows.take_request(connection, **names, request_sha256=ask.request_sha256, at=now):
            return None
        found = key_rows.load_answer(connection, **names)
    if found is None or found.request_sha256 == ask.request_sha256:
        if found is None or found.status is None or found.body is None:
            raise UnderWay("The first request with this Idempotency-Key is still under way. Ask again in a moment.")
        members = json.loads(unseal(instance, found.body, purpose=_SEALS, context=_context(ask)))
        return Answer(
            status=found.status,
            body=b64decode(members["body"]),
            content_type=members["content_type"],
            location=found.location,
        )
    raise OtherRequest("This Idempotency-Key was used for another request. A new request needs a new key.")


def finish(instance: Instance, ask: Ask, answer: Answer) -> None:
    """Keep the answer of a request that did something."""
    members = {"body": b64encode(answer.body).decode(), "content_type": answer.content_type}
    sealed = seal(instance, write_json(members), purpose=_SEALS, context=_context(ask))
    with instance.store.writing() as connection:
        key_rows.save_answer(
            connection,
            key_id=ask.key_id,
            idempotency_key=ask.idempotency_key,
            status=answer.status,
            body=sealed,
            location=answer.location,
        )


def forget(instance: Instance, ask: Ask) -> None:
    """A request that was refused changed nothing: it may be made again under the same key."""
    with instance.store.writing() as connection:
        key_rows.forget_request(connection, key_id=ask.key_id, idempotency_key=ask.idempotency_key)


def purge_answers(instance: Instance, *, now: datetime) -> int:
    """Forget what is older than two days. Returns how many."""
    with instance.store.writing() as connection:
        return key_rows.delete_answers(connection, before=now - KEPT)


def _context(ask: Ask) -> str:
    return f"{ask.key_id} {ask.idempotency_key}"
