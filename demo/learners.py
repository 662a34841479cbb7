"""Writes demo/class-list.csv: invented learners, the same every time. `python -m demo.learners`."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

ROWS = 216
FILE = Path(__file__).parent / "class-list.csv"
GIVEN = (
    "Hēmi Mere Wiremu Aroha Tāne Ngaire Rāwiri Moana Tamati Kiri Anahera Nikau Hinewai Pāora Marama Tipene "
    "Olivia Jack Charlotte Noah Amelia Liam Isla George Sophie James Harriet Daniel Grace Samuel Ruby Thomas "
    "Sione Mele Tevita Ana Losa Ioane Sefina Tavita Priya Arjun Mei Wei Haruto Yuna Minh Linh Fatima Omar"
).split()
FAMILY = (
    "Tāwhiri Pōtiki Ngāta Wīhongi Parata Rēweti Kereama Māhia Tūhoro Te·Aho Rangihuna Whāiti Smith-Jones O'Connell "
    "Williams Brown MacDonald Taylor Anderson Clarke Robertson Walker Fraser Hughes Fa'alogo Tuilagi Vaipulu Latū "
    "Patel Sharma Chen Wang Tanaka Kim Nguyễn Trần Hassan Ali García Müller"
).split()
REFS = ("5055", "5056", "4974", "5301", "128482-1", "128488-1")
FIRST_AWARD = date(2026, 6, 15)


def rows() -> list[dict[str, str]]:
    """The class list, in the columns of a student system's export."""
    rng = random.Random(9990)
    people = [(given, family.replace("·", " ")) for given in GIVEN for family in FAMILY]
    made = []
    for number, (given, family) in enumerate(rng.sample(people, ROWS), start=1):
        display = rng.choices(("full", "preferred", "none"), weights=(17, 2, 1))[0]
        made.append(
            {
                "Learner name": f"{given} {family}",
                "NZQA ref": rng.choice(REFS),
                "Achieved on": (FIRST_AWARD + timedelta(days=rng.randrange(150))).strftime("%d/%m/%Y"),
                "Learner email": f"learner{number:03}@learners.example",
                "Preferred name": given if display == "preferred" else "",
                "Name display": display,
            }
        )
    return made


def main() -> None:
    """Write the file."""
    made = rows()
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(made[0]))
        writer.writeheader()
        writer.writerows(made)


if __name__ == "__main__":
    main()
