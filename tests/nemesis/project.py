"""The project of histories: flights, what counts of them, the ledger and publication; no more of it.

    project = small_project(folder)   # a copy whose macros, loader and publication are the real ones

A build of one month runs a third of the nodes of the whole project then, in a third of the time.
"""

import re
from pathlib import Path

from tests.projects import ProjectCopy, copy_project

LEFT_OUT = (
    *("models/metrics", "models/exposures.yml"),
    *(
        "models/marts/causes",
        "models/marts/data_science/flight_features.sql",
        "models/marts/monitoring",
        "models/marts/operations",
    ),
    *("models/intermediate/dates", "models/intermediate/features"),
    "models/intermediate/monitoring/int_monitoring__day_expectations.sql",
    "models/intermediate/monitoring/int_monitoring__day_figures.sql",
    *("models/intermediate/restatements", "models/intermediate/rotations"),
    "models/intermediate/performance/int_performance__airport_hours.sql",
    "models/intermediate/performance/int_performance__flight_number_months.sql",
    "models/intermediate/flights/int_flights__diversions.sql",
    "models/intermediate/flights/int_flights__weather.sql",
    "models/intermediate/weather/int_weather__hourly.sql",
)
"""Folders and models without which a flight still comes from its file to the marts, and to the ledger."""

CHECKSUMS = "models/audit/audit_checksums.sql"
"""Reads every mart, hence those that remain."""


def small_project(folder: Path) -> ProjectCopy:
    """A copy without tests and without LEFT_OUT and all that reads it; dbt has read nothing of it yet."""
    project = copy_project(folder, with_tests=False, parsed_for=None)
    models = {path.stem: path for path in project.folder.glob("models/**/*.sql")}
    gone = {
        model
        for name in LEFT_OUT
        for model, path in models.items()
        if path.is_relative_to(project.folder / name)
    }
    texts = {name: path.read_text() for name, path in models.items() if path != project.folder / CHECKSUMS}
    while more := {name for name, text in texts.items() if name not in gone and _reads(text, gone)}:
        gone |= more
    _leave_out(project, gone)
    return project


def _reads(text: str, models: set[str]) -> bool:
    return any(name in models for name in re.findall(r"['\"](\w+)['\"]", text))


def _leave_out(project: ProjectCopy, gone: set[str]) -> None:
    """Remove models with their YAML, and their names from the view of checksums."""
    checksums = project.folder / CHECKSUMS
    kept = [
        line
        for line in checksums.read_text().splitlines(keepends=True)
        if not any(f"ref('{name}')" in line for name in gone)
    ]
    checksums.write_text("".join(kept))
    for path in sorted(project.folder.glob("models/**/*.*")):
        is_left_out = any(path.is_relative_to(project.folder / name) for name in LEFT_OUT)
        if path.stem in gone or is_left_out or path.stem.endswith("__unit_tests"):
            path.unlink()
