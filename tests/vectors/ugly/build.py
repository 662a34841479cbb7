"""Writes class lists as they really arrive: titles above, merged headers, eaten zeros, serial days. Nobody is real."""

from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl

HERE = Path(__file__).parent

# As Excel saves it with “CSV (semicolon)” on a Windows computer: Windows-1252, its own first line, a header in two
# rows where cells were merged, the zero of 0426 eaten, days as serials, one address for two people, one missing.
CP1252 = """\
sep=;\r
Te Whare Whakaatu;;;;;;\r
Completions, Semester 1;;;;;;\r
Student;;;Course;Completed;E-mail;Notes\r
First name;Last name;NSN;;;;\r
Renée;Müller;123456789;426;46145;renee@learner.example;\r
Zoë;Brontë;;426;3/05/2026;zoe@learner.example;paid\r
Hana;Ng?tai;;426;3/05/2026;whanau@learner.example;macron lost\r
Tama;Ng?tai;;BEE-101;4/05/2026;whanau@learner.example;shares an address\r
Piri;Weka;;9876;4/05/2026;;no address\r
=Mere;Kea;;9876;4/05/2026;kea@learner.example;formula\r
Ari;Tui;;9876;31/02/2026;tui@learner.example;no such day\r
"""


def workbook() -> None:
    """The same from a student system, as a workbook: really merged cells, days of three kinds, macrons of two."""
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "Cover"
    cover["A1"] = "Completions for the office"
    sheet = book.create_sheet("Class")
    sheet["A1"] = "Te Whare Whakaatu – completions"
    sheet.merge_cells("A1:G1")
    for place, text in {"A3": "Learner", "C3": "Course", "D3": "Completed", "E3": "E-mail", "F3": "NSN"}.items():
        sheet[place] = text
    sheet.merge_cells("A3:B3")
    for column in "CDEF":
        sheet.merge_cells(f"{column}3:{column}4")
    sheet["A4"], sheet["B4"] = "First name", "Last name"
    rows = (
        ("Mere", "Āwhina", 426, 46145, "mere@learner.example", 123456789),
        ("Aroha", "Nga\u0304tai", "0426", date(2026, 5, 3), "aroha@learner.example", None),
        ("Wiremu", "Pōtae", 426.0, "3 May 2026", "whanau@learner.example", "987 654 321"),
        ("Hine", "Pōtae", "BEE-101", "4/05/2026", "whanau@learner.example", None),
        ("Tāne", "Mahuta", 9876, "4/05/2026", None, None),
        (None, None, None, None, None, None),
        ("Rangi", "Kererū", 9876, "sometime in May", "rangi@learner.example", None),
    )
    for number, cells in enumerate(rows, start=5):
        for column, value in enumerate(cells, start=1):
            sheet.cell(row=number, column=column, value=value)
    book.properties.created = book.properties.modified = datetime(2026, 5, 5, tzinfo=UTC).replace(tzinfo=None)
    book.save(HERE / "class.xlsx")


if __name__ == "__main__":
    (HERE / "class-cp1252.csv").write_bytes(CP1252.encode("cp1252"))
    workbook()
