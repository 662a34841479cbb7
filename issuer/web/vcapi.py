"""W3C CCG VC-API of the issuer, with `badge-issuer serve --vc-api` only: for conformance tests, open to anybody.

It signs whatever the data model allows, with keys of its own that no register binds; no badge of the provider ever
passes here, and nothing here touches the provider's keys, lists or database.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, current_app, request

from issuer.conformance import ConformanceIssuer
from issuer.web.site import site
from schemas import vocabulary as v
from schemas.errors import BadgeError, InputError
from schemas.jsontext import JsonObject, parse_object, write_json
from schemas.problem import problem_document

blueprint: Final = Blueprint("vcapi", __name__)

_EXTENSION: Final = "nz-open-badges-conformance"
_LISTS: Final = "/credentials/status-lists"


@blueprint.post("/credentials/issue")
def issue() -> Response:
    """`{credential, options}` -> 201 `{"verifiableCredential"}`, or 400."""
    try:
        given = parse_object(request.get_data(cache=False))
        credential, options = given.get("credential"), given.get("options", {})
        if not isinstance(credential, dict) or not isinstance(options, dict | None):
            raise InputError("The body has a “credential”, an object, and perhaps “options”, another.")
        signed = _issuer().issue(credential, options or {}, now=site.now())
    except BadgeError as error:
        return _refused(error)
    return _json({"verifiableCredential": signed}, status=201)


@blueprint.post("/credentials/status")
def set_status() -> Response:
    """`{credentialId, credentialStatus: {statusPurpose}, status}` -> 200, or 400; `status` is true when left out."""
    try:
        given = parse_object(request.get_data(cache=False))
        credential_id, entries = given.get("credentialId"), given.get("credentialStatus")
        entries = entries if isinstance(entries, list) else [entries]
        if not isinstance(credential_id, str) or not all(isinstance(one, dict) for one in entries):
            raise InputError("The body has a “credentialId”, a text, and a “credentialStatus”, an object.")
        for entry in entries:
            value = entry.get("status", given.get("status", True))
            _issuer().set_status(
                credential_id,
                purpose=str(entry.get("statusPurpose", v.REVOCATION)),
                value=value not in {False, "0", "false"},
                now=site.now(),
            )
    except BadgeError as error:
        return _refused(error)
    return _json({}, status=200)


@blueprint.get(f"{_LISTS}/<path:name>")
def status_list(name: str) -> Response:
    found = _issuer().status_list(name)
    if found is None:
        return _refused(InputError("There is no such list."), status=404)
    return Response(found, content_type=v.VC_LD_JSON)


@blueprint.get("/credentials/issuers")
def issuers() -> Response:
    """The did:keys it signs with, for whoever configures a suite."""
    return _json({"issuers": [{"id": key.did, "keyType": str(key.signer.key_type)} for key in _issuer().keys]})


def _issuer() -> ConformanceIssuer:
    """Made at the first request, so that a server that nobody tests makes no keys."""
    made: ConformanceIssuer | None = current_app.extensions.get(_EXTENSION)
    if made is None:
        lists = site.link(_LISTS)
        made = ConformanceIssuer(site.instance, list_url=lambda name: f"{lists}/{name}", now=site.now())
        current_app.extensions[_EXTENSION] = made
    return made


def _refused(error: BadgeError, *, status: int = 400) -> Response:
    """Whatever is wrong with a credential is 400 here, as the suites have it."""
    document = problem_document(error) | {"status": status}
    return Response(
        write_json(document | {"errors": [document]}), status=status, content_type="application/problem+json"
    )


def _json(document: JsonObject, *, status: int = 200) -> Response:
    return Response(write_json(document), status=status, content_type="application/json")
