"""kill -9 or SIGTERM in the midst of a load or a build, then the same again: the figures as undisturbed.

Moments are those that the server shows: a lock that the test holds stops the command at a statement, and
pg_stat_activity says that it waits there.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from cli.server.process import Server
from ingestion.sources.nycflights13 import NYCFLIGHTS13
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import balances, query, session, wait_until
from tests.projects import ProjectCopy, copy_project
from tests.states import MARTS, published, rows_hash
from tests.templates import new_database

# A killed load uses up numbers of files, and the time of a repeated one is another.
NOT_REPEATED = (
    *("source_file_no", "file_no", "received_at_utc", "rejects_version_id"),
    *("known_from_utc", "known_to_utc", "first_received_at_utc", "last_received_at_utc", "last_seen_at_utc"),
)

WAITS = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query ~* %s)"

NO_SESSIONS = """
    select not exists (
        select from pg_stat_activity
        where datname = current_database() and usename in ('loader', 'transformer')
    )
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """What is loaded first, and then: a new release of a month and a new month."""
    folder = tmp_path_factory.mktemp("files")
    return {
        "first": samples.write_sample(folder),
        "then": [
            samples.write(folder / "flights_2013_02.csv", samples.restated(2)),
            samples.write(folder / "flights_2013_04.csv", samples.flights(4)),
        ],
    }


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    return copy_project(tmp_path_factory.mktemp("kills"), with_tests=False)


def figures() -> dict[str, str]:
    """Every mart as a hash of its rows."""
    return {name: rows_hash(f"marts.{name}", *NOT_REPEATED) for _, name in query(MARTS)}


@pytest.fixture(scope="module")
def undisturbed(
    warehouse_server: Server, tmp_path_factory: pytest.TempPathFactory, files: dict[str, list[Path]]
) -> dict[str, dict[str, str]]:
    """Figures after the first files, and after all."""
    with new_database():
        project = begin_with(SAMPLE, tmp_path_factory.mktemp("undisturbed"))
        first = figures()
        project.load(*files["then"])
        assert project.build().code == 0
        return {"first": first, "then": figures()}


@contextmanager
def locked(table: str) -> Iterator[None]:
    """While this holds, nobody writes to the table."""
    with session("postgres") as holding, holding.cursor() as cursor:
        cursor.execute(f"begin; lock table {table} in share mode")
        yield
        cursor.execute("rollback")


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, said


def start_until(project: ProjectCopy, table: str, statement: str, *command: str) -> None:
    """Start a command, and kill it when it waits to write to the table; its sessions end there too."""
    with locked(table):
        process = project.start(*command)
        wait_until(WAITS, statement, while_running=[process])
        kill(process)
        wait_until(NO_SESSIONS)


def stop_when_waiting(project: ProjectCopy, statement: str, *command: str) -> None:
    """SIGTERM, twice as timeout(1) sends it, when a command waits in the server: it leaves nothing behind."""
    process = project.start(*command)
    wait_until(WAITS, statement, while_running=[process])
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 128 + signal.SIGTERM, said
    assert said.endswith(f"stopped by SIGTERM; to go on, repeat the same `ontime {command[0]}`\n")
    assert not re.search("Traceback|error|FAIL|canceling|failed", said), said
    assert query(NO_SESSIONS) == [(True,)]
    assert psutil.wait_procs(children, timeout=60)[1] == []
    assert not list(Path(os.environ["TMPDIR"]).glob("ontime-*"))


def test_kill_and_repeat(
    undisturbed: dict[str, dict[str, str]], project: ProjectCopy, files: dict[str, list[Path]]
) -> None:
    """One warehouse through all of it: what a kill leaves behind, the next one meets."""
    # the very first load: one file after another is committed, the kill comes somewhere between
    load = ("load", "nycflights13", "--from", *map(str, files["first"]))
    process = project.start(*load)
    wait_until("select to_regclass('raw_nycflights13.files') is not null", while_running=[process])
    kill(process)
    repeat(project, *load)
    assert balances(NYCFLIGHTS13)

    # the first build: the first versions are there, nothing is published
    process = project.start("build")
    wait_until("select to_regclass('ops.built_versions') is not null", while_running=[process])
    wait_until("select exists (select from ops.built_versions)", while_running=[process])
    kill(process)
    assert published() == {}
    repeat(project, "build")
    assert figures() == undisturbed["first"]

    # a load when its rows are copied, when they are all but committed, and when only dlt goes on
    marts = published()
    load = ("load", "nycflights13", "--from", *map(str, files["then"]))
    with locked("raw_nycflights13.flights"):
        stop_when_waiting(project, "^copy", *load)
    start_until(project, "raw_nycflights13.flights", "^copy", *load)
    start_until(project, "raw_nycflights13.files", "^insert into .*files", *load)
    with locked("raw_nycflights13._dlt_loads"):
        stop_when_waiting(project, "_dlt_loads", *load)
    repeat(project, *load)
    assert balances(NYCFLIGHTS13)

    # a build when it marks versions, writes rows below its marks, adds up, and publishes
    for table, statement, is_stopped_first in (
        ("ops.built_versions", "built_versions", False),
        ("intermediate.int_flights__records", "insert into .*int_flights__records", False),
        (
            "intermediate.int_performance__totals",
            "insert into .*performance__totals",
            True,
        ),  # a thread of dbt
        ("marts.month_versions", "publish", True),  # dbt itself
    ):
        if is_stopped_first:
            with locked(table):
                stop_when_waiting(project, statement, "build")
        start_until(project, table, statement, "build")
        assert published() == marts
    with session("postgres") as holding, holding.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('ontime roles'))")
        stop_when_waiting(project, "ontime roles", "up")
    repeat(project, "build")
    assert figures() == undisturbed["then"]


def repeat(project: ProjectCopy, *command: str) -> None:
    """The same command again, at once: the killed one's sessions may still be ending."""
    process = project.start(*command)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
