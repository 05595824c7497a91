"""The order in which files of tests begin: long ones first, so that no process ends alone with a long one.

`make slow` shows where the time goes; a file that takes more than a minute belongs here.
"""

from pathlib import Path

import pytest

LONG = (
    "spark/test_parity.py",
    "warehouse/test_build_state.py",
    "warehouse/test_random_edits.py",
    "warehouse/test_published_figures.py",
    "warehouse/test_publication.py",
    "warehouse/test_as_of.py",
    "warehouse/test_runbooks.py",
    "warehouse/test_earlier_publications.py",
    "dbt_project/test_hook.py",
    "dbt_project/test_lint.py",
    "airflow/test_scheduler.py",
    "faults/test_kills.py",
    "nemesis/test_history.py",
    "warehouse/test_orders.py",
    "warehouse/test_fleet.py",
    "warehouse/test_versions.py",
    "warehouse/test_releases.py",
    "development/test_space.py",
    "site/test_pages.py",
    "development/test_edits.py",
    "development/test_check.py",
    "explain/test_explain.py",
    "development/test_preview.py",
    "warehouse/test_dimension_history.py",
    "mutation/test_mutants.py",
    "warehouse/test_metrics.py",
    "warehouse/test_weather.py",
    "warehouse/test_questions.py",
    "warehouse/test_build.py",
    "warehouse/test_monitoring.py",
    "warehouse/test_features.py",
    "warehouse/test_reference.py",
    "scheduling/test_backfill.py",
    "warehouse/test_whole_way.py",
    "development/test_first_day.py",
    "development/test_new.py",
    "warehouse/test_scaffold.py",
    "warehouse/test_inbox.py",
    "warehouse/test_clocks.py",
    "warehouse/test_subjects.py",
    "warehouse/test_runs.py",
    "warehouse/test_audit.py",
    "warehouse/test_weather_load.py",
    "dbt_project/test_conventions.py",
)
"""Files below tests/, the longest first."""

_PLACES = {name: place for place, name in enumerate(LONG)}


def sort_long_files_first(items: list[pytest.Item]) -> None:
    """Sort tests by their file; the order within a file, and of all other files, stays."""
    tests = Path(__file__).parent
    items.sort(key=lambda item: _PLACES.get(item.path.relative_to(tests).as_posix(), len(LONG)))
