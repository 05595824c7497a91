"""Airflow with a project of its own on the database of the test: `make airflow`, its API, its metadata.

with running(project, **environment) as airflow:
    run = airflow.trigger("ontime_monthly", month="2026-08")
    airflow.wait(run)
    airflow.tasks(run)
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import requests

from cli.server.connections import connection
from cli.server.files import state_folder
from tests.projects import PROJECT, ProjectCopy

SECONDS = 240
"""None of the waits here takes as long on a machine that does something else as well."""


@dataclass(frozen=True)
class Task:
    """A task of a run as the metadata know it."""

    name: str
    state: str
    tries: int
    began: datetime | None
    ended: datetime | None


@dataclass(frozen=True)
class Run:
    """A run of a DAG."""

    dag: str
    run: str


@dataclass
class RunningAirflow:
    """The parts that work for the copy of a project."""

    project: Path
    environment: dict[str, str]
    _headers: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """`make airflow`, without the installation."""
        self._server("up")
        self._headers = {}

    def stop(self) -> None:
        """`make airflow-down`."""
        self._server("down")

    def process(self, part: str) -> psutil.Process:
        pid, _ = json.loads((self.home / f"{part}.pid").read_text())
        return psutil.Process(pid)

    def command(self, *arguments: str) -> psutil.Process | None:
        """The process of a command `ontime` that a task runs."""
        for process in self.process("scheduler").children(recursive=True):
            try:
                if (line := process.cmdline())[-len(arguments) :] == [*arguments] and "ontime" in line[1]:
                    return process
            except (psutil.Error, IndexError):
                continue
        return None

    @property
    def home(self) -> Path:
        return state_folder() / "airflow"

    # The API

    def turn_on(self, dag: str) -> None:
        """DAGs are paused when Airflow first sees them."""
        self.until(lambda: self._ask("GET", f"dags/{dag}").ok, f"{dag} is known")
        assert self._ask("PATCH", f"dags/{dag}", {"is_paused": False}).ok

    def trigger(self, dag: str, **parameters: str) -> Run:
        asked = self._ask("POST", f"dags/{dag}/dagRuns", {"logical_date": None, "conf": parameters})
        assert asked.ok, asked.text
        return Run(dag, asked.json()["dag_run_id"])

    def import_errors(self) -> list[str]:
        """The names of the files with errors."""
        return [
            Path(error["filename"]).name for error in self._ask("GET", "importErrors").json()["import_errors"]
        ]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        place = f"http://127.0.0.1:{int((self.home / 'port').read_text())}"
        if not self._headers:
            ((user, password),) = json.loads((self.home / "passwords.json").read_text()).items()
            login = {"username": user, "password": password}
            token = requests.post(f"{place}/auth/token", json=login, timeout=30).json()["access_token"]
            self._headers = {"Authorization": f"Bearer {token}"}
        return requests.request(
            method, f"{place}/api/v2/{path}", json=body, headers=self._headers, timeout=60
        )

    # The metadata

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        arguments = connection("postgres").as_psycopg2() | {"dbname": "ontime_airflow"}
        with closing(psycopg2.connect(**arguments)) as opened, opened.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def state(self, run: Run) -> str:
        ((state,),) = self.query(
            "select state from dag_run where dag_id = %s and run_id = %s", run.dag, run.run
        )
        return str(state)

    def tasks(self, run: Run) -> dict[str, Task]:
        """By name."""
        columns = "task_id, state, try_number, start_date, end_date"
        found = self.query(
            f"select {columns} from task_instance where dag_id = %s and run_id = %s", run.dag, run.run
        )
        return {row[0]: Task(*row) for row in found}

    def wait(self, run: Run, state: str = "success") -> dict[str, Task]:
        """Until the run has ended, in this state; its tasks."""
        self.until(lambda: self.state(run) in ("success", "failed"), f"{run} has ended")
        assert self.state(run) == state, self.log()
        return self.tasks(run)

    def wait_for(self, run: Run, task: str, *states: str) -> Task:
        """Until a task is in one of these states."""
        self.until(lambda: self.tasks(run)[task].state in states, f"{run} {task} is {states}")
        return self.tasks(run)[task]

    def until(self, holds: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"not within {SECONDS} s: {what}\n{self.log()}"
            time.sleep(0.2)

    def log(self) -> str:
        """The ends of the tasks' logs."""
        logs = sorted(self.home.glob("logs/dag_id=*/**/*.log"), key=lambda log: log.stat().st_mtime)
        said = []
        for log in logs[-4:]:
            lines = [json.loads(line) for line in log.read_text().splitlines()[-30:] if line.startswith("{")]
            said += [str(log.relative_to(self.home)), *(f"  {line.get('event')}" for line in lines)]
        return "\n".join(said)

    def _server(self, command: str) -> None:
        python = self.project / ".venv-airflow" / "bin" / "python"
        done = subprocess.run(
            [python, "-m", "orchestration.airflow.server", command],
            cwd=self.project,
            env=os.environ | {"PYTHONPATH": str(self.project)} | self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


QUICK = {
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
    # with less, a busy scheduler hears that a task began to wait when that is over, and takes it for lost
    "AIRFLOW_VAR_ONTIME_MINUTES_BETWEEN_ASKING": "0.15",
    # a scheduler is dead after half a minute of silence; with less, a busy machine would make one of a living
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
}


@contextmanager
def running(project: ProjectCopy, **environment: str) -> Iterator[RunningAirflow]:
    """Airflow for a copy of the project, which gets what that takes; stopped with all that it started."""
    shutil.copytree(PROJECT / "orchestration", project.folder / "orchestration", dirs_exist_ok=True)
    for name, target in {".venv": Path(sys.prefix), ".venv-airflow": PROJECT / ".venv-airflow"}.items():
        (project.folder / name).symlink_to(target)
    airflow = RunningAirflow(project.folder, QUICK | environment)
    try:
        airflow.start()
        yield airflow
    finally:
        airflow.stop()
