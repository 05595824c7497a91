"""The source `files`: which tables files make, side by side and one after another."""

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

from ingestion.data_file import DataFile
from ingestion.finding.content import LastArchive, members_of
from ingestion.forms.tabular.sheets import sheets_of
from ingestion.report import LoadReport
from ingestion.sources.bts import BTS
from ingestion.sources.files import FILES
from tests.data import case
from tests.ingestion.site import Page, site
from tests.ingestion.support import balances, load_files, query

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


def test_what_begins_as_no_workbook_is_not_opened_to_look_for_sheets(tmp_path: Path) -> None:
    """Here it is gone then. A workbook may be packed once more, and named as it likes."""
    book = workbook(may=[["gate"], ["A1"]], june=[["gate"], ["A2"]])
    texts = [write(tmp_path / "a.csv", "a\n1\n"), write(tmp_path / "b.csv", gzip.compress(b"b\n1\n"))]
    books = [write(tmp_path / "c.csv", book), write(tmp_path / "d.xlsx.gz", gzip.compress(book))]
    with LastArchive() as archives:
        for path in texts:
            (file,) = members_of(DataFile.at(path), archives=archives)
            path.unlink()
            assert sheets_of(file, print, archives) == [file]
        for path in books:
            (file,) = members_of(DataFile.at(path), archives=archives)
            assert [part.sheet for part in sheets_of(file, print, archives)] == ["may", "june"]


def test_very_many_columns_land(tmp_path: Path) -> None:
    header = ",".join(f"Column Number {number}" for number in range(1_500))
    record = ",".join(map(str, range(1_500)))
    report, said = load(write(tmp_path / "wide.csv", f"{header}\n{record}\n"))
    assert report.ok, said
    assert query("select column_number_0, column_number_1499 from raw_files.wide") == [("0", "1499")]


def test_values_of_more_than_a_page_are_refused_as_such(tmp_path: Path) -> None:
    """Postgres keeps a row in one page of 8 kB: 1,500 short values fit in, 1,500 of 30 characters do not."""
    header = ",".join(f"Column Number {number}" for number in range(1_500))
    report, said = load(write(tmp_path / "wide.csv", f"{header}\n{','.join(['x' * 30] * 1_500)}\n"))
    assert not report.ok
    assert "a record is too wide for Postgres, which keeps one in 8 kB, some 450 filled columns" in said
    assert query("select from pg_tables where schemaname = 'raw_files' and tablename = 'wide'") == []


def test_names_that_every_table_of_postgres_has_are_changed_and_told(tmp_path: Path) -> None:
    """One table that cannot be made stopped the others of a load."""
    system = write(tmp_path / "system.csv", "ctid,tableoid,cmin,cmax,file_no\n1,2,3,4,5\n")
    report, said = load(case("system-column-names"), system)
    assert report.ok, said
    assert query("select name, column_xmin, ymin, column_xmax from raw_files.boxes order by record_no") == [
        ("North gate", "1.5", "2.5", "3.5"),
        ("South gate", "5.5", "6.5", "7.5"),
    ]
    assert query(
        "select column_ctid, column_tableoid, column_cmin, column_cmax, column_file_no from raw_files.system"
    ) == [("1", "2", "3", "4", "5")]
    assert "xmin is called column_xmin, xmax is called column_xmax, for Postgres" in said
    flights = "FL_DATE,OP_UNIQUE_CARRIER,ORIGIN,DEST,xmin\n2024-01-01,AA,JFK,LAX,7\n"
    report, said = load_files(write(tmp_path / "more.csv", flights), source=BTS)
    assert "gets columns that are not declared: column_xmin" in said
    assert query("select column_xmin from raw_bts.ontime_selection") == [("7",)]


def test_a_table_that_postgres_refuses_fails_alone(tmp_path: Path) -> None:
    """Such as one that many files have given 1,600 columns."""
    wide = [
        write(tmp_path / str(part) / "wide.csv", ",".join(["id", *(f"c{part}_{n}" for n in range(1_000))]))
        for part in range(2)
    ]
    for file in wide:
        file.write_text(file.read_text() + "\n1" + "," * 1_000 + "\n")
    report, said = load(*wide, write(tmp_path / "other.csv", "a\n1\n"))
    assert [file.state for file in report.files] == ["failed", "failed", "landed"], said
    assert "tables can have at most 1600 columns" in said


def test_the_corrected_file_lands_where_the_first_failed(tmp_path: Path) -> None:
    folder = case("corrected-file-refused")
    assert load(folder / "bad" / "visits.csv")[0].files[0].state == "failed"
    assert query("select from pg_tables where schemaname = 'raw_files' and tablename = 'visits'") == []
    report, said = load(folder / "good" / "visits.csv")
    assert report.ok, said
    assert query("select id, name from raw_files.visits order by 1") == [("1", "a"), ("2", "b")]


def test_what_excel_and_parquet_say_is_what_lands(tmp_path: Path) -> None:
    report, said = load(
        case("excel-negative-durations"),
        case("excel-integer-rounded"),
        case("formulas-without-values"),
        case("parquet-durations"),
        case("parquet-timestamps-out-of-range"),
    )
    assert query("select run, lap, turn from raw_files.xl_laps order by 1") == [
        ("a", "0:01:23.4", "-0:30:00"),
        ("b", "0:01:23.6", "-1:15:00"),
    ]
    assert query("select v from raw_files.f02_a_drop order by record_no") == [
        (value,) for value in ("9007199254740992", "0.1", "1e+300", "true", "'0012")
    ]
    assert "formulas without a saved value: 2, the first in C2; their values are missing" in said
    assert query("select s, ms, ns from raw_files.durations") == [("0:01:30", "0:01:30", "0:01:30")]
    assert "none of its 2 records can land, beginning with record 1: d is a time that no calendar has" in said
    assert [file.state for file in report.files] == [*["landed"] * 5, "failed"], said


def test_lines_above_a_header(tmp_path: Path) -> None:
    report, said = load(
        case("sep-line"),
        write(tmp_path / "report.csv", "Report of May\n\ngate,day,flights\nA,Mon,1\nB,Tue,2\n"),
        write(tmp_path / "blank.csv", "\n\na,b\n1,2\n"),
        write(tmp_path / "title.csv", "All our gates\ngate,city\nA,Rome\nB,Oslo\n"),
        write(tmp_path / "colon.csv", "sep=:\na:b\n1:2\n"),
    )
    assert query("select name, amount from raw_files.sep_two") == [("A", "1,5"), ("B", "2,5")]
    three = query("select name, amount, column_when from raw_files.sep_three")
    assert ("A", "1,5", "2024-01-01") in three
    assert query("select gate, day, flights from raw_files.report order by 1") == [
        ("A", "Mon", "1"),
        ("B", "Tue", "2"),
    ]
    assert query("select a, b from raw_files.blank") == [("1", "2")]
    assert [file.state for file in report.files] == [*["landed"] * 4, "failed", "failed"], said
    assert "report.csv: 2 lines above its header are left out: 'Report of May'" in said
    assert "its first line, 'All our gates', has fewer fields than all others" in said
    assert "its first line says that ':' separates its fields, which is not read" in said


def test_flights_in_whatever_people_have_them(tmp_path: Path) -> None:
    """Separators, packing, Parquet and Excel are read for flights as for any table."""
    flights = (case("what-is-no-csv") / "b16_semicolon.csv").read_text()
    header, *lines = [line.split(";") for line in flights.splitlines()]
    rows = [[value or None for value in line] for line in lines]
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    parquet.write_table(pa.table(columns), tmp_path / "flights.parquet")
    write(tmp_path / "flights.xlsx", workbook(Flights=[[*line] for line in (header, *lines)]))
    for separator, name in (("\t", "tabs.tsv"), ("|", "bars.txt")):
        write(tmp_path / name, flights.replace(";", separator))
    write(tmp_path / "x.csv.xz", lzma.compress(flights.encode() + b"\n"))
    with tarfile.open(tmp_path / "more.tar.gz", "w:gz") as archive:
        for number in (1, 2):
            content = flights.encode() + b"\n" * 2 * number
            member = tarfile.TarInfo(f"in/{number}.csv")
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
        link = tarfile.TarInfo("in/passwd.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    report, said = load_files(case("what-is-no-csv") / "b16_semicolon.csv", tmp_path, source=BTS)
    landed = {file.file_name: file.rows_landed for file in report.files}
    assert landed == {
        "b16_semicolon.csv": 40,
        "bars.txt": 40,
        "flights.parquet": 40,
        "flights.xlsx": 40,
        "more.tar.gz!in/1.csv": 40,
        "more.tar.gz!in/2.csv": 40,
        "tabs.tsv": 40,
        "x.csv.xz": 40,
    }, said
    ((count, rows),) = query(
        f"select count(distinct row({', '.join(column.lower() for column in header)})), count(*)"
        " from raw_bts.ontime_selection"
    )
    assert (count, rows) == (40, 320)


def test_what_is_no_csv_is_named_as_what_it_is(tmp_path: Path) -> None:
    folder = case("what-is-no-csv")
    zstd = write(tmp_path / "a.csv", b"\x28\xb5\x2f\xfd" + bytes(20))
    twice = write(tmp_path / "b.csv.gz", gzip.compress(bz2.compress(b"a,b\n1,2\n")))
    good, bad = folder / "b24_2006.csv.bz2", folder / "b27_ontime.td.202301.txt"
    report, said = load_files(good, bad, zstd, twice, source=BTS)
    assert [file.state for file in report.files] == ["landed", *["failed"] * 3], said
    assert report.files[0].rows_landed == 40
    for problem in ("has no header: its first line is a record", "is packed with zstd", "is packed twice"):
        assert problem in said
    _, said = load(bad)
    assert "has no header: its first line is a record" in said


def test_tail_numbers_of_2001_cost_no_flight() -> None:
    """In the public files of 2001 and 2002 each tail number ends with the bytes E4 E6."""
    folder = case("tail-numbers-latin1")
    report, said = load_files(folder, source=BTS)
    assert [(file.rows_landed, file.rows_rejected) for file in report.files] == [(40, 0), (40, 0)], said
    assert said.count("is not UTF-8; read as Windows-1252") == 2
    tables = ("dataexpo", "ontime_monthly_before_2018")
    landed = [tail for table in tables for (tail,) in query(f"select tail_num from raw_bts.{table}")]
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    odd = [tail.encode("cp1252") for tail in landed if tail and not tail.isascii()]
    assert sum(tail.count(b"\xe6") for tail in odd) == content.count(b"\xe6") > 40
    assert all(tail in content for tail in odd)
    assert query("select distinct encoding from raw_bts.files") == [("Windows-1252",)]


def test_the_user_may_know_the_encoding(tmp_path: Path) -> None:
    file = write(tmp_path / "cities.csv", "city\nŁódź\n".encode("cp1250"))
    _, said = load_files(file, source=FILES, encoding="cp1250")
    assert query("select city from raw_files.cities") == [("Łódź",)]
    assert query("select encoding from raw_files.files") == [("cp1250",)]
    assert "warning" not in said


def test_a_content_that_was_read_wrong_lands_anew(tmp_path: Path) -> None:
    """As a file that is newer, which builds know by its id; what reads alike in both encodings is there."""
    items = write(tmp_path / "items.csv", "item,price\nящик,1\n".encode("cp1251"))
    ascii_alone = write(tmp_path / "words.csv", "word\nyes\n")
    wrong = "ÿùèê"
    steps = [
        (None, wrong, "landed"),
        (None, wrong, "already there"),
        ("windows-1252", wrong, "already there"),
        ("cp1251", "ящик", "landed"),
        ("windows-1251", "ящик", "already there"),
        (None, "ящик", "already there"),
        ("latin-1", wrong, "landed"),
        ("cp1251", "ящик", "landed"),
    ]
    said = []
    for step, (encoding, expected, state) in enumerate(steps):
        report, told = load_files(items, ascii_alone, encoding=encoding)
        states = [file.state for file in report.files]
        assert states == [state, "already there" if step else "landed"], (encoding, told)
        text = "select item from raw_shop.items where file_no = %s"
        assert query(text, report.files[0].file_no) == [(expected,)]
        said.append(told)
    was_there = "warning: items.csv: is there as file 1, read as Windows-1252"
    assert f"{was_there}; read as cp1251, it lands as a newer one" in said[3]
    ids = "select left(file_id, 64) = first_value(file_id) over (order by file_no), substr(file_id, 65)"
    assert query(f"{ids} from raw_shop.files where dataset = 'items' order by file_no") == [
        (True, ""),
        (True, "-2"),
        (True, "-3"),
        (True, "-4"),
    ]
    assert balances()


def test_names_of_files_and_links(tmp_path: Path) -> None:
    inbox, elsewhere = tmp_path / "inbox", write(tmp_path / "secret.csv", "user\nroot\n")
    inbox.mkdir()
    (inbox / "link.csv").symlink_to(elsewhere)
    write(inbox / "inside.csv", "a\n1\n")
    (inbox / "alias.csv").symlink_to(inbox / "inside.csv")
    Path(os.fsdecode(os.fsencode(inbox) + b"/caf\xe9.csv")).write_bytes(b"b\n1\n")
    ends = ("north", "south")
    for end in ends:
        write(inbox / f"{'a_very_long_name_' * 4}{end}.csv", f"{end}\n1\n")
    report, said = load(inbox)
    assert report.ok, said
    states = {file.file_name: (file.dataset or "", file.state) for file in report.files}
    assert "link.csv" not in states
    assert f"link.csv: left out: a link out of the folder, to {elsewhere}" in said
    assert {state for _, state in (states["inside.csv"], states["alias.csv"])} == {"landed", "already there"}
    assert states["caf\\xe9.csv"][1] == "landed"
    assert "caf\\xe9.csv: its name is no UTF-8" in said
    assert len({states[f"{'a_very_long_name_' * 4}{end}.csv"] for end in ends}) == 2
    report, said = load(str(inbox / "l*.csv"), inbox / "link.csv")
    assert [(file.dataset, file.state) for file in report.files][-1] == ("link", "landed"), said
