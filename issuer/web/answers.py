"""How the public face answers: what each address may be kept for, by whom, and what it may do in a browser."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, request
from werkzeug.wrappers import Response as WerkzeugResponse

from schemas.jsontext import write_json

_PAGE_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# As in the static site's `_headers`: a picture opened by itself runs nothing and reaches nothing.
_SVG_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def page(html: bytes, *, status: int = 200) -> WerkzeugResponse:
    answer = Response(html, status=status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _PAGE_CSP
    answer.headers["Cache-Control"] = "no-cache"  # kept, but asked about: an unpublished page is gone at once
    return _conditional(answer)


def file(
    data: bytes, media_type: str, *, max_age: timedelta | None = None, last_modified: datetime | None = None
) -> WerkzeugResponse:
    """A file for every site. Without `max_age` it is kept, but asked about each time, as pages are.

    It goes out as it is: whoever compresses on the way makes the strong ETag a weak one, which is understood too.
    """
    answer = Response(data, content_type=media_type)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Cache-Control"] = (
        "no-cache" if max_age is None else f"public, max-age={int(max_age.total_seconds())}"
    )
    answer.last_modified = last_modified
    if media_type == "image/svg+xml":
        answer.headers["Content-Security-Policy"] = _SVG_CSP
    return _conditional(answer)


def _conditional(answer: Response) -> WerkzeugResponse:
    answer.add_etag()
    return answer.make_conditional(request) if answer.status_code == 200 else answer


def vary(answer: WerkzeugResponse) -> WerkzeugResponse:
    answer.headers["Vary"] = "Accept"
    return answer


def unkept(answer: WerkzeugResponse) -> WerkzeugResponse:
    """What is not there today may be there tomorrow, and no cache may tell that there is something hidden."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


def unseen(answer: WerkzeugResponse) -> WerkzeugResponse:
    """For addresses that are secrets: kept by no cache, told to no other site, listed by nobody."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def told(status: int) -> WerkzeugResponse:
    titles = {404: "Not Found", 406: "Not Acceptable"}
    document = {"type": "about:blank", "title": titles[status], "status": status}
    answer = Response(write_json(document), status=status, content_type="application/problem+json")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return unkept(answer)
