"""A report -> what its page shows, in the page's language: heading, answers, facts, checks with their evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from schemas.errors import BadgeError
from schemas.nzqcf import nz_date
from schemas.times import parse_date, parse_time
from verifier.report import Check, Outcome, Question, Report, format_instant
from verifier.web.answers import Answer, answers_of
from verifier.web.states import state_of
from verifier.web.words import Said, language, nz_day, nz_moment, pick, said, words
from verifier.wording_states import CHECK_NAMES, EVIDENCE, HEADINGS, KINDS, MEANING, OUTCOMES, QUESTIONS, State
from verifier.words import say

_MAX_LINES: Final = 16  # of one check's evidence; the machine's copy has all
_MAX_TEXT: Final = 300  # of a stranger's words in the head of a page
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_OUTCOME_KINDS: Final = {
    Outcome.PASSED: "good",
    Outcome.FAILED: "stop",
    Outcome.UNKNOWN: "unknown",
    Outcome.SKIPPED: "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    name: str
    outcome: str
    kind: str
    sentence: Said
    notices: tuple[Said, ...]
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """`facts` are pairs for a list; `groups` are the checks under their questions."""

    state: State
    kind: str
    heading: str
    meaning: str | None
    answers: tuple[Answer, ...]
    title: str | None
    learner: str | None
    facts: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[CheckView, ...]], ...]
    digests: tuple[tuple[str, str], ...]
    hashed_recipient: bool
    moment: str

    @property
    def is_open(self) -> bool:
        """Whether trying again may say more."""
        return self.kind == "unknown" and self.state is not State.NO_BADGE


def view_of(report: Report, *, hashed_recipient: bool = False) -> ReportView:
    """What the page of a report shows."""
    state, badge = state_of(report), report.badge or {}
    day = badge.get("valid_until") if state is State.EXPIRED else badge.get("valid_from")
    shown = state in MEANING
    return ReportView(
        state=state,
        kind=KINDS[state],
        heading=say(HEADINGS[state], {"day": "" if day is None else _value(day, moments=False)}, language()),
        meaning=pick(MEANING[state]) if shown else None,
        answers=answers_of(report, state),
        title=_shortened(badge.get("title")),
        learner=_shortened(badge.get("learner")),
        facts=tuple(_facts(badge, asked=report.register is not None)),
        groups=tuple(
            (pick(QUESTIONS[question]), tuple(_check(check) for check in report.checks if check.question is question))
            for question in Question
        ),
        digests=tuple(_digests(report)),
        hashed_recipient=hashed_recipient,
        moment=format_instant(report.checked_at),
    )


def host_of(url: str) -> tuple[str, str | None]:
    """The host of an address as people write it, and in ASCII where that differs: a look-alike shows there."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    name = host.partition(":")[0]
    try:
        plain, ascii_form = name.encode("ascii").decode("idna"), name
    except UnicodeError:
        plain = name
        try:
            ascii_form = name.encode("idna").decode("ascii")
        except UnicodeError:
            ascii_form = name
    return (host, None) if plain == ascii_form else (plain, ascii_form)


def _shortened(text: Any) -> str | None:
    return str(text)[:_MAX_TEXT] if text else None


def _facts(badge: dict[str, Any], *, asked: bool) -> Iterator[tuple[str, str]]:
    if not badge:
        return
    yield words("learner"), str(badge["learner"] or words("no_name"))[:_MAX_TEXT]
    if badge["title"]:
        yield words("title"), str(badge["title"])[:_MAX_TEXT]
    if badge["provider"]:
        yield words("provider"), str(badge["provider"])
        yield words("provider_number"), str(badge["provider_number"])
    else:
        claimed = str(badge["issuer_name_claimed"] or badge["issuer"] or "?")[:_MAX_TEXT]
        yield words("provider_claimed"), words("not_in_register" if asked else "no_register_asked", name=claimed)
    for member, key in (("nzqa_ref", "ref"), ("level", "level"), ("credits", "credits")):
        if badge[member] is not None:
            value = badge[member]
            yield words(key), f"{value:g}" if isinstance(value, float) else str(value)
    for member, key in (("awarded_on", "awarded_on"), ("signed_at", "signed_on"), ("valid_until", "expires")):
        if badge[member] is not None:
            yield words(key), _value(badge[member], moments=False)
    if badge["valid_until"] is None:
        yield words("expires"), words("no_expiry")


def _check(check: Check) -> CheckView:
    return CheckView(
        name=pick(CHECK_NAMES[check.id]),
        outcome=pick(OUTCOMES[check.outcome]),
        kind=_OUTCOME_KINDS[check.outcome],
        sentence=said(check.sentence, check.sentence_mi),
        notices=tuple(said(notice.sentence, notice.sentence_mi) for notice in check.notices),
        evidence=tuple(dict.fromkeys(_lines(check.evidence)))[:_MAX_LINES],
    )


def _lines(evidence: Any) -> Iterator[tuple[str, str]]:
    """The members that have a label, wherever they stand in the evidence."""
    if isinstance(evidence, list | tuple):
        for one in evidence:
            yield from _lines(one)
    elif isinstance(evidence, dict):
        for name, value in evidence.items():
            plain = [one for one in (value if isinstance(value, list | tuple) else [value]) if _is_plain(one)]
            if name in EVIDENCE and plain:
                yield pick(EVIDENCE[name]), ", ".join(_value(str(one)) for one in plain)[:300]
            else:
                yield from _lines(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _value(text: str, *, moments: bool = True) -> str:
    """A day or a moment as people read it; anything else as it is."""
    try:
        if _DAY.fullmatch(text):
            return nz_day(parse_date(text))
        if _MOMENT.fullmatch(text):
            return nz_moment(parse_time(text)) if moments else nz_day(nz_date(parse_time(text)))
    except (BadgeError, ValueError, OverflowError):
        return text
    return text


def _digests(report: Report) -> Iterator[tuple[str, str]]:
    document = report.to_json()
    yield words("report_digest"), str(document["report_sha256"])
    given = document["checks"][0]["evidence"].get("sha256") if document["checks"] else None
    if given:
        yield words("badge_digest"), str(given)
    if report.register is not None:
        yield words("register_digest", edition=report.register.edition), report.register.sha256
    yield words("moment"), str(document["checked_at"])
    yield words("software"), report.verifier_version
