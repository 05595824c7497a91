"""A DAG `ontime_<job>` of each job in orchestration/jobs.toml, a task of each step; `ontime_backfill`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronTriggerTimetable, Param, TriggerRule

from cli.scheduling.jobs import MONTH, Job, Step, read_jobs
from orchestration.airflow.alerts import deadline, tell_failure
from orchestration.airflow.command import PROJECT, OntimeOperator
from orchestration.airflow.marts import MARTS
from orchestration.airflow.settings import POOL

FOLDER = PROJECT / "orchestration"

BUILDS = {"build", "backfill"}
"""Commands that build: one at a time, and they announce marts."""

TRIES_AGAIN = {
    "retries": 5,
    # the first pause is [core] default_task_retry_delay, five minutes; each is up to twice as long by chance
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=30),
}

MONTHS_AT_A_TIME = 3
"""Runs of a job of months that wait beside each other: BTS takes up to three months."""

RUN_OF_MONTH = "{{ params.month or month_of(dag_run.run_after) }}"


def job_dag(job: Job) -> DAG:
    """A job as a DAG."""
    of_month = job.months_back is not None
    with DAG(
        f"ontime_{job.name}",
        description=job.about,
        schedule=CronTriggerTimetable(job.cron, timezone="UTC"),
        max_active_runs=MONTHS_AT_A_TIME if of_month else 1,
        deadline=deadline(job.deadline_minutes),
        params={"month": Param(None, type=["null", "string"], pattern=r"^\d{4}-\d{2}$")} if of_month else {},
        user_defined_macros={"month_of": month_of(job)},
        **of_all(job.owner),
    ) as dag:
        tasks = {step.name: task(step) for step in job.steps}
        for step in job.steps:
            for before in (*step.after, *step.needs):
                tasks[before] >> tasks[step.name]
        if any(step.after for step in job.steps):
            # else a run in which the last step went well would count as good
            list(tasks.values()) >> EmptyOperator(
                task_id="all_went_well", execution_timeout=timedelta(minutes=1)
            )
    return dag


def task(step: Step) -> OntimeOperator:
    """A step as a task."""
    if step.after and step.needs:
        raise ValueError(
            f"step {step.name} has both `after` and `needs`, which no trigger rule of Airflow says"
        )
    builds = step.command[0] in BUILDS
    return OntimeOperator(
        task_id=step.name,
        command=[word.replace(MONTH, RUN_OF_MONTH) for word in step.command],
        waits=step.waits,
        doc_md=step.about,
        execution_timeout=timedelta(minutes=step.minutes),
        trigger_rule=TriggerRule.ALL_DONE if step.after else TriggerRule.ALL_SUCCESS,
        **({"pool": POOL, "outlets": [MARTS]} if builds else {}),
    )


def month_of(job: Job) -> Callable[[datetime], str]:
    """The month of a run, such as 2024-03, by the moment at which it was due."""
    return lambda moment: f"{job.month_of(moment.astimezone(UTC).date()):%Y-%m}"


def backfill_dag(owner: str) -> DAG:
    """Months that somebody asked for, in a file that somebody else has read."""
    with DAG(
        "ontime_backfill",
        description="load and build the months of a reviewed file in orchestration/backfills/",
        schedule=None,
        max_active_runs=1,
        deadline=deadline(2 * 24 * 60),
        params={
            "name": Param(
                type="string", pattern="^[A-Za-z0-9_-]+$", description="the file's name without .toml"
            )
        },
        **of_all(owner),
    ) as dag:
        file = "orchestration/backfills/{{ params.name }}.toml"
        about = "months of a reviewed file"
        task(Step("backfill", about, ("backfill", "--file", file), minutes=24 * 60))
    return dag


def of_all(owner: str) -> dict[str, Any]:
    """What all DAGs have in common."""
    return {
        "catchup": False,
        "tags": ["ontime"],
        "default_args": {"owner": owner, "on_failure_callback": tell_failure, **TRIES_AGAIN},
    }


JOBS = read_jobs(FOLDER / "jobs.toml")
for declared in JOBS.values():
    job_dag(declared)
backfill_dag(JOBS["monthly"].owner)
