"""Whether the service can still tell right from wrong (`/healthz`), its numbers (`/metrics`), and what it offers."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Final

from flask import Blueprint, Response, abort, request

from keys.retrieval import no_network
from schemas.jsontext import JsonObject
from verifier.intake import intake_bytes
from verifier.policy import BADGE_POLICY
from verifier.report import CurrentVerdict, GenuineVerdict, Report
from verifier.verify import Surroundings, verify
from verifier.web.counting import BUCKETS
from verifier.web.openapi import openapi_document
from verifier.web.service import Service, current_service
from verifier.web.telling import json_answer

blueprint: Final = Blueprint("health", __name__)

OK, DEGRADED, FAILING, NONE = "ok", "degraded", "failing", "none"
_REGISTER_OLD_DAYS: Final = 35  # then what holds today is no longer known (`Policy.register_stale_after`)
_TEST_SECONDS: Final = 5.0  # whoever asks often is told what was found a moment ago
_SELFTEST: Final = resources.files("verifier.web").joinpath("selftest.json").read_bytes()
_TITLE: Final = b'"Self-test"'


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 while it verifies what is right and refuses what is not, be it on an old register; else 503."""
    service = current_service()
    checks = {**_SELF_TEST.outcome(service), "register": _check_register(service), "high_water": _check_seen(service)}
    worst = FAILING if FAILING in checks.values() else DEGRADED if DEGRADED in checks.values() else OK
    edition = service.edition
    document: JsonObject = {
        "status": worst,
        "checks": checks,
        "register": None if edition is None else edition.number,
        "register_as_at": None if edition is None else edition.as_at.isoformat(),
        "register_sha256": None if edition is None else edition.sha256,
        "register_fault": None if service.register is None else service.register.fault,
    }
    return json_answer(document, status=503 if worst == FAILING else 200)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text: numbers, and nothing of any badge. For this machine and its own network."""
    if not _is_near():
        abort(404)
    return Response(
        "\n".join(_lines(current_service())) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8"
    )


@blueprint.get("/openapi.json")
def openapi() -> Response:
    return json_answer(openapi_document(request.host_url.rstrip("/")))


# --- can it verify --------------------------------------------------------------------------------------------------
class _SelfTest:
    """A badge of nobody's that must be found genuine, and the same with one word changed that must not."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._found: tuple[float, dict[str, str]] | None = None

    def outcome(self, service: Service) -> dict[str, str]:
        with self._lock:
            now = self._monotonic()
            if self._found is None or now - self._found[0] > _TEST_SECONDS:
                self._found = (now, run_self_test(service))
            return self._found[1]


_SELF_TEST: Final = _SelfTest()


def run_self_test(service: Service) -> dict[str, str]:
    """`verifies` and `refuses`, each ok or failing."""
    good = _tested(service, _SELFTEST)
    bad = _tested(service, _SELFTEST.replace(_TITLE, b'"Self-tests"', 1))
    fine = good.genuine.verdict is GenuineVerdict.VALID and good.current.verdict is CurrentVerdict.CURRENT
    refused = bad.genuine.verdict is GenuineVerdict.INVALID and bad.badge is None
    return {"verifies": OK if fine else FAILING, "refuses": OK if refused else FAILING}


def _tested(service: Service, data: bytes) -> Report:
    surroundings = Surroundings(fetch=no_network, edition=service.edition, anchor=service.anchor)
    subject = intake_bytes(data, name="self-test")
    return verify(subject, policy=BADGE_POLICY, surroundings=surroundings, at=service.clock())


def _check_register(service: Service) -> str:
    """Its signature was verified when it was read; an edition that is not believed is not in use."""
    if service.edition is None:
        return NONE
    age = (service.clock().date() - service.edition.as_at).days
    newer_refused = service.register is not None and service.register.fault is not None
    return DEGRADED if newer_refused or age > _REGISTER_OLD_DAYS else OK


def _check_seen(service: Service) -> str:
    if service.seen is None:
        return NONE
    return OK if service.seen.fault is None else DEGRADED


# --- numbers --------------------------------------------------------------------------------------------------------
def _lines(service: Service) -> Iterator[str]:
    counters = service.shared.counters
    yield from _head("verdicts_total", "counter", "Answers given, by question and verdict.")
    for question in ("genuine", "current", "accredited"):
        for verdict, number in counters.of(question).items():
            yield f'badges_verifier_verdicts_total{{question="{question}",verdict="{verdict}"}} {number}'
    yield from _head("reasons_total", "counter", "Checks that did not pass, by reason.")
    for label, number in counters.of("reasons").items():
        check, outcome, reason = label.split(":")
        if number:
            yield f'badges_verifier_reasons_total{{check="{check}",outcome="{outcome}",reason="{reason}"}} {number}'
    yield from _head("fetches_total", "counter", "Documents asked for, by how they were had.")
    for use, number in counters.of("fetches").items():
        yield f'badges_verifier_fetches_total{{use="{use}"}} {number}'
    yield from _head("responses_total", "counter", "Requests answered, by class of status.")
    for status, number in counters.of("requests").items():
        yield f'badges_verifier_responses_total{{status="{status}"}} {number}'
    yield from _head("rate_limited_total", "counter", "Requests refused because one address asked too often.")
    yield f"badges_verifier_rate_limited_total {counters.of('refused')['rate']}"
    yield from _durations(counters.of("seconds"))
    yield from _gauges(service)


def _durations(found: dict[str, int]) -> Iterator[str]:
    yield from _head(
        "verification_seconds", "histogram", "How long one verification took, waiting for others included."
    )
    total = 0
    for bound in (*(str(bound) for bound in BUCKETS), "+Inf"):
        total += found[bound]
        yield f'badges_verifier_verification_seconds_bucket{{le="{bound}"}} {total}'
    yield f"badges_verifier_verification_seconds_sum {found['sum'] / 1_000_000:.6f}"
    yield f"badges_verifier_verification_seconds_count {total}"


def _gauges(service: Service) -> Iterator[str]:
    kept = service.shared.cache
    if kept is not None:
        addresses, size = kept.size
        yield from _head("cache_addresses", "gauge", "Lists and key documents kept by the process that answers.")
        yield f"badges_verifier_cache_addresses {addresses}"
        yield from _head("cache_bytes", "gauge", "Their size.")
        yield f"badges_verifier_cache_bytes {size}"
    if service.edition is not None:
        yield from _head("register_edition", "gauge", "Which edition of the register is in use.")
        yield f"badges_verifier_register_edition {service.edition.number}"
        yield from _head("register_age_days", "gauge", "How old it is.")
        yield f"badges_verifier_register_age_days {(service.clock().date() - service.edition.as_at).days}"


def _head(name: str, kind: str, told: str) -> tuple[str, str]:
    return f"# HELP badges_verifier_{name} {told}", f"# TYPE badges_verifier_{name} {kind}"


def _is_near() -> bool:
    """Asked from this machine or its network, and not by a proxy for somebody else."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")):
        return False
    try:
        ip = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return ip.is_loopback or ip.is_private
