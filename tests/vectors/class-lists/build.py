"""Writes the class lists of this folder: some sound, most not, each named after what is wrong with it. Nobody is real."""

import zipfile
from pathlib import Path

HERE = Path(__file__).parent
HEAD = "learner_name,nzqa_ref,achieved_on\n"
AROHA = "Aroha Ngātai,5056,2026-05-03\n"
WIREMU = "Wiremu Pōtae,5056,2026-05-04\n"

CSV: dict[str, bytes] = {
    "good": (HEAD + AROHA + WIREMU).encode(),
    "good-byte-order-mark": ("\ufeff" + HEAD + AROHA + WIREMU).encode(),
    "good-utf-16": (HEAD + AROHA + WIREMU).encode("utf-16"),
    "good-crlf": (HEAD + AROHA + WIREMU).replace("\n", "\r\n").encode(),
    "good-old-mac-line-ends": (HEAD + AROHA + WIREMU).replace("\n", "\r").encode(),
    "good-no-line-end-at-the-end": (HEAD + AROHA + WIREMU).strip().encode(),
    "good-semicolons": (HEAD + AROHA + WIREMU).replace(",", ";").encode(),
    "good-tabs": (HEAD + AROHA + WIREMU).replace(",", "\t").encode(),
    "good-separator-named-by-excel": ("sep=;\r\n" + (HEAD + AROHA + WIREMU).replace(",", ";")).encode(),
    "good-quoted": '"learner_name","nzqa_ref","achieved_on"\n"Ngātai, Aroha","5056","2026-05-03"\n'.encode(),
    "good-decomposed-macrons": (HEAD + "Aroha Nga\u0304tai,5056,2026-05-03\n").encode(),
    "good-title-rows-above": ("Te Whare Whakaatu,,\nCompletions,May 2026,\n,,\n" + HEAD + AROHA + WIREMU).encode(),
    "good-blank-rows-between": (HEAD + "\n" + AROHA + ",,\n \n" + WIREMU + ",,\n\n").encode(),
    "good-names-split": b"Surname,First name,Middle name,NZQA ref,Completion date\nNgatai,Aroha,,5056,3/05/2026\n",
    "good-trailing-empty-cells": (HEAD + "Aroha Ngātai,5056,2026-05-03,,\n").encode(),
    "good-line-break-in-a-cell": (HEAD.strip() + ',notes\nAroha Ngātai,5056,2026-05-03,"two\nlines"\n').encode()
    + b"Wiremu P,5056,2026-05-04,x\n",
    "good-line-break-in-the-header": b'"Learner\nname",nzqa_ref,achieved_on\nAroha,5056,2026-05-03\n',
    "cp1252": (HEAD + "Renée Müller,5056,2026-05-03\n").encode("cp1252"),
    "cp1252-byte-it-does-not-have": HEAD.encode() + b"Ren\x81e,5056,2026-05-03\n",
    "utf-16-without-its-mark": (HEAD + AROHA).encode("utf-16-le"),
    "utf-16-cut-short": (HEAD + AROHA).encode("utf-16")[:-1],
    "utf-8-read-as-cp1252-and-saved-again": (HEAD + "Renée Müller,5056,2026-05-03\n")
    .encode()
    .decode("cp1252")
    .encode(),
    "macrons-lost-to-question-marks": (HEAD + "Aroha Ng?tai,5056,2026-05-03\n").encode(),
    "macrons-lost-to-replacement-characters": (HEAD + "Aroha Ng\ufffdtai,5056,2026-05-03\n" + WIREMU).encode(),
    "empty": b"",
    "nothing-but-blank-lines": b"\xef\xbb\xbf \r\n\r\n",
    "header-only": HEAD.encode(),
    "no-header": (AROHA + WIREMU).encode(),
    "no-reference-column": b"learner_name,achieved_on,grade\nAroha,2026-05-03,Pass\n",
    "header-below-the-tenth-row": ("x,y,z\n" * 10 + HEAD + AROHA).encode(),
    "column-twice": b"learner_name,nzqa_ref,achieved_on,Date achieved,Completion date\nA B,5056,2026-05-03,,\n",
    "name-twice": b"Full name,Student name,nzqa_ref,achieved_on\nA,B,5056,2026-05-03\n",
    "student-number-as-a-header": b"learner_name,nzqa_ref,123456789,a@example.nz\nA,5056,x,y\n",
    "row-too-short": (HEAD + "Aroha,5056\n" + WIREMU).encode(),
    "row-too-long": (HEAD + "Ngātai, Aroha,5056,2026-05-03\n" + WIREMU).encode(),
    "quotation-mark-not-closed": (HEAD + '"Aroha Ngātai,5056,2026-05-03\n' + WIREMU).encode(),
    "quotation-mark-not-closed-before-quoted-rows": (
        HEAD + '"Aroha Ngātai,5056,2026-05-03\n"Wiremu Pōtae","5056","2026-05-04"\n"Mere Tū","5056","2026-05-05"\n'
    ).encode(),
    "quotation-mark-inside-a-quoted-cell": (HEAD + '"Aroha "Roa" Ngātai",5056,2026-05-03\n' + WIREMU).encode(),
    "nul-in-a-cell": (HEAD + "Aroha\0,5056,2026-05-03\n" + WIREMU).encode(),
    "cell-too-long": (HEAD + "A" * 2_001 + ",5056,2026-05-03\n" + WIREMU).encode(),
    "cell-over-the-csv-modules-own-limit": (HEAD + "A" * 131_073 + ",5056,2026-05-03\n" + WIREMU).encode(),
    "formula-in-a-name": (HEAD + "=HYPERLINK(1),5056,2026-05-03\n" + WIREMU).encode(),
    "months-first": (
        HEAD + AROHA + "Mere,5056,05/25/2026\nTama,5056,03/04/2026\nHine,5056,5/5/2026\nRua,5056,25/05/2026\n"
    ).encode(),
    "student-number-in-a-name": (HEAD + "Aroha 123456789,5056,2026-05-03\n" + WIREMU).encode(),
    "columns-swapped": (HEAD + "5056,Aroha Ngātai,123456789\n").encode(),
    "the-same-row-twice": (HEAD + AROHA + WIREMU + AROHA.replace("Aroha Ng", "aroha  NG") + AROHA).encode(),
    "row-key-twice": b"learner_name,nzqa_ref,achieved_on,row_key\nA B,5056,2026-05-03,k1\nC D,5056,2026-05-03,k1\n",
    "every-column": (
        "Learner Name,NZQA Ref,Achieved On,E-mail,Row key,NSN,Preferred Name,Name display,Language,Result,Evidence URL,"
        "Date of birth,Gender\n"
        "Aroha Ngātai,5056,03/05/2026,aroha@example.nz,2026-17,123 456 789,Aro Ngātai,Preferred,Māori,Merit,"
        "https://folio.example.nz/aroha?film=1,1999-01-01,F\n"
    ).encode(),
    "zeros-eaten-by-a-spreadsheet": (HEAD + "Aroha,426,46145\nWiremu,427,46145.5\nMere,tf0849,46145\n").encode(),
}

WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{}</sheets></workbook>'
)
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2">'
    '<xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def relations(*targets: tuple[str, str]) -> str:
    inside = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATION}{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>'
    )


def cell(place: str, value: object) -> str:
    """A cell: text as shared string number when it is a tuple, inline otherwise; a number; a date as its serial."""
    if isinstance(value, tuple):
        return f'<c r="{place}" t="s"><v>{value[0]}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    if isinstance(value, complex):  # a date, written as its serial with an imaginary mark
        return f'<c r="{place}" s="1"><v>{value.real:g}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def sheet(rows: dict[int, tuple[object, ...]]) -> str:
    inside = "".join(
        f'<row r="{number}">'
        + "".join(cell(f"{chr(65 + at)}{number}", value) for at, value in enumerate(values) if value is not None)
        + "</row>"
        for number, values in rows.items()
    )
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{inside}</sheetData></worksheet>"
    )


def xlsx(name: str, *sheets: str, shared: str = "", states: tuple[str, ...] = (), extra: dict[str, str] | None = None):
    names = "".join(
        f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"{states[n - 1] if states else ""}/>'
        for n in range(1, len(sheets) + 1)
    )
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": WORKBOOK.format(names),
        "xl/_rels/workbook.xml.rels": relations(
            *[("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)],
            ("styles", "styles.xml"),
            *([("sharedStrings", "sharedStrings.xml")] if shared else []),
        ),
        "xl/styles.xml": STYLES,
        **({"xl/sharedStrings.xml": shared} if shared else {}),
        **{f"xl/worksheets/sheet{n}.xml": text for n, text in enumerate(sheets, start=1)},
        **(extra or {}),
    }
    with zipfile.ZipFile(HERE / f"{name}.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for part, content in parts.items():
            package.writestr(zipfile.ZipInfo(part), content, zipfile.ZIP_DEFLATED, 9)


def shared_strings(*texts: str) -> str:
    inside = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{inside}</sst>'


HEADER = ("learner_name", "nzqa_ref", "achieved_on")
MAY_3 = 46145 + 1j  # 3 May 2026 as a date cell


def workbooks() -> None:
    xlsx("good", sheet({1: HEADER, 2: ("Aroha Ngātai", 426, MAY_3), 4: ("Wiremu Pōtae", "5056", "4/05/2026")}))
    xlsx(
        "good-title-above-and-second-column-first",
        sheet({2: (None, "Completions"), 4: (None, *HEADER), 5: (None, "Aroha Ngātai", 5056, MAY_3)}),
    )
    xlsx(
        "good-on-the-second-sheet-the-first-is-hidden",
        sheet({1: HEADER, 2: ("Hidden Person", "5056", MAY_3)}),
        sheet({1: HEADER, 2: ("Aroha Ngātai", "5056", MAY_3)}),
        states=(' state="hidden"', ""),
    )
    xlsx(
        "good-shared-strings",
        sheet({1: ((0,), (1,), (2,)), 2: ((3,), (4,), MAY_3)}),
        shared=shared_strings(*HEADER, "Aroha Ngātai", "5056"),
    )
    xlsx("dates-swapped-by-excel", sheet({
        1: HEADER, 2: ("Aroha", "5056", "05/25/2026"), 3: ("Wiremu", "5056", 46117 + 1j), 4: ("Mere", "5056", 46167 + 1j),
    }))  # fmt: skip
    xlsx("header-only", sheet({1: HEADER}))
    xlsx("no-table", sheet({1: ("a", "b"), 2: ("c", "d")}))
    xlsx("cell-in-the-last-row-of-excel", sheet({1: HEADER, 1_048_576: ("Aroha", "5056", MAY_3)}))
    far = sheet({1: HEADER}).replace("</row>", '<c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row>')
    xlsx("cell-in-the-last-column-of-excel", far)
    wide = sheet({1: HEADER, 100_000: ("A",)}).replace("</row>", '<c r="GR1"><v>1</v></c></row>', 1)
    xlsx("wide-and-long", wide)
    xlsx("cells-without-places", sheet({1: HEADER, 2: ("A", "5056", MAY_3)}).replace('<c r="A2"', "<c"))
    xlsx("part-that-inflates-without-end", sheet({1: HEADER}), extra={"xl/media/zeros.xml": "0" * (129 * 1024 * 1024)})
    many = dict.fromkeys(range(2, 5002), ((3,),) * 3)
    xlsx(
        "one-long-text-in-every-cell",
        sheet({1: ((0,), (1,), (2,)), **many}),
        shared=shared_strings(*HEADER, "A" * 32_767),
    )
    good = (HERE / "good.xlsx").read_bytes()
    (HERE / "damaged.xlsx").write_bytes(good[:200] + bytes(40) + good[240:])
    (HERE / "cut-short.xlsx").write_bytes(good[:-40])
    (HERE / "old-excel-or-password.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    with zipfile.ZipFile(HERE / "zip-but-no-workbook.xlsx", "w") as package:
        package.writestr(zipfile.ZipInfo("class.csv"), CSV["good"])


if __name__ == "__main__":
    for stem, data in CSV.items():
        (HERE / f"{stem}.csv").write_bytes(data)
    workbooks()
