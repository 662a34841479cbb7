"""`POST /verify` for programs: JSON or a badge's own bytes in, a report or one for each of many out; judges nothing.

A bad badge is a result, with 200. Problem documents (RFC 9457) are for requests that cannot be read; their `faults`
point at the member. Of many, each stands for itself: what is wrong with one is told in its place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Final

from flask import Blueprint, Response, request

from schemas.errors import BadgeError, Fault, InputError, TooLarge
from schemas.jsontext import JsonObject, JsonValue, parse_json, pointer, write_json
from schemas.limits import (
    DOCUMENT,
    MAX_BATCH_MEMBERS,
    MAX_BATCH_SECONDS,
    MAX_IMAGE_BYTES,
    MAX_URL_CHARS,
    VERIFIER_BATCH,
)
from schemas.problem import problem_document
from verifier.intake import Subject, intake_bytes
from verifier.report import Report
from verifier.web.rates import charge
from verifier.web.service import Service, current_service
from verifier.web.telling import json_answer

blueprint: Final = Blueprint("machine", __name__)
_log = logging.getLogger(__name__)

# A badge's own bytes, as the body of a request.
BADGE_TYPES: Final = frozenset(
    {
        "application/vc+ld+json",
        "application/vc",
        "application/ld+json",
        "application/vc+jwt",
        "application/jwt",
        "image/png",
        "image/svg+xml",
        "application/pdf",
    }
)
_ONE: Final = ("credential", "jwt", "url")
_MANY: Final = ("credentials", "urls")
_AROUND_BYTES: Final = 1_024  # what may stand around one badge
_SIDE_BY_SIDE: Final = 4  # members of one request; most of their time is other people's servers
_BATCHES: Final = BoundedSemaphore(8)  # such requests in one process; each holds four threads more


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a request asks for: badges, each by how to get at it, and whether it was a list."""

    members: tuple[Callable[[Service], Subject] | BadgeError, ...]
    many: bool
    recipient: str | None = None


def is_machines() -> bool:
    """Whether the body is JSON or a badge itself, which no form ever sends."""
    return request.is_json or request.mimetype in BADGE_TYPES


def verify_machine() -> Response:
    """The report, or an array of them with an `index` each."""
    wanted = _wanted()
    service = current_service()
    if not wanted.many:
        only = wanted.members[0]
        if isinstance(only, BadgeError):
            raise only
        return json_answer(service.check(only(service), recipient=wanted.recipient).to_json())
    charge(len(wanted.members) - 1)
    if not _BATCHES.acquire(blocking=False):
        return json_answer(
            {"type": "about:blank", "title": "Busy", "status": 503, "detail": "Too many lists are being checked."},
            status=503,
        )
    try:
        return json_answer(list(_reports(wanted, service)))
    finally:
        _BATCHES.release()


# --- many -----------------------------------------------------------------------------------------------------------
def _reports(wanted: _Wanted, service: Service) -> Iterator[JsonObject]:
    """In their order. One that is slow, or breaks, is told in its place; the others do not wait beyond the end."""
    end = time.monotonic() + MAX_BATCH_SECONDS
    pool = ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE, thread_name_prefix="batch")
    try:
        waiting = [
            member if isinstance(member, BadgeError) else pool.submit(_check, member, service, end, wanted.recipient)
            for member in wanted.members
        ]
        for index, one in enumerate(waiting):
            yield {"index": index} | (_refused(one) if isinstance(one, BadgeError) else _outcome(one, end))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _check(member: Callable[[Service], Subject], service: Service, end: float, recipient: str | None) -> Report | None:
    return None if time.monotonic() >= end else service.check(member(service), recipient=recipient)


def _outcome(future: Future[Report | None], end: float) -> JsonObject:
    try:
        report = future.result(timeout=max(0.0, end - time.monotonic()))
        if report is not None:
            return report.to_json()
    except NotYet:
        pass
    except BadgeError as error:
        return _refused(error)
    except Exception:  # noqa: BLE001 - a fault of ours with one badge is told in its place, never a broken answer
        _log.exception("One badge of several broke down")
        return {"problem": problem_document(RuntimeError())}
    return {
        "problem": {
            "type": "about:blank",
            "title": "Not reached",
            "status": 504,
            "detail": f"The {MAX_BATCH_SECONDS:g} seconds for one request were over. Ask for it again.",
        }
    }


def _refused(error: BadgeError) -> JsonObject:
    return {"problem": problem_document(error)}


# --- what is asked --------------------------------------------------------------------------------------------------
def _wanted() -> _Wanted:
    """Raises InputError with the place of what is wrong."""
    request.max_content_length = VERIFIER_BATCH.max_bytes
    data = request.get_data(cache=False)
    if request.mimetype in BADGE_TYPES:
        if len(data) > MAX_IMAGE_BYTES:
            raise TooLarge(f"The badge is {len(data):,} bytes; the limit is {MAX_IMAGE_BYTES:,}.")
        return _Wanted(members=(lambda _service: intake_bytes(data, name="the badge"),), many=False)
    given = parse_json(data, limits=VERIFIER_BATCH)
    if not isinstance(given, dict):
        raise _fault("", "is not an object")
    named = [name for name in (*_ONE, *_MANY) if name in given]
    unknown = [name for name in given if name not in (*_ONE, *_MANY, "recipient")]
    if unknown:
        raise _fault(pointer(unknown[0][:80]), "is not known; “credential”, “jwt”, “url”, “credentials” or “urls” is")
    if len(named) != 1:
        raise _fault("", "needs one of “credential” (an object), “jwt”, “url”, “credentials” and “urls” (lists)")
    recipient = given.get("recipient")
    if recipient is not None and not (isinstance(recipient, str) and len(recipient) <= MAX_URL_CHARS):
        raise _fault("/recipient", "is not a text, or is too long")
    name = named[0]
    if name in _ONE:
        if len(data) > DOCUMENT.max_bytes + _AROUND_BYTES:
            raise TooLarge(f"The request is {len(data):,} bytes; with one badge, the limit is {DOCUMENT.max_bytes:,}.")
        return _Wanted(members=(_member(name, given[name], pointer(name)),), many=False, recipient=recipient)
    members = given[name]
    if not isinstance(members, list) or not members:
        raise _fault(pointer(name), "is not a list with a member")
    if len(members) > MAX_BATCH_MEMBERS:
        raise _too_many(name)
    kind = "url" if name == "urls" else "credential"
    return _Wanted(
        members=tuple(_each(kind, value, pointer(name, place)) for place, value in enumerate(members)),
        many=True,
        recipient=recipient,
    )


def _each(kind: str, value: JsonValue, place: str) -> Callable[[Service], Subject] | BadgeError:
    """One of many: what is wrong with it is its own."""
    try:
        return _member("jwt" if kind == "credential" and isinstance(value, str) else kind, value, place)
    except BadgeError as error:
        return error


def _member(kind: str, value: JsonValue, place: str) -> Callable[[Service], Subject]:
    if kind == "credential":
        if not isinstance(value, dict):
            raise _fault(place, "is not an object")
        return lambda _service: intake_bytes(write_json(value), name="credential")
    if not isinstance(value, str):
        raise _fault(place, "is not a text")
    if kind == "url":
        if not value.startswith(("https://", "http://")) or len(value) > MAX_URL_CHARS:
            raise _fault(place, "is not an address that starts with https://")
        return lambda service: service.subject_at(value)
    if len(value) > DOCUMENT.max_bytes:
        raise TooLarge(f"The text is longer than {DOCUMENT.max_bytes:,} characters.")
    return lambda _service: intake_bytes(value.encode("utf-8", "surrogatepass"), name="jwt")


def _fault(place: str, message: str) -> InputError:
    fault = Fault(pointer=place, message=message)
    return InputError(f"The request cannot be read: {fault}.", faults=(fault,))


def _too_many(name: str) -> TooLarge:
    fault = Fault(pointer=pointer(name), message=f"has more than {MAX_BATCH_MEMBERS} members")
    return TooLarge(f"The request cannot be read: {fault}.", faults=(fault,))


# --- other origins' pages --------------------------------------------------------------------------------------------
@blueprint.after_app_request
def let_other_pages_ask(response: Response) -> Response:
    """CORS for what any program may ask without signing in: there is no cookie that a page could borrow.

    Not on a development machine, whose own addresses a page from elsewhere must not read through it.
    """
    if request.path not in {"/verify", "/openapi.json"} or current_service().origins:
        return response
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response
