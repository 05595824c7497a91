"""What a build says of each test that it ran, as steps of its run: `audit_runs` keeps them (docs/runs.md)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from cli.runs.record import Step

STEP = "test"
TESTS = ("test", "unit_test")

OUTCOMES = {"pass": "succeeded", "warn": "succeeded", "fail": "failed", "error": "failed"}
"""By dbt's status; a test that was skipped says nothing."""


def steps_of_tests(results: Iterable[Any]) -> Iterator[Step]:
    """One step per test of dbt's results: how it ended, how many rows it found, and when."""
    for result in results:
        status = str(result.status)
        if str(result.node.resource_type) not in TESTS or status not in OUTCOMES:
            continue
        times = {timing.name: timing for timing in result.timing}
        ran = times.get("execute")
        yield Step(
            STEP,
            result.execution_time,
            OUTCOMES[status],
            subject=result.node.name,
            detail=detail_of(status, result.message),
            row_count=result.failures,
            started_at=_moment(ran.started_at) if ran else None,
            ended_at=_moment(ran.completed_at) if ran else None,
        )


def _moment(given: datetime | None) -> str | None:
    """dbt's clock shows UTC and does not say so."""
    return given.replace(tzinfo=UTC).isoformat() if given else None


def detail_of(status: str, message: str | None) -> str | None:
    """`warning: Got 2 results, configured to warn if != 0`; nothing of a test that passed."""
    if status == "pass":
        return None
    said = " ".join((message or "it said nothing").split())
    return f"warning: {said}" if status == "warn" else said
