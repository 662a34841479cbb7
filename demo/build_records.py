"""The sample of published micro-credentials -> the demonstration register's CSV records; every gap visibly invented.

Titles, references, levels, credits and sources are those published. What the sample does not have is made up here,
and each such cell is named in `demo/register/INVENTED.csv`. Providers, rights and successions are invented throughout.

Run from the project's folder: python -m demo.build_records
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verifier.register.tables import TABLES

HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "register-sample.csv"
FOLDER = HERE / "register"
INVENTED = "(invented)"

Row = dict[str, str]

PROVIDERS = (
    # moe_number, legal_name, trading_as, type, registered_from, registered_to
    ("9990", "Te Kura Whakaatu — Demonstration Polytechnic (invented)", "", "polytechnic", "2010-01-01", ""),
    ("9991", "Whare Ako Tauira — Demonstration College (invented)", "Tauira College", "pte", "2015-03-01", ""),
    ("9992", "Demonstration Polytechnic of Aoraki (invented)", "", "polytechnic", "2010-01-01", "2025-12-31"),
    ("9993", "New Demonstration Polytechnic of Aoraki (invented)", "", "polytechnic", "2026-01-01", ""),
    ("9994", "Demonstration Industry Skills Board (invented)", "", "isb", "2026-01-01", ""),
    ("9995", "Demonstration Workforce Development Council (invented)", "", "wdc", "2021-10-04", "2025-12-31"),
    ("9996", "Demonstration University (invented)", "", "university", "1990-01-01", ""),
    ("9997", "Te Wānanga Whakaatu — Demonstration Wānanga (invented)", "", "wananga", "2005-01-01", ""),
    ("9998", "Demonstration Training Institute (invented)", "", "pte", "2012-01-01", "2025-06-30"),
    ("9999", "Demonstration Qualifications Office (invented)", "", "other", "2010-01-01", ""),
)

# What the sample's own rows do not say, by their number in the sample.
LEVELS = {16: "4", 17: "4", 24: "2", 25: "2", 26: "3", 27: "3", 32: "2", 33: "3", 34: "4", 35: "5", 36: "5"}
LISTED_FROM = {1: "2023-06-01", 2: "2023-06-01", 26: "2018-11-01", 35: "2019-11-01", 36: "2019-11-01"}
YEARS = {"Jan 2019": "2019-01-01", "Apr 2021": "2021-04-01", "May 2023": "2023-05-01", "Jul 2023": "2023-07-01"}
DEFAULT_LISTED_FROM = "2024-01-01"
DISCONTINUED = {26: "2022-12-31", 29: "2024-12-31"}
EXPIRING = {30: "2026-03-01"}
TE_REO_TITLES = {13, 32, 33, 34}

RIGHTS = (
    # moe_number, ref, basis, granted, last delivered, checked, extended, ended, end reason, reason text
    *(
        ("9990", ref, "accreditation", "2024-02-01", "2026-10-01", "2026-10-15", "", "", "", "")
        for ref in ("5055", "5056", "4974", "5301", "128482-1", "128488-1", "128484-1", "ZZ0014", "ZZ0015", "ZZ0016")
    ),
    ("9990", "128485-1", "accreditation", "2024-02-01", "2025-03-01", "2026-10-15", "2027-02-28", "", "", ""),
    ("9990", "ZZ0098", "accreditation", "2024-02-01", "2026-09-01", "2026-10-15", "", "", "", ""),
    ("9990", "ZZ0099", "accreditation", "2024-02-01", "2024-04-30", "2026-10-15", "", "", "", ""),
    ("9990", "ZZ0026", "accreditation", "2019-02-01", "2022-11-30", "", "", "2022-12-31", "discontinued", ""),
    # 9991 has no right to 5055: the demonstration's unaccredited badge.
    ("9991", "5056", "accreditation", "2024-03-01", "2026-08-31", "2026-10-15", "", "", "", ""),
    ("9991", "ZZ0017", "accreditation", "2024-03-01", "", "", "", "", "", ""),
    ("9991", "ZZ0016", "accreditation", "2023-03-01", "2024-03-01", "", "", "", "", ""),
    ("9991", "ZZ0030", "accreditation", "2024-03-01", "2024-06-30", "2026-10-15", "", "", "", ""),
    ("9991", "128483-1", "accreditation", "2024-03-01", "2026-05-31", "2026-10-15", "", "2026-06-30", "withdrawn", ""),
    ("9992", "128479-1", "accreditation", "2024-02-01", "2025-11-30", "2026-10-15", "", "2025-12-31", "closed", ""),
    ("9992", "128481-1", "accreditation", "2024-02-01", "2025-11-30", "2026-10-15", "", "2025-12-31", "closed", ""),
    ("9994", "128489-1", "developer", "2026-01-01", "", "", "", "", "", "Nobody else can assess it yet (invented)."),
    ("9996", "ZZ0035", "approval", "2019-11-01", "2026-10-01", "2026-10-15", "", "", "", ""),
    ("9996", "ZZ0036", "approval", "2019-11-01", "2026-10-01", "2026-10-15", "", "", "", ""),
    *(
        ("9997", ref, "accreditation", "2024-02-01", "2026-09-15", "2026-10-15", "", "", "", "")
        for ref in ("5301", "ZZ0032", "ZZ0033", "ZZ0034")
    ),
    ("9998", "ZZ0028", "accreditation", "2022-02-01", "2023-06-30", "2024-08-01", "", "2024-06-30", "lapsed", ""),
    ("9998", "ZZ0030", "accreditation", "2022-02-01", "2023-06-30", "2026-10-15", "", "", "", ""),
    ("9999", "128487-1", "nzqa", "2025-01-01", "", "", "", "", "", "The provider closed during a course (invented)."),
)
SUCCESSIONS = (
    # from, to, day, scope, instrument, source: one to many, then the change from council to board
    ("9992", "9993", "2026-01-01", "*"),
    ("9992", "9990", "2026-01-01", "128479-1"),
    ("9995", "9994", "2026-01-01", "*"),
)
INVENTED_LISTINGS = (
    # ref, version, title, level, credits, from, approval ended, removed
    ("ZZ0098", "1", "Demonstration listing with two versions (invented)", "3", "8", "2023-07-01", "2025-06-30", ""),
    ("ZZ0098", "2", "Demonstration listing with two versions, revised (invented)", "4", "10", "2025-07-01", "", ""),
    ("ZZ0099", "1", "Demonstration listing made by mistake (invented)", "3", "5", "2024-01-01", "", "2024-05-15"),
)
COLUMNS = {table.file: [column.name for column in table.columns] for table in TABLES}


@dataclass(slots=True)
class Inventions:
    """Every cell that was made up, and why it had to be."""

    rows: list[Row] = field(default_factory=list)

    def note(self, file: str, key: str, column: str, value: str, why: str) -> str:
        self.rows.append({"file": file, "row": key, "column": column, "value": value, "why": why})
        return value


def reference(sample: Row, inventions: Inventions) -> str:
    """The published number, the approval number where that is the only one, else one of NZQA's form under `ZZ`."""
    if sample["nzqa_ref"] or sample["approval_number"]:
        return sample["nzqa_ref"] or sample["approval_number"]
    number = f"ZZ{int(sample['row']):04d}"
    return inventions.note("listings.csv", number, "nzqa_ref", number, "no reference was seen")


def listing(sample: Row, inventions: Inventions) -> Row:
    row_number = int(sample["row"])
    ref = reference(sample, inventions)

    def known(column: str, seen: str, invented: str) -> str:
        return seen or inventions.note("listings.csv", ref, column, invented, "not seen in the source")

    def invented(column: str, value: str) -> str:
        return (
            inventions.note("listings.csv", ref, column, value, "dates and states are not published") if value else ""
        )

    university = "CUAP" in sample["register"]
    title = unicodedata.normalize("NFC", sample["title"])
    url = re.match(r"https?://[!-~]+", sample["source_url"])
    purpose = sample["purpose_or_outcomes_as_read"]
    telling = purpose if len(purpose) > len("NZQA have approved the listing") else ""
    year = YEARS.get(sample["as_of"], DEFAULT_LISTED_FROM)
    return {
        "nzqa_ref": ref,
        "approval_number": sample["approval_number"],
        "version": known("version", sample["version"], "1"),
        "title_en": "" if row_number in TE_REO_TITLES else title,
        "title_mi": title if row_number in TE_REO_TITLES else "",
        "level": known("level", sample["level"], LEVELS.get(row_number, "3")),
        "credits": known("credits", sample["credits"], "5" if university else "10"),
        "nzsced": sample["nzsced_code"],
        "developer": known("developer", sample["developer"], f"Demonstration developer {INVENTED}"),
        "qa_body": "Universities New Zealand" if university else "NZQA",
        "te_hono": invented("te_hono", "yes" if row_number in TE_REO_TITLES else "no"),
        "origin": invented("origin", "training-scheme" if row_number in (18, 19, 20) else "new"),
        "review_years": invented("review_years", "1" if "pre-2023" in sample["register"] else "3"),
        "purpose": known("purpose", telling, f"{INVENTED} Learners show that they can do what the title names."),
        "listed_from": invented("listed_from", LISTED_FROM.get(row_number, year)),
        "expiring_from": invented("expiring_from", EXPIRING.get(row_number, "")),
        "discontinued_on": invented("discontinued_on", DISCONTINUED.get(row_number, "")),
        "source_url": url[0] if url else "",
    }


def invented_listings() -> Iterable[Row]:
    for ref, version, title, level, credits_, first, ended, removed in INVENTED_LISTINGS:
        yield {
            "nzqa_ref": ref,
            "version": version,
            "title_en": title,
            "level": level,
            "credits": credits_,
            "developer": f"Demonstration developer {INVENTED}",
            "qa_body": "NZQA",
            "te_hono": "no",
            "origin": "new",
            "review_years": "3",
            "purpose": f"{INVENTED} A listing for one case of the demonstration.",
            "listed_from": first,
            "approval_ended_on": ended,
            "removed_on": removed,
        }


def outcomes(sample: Row, listed: Row, inventions: Inventions) -> Iterable[Row]:
    """What learners will be able to do, as read where it was; NZQA lists nothing without outcomes."""
    texts = [text.strip().rstrip(".") for text in sample["purpose_or_outcomes_as_read"].split(";")]
    real = [text[:1].upper() + text[1:] for text in texts if len(texts) > 1 and text]
    for position, text in enumerate(real or [f"{INVENTED} Do what the title names, to the level of the listing"], 1):
        if not real:
            inventions.note("outcomes.csv", listed["nzqa_ref"], "text_en", text, "no outcomes were seen")
        yield {
            "nzqa_ref": listed["nzqa_ref"],
            "version": listed["version"],
            "position": str(position),
            "text_en": text,
        }


def equivalency(sample: Row, inventions: Inventions) -> Row:
    ref = f"ZQ{int(sample['row']):04d}"
    why = "the separate register has no references, and its days were not seen"
    return {
        "organisation": sample["developer"],
        "title": sample["title"],
        "level": sample["level"],
        "credits": sample["credits"],
        "statement_on": inventions.note("equivalencies.csv", ref, "statement_on", "2019-06-01", why),
        "ref": inventions.note("equivalencies.csv", ref, "ref", ref, why),
    }


def build() -> dict[str, bytes]:
    """File name -> content of every record file, always the same."""
    inventions = Inventions()
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        samples = list(csv.DictReader(file))
    listings: list[Row] = []
    taught: list[Row] = []
    equivalencies: list[Row] = []
    for sample in samples:
        if sample["register"].startswith("Equivalency"):
            equivalencies.append(equivalency(sample, inventions))
        else:
            listings.append(listing(sample, inventions))
            taught += outcomes(sample, listings[-1], inventions)
    for row in invented_listings():
        listings.append(row)
        taught.append(
            {
                "nzqa_ref": row["nzqa_ref"],
                "version": row["version"],
                "position": "1",
                "text_en": f"{INVENTED} Show one case of the demonstration",
            }
        )
    for name, why in (
        ("providers.csv", "every provider is invented: nobody real issues demonstration badges"),
        ("awarding_rights.csv", "who may award what, and since when, is not published"),
        ("successions.csv", "invented, like the providers"),
    ):
        inventions.note(name, "every row", "every column", INVENTED, why)
    instrument = {"instrument": f"Demonstration order {INVENTED}", "source": f"Demonstration {INVENTED}"}
    provider_columns = [name for name in COLUMNS["providers.csv"] if name != "nzqa_provider_id"]
    rows: dict[str, Iterable[Row]] = {
        "providers.csv": [dict(zip(provider_columns, row, strict=True)) for row in PROVIDERS],
        "listings.csv": listings,
        "outcomes.csv": taught,
        "awarding_rights.csv": [dict(zip(COLUMNS["awarding_rights.csv"], row, strict=True)) for row in RIGHTS],
        "successions.csv": [
            dict(zip(COLUMNS["successions.csv"], row, strict=False)) | instrument for row in SUCCESSIONS
        ],
        "equivalencies.csv": equivalencies,
    }
    files = {name: _csv(columns, rows.get(name, ())) for name, columns in COLUMNS.items()}
    return files | {"INVENTED.csv": _csv(["file", "row", "column", "value", "why"], inventions.rows)}


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, content in build().items():
        (FOLDER / name).write_bytes(content)
        rows = content.count(b"\n") - 1
        print(f"{FOLDER.name}/{name}: {rows} rows")


if __name__ == "__main__":
    main()
