"""Who a program is: the key in its `Authorization` header, what it may do, and requests that are sent twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from issuer.staff import apikeys, idempotency
from issuer.staff.apikeys import ApiKey, Scope
from issuer.staff.idempotency import Answer, Ask
from issuer.web.site import site
from schemas.errors import BadgeError, InputError
from schemas.jsontext import JsonValue, write_json

_View = TypeVar("_View", bound=Callable[..., Any])
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Unauthenticated(BadgeError):
    slug = "key-missing"
    title = "A key is needed"
    status = 401


class ScopeMissing(BadgeError):
    slug = "scope-missing"
    title = "The key may not do this"
    status = 403


def api_key() -> ApiKey | None:
    """The key of this request, looked up once."""
    if "api_key" not in g:
        kind, _space, text = request.headers.get("Authorization", "").partition(" ")
        bearer = kind.lower() == "bearer"
        g.api_key = apikeys.find_key(site.instance, text.strip(), now=site.now()) if bearer else None
    found: ApiKey | None = g.api_key
    return found


def current_key() -> ApiKey:
    """The key of a view that asked for one. Raises Unauthenticated."""
    found = api_key()
    if found is None:
        raise Unauthenticated("Send a key that works in the header: Authorization: Bearer nzob_…")
    return found


def program() -> str:
    """As the audit log names the program."""
    return f"key:{current_key().key_id}"


def needs_scope(*scopes: Scope) -> Callable[[_View], _View]:
    """The view is for keys with one of these scopes. What a key without it asks for is not even read."""

    def decorate(view: _View) -> _View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_key().scopes & set(scopes):
                raise ScopeMissing(f"This needs a key with the scope {' or '.join(scopes)}.")
            return view(*args, **kwargs)

        guarded.needs_scope = scopes  # type: ignore[attr-defined]  # read by the test that walks over all routes
        return guarded  # type: ignore[return-value]  # wraps() keeps the view's own signature

    return decorate


def once(view: _View) -> _View:
    """With an `Idempotency-Key`, the same request again gets the answer of the first and does nothing.

    Only what was done is kept: a refusal changed nothing, and the same request may be made again under its key.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        given = request.headers.get("Idempotency-Key")
        if given is None:
            return view(*args, **kwargs)
        ask = Ask(key_id=current_key().key_id, idempotency_key=_parse_key(given), request_sha256=_request_hash())
        before = idempotency.begin(site.instance, ask, now=site.now())
        if before is not None:
            return respond(before)
        try:
            response: AnyResponse = view(*args, **kwargs)
        except BaseException:
            idempotency.forget(site.instance, ask)
            raise
        if response.status_code >= 400:
            idempotency.forget(site.instance, ask)
            return response
        answer = Answer(
            status=response.status_code,
            body=response.get_data(),
            content_type=response.content_type or "application/json",
            location=response.headers.get("Location"),
        )
        idempotency.finish(site.instance, ask, answer)
        return response

    return guarded  # type: ignore[return-value]  # wraps() keeps the view's own signature


def answer_json(value: JsonValue, status: int = 200, *, location: str | None = None) -> Response:
    response = Response(write_json(value), status=status, content_type="application/json")
    if location is not None:
        response.headers["Location"] = location
        response.autocorrect_location_header = False
    return response


def _parse_key(text: str) -> str:
    bare = text.strip()
    if len(bare) > 2 and bare[0] == bare[-1] == '"':  # a structured field's string, as the draft standard has it
        bare = bare[1:-1]
    if not _IDEMPOTENCY_KEY.fullmatch(bare):
        raise InputError("An Idempotency-Key has 1 to 200 printable characters and no space; a UUID is usual.")
    return bare


def _request_hash() -> str:
    parts = (request.method, request.full_path, _media_type(), _body_hash())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _media_type() -> str:
    return request.mimetype  # without the boundary of a form, which is another one each time


def _body_hash() -> str:
    """Of the body; of a form, of its fields and files, for its boundaries differ each time it is sent."""
    if request.mimetype != "multipart/form-data":
        return hashlib.sha256(request.get_data(cache=True)).hexdigest()
    digest = hashlib.sha256()
    for name, value in sorted(request.form.items(multi=True)):
        digest.update(write_json([name, value]))
    for name, file in sorted(request.files.items(multi=True), key=lambda pair: pair[0]):
        digest.update(write_json([name, file.filename or ""]))
        digest.update(hashlib.sha256(file.stream.read()).digest())
        file.stream.seek(0)
    return digest.hexdigest()


def respond(answer: Answer) -> Response:
    """The answer that a request had before."""
    response = Response(answer.body, status=answer.status, content_type=answer.content_type)
    if answer.location is not None:
        response.headers["Location"] = answer.location
        response.autocorrect_location_header = False
    response.headers["Idempotent-Replayed"] = "true"
    return response
