"""The forms about a class list read: answers about the file, and cells mended on the page; knows no request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from issuer.bulk.findings import CellFault, Findings, FoundRow, RowWarning, cell_of
from issuer.bulk.previewing import Preview
from issuer.bulk.uploads import UploadChoices
from issuer.rows.columnmap import DATE_ORDERS
from issuer.rows.model import ISSUE_ANEW, Field
from issuer.web.desk import batch_words
from issuer.web.words import _
from issuer.words.sayings import say

CP1252 = "cp1252"
AGAIN = "again"  # the person will save the file anew instead
LEAVE_OUT = "leave_out"
MAX_MENDED_CHARS = 500  # longer than any cell a badge is made of
JOINED = frozenset({Field.LEARNER_NAME, Field.PREFERRED_NAME})  # fields that several columns may make up
_NEVER_LEFT_OUT = frozenset({Field.LEARNER_NAME, Field.NZQA_REF, Field.ACHIEVED_ON})
_NAME_PARTS = (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME)
_MENDS = {
    "name-in-part": Field.LEARNER_NAME,
    "name-doubtful": Field.LEARNER_NAME,
    "address-shared": Field.LEARNER_EMAIL,
    "address-missing": Field.LEARNER_EMAIL,
    "address-of-another": Field.LEARNER_EMAIL,
}
_ABOUT_THE_LISTING = ("listing-", "right-", "equivalency-")
_PARTS = frozenset({Field.FIRST_NAME, Field.LAST_NAME})
_FIX = re.compile(r"fix-([0-9]{1,9})-([a-z_]{1,40})")
_LINE = re.compile(r"(leave|back)-([0-9]{1,9})")
_ANEW = re.compile(r"(anew|not-anew)-([0-9]{1,9})")
_LEAVABLE = frozenset({"not-achieved", "number-shared"})  # warnings whose row may better be left out
_OPEN = frozenset({"not-achieved", "number-shared", "name-doubtful", "issued-anew"})


@dataclass(slots=True, kw_only=True)
class Answers:
    """What was answered on the page of questions, as it was entered."""

    encoding: str | None = None
    dates: str | None = None
    sheet: str | None = None
    columns: dict[str, str] = field(default_factory=dict)  # heading -> field, "" to leave it out
    codes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mendable:
    """One fault as the page shows it, with the cell to mend it in. `input` is text, listing or none."""

    id: str
    column: str | None
    label: str
    message: str
    settle: str
    value: str
    repaired: bool
    input: str
    shown: str = ""  # what the value is called where it is chosen from a list


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    line: int
    outcome: str
    who: str
    faults: tuple[Mendable, ...]


def parse_answers(form: Mapping[str, str]) -> Answers:
    """Everything the page may have asked, whether or not it did."""
    answers = Answers(
        encoding=form.get("encoding") or None, dates=form.get("dates") or None, sheet=form.get("sheet") or None
    )
    for name, value in form.items():
        if name.startswith("column-") and name.endswith("-name"):
            answers.columns[value] = form.get(name.removesuffix("-name"), "")
        elif name.startswith("code-") and name.endswith("-text"):
            answers.codes[value] = form.get(name.removesuffix("-text"), "")
    return answers


def check_answers(answers: Answers, preview: Preview) -> dict[str, str]:
    """Field id -> what is wrong with the answer."""
    errors: dict[str, str] = {}
    if preview.fault_reason == "encoding-unclear" and answers.encoding not in {CP1252, AGAIN}:
        errors["encoding"] = _("Say whether these rows read as they should.")
    if preview.dates_unclear and answers.dates not in DATE_ORDERS:
        errors["dates"] = _("Say whether the day or the month comes first.")
    if not preview.columns or not answers.columns:
        return errors
    held = [name for name in answers.columns.values() if name]
    twice = sorted({name for name in held if held.count(name) > 1 and name not in JOINED})
    if twice:
        shown = ", ".join(batch_words.field_label(name) for name in twice)
        errors["columns"] = _("More than one column is said to hold: %(fields)s. Only names may come in several.") % {
            "fields": shown
        }
    lacking = [name for name in (Field.NZQA_REF, Field.ACHIEVED_ON) if name not in held]
    if Field.LEARNER_NAME not in held and not set(held) >= _PARTS:
        lacking.insert(0, Field.LEARNER_NAME)
    if lacking and not twice:
        shown = ", ".join(batch_words.field_label(str(name)) for name in lacking)
        errors["columns"] = _("Choose a column for: %(fields)s. Every badge needs it.") % {"fields": shown}
    return errors


def choices_of(answers: Answers, before: UploadChoices) -> UploadChoices:
    """The choices with the answers in them; whatever was not asked stays as it was."""
    columns: dict[str, tuple[str, ...]] = dict(before.columns)
    if answers.columns:
        columns = {str(name): () for name in _left_out_fields(answers)}
        for heading, name in answers.columns.items():
            if name:
                columns[name] = (*columns.get(name, ()), heading)
    return replace(
        before,
        encoding=answers.encoding or before.encoding,
        dates=answers.dates or before.dates,
        sheet=answers.sheet or before.sheet,
        columns=columns,
    )


def _left_out_fields(answers: Answers) -> Iterator[Field]:
    """Fields that are not guessed again, because no column was chosen for them."""
    held = set(answers.columns.values())
    for name in Field:
        if name not in held and name not in _NEVER_LEFT_OUT:
            yield name


# --- mending cells ----------------------------------------------------------------------------------------------
def problem_row(
    row: FoundRow, findings: Findings, choices: UploadChoices, *, title_of: Callable[[str], str] = str
) -> ProblemRow:
    """One row as the page shows it, each fault beside the cell that mends it."""
    mended = choices.repairs.get(row.line, {})
    who = _value(row, Field.LEARNER_NAME, findings, choices)
    seen: set[str] = set()
    faults: list[Mendable] = []
    for number, fault in enumerate(row.faults):
        name = _mended_in(fault, who=who)
        again = name in seen
        seen.add(name)
        faults.append(
            Mendable(
                id=f"fix-{row.line}-{name}" if name and not again else f"fault-{row.line}-{number}",
                column=fault.column if name == fault.field else findings.fields.get(name),
                label=batch_words.field_label(name),
                message=fault.message,
                settle=batch_words.settles(fault.reason) if row.outcome == "held" else "",
                value=_value(row, name, findings, choices),
                shown=_shown(_value(row, name, findings, choices), title_of) if name == Field.NZQA_REF else "",
                repaired=name in mended,
                input="none" if not name or again else "listing" if name == Field.NZQA_REF else "text",
            )
        )
        if _is_of_a_day(fault) and Field.ACHIEVED_ON not in seen:
            seen.add(Field.ACHIEVED_ON)
            faults.append(_day_instead(row, findings, choices))
    return ProblemRow(
        line=row.line,
        outcome=row.outcome,
        who=who,
        faults=tuple(faults),
    )


def _is_of_a_day(fault: CellFault) -> bool:
    """Whether the register's no may be about the day rather than the listing."""
    return fault.field is None and fault.reason.startswith(_ABOUT_THE_LISTING)


def _day_instead(row: FoundRow, findings: Findings, choices: UploadChoices) -> Mendable:
    return Mendable(
        id=f"fix-{row.line}-{Field.ACHIEVED_ON}",
        column=findings.fields.get(Field.ACHIEVED_ON),
        label=batch_words.field_label(Field.ACHIEVED_ON),
        message=say("Or is the day wrong? Then mend it here."),
        settle="",
        value=_value(row, Field.ACHIEVED_ON, findings, choices),
        repaired=Field.ACHIEVED_ON in choices.repairs.get(row.line, {}),
        input="text",
    )


def _shown(value: str, title_of: Callable[[str], str]) -> str:
    """What a list of micro-credentials says of the value that stands there."""
    title = title_of(value)
    return f"{title} ({value})" if title and title != value else value


def _value(row: FoundRow, name: str, findings: Findings, choices: UploadChoices) -> str:
    """What stands in that field of the row now: as mended, else as the file has it; never a student number."""
    if name == Field.NSN:
        return ""
    mended = choices.repairs.get(row.line, {}).get(name)
    return cell_of(row, name, findings, choices.columns) if mended is None else mended


def parse_anew(form: Mapping[str, str], findings: Findings) -> dict[int, dict[str, str]]:
    """Line -> the withdrawn badge in whose place it is to be issued anew, or nothing for one that is not to be."""
    withdrawn = {row.line: row.short_id or "" for row in findings.withdrawn_rows}
    chosen = {line: {ISSUE_ANEW: short_id} for line, short_id in withdrawn.items() if form.get("anew-all")}
    for key in form:
        if found := _ANEW.fullmatch(key):
            line = int(found[2])
            if found[1] == "not-anew":
                chosen[line] = {ISSUE_ANEW: ""}
            elif line in withdrawn:
                chosen[line] = {ISSUE_ANEW: withdrawn[line]}
    return chosen


def parse_repairs(form: Mapping[str, str], findings: Findings, choices: UploadChoices) -> dict[int, dict[str, str]]:
    """Line -> what was changed in it on the page; a cell left as it was shown is no repair."""
    rows = {row.line: row for row in (*findings.problems, *findings.left_out_rows)}
    warned = {(one.line, _MENDS.get(one.reason)): one.learner for one in findings.warnings}
    changed = parse_anew(form, findings)
    for key, value in form.items():
        if found := _LINE.fullmatch(key):
            changed.setdefault(int(found[2]), {})[LEAVE_OUT] = "true" if found[1] == "leave" else ""
            continue
        found = _FIX.fullmatch(key)
        if found is None or found[2] not in set(Field):
            continue
        line, name, text = int(found[1]), Field(found[2]), value.strip()[:MAX_MENDED_CHARS]
        if line in rows:
            before = _value(rows[line], name, findings, choices)
        else:
            before = warned.get((line, name), "") if name is Field.LEARNER_NAME else ""
        if text != before:
            changed.setdefault(line, {})[name] = text
    return changed


def _mended_in(fault: CellFault, *, who: str) -> str:
    """The field whose cell mends it. What the register says of a row is mostly a wrong reference."""
    if fault.field in _NAME_PARTS and not who:
        return Field.LEARNER_NAME
    if fault.field:
        return fault.field
    if fault.reason == "duplicate-row":
        return Field.ROW_KEY
    return Field.NZQA_REF if fault.reason.startswith(_ABOUT_THE_LISTING) else ""


# --- warnings ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class WarnedRow:
    id: str
    line: int
    learner: str
    message: str
    label: str
    value: str
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningKind:
    """Rows warned of the same thing."""

    reason: str
    title: str
    advice: str
    mend: bool
    leave: bool  # each row can be left out right there
    undo: bool  # each row can go back to not being issued
    open: bool
    rows: tuple[WarnedRow, ...]
    more: int


_SHOWN_WARNINGS = 100


def sort_warnings(warnings: tuple[RowWarning, ...]) -> tuple[WarningKind, ...]:
    """The warnings by kind, the gravest first: a doubtful name would stand on the badge."""
    by_kind: dict[str, list[RowWarning]] = {}
    for warning in warnings:
        by_kind.setdefault(warning.reason, []).append(warning)
    order = (
        *("not-achieved", "number-shared", "issued-anew", "name-doubtful", "name-in-part", "expires"),
        *("address-of-another", "address-shared", "address-missing"),
    )
    kinds = [name for name in order if name in by_kind] + [name for name in by_kind if name not in order]
    return tuple(_kind(name, by_kind[name]) for name in kinds)


def _kind(reason: str, found: list[RowWarning]) -> WarningKind:
    title, advice = _warning_words(reason, len({one.line for one in found}))
    name = _MENDS.get(reason)
    rows = tuple(
        WarnedRow(
            id=f"fix-{one.line}-{name or 'none'}",
            line=one.line,
            learner=one.learner,
            message=one.message,
            label=batch_words.field_label(name) if name else "",
            value=one.learner if name is Field.LEARNER_NAME else "",
            column=one.column if reason in _LEAVABLE else None,
        )
        for one in found[:_SHOWN_WARNINGS]
    )
    return WarningKind(
        reason=reason,
        title=title,
        advice=advice,
        mend=name is not None,
        leave=reason in _LEAVABLE,
        undo=reason == "issued-anew",
        open=reason in _OPEN,
        rows=rows,
        more=len(found) - len(rows),
    )


def _warning_words(reason: str, count: int) -> tuple[str, str]:
    if reason == "not-achieved":
        return (
            _("Perhaps not achieved: %(count)s") % {"count": count},
            _(
                "A badge says that the learner met all requirements. Leave out whoever did not. The grade itself is "
                "neither kept nor shown."
            ),
        )
    if reason == "number-shared":
        return (
            _("One student number under two names: %(count)s") % {"count": count},
            _("The report to the NZRoA would give the award to one person alone. The numbers are not shown here."),
        )
    if reason == "issued-anew":
        return (
            _("Issued anew in place of a withdrawn badge: %(count)s") % {"count": count},
            _("You chose this. The withdrawn badge stays withdrawn."),
        )
    if reason == "name-in-part":
        return (
            _("Names with an empty part: %(count)s") % {"count": count},
            _("Right for somebody with one name; else give the whole name."),
        )
    if reason == "name-doubtful":
        return (
            _("Names that may have lost letters: %(count)s") % {"count": count},
            _("A “?” where a macron should be was lost when the file was saved. The badge would carry it."),
        )
    if reason == "address-shared":
        return (
            _("An address that several learners share: %(count)s") % {"count": count},
            _(
                "No mail goes to an address that is not one learner's own, so that nobody claims another's badge. You "
                "print a slip to hand over instead; or give the learner's own address."
            ),
        )
    if reason == "address-missing":
        return (
            _("No e-mail address: %(count)s") % {"count": count},
            _("You print a slip with the claim link for each and hand it over."),
        )
    if reason == "address-of-another":
        return (
            _("An address that belongs to another learner's badge: %(count)s") % {"count": count},
            _("No mail is sent to it; you print a slip to hand over instead."),
        )
    if reason == "expires":
        return _("Badges that end: %(count)s") % {"count": count}, ""
    return _("Other notes: %(count)s") % {"count": count}, ""
