"""Makes a register of national size out of nothing but numbers: every name is invented, and the same in every run."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from schemas.nzqcf import NZSCED_BROAD_FIELDS
from verifier.register.tables import TABLES

PROVIDERS, LISTINGS, RIGHTS = 500, 7_000, 60_000
AS_AT = date(2026, 11, 1)
_TYPES = (("pte", 440), ("school", 30), ("polytechnic", 17), ("university", 8), ("wananga", 3), ("isb", 2))
_SUBJECTS = ("Harakeke", "Kelp", "Bridges", "Soils", "Ledgers", "Lambing", "Welding", "Coding", "Kapa haka", "Care")
_DEEDS = ("Introduction to", "Measuring", "Planning for", "Safe work with", "Leading teams in", "Repairing")
COLUMNS = {table.file: [column.name for column in table.columns] for table in TABLES}


def write_national_records(
    folder: Path, *, providers: int = PROVIDERS, listings: int = LISTINGS, rights: int = RIGHTS
) -> None:
    """Write the CSV records into `folder`; the same bytes in every run."""
    dice = random.Random(20261101)
    numbers = [f"{1_000 + index}" for index in range(providers)]
    refs = [f"{2_000 + index}" for index in range(listings)]
    types = [name for name, count in _TYPES for _ in range(count)]
    rows: dict[str, Iterable[Sequence[object]]] = {
        "providers.csv": [
            (number, "", f"Provider {number} (invented)", "", types[index % len(types)], _day(dice, 2005, 2015), "")
            for index, number in enumerate(numbers)
        ],
        "issuers.csv": [(number, _did(number), "2023-01-01", "", "seen (invented)") for number in numbers],
        "listings.csv": [_listing(dice, ref) for ref in refs],
        "outcomes.csv": [
            (ref, "1", position, f"Outcome {position} of {ref} (invented)", "", "")
            for ref in refs
            for position in (1, 2)
        ],
        "awarding_rights.csv": [_right(dice, *pair) for pair in _pairs(dice, numbers, refs, rights)],
        "successions.csv": [
            (numbers[index], numbers[index + 1], "2026-01-01", "*", "Order (invented)", "invented")
            for index in range(0, min(40, providers - 1), 2)
        ],
        "equivalencies.csv": [
            (f"Society {index} (invented)", "", f"Course {index} (invented)", 3, 5, "2020-06-01", f"ZQ{index:04}")
            for index in range(min(300, listings))
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows.get(name, ()))


def _did(number: str) -> str:
    return f"did:web:provider-{number}.example"


def _day(dice: random.Random, first: int, last: int) -> str:
    return (date(first, 1, 1) + timedelta(days=dice.randrange(365 * (last - first + 1)))).isoformat()


def _listing(dice: random.Random, ref: str) -> tuple[object, ...]:
    title = f"{dice.choice(_DEEDS)} {dice.choice(_SUBJECTS)} {ref} (invented)"
    subject = f"{dice.choice(tuple(NZSCED_BROAD_FIELDS))}0101"
    values = {
        "nzqa_ref": ref,
        "version": "1",
        "title_en": title,
        "level": dice.randint(1, 9),
        "credits": dice.randint(1, 40),
        "nzsced": subject,
        "developer": "Developer (invented)",
        "qa_body": "NZQA",
        "te_hono": "no",
        "origin": "new",
        "review_years": "3",
        "purpose": "Learners show that they can do what the title names (invented).",
        "listed_from": _day(dice, 2019, 2024),
        "discontinued_on": "2026-06-30" if dice.random() < 0.1 else "",
        "checked_on": "2026-10-15",
    }
    return tuple(values.get(name, "") for name in COLUMNS["listings.csv"])


def _pairs(dice: random.Random, numbers: Sequence[str], refs: Sequence[str], rights: int) -> Iterable[tuple[str, str]]:
    chosen = dice.sample(range(len(numbers) * len(refs)), rights)
    return [(numbers[one % len(numbers)], refs[one // len(numbers)]) for one in sorted(chosen)]


def _right(dice: random.Random, number: str, ref: str) -> tuple[object, ...]:
    granted = _day(dice, 2024, 2025)
    delivered = "" if dice.random() < 0.3 else max(granted, _day(dice, 2025, 2025))
    checked = "2026-10-15" if delivered else ""
    return number, ref, "accreditation", granted, delivered, checked, "", "", "", ""
