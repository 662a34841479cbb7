"""A folder of CSV records: every fault at once, each with its file, line and column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schemas import limits
from schemas.errors import RegisterError
from schemas.limits import MAX_RECORD_CHARS
from tests.register.making import signer
from verifier.register import importing
from verifier.register.importing import load_records

K1, K2 = (str(signer(number).public_key.multibase) for number in (5, 6))
DID = "did:web:te-kura.ac.nz"
FILES = {
    "providers.csv": "moe_number,nzqa_provider_id,legal_name,trading_as,type,registered_from,registered_to\n"
    "9990,,Te Kura (invented),,polytechnic,2010-01-01,\n"
    "9991,,Whare Ako (invented),,pte,2010-01-01,2025-12-31\n",
    "issuers.csv": f"moe_number,did,from,to,evidence\n9990,{DID},2024-01-01,,seen\n",
    "keys.csv": "did,verification_method,public_key_multibase,purpose,from,to,compromised_from,evidence\n"
    f"{DID},{DID}#1,{K1},credential,2024-01-01,,,seen\n",
    "listings.csv": "nzqa_ref,approval_number,version,title_en,title_mi,level,credits,nzsced,developer,qa_body,te_hono,"
    "origin,review_years,purpose,listed_from,approved_on,approval_ended_on,expiring_from,discontinued_on,removed_on,"
    "source_url,checked_on\n"
    "5055,128480-1,1,Kelp farming,,4,10,050301,Developer,NZQA,no,new,3,,2020-01-01,,,,,,https://x.nz/a,\n"
    "0426,,1,,Te Waha Ohaoha,,,,Developer,NZQA,yes,training-scheme,,,2020-01-01,,,,,,,\n",
    "awarding_rights.csv": "moe_number,nzqa_ref,basis,granted_on,last_delivered_on,delivery_checked_on,"
    "lapse_extended_to,ended_on,end_reason,reason_text\n"
    "9990,5055,accreditation,2021-01-01,2026-01-01,2026-10-01,,,,\n"
    "9991,0426,accreditation,2021-01-01,,,,2025-12-31,closed,\n",
    "outcomes.csv": "nzqa_ref,version,position,text_en,text_mi,standard_ref\n5055,1,1,Grow kelp,,20476\n",
    "successions.csv": "from_moe,to_moe,effective_on,scope,instrument,source\n9991,9990,2026-01-01,*,Order,-\n",
    "equivalencies.csv": "organisation,did,title,level,credits,statement_on,ref\nSociety,,Spraying,2,5,2019-06-01,ZQ0001\n",
    "anchors.csv": f"did,merkle_root,count,recorded_on\n{DID},{'ab' * 32},200,2026-10-01\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(RegisterError) as caught:
        load_records(folder)
    return [str(fault) for fault in caught.value.faults]


def test_good_records_become_a_register(folder: Path) -> None:
    register = load_records(folder)
    assert [row.moe_number for row in register.providers] == ["9990", "9991"]
    kelp, waha = register.listings
    assert (kelp.level, kelp.credits, kelp.nzsced, kelp.te_hono) == (4, 10, "050301", False)
    assert (waha.level, waha.credits, waha.title, waha.te_hono) == (None, None, "Te Waha Ohaoha", True)
    assert waha.nzqa_ref == "0426"
    assert register.anchors[0].count == 200


@pytest.mark.parametrize("missing", ["outcomes.csv", "successions.csv", "equivalencies.csv", "anchors.csv"])
def test_an_optional_file_may_be_missing(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    assert getattr(load_records(folder), missing.removesuffix(".csv")) == ()


@pytest.mark.parametrize("missing", ["providers.csv", "issuers.csv", "keys.csv", "listings.csv", "awarding_rights.csv"])
def test_a_required_file_may_not(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    assert f"{missing}: the file is missing" in faults_of(folder)


@pytest.mark.parametrize(
    "rewrite",
    [
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="a byte order mark"),
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="Windows line ends"),
        pytest.param(lambda data: data.rstrip(b"\n"), id="no line end at the end"),
        pytest.param(lambda data: data.replace(b"\n", b"\n\n"), id="blank lines"),
        pytest.param(lambda data: data + b",,,,,,\n", id="a line of commas, as spreadsheets leave"),
        pytest.param(lambda data: data.replace(b"9990,", b" 9990 ,"), id="spaces around a cell"),
        pytest.param(lambda data: data.replace(b"pte", b'"pte"'), id="a quoted cell"),
        pytest.param(
            lambda data: (
                data.replace(b"nzqa_provider_id,", b"").replace(b"9990,,", b"9990,").replace(b"9991,,", b"9991,")
            ),
            id="an optional column left out",
        ),
    ],
)
def test_what_spreadsheets_do_to_a_file_is_understood(folder: Path, rewrite: Callable[[bytes], bytes]) -> None:
    path = folder / "providers.csv"
    path.write_bytes(rewrite(path.read_bytes()))
    assert [row.moe_number for row in load_records(folder).providers] == ["9990", "9991"]


def test_titles_are_normalised(folder: Path) -> None:
    path = folder / "listings.csv"
    path.write_text(path.read_text().replace("Te Waha Ohaoha", "Te Waha O\u0304haoha"))
    assert load_records(folder).listings[1].title_mi == "Te Waha Ōhaoha"


def test_a_compromise_is_a_time_or_the_start_of_a_day_in_new_zealand(folder: Path) -> None:
    path = folder / "keys.csv"
    good = path.read_text()
    for text, moment in (
        ("2026-03-01", datetime(2026, 2, 28, 11, 0, tzinfo=UTC)),
        ("2026-09-27", datetime(2026, 9, 26, 12, 0, tzinfo=UTC)),
        ("2026-03-01T10:00:00+13:00", datetime(2026, 2, 28, 21, 0, tzinfo=UTC)),
    ):
        path.write_text(good.replace(",2024-01-01,,,seen", f",2024-01-01,,{text},seen"))
        assert load_records(folder).keys[0].compromised_from == moment


def _line(name: str, text: str) -> tuple[str, Callable[[str], str]]:
    return name, lambda data: data + text + "\n"


def _instead(name: str, old: str, new: str) -> tuple[str, Callable[[str], str]]:
    return name, lambda data: data.replace(old, new)


LISTING = "5056,,1,Title,,4,10,,Developer,NZQA,no,new,,,2020-01-01,,,,,,,"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        # headers and rows
        pytest.param(("providers.csv", lambda _: ""), "providers.csv, line 1: has no header", id="empty file"),
        pytest.param(
            _instead("providers.csv", "trading_as", "trading as"),
            "providers.csv, line 1, column trading as: is not a column; is it meant to be trading_as?",
            id="misspelt column",
        ),
        pytest.param(
            _instead("providers.csv", "legal_name", "Legal_Name"), "column legal_name: the column is missing", id="case"
        ),
        pytest.param(
            _instead("providers.csv", "trading_as", "legal_name"), "column legal_name: stands in the header twice", id="column twice"
        ),
        pytest.param(
            ("providers.csv", lambda data: data.replace(",", ";")), "providers.csv, line 1: is separated by semicolons", id="semicolons"
        ),
        pytest.param(_line("providers.csv", "9992,,X"), "providers.csv, line 4: has 3 cells, but the header has 7", id="ragged row"),
        pytest.param(
            _line("providers.csv", "9992,,X, Y,,pte,2010-01-01,"), "line 4: has 8 cells", id="unquoted comma"
        ),
        pytest.param(
            _line("providers.csv", '9992,,"X,,pte,2010-01-01,'), "line 4: a quote is opened here and never closed", id="open quote"
        ),
        pytest.param(_line("providers.csv", '9992,,"X"Y,,pte,2010-01-01,'), "line 4: is not CSV", id="text after a quote"),
        pytest.param(_line("providers.csv", "9992,,\0,,pte,2010-01-01,"), "line 4: holds a NUL byte", id="NUL byte"),
        pytest.param(
            ("outcomes.csv", lambda data: data + f'5055,1,2,"{"x" * (MAX_RECORD_CHARS + 1)}",,\n'),
            "outcomes.csv, line 3, column text_en: holds 20,001 characters",
            id="oversized cell",
        ),
        pytest.param(
            ("outcomes.csv", lambda data: data + f'5055,1,2,"{"x" * 140_000}",,\n'),
            "outcomes.csv, line 3",  # the csv module's own limit or ours, whichever is met first
            id="monstrous cell",
        ),
        pytest.param(
            ("outcomes.csv", lambda data: data + '5055,1,2,"two\nlines",,\n5055,1,x,Text,,\n'),
            "outcomes.csv, line 5, column position",
            id="lines are counted as an editor counts them",
        ),
        # cells
        pytest.param(_line("providers.csv", ",,X,,pte,2010-01-01,"), "line 4, column moe_number: is blank", id="blank"),
        pytest.param(
            _line("providers.csv", "426,,X,,pte,2010-01-01,"), "with its leading zero it may be 0426", id="lost zero"
        ),
        pytest.param(_line("providers.csv", "९९९२,,X,,pte,2010-01-01,"), "is not a Ministry of Education", id="digits of another script"),
        pytest.param(_line("providers.csv", "9992,,X,,college,2010-01-01,"), "column type: 'college' is none of: university", id="unknown type"),
        pytest.param(_line("providers.csv", "9992,,X,,pte,1/01/2010,"), "column registered_from: '1/01/2010' is not a day", id="day as typed"),
        pytest.param(_line("providers.csv", "9992,,X,,pte,20100101,"), "is not a day", id="day without dashes"),
        pytest.param(_line("providers.csv", "9992,,X,,pte,2010-W01-1,"), "is not a day", id="week date"),
        pytest.param(_line("providers.csv", "9992,,X,,pte,2023-02-29,"), "is not a day", id="29 February 2023"),
        pytest.param(_line("providers.csv", "9992,,X,,pte,2910-01-01,"), "the year 2910", id="slip of the finger"),
        pytest.param(_line("providers.csv", "9992,,X\u202ey,,pte,2010-01-01,"), "hidden character (U+202E)", id="reversed text"),
        pytest.param(_line("providers.csv", '9992,,"X\nY",,pte,2010-01-01,'), "hidden character (U+000A)", id="name over two lines"),
        pytest.param(_line("listings.csv", LISTING.replace("5056", "505")), "listings.csv, line 4, column nzqa_ref", id="short ref"),
        pytest.param(_line("listings.csv", LISTING.replace("5056", "tf0849")), "column nzqa_ref", id="ref in small letters"),
        pytest.param(_line("listings.csv", LISTING.replace(",4,10,", ",11,10,")), "column level: '11' is not a level", id="level 11"),
        pytest.param(_line("listings.csv", LISTING.replace(",4,10,", ",four,10,")), "column level: 'four' is not a level", id="level four"),
        pytest.param(_line("listings.csv", LISTING.replace(",4,10,", ",4,0,")), "column credits", id="no credits"),
        pytest.param(_line("listings.csv", LISTING.replace(",4,10,", ",4,-5,")), "column credits", id="negative credits"),
        pytest.param(_line("listings.csv", LISTING.replace(",4,10,", ",4,1e3,")), "column credits", id="credits by exponent"),
        pytest.param(_line("listings.csv", LISTING.replace(",no,", ",nein,")), "column te_hono: 'nein' is neither yes nor no", id="neither yes nor no"),
        pytest.param(_line("listings.csv", LISTING.replace("NZQA", "nzqa")), "column qa_body: 'nzqa' is none of: NZQA", id="quality body"),
        pytest.param(_line("listings.csv", LISTING.replace("new,,", "new,5,")), "column review_years", id="review every five years"),
        pytest.param(_line("listings.csv", LISTING.replace("10,,Dev", "10,990101,Dev")), "column nzsced", id="field 99"),
        pytest.param(_line("listings.csv", LISTING[:-1] + "javascript:alert(1),"), "column source_url", id="no web address"),
        pytest.param(_line("issuers.csv", "9990,did:web:tepūkenga.ac.nz,2024-01-01,,x"), "in punycode: xn--tepkenga-szb.ac.nz", id="DID with macrons"),
        pytest.param(_line("issuers.csv", f"9990,{DID}#1,2024-01-01,,x"), "a DID ends before the '#'", id="DID with a fragment"),
        pytest.param(_line("issuers.csv", "9990,https://x.nz,2024-01-01,,x"), "is not a DID", id="a web address for a DID"),
        pytest.param(_line("keys.csv", f"{DID},{DID}#2,{K2[:-1]},credential,2024-01-01,,,x"), "keys.csv, line 3, column public_key_multibase: is not a public key", id="key cut short"),
        pytest.param(_line("keys.csv", f"{DID},{DID},{K2},credential,2024-01-01,,,x"), "column verification_method", id="method without a name"),
        pytest.param(_line("keys.csv", f"{DID},{DID}#2,{K2},signing,2024-01-01,,,x"), "'signing' is none of: credential, status", id="purpose"),
        pytest.param(_line("keys.csv", f"{DID},{DID}#2,{K2},credential,2024-01-01,,2026-03-01T10:00,x"), "column compromised_from", id="time without a zone"),
        pytest.param(_line("anchors.csv", f"{DID},{'AB' * 32},1,2026-10-01"), "anchors.csv, line 3, column merkle_root", id="root in capitals"),
        pytest.param(_line("anchors.csv", f"{DID},{'cd' * 32},0,2026-10-01"), "a root stands for one badge or more", id="root of nothing"),
        # what rows say against each other
        pytest.param(_line("providers.csv", "9990,,X,,pte,2015-01-01,"), "providers.csv, line 4, column registered_from: provider 9990 is registered for some of these days already on line 2", id="registered twice at once"),
        pytest.param(_line("providers.csv", "9992,,X,,pte,2015-01-01,2014-12-31"), "column registered_to: 31 December 2014 is before it begins", id="ends before it begins"),
        pytest.param(_line("issuers.csv", "9999,did:web:x.nz,2024-01-01,,x"), "provider 9999 stands in no row of providers.csv", id="issuer of nobody"),
        pytest.param(_line("issuers.csv", "9991,did:web:TE-KURA.ac.nz,2024-01-01,,x"), "speaks for provider 9990 on some of these days already, on line 2", id="one DID for two providers"),
        pytest.param(_line("keys.csv", f"did:web:x.nz,did:web:x.nz#1,{K2},credential,2024-01-01,,,x"), "did:web:x.nz stands in no row of issuers.csv", id="key of nobody"),
        pytest.param(_line("keys.csv", f"{DID},did:web:x.nz#1,{K2},credential,2024-01-01,,,x"), "belongs to did:web:x.nz, not to the DID of this row", id="key of another DID"),
        pytest.param(_line("keys.csv", f"{DID},{DID}#1,{K2},credential,2025-01-01,,,x"), "names another key on some of these days", id="one name, two keys"),
        pytest.param(_line("keys.csv", f"{DID},{DID}#1,{K1},credential,2025-01-01,,,x"), "is given for some of these days already", id="key twice"),
        pytest.param(_line("outcomes.csv", "5055,2,1,Text,,"), "version 2 of 5055 stands in no row of listings.csv", id="outcome of no version"),
        pytest.param(_line("outcomes.csv", "5055,1,1,Text,,"), "says the same thing again as line 2", id="outcome twice"),
        pytest.param(_line("outcomes.csv", "5055,1,2,,,"), "outcomes.csv, line 3, column text_en: give the text", id="outcome without a text"),
        pytest.param(_line("listings.csv", LISTING.replace("5056", "5055")), "says the same thing again as line 2", id="version twice"),
        pytest.param(_line("listings.csv", LISTING.replace("Title", "")), "give a title in English or in te reo Māori", id="no title"),
        pytest.param(_line("listings.csv", LISTING.replace("2020-01-01,,,,,", "2020-01-01,,,,2019-12-31,")), "column discontinued_on", id="discontinued before listed"),
        pytest.param(_line("listings.csv", LISTING.replace("2020-01-01,,,,,", "2020-01-01,2022-01-01,2021-01-01,,,")), "column approval_ended_on", id="approval ended before it began"),
        pytest.param(_line("listings.csv", LISTING.replace("2020-01-01,,,,,", "2020-01-01,,,2022-01-01,2021-01-01,")), "column discontinued_on", id="discontinued before expiring"),
        pytest.param(_line("awarding_rights.csv", "9999,5055,accreditation,2021-01-01,,,,,,"), "awarding_rights.csv, line 4, column moe_number: provider 9999 stands in no row", id="right of nobody"),
        pytest.param(_line("awarding_rights.csv", "9990,9999,accreditation,2021-01-01,,,,,,"), "column nzqa_ref: 9999 stands in no row of listings.csv", id="right to nothing"),
        pytest.param(_line("awarding_rights.csv", "9990,5055,accreditation,2021-01-01,,,,,,"), "says the same thing again as line 2", id="right twice"),
        pytest.param(_line("awarding_rights.csv", "9990,5055,accreditation,2022-01-01,,,,2021-01-01,x,"), "column ended_on", id="right ends before it begins"),
        pytest.param(_line("awarding_rights.csv", "9990,5055,accreditation,2022-01-01,,,,,withdrawn,"), "column end_reason: is given, but ended_on does not say when", id="reason without an end"),
        pytest.param(_line("awarding_rights.csv", "9990,5055,accreditation,2022-01-01,,,,,lapsed,"), "column end_reason: is lapsed, but neither", id="lapsed, nobody knows when"),
        pytest.param(_line("successions.csv", "9990,9999,2026-01-01,*,Order,-"), "provider 9999 stands in no row", id="successor unknown"),
        pytest.param(_line("successions.csv", "9990,9991,2026-01-01,9999,Order,-"), "successions.csv, line 3, column scope: 9999 stands in no row", id="scope unknown"),
        pytest.param(_line("successions.csv", "9990,9991,2027-01-01,*,Order,-"), "successions.csv, line 3, column to_moe: closes a circle", id="circle"),
        pytest.param(_line("successions.csv", "9990,9991,2027-01-01,5055,Order,-"), "closes a circle", id="circle for one ref, through everything"),
        pytest.param(_line("successions.csv", "9990,9990,2027-01-01,5055,Order,-"), "makes 9990 its own successor", id="its own successor"),
        pytest.param(_line("successions.csv", "9991,9990,2027-01-01,*,Order,-"), "says the same thing again", id="succession twice"),
        pytest.param(_line("anchors.csv", f"did:web:x.nz,{'cd' * 32},1,2026-10-01"), "did:web:x.nz stands in no row of issuers.csv", id="anchor of nobody"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(folder: Path, change: tuple[str, Callable[[str], str]], fault: str) -> None:
    name, rewrite = change
    path = folder / name
    path.write_bytes(rewrite(path.read_bytes().decode()).encode())
    found = faults_of(folder)
    assert any(fault in one for one in found), found
    assert all(one.startswith(name) for one in found), "and nothing else is said to be wrong"


def test_a_key_of_two_issuers_is_a_fault(folder: Path) -> None:
    with (folder / "issuers.csv").open("a") as file:
        file.write("9991,did:web:x.nz,2024-01-01,,seen\n")
    with (folder / "keys.csv").open("a") as file:
        file.write(f"did:web:x.nz,did:web:x.nz#1,{K1},credential,2024-01-01,,,seen\n")
    assert faults_of(folder) == [
        f"keys.csv, line 3, column public_key_multibase: is the key of {DID} too, on line 2; each issuer has its own keys"
    ]


def test_one_key_may_serve_both_purposes_of_its_issuer(folder: Path) -> None:
    with (folder / "keys.csv").open("a") as file:
        file.write(f"{DID},{DID}#1,{K1},status,2024-01-01,,,seen\n")
    assert len(load_records(folder).keys) == 2


def test_a_did_key_holds_the_key_it_is_made_of(folder: Path) -> None:
    with (folder / "issuers.csv").open("a") as file:
        file.write(f"9990,did:key:{K2},2024-01-01,,seen\n")
    with (folder / "keys.csv").open("a") as file:
        file.write(f"did:key:{K2},did:key:{K2}#{K2},{signer(7).public_key.multibase},status,2024-01-01,,,seen\n")
    assert "is not the key that this did:key is made of" in faults_of(folder)[0]


def test_successions_of_different_references_both_ways_are_no_circle(folder: Path) -> None:
    (folder / "successions.csv").write_text(
        "from_moe,to_moe,effective_on,scope,instrument,source\n9991,9990,2026-01-01,5055,O,-\n9990,9991,2026-01-01,0426,O,-\n"
    )
    assert len(load_records(folder).successions) == 2


def test_a_tangle_of_successions_is_refused(folder: Path) -> None:
    numbers = [f"8{number:03d}" for number in range(24)]
    with (folder / "providers.csv").open("a") as file:
        file.writelines(f"{number},,X (invented),,pte,2010-01-01,\n" for number in numbers)
    with (folder / "successions.csv").open("a") as file:
        for index, source in enumerate(numbers[:-2]):
            file.writelines(f"{source},{target},2026-01-01,*,O,-\n" for target in numbers[index + 1 : index + 3])
    assert f"the limit is {limits.MAX_SUCCESSION_PATHS:,}" in faults_of(folder)[0]


def test_windows_encoding_is_named_line_by_line(folder: Path) -> None:
    path = folder / "providers.csv"
    path.write_bytes(path.read_bytes() + "9992,,Café (invented),,pte,2010-01-01,\n".encode("cp1252"))
    (fault,) = faults_of(folder)
    assert fault.startswith("providers.csv, line 4: is not UTF-8")
    assert "9992,,Café" in fault
    assert "CSV UTF-8" in fault


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param("moe".encode("utf-16"), "the file is UTF-16; save it as UTF-8", id="UTF-16"),
        pytest.param(b"PK\x03\x04", "the file is a spreadsheet under another name; save it as CSV", id="XLSX"),
    ],
)
def test_other_kinds_of_file_are_named(folder: Path, data: bytes, fault: str) -> None:
    (folder / "providers.csv").write_bytes(data)
    assert faults_of(folder) == [f"providers.csv: {fault}"]


def test_a_misnamed_optional_file_is_not_passed_over(folder: Path) -> None:
    (folder / "successions.csv").rename(folder / "succession.csv")
    assert faults_of(folder) == ["succession.csv: no register file has this name; is it meant to be successions.csv?"]


def test_files_of_other_names_are_nobodys_business(folder: Path) -> None:
    (folder / "INVENTED.csv").write_text("x")
    (folder / "README.md").write_text("x")
    load_records(folder)


def test_every_fault_of_every_file_is_told_at_once(folder: Path) -> None:
    for name, line in (
        ("providers.csv", "x,,,,pte,2010-01-01,\n"),
        ("listings.csv", LISTING.replace("10,,Dev", "x,,Dev") + "\n"),
        ("awarding_rights.csv", "9990,5055,x,y,,,,,,\n"),
    ):
        with (folder / name).open("a") as file:
            file.write(line)
    assert [fault.partition(":")[0] for fault in faults_of(folder)] == [
        "providers.csv, line 4, column moe_number",
        "providers.csv, line 4, column legal_name",
        "listings.csv, line 4, column credits",
        "awarding_rights.csv, line 4, column basis",
        "awarding_rights.csv, line 4, column granted_on",
    ]


def test_no_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="is not a folder"):
        load_records(tmp_path / "nothing")


def test_a_file_over_the_limits_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MAX_RECORD_BYTES", 400)
    assert any("the limit is" in fault for fault in faults_of(folder))
    monkeypatch.undo()
    monkeypatch.setattr(importing, "MAX_RECORD_ROWS", 1)
    assert "providers.csv, line 3: more than 1 rows; the limit" in faults_of(folder)


def test_faults_beyond_the_limit_are_counted_and_not_listed(folder: Path) -> None:
    with (folder / "outcomes.csv").open("a") as file:
        file.writelines(f"9999,1,{number},Text,,\n" for number in range(limits.MAX_RECORD_FAULTS + 5))
    with pytest.raises(RegisterError, match="1,005 faults") as caught:
        load_records(folder)
    assert len(caught.value.faults) == limits.MAX_RECORD_FAULTS


def test_registration_again_after_a_gap_is_no_overlap(folder: Path) -> None:
    with (folder / "providers.csv").open("a") as file:
        file.write("9991,,Whare Ako Hou (invented),,pte,2026-01-01,\n")
    register = load_records(folder)
    named = register.provider_named("9991", date(2026, 5, 3))
    assert named is not None
    assert named.legal_name == "Whare Ako Hou (invented)"
