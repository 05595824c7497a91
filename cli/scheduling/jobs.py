"""The jobs that orchestration/jobs.toml declares, checked.

Imports nothing of the project: Airflow's environment, which has neither dbt nor dlt, reads the same file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=object)

MONTH = "{month}"
"""What stands for the month in the arguments of a command."""


@dataclass(frozen=True)
class Step:
    """One command of a job: `ontime` with `command`, for what `about` says, in at most so many `minutes`.

    It begins when the steps `after` have ended, and those of `needs` succeeded. `waits`: its exit code 75
    means that something is not published yet, which may take days.
    """

    name: str
    about: str
    command: tuple[str, ...]
    minutes: int
    after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    waits: bool = False

    def arguments(self, month: date | None) -> list[str]:
        """The arguments of `ontime`, of a job of months with the month, such as 2024-03."""
        stated = f"{month:%Y-%m}" if month else MONTH
        return [word.replace(MONTH, stated) for word in self.command]


@dataclass(frozen=True)
class Job:
    """Steps in an order in which they can run. `cron` is in UTC; jobs of a month say which: `months_back`."""

    name: str
    about: str
    owner: str
    cron: str
    deadline_minutes: int
    steps: tuple[Step, ...]
    months_back: int | None = None

    def month_of(self, day: date) -> date | None:
        """The first day of the month that the job of this day is for; none if it is of no month."""
        if self.months_back is None:
            return None
        months = day.year * 12 + day.month - 1 - self.months_back
        return date(months // 12, months % 12 + 1, 1)


def read_jobs(path: Path) -> dict[str, Job]:
    """The jobs by name. Raises ValueError that names the job, the step and what is wrong."""
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from None
    return {name: _job(name, entries) for name, entries in declared.items()}


def _job(name: str, entries: Mapping[str, Any]) -> Job:
    steps = entries.get("steps", {})
    if not steps:
        raise ValueError(f"job {name} has no steps")
    read: dict[str, Step] = {}
    for step, of_step in steps.items():
        read[step] = _read(Step, {"name": step, **of_step}, f"step {name}.{step}")
        if unknown := [
            word for word in (*read[step].after, *read[step].needs) if word not in read or word == step
        ]:
            raise ValueError(f"step {name}.{step} comes after {unknown[0]}, which does not stand before it")
    job = _read(Job, {**entries, "name": name, "steps": tuple(read.values())}, f"job {name}")
    if job.months_back is None and (
        of_month := [step.name for step in job.steps if MONTH in " ".join(step.command)]
    ):
        raise ValueError(f"step {name}.{of_month[0]} names {MONTH}, and job {name} has no months_back")
    return job


def _read(kind: type[Kind], entries: Mapping[str, Any], place: str) -> Kind:
    """An instance of a dataclass, lists made tuples."""
    if unknown := entries.keys() - {field.name for field in fields(kind)}:  # type: ignore[arg-type]
        raise ValueError(f"{place}: there is no entry {min(unknown)}")
    try:
        return kind(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in entries.items()}
        )
    except TypeError as error:
        raise ValueError(f"{place}: {str(error).partition(' ')[2]}") from None
