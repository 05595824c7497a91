"""The file of jobs: what it declares is sound, and mistakes in it are named."""

import re
from datetime import date
from pathlib import Path

import pytest

from cli.main import main
from cli.scheduling.find import JOBS, jobs, months_to_run, the_job
from cli.scheduling.jobs import read_jobs
from ingestion.errors import OntimeError

STEP = 'about = "a"\ncommand = ["build"]\nminutes = 1\n'
JOB = 'about = "a"\nowner = "o"\ncron = "0 0 * * *"\ndeadline_minutes = 1\n'


def test_all_commands_are_commands() -> None:
    for job in jobs().values():
        for step in job.steps:
            command = main.commands[step.command[0]]
            known = {name for parameter in command.params for name in parameter.opts}
            options = {word for word in step.command if re.fullmatch(r"--[a-z-]+", word)}
            assert options - {"--all"} <= known, f"{job.name}.{step.name}"


def test_a_failed_load_stops_no_build_of_others() -> None:
    (build,) = (step for step in jobs()["daily"].steps if step.name == "build")
    assert set(build.after) == {"weather", "databases"}
    assert not build.needs


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (date(2026, 11, 1), date(2026, 9, 1)),
        (date(2026, 2, 28), date(2025, 12, 1)),
        (date(2026, 1, 31), date(2025, 11, 1)),
    ],
)
def test_the_month_of_a_day(day: date, month: date) -> None:
    assert jobs()["monthly"].month_of(day) == month
    assert jobs()["daily"].month_of(day) is None


def test_a_month_that_is_stated() -> None:
    monthly, daily = the_job("monthly"), the_job("daily")
    assert months_to_run(monthly, "2024-03") == [date(2024, 3, 1)]
    assert "2024-03" in " ".join(monthly.steps[0].arguments(date(2024, 3, 1)))
    with pytest.raises(OntimeError, match="is of no month"):
        months_to_run(daily, "2024-03")
    with pytest.raises(OntimeError, match="no single month"):
        months_to_run(monthly, "2024-03..2024-04")
    with pytest.raises(OntimeError, match="there is no job hourly") as failure:
        the_job("hourly")
    assert failure.value.remedy == "choose one of: daily, monthly, weekly"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a\n", "jobs.toml: "),
        (f"[a]\n{JOB}", "job a has no steps"),
        (f"[a]\n{JOB}[a.steps.b]\n{STEP}retry = 3\n", "step a.b: there is no entry retry"),
        (f'[a]\n{JOB}[a.steps.b]\nabout = "b"\nminutes = 1\n', "step a.b: missing 1 required .*'command'"),
        (f"[a]\n{JOB}often = 1\n[a.steps.b]\n{STEP}", "job a: there is no entry often"),
        (f'[a]\n{JOB}[a.steps.b]\n{STEP}after = ["c"]\n[a.steps.c]\n{STEP}', "a.b comes after c, which"),
        (f'[a]\n{JOB}[a.steps.b]\n{STEP}needs = ["b"]\n', "a.b comes after b, which does not stand before"),
        (f"[a]\n{JOB}[a.steps.b]\n{STEP.replace('build', '{month}')}", "job a has no months_back"),
    ],
)
def test_a_mistake_is_named(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / JOBS.name
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_jobs(file)
