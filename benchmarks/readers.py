"""Readers beside builds: nobody sees half a publication, and no reader stops a build, a load or `ontime up`.

    python -m benchmarks.readers                        5,000 reads by 6 reporters beside 8 whole builds
    python -m benchmarks.readers --reads 200 --builds 3

On three months of the sample and a server of its own, which is removed at the end. Each build is a whole one,
after a new release of a month; some are to fail, and one gives a table a new column, which takes locks. All
the while reporters compare marts within a transaction, and others try what would stop the work: what is
denied has to be denied, and what nothing forbids is held in transactions that stay open. Exit code 1 when
anything was inconsistent, let through or stopped.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg2 import errors
from rich.console import Console
from rich.table import Table

from benchmarks.months import as_environment
from cli.server.connections import Connection, connection
from tests import samples
from tests.projects import ProjectCopy, copy_project
from tests.servers import running_server
from tests.warehouse.test_publication import CONSISTENT, IN_TWO_STATEMENTS
from tests.warehouse.test_readers import ALLOWED, LARGE_OBJECTS, LOCKS, log_in

REPORTERS = 6
SECONDS_BETWEEN_READS = 0.4
SECONDS_HELD = 15  # more than a build waits for a reader that is idle in a transaction

AIRCRAFT = "models/marts/core/dim_aircraft"
NEW_COLUMN = (
    (
        f"{AIRCRAFT}.sql",
        "select\n    tail_number,",
        "select\n    {number} as tried_{number},\n    tail_number,",
    ),
    (
        f"{AIRCRAFT}.yml",
        "    columns:\n",
        "    columns:\n"
        "      - name: tried_{number}\n        data_type: integer\n        description: Tried.\n",
    ),
)
FAULTS = (
    ("tests/dbt/singular/planted.sql", "select 1 as wrong from {{ ref('agg_carrier_month') }}"),
    ("tests/dbt/singular/planted.sql", "select 1 / 0 as wrong from {{ ref('fct_flights') }}"),
    ("models/marts/core/planted.sql", "select 1 / 0 as wrong from {{ ref('dim_aircraft') }}"),
)


@dataclass
class Account:
    """What happened, counted by all threads."""

    counted: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    done: threading.Event = field(default_factory=threading.Event)

    def fault(self, what: str) -> None:
        self.faults.append(what)

    def without_error(self, work: Callable[[], None]) -> None:
        """Work that is to raise nothing, in a thread of its own."""
        try:
            work()
        except Exception as error:
            self.fault(f"a reader was stopped: {error!r}")


def read(reader: Connection, account: Account, wanted: int) -> None:
    """Compare marts with each other until all is done and there were so many reads."""
    with closing(reader.connect()) as opened, opened.cursor() as cursor:
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
        while not account.done.is_set() or account.counted["reads"] < wanted:
            cursor.execute(CONSISTENT)
            ((consistent, late),) = cursor.fetchall()
            cursor.execute(IN_TWO_STATEMENTS, (late, late))
            ((same,),) = cursor.fetchall()
            opened.commit()
            account.counted["reads"] += 1
            account.seen.add(late)
            if not (consistent and same):
                account.fault(f"a read saw half of a publication, {late} flights late")
            time.sleep(SECONDS_BETWEEN_READS)


def named(probe: str, database: str) -> str:
    """A probe of the tests on marts that are there."""
    there = probe.replace("marts.trial", "marts.dim_aircraft").replace("marts.view", "marts.fct_flights")
    return there.replace("{database}", database)


def try_what_is_denied(reader: Connection, account: Account) -> None:
    """Again and again; what is let through stays held."""
    with closing(log_in(reader)) as opened, opened.cursor() as cursor:
        while not account.done.is_set():
            for probe in (*LOCKS, *LARGE_OBJECTS):
                try:
                    cursor.execute(named(probe, reader.database))
                    account.fault(f"let through: {probe}")
                except errors.InsufficientPrivilege:
                    account.counted["denied"] += 1
                    cursor.execute("rollback")
                time.sleep(SECONDS_BETWEEN_READS)


def hold_what_is_allowed(reader: Connection, account: Account) -> None:
    """In transactions that stay open, all of them at once; sessions that are ended begin again."""
    while not account.done.is_set():
        with ExitStack() as sessions:
            for allowed in ALLOWED:
                held = sessions.enter_context(closing(log_in(reader)))
                with suppress(errors.LockNotAvailable), held.cursor() as cursor:  # another of these holds it
                    cursor.execute("begin; set local lock_timeout = '100ms'")
                    cursor.execute(named(allowed, reader.database))
                    account.counted["held"] += 1
            account.done.wait(SECONDS_HELD)


class Commands:
    """`ontime` on a copy of the project; a command that does not end as expected is a fault."""

    def __init__(self, project: ProjectCopy, folder: Path, account: Account) -> None:
        self._project = project
        self._folder = folder
        self._account = account
        self.slowest: Counter[str] = Counter()

    def run(self, *arguments: str, code: int = 0) -> None:
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", "from cli.main import main; main()", *arguments],
            cwd=self._project.folder,
            capture_output=True,
            text=True,
        )
        name = arguments[0]
        self._account.counted[f"{name} that ends with {done.returncode}"] += 1
        self.slowest[name] = max(self.slowest[name], round(time.monotonic() - began))
        if done.returncode != code:
            said = (done.stdout + done.stderr)[-2000:]
            self._account.fault(f"ontime {name} ended with {done.returncode}, expected {code}:\n{said}")

    def build_after_a_release(self, number: int, fault: tuple[str, str] | None, new_column: bool) -> None:
        """A release of February, and a whole build, which is to fail where a fault is planted."""
        records = samples.restated(2, late=10 + 5 * number)
        self.run(
            "load", "nycflights13", "--from", str(samples.write(self._folder / f"{number}.csv", records))
        )
        if new_column:
            for path, old, new in NEW_COLUMN:
                self._project.edit(path, old, new.replace("{number}", str(number)))
        if fault:
            self._project.write(*fault)
        self.run("build", "--all", code=1 if fault else 0)
        if fault:
            self._project.remove(fault[0])
        self.run("up")


@contextmanager
def beside(account: Account, wanted: int) -> Iterator[None]:
    """All readers at work; they end with the block, and after so many reads."""
    reader = connection("reporter")
    work = [lambda: read(reader, account, wanted)] * REPORTERS
    work += [lambda: try_what_is_denied(reader, account), lambda: hold_what_is_allowed(reader, account)]
    threads = [threading.Thread(target=account.without_error, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        account.done.set()
        for thread in threads:
            thread.join()


def measure(folder: Path, reads: int, builds: int, console: Console) -> Account:
    account = Account()
    commands = Commands(copy_project(folder, with_tests=True, parsed_for=None), folder, account)
    commands.run("up")
    commands.run("load", "nycflights13", "--from", *map(str, samples.write_sample(folder)))
    commands.run("build")
    failing = dict(zip(range(1, builds, 3), FAULTS, strict=False))
    with beside(account, reads):
        for number in range(builds):
            commands.build_after_a_release(number, failing.get(number), new_column=number == builds // 2 + 1)
            so_far = f"{account.counted['reads']:,} reads, {len(account.faults)} faults"
            console.print(f"build {number + 1} of {builds}: {so_far}")
    if len(account.seen) < builds - len(failing):
        account.fault(f"readers saw {len(account.seen)} of {builds - len(failing)} publications")
    for name, seconds in commands.slowest.items():
        account.counted[f"seconds of the slowest {name}"] = seconds
    return account


def show(account: Account) -> Table:
    table = Table("what", "how often")
    for what in ("reads", "denied", "held"):
        table.add_row(what, f"{account.counted.pop(what):,}")
    table.add_row("publications that readers saw", f"{len(account.seen):,}")
    for what, times in sorted(account.counted.items()):
        table.add_row(what, f"{times:,}")
    return table


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reads", type=int, default=5000, help="by all reporters (default 5000)")
    parser.add_argument("--builds", type=int, default=8, help="whole ones, some of which fail (default 8)")
    options = parser.parse_args()
    console = Console(width=110)
    others = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "DBT_"))}
    with (
        running_server() as server,
        TemporaryDirectory() as folder,
        as_environment(others | {"ONTIME_STATE": str(server.state)}),
    ):
        account = measure(Path(folder), options.reads, options.builds, console)
    console.print(show(account), *account.faults, sep="\n")
    return 1 if account.faults else 0


if __name__ == "__main__":
    sys.exit(main())
