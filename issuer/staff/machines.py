"""Completions that a program sends: read strictly, checked at once, put in the queue; HTTP is not known here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from issuer.bulk import checking, previewing, uploads
from issuer.bulk import confirming as bulk
from issuer.bulk.findings import Findings
from issuer.bulk.uploads import BatchState, MailChoice, Source
from issuer.instance import Instance
from issuer.rows import Field
from issuer.store import batch_work
from schemas.errors import Fault, InputError, TableError, TooLarge
from schemas.jsontext import parse_json, parse_object, pointer
from schemas.limits import MACHINE_BATCH, MAX_CELL_CHARS, MAX_MACHINE_ROWS, MAX_RECORD_FAULTS
from verifier.register.edition import Edition

# A program gives names whole; the parts are for files that people made.
FIELDS: Final = tuple(name for name in Field if name not in (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME))
REQUIRED: Final = (Field.LEARNER_NAME, Field.NZQA_REF, Field.ACHIEVED_ON)
FIRST_LINE: Final = 2  # of the table made of JSON items: line 1 is its header


class ItemsRefused(InputError):
    """Items that are not what they should be; every fault has its pointer. Nothing was kept."""

    slug = "items-refused"
    title = "Some items cannot be used"
    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A batch that was checked: in the queue, awaiting approval, or (a dry run) let go again."""

    batch_id: str
    state: BatchState
    findings: Findings
    faults: tuple[Fault, ...]


def parse_items(data: bytes, *, lines: bool = False) -> list[dict[str, str]]:
    """Completions from a JSON array of objects, or from JSON lines. Raises JsonTextError, TooLarge, ItemsRefused."""
    if lines:
        texts = [line for line in data.split(b"\n") if line.strip()]
        _refuse_many(len(texts))
        items: Any = [parse_object(line) for line in texts]
    else:
        items = parse_json(data, limits=MACHINE_BATCH)
    if not isinstance(items, list):
        raise InputError("The JSON text must be an array of objects, one for each completion.")
    _refuse_many(len(items))
    faults: list[Fault] = []
    parsed = [parse_item(item, at=(index,), faults=faults) for index, item in enumerate(items)]
    refuse_faults(faults)
    if not parsed:
        raise ItemsRefused("There is no completion in it.", faults=(Fault(message="An empty list.", pointer=""),))
    return parsed


def parse_item(
    item: Any, *, at: tuple[str | int, ...], faults: list[Fault], also: Iterable[str] = ()
) -> dict[str, str]:
    """One completion: members of known names, all of them text. What is wrong is added to `faults`."""
    if not isinstance(item, dict):
        faults.append(Fault(message="This must be an object.", pointer=pointer(*at)))
        return {}
    known = (*FIELDS, *also)
    values: dict[str, str] = {}
    for name, value in item.items():
        where = pointer(*at, name)
        if name not in known:
            faults.append(Fault(message=f"There is no such member. Known are {', '.join(known)}.", pointer=where))
        elif value is None:
            continue
        elif not isinstance(value, str):
            faults.append(Fault(message="This must be text, in quotation marks.", pointer=where))
        elif len(value) > MAX_CELL_CHARS:
            faults.append(Fault(message=f"This is longer than {MAX_CELL_CHARS:,} characters.", pointer=where))
        elif value.strip():
            values[name] = " ".join(value.split())
    needed = (name for name in REQUIRED if name not in values and not (name is Field.NZQA_REF and "course" in also))
    faults += [
        Fault(message=f"The member {name} is missing or empty.", pointer=pointer(*at))
        for name in needed
        if name not in item or item[name] is None or isinstance(item[name], str)
    ]
    return values


def refuse_faults(faults: Sequence[Fault]) -> None:
    """Raises ItemsRefused when there are any."""
    if faults:
        number = "One thing is" if len(faults) == 1 else f"{len(faults)} things are"
        raise ItemsRefused(f"{number} not as it should be. Nothing was kept.", faults=tuple(faults[:MAX_RECORD_FAULTS]))


def write_table(items: Sequence[Mapping[str, str]]) -> bytes:
    """The items as a class list; item n stands in line n + 2."""
    columns = [name for name in FIELDS if name in REQUIRED or any(name in item for item in items)]
    written = io.StringIO(newline="")
    table = csv.writer(written, lineterminator="\n")
    table.writerow(columns)
    table.writerows([item.get(name, "") for name in columns] for item in items)
    return written.getvalue().encode()


def take_batch(
    instance: Instance,
    data: bytes,
    *,
    filename: str,
    source: Source,
    mail: MailChoice,
    actor: str,
    four_eyes: bool,
    edition: Edition | None,
    now: datetime,
    from_items: bool,
    dates: str | None = None,
    dry_run: bool = False,
    under: str = "",
) -> Taken:
    """Check a class list and, unless it is a dry run, have what is ready issued (or approved first).

    Nothing ready and something wrong raises ItemsRefused; a table that cannot be read at all TableError. Neither
    leaves a draft behind. Everything issued before is no fault: the state is then `discarded`, the findings say so.
    `under` is the JSON pointer of the list that the items came in.
    """
    batch_id = uploads.receive(instance, data, filename=filename, source=source, actor=actor, now=now, mail=mail)
    try:
        findings = _checked(instance, batch_id, edition=edition, actor=actor, dates=dates, now=now)
    except BaseException:
        uploads.discard(instance, batch_id, now=now, actor=actor)
        raise
    faults = tuple(_faults_of(findings, from_items=from_items, under=under))[:MAX_RECORD_FAULTS]
    if dry_run or findings.ready == 0:
        uploads.discard(instance, batch_id, now=now, actor=actor)
        if not dry_run and faults:
            raise ItemsRefused("No completion is ready to be issued. Nothing was kept.", faults=faults)
        return Taken(batch_id=batch_id, state=BatchState.DISCARDED, findings=findings, faults=faults)
    state = bulk.confirm(
        instance,
        batch_id,
        expected_ready=findings.ready,
        mail=mail,
        actor=actor,
        four_eyes=four_eyes,
        edition=edition,
        now=now,
    )
    return Taken(batch_id=batch_id, state=state, findings=findings, faults=faults)


def _checked(
    instance: Instance, batch_id: str, *, edition: Edition | None, actor: str, dates: str | None, now: datetime
) -> Findings:
    """Its findings. No worker is asked: the batch goes from draft to checked in this process."""
    if dates is not None:
        choices = replace(uploads.load_choices(instance, batch_id), dates=dates)
        uploads.save_choices(instance, batch_id, choices, now=now, actor=actor)
    seen = previewing.preview(instance, batch_id, edition)
    if seen.fault is not None:
        raise TableError(seen.fault)
    if seen.rows > MAX_MACHINE_ROWS:
        raise TooLarge(f"The class list has {seen.rows:,} rows; the API takes {MAX_MACHINE_ROWS:,} at a time.")
    findings = checking.check(instance, batch_id, edition=edition, now=now, actor=actor)
    with instance.store.writing() as connection:
        batch_work.move(connection, batch_id, among=(BatchState.DRAFT,), to=BatchState.CHECKED)
    return findings


def _faults_of(findings: Findings, *, from_items: bool, under: str) -> Iterable[Fault]:
    for row in findings.problems:
        for fault in row.faults:
            if from_items:
                inside = pointer(fault.field) if fault.field else ""
                yield Fault(message=fault.message, pointer=under + pointer(row.line - FIRST_LINE) + inside)
            else:
                yield Fault(message=fault.message, line=row.line, column=fault.column)


def _refuse_many(count: int) -> None:
    if count > MAX_MACHINE_ROWS:
        raise TooLarge(f"There are {count:,} completions; the API takes {MAX_MACHINE_ROWS:,} at a time.")
