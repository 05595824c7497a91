"""What tests of reading databases share: a small table, its configuration, loads, and what raw then says.

As a program it loads the configuration that it is given, as `load_tables` does, for tests that kill it.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from cli.server.connections import connection
from ingestion.databases.load import load_database
from ingestion.progress import PlainProgress
from ingestion.report import LoadReport
from tests.databases import Database
from tests.ingestion.support import PROJECT, query, value

CONFIG = """
name = "fleet"

[tables.aircraft]
columns = ["tail_number", "owner_type", "seats", "updated_at"]
key = ["tail_number"]
cursor = "updated_at"
window = "1 hour"
vanished = "mark"
"""
COLUMNS = ("tail_number", "owner_type", "seats", "updated_at")
TIMES = {"mariadb": "timestamp(6) null", "postgresql": "timestamptz(6)"}

Row = tuple[str | None, ...]


def write_config(folder: Path, text: str = CONFIG) -> Path:
    """A file that declares the database."""
    path = folder / "fleet.toml"
    path.write_text(text)
    return path


def load_tables(
    config: Path, *tables: str, full: bool = False, accepts_vanished: bool = False
) -> tuple[LoadReport, str]:
    """Loads as role loader; returns the report and what the user saw."""
    seen = StringIO()
    loader = connection("loader").as_psycopg2()
    report = load_database(config, loader, PlainProgress(seen), tables, full, accepts_vanished)
    return report, seen.getvalue()


def start_load(config: Path) -> subprocess.Popen[str]:
    """`load_tables` in a process of its own, whose temporary files go beside the file."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ingestion.reading", str(config)],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(config.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def make_aircraft(source: Database, rows: int = 5) -> None:
    """The table `aircraft`, with rows of the first minutes of 2024.

    Where a test is of what lies below the window, it adds one of a later time.
    """
    source.do(
        "create table aircraft (tail_number varchar(10) primary key, owner_type varchar(20), seats integer,"
        f" updated_at {TIMES[source.kind]})"
    )
    for number in range(rows):
        add_aircraft(source, f"N{number}", f"2024-01-01 00:{number:02}:00.5")


def add_aircraft(source: Database, tail_number: str, updated_at: str) -> None:
    """One aircraft more."""
    source.do(
        f"insert into aircraft (tail_number, owner_type, seats, updated_at)"
        f" values ('{tail_number}', 'airline', 100, '{updated_at}')"
    )


def in_source(source: Database, columns: Iterable[str] = COLUMNS) -> set[Row]:
    """The rows of the source's `aircraft`, as raw is to say them."""
    rows = source.ask(f"select {', '.join(columns)} from aircraft")
    return {tuple(_text(value, source.kind) for value in row) for row in rows}


def _text(found: Any, kind: str) -> str | None:
    if not isinstance(found, datetime):
        return None if found is None else str(found)
    text = f"{found.astimezone(UTC) if found.tzinfo else found:%Y-%m-%d %H:%M:%S.%f}"
    return f"{text if kind == 'mariadb' else text.rstrip('0').rstrip('.')}+00:00"


def in_raw(
    columns: Iterable[str] = COLUMNS, table: str = "aircraft", key: str = "tail_number", gone: bool = True
) -> set[Row]:
    """The rows that count now: of each key the newest, unless it was found vanished since."""
    vanished = f"""
        where not exists (
            select from raw_fleet.{table}_vanished as gone
            where gone.{key} = newest.{key} and gone.file_no > newest.file_no
        )
    """
    found = query(
        f"""
        select {", ".join(columns)} from (
            select distinct on ({key}) * from raw_fleet.{table} order by {key}, file_no desc, record_no desc
        ) as newest
        {vanished if gone else ""}
        """
    )
    rows = {tuple(row) for row in found}
    assert len(rows) == len(found)
    return rows


def row_count(table: str = "aircraft") -> int:
    """All rows of a raw table, also those that no longer count."""
    return int(value(f"select count(*) from raw_fleet.{table}"))


def ledger() -> list[tuple[Any, ...]]:
    """Dataset, rows seen, landed, rejected and unchanged of each file, in their order."""
    return query(
        "select dataset, rows_seen, rows_landed, rows_rejected, rows_unchanged from raw_fleet.files"
        " order by file_no"
    )


def ledger_is_exact(*tables: str) -> bool:
    """Whether each file of the ledger has just its rows and rejects."""
    rows = " union all ".join(f"select file_no, 1 as landed from raw_fleet.{table}" for table in tables)
    return not query(
        f"""
        with counted as (
            select file_no, sum(landed) as landed, sum(1 - landed) as rejected
            from ({rows} union all select file_no, 0 from raw_fleet.rejects) as records
            group by file_no
        )
        select file_no from raw_fleet.files full join counted using (file_no)
        where (rows_landed, rows_rejected) is distinct from (coalesce(landed, 0), coalesce(rejected, 0))
        """
    )


def peak_memory() -> int:
    """The most memory that this process has had, in bytes.

    Not by getrusage on Linux: that begins with what the parent had when it started this process.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS, in bytes
    return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    told = load_tables(Path(sys.argv[1]))
    print(told[1], told[0], sep="")
    print("peak", peak_memory(), "bytes")
    sys.exit(not told[0].ok)
