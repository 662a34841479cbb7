"""W3C CCG VC-API: `POST /credentials/verify` and `POST /presentations/verify`, under the generic policy alone.

200 says valid; 400 says what is wrong, as problem details (RFC 9457) with every `errors` entry. No page for people,
no `check` and no report of a badge ever uses these rules: they know of no register and believe any context on board.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request

from schemas import vocabulary as v
from schemas.errors import BadgeError, InputError
from schemas.jsontext import JsonObject, JsonValue, parse_object, write_json
from schemas.problem import problem_document
from verifier.fetch import Recorder
from verifier.generic import Asked, Findings, verify_credential, verify_presentation
from verifier.policy import GENERIC_POLICY
from verifier.proofs import Expected, Scene
from verifier.web.service import current_service

blueprint: Final = Blueprint("vcapi", __name__)

_log = logging.getLogger(__name__)

_AUTHENTICATION: Final = "authentication"
_PARSING_ERROR: Final = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR"
# What `options.checks` may name. The proof and the dates are always looked at.
_CHECKS: Final = frozenset({"proof", "credentialStatus", "status"})
_STATUS_CHECKS: Final = _CHECKS - {"proof"}


@blueprint.post("/credentials/verify")
def verify_a_credential() -> Response:
    """`{verifiableCredential, options}` -> 200 or 400."""
    return _answer("verifiableCredential", verify_credential, purpose=v.ASSERTION_METHOD)


@blueprint.post("/presentations/verify")
def verify_a_presentation() -> Response:
    """`{verifiablePresentation, options: {domain, challenge}}` -> 200 or 400."""
    return _answer("verifiablePresentation", verify_presentation, purpose=_AUTHENTICATION)


def _answer(member: str, verify: Callable[..., Findings], *, purpose: str) -> Response:
    try:
        given = parse_object(request.get_data(cache=False))
        if member not in given:
            raise InputError(f"The body has no “{member}”.")
        asked = _asked(given.get("options"), purpose=purpose)
    except BadgeError as error:
        return _refused([problem_document(error) | {"type": _PARSING_ERROR}])
    service = current_service()
    scene = Scene(policy=GENERIC_POLICY, fetch=Recorder(fetch=service.fetch()), edition=None, at=service.clock())
    findings = _attempt(verify, given[member], scene=scene, asked=asked)
    if not findings:
        return _refused(findings.errors, checks=findings.checks, warnings=findings.warnings)
    document: JsonObject = {"verified": True, "checks": findings.checks, "warnings": findings.warnings, "errors": []}
    return Response(write_json(document), content_type="application/json")


def _attempt(verify: Callable[..., Findings], value: JsonValue, *, scene: Scene, asked: Asked) -> Findings:
    """A fault of ours is "could not be verified", as it is on the badge pages: never a pass, never a broken answer."""
    try:
        return verify(value, scene=scene, asked=asked)
    except Exception:  # noqa: BLE001 - see above
        _log.exception("A generic verification broke down")
        findings = Findings()
        findings.fault("about:blank", "Not verified", "This verifier could not finish looking at it.")
        return findings


def _asked(options: JsonValue, *, purpose: str) -> Asked:
    """`options` of the request. Raises InputError for members of a wrong type."""
    if options is None:
        options = {}
    if not isinstance(options, dict):
        raise InputError("“options” is not an object.")
    checks = options.get("checks")
    if checks is not None and not (isinstance(checks, list) and all(isinstance(one, str) for one in checks)):
        raise InputError("“options.checks” is not a list of texts.")
    if unknown := set(checks or ()) - _CHECKS:
        raise InputError(f"“options.checks” names {min(unknown)[:40]!r}; proof and credentialStatus are known.")
    domain, challenge = options.get("domain"), options.get("challenge")
    domains = domain if isinstance(domain, list) else [] if domain is None else [domain]
    if not all(isinstance(one, str) for one in domains) or not isinstance(challenge, str | None):
        raise InputError("“options.domain” and “options.challenge” are texts.")
    expected_purpose = options.get("expectedProofPurpose", purpose)
    if not isinstance(expected_purpose, str):
        raise InputError("“options.expectedProofPurpose” is not a text.")
    return Asked(
        status=not checks or bool(_STATUS_CHECKS & set(checks)),
        expected=Expected(purpose=expected_purpose, domain=tuple(domains), challenge=challenge),
    )


def _refused(errors: list[JsonObject], **more: JsonValue) -> Response:
    """RFC 9457 of the first fault, and all of them in `errors` and `problemDetails`."""
    document: JsonObject = errors[0] | {"status": 400, "verified": False, "errors": errors, "problemDetails": errors}
    return Response(write_json(document | more), status=400, content_type="application/problem+json")
