"""Runs a job in this process' children, one step after the other: what cron and systemd call."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from cli.console import FAILED, LATER
from cli.runs.record import PARENT
from cli.scheduling.jobs import Job, Step

DONE = 0
_SECONDS_TO_END = 60

Start = Callable[[Sequence[str], float], int]
"""Runs `ontime` with these arguments for at most so many seconds, and gives its exit code."""


@dataclass(frozen=True)
class Outcome:
    """What became of a step; `code` is None where it was left out, for `why`."""

    step: Step
    code: int | None
    seconds: float = 0.0
    why: str = ""

    def __str__(self) -> str:
        """For people, such as `build      done      61 s`."""
        words = {DONE: "done", LATER: "later", None: f"left out, {self.why}"}
        said = words.get(self.code, f"failed, exit code {self.code}")
        return f"{self.step.name:<12} {said}" + (f", {self.seconds:.0f} s" if self.code is not None else "")


def run_months(
    job: Job, months: Iterable[date | None], start: Start, say: Callable[[str], None]
) -> list[Outcome]:
    """Run the job for the first of these months that can be loaded: a late one keeps no newer waiting."""
    outcomes: list[Outcome] = []
    for month in months:
        outcomes += (ran := run(job, month, start, say))
        if exit_code(ran) != LATER:
            break
    return outcomes


def run(job: Job, month: date | None, start: Start, say: Callable[[str], None]) -> list[Outcome]:
    """Run the steps in the order in which they stand. One that fails leaves out those that need it."""
    outcomes: dict[str, Outcome] = {}
    for step in job.steps:
        if missing := [name for name in step.needs if outcomes[name].code != DONE]:
            outcomes[step.name] = Outcome(step, None, why=f"for {' and '.join(missing)} did not succeed")
            continue
        arguments = step.arguments(month)
        say(f"{job.name}.{step.name}: {as_typed(arguments)}")
        began = time.monotonic()
        code = start(arguments, step.minutes * 60)
        outcomes[step.name] = Outcome(step, code, time.monotonic() - began)
    return list(outcomes.values())


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """0 when all steps are done, 75 when no step failed and the same run will get further later, else 1."""
    codes = {outcome.code for outcome in outcomes} - {DONE, None}
    return FAILED if codes - {LATER} else LATER if codes else DONE


def as_typed(arguments: Sequence[str]) -> str:
    """The command as a person would type it."""
    return shlex.join(["ontime", *arguments])


def start_ontime(arguments: Sequence[str], seconds: float) -> int:
    """Run `ontime` of this environment. What takes longer is stopped, and so is it when we are.

    Returns its exit code, and 1 when it took too long or was killed.
    """
    command = Path(sys.executable).with_name("ontime")
    environment = {PARENT: uuid4().hex} | os.environ
    with subprocess.Popen([str(command), *arguments], stdin=subprocess.DEVNULL, env=environment) as process:
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            _stop(process)
            print(f"stopped after {seconds / 60:.0f} minutes: {as_typed(arguments)}", file=sys.stderr)
            return FAILED
        except BaseException:
            _stop(process)
            raise
    if code < 0:
        print(f"ended by {signal.Signals(-code).name}: {as_typed(arguments)}", file=sys.stderr)
        return FAILED
    return code


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end in good order, and kill what does not hear that."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_SECONDS_TO_END)
    process.kill()
