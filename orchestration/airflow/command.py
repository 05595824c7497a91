"""A task that is a command of `ontime`, and what its exit code means to Airflow."""

import os
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseOperator, Context, Variable
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from cli.building.mart_results import FOLDER as RESULTS
from orchestration.airflow import warehouse
from orchestration.airflow.marts import MARTS, announce
from orchestration.airflow.settings import RESULTS_OF_TASK

PROJECT = Path(__file__).resolve().parents[2]
ONTIME = PROJECT / ".venv" / "bin" / "ontime"

DONE, LATER = 0, os.EX_TEMPFAIL
KILLED = 128
"""Exit codes above: a signal ended it, and it said so itself."""

PAUSE = "ontime_minutes_between_asking"
"""A Variable: the pause of a step that waits for a publication."""

SECONDS_TO_STOP = 30


class OntimeOperator(BaseOperator):
    """Runs `ontime` with these arguments, in the project's own environment.

    Exit code 0 is success, and what a build published is announced. 75 and a signal: the same command can
    work later, so it is tried again. All else fails at once. With `waits`, 75 means not there yet: the task
    leaves its worker, asks again after a pause, and uses up no try.
    """

    template_fields = ("command",)
    ui_color = "#e8f1f8"

    def __init__(self, *, command: Sequence[str], waits: bool = False, **others: Any) -> None:
        super().__init__(**others)
        self.command = list(command)
        self.waits = waits
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Context, event: object = None) -> None:  # noqa: ARG002
        """Also after a pause, whose end is the `event`."""
        with TemporaryDirectory(prefix=RESULTS_OF_TASK, dir=os.environ.get("AIRFLOW_HOME")) as results:
            code = self._run(Path(results))
            if code == DONE:
                self._announce(Path(results), context)
                return
        if code == LATER and self.waits:
            pause = timedelta(minutes=float(Variable.get(PAUSE, default="60")))
            self.log.info("not there yet: asked again in %s", pause)
            self.defer(trigger=TimeDeltaTrigger(pause), method_name="execute")
        said = f"exit code {code} of: ontime {' '.join(self.command)}"
        if code == LATER or code < 0 or code > KILLED:
            raise AirflowException(f"{said}; the same command can work later")
        raise AirflowFailException(f"{said}; the log above says what to mend")

    def on_kill(self) -> None:
        """Airflow ends the task; so does the command, at a point from which it can be repeated."""
        self._stop()

    def _announce(self, results: Path, context: Context) -> None:
        if MARTS in self.outlets:
            names = announce(results, context["outlet_events"][MARTS])
            self.log.info("marts made anew and published: %s", ", ".join(names) or "none")

    def _run(self, results: Path) -> int:
        """The exit code; what the command says goes to the task's log, line by line."""
        self._process = subprocess.Popen(
            [ONTIME, *self.command],
            cwd=PROJECT,
            env=environment(results),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
        )
        try:
            assert self._process.stdout
            for line in self._process.stdout:
                self.log.info("%s", line.rstrip())
            return self._process.wait()
        finally:
            self._stop()  # after a timeout it runs on

    def _stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def environment(results: Path) -> dict[str, str]:
    """Of the command: this process's but for Airflow's own, and the warehouse that a connection names."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW"))}
    return kept | warehouse.variables() | {RESULTS: str(results)}
