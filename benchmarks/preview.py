"""What `ontime preview` costs, cold, warm and after edits, next to `dbt show` of the same model.

    python -m benchmarks.preview            on the warehouse that runs, which it reads only
    python -m benchmarks.preview --rounds 9

On a copy of the project, which it edits. Each preview is a process, as people start it; its CPU is the
client's and that of the warm process behind it. An edit adds a column: `after an edit` to the mart, `two
models up` to the view from which the flights of its totals come. Trust the ratios and the CPU: seconds of the
clock depend on what else runs.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from rich.console import Console
from rich.table import Table

from cli.development.preview.client import folder, stop
from cli.development.preview.process import ADDRESS
from cli.server.connections import connection
from tests.projects import ProjectCopy, copy_project

MART = "agg_carrier_month"
EDITED = "models/marts/performance/agg_carrier_month.sql"
TWO_UP = "models/intermediate/flights/int_flights.sql"

ONTIME = [sys.executable, "-c", "from cli.main import main; main()"]
DBT = [str(Path(sys.executable).with_name("dbt"))]
PREVIEW = [*ONTIME, "preview", MART, "--no-count"]
SHOW = [*DBT, "show", "--target", "prod", "--select", MART, "--limit", "20"]


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock, and of CPU: of the command, and of the warm process for it."""

    clock: float
    cpu: float


def cpu_of_warm_process() -> float:
    try:
        times = psutil.Process(json.loads((folder() / ADDRESS).read_text())["pid"]).cpu_times()
    except (OSError, psutil.NoSuchProcess):
        return 0.0
    return float(times.user + times.system)


def run(project: ProjectCopy, command: list[str]) -> Cost:
    before, warm, began = (
        resource.getrusage(resource.RUSAGE_CHILDREN),
        cpu_of_warm_process(),
        time.monotonic(),
    )
    environment = os.environ | connection("transformer").environment() | {"PYTHONPATH": str(project.folder)}
    done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True)
    clock, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    client = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(clock, client + cpu_of_warm_process() - warm)


class Edits:
    """Edits that are each another one."""

    def __init__(self, project: ProjectCopy) -> None:
        self.project, self.number = project, 0

    def of(self, path: str) -> Callable[[], None]:
        file = self.project.folder / path
        original = file.read_text()

        def edit() -> None:
            self.number += 1
            head, select, tail = original.rpartition("select")
            file.write_text(f"{head}{select} {self.number} as edited,{tail}")

        return edit

    def of_none(self) -> None:
        pass


def median(project: ProjectCopy, rounds: int, before: Callable[[], object], command: list[str]) -> Cost:
    costs = []
    for _ in range(rounds):
        before()
        costs.append(run(project, command))
    return Cost(*(statistics.median(getattr(it, name) for it in costs) for name in ("clock", "cpu")))


def measure(project: ProjectCopy, rounds: int) -> dict[str, Cost]:
    edits = Edits(project)
    mart, two_up = project.folder / EDITED, project.folder / TWO_UP
    originals = {path: path.read_text() for path in (mart, two_up)}

    def as_it_was() -> None:
        for path, text in originals.items():
            path.write_text(text)

    costs = {"dbt show, the project read before": median(project, rounds, edits.of_none, SHOW)}
    costs["dbt show, after an edit"] = median(project, rounds, edits.of(EDITED), SHOW)
    as_it_was()
    run(project, SHOW)
    costs["preview, cold"] = median(project, min(rounds, 3), stop, PREVIEW)
    costs["preview, warm"] = median(project, rounds, edits.of_none, PREVIEW)
    costs["preview, after an edit"] = median(project, rounds, edits.of(EDITED), PREVIEW)
    as_it_was()
    costs["preview, after an edit two models up"] = median(project, rounds, edits.of(TWO_UP), PREVIEW)
    return costs


def show(costs: dict[str, Cost]) -> Table:
    """Costs, and their ratio to the first one."""
    table = Table(f"{MART}, medians")
    for heading in ("seconds", "x", "CPU", "x"):
        table.add_column(heading, justify="right")
    first = next(iter(costs.values()))
    for name, cost in costs.items():
        table.add_row(
            name,
            f"{cost.clock:.2f}",
            f"{cost.clock / first.clock:.2f}",
            f"{cost.cpu:.2f}",
            f"{cost.cpu / first.cpu:.2f}",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each, of which the median is shown")
    rounds = parser.parse_args().rounds
    with TemporaryDirectory() as copied:
        project = copy_project(Path(copied), with_tests=True, with_unit_tests=True, parsed_for="prod")
        try:
            costs = measure(project, rounds)
        finally:
            stop()
    Console(width=120).print(show(costs))
    print(f"load of the machine: {', '.join(f'{it:.1f}' for it in os.getloadavg())}")


if __name__ == "__main__":
    main()
