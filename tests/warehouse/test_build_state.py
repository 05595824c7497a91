"""State-aware builds: what differs from what is published is built, and nothing else; in doubt everything.

What runs is read off dbt's results, or off the plan where only the choice matters.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.building import build_state
from cli.server.roles import bootstrap
from tests import samples
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy, copy_project, names
from tests.states import history, published
from tests.templates import new_database

RECORDS = "models/intermediate/flights/int_flights__records.sql"
TOTALS = "models/intermediate/performance/int_performance__totals"
ROUTES = "models/marts/performance/agg_route_month"
ROUTES_AND_READER = {"agg_route_month", "audit_checksums"}
"""The mart, and the view of checksums that reads every mart."""
CARRIERS = "models/marts/performance/agg_carrier_month"
AGGREGATES = "models/marts/performance/_agg_months.yml"
MEASURES = "macros/measures/flights.sql"
FAILING = "tests/dbt/singular/planted_failure.sql"

OTHER_ROUTES = (
    f"{ROUTES}.sql",
    "    totals.flight_month,",
    "    coalesce(totals.flight_month) as flight_month,",
)
LATE_BY_16 = (MEASURES, "return(15)", "return(16)")
COMMENTS = (
    (RECORDS, "with records as (", "-- words\nwith  records as (\n"),
    (f"{TOTALS}.yml", "models:", "models: # words"),
    (MEASURES, "    coalesce({{ arr_delay_minutes", "    {# words #}coalesce({{ arr_delay_minutes"),
)

NOTHING_IMPORTED = """
import sys
from cli.building.build import build
print(build([]), [name for name in ("dbt", "dlt") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def copy(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectCopy]:
    """Three months, loaded; a project as some commit has it."""
    folder = tmp_path_factory.mktemp("build_state")
    project = copy_project(folder, with_tests=True, with_unit_tests=True)
    project.write(".gitignore", "target/\nlogs/\n")
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@b commit -qm one"):
        subprocess.run(["git", *command.split()], cwd=project.folder, check=True)
    project.load(*samples.write_sample(folder))
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("CI", raising=False)
        yield project


@pytest.fixture(scope="module")
def first(copy: ProjectCopy) -> frozenset[str]:
    """What the first build ran."""
    built = copy.build()
    assert built.code == 0, built.said
    assert "everything, nothing was published yet" in built.said
    return built.ran


@pytest.fixture
def project(copy: ProjectCopy, first: frozenset[str]) -> ProjectCopy:
    """All that is there is published."""
    built = copy.build()
    assert built.code == 0, built.said
    return copy


def load_restated(project: ProjectCopy, folder: Path, month: int, late: int) -> int:
    """Load a new release of a month; returns its late flights."""
    records = samples.restated(month, late)
    project.load(samples.write(folder / f"flights_{month}_{late}.csv", records))
    return sum(map(samples.is_late, records))


def late_in(month: int) -> int:
    return int(
        value(
            "select sum(late) from marts.agg_carrier_month where extract(month from flight_month) = %s", month
        )
    )


def publications() -> int:
    return int(value("select count(*) from ops.runs where step = 'publish'"))


def publish(project: ProjectCopy, *arguments: str) -> set[str]:
    """Build, which has to publish; returns the models that ran."""
    built = project.build(*arguments)
    assert built.code == 0, built.said
    assert "nothing published" not in built.said
    return built.models


def test_the_first_build_of_a_commit_runs_all_but_unit_tests(
    copy: ProjectCopy, first: frozenset[str]
) -> None:
    assert len(names(first, "test")) > 100
    assert {"stg_nycflights13__flights", "int_flights__records", "fct_flights"} <= names(first, "model")
    assert not names(first, "unit_test")


def test_nothing_new_is_said_without_importing_dbt(project: ProjectCopy) -> None:
    before = publications()
    done = subprocess.run(
        [sys.executable, "-c", NOTHING_IMPORTED], cwd=project.folder, capture_output=True, text=True
    )
    assert done.stdout == "0 []\n", done.stderr
    assert "nothing new" in done.stderr
    assert publications() == before


def test_comments_run_nothing(project: ProjectCopy) -> None:
    before = publications()
    with project.edited(*COMMENTS):
        built = project.build()
        assert (built.code, built.ran) == (0, frozenset()), built.said
        assert "nothing to build" in built.said
        assert "nothing new" in project.build().said
    assert project.plan().runs == frozenset()
    assert publications() == before


def test_an_edited_mart_runs_with_its_tests(project: ProjectCopy) -> None:
    with project.edited(OTHER_ROUTES):
        built = project.build()
    assert built.code == 0, built.said
    assert built.models == ROUTES_AND_READER
    assert names(built.ran, "test")
    assert all(any(model in test for model in ROUTES_AND_READER) for test in names(built.ran, "test"))
    assert "published marts.agg_route_month" in built.said


def test_other_words_about_a_mart_are_published(project: ProjectCopy) -> None:
    told = "select obj_description('marts.agg_route_month'::regclass)"
    with project.edited((AGGREGATES, "One row per month and route", "One line per month and route")):
        assert publish(project) == ROUTES_AND_READER
        assert "One line per month and" in value(told)
    publish(project)
    assert "One row per month and" in value(told)


def test_a_changed_macro_runs_what_calls_it(project: ProjectCopy) -> None:
    with project.edited(LATE_BY_16):
        planned = project.plan()
    models = names(planned.runs, "model")
    assert {"int_performance__totals", "agg_carrier_month", "fct_flights"} <= models
    assert not models & {"int_weather__records", "dim_dates", "stg_nycflights13__flights"}
    assert planned.reasons["model.ontime.int_performance__totals"] == "changed"


def test_a_changed_seed_runs_what_reads_it(project: ProjectCopy) -> None:
    seed = project.folder / "seeds" / "us_holidays.csv"
    *_, last = seed.read_text().splitlines()
    with project.edited(("seeds/us_holidays.csv", last, last.replace(last[:4], "2099"))):
        planned = project.plan()
    assert names(planned.runs, "seed") == {"us_holidays"}
    assert {"int_dates__near_holidays", "dim_dates"} <= names(planned.runs, "model")
    assert not names(planned.runs, "model") & {"int_flights__records", "fct_flights"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ONTIME_MARTS_SCHEMA", "environment variable ONTIME_MARTS_SCHEMA changed"),
        ("DBT_SOMETHING", "environment variable DBT_SOMETHING changed"),
    ],
)
def test_a_changed_environment_runs_everything(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    monkeypatch.setenv(name, "marts__other")
    assert project.plan().everything == why


def test_where_dbt_writes_its_files_changes_nothing(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    assert "nothing new" in project.build().said


def test_other_variables_profiles_and_versions_run_everything(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.plan("--vars", "{some: 1}").everything == "--vars changed"
    settings = "settings of the project, or macros that dbt calls by itself, changed"
    with project.edited(("profiles.yml", "connect_timeout: 10", "connect_timeout: 11")):
        assert project.plan().everything == settings
    with project.edited(
        ("macros/schema/generate_schema_name.sql", "not in ('compile', ", "not in ('parse', 'compile', ")
    ):
        assert project.plan().everything == settings
    monkeypatch.setattr(build_state, "version", lambda _: "1.0")
    assert project.plan().everything == "version of dbt-core, version of dbt-postgres changed"


def test_unit_tests_run_where_code_or_they_changed(
    project: ProjectCopy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project.edited((f"{TOTALS}.sql", "from flights\n", "from flights cross join (select 1) as one\n")):
        units = {uid for uid in project.plan().runs if uid.startswith("unit_test.")}
    assert units
    assert {uid.split(".")[2] for uid in units} == {"int_performance__totals"}

    unit_tests = "models/intermediate/performance/_int_performance__unit_tests.yml"
    of_airports = "int_performance__airport_months__counts_both_ends"
    with project.edited(
        (unit_tests, "(1, 'LAX', 'JFK', false, false, -5, 15)", "(1, 'LAX', 'JFK', true, false, -5, 15)")
    ):
        planned = project.plan()
        assert names(planned.runs, "unit_test") == {of_airports}
        assert not names(planned.runs, "model")
        for built in (project.build(), project.build()):
            assert built.code == 1, "of dbt a unit test runs with its model alone"
            assert of_airports in built.said
    with project.edited((unit_tests, "(2, 'LAX', 'JFK', false", "(3, 'LAX', 'JFK', false")):
        built = project.build()
        assert built.code == 0, built.said
        assert "unit tests of models that stand: 1" in built.said
        assert not project.plan().runs
    assert project.build().code == 0

    load_restated(project, tmp_path, 1, late=1)
    planned = project.plan()
    assert "int_performance__totals" in names(planned.runs, "model")
    assert not names(planned.runs, "unit_test")

    assert names(project.plan("--all").runs, "unit_test")
    query("update ops.build_state set published_at = null")
    assert not names(project.plan().runs, "unit_test")
    monkeypatch.setenv("CI", "true")
    assert names(project.plan().runs, "unit_test")
    query("update ops.build_state set published_at = now()")


def test_files_run_what_they_feed(project: ProjectCopy, tmp_path: Path) -> None:
    """Takes three builds, of flights, of weather and of carriers."""
    late = load_restated(project, tmp_path, 2, late=10)
    project.load(samples.write(tmp_path / "april.csv", samples.flights(4)))
    models = publish(project)
    assert {"int_flights__records", "int_performance__totals", "int_restatements__flights"} <= models
    assert not models & {"int_weather__records", "dim_dates"}
    assert not {name for name in models if name.startswith(("stg_", "agg_"))}  # views stand
    assert late_in(2) == late
    assert late_in(4) == sum(map(samples.is_late, samples.flights(4)))

    project.load(samples.write(tmp_path / "weather_april.csv", samples.weather(4)))
    models = publish(project)
    assert {"int_weather__records", "int_flights__weather"} <= models
    assert not models & {"int_flights__records", "int_performance__totals", "dim_dates"}
    assert value("select count(*) from marts.fct_weather_hourly where observation_hour_utc >= '2013-04-15'")

    carriers = [dict(record) for record in samples.packaged("airlines")]
    carriers[0]["name"] = "Another Name"
    project.load(samples.write(tmp_path / "airlines.csv", carriers))
    models = publish(project)
    assert "dim_carriers" in models
    assert not models & {"int_flights__records", "int_weather__records", "dim_dates"}
    assert value("select count(*) from marts.dim_carriers where carrier_name = 'Another Name'") == 1


EDITED = "the state of the last publication was edited, or is of another database"
OLDER = "what is published is of an older version of ontime, which kept no state of it"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("delete from ops.build_state", "the last publication left no state"),
        ("""update ops.build_state set state = jsonb_set(state, '{project}', '"x"')""", EDITED),
        ("update ops.build_state set checksum = 'x'", EDITED),
        ("drop table ops.build_state", OLDER),
    ],
    ids=["missing", "edited", "of another checksum", "dropped"],
)
def test_without_a_sound_state_everything_runs(project: ProjectCopy, change: str, why: str) -> None:
    query("create table if not exists public.kept as select * from ops.build_state")
    query(change)
    planned = project.plan()  # makes the table again where it is missing
    query("truncate ops.build_state; insert into ops.build_state select * from public.kept")
    query("drop table public.kept")
    assert planned.everything == why
    assert names(planned.runs, "test") and "fct_flights" in names(planned.runs, "model")
    assert planned.said.count(f"everything: {why}\n") == 1


def test_a_state_of_another_format_or_database_runs_everything(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(build_state, "FORMAT", build_state.FORMAT + 1)
        assert (
            project.plan().everything == "the state of the last publication is of another version of ontime"
        )
    original = value("select current_database()")
    with new_database() as other:
        with monkeypatch.context() as patch:
            patch.setenv("PGDATABASE", "postgres")
            query(f"drop database {other}")
            query(f"create database {other} template {original}")
        bootstrap()
        assert project.plan().everything == EDITED


def test_a_build_without_state_builds_all_and_leaves_one(project: ProjectCopy) -> None:
    """Takes a build of everything, with its tests."""
    marts = published()
    query("delete from ops.build_state")
    built = project.build()
    assert built.code == 0, built.said
    assert built.said.count("everything, the last publication left no state") == 1
    assert {"fct_flights", "dim_dates", "stg_bts__flights"} <= built.models
    assert published() == marts
    assert "nothing new" in project.build().said


@pytest.mark.parametrize(
    ("relation", "model"),
    [
        ("view intermediate.int_aircraft__ended", "int_aircraft__ended"),
        ("view marts__build.agg_route_month", "agg_route_month"),
        ("view marts.agg_route_month", "agg_route_month"),
        ("table marts__build.dim_carriers", "dim_carriers"),
        ("table marts.dim_carriers", "dim_carriers"),
        ("table intermediate.int_rotations__carrier_months", "int_rotations__carrier_months"),
    ],
)
def test_what_is_dropped_by_hand_is_made_again(project: ProjectCopy, relation: str, model: str) -> None:
    marts = published()
    query(f"drop {relation} cascade")
    models = publish(project)
    assert model in models
    assert not models & {"int_flights__records", "dim_dates"}
    assert published() == marts


def test_what_plain_dbt_built_since_is_built_again(project: ProjectCopy) -> None:
    marts = published()
    with project.edited(
        (f"{ROUTES}.sql", "from totals\n", "from totals\ncross join generate_series(1, 2) as twice\n")
    ):
        assert project.dbt("run", "--target", "prod", "-s", "agg_route_month").code == 0
    assert value("select count(*) from marts__build.agg_route_month") == 2 * value(
        "select count(*) from marts.agg_route_month"
    )
    assert publish(project) == ROUTES_AND_READER
    assert published() == marts


def test_state_and_marts_are_published_in_one_transaction(project: ProjectCopy, tmp_path: Path) -> None:
    """Takes a build that fails at its end, and the same again."""
    late = load_restated(project, tmp_path, 2, late=20)
    marts = published()
    query(
        """
        create function ops.refuse() returns trigger language plpgsql as $$
        begin raise exception 'no state today'; end $$;
        create trigger refuse before update on ops.build_state for each row execute function ops.refuse();
        """
    )
    failed = project.build()
    query("drop function ops.refuse cascade")
    assert failed.code == 1
    assert published() == marts
    publish(project)
    assert late_in(2) == late


def test_after_a_failure_the_repair_is_published(project: ProjectCopy, tmp_path: Path) -> None:
    """Takes a build that fails at its end, and the same again."""
    late = load_restated(project, tmp_path, 2, late=30)
    marts = published()
    project.write(FAILING, "select carrier_code from {{ ref('agg_carrier_month') }}")
    failed = project.build()
    assert failed.code == 1
    assert "failed or skipped are planted_failure (fail)" in failed.said
    assert published() == marts
    project.remove(FAILING)
    assert "int_flights__records" in publish(project)
    assert late_in(2) == late
    assert "nothing new" in project.build().said


def test_a_selection_builds_what_it_needs_and_publishes_nothing(project: ProjectCopy) -> None:
    """Takes three builds."""
    in_front = "      - name: carrier_code\n"
    _, model, rest = (
        project.folder.joinpath(AGGREGATES).read_text().partition("  - name: agg_carrier_month\n")
    )
    before = model + rest[: rest.index(in_front)]
    twice = "      - name: twice\n        data_type: bigint\n"
    marts = published()
    with project.edited(
        (
            f"{TOTALS}.sql",
            "    flights.carrier_code,\n",
            "    flights.carrier_code,\n    2 * count(*) as twice,\n",
        ),
        (f"{CARRIERS}.sql", "    totals.carrier_code,\n", "    totals.carrier_code,\n    totals.twice,\n"),
        (AGGREGATES, before, before + twice),
    ):
        built = project.build("--select", "int_performance__totals", "agg_carrier_month")
        assert built.code == 0, built.said
        assert {"int_performance__totals", "agg_carrier_month", "int_months__versions"} <= built.models
        assert "int_flights__records" not in built.models
        assert "nothing published" in built.said
        assert "build without a selection to publish" in built.said
        assert value("select bool_and(twice = 2 * flights) from marts__build.agg_carrier_month") is True
        assert published() == marts
        assert {"int_performance__totals", "agg_carrier_month"} <= publish(project)
        assert value("select bool_and(twice = 2 * flights) from marts.agg_carrier_month") is True
    publish(project)
    # the column stays in history, and in what `select *` of the view's definition means
    assert {name: (rows, columns) for name, (rows, _, columns, _) in published().items()} == {
        name: (rows, columns) for name, (rows, _, columns, _) in marts.items()
    }


def test_a_selection_of_all_that_changed_publishes_nothing_either(project: ProjectCopy) -> None:
    marts = published()
    with project.edited(OTHER_ROUTES):
        built = project.build("--select", "agg_route_month")
        assert built.code == 0, built.said
        assert built.models == {"agg_route_month"}
        assert published() == marts
        assert publish(project) == ROUTES_AND_READER
    nothing = project.build("--select", "agg_carrier_month")
    assert (nothing.code, nothing.ran) == (0, frozenset())
    assert "nothing to build: what is selected stands as it was published" in nothing.said


def test_what_is_loaded_during_a_build_waits_for_the_next(project: ProjectCopy, tmp_path: Path) -> None:
    """Takes two builds, one of them in a process of its own."""
    late = {1: load_restated(project, tmp_path, 1, late=40), 3: late_in(3)}
    process = project.start("build")
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("  intermediate."):
            break
    later = load_restated(project, tmp_path, 3, late=50)
    rest, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said + rest
    assert "published marts.month_versions" in rest
    assert {month: late_in(month) for month in late} == late
    known = """
        select count(*) from marts.audit_row_ledger
        where file_no = (select max(file_no) from raw_nycflights13.files)
    """
    assert value(known) == 0

    publish(project)
    assert late_in(3) == later != late[3]
    assert value(known) == 1


def test_a_plan_of_news_shows_rows_and_months(project: ProjectCopy, tmp_path: Path) -> None:
    records = samples.restated(2, 60)
    project.load(samples.write(tmp_path / "flights.csv", records))
    before = (published(), history(), publications(), query("select * from ops.build_state"))
    planned = project.plan()
    assert f"  nycflights13.flights: {len(records):,} rows of 2013-02 in 1 file\n" in planned.said
    assert "nycflights13.flights: new files" in planned.said
    assert "  int_flights__records: missing months" in planned.said
    assert (published(), history(), publications(), query("select * from ops.build_state")) == before


def test_a_plan_of_an_edited_measure_and_of_a_comment(project: ProjectCopy) -> None:
    before = (published(), history())
    months = value("select count(distinct flight_month) from marts.agg_month")
    rows = value(
        """
        select count(*) from intermediate.int_performance__totals
        where version_id in (select version_id from marts.month_versions where known_to_utc is null)
        """
    )
    with project.edited(LATE_BY_16):
        said = project.plan().said
    assert f"  int_performance__totals: {months} months anew, {rows:,} rows so far; changed\n" in said
    assert "  agg_carrier_month: made anew; " in said
    with project.edited(*COMMENTS):
        planned = project.plan()
    assert planned.runs == frozenset()
    assert "would run 0 of " in planned.said
    assert (published(), history()) == before
