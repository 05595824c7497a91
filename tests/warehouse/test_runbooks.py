"""docs/runbooks: every command runs, in its order, on a warehouse that is damaged as the page says.

The commands are those of a copy of the project without data tests, in a shell. Takes six builds of three
small months, most of them processes that import dbt, and a server on a disk of its own.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from cli.operations.clean import DAY
from cli.server.connections import connection
from cli.server.process import Server
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, value, wait_until
from tests.pages import Shell, commands
from tests.projects import PROJECT, ProjectCopy
from tests.templates import drop

FOLDER = PROJECT / "docs" / "runbooks"
ONTIME = "import sys; sys.argv[0] = 'ontime'; from cli.main import main; main()"
MART = "models/marts/performance/agg_month.sql"

WAITS = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query ~* %s)"


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    project = begin_with(SAMPLE, tmp_path_factory.mktemp("runbooks"))
    # what has waited for a moment has waited for long
    project.edit("cli/operations/doctor/sessions.py", "LONG_WAIT = 10", "LONG_WAIT = 0")
    return project


@pytest.fixture
def shell(project: ProjectCopy, tmp_path: Path) -> Shell:
    return shell_of(project, tmp_path)


def shell_of(project: ProjectCopy, folder: Path, **variables: str) -> Shell:
    """Where `ontime` is that of the copy."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    ontime = programs / "ontime"
    ontime.write_text(f'#!/bin/sh\ncd "{project.folder}" && exec "{sys.executable}" -c "{ONTIME}" "$@"\n')
    ontime.chmod(0o755)
    return Shell(folder, {"PATH": f"{programs}:{os.environ['PATH']}", **variables})


def follow(shell: Shell, name: str, *between: Callable[[str], None], **variables: str) -> dict[str, str]:
    """Run a page's commands, each after `between` were told of it. Returns what each said last."""
    page = FOLDER / f"{name}.md"
    said = {}
    for command in commands(page):
        for look in between:
            look(command)
        said[command] = shell.run(command, variables=variables)
    assert said
    return said


def test_each_page_is_listed_and_has_its_parts() -> None:
    index = FOLDER.joinpath("README.md").read_text()
    pages = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
    assert pages == sorted(re.findall(r"\]\((\w+)\.md\) \|", index))
    for page in pages:
        text = FOLDER.joinpath(f"{page}.md").read_text()
        for part in ("**Symptom.**", "**First", "**Remedy", "**It is over when**"):
            assert part in text, page
        assert f"def test_{page}(" in Path(__file__).read_text(), f"no test runs {page}.md"


def test_failed_build(project: ProjectCopy, shell: Shell) -> None:
    """One of a mart that Postgres refuses, and one that was killed."""
    with project.edited((MART, "totals.flight_month,", "totals.month_of_flight,")):
        failed = project.start("build")
        failed.communicate(timeout=300)
        assert failed.returncode == 1

    def is_told(command: str) -> None:
        if command == "ontime build" and "ontime runs --failed --limit 5" in shell.said:
            assert "agg_month" in shell.said["ontime failures"]
            assert "build: failed" in shell.said["ontime doctor"]

    said = follow(shell, "failed_build", is_told)
    assert "nothing new" in said["ontime build"]
    assert "build: failed" not in said["ontime doctor"]


def test_stuck_load(project: ProjectCopy, shell: Shell, tmp_path: Path) -> None:
    file = samples.write(tmp_path / "weather_2013_04.csv", samples.weather(4))
    with open_session() as forgotten, forgotten.cursor() as cursor:
        cursor.execute("begin; lock table raw_nycflights13.weather in share mode")
        load = project.start("load", "nycflights13", "--from", str(file))
        wait_until(WAITS, "^copy", while_running=[load])
        pid = forgotten.info.backend_pid

        def ended(command: str) -> None:
            if command.startswith("ontime load"):
                said, _ = load.communicate(timeout=60)
                assert load.returncode == 0, said

        said = follow(shell, "stuck_load", ended, PID=str(pid), FILE=str(file))
    assert f"for postgres ({pid}), idle in transaction" in shell.said["ontime doctor  # exit code 1"]
    assert f"ontime doctor --end {pid}" in shell.said["ontime doctor  # exit code 1"]
    assert f"ended postgres (server process {pid})" in said["ontime doctor --end $PID"]
    assert "nobody waits" in said["ontime doctor"]


@pytest.fixture(scope="module")
def bad(project: ProjectCopy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """A release of February that is wrong is published; one of March is held, for it is cut off."""
    folder = tmp_path_factory.mktemp("bad")
    project.load(
        samples.write(folder / "flights_bad.csv", samples.restated(2, late=200)),
        samples.write(folder / "flights_cut.csv", samples.flights(3)[:400]),
    )
    built = project.build()
    assert built.code == 0, built.said
    return {
        Path(name).stem: no
        for no, name in query(
            "select file_no, file_name from raw_nycflights13.files where file_name ~ '(bad|cut)'"
        )
    }


def late_in_february() -> int:
    return int(value("select sum(late) from marts.agg_carrier_month where flight_month = '2013-02-01'"))


def test_bad_release(project: ProjectCopy, bad: dict[str, int], shell: Shell) -> None:
    is_bad = late_in_february()
    last = value("select max(publication) from past.publications")
    usual = sum(map(samples.is_late, samples.flights(2)))
    seen = []

    def look(command: str) -> None:
        seen.append((command, late_in_february()))

    said = follow(shell, "bad_release", look, FILE_NO=str(bad["flights_bad"]), PUBLICATION=str(last))
    after = dict(zip([command for command, _ in seen], [late for _, late in seen[1:]], strict=False))
    assert is_bad > usual
    assert after["ontime rollback --dry-run"] == is_bad
    assert after["ontime rollback"] == after["ontime build  # exit code 1"] == usual
    assert f"file {bad['flights_bad']} (" in said["ontime build  # exit code 1"]
    assert late_in_february() == usual
    assert "nothing new" in said["ontime build"]
    assert "rolled back" not in said["ontime doctor"]


def test_held_file(project: ProjectCopy, bad: dict[str, int], shell: Shell) -> None:
    said = follow(shell, "held_file", FILE_NO=str(bad["flights_cut"]))
    assert "held file" in said["ontime status"]
    (counted,) = [text for command, text in said.items() if "as held from" in command]
    assert re.search(r"\b0\b", counted), counted
    assert "held until somebody decides" not in said["ontime doctor"]


def test_locked_out_reporter(project: ProjectCopy, shell: Shell) -> None:
    query("alter role reporter password 'mine' connection limit 1")
    query("alter role reporter set statement_timeout = 0")
    query("revoke select on marts.agg_month from reporter")
    said = follow(shell, "locked_out_reporter")
    before = said["ontime doctor  # exit code 1"]
    assert "reporter cannot log in: password authentication failed" in before
    assert "statement_timeout 0" in before
    assert "connection limit 1" in before
    assert "reporter may not read agg_month" in before
    assert "loader, transformer and reporter log in" in said["ontime doctor"]


def test_slow_build(project: ProjectCopy, shell: Shell, tmp_path: Path) -> None:
    airlines = [dict(record) for record in samples.packaged("airlines")]
    airlines[0]["name"] += " and Sons"
    project.load(samples.write(tmp_path / "airlines.csv", airlines))
    with open_session() as forgotten, forgotten.cursor() as cursor:
        cursor.execute("begin; lock table marts.dim_carriers in share mode")
        build = project.start("build")
        wait_until(WAITS, "publish", while_running=[build])
        pid = forgotten.info.backend_pid
        is_waiting = [True]

        def ended(command: str) -> None:
            if command == "ontime build":
                said, _ = build.communicate(timeout=300)
                assert build.returncode == 0, said
                is_waiting.clear()

        said = follow(shell, "slow_build", ended, PID=str(pid))
    assert not is_waiting
    assert "a build, publication, rollback or cleaning is at work" in said["ontime doctor  # exit code 1"]
    assert f"for postgres ({pid})" in said["ontime doctor  # exit code 1"]
    assert "nothing new" in said["ontime build"]


def test_lost_machine(database: str, project: ProjectCopy, tmp_path: Path) -> None:
    """The database is backed up, and restored where there is none of it."""
    file = tmp_path / "backup.dump"
    flights = value("select count(*) from marts.fct_flights")
    shell = shell_of(project, tmp_path)

    def is_lost(command: str) -> None:
        if command == "ontime up":
            drop(database)

    try:
        said = follow(shell, "lost_machine", is_lost, FILE=str(file))
    finally:
        for (left,) in query(f"select datname from pg_database where datname like '{database}_before_%'"):
            drop(left)
    (counted,) = [text for command, text in said.items() if "as flights" in command]
    assert f"{flights}" in counted.replace(",", "")
    assert "is of another database" in said["ontime build --plan"]


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    """A disk of its own; only root can make one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = Path("/tmp", f"ontime-disk-{os.getpid()}")
    folder.mkdir(mode=0o711)
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode:
            pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_disk_full(project: ProjectCopy, tmp_path: Path) -> None:
    """Of a server on a small disk, that downloads of long ago have filled."""
    file = samples.write(tmp_path / "flights_2013_01.csv", samples.flights(1))
    with small_disk("600m") as disk:
        server = Server(disk / "state")
        server.start(lambda _: None)
        try:
            shell = shell_of(project, tmp_path, ONTIME_STATE=str(server.state), PGDATABASE="ontime")
            shell.run("ontime up")
            download = server.state / "cache" / ("0" * 32) / "year.zip"
            download.parent.mkdir(parents=True)
            with download.open("wb") as filling, pytest.raises(OSError, match="No space left"):
                while True:
                    filling.write(b"\0" * (1 << 16))
            long_ago = time.time() - 100 * DAY
            for path in (download, download.parent):
                os.utime(path, (long_ago, long_ago))
            failed = shell.run(f"ontime load nycflights13 --from {file}", expected=None)
            assert "No space left on device" in failed
            said = follow(shell, "disk_full", FILE=str(file))
        finally:
            server.stop()
    assert re.search(r"FAULT +disk", said["ontime doctor  # exit code 1"])
    assert "would remove downloads: 1" in said["ontime clean --dry-run"]
    assert re.search(r"ok +disk", said["ontime doctor"])


@contextmanager
def open_session() -> Iterator["psycopg2.extensions.connection"]:
    """A session that somebody else may end."""
    opened = connection("postgres").connect()
    opened.autocommit = True
    with closing(opened):
        yield opened
