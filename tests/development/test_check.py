"""`ontime check`: a broken measure is seen, a change that changes nothing is told from one that does."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import cli.development.space.drop
import cli.development.space.telling  # noqa: F401 - what a command imports, ProjectCopy.ontime is to find
from cli.development.check import tools
from cli.development.check.check import Report
from cli.development.check.findings import Finding
from cli.development.check.telling import as_markdown, as_text
from cli.development.space.names import USER
from tests.beginnings import SAMPLE, begin_with
from tests.projects import PROJECT, Outcome, ProjectCopy
from tests.states import history, published

OF_THE_LINTERS = (".sqlfluff", "pyproject.toml", "dbt-bouncer.yml", "tests/dbt_project/jinja_context")

ROUTES = "models/marts/performance/agg_route_month.sql"
LINE = "    totals.flight_month,\n"
SAME_ROWS = (ROUTES, LINE, "    coalesce(totals.flight_month) as flight_month,\n")
# read by marts that compare months, of which the space has two of three
SAME_DAYS = (
    "models/intermediate/monitoring/int_monitoring__day_figures.sql",
    "    flights,\n    cast(",
    "    coalesce(flights) as flights,\n    cast(",
)
SAME_COUNTS = (
    "models/intermediate/monitoring/int_monitoring__missing_values.sql",
    "    counts.flight_month,\n",
    "    coalesce(counts.flight_month) as flight_month,\n",
)
NO_CONTRACT = (ROUTES, LINE, "    totals.flight_month,\n    7 as sevens,\n")
OVER_DEPARTURES = (
    "macros/measures/flights.sql",
    "mean(alias ~ '.sum_arr_delay_minutes', alias ~ '.arrivals_with_delay')",
    "mean(alias ~ '.sum_arr_delay_minutes', alias ~ '.departures_with_delay')",
)
EARLY_IS_LATE = (
    "models/marts/performance/agg_flight_number_month.sql",
    "is_chronically_late('totals.flights', 'totals.late_or_cancelled')",
    "is_chronically_late('totals.flights', 'totals.on_time')",
)
SAME_WEATHER = (
    "models/marts/core/fct_weather_hourly.sql",
    "    wind_direction_degrees,\n",
    "    coalesce(wind_direction_degrees) as wind_direction_degrees,\n",
)
CARELESS = (ROUTES, "with totals as (", "WITH totals as (")


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectCopy]:
    """Three months, published from a commit."""
    project = begin_with(SAMPLE, tmp_path_factory.mktemp("check"))
    for part in OF_THE_LINTERS:
        copied = project.folder / part
        copied.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if PROJECT.joinpath(part).is_dir() else shutil.copy)(PROJECT / part, copied)
    project.write(".gitignore", "target/\nlogs/\n__pycache__/\n")
    git(project, "init -q")
    commit(project)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(USER, "ann")
        yield project


@pytest.fixture(scope="module")
def tested(project: ProjectCopy) -> ProjectCopy:
    """The same, with its tests, as the next commit has it."""
    settings = project.folder.joinpath("dbt_project.yml").read_text()
    project.write("dbt_project.yml", settings.replace("+enabled: false", "+enabled: true"))
    commit(project)
    return project


def commit(project: ProjectCopy) -> None:
    git(project, "add -A")
    git(project, "-c user.name=a -c user.email=a@b commit -qm one")


def git(project: ProjectCopy, arguments: str) -> None:
    subprocess.run(["git", *arguments.split()], cwd=project.folder, check=True)


def check(project: ProjectCopy, *words: str) -> Outcome:
    """Of all that is said the longest line fits a terminal of 100 columns."""
    said = project.ontime("check", *words)
    if "markdown" not in words:
        table = said.said.partition("compared with ")[2]
        assert max(map(len, table.splitlines())) <= 100, table
    return said


def line(outcome: Outcome, name: str) -> str:
    """The line of a check, or of a model with what is said below it."""
    lines = outcome.said.splitlines()
    return next("\n".join(lines[n : n + 2]) for n, text in enumerate(lines) if text.startswith(f"{name} "))


def test_a_change_that_changes_no_row(project: ProjectCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "conventions", lambda _: [])  # which want tests, and this project has none
    before = published(), history()
    with project.edited(SAME_ROWS, SAME_DAYS, SAME_COUNTS):
        checked = check(project)
    assert checked.code == 0, checked.said
    assert "nothing that CI would refuse" in checked.said
    for name in ("SQL: lint", "models", "rows"):
        assert " ok " in line(checked, name), checked.said
    assert line(checked, "rows").split()[2] == "0"
    for compares in ("audit_months", "audit_missing_values"):
        assert f"\n{compares}\n    rows not compared: it compares months" in checked.said
    assert "agg_route_month" in line(checked, "impact")
    assert (published(), history()) == before


def test_a_broken_measure_is_seen(tested: ProjectCopy) -> None:
    """By the unit test of a mart that shows it, and by the rows of the others."""
    before = published(), history()
    with tested.edited(OVER_DEPARTURES):
        checked = check(tested, "--against", "HEAD")
    assert checked.code == 1
    assert "CI would refuse it: models, unit tests" in checked.said
    assert " ok " in line(checked, "conventions"), checked.said
    assert " failed " in line(checked, "unit tests")
    assert "agg_carrier_month__rates_of_current_versions" in checked.said
    assert "mean_arr_delay_minutes in 2 rows" in line(checked, "agg_month")
    assert (published(), history()) == before


def test_what_the_space_has_already_is_tested_all_the_same(tested: ProjectCopy) -> None:
    """Of dbt a unit test runs with its model alone: first with a reader of it to build, then with nothing.

    Weather of two months is compared with the ledger of these, which has all.
    """
    tested.ontime("dev", "drop", "--yes")
    with tested.edited(EARLY_IS_LATE, SAME_WEATHER):
        built = tested.ontime("dev", "build", "--months", "2")
        assert built.code == 0, built.said
        for still_to_build in ("1 models into", "0 models into"):
            checked = check(tested, "--against", "HEAD")
            assert still_to_build in checked.said
            assert checked.code == 1, checked.said
            assert "CI would refuse it: unit tests" in checked.said
            assert "agg_flight_number_month__chronically_late" in checked.said
            assert " ok " in line(checked, "data tests"), checked.said


def test_a_careless_change_as_markdown(tested: ProjectCopy) -> None:
    """Lint of SQL and Python, and a column that the contract does not know; all of it is escaped."""
    with tested.edited(CARELESS, NO_CONTRACT):
        tested.write("cli/careless.py", "import os\n")
        try:
            checked = check(tested, "--against", "HEAD", "--format", "markdown")
        finally:
            tested.remove("cli/careless.py")
    assert checked.code == 1
    assert "| Python: lint | failed | 1 file |" in checked.said
    assert "    cli/careless.py:1:8: F401" in checked.said
    assert "    -> ruff check --fix cli/careless.py" in checked.said
    assert "| SQL: lint | failed | 1 file |" in checked.said
    assert "| models | failed |" in checked.said
    assert f"    agg_route_month ({ROUTES})" in checked.said
    assert "| data tests | " in checked.said


def test_a_revision_that_there_is_not(project: ProjectCopy) -> None:
    for revision in ("no-such-branch", "--output=x"):
        refused = project.ontime("check", "--against", revision)
        assert refused.code == 1
        assert "git" in refused.said


def test_a_tool_that_is_missing_is_named_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nobody knows what CI would say."""
    monkeypatch.setattr(tools, "commands_folder", lambda: tmp_path)
    (lint, _) = [tool.start().finding() for tool in tools.python_lint(["cli/main.py"])]
    report = Report(findings=[lint], compared_with="HEAD", months="all months")
    assert not report.is_ok
    told = as_text(report)
    assert "ruff is not installed" in told
    assert "-> Python: lint: make .venv/dev.stamp" in told


def test_what_comes_from_data_is_no_markup() -> None:
    found = Finding("models", "failed", "<img src=x onerror=alert(1)> | `a` [b](c)")
    told = as_markdown(Report(findings=[found]))
    assert "<img" not in told
    assert "&lt;img src=x onerror=alert(1)&gt; &#124; \\`a\\` \\[b\\](c)" in told
