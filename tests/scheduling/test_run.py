"""`ontime run`: in order, left out where something is missing, stopped in good order, told by exit codes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import psutil
import pytest

from cli.console import FAILED, LATER
from cli.runs.record import PARENT
from cli.scheduling import run as running
from cli.scheduling.jobs import Job, Step
from cli.scheduling.run import Outcome, exit_code, run, run_months
from tests.data import data
from tests.ingestion.site import Page, Site, site
from tests.ingestion.support import query
from tests.servers import ontime


def job(*steps: Step) -> Job:
    return Job("tried", "a job", "somebody", "0 0 * * *", 60, steps, months_back=2)


def step(name: str, after: tuple[str, ...] = (), needs: tuple[str, ...] = ()) -> Step:
    return Step(name, f"what {name} is for", (name, "{month}"), 1, after, needs)


LOADS = step("weather"), step("databases")
ALL = job(
    *LOADS,
    step("build", after=("weather", "databases")),
    step("docs", needs=("build",)),
    step("mail", needs=("docs",)),
    step("clean", after=("docs",)),
)


def outcomes(codes: dict[str, int]) -> list[Outcome]:
    """Of a run in which steps end with these codes, and all others with 0."""
    return run(ALL, date(2024, 3, 1), lambda arguments, _: codes.get(arguments[0], 0), lambda _: None)


def test_steps_run_in_order_with_their_month() -> None:
    asked: list[tuple[Sequence[str], float]] = []

    def start(arguments: Sequence[str], seconds: float) -> int:
        asked.append((arguments, seconds))
        return 0

    done = run(ALL, date(2024, 3, 1), start, lambda _: None)
    assert [step.name for step in ALL.steps] == [arguments[0] for arguments, _ in asked]
    assert {(arguments[1], seconds) for arguments, seconds in asked} == {("2024-03", 60)}
    assert exit_code(done) == 0


@pytest.mark.parametrize(
    ("codes", "left_out", "code"),
    [
        ({"weather": 75}, set(), LATER),
        ({"weather": 1}, set(), FAILED),
        ({"weather": 75, "databases": 1}, set(), FAILED),
        ({"build": 75}, {"docs", "mail"}, LATER),
        ({"build": 1}, {"docs", "mail"}, FAILED),
        ({"docs": 143}, {"mail"}, FAILED),
    ],
)
def test_what_fails_leaves_out_what_needs_it(codes: dict[str, int], left_out: set[str], code: int) -> None:
    done = outcomes(codes)
    assert {outcome.step.name for outcome in done if outcome.code is None} == left_out
    assert exit_code(done) == code


@pytest.mark.parametrize(
    ("codes", "asked", "code"),
    [
        ({"2024-01": 75}, ["2024-01", "2024-02"], LATER),
        ({"2024-01": 75, "2024-02": 1}, ["2024-01", "2024-02"], FAILED),
        ({"2024-01": 1}, ["2024-01"], FAILED),
        ({}, ["2024-01"], 0),
        ({"2024-01": 75, "2024-02": 75, "2024-03": 75}, ["2024-01", "2024-02", "2024-03"], LATER),
    ],
)
def test_a_month_that_is_late_keeps_no_newer_one_waiting(
    codes: dict[str, int], asked: list[str], code: int
) -> None:
    months = [date(2024, month, 1) for month in (1, 2, 3)]
    done = run_months(
        job(step("flights")), months, lambda arguments, _: codes.get(arguments[1], 0), lambda _: None
    )
    assert len(done) == len(asked)
    assert exit_code(done) == code


def test_what_became_of_a_step_fits_a_line() -> None:
    said = [str(outcome) for outcome in outcomes({"weather": 75, "build": 1})]
    assert said == [
        "weather      later, 0 s",
        "databases    done, 0 s",
        "build        failed, exit code 1, 0 s",
        "docs         left out, for build did not succeed",
        "mail         left out, for docs did not succeed",
        "clean        done, 0 s",
    ]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose `ontime` is a shell that gets the arguments as its script."""
    (tmp_path / "ontime").write_text('#!/bin/sh\neval "$*"\n')
    (tmp_path / "ontime").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return tmp_path


def test_the_exit_code_is_that_of_the_command(stand_in: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert running.start_ontime(["exit 0"], 300) == 0
    assert running.start_ontime(["exit 75"], 300) == 75
    assert running.start_ontime(["kill -9 $$"], 300) == FAILED
    assert "ended by SIGKILL: ontime 'kill -9 $$'" in capfd.readouterr().err


def test_a_run_is_known_to_its_commands(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PARENT, raising=False)
    assert running.start_ontime([f"test ${{#{PARENT}}} -eq 32"], 300) == 0


def test_what_takes_too_long_is_stopped(stand_in: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert running.start_ontime(["exec sleep 60"], 0.2) == FAILED
    assert "stopped after 0 minutes: ontime 'exec sleep 60'" in capfd.readouterr().err


def test_sigterm_ends_the_command_too(stand_in: Path) -> None:
    """As `ontime run` does it: the exception of the signal goes through."""
    script = (
        "import sys; from cli.main import main; from cli.scheduling import find, run as r;"
        f"from pathlib import Path; sys.executable = {str(stand_in / 'python')!r};"
        f"find.JOBS = Path({str(stand_in / 'jobs.toml')!r}); main(['run', 'long'])"
    )
    (stand_in / "jobs.toml").write_text(
        '[long]\nabout = "a"\nowner = "o"\ncron = "0 0 * * *"\ndeadline_minutes = 1\n'
        f'[long.steps.sleep]\nabout = "a"\nminutes = 5\n'
        f'command = ["echo $$ > {stand_in}/pid; exec sleep 60"]\n'
    )
    runs = subprocess.Popen([sys.orig_argv[0], "-c", script], stderr=subprocess.PIPE, text=True)
    wait_until(lambda: (stand_in / "pid").exists() and (stand_in / "pid").read_text().strip() != "")
    runs.send_signal(signal.SIGTERM)
    _, said = runs.communicate(timeout=300)
    assert runs.returncode == 143, said
    assert "stopped by SIGTERM; to go on, repeat the same `ontime run`" in said
    assert not psutil.pid_exists(int((stand_in / "pid").read_text()))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_jobs_are_listed_and_mistakes_told(tmp_path: Path) -> None:
    listed = ontime("run")
    assert listed.returncode == 0
    assert listed.stdout.splitlines()[0].startswith("daily      weather and databases")
    unknown = ontime("run", "hourly")
    assert unknown.returncode == 1
    assert "there is no job hourly" in unknown.stderr


@pytest.fixture
def bts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site that commands take for BTS."""
    monkeypatch.setenv("ONTIME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    with site() as web:
        monkeypatch.setenv("ONTIME_BTS_URL", web.url("/"))
        yield web


def test_a_month_that_comes_late(fresh_database: str, bts: Site) -> None:
    """First it is not there, and a run ends as one to repeat; then it is, and the same run publishes it."""
    early = ontime("run", "monthly")
    assert early.returncode == 75, early.stderr
    assert "flights      later" in early.stderr
    assert early.stderr.endswith("to go on: ontime run monthly\n")

    folder = data("bts_prezip_2019_01_9E_rebuilt")
    for archive in folder.glob("*.zip"):
        bts.pages[f"/{archive.name}"] = Page(archive.read_bytes())
    done = ontime("run", "monthly", "--month", "2019-01")
    assert done.returncode == 0, done.stderr
    assert query("select count(*) from marts.fct_flights") == [(4_999,)]
    again = ontime("run", "monthly", "--month", "2019-01")
    assert again.returncode == 0
    assert "nothing new: all that is published stands" in again.stderr
    recorded = query(
        """
        select
            job.command, job.outcome,
            string_agg(step.command || ' ' || step.outcome, ', ' order by step.step_no)
        from ops.runs as job
        inner join ops.runs as step on step.parent_run_id = job.run_id
        group by job.step_no, job.command, job.outcome
        order by job.step_no
        """
    )
    assert [run[:2] for run in recorded[:1]] == [("run monthly", "later")]
    steps = "load bts --months 2019-01 succeeded, build succeeded"
    assert recorded[1:] == [("run monthly --month 2019-01", "succeeded", steps)] * 2


def test_a_run_without_a_server(tmp_path: Path) -> None:
    """Real commands: the load fails, what needs it is left out, and the last lines say how to go on."""
    done = ontime("run", "monthly", "--month", "2019-01", ONTIME_STATE=str(tmp_path), HOME=os.environ["HOME"])
    assert done.returncode == 1
    *_, flights, build, agreement, again = done.stderr.splitlines()
    assert flights.startswith("flights      failed, exit code 1")
    assert build == "build        left out, for flights did not succeed"
    assert agreement == "agreement    left out, for build did not succeed"
    assert again == "mend what failed, then: ontime run monthly --month 2019-01"
