"""Airflow reads orchestration/airflow/dags, and finds the jobs of orchestration/jobs.toml in them."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.scheduling.jobs import Job, read_jobs
from tests.airflow.environment import in_airflow
from tests.projects import PROJECT

JOBS = read_jobs(PROJECT / "orchestration" / "jobs.toml")

DAGS = PROJECT / "orchestration" / "airflow" / "dags"

DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
tasks = lambda dag: {
    task.task_id: {
        "owner": task.owner,
        "retries": task.retries,
        "backoff": task.retry_exponential_backoff,
        "longest_pause": task.max_retry_delay.total_seconds(),
        "minutes": task.execution_timeout and task.execution_timeout.total_seconds() / 60,
        "alerts": len(task.on_failure_callback),
        "rule": task.trigger_rule.value,
        "pool": task.pool,
        "before": sorted(task.upstream_task_ids),
        "command": getattr(task, "command", None),
        "waits": getattr(task, "waits", None),
        "assets": [asset.name for asset in task.outlets],
    }
    for task in dag.topological_sort()
}
print(json.dumps({
    "errors": {file.rpartition("/")[2]: error for file, error in bag.import_errors.items()},
    "dags": {
        dag.dag_id: {
            "cron": getattr(dag.timetable, "expression", None),
            "catchup": dag.catchup,
            "runs": dag.max_active_runs,
            "deadline": dag.deadline[0].interval.total_seconds() / 60,
            "tasks": tasks(dag),
        }
        for dag in bag.dags.values()
    },
}))
"""

MONTHS = """
import json, sys
from datetime import datetime
from airflow.dag_processing.dagbag import DagBag

month_of = DagBag(sys.argv[1]).dags["ontime_monthly"].user_defined_macros["month_of"]
print(json.dumps([month_of(datetime.fromisoformat(moment)) for moment in sys.argv[2:]]))
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found = in_airflow(tmp_path_factory.mktemp("airflow"), DESCRIBE, str(DAGS))
    assert found["errors"] == {}
    return dict(found["dags"])


@pytest.mark.parametrize("job", JOBS.values(), ids=lambda job: job.name)
def test_a_job_is_a_dag_and_a_step_is_a_task(job: Job, described: dict[str, Any]) -> None:
    dag = described[f"ontime_{job.name}"]
    assert (dag["cron"], dag["catchup"], dag["deadline"]) == (job.cron, False, job.deadline_minutes)
    steps = {name: task for name, task in dag["tasks"].items() if task["command"]}
    assert [*steps] == sorted(steps, key=[step.name for step in job.steps].index)
    for step in job.steps:
        task = steps[step.name]
        assert task["before"] == sorted({*step.after, *step.needs})
        assert task["rule"] == ("all_done" if step.after else "all_success")
        assert (task["owner"], task["minutes"], task["waits"]) == (job.owner, step.minutes, step.waits)
        assert (task["command"][:2], task["alerts"]) == ([*step.command][:2], 1)
        assert (task["retries"], task["backoff"], task["longest_pause"]) == (5, 2.0, 30 * 60)


def test_builds_wait_for_each_other_and_announce_marts(described: dict[str, Any]) -> None:
    tasks = [task for dag in described.values() for task in dag["tasks"].values() if task["command"]]
    builds = [task for task in tasks if task["command"][0] in ("build", "backfill")]
    assert len(builds) == len(JOBS) + 1
    assert {(task["pool"], *task["assets"]) for task in builds} == {("ontime_build", "ontime_marts")}
    assert {task["pool"] for task in tasks if task not in builds} == {"default_pool"}


def test_a_run_with_a_failed_step_fails(described: dict[str, Any]) -> None:
    """`docs` after `build` could go well where `weather` failed, and Airflow looks at the last tasks only."""
    last = described["ontime_daily"]["tasks"]["all_went_well"]
    assert (last["rule"], last["before"]) == (
        "all_success",
        sorted(step.name for step in JOBS["daily"].steps),
    )


def test_a_backfill_names_a_reviewed_file(described: dict[str, Any]) -> None:
    dag = described["ontime_backfill"]
    (task,) = dag["tasks"].values()
    assert (dag["cron"], dag["runs"]) == (None, 1)
    assert task["command"] == ["backfill", "--file", "orchestration/backfills/{{ params.name }}.toml"]


def test_a_file_with_an_error_does_not_take_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    shutil.copytree(DAGS, folder)
    (folder / "broken.py").write_text("from airflow.sdk import DAG\n\nDAG('half'\n")
    found = in_airflow(tmp_path, DESCRIBE, str(folder))
    assert [*found["errors"]] == ["broken.py"]
    assert {*found["dags"]} == {*(f"ontime_{name}" for name in JOBS), "ontime_backfill"}


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ('needs = ["build"]\nafter = ["build"]', "step docs has both `after` and `needs`"),
        ('needs = ["docs"]', "step daily.docs comes after docs, which does not stand before it"),
    ],
)
def test_a_job_that_airflow_cannot_run_is_an_error_on_its_page(
    declared: str, said: str, tmp_path: Path
) -> None:
    for folder in ("orchestration", "cli", "ingestion"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    file = tmp_path / "orchestration" / "jobs.toml"
    before = file.read_text()
    file.write_text(
        before.replace('command = ["docs"]\nneeds = ["build"]', f'command = ["docs"]\n{declared}')
    )
    assert file.read_text() != before
    dags = tmp_path / "orchestration" / "airflow" / "dags"
    found = in_airflow(tmp_path, DESCRIBE, str(dags), project=tmp_path)
    assert said in found["errors"]["ontime.py"]


def test_the_month_is_that_of_when_a_run_was_due(tmp_path: Path) -> None:
    """By UTC, whatever the clock of who asks: a run that starts late, or again, is for the same month."""
    due = {
        "2026-03-01T06:00:00+00:00": "2026-01",
        "2026-03-01T00:30:00+01:00": "2025-12",  # the end of February, in UTC
        "2026-12-31T23:59:59+00:00": "2026-10",
    }
    assert in_airflow(tmp_path, MONTHS, str(DAGS), *due) == [*due.values()]
    assert [*due.values()] == [
        f"{JOBS['monthly'].month_of(datetime.fromisoformat(moment).astimezone(UTC).date()):%Y-%m}"
        for moment in due
    ]
