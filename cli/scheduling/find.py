"""The job that somebody names, and the months that it is for."""

from datetime import UTC, date, datetime

from cli.scheduling.gaps import expected_months, months_to_ask_for
from cli.scheduling.jobs import Job, read_jobs
from ingestion import PROJECT
from ingestion.errors import OntimeError
from ingestion.sources.bts import months_of

JOBS = PROJECT / "orchestration" / "jobs.toml"


def jobs() -> dict[str, Job]:
    """The jobs of this project by name. Raises OntimeError where their file is wrong."""
    try:
        return read_jobs(JOBS)
    except (ValueError, OSError) as error:
        raise OntimeError(
            f"orchestration/jobs.toml: {error}", "correct it; its head says what stands there"
        ) from None


def the_job(name: str) -> Job:
    """Raises OntimeError when there is none of this name."""
    known = jobs()
    if name not in known:
        raise OntimeError(f"there is no job {name}", f"choose one of: {', '.join(known)}")
    return known[name]


def months_to_run(job: Job, stated: str | None) -> list[date] | list[None]:
    """The month that is stated, else those of late that are not there yet, in order. Raises OntimeError.

    Where all are there the newest is asked for again; a job of no month has one run, of None.
    """
    if stated is None:
        newest = job.month_of(datetime.now(UTC).date())
        return [None] if newest is None else months_to_ask_for(newest, expected_months()) or [newest]
    if job.months_back is None:
        raise OntimeError(f"job {job.name} is of no month", "leave --month out")
    months = months_of([stated])
    if len(months) != 1:
        raise OntimeError(f"{stated} is no single month", f"such as: ontime run {job.name} --month 2024-03")
    return months
