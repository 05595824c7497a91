"""Publication: all marts together, only by full builds of prod, and what others keep on marts lives on."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.server import readers
from cli.server.connections import connection
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, session, value, wait_until
from tests.projects import ProjectCopy
from tests.states import published, rows_hash

WEATHER = "models/marts/core/fct_weather_hourly"
AIRCRAFT = "models/marts/core/dim_aircraft"


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """Three months, loaded and published."""
    return begin_with(SAMPLE, tmp_path_factory.mktemp("publication"))


def publish(project: ProjectCopy) -> None:
    built = project.build()
    assert built.code == 0, built.said
    assert "published" in built.said


def release(project: ProjectCopy, folder: Path, late: int) -> int:
    """Load a new release of February in which so many flights are very late; returns its late flights."""
    records = samples.restated(2, late)
    project.load(samples.write(folder / f"late_{late}.csv", records))
    return sum(map(samples.is_late, records))


@pytest.fixture
def analyst(project: ProjectCopy) -> Iterator[None]:
    """Views that somebody else keeps on marts."""
    query(
        """
        create schema analyst;
        create view analyst.late_in_february as
        select count(*) as late from marts.fct_flights
        where flight_month = '2013-02-01' and arr_delay_minutes >= 15;
        create view analyst.of_the_view as select late from analyst.late_in_february;
        create view analyst.fog as select observed_at_utc, visibility_miles from marts.fct_weather_hourly;
        create view analyst.fast as select tail_number, cruising_speed_mph from marts.dim_aircraft;
        """
    )
    yield
    query("drop schema analyst cascade")


def test_who_asks_at_once_finds_statistics(project: ProjectCopy) -> None:
    """Of tables with few rows nothing else would ever make them."""
    without = query(
        "select relname from pg_class"
        " where relnamespace = 'marts'::regnamespace and relkind = 'r' and reltuples < 0"
    )
    assert not [name for (name,) in without if value(f"select exists (select from marts.{name})")]


def test_views_of_analysts_live_through_publications(
    project: ProjectCopy, analyst: None, tmp_path: Path
) -> None:
    """Takes three builds."""
    seen = []
    for late in (20, 40, 60):
        expected = release(project, tmp_path, late)
        publish(project)
        seen.append(value("select late from analyst.of_the_view"))
        assert seen[-1] == expected
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    ("model", "column", "view"),
    [
        (WEATHER, "visibility_miles", "analyst.fog"),
        (AIRCRAFT, "cruising_speed_mph", "analyst.fast"),
    ],
    ids=["of a view", "of a table"],
)
def test_a_column_that_others_use_is_not_dropped(
    project: ProjectCopy, analyst: None, model: str, column: str, view: str
) -> None:
    publish(project)
    marts = published()
    with project.edited(
        (f"{model}.sql", f"\n    {column},\n", "\n"),
        (f"{model}.yml", description(project, model, column), ""),
    ):
        refused = project.build()
        assert refused.code == 1
        assert view in refused.said
        assert column in refused.said
        assert published() == marts
        value(f"select count({column}) from {view}")

        query(f"drop view {view}")
        publish(project)
        assert column not in columns(model)
    publish(project)
    assert column in columns(model)


def description(project: ProjectCopy, model: str, column: str) -> str:
    """The lines about a column in the YAML of a model."""
    name = f"      - name: {column}\n"
    _, _, rest = project.folder.joinpath(f"{model}.yml").read_text().partition(name)
    return name + rest.partition("      - name: ")[0]


def columns(model: str) -> list[str]:
    """Columns of the published mart."""
    return [
        name
        for (name,) in query(
            "select attname from pg_attribute where attrelid = %s::regclass and not attisdropped",
            f"marts.{Path(model).name}",
        )
    ]


def test_columns_are_added_below_the_views_of_others(project: ProjectCopy, analyst: None) -> None:
    described = "      - name: one\n        data_type: integer\n        description: One.\n"
    in_front = "    columns:\n"
    with project.edited(
        (f"{WEATHER}.sql", "    weather_source\n", "    weather_source,\n    1 as one\n"),
        (
            f"{WEATHER}.yml",
            last_of_weather := description(project, WEATHER, "weather_source"),
            last_of_weather + described,
        ),
        (f"{AIRCRAFT}.sql", "select\n    tail_number,", "select\n    1 as one,\n    tail_number,"),
        (f"{AIRCRAFT}.yml", in_front, in_front + described),
    ):
        publish(project)
        assert value("select sum(one) = count(*) from marts.fct_weather_hourly")
        assert value("select sum(one) = count(*) from marts.dim_aircraft")
        assert value("select count(visibility_miles) from analyst.fog")
        assert value("select count(*) from analyst.fast")
    query("drop view analyst.fog")  # a view loses columns only by being made anew
    publish(project)
    assert "one" not in columns(WEATHER) + columns(AIRCRAFT)


def test_a_key_of_other_columns_and_fewer_rules(project: ProjectCopy) -> None:
    """Rows are published by their key; a mart that gets other rules keeps its name and its readers."""
    publish(project)
    key = (
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'marts.dim_aircraft'::regclass"
    )
    rows = rows_hash("marts.dim_aircraft")
    # rules that the project had when the mart was published first, and gave up since
    query("alter table marts.dim_aircraft add check (tail_number <> ''), add unique (tail_number)")
    query("alter table marts.dim_aircraft alter column source_record_no set not null")
    with project.edited(
        (f"{AIRCRAFT}.yml", "columns: [tail_number]}", "columns: [tail_number, source_file_no]}")
    ):
        publish(project)
        texts = {text for (text,) in query(key)}
        assert "PRIMARY KEY (tail_number, source_file_no)" in texts
        assert not {text for text in texts if text.startswith(("CHECK", "UNIQUE"))}
        assert "NOT NULL source_record_no" not in texts
        assert rows_hash("marts.dim_aircraft") == rows
    publish(project)
    assert "PRIMARY KEY (tail_number)" in {text for (text,) in query(key)}
    assert rows_hash("marts.dim_aircraft") == rows


def test_a_retyped_column_of_history_and_mart(project: ProjectCopy) -> None:
    publish(project)
    before = value("select sum(dew_point_fahrenheit) from marts.fct_weather_hourly")
    edits = (
        (
            "models/intermediate/weather/int_weather__records.sql",
            "    dew_point_fahrenheit,\n",
            "    dew_point_fahrenheit::numeric(6, 2) as dew_point_fahrenheit,\n",
        ),
        (
            f"{WEATHER}.yml",
            "      - name: dew_point_fahrenheit\n        data_type: double precision",
            "      - name: dew_point_fahrenheit\n        data_type: numeric(6,2)",
        ),
        *(
            (
                "models/marts/core/fct_flight_weather.yml",
                f"      - name: {airport}_dew_point_fahrenheit\n        data_type: double precision",
                f"      - name: {airport}_dew_point_fahrenheit\n        data_type: numeric(6,2)",
            )
            for airport in ("origin", "destination")
        ),
    )
    of_a_table = (
        (f"{AIRCRAFT}.sql", "\n    seat_count,", "\n    cast(seat_count as text) as seat_count,"),
        (f"{AIRCRAFT}.yml", "seat_count\n        data_type: integer", "seat_count\n        data_type: text"),
    )
    rows = rows_hash("marts.fct_weather_hourly")
    with project.edited(edits[0]):
        refused = project.build()
        assert refused.code == 1
        assert "fct_weather_hourly (error), fct_flight_weather (error)" in refused.said  # their contracts
        # published views follow the column that they read, under the name that it has now
        assert rows_hash("marts.fct_weather_hourly") == rows
    with project.edited(*edits, *of_a_table):
        publish(project)
        assert value("select pg_typeof(seat_count)::text from marts.dim_aircraft limit 1") == "text"
        assert value("select max(seat_count::integer) from marts.dim_aircraft") == 450
        assert (
            value("select pg_typeof(dew_point_fahrenheit)::text from marts.fct_weather_hourly limit 1")
            == "numeric"
        )
        assert float(
            value("select sum(dew_point_fahrenheit) from marts.fct_weather_hourly")
        ) == pytest.approx(before)
        # rows of earlier versions keep what they had
        assert value(
            "select sum(dew_point_fahrenheit__double_precision) from intermediate.int_weather__records"
        ) == pytest.approx(before)
    publish(project)  # the old type comes back with its rows
    assert value("select sum(dew_point_fahrenheit) from marts.fct_weather_hourly") == before


def test_new_columns_do_not_wait_for_ever_for_who_reads(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reporter is told of and ended, anybody else is named. Takes builds before and for each."""
    monkeypatch.setitem(readers.SECONDS_TO_WAIT_FOR, "idle in transaction", 3)
    monkeypatch.setattr(readers, "SECONDS_BETWEEN_LOOKS", 0.1)
    publish(project)
    marts = published()
    described = "      - name: one\n        data_type: integer\n        description: One.\n"
    soon = ("macros/publish/publish_built_marts.sql", "lock_timeout = '90s'", "lock_timeout = '4s'")
    with project.edited(
        (f"{AIRCRAFT}.sql", "select\n    tail_number,", "select\n    1 as one,\n    tail_number,"),
        (f"{AIRCRAFT}.yml", "    columns:\n", f"    columns:\n{described}"),
    ):
        with session("postgres") as reading, reading.cursor() as cursor, project.edited(soon):
            cursor.execute("begin; select count(*) from marts.dim_aircraft")
            refused = project.build()
            assert refused.code == 1
            who = f"postgres (server process {reading.info.backend_pid})"
            assert f"reading them in one transaction: {who}" in refused.said
            assert published() == marts
        with closing(connection("reporter").connect()) as reading, reading.cursor() as cursor:
            cursor.execute("select count(*) from marts.dim_aircraft")
            who = f"reporter (server process {reading.info.backend_pid}, idle in transaction)"
            built = project.build()
            assert built.code == 0, built.said
            assert f"waiting for {who}, which is ended after 3 s" in built.said
            assert f"ended {who}" in built.said
    publish(project)


def test_only_a_full_build_of_prod_publishes(project: ProjectCopy, tmp_path: Path) -> None:
    """Takes a build of each kind that does not publish, and one of all models for target dev."""
    publish(project)
    marts = published()
    late = release(project, tmp_path, 80)

    selected = project.build("--select", "agg_carrier_month")
    assert selected.code == 0
    assert "nothing published, marts stays as it was" in selected.said
    assert "build without a selection to publish" in selected.said

    development = project.build("--target", "dev")
    assert development.code == 0, development.said
    assert value("select count(*) from pg_namespace where nspname like 'dev\\_%%\\_marts'") == 1

    assert published() == marts

    plain = project.dbt("build", "--target", "prod")
    assert plain.code == 0, plain.said
    assert "published marts.month_versions" in plain.said
    ((run_id, outcome),) = query("select run_id, outcome from ops.runs where command = 'dbt build'")
    assert outcome == "succeeded"
    assert "month_versions" in {
        mart for (mart,) in query("select subject from ops.runs where run_id = %s", run_id)
    }
    assert value("select sum(late) from marts.agg_carrier_month where flight_month = '2013-02-01'") == late


def test_no_run_builds_right_into_marts(project: ProjectCopy) -> None:
    marts = published()
    for command in ("build", "run"):
        refused = project.dbt(command, "--target", "prod", ONTIME_MARTS_SCHEMA="marts")
        assert refused.code == 1
        assert "ONTIME_MARTS_SCHEMA names the published schema" in refused.said
    assert published() == marts


def test_no_run_builds_as_another_role(project: ProjectCopy) -> None:
    marts = published()
    refused = project.dbt("build", "--target", "prod", **connection("postgres").environment())
    assert refused.code == 1
    assert "this run is connected as postgres, and all that dbt builds belongs to transformer" in refused.said
    assert published() == marts


def test_one_build_at_a_time(project: ProjectCopy, tmp_path: Path) -> None:
    """Takes two builds, one of them in a process of its own."""
    late = release(project, tmp_path, 100)
    with session("postgres") as blocking, blocking.cursor() as cursor:
        cursor.execute("begin; lock table ops.built_versions in share mode")
        first = project.start("build")
        wait_until(
            """
            select exists (
                select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'built_versions'
            )
            """,
            while_running=[first],
        )
        second = project.build()
        assert second.code == 75
        assert "another build of target prod is running" in second.said
        plain = project.dbt("build", "--target", "prod")
        assert plain.code == 1
        assert "another build of target prod is running (server process " in plain.said
        cursor.execute("rollback")
    said, _ = first.communicate(timeout=600)
    assert first.returncode == 0, said
    assert value("select sum(late) from marts.agg_carrier_month where flight_month = '2013-02-01'") == late


CONSISTENT = """
    with facts as (
        select
            count(*) as flights,
            count(*) filter (where is_on_time) as on_time,
            count(*) filter (where arr_delay_minutes >= 15) as late
        from marts.fct_flights
    ),
    totals as (
        select sum(flights) as flights, sum(on_time) as on_time, sum(late) as late
        from marts.agg_carrier_month
    ),
    ledger as (select sum(rows_published) as flights from marts.audit_row_ledger where dataset = 'flights')
    select
        (facts.flights, facts.on_time, facts.late) = (totals.flights, totals.on_time, totals.late)
        and facts.flights = ledger.flights,
        facts.late
    from facts, totals, ledger
"""
IN_TWO_STATEMENTS = """
    select
        %s = (select sum(late) from marts.agg_airport_month where direction = 'departures')
        and %s = (select count(*) from marts.fct_flights where arr_delay_minutes >= 15)
"""


def test_readers_never_see_half(project: ProjectCopy, tmp_path: Path) -> None:
    """Readers in transactions, and one in a transaction that lasts over all publications.

    Takes five builds.
    """
    publish(project)
    done, seen, faults = threading.Event(), set[int](), list[str]()

    def read() -> None:
        with closing(connection("reporter").connect()) as opened, opened.cursor() as cursor:
            opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
            while not done.is_set():
                try:
                    cursor.execute(CONSISTENT)
                    ((consistent, late),) = cursor.fetchall()
                    cursor.execute(IN_TWO_STATEMENTS, (late, late))
                    ((same,),) = cursor.fetchall()
                    opened.commit()
                except Exception as error:
                    faults.append(repr(error))
                    return
                seen.add(late)
                if not (consistent and same):
                    faults.append(f"half: {late}")

    with closing(connection("reporter").connect()) as long, long.cursor() as cursor:
        long.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor.execute(CONSISTENT)
        first = cursor.fetchall()
        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            for late in (5, 105, 6, 106):
                release(project, tmp_path, late)
                publish(project)
        finally:
            done.set()
            for reader in readers:
                reader.join()
        cursor.execute(CONSISTENT)
        assert cursor.fetchall() == first == [(True, first[0][1])]
    assert faults == []
    assert len(seen) >= 4
