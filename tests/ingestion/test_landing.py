"""Landing one file: what stands in Postgres afterwards."""

import csv
import gzip
import random
import threading
from dataclasses import replace
from pathlib import Path
from typing import IO

import psycopg2
import pytest

from ingestion.errors import OntimeError
from ingestion.finding.content import data_file, identify
from ingestion.forms.plan import plan
from ingestion.landing import landing
from ingestion.landing.landing import land
from ingestion.landing.ledger import Entry, Ledger
from ingestion.report import FileReport
from tests.ingestion.support import SHOP, balances, query, session, value, wait_until

pytestmark = pytest.mark.usefixtures("raw_tables")


@pytest.fixture
def raw_tables(database: str) -> None:
    """The tables of the source SHOP, empty, as dlt makes them."""
    with session() as loader, loader.cursor() as cursor:
        cursor.execute(f"drop schema if exists {SHOP.raw_schema} cascade")
        Ledger(loader, SHOP.raw_schema).create()
        for dataset in SHOP.datasets:
            columns = "".join(f", {column} text" for column in dataset.columns)
            lineage = "file_no integer not null, record_no integer not null"
            cursor.execute(f"create table {SHOP.raw_schema}.{dataset.name} ({lineage}{columns})")


def land_one(path: Path) -> FileReport:
    planned = plan(data_file(path), SHOP)
    with session() as loader:
        (file_no,) = Ledger(loader, SHOP.raw_schema).reserve_file_nos(1)
        file = replace(planned, file_no=file_no)
        return land(loader, SHOP.raw_schema, file, "load 1", lambda _: None)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_rows_rejects_and_ledger(tmp_path: Path) -> None:
    data = b'item,price\n1,2\n1,2,3\n"x,y",\n\n,""\nNA,0012\n"bad,1\n7,\xff\n8,9'
    report = land_one(written(tmp_path / "items.csv", data))
    assert (report.state, report.rows_seen, report.rows_landed, report.rows_rejected) == ("landed", 9, 6, 3)
    assert query(
        "select record_no, item, price from raw_shop.items where file_no = %s order by 1", report.file_no
    ) == [
        (1, "1", "2"),
        (3, "x,y", None),
        (5, None, ""),
        (6, "NA", "0012"),
        (8, "7", "ÿ"),
        (9, "8", "9"),
    ]
    assert report.warnings == (
        "items.csv: is not UTF-8; read as Windows-1252, such as ÿ; if it is another: --encoding",
    )
    rejects = query("select record_no, reason, original, raw_text from raw_shop.rejects order by 1")
    assert [(number, reason, bytes(original), text) for number, reason, original, text in rejects] == [
        (2, "3 fields, expected 2", b"1,2,3\n", "1,2,3"),
        (4, "blank line", b"\n", ""),
        (7, "unterminated quote", b'"bad,1\n', '"bad,1'),
    ]
    assert query("select dataset, file_name, bytes, rows_seen, load_id, encoding from raw_shop.files") == [
        ("items", "items.csv", len(data), 9, "load 1", "Windows-1252")
    ]
    assert balances()


ODD_VALUES = [
    "",
    "NA",
    "null",
    r"\N",
    r"\.",
    "a\nb",
    "\n\\.\n",
    "\r",
    '"',
    '""',
    ",",
    "é",
    "\N{GRINNING FACE}",
    "0012",
    " x ",
    "'",
    "\t",
    "{}",
    "\ufeff",
]


def test_values_come_back_byte_for_byte(tmp_path: Path) -> None:
    """30,000 records of odd values, written by csv and by hand, with missing ones, several blocks long."""
    choose = random.Random(13)
    records = [[choose.choice([None, *ODD_VALUES]) for _ in range(3)] for _ in range(30_000)]

    def field(text: str | None) -> str:
        if text is None:
            return ""
        needs_quotes = text == "" or any(sign in text for sign in '",\r\n')
        return '"' + text.replace('"', '""') + '"' if needs_quotes or choose.random() < 0.3 else text

    lines = [",".join(map(field, record)) + choose.choice(["\n", "\r\n"]) for record in records]
    data = "order_no,item,note\n" + "".join(lines)
    assert [[text or "" for text in record] for record in records] == list(csv.reader(lines, strict=True))
    report = land_one(written(tmp_path / "orders.csv", data.encode()))
    assert (report.rows_landed, report.rows_rejected) == (30_000, 0)
    landed = query("select order_no, item, note from raw_shop.orders order by record_no")
    assert [list(row) for row in landed] == records


def test_one_column(tmp_path: Path) -> None:
    report = land_one(written(tmp_path / "words.csv", b'word\na\n\n""\nb'))
    assert query("select record_no, word from raw_shop.words order by 1") == [(1, "a"), (3, ""), (4, "b")]
    assert query("select record_no, reason from raw_shop.rejects") == [(2, "blank line")]
    assert report.rows_seen == 4


def test_columns_in_another_order(tmp_path: Path) -> None:
    land_one(written(tmp_path / "orders.csv", b"Note,Order No,ITEM\nn,o,i\n"))
    assert query("select order_no, item, note from raw_shop.orders") == [("o", "i", "n")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("many", [0, 100_000])
def test_a_header_that_ends_with_a_comma(many: int, end: str, tmp_path: Path) -> None:
    """The empty last field is no column; the records before and behind a bad one are proved, not read."""
    good = ['pen,"1, or 2",', 'ink,"",""', ",,"] + ["cap,3,"] * many
    bad = ["a,1,x", "a,1", 'a,1,"x"', "a,1,,"]
    lines = ["item,price,", *good, *bad, *good]
    report = land_one(written(tmp_path / "items.csv", (end.join(lines) + end).encode()))
    assert (report.rows_landed, report.rows_rejected) == (2 * len(good), 4)
    behind = "text after the last comma, where the header names no column"
    assert [reason for (reason,) in query("select reason from raw_shop.rejects order by record_no")] == [
        behind,
        "2 fields, expected 3",
        behind,
        "4 fields, expected 3",
    ]
    first = [("pen", "1, or 2"), ("ink", ""), (None, None)]
    rows = "select item, price from raw_shop.items where record_no in (%s, %s, %s) order by record_no"
    assert query(rows, 1, 2, 3) == first
    assert query(rows, *(len(good) + len(bad) + number for number in (1, 2, 3))) == first
    assert value("select columns from raw_shop.files") == "item,price"
    assert balances()


@pytest.mark.parametrize("name", ["items.csv", "other name.csv"])
def test_the_same_content_again(name: str, tmp_path: Path) -> None:
    first = land_one(written(tmp_path / "items.csv", b"item,price\na,1\n"))
    again = land_one(written(tmp_path / name, b"item,price\na,1\n"))
    assert (again.state, again.file_no, again.rows_landed) == ("already there", first.file_no, 1)
    assert value("select count(*) from raw_shop.items") == 1
    assert query("select file_name from raw_shop.files") == [("items.csv",)]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (b"", "items.csv: the file has a header and no records"),
        (
            b"1\n2,3,4\n",
            "items.csv: none of its 2 records can land, beginning with record 1: 1 field, expected 2",
        ),
    ],
)
def test_nothing_to_land_is_refused(records: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match=message):
        land_one(written(tmp_path / "items.csv", b"item,price\n" + records))
    assert value("select count(*) from raw_shop.files") == 0
    assert value("select count(*) from raw_shop.rejects") == 0


def test_damage_within_the_file_leaves_nothing(tmp_path: Path) -> None:
    """COPY is under way when the gzip ends too early: the error must be the file's, not psycopg2's."""
    choose = random.Random(1)
    rows = b"".join(b"%d,%d\n" % (choose.getrandbits(60), row) for row in range(300_000))
    path = written(tmp_path / "items.csv.gz", gzip.compress(b"item,price\n" + rows)[:-10])
    with pytest.raises(OntimeError, match=r"items.csv.gz: is damaged or cut off"):
        land_one(path)
    assert value("select count(*) from raw_shop.items") == 0


def test_what_the_server_refuses_leaves_nothing(tmp_path: Path) -> None:
    query("alter table raw_shop.items add check (price <> '13')")
    with pytest.raises(psycopg2.errors.CheckViolation):
        land_one(written(tmp_path / "items.csv", b"item,price\na,1\nb,13\n"))
    assert value("select count(*) from raw_shop.files") == 0


def test_no_space_left_on_the_server(tmp_path: Path) -> None:
    query(
        """
        create function raw_shop.fill() returns trigger language plpgsql as $$
            begin raise 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$;
        create trigger fill before insert on raw_shop.items for each row execute function raw_shop.fill()
        """
    )
    with pytest.raises(
        OntimeError, match="no room where Postgres keeps its data: could not extend"
    ) as raised:
        land_one(written(tmp_path / "items.csv", b"item,price\na,1\n"))
    assert raised.value.remedy == "make room there, then load it again"
    assert value("select count(*) from raw_shop.files") == 0


def test_no_space_left_for_rejects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait in a temporary file, here the device that is always full."""

    def full(*, max_size: int) -> IO[bytes]:
        return Path("/dev/full").open("r+b", buffering=0)

    monkeypatch.setattr(landing, "SpooledTemporaryFile", full)
    with pytest.raises(OntimeError, match=r"no room for its rejects in /.*No space left on device"):
        land_one(written(tmp_path / "items.csv", b"item,price\na,1\nbad\n"))
    assert value("select count(*) from raw_shop.items") == 0


def test_a_file_that_grows_while_it_lands(tmp_path: Path) -> None:
    path = written(tmp_path / "items.csv", b"item,price\n" + b"a,1\n" * 1_000_000)

    def grow(_position: int) -> None:
        with path.open("ab") as file:
            file.write(b"b,2\n")

    with session() as loader, pytest.raises(OntimeError, match="the file changed while it was loaded"):
        land(loader, SHOP.raw_schema, plan(data_file(path), SHOP), "load 1", grow)
    assert value("select count(*) from raw_shop.items") == 0


@pytest.mark.parametrize("first_commits", [True, False])
def test_content_that_another_transaction_lands_meanwhile(first_commits: bool, tmp_path: Path) -> None:
    """The second waits in the ledger for the first; then either it finds the content there, or it lands."""
    path = written(tmp_path / "items.csv", b"item,price\na,1\n")
    reports: list[FileReport] = []
    with session() as first:
        first.autocommit = False
        ledger = Ledger(first, SHOP.raw_schema)
        entry = Entry(
            ledger.reserve_file_nos(1)[0],
            identify(data_file(path)),
            "items",
            "first.csv",
            15,
            0,
            0,
            0,
            "load 0",
            None,
            None,
            None,
        )
        assert ledger.enter(entry) is None
        second = threading.Thread(target=lambda: reports.append(land_one(path)))
        second.start()
        wait_until("select count(*) > 0 from pg_locks where locktype = 'transactionid' and not granted")
        assert not reports
        (first.commit if first_commits else first.rollback)()
        second.join(300)
    (report,) = reports
    assert report.state == ("already there" if first_commits else "landed")
    assert value("select count(*) from raw_shop.items") == (0 if first_commits else 1)
    assert value("select count(*) from raw_shop.files") == 1


def test_a_file_that_changes_after_its_plan(tmp_path: Path) -> None:
    path = written(tmp_path / "items.csv", b"item,price\na,1\n")
    planned = plan(data_file(path), SHOP)
    path.write_bytes(b"price,item\n1,a\n")
    with session() as loader, pytest.raises(OntimeError, match="the file changed while it was loaded"):
        land(loader, SHOP.raw_schema, planned, "load 1", lambda _: None)
