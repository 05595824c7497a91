"""The source `files`: which tables files make, side by side and one after another."""

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

from ingestion.report import LoadReport
from ingestion.sources.files import FILES
from tests.ingestion.site import Page, site
from tests.ingestion.support import load_files, query

pytestmark = pytest.mark.usefixtures("fresh_database")


def load(*files: Path | str) -> tuple[LoadReport, str]:
    return load_files(*files, source=FILES)


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(**sheets: list[list[object]]) -> bytes:
    book, content = Workbook(write_only=True), BytesIO()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(content)
    return content.getvalue()


def test_files_of_one_name_share_a_table_with_the_columns_of_all(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "1" / "Trips.csv", "id,km\n1,10\n"),
        write(tmp_path / "2" / "trips.tsv", "km\tnote\n20\tlate\n"),
        write(tmp_path / "3" / "TRIPS.jsonl", '{"note": "x", "id": 3}\n'),
    ]
    report, said = load(*files)
    assert report.ok, said
    assert sorted(query("select id, km, note from raw_files.trips"), key=str) == [
        ("1", "10", None),
        ("3", None, "x"),
        (None, "20", "late"),
    ]
    assert [file.warnings for file in report.files] == [
        (),
        ("trips.tsv: raw_files.trips gets columns that it did not have: note",),
        (),
    ]


def test_what_is_no_table_fails_alone(tmp_path: Path) -> None:
    bad: dict[str, tuple[str | bytes, str]] = {
        "empty.csv": ("", "the file is empty"),
        "header.csv": ("a,b\n", "the file has a header and no records"),
        "paper.pdf": ("%PDF-1.7", "is a PDF"),
        "blank.xlsx": (workbook(A=[["only a header"]], B=[]), "none of its sheets has records"),
        "cut.xlsx": (workbook(A=[["a"], [1]])[:500], "is damaged or cut off"),
        "array.json": ('[{"a": 1}]', "is one JSON array"),
        "other.csv": ("x,y\n1,2\n", "has no column of raw_files.other: a"),
    }
    good = write(tmp_path / "0" / "other.csv", "a\n1\n")
    files = [write(tmp_path / name, content) for name, (content, _) in bad.items()]
    report, said = load(good, *files)
    assert [file.state for file in report.files] == ["landed", *("failed" for _ in bad)]
    for (_, problem), file in zip(bad.values(), report.files[1:], strict=True):
        assert problem in (file.message or ""), said


def test_tables_come_out_of_whatever_they_are_packed_in(tmp_path: Path) -> None:
    table = BytesIO()
    parquet.write_table(pa.table({"n": [1, None]}), table)
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("in/first.tsv", "a\tb\n1\t2\n")
        packed.writestr("in/second.parquet", table.getvalue())
        packed.writestr("book.xlsx", workbook(May=[["a"], [1]], June=[["a"], [2]]))
        packed.writestr("__MACOSX/first.tsv", "no\tdata\n")
    report, said = load(archive)
    again, _ = load(write(tmp_path / "third.parquet.gz", gzip.compress(table.getvalue())))
    assert sorted((file.file_name, file.dataset, file.state) for file in (*report.files, *again.files)) == [
        ("all.zip!book.xlsx!June", "book_june", "landed"),
        ("all.zip!book.xlsx!May", "book_may", "landed"),
        ("all.zip!in/first.tsv", "first", "landed"),
        ("all.zip!in/second.parquet", "second", "landed"),
        ("third.parquet.gz", "second", "already there"),
    ], said
    assert query("select n from raw_files.second order by record_no") == [("1",), (None,)]


def test_a_table_from_the_web_is_named_after_the_file_there() -> None:
    with site() as web:
        path = "/data/Gate%20Use.csv?token=secret"
        web.pages[path] = Page(b"a\n1\n")
        report, said = load(web.url(path))
    assert [(file.dataset, file.state) for file in report.files] == [("gate_use", "landed")], said
    assert "secret" not in said


def test_two_sheets_with_the_same_records_are_two_tables(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a"], [1]]
    report, said = load(write(tmp_path / "twins.xlsx", workbook(May=rows, June=rows)))
    assert [(file.dataset, file.state) for file in report.files] == [
        ("twins_may", "landed"),
        ("twins_june", "landed"),
    ], said


def test_the_only_sheet_with_records_is_named_after_the_file(tmp_path: Path) -> None:
    content = workbook(Notes=[["hello"]], Sheet1=[["a"], [1]])
    report, said = load(write(tmp_path / "wow!.xlsx", content))
    assert [file.dataset for file in report.files] == ["wow"]
    assert "wow!.xlsx: sheet Notes is left out: it has no row below its header" in said


def test_very_many_columns_land(tmp_path: Path) -> None:
    header = ",".join(f"Column Number {number}" for number in range(1_500))
    record = ",".join(map(str, range(1_500)))
    report, said = load(write(tmp_path / "wide.csv", f"{header}\n{record}\n"))
    assert report.ok, said
    assert query("select column_number_0, column_number_1499 from raw_files.wide") == [("0", "1499")]
