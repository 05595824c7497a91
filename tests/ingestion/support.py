"""What several tests of landing need."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cli.server.connections import connection
from cli.server.files import cache_folder
from ingestion.data_file import DataFile, Wanted
from ingestion.database import Connection, connect
from ingestion.load import land_found, load
from ingestion.progress import PlainProgress
from ingestion.report import FileReport, LoadReport
from ingestion.source import Dataset, Source

if TYPE_CHECKING:
    from ingestion.landing.lake import Lake

PROJECT = Path(__file__).parents[2]

SHOP = Source(
    "shop",
    (
        Dataset("orders", ("order_no", "item", "note")),
        Dataset("items", ("item", "price")),
        Dataset("words", ("word",)),
    ),
)
"""A small source, for files that tests write."""


@contextmanager
def session(
    role: Literal["postgres", "loader", "transformer", "reporter"] = "loader",
) -> Iterator[Connection]:
    """A connection in autocommit to the database of the test."""
    with closing(connect(connection(role).as_psycopg2())) as opened:
        yield opened


def query(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a statement, asked as administrator."""
    with session("postgres") as opened, opened.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def value(statement: str, *values: object) -> Any:
    """The one value of a statement."""
    ((found,),) = query(statement, *values)
    return found


def load_files(
    *files: str | Path | Wanted,
    source: Source = SHOP,
    encoding: str | None = None,
    lake: "Lake | None" = None,
) -> tuple[LoadReport, str]:
    """Loads files as role loader; returns the report and what the user saw."""
    seen = StringIO()
    loader = connection("loader").as_psycopg2()
    report = load(source, files, loader, PlainProgress(seen), cache_folder(), encoding, lake)
    return report, seen.getvalue()


def land_answer(answer: DataFile, source: Source) -> tuple[FileReport, str]:
    """Lands a file that was found, as role loader; returns its report and what the user saw."""
    seen = StringIO()
    (report,) = land_found(source, [answer], connection("loader").as_psycopg2(), PlainProgress(seen))
    return report, seen.getvalue()


def wait_until(statement: str, *values: object, while_running: Iterable[subprocess.Popen[str]] = ()) -> None:
    """Asks the server again and again until it says true. Fails when a process ends before."""
    with session("postgres") as opened, opened.cursor() as cursor:
        cursor.execute("set statement_timeout = '30s'")
        while True:
            cursor.execute(statement, values or None)
            if cursor.fetchone() == (True,):
                return
            for process in while_running:
                assert process.poll() is None, f"ended before: {statement}\n{process.communicate()}"


def start_load(*files: Path, lake: "Lake | None" = None) -> subprocess.Popen[str]:
    """`load_files` in a process of its own, whose temporary files go beside the first file."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.ingestion.support", *([lake.place] if lake else [])],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(files[0].parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdin is not None
    child.stdin.write(json.dumps([str(file) for file in files]))
    child.stdin.close()
    child.stdin = None
    return child


def balances(source: Source = SHOP) -> bool:
    """Whether ledger, rows and rejects agree: each file has its rows, numbered without a gap."""
    schema = source.raw_schema
    there = {name for (name,) in query("select tablename from pg_tables where schemaname = %s", schema)}
    tables = [dataset.name for dataset in source.datasets if dataset.name in there]
    records = [f"select file_no, record_no, 1 as landed from {schema}.{table}" for table in tables]
    records.append(f"select file_no, record_no, 0 as landed from {schema}.rejects")
    wrong = query(
        f"""
        with counted as (
            select file_no, sum(landed) as landed, count(*) as seen, count(distinct record_no) as numbers,
                max(record_no) as last_number
            from ({" union all ".join(records)}) as records
            group by file_no
        )
        select file_no
        from {schema}.files full join counted using (file_no)
        where (files.rows_seen, files.rows_landed)
            is distinct from (coalesce(counted.seen, 0), coalesce(counted.landed, 0))
            or counted.numbers <> counted.seen
            or counted.last_number <> counted.seen
        """
    )
    return not wrong


if __name__ == "__main__":
    from ingestion.landing.lake import Lake  # only here: it imports pyarrow, which most loads do without

    told = load_files(*map(Path, json.load(sys.stdin)), lake=Lake(sys.argv[1]) if sys.argv[1:] else None)
    print(told[1], told[0], sep="")
    sys.exit(not told[0].ok)
