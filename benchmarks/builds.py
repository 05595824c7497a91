"""What `ontime build` costs after each kind of change, next to building everything: cost follows the change.

    python -m benchmarks.builds            the sample, 336,776 flights
    python -m benchmarks.builds --small    three months of it, thinned out

On a copy of the project and a server of its own, which are removed at the end. Each build is a process, as
people start it: seconds of the clock, CPU seconds of the client (the process and its children) and of the
server. Trust the ratios and the CPU: seconds of the clock depend on what else runs.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.landing import cpu_of_tree
from benchmarks.months import SAMPLE_YEAR, Sample, as_environment, utc_hour
from cli.server.connections import connection
from cli.server.process import Server
from tests import samples
from tests.projects import ProjectCopy, copy_project
from tests.servers import running_server

RESTATED_MONTH = 2

CHOSEN = re.compile(r"(\d+) of (\d+) nodes\b")
NOTHING = re.compile(r"\bnothing (new|to build):")
BUILT = re.compile(r"built (\d+) models and seeds, (\d+) tests passed")


@dataclass(frozen=True)
class Cost:
    """Seconds of one build, and how many nodes (models, seeds and tests) it ran."""

    clock: float
    client: float
    server: float
    nodes: int

    @property
    def cpu(self) -> float:
        return self.client + self.server


def nodes_run(said: str) -> int:
    """How many nodes a build ran, of its own words. Raises ValueError when it does not say."""
    if chosen := CHOSEN.search(said):
        return int(chosen[1])
    if NOTHING.search(said):
        return 0
    if built := BUILT.search(said):
        return int(built[1]) + int(built[2])
    raise ValueError(f"the build does not say how many nodes it ran:\n{said}")


class Warehouse:
    """The commands of a copy of the project, on a server of its own."""

    def __init__(self, project: ProjectCopy, server: Server) -> None:
        self._project = project
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith(("PG", "DBT_"))},
            "ONTIME_STATE": str(server.state),
        }
        self.run("up")

    def run(self, *arguments: str) -> tuple[str, float]:
        """What `ontime` says, and its CPU seconds. Ends the benchmark when it fails."""
        command = [sys.executable, "-c", "from cli.main import main; main()", *arguments]
        with TemporaryFile("w+") as output:
            process = subprocess.Popen(
                command, cwd=self._project.folder, env=self._environment, stdout=output, stderr=output
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            said = output.read()
        if process.returncode:
            sys.exit(f"ontime {' '.join(arguments)} failed:\n{said}")
        return said, usage.ru_utime + usage.ru_stime

    def build(self, *arguments: str) -> Cost:
        """Build, test and publish what there is to do."""
        with as_environment(self._environment), closing(connection("postgres").connect()) as session:
            server = psutil.Process(session.info.backend_pid).parent()
            assert server is not None
            others = server.children()
            before, began = cpu_of_tree(server), time.monotonic()
            said, client = self.run("build", *arguments)
            clock = time.monotonic() - began
            psutil.wait_procs([child for child in server.children() if child not in others], timeout=10)
            return Cost(clock, client, cpu_of_tree(server) - before, nodes_run(said))


class Changes:
    """The changes that people make, one after the other."""

    def __init__(self, project: ProjectCopy, warehouse: Warehouse, folder: Path, is_small: bool) -> None:
        self._project = project
        self._warehouse = warehouse
        self._folder = folder
        self._is_small = is_small

    def everything(self) -> None:
        files = samples.write_sample(self._folder) if self._is_small else []
        self._load(*files)
        self._warehouse.run("load", "airportsdata")

    def nothing_new(self) -> None:
        pass

    def edited_mart(self) -> None:
        mart = "models/marts/performance/agg_carrier_month.sql"
        self._project.edit(
            mart, "    totals.flight_month,\n", "    cast(totals.flight_month as date) as flight_month,\n"
        )

    def edited_comment(self) -> None:
        model = "models/intermediate/performance/int_performance__arrival_fences.sql"
        self._project.write(model, "-- looked at again\n" + self._project.folder.joinpath(model).read_text())

    def new_month(self) -> None:
        """About 1,000 flights of a month that is not there yet."""
        year = SAMPLE_YEAR + 1
        moved = [
            {**record, "year": str(year), "time_hour": utc_hour(record, year)}
            for record in samples.flights(1)
        ]
        self._load(samples.write(self._folder / "new_month.csv", moved))

    def restated_month(self) -> None:
        """A month once more, ten flights of it changed."""
        path = self._folder / "restated_month.csv"
        if self._is_small:
            samples.write(path, samples.restated(RESTATED_MONTH))
        else:
            Sample().write(path, SAMPLE_YEAR, RESTATED_MONTH, restated=10)
        self._load(path)

    def new_registry(self) -> None:
        """The list of aircraft once more, one of them with another seat."""
        first, *others = samples.packaged("planes")
        changed = {**first, "seats": str(int(first["seats"]) + 1)}
        self._load(samples.write(self._folder / "planes_again.csv", [changed, *others]))

    def _load(self, *files: Path) -> None:
        given = ("--from", *map(str, files)) if files else ()
        self._warehouse.run("load", "nycflights13", *given)


def measure(project: ProjectCopy, server: Server, folder: Path, is_small: bool) -> Iterator[tuple[str, Cost]]:
    """The cost of a build after each change."""
    warehouse = Warehouse(project, server)
    changes = Changes(project, warehouse, folder, is_small)
    make: dict[str, Callable[[], None]] = {
        "everything": changes.everything,
        "nothing new": changes.nothing_new,
        "edited mart": changes.edited_mart,
        "edited comment": changes.edited_comment,
        "new month": changes.new_month,
        "restated month": changes.restated_month,
        "new registry": changes.new_registry,
    }
    for name, change in make.items():
        change()
        yield name, warehouse.build()
    yield "build --all", warehouse.build("--all")


def show(costs: dict[str, Cost]) -> Table:
    """Costs by change, and their ratio to the first one."""
    table = Table("build")
    for heading in ("nodes", "seconds", "x", "client CPU", "x", "server CPU", "x", "CPU", "x"):
        table.add_column(heading, justify="right")
    everything = next(iter(costs.values()))
    for name, cost in costs.items():
        cells = [name, f"{cost.nodes:,}"]
        for figure in ("clock", "client", "server", "cpu"):
            seconds, whole = getattr(cost, figure), getattr(everything, figure)
            cells += [f"{seconds:.2f}", f"{seconds / whole:.3f}"]
        table.add_row(*cells)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="three months of the sample, thinned out")
    is_small = parser.parse_args().small
    console, costs = Console(stderr=True), dict[str, Cost]()
    with running_server() as server, TemporaryDirectory() as folder:
        project = copy_project(Path(folder), with_tests=True, parsed_for=None)
        for name, cost in measure(project, server, Path(folder), is_small):
            console.print(f"{name}: {cost.nodes:,} nodes, {cost.clock:.1f} s, {cost.cpu:.1f} s of CPU")
            costs[name] = cost
    Console(width=120).print(show(costs))


if __name__ == "__main__":
    main()
