"""Try to break what the warehouse promises: histories of commands with faults, each drawn from a seed.

    python -m tests.nemesis --steps 2000 --seed 1   # histories of seeds 1, 2, ... until so many steps
    python -m tests.nemesis --seed 17               # the history of one seed, with its steps
    python -m tests.nemesis --faults                # is each planted fault found (faults.yml)?

On a server of its own. Exit code 1 where something is violated: the shortest history that shows it is told,
and the command that repeats it.
"""

import sys
import time
from argparse import ArgumentParser
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import reporting

from tests.nemesis.faults import look_for, read_faults, table
from tests.nemesis.machine import (
    STEPS_OF_A_HISTORY,
    Counted,
    History,
    run_history,
    seed_of_today,
    seeds_until,
)
from tests.nemesis.world import warehouse
from tests.projects import PROJECT
from tests.servers import forget_servers

REPORT = PROJECT / "target" / "nemesis.md"


def main() -> int:
    """Returns the exit code."""
    parser = ArgumentParser(prog="python -m tests.nemesis", description="Try to break the promises.")
    parser.add_argument("--steps", metavar="N", type=int, default=STEPS_OF_A_HISTORY, help="in all histories")
    parser.add_argument("--seed", metavar="S", type=int, default=seed_of_today(), help="of the first history")
    parser.add_argument("--faults", action="store_true", help="plant the faults of faults.yml")
    parser.add_argument("--only", metavar="PATTERN", default="*", help="of the faults' names, with *")
    arguments = parser.parse_args()
    forget_servers()
    if arguments.faults:
        return try_faults(arguments.only, arguments.seed)
    return try_seeds(arguments.seed, arguments.steps)


def try_seeds(first: int, steps: int) -> int:
    """Histories of one seed after the other. Returns the exit code."""
    with TemporaryDirectory(prefix="ontime-nemesis-") as folder, warehouse(Path(folder)) as world:
        History.world, History.counted, began = world, Counted(tell), time.monotonic()
        for number in seeds_until(steps, first):
            try:
                with reporting.with_reporter(tell):
                    run_history(number, STEPS_OF_A_HISTORY)
            except Exception as error:
                tell(f"error: {error}\n  -> repeat it: python -m tests.nemesis --seed {number}")
                return 1
        took = f"{time.monotonic() - began:,.0f} s"
        tell(f"seeds {first} to {number}, 0 violations in {took}: {History.counted}")
    return 0


def try_faults(pattern: str, seed: int) -> int:
    """Each fault on a project of its own; all of them together write the table. Returns the exit code."""
    found = []
    with TemporaryDirectory(prefix="ontime-nemesis-") as folder, warehouse(Path(folder)) as sound:
        for fault in read_faults():
            if fnmatch(fault.name, pattern):
                found.append(it := look_for(fault, seed, sound))
                noticed = it.invariant or "NOT FOUND"
                tell(f"{fault.name}: {noticed} after {it.steps} steps, {it.seconds:.0f} s\n  {it.said[:300]}")
    text = table(found)
    tell(text)
    if pattern == "*":
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(text)
    return 0 if all(it.is_in_time for it in found) else 1


def tell(line: object) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
