"""The figures of performance.md from the samples of one run: which peer over which, what must be reached, what ran."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace

from benchmarks import over_http
from benchmarks.figures import Figure
from benchmarks.timing import Samples, Spread, ratio

BULK = "Bulk issue, one core, one micro-credential"
SINGLE = "One badge at a time, on the reference path"
JWT = "VC-JWT with ES256"
JAVASCRIPT = "The JavaScript stack (@digitalbazaar/vc, jsonld.js), the same badge"
SERVICE = "The verifier's service"
PARTS = "Small parts"

_NAIVE = "naive PyLD and the raw signatures check nothing"
_BULK = "bulk"  # stands for what was counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`above` / `below`: two peers of the run."""

    group: str
    name: str
    above: str
    below: str
    unit: str
    checks: str
    must: float | None = None
    stretch: float | None = None
    more_is_better: bool = False

    def figure(self, samples: Samples) -> Figure:
        return Figure(
            group=self.group,
            name=self.name,
            spread=ratio(samples, self.above, self.below),
            unit=self.unit,
            must=self.must,
            stretch=self.stretch,
            more_is_better=self.more_is_better,
            checks=self.checks,
        )


def _faster(
    group: str, name: str, above: str, below: str, checks: str, *goals: float, unit: str = "x naive"
) -> Comparison:
    must, stretch = (*goals, None, None)[:2]
    return Comparison(
        group=group,
        name=name,
        above=above,
        below=below,
        unit=unit,
        checks=checks,
        must=must,
        stretch=stretch,
        more_is_better=True,
    )


def _dearer(group: str, name: str, above: str, below: str, unit: str, checks: str, *goals: float) -> Comparison:
    must, stretch = (*goals, None, None)[:2]
    return Comparison(
        group=group, name=name, above=above, below=below, unit=unit, checks=checks, must=must, stretch=stretch
    )


_VERIFY = (
    "lossless expansion, RDFC-1.0 of document and proof options, both hashes, Ed25519; naive: the hashes and Ed25519"
)
_ISSUE = "its signature verified with its own key; naive: none"
_JS = "as each library does by itself; verifying there also fetches the key through a local loader"
_ES = "issue: its signature verified with its own key; verify: the strict envelope, the claims against the credential"

COMPARISONS = (
    _faster(BULK, "template compiled, against naive PyLD", "naive issue", "bulk issue", _BULK, 40, 75),
    _dearer(BULK, "template compiled, against raw sign", "bulk issue", "raw Ed25519 sign", "x raw sign", _BULK, 5, 2.7),
    _faster(
        BULK,
        "compiling included (2,000 badges), against naive PyLD",
        "naive issue",
        "bulk issue, compiling included",
        _BULK,
    ),
    _dearer(
        BULK,
        "compiling included (2,000 badges), against raw sign",
        "bulk issue, compiling included",
        "raw Ed25519 sign",
        "x raw sign",
        _BULK,
    ),
    _faster(SINGLE, "issue", "naive issue", "reference issue", _ISSUE, 2.3, 4),
    _faster(SINGLE, "verify", "naive verify", "reference verify", _VERIFY, 2.3, 4),
    _faster(SINGLE, "canonical form", "naive canonical form", "reference canonical form", "lossless expansion"),
    _dearer(JWT, "one at a time: issue", "JWT issue", "raw ES256 sign", "x raw sign", _ES),
    _dearer(JWT, "verify", "JWT verify", "raw ES256 verify", "x raw verify", _ES, 2.5),
)
STACK = (
    _faster(JAVASCRIPT, "its issue against ours, one at a time", "js issue", "reference issue", _JS, unit="x ours"),
    _faster(JAVASCRIPT, "its verify against ours", "js verify", "reference verify", _JS, unit="x ours"),
    _faster(JAVASCRIPT, "its issue against ours in bulk", "js issue", "bulk issue", _JS, unit="x ours"),
    _faster(JAVASCRIPT, "jsonld.js against PyLD, canonical form", "js canonize", "naive canonical form", "none"),
)
SERVED = (
    _dearer(
        SERVICE,
        "a verification over HTTP, warm, against the same in process",
        "over HTTP",
        "in process",
        "x in process",
        "the whole verification of a badge of the demonstration: genuine, current, accredited; every answer is read",
        over_http.MUST,
    ),
)
_BUDGETS = (
    ("bake a PNG", "bake", 0.1, "the picture is read as a PNG"),
    ("a QR code", "qr", 1.5, "none"),
    ("encode a 131,072-bit list at 1 %", "list", 2.0, "none"),
    ("refuse a poisoned document", "poison", 50.0, "that it is refused"),
)


def figures(samples: Samples, *, bulk_checks: str) -> list[Figure]:
    """Every row that these samples say something about; `bulk_checks` is what was counted in bulk issuing."""
    rows = [
        replace(
            comparison, checks=f"{bulk_checks}; {_NAIVE}" if comparison.checks == _BULK else comparison.checks
        ).figure(samples)
        for comparison in (*COMPARISONS, *STACK, *SERVED)
        if comparison.above in samples and comparison.below in samples
    ]
    rows.insert(_place_of(JWT, rows), _jwt_in_bulk(samples, checks=bulk_checks))
    for name, peer, budget, checks in _BUDGETS:
        spread = Spread.of([seconds * 1000 for seconds in samples[peer]])
        signatures = spread.median / 1000 / statistics.median(samples["raw Ed25519 sign"])
        told = f"{name} ({signatures:,.0f} raw signs)"
        rows.append(Figure(group=PARTS, name=told, spread=spread, unit="ms", must=budget, checks=checks))
    return rows


def _place_of(group: str, rows: list[Figure]) -> int:
    return [row.group for row in rows].index(group)


def _jwt_in_bulk(samples: Samples, *, checks: str) -> Figure:
    """What a badge costs more, in bulk, with a JWT than without."""
    more = [
        (both - alone) / raw
        for both, alone, raw in zip(
            samples["bulk issue with JWT"], samples["bulk issue"], samples["raw ES256 sign"], strict=True
        )
    ]
    return Figure(
        group=JWT,
        name="in bulk: what issuing it adds to a badge",
        spread=Spread.of(more),
        unit="x raw sign",
        must=2.5,
        checks=checks,
    )
