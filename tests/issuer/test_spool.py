"""A class list read as a stream: the same rows, faults, warnings and notes as in memory, and nothing left behind."""

from __future__ import annotations

import errno
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from issuer.instance import Instance
from issuer.listed import ListedRows
from issuer.outputs import RESULTS_FILE, Outputs
from issuer.results import PROBLEMS, RowOutcome, RowResult
from issuer.resultspool import ResultSpool
from issuer.rowkeys import default_row_key
from issuer.rows import parse_column_map, read_class_list
from issuer.rows.compact import Contest, Numbers, StudentNumbers, number_of
from issuer.scratch import Scratch
from issuer.spool import KeyTerms, SpooledRows, spool_class_list
from schemas import limits
from schemas.errors import BadgeError, IssuingError, TableError, TooLarge
from tests.issuer.provider import PROVIDER, PlainPictures

VECTORS = Path(__file__).parents[1] / "vectors" / "class-lists"
REFS = frozenset({"0426", "5056", "TF0849", "128480-1"})
KEYS = KeyTerms(secret=b"a secret of an instance", provider=PROVIDER)
HEADER = "learner_name,nzqa_ref,achieved_on,learner_email,nsn,row_key,grade\n"
MADE_KEY = default_row_key(
    KEYS.secret, provider=PROVIDER, name="Aroha Ngātai", email=None, ref="5056", achieved_on=date(2026, 5, 3)
)


class _Secret:
    """Of an instance, what `ListedRows` asks for."""

    class config:  # noqa: N801 - as the attribute is called
        provider = PROVIDER

    @staticmethod
    def secret(_name: str) -> bytes:
        return KEYS.secret


def told(path: Path, **options: Any) -> dict[str, Any]:
    """All that a stream tells, or how it refuses."""
    try:
        with spool_class_list(path, keys=KEYS, register_refs=REFS, **options) as rows:
            numbers = {row.nsn for row in rows.rows() if row.nsn}
            assert all(number in rows.known_nsns for number in numbers)
            assert bool(numbers) <= bool(rows.known_nsns)
            return {
                "rows": list(rows.rows()),
                "faults": sorted(rows.faults(), key=lambda fault: fault.line),
                "warnings": list(rows.warnings()),
                "columns": rows.columns,
                "unknown": rows.unknown_columns,
                "notes": rows.notes,
                "sha256": rows.sha256,
                **source_of(rows),
            }
    except BadgeError as error:
        return {"refused": (type(error), str(error), error.faults, error.extensions)}


def expected(path: Path, **options: Any) -> dict[str, Any]:
    """The same from a list that is whole in memory."""
    try:
        read = read_class_list(path.read_bytes(), filename=path.name, register_refs=REFS, **options)
    except BadgeError as error:
        return {"refused": (type(error), str(error), error.faults, error.extensions)}
    return {
        "rows": list(read.rows),
        "faults": list(read.faults),
        "warnings": list(read.warnings),
        "columns": read.columns,
        "unknown": read.unknown_columns,
        "notes": read.notes,
        "sha256": read.sha256,
        **source_of(ListedRows(_Secret(), read)),  # type: ignore[arg-type]  # enough of one
    }


def source_of(source: SpooledRows | ListedRows) -> dict[str, Any]:
    chunks = list(source.chunks(2))
    return {
        "total": source.total,
        "settled": sorted(source.settled(), key=lambda result: result.line),
        "chunks": [(row, chunk.keys[row.line]) for chunk in chunks for row in chunk.rows],
        "shared": source.shared,
    }


FILES = {
    "two rows that are one completion": "Mere,5056,2026-05-03,,,,\nMERE,5056,3/05/2026,,,,\n",
    "two rows of one key": "Mere,5056,2026-05-03,,,a1,\nAroha,5056,2026-05-03,,,a1,\n",
    "three of one kind, with others between": "A,5056,2026-05-03,,,,\nB,5056,2026-05-03,,,,\n" * 3,
    "a key that another row has without giving it": (
        f"Aroha Ngātai,5056,2026-05-03,,,,\nMere,5056,2026-05-03,,,{MADE_KEY},no\nHine,5056,2026-05-03,,,{MADE_KEY},\n"
    ),
    "the same with the given key first": (
        f"Mere,5056,2026-05-03,,,{MADE_KEY},\nAroha Ngātai,5056,2026-05-03,,,,not achieved\n"
    ),
    "a day month first after days that read two ways": (
        "A,5056,04/05/2026,,,,\nB,5056,2026-05-04,,,,\nC,5056,05/25/2026,,,,\nD,5056,06/05/2026,,,,\n"
    ),
    "the same where a doubted row is there twice": (
        "A,5056,04/05/2026,,,,\nA,5056,2026-05-04,,,,\nC,5056,05/25/2026,,,,\nA,5056,04/05/2026,,,,\n"
    ),
    "a student number under two names": (
        "A,5056,2026-05-03,,100000001,,\nB,5056,2026-05-03,,100000001,,\nB,0426,2026-05-03,,100000001,,\n"
    ),
    "a student number under one name": "A B,5056,2026-05-03,,100000001,,\na b,0426,2026-05-03,,100000001,,\n",
    "numbers of nine and ten digits": "A,5056,2026-05-03,,0100000001,,\nB,5056,2026-05-03,,100000001,,\n",
    "an address of two names": "A,5056,2026-05-03,x@y.nz,,,\nB,5056,2026-05-03,X@y.nz,,,\nC,5056,2026-05-03,c@y.nz,,,\n",
    "an address of one name": "Ā,5056,2026-05-03,x@y.nz,,,\nA,0426,2026-05-03,x@y.nz,,,\n",
    "warnings of rows that are there twice": "A?,5056,2026-05-03,,,,no\nA?,5056,2026-05-03,,,,no\n",
    "several faults in a row": ",9,yesterday,,,,\nB,5056,2026-05-03,,,,\n",
    "nothing but faults": ",9,yesterday,,,,\n,9,yesterday,,,,\n",
    "a quotation mark never closed": 'A,5056,2026-05-03,"x,,,\nB,5056,2026-05-03,,,,\n' * 3,
    "quoted cells over several lines": '"A\nB",5056,2026-05-03,,,,\n"C","5056","2026-05-03","","","",""\n' * 2,
    "ragged rows": "A,5056\nB,5056,2026-05-03,,,,,,,x\n",
    "no row": "",
}


@pytest.mark.parametrize("name", sorted(path.name for path in VECTORS.iterdir() if path.suffix in {".csv", ".xlsx"}))
def test_every_vector_is_told_alike(name: str) -> None:
    assert told(VECTORS / name) == expected(VECTORS / name)


@pytest.mark.parametrize("name", ["cp1252.csv", "good.csv", "cp1252-byte-it-does-not-have.csv"])
def test_every_encoding_is_told_alike(name: str) -> None:
    assert told(VECTORS / name, encoding="cp1252") == expected(VECTORS / name, encoding="cp1252")


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_what_only_the_whole_file_tells_is_told_alike(text: str, tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_bytes((HEADER + text).encode())
    assert told(path) == expected(path)


def test_a_student_number_is_known_though_its_row_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text(HEADER + "A,5056,2026-05-03,,100000001,,\nA,5056,2026-05-03,,0100000001,,\n")
    with spool_class_list(path, keys=KEYS, register_refs=REFS) as rows:
        known = pickle.loads(pickle.dumps(rows.known_nsns))  # noqa: S301 - our own, as it goes to those that sign
    assert [number in known for number in ("100000001", "0100000001", "100000002")] == [True, True, False]


def test_a_column_map_is_followed_alike(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text("Who,nzqa_ref,When\nA,BEE-1,05/03/2026\nB,BEE-1,05/25/2026\n")
    mapped = parse_column_map(
        b'{"columns":{"learner_name":"Who","achieved_on":"When"},"references":{"BEE-1":"5056"},"dates":"mm/dd/yyyy"}'
    )
    assert told(path, column_map=mapped) == expected(path, column_map=mapped)
    assert len(told(path, column_map=mapped)["rows"]) == 2


CELLS = st.tuples(
    st.sampled_from(["Mere", "mere", "Aroha Ngātai", "T?maki", "", "Bad9", '"Tūī, Hine"', '"two\nlines"', '"open']),
    st.sampled_from(["5056", "426", "9", "tf0849"]),
    st.sampled_from(["2026-05-03", "03/05/2026", "05/25/2026", "04/04/2026", "31/02/2026", ""]),
    st.sampled_from(["", "a@y.nz", "A@y.nz", "no address"]),
    st.sampled_from(["", "100000001", "0100000001", "12"]),
    st.sampled_from(["", "", "k1", MADE_KEY, "not a key"]),
    st.sampled_from(["", "achieved", "not achieved", "extra,cells"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    rows=st.lists(CELLS, max_size=12),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le"]),
)
def test_any_list_is_told_alike(rows: list[tuple[str, ...]], ending: str, codec: str, tmp_path: Path) -> None:
    text = HEADER.replace("\n", ending) + "".join(",".join(row) + ending for row in rows)
    path = tmp_path / "class.csv"
    path.write_bytes(text.encode(codec, "replace"))
    assert told(path) == expected(path)
    assert told(path, encoding="cp1252") == expected(path, encoding="cp1252")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60))
@example(data=b"\xff\xfea")
@example(data=b"learner_name,nzqa_ref,achieved_on\r\xe9\r\n\xff")
def test_any_bytes_are_told_alike(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_bytes(data)
    assert told(path) == expected(path)


def test_a_file_larger_than_any_block_is_told_alike(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    row = "Hine Tūī,5056,2026-05-03,hine{0}@y.nz,,,\r\n"
    path.write_bytes((HEADER + "".join(row.format(number) for number in range(30_000))).encode("utf-16"))
    assert path.stat().st_size > 2 * 2**20
    assert told(path) == expected(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert told(path) == expected(path)
    path.write_bytes((HEADER + row.format(1) * 30_000).encode() + b"R\xe9ne,5056,2026-05-03,,,,\n")
    assert told(path) == expected(path)
    path.write_bytes((HEADER + "\r" * 2**20).encode("cp1252") + b"\x81\n")
    assert told(path, encoding="cp1252") == expected(path, encoding="cp1252")


def test_the_place_of_a_byte_that_cannot_be_read_is_counted_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    data = HEADER.encode("utf-16") + "Hine,5056,2026-05-03,,,,\n".encode("utf-16-le") * 30_000 + b"\x00\xdcx\x00"
    path.write_bytes(data)
    with pytest.raises(UnicodeDecodeError) as caught:
        data.decode("utf-16")
    assert caught.value.start > 2**20
    assert f"byte {caught.value.start:,} cannot be read" in told(path)["refused"][1]
    path.write_bytes(("x\n" * 600_000).encode() + b"\x81\n")
    assert told(path, encoding="cp1252")["refused"][1].startswith("Line 600001 holds a byte")


def test_a_header_below_titles_of_fifty_lines_each_is_found(tmp_path: Path) -> None:
    title = '"' + "\n".join(f"{line}" for line in range(limits.MAX_RECORD_LINES)) + '"\n'
    path = tmp_path / "class.csv"
    path.write_text(title * 9 + HEADER + "A,5056,2026-05-03,,,,\n" * 2)
    read = told(path)
    assert read["notes"] == ("The header stands in line 451.",)
    assert [row.line for row in read["rows"]] == [452]
    assert [fault.line for fault in read["faults"]] == [453]


def test_lists_of_more_than_the_limits_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (limits.MAX_STREAM_ROWS, limits.MAX_STREAM_BYTES) == (2_000_000, 512 * 2**20)
    path = tmp_path / "class.csv"
    with path.open("wb") as file:
        file.truncate(limits.MAX_STREAM_BYTES + 1)
    assert told(path)["refused"][0] is TooLarge
    monkeypatch.setattr("issuer.spool.MAX_STREAM_ROWS", 2)
    path.write_text(HEADER + "A,5056,2026-05-03,,,,\n\n")
    assert len(told(path)["rows"]) == 1
    path.write_text(HEADER + "A,5056,2026-05-03,,,,\n\n\n")
    assert told(path)["refused"][1] == "class.csv has more than 2 rows. Split it."
    monkeypatch.setattr("issuer.rows.delimited.MAX_TABLE_BYTES", 100)
    path.write_text(HEADER + "A" * 90 + "\n")
    assert told(path)["total"] == 1
    path.write_text(HEADER + "A" * 101 + "\n")
    assert "a line of more than 100" in told(path)["refused"][1]


def test_a_workbook_keeps_the_limits_of_one(tmp_path: Path) -> None:
    path = tmp_path / "class.xlsx"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(limits.MAX_TABLE_BYTES + 1)
    assert told(path)["refused"][0] is TooLarge


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "class.csv"
    path.write_text(HEADER + "A,5056,2026-05-03,,,,\n")
    taking = SpooledRows.take_all

    def growing(self: SpooledRows, *arguments: Any, **named: Any) -> None:
        with path.open("a") as file:
            file.write("B,5056,2026-05-03,,,,\n")
        taking(self, *arguments, **named)

    monkeypatch.setattr(SpooledRows, "take_all", growing)
    assert told(path)["refused"][:2] == (TableError, "class.csv was changed while it was read; nothing was issued.")


def test_a_list_may_come_through_a_pipe(tmp_path: Path) -> None:
    file, pipe = tmp_path / "file" / "class.csv", tmp_path / "class.csv"
    file.parent.mkdir()
    file.write_text(HEADER + "A,5056,2026-05-03,,,,\n")
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(file.read_bytes()))
    writer.start()
    assert told(pipe) == expected(file)
    writer.join()


# --- what is on disk --------------------------------------------------------------------------------------------------
def test_nothing_is_left_on_disk_when_the_process_is_killed(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom issuer.scratch import Scratch\n"
        "kept = Scratch(Path(sys.argv[1]))\nkept.append(('private',))\nkept.end_page()\n"
        "print('written', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(scratch)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        assert list(scratch.iterdir()) == []
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert list(scratch.iterdir()) == []


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    with Scratch(tmp_path) as kept:
        facts = os.fstat(kept._file.fileno())
        assert facts.st_mode & 0o077 == 0
        assert facts.st_nlink == 0


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text(HEADER + "".join(f"Hine {chr(65 + n % 26)},5056,2026-05-03,h{n}@y.nz,,,\n" for n in range(3_000)))
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom issuer.spool import KeyTerms, spool_class_list\n"
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "with spool_class_list(Path(sys.argv[1]), keys=KeyTerms(secret=b'x', provider='1'), "
        "register_refs={'5056'}): pass\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert "IssuingError" in ended.stderr
    assert "cannot be kept in" in ended.stderr
    with pytest.raises(IssuingError, match=os.strerror(errno.ENOENT)):
        Scratch(tmp_path / "not there")


@pytest.mark.slow
def test_memory_grows_by_a_few_bytes_a_row(tmp_path: Path) -> None:
    def used(rows: int) -> int:  # both are larger than the blocks that are read at once
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as file:
            file.write(HEADER)
            file.writelines(f"Hine Tui,5056,2026-05-03,h{n}@y.nz,{200_000_000 + n},,\n" for n in range(rows))
        tracemalloc.start()
        with spool_class_list(path, keys=KEYS, register_refs=REFS) as spooled, ResultSpool() as results:
            for chunk in spooled.chunks(500):
                results.add([result(row.line) for row in chunk.rows])
            assert sum(1 for _ in results) == rows
            _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert used(60_000) - used(30_000) < 30_000 * 40


# --- compact sets -----------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 600), max_size=60))
def test_numbers_are_a_set_and_those_there_twice(numbers: list[int]) -> None:
    kept = Numbers(numbers)
    again = kept.sort()
    assert len(kept) == len(set(numbers))
    for number in {*numbers, 5, 261}:
        assert (number in kept) == (number in numbers)
        assert (number in again) == (numbers.count(number) > 1)


@given(st.sets(st.from_regex(r"[0-9]{9,10}", fullmatch=True), max_size=20), st.text("0123456789", max_size=11))
def test_student_numbers_are_told_apart_by_every_digit(numbers: set[str], other: str) -> None:
    kept = Numbers(map(number_of, numbers))
    kept.sort()
    nsns = StudentNumbers(kept)
    assert len(nsns) == len(numbers)
    for number in {*numbers, other, *(f"0{number}" for number in numbers), *(number[1:] for number in numbers)}:
        assert (number in nsns) == (number in numbers)
    assert "१२३४५६७८९" not in nsns
    assert 100_000_001 not in nsns


def test_only_a_number_with_two_texts_is_contested() -> None:
    numbers = Numbers([1, 2, 257])
    numbers.sort()
    contest = Contest(numbers)
    for number, text in ((1, "a"), (257, "b"), (1, "a"), (257, "c"), (3, "d"), (3, "e"), (2, "f")):
        contest.add(number, text)
    assert contest.contested == {257}


# --- results ----------------------------------------------------------------------------------------------------------
def result(line: int, outcome: RowOutcome = RowOutcome.ISSUED) -> RowResult:
    return RowResult(
        line=line, outcome=outcome, reason="accredited", sentence=f"Line {line}.", row_key="k", short_id=None
    )


@given(st.lists(st.lists(st.integers(0, 200), max_size=30), max_size=12), st.integers(0, 5))
def test_results_come_in_the_order_of_their_lines(parts: list[list[int]], failed: int) -> None:
    outcomes = [RowOutcome.FAILED] * failed
    with ResultSpool() as spool:
        added = []
        for part in parts:
            results = [result(line, outcomes.pop() if outcomes else RowOutcome.ISSUED) for line in part]
            spool.add(results)
            added += results
        in_order = list(spool)
        assert [one.line for one in in_order] == sorted(one.line for one in added)
        assert sorted(map(str, in_order)) == sorted(map(str, added))
        assert spool.counts.total == len(added)
        assert spool.problems == sum(one.outcome in PROBLEMS for one in added)


def test_a_part_longer_than_a_page_comes_in_order() -> None:
    with ResultSpool() as spool:
        spool.add([result(line) for line in range(1, 3_000, 2)])
        spool.add([result(line) for line in range(3_000, 0, -2)])
        assert [one.line for one in spool] == list(range(1, 3_001))


def test_the_files_of_a_batch_are_the_same_from_disk(instance: Instance, tmp_path: Path) -> None:
    results = [result(line, outcome) for line, outcome in zip((4, 2, 3), RowOutcome, strict=False)]
    written = []
    for name, spooled in (("disk", True), ("memory", False)):
        outputs = Outputs(tmp_path / name, instance, pictures=PlainPictures())
        with ResultSpool() as spool:
            spool.add(results)
            outputs.write_results(spool if spooled else sorted(results, key=lambda one: one.line))
        assert outputs.fault is None
        assert (tmp_path / name / RESULTS_FILE).stat().st_mode & 0o777 == 0o600
        assert not list((tmp_path / name).glob("*.part"))
        written.append((tmp_path / name / RESULTS_FILE).read_bytes())
    assert written[0] == written[1]
    assert re.findall(rb"^(\d+),", written[0], re.MULTILINE) == [b"2", b"3", b"4"]
