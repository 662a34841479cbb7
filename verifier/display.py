"""Reports on a terminal and in a CSV file: the three questions first, in plain words; decides nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import markup
from rich.console import Console
from rich.table import Table

from schemas.nzqcf import NZ_TIME, format_nz_date
from schemas.times import parse_date
from verifier.report import AccreditedVerdict, CurrentVerdict, GenuineVerdict, Outcome, Report

_GOOD = {GenuineVerdict.VALID, CurrentVerdict.CURRENT, AccreditedVerdict.VALID}
_BAD = {
    *(GenuineVerdict.INVALID, AccreditedVerdict.INVALID),
    *(CurrentVerdict.EXPIRED, CurrentVerdict.NOT_YET_VALID, CurrentVerdict.WITHDRAWN),
    *(CurrentVerdict.SUSPENDED, CurrentVerdict.REPLACED),
}
_OUTCOME_WORDS = {
    Outcome.PASSED: "[green]passed [/]",
    Outcome.FAILED: "[bold red]FAILED [/]",
    Outcome.UNKNOWN: "[yellow]unknown[/]",
    Outcome.SKIPPED: "[dim]skipped[/]",
}
_COLUMNS = (
    *("file", "genuine", "current", "accredited", "reason", "title", "nzqa_ref", "level", "credits"),
    *("provider", "learner", "awarded_on", "signed_at", "checked_at", "sha256", "report_sha256"),
    *("genuine_sentence", "current_sentence", "accredited_sentence"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def show_report(console: Console, name: str, report: Report) -> None:
    """One badge, for a person."""
    console.print(f"[bold]{_said(name)}[/]")
    for question, verdict, sentence in _answers(report):
        console.print(f"  {question:<11} {_coloured(verdict)}  {_said(sentence)}", soft_wrap=True)
    _show_badge(console, report)
    console.print("\n  What was checked")
    for check in report.checks:
        console.print(
            f"    {_OUTCOME_WORDS[check.outcome]} {check.id.value:<18} {_said(check.sentence)}", soft_wrap=True
        )
        for notice in check.notices:
            console.print(f"            note: {_said(notice.sentence)}", soft_wrap=True)
    console.print("\n  What this does not tell you: that the person in front of you is the person named.")
    register = report.register
    moment = report.checked_at.astimezone(NZ_TIME)
    source = "without a register"
    if register is not None:
        kind = "demonstration register" if register.demonstration else "register"
        source = f"by the {kind}, edition {register.edition}, as at {format_nz_date(parse_date(register.as_at))}"
        for notice in register.notices:
            console.print(f"  Note: {_said(notice.sentence)}", soft_wrap=True)
    console.print(f"  Checked at {moment:%-I:%M %p} on {format_nz_date(moment.date())} ({moment:%Z}), {source}.")


def show_table(console: Console, reports: Sequence[tuple[str, Report]]) -> None:
    """Several badges, one line each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("File", "Genuine", "In force", "Accredited", "Badge"):
        table.add_column(heading, overflow="fold")
    for name, report in reports:
        badge = report.badge or {}
        title = " · ".join(str(badge[key]) for key in ("title", "learner") if badge.get(key))
        verdicts = [_coloured(verdict) for _, verdict, _ in _answers(report)]
        table.add_row(_said(name), *verdicts, _said(title))
    console.print(table)
    good = sum(bool(report) for _, report in reports)
    console.print(f"{good} of {len(reports)} are good.")


def write_csv(path: Path, reports: Iterable[tuple[str, Report]]) -> None:
    """One row per badge; a cell that a spreadsheet would run as a formula begins with an apostrophe."""
    path.write_bytes(csv_text(reports).encode("utf-8-sig"))


def csv_text(reports: Iterable[tuple[str, Report]]) -> str:
    """The same as text, its line ends as RFC 4180 has them."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for name, report in reports:
        row = _csv_row(name, report)
        writer.writerow([_plain(row.get(column)) for column in _COLUMNS])
    return file.getvalue()


def _said(text: str) -> str:
    """Text of a stranger's making, without what a terminal or rich would obey."""
    return markup.escape("".join(character if character.isprintable() else "\ufffd" for character in text))


def _csv_row(name: str, report: Report) -> dict[str, object]:
    document = report.to_json()
    return (document["badge"] or {}) | {
        "file": name,
        "genuine": report.genuine.verdict.value,
        "current": report.current.verdict.value,
        "accredited": report.accredited.verdict.value,
        "reason": report.accredited.reason,
        "checked_at": document["checked_at"],
        "sha256": document["checks"][0]["evidence"].get("sha256"),
        "report_sha256": document["report_sha256"],
        "genuine_sentence": report.genuine.sentence,
        "current_sentence": report.current.sentence,
        "accredited_sentence": report.accredited.sentence,
    }


def _plain(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _answers(report: Report) -> list[tuple[str, str, str]]:
    return [
        ("Genuine?", report.genuine.verdict, report.genuine.sentence),
        ("In force?", report.current.verdict, report.current.sentence),
        ("Accredited?", report.accredited.verdict, report.accredited.sentence),
    ]


def _coloured(verdict: str) -> str:
    colour = "green" if verdict in _GOOD else "bold red" if verdict in _BAD else "yellow"
    return f"[{colour}]{verdict}[/]"


def _show_badge(console: Console, report: Report) -> None:
    badge = report.badge
    if badge is None:
        return
    facts = [badge["title"]]
    facts += [f"NZQA reference {badge['nzqa_ref']}"] if badge["nzqa_ref"] else []
    facts += [f"level {badge['level']}"] if badge["level"] else []
    facts += [f"{badge['credits']} credits"] if badge["credits"] else []
    console.print("\n  " + _said(" · ".join(str(fact) for fact in facts if fact)), soft_wrap=True)
    awarded = f"awarded {format_nz_date(parse_date(badge['awarded_on']))}" if badge["awarded_on"] else None
    provider = f"by {badge['provider']}" if badge["provider"] else f"by {badge['issuer']}, not in the register"
    learner = badge["learner"] or "no name in the badge: ask its holder"
    console.print("  " + _said(" · ".join(part for part in (learner, awarded, provider) if part)), soft_wrap=True)
