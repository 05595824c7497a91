"""Own spaces: a mart, a measure and a new history are tried there, and production stays as it is."""

from collections.abc import Iterator

import pytest

import cli.development.space.drop
import cli.development.space.telling  # noqa: F401 - what a command imports, ProjectCopy.ontime is to find
from cli.building.build import build_lock
from cli.development.space.names import USER, own_space
from cli.server.connections import connection
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy
from tests.states import history, published

LATE_BY_60 = ("macros/measures/flights.sql", "return(15)", "return(60)")
ROUTES = (
    "models/marts/performance/agg_route_month.sql",
    "    totals.flight_month,",
    "    {} as flight_month,",
)
WEATHER = "models/marts/core/fct_weather_hourly"
NEW = "models/intermediate/flights/int_flights__counted"
NEW_HISTORY = """
with flights as (

    {{ missing_months_of('int_flights') }}

)

select
    flights.month_version_id as version_id,
    flights.flight_month,
    count(*) as flights
from flights
group by flights.month_version_id, flights.flight_month
"""
ITS_SETTINGS = """
models:
  - name: int_flights__counted
    config: {meta: {history: {slice: month}}}
"""


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """January to March, published."""
    return begin_with(SAMPLE, tmp_path_factory.mktemp("space"))


@pytest.fixture(autouse=True)
def ann(project: ProjectCopy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whose tests these are; each leaves no space behind."""
    monkeypatch.setenv(USER, "ann")
    yield
    monkeypatch.setenv(USER, "ann")
    dropped = project.ontime("dev", "drop", "--yes")
    assert dropped.code == 0, dropped.said


def build(project: ProjectCopy, *words: str) -> str:
    built = project.ontime("dev", "build", *words)
    assert built.code == 0, built.said
    return built.said


def schemas() -> set[str]:
    return {name for (name,) in query("select nspname from pg_namespace where nspname like 'dev\\_%%'")}


def test_a_measure_is_tried_and_nothing_is_published(project: ProjectCopy) -> None:
    """In the mart that is named, of the months asked for, with what of the change it is made of."""
    before = published(), history()
    with project.edited(LATE_BY_60):
        said = build(project, "agg_carrier_month", "--months", "2")
        ours = query("select flight_month::text, carrier_code, late from dev_ann_marts.agg_carrier_month")
        again = build(project, "agg_carrier_month")
    assert "int_performance__totals changed" in said
    assert "monitoring" not in said
    expected = query(
        "select flight_month::text, carrier_code, count(*) filter (where arr_delay_minutes >= 60)"
        " from marts.fct_flights"
        " where flight_month in (select distinct flight_month from marts.agg_month order by 1 desc limit 2)"
        " group by 1, 2"
    )
    assert sorted(ours) == sorted(expected)
    assert "0 models into dev_ann_*" in again
    assert (published(), history()) == before


def test_without_names_it_is_what_changed_and_what_it_reads_is_productions(project: ProjectCopy) -> None:
    path, old, new = ROUTES
    before = published(), history()
    with project.edited((path, old, new.format("totals.flight_month + 0"))):
        said = build(project)
        assert "1 models into dev_ann_*, all months" in said
        assert rows("dev_ann_marts.agg_route_month") == rows("marts.agg_route_month")
        status = project.ontime("dev", "status").said
    assert "marts.agg_route_month" in status
    assert "other code" in status
    assert max(map(len, status.splitlines())) <= 100
    assert (published(), history()) == before


def test_history_of_a_month_reads_the_months_beside_it(project: ProjectCopy) -> None:
    """Legs of February begin where those of January ended: of their input January is built as well.

    Reference data are of no month, hence whole. Of causes of delays no file says anything.
    """
    names = ("int_flights__records", "int_rotations__legs", "int_delays__records", "int_airports__listed")
    build(project, *names, "--months", "2013-02")
    assert value("select count(*) from dev_ann_intermediate.int_delays__records") == 0
    assert rows("dev_ann_intermediate.int_airports__listed") == rows("intermediate.int_airports__listed")
    ours = "dev_ann_intermediate.int_rotations__legs"
    assert value(f"select count(*) from {ours}") > 100
    of_versions = f"where version_id in (select version_id from {ours})"
    assert rows(ours) == rows(f"(select * from intermediate.int_rotations__legs {of_versions})")
    assert value("select count(distinct version_id) from dev_ann_intermediate.int_flights__records") == 2


def test_a_history_that_production_does_not_know(project: ProjectCopy) -> None:
    project.write(f"{NEW}.sql", NEW_HISTORY)
    project.write(f"{NEW}.yml", ITS_SETTINGS)
    try:
        build(project)
        ours = query("select flight_month, flights from dev_ann_intermediate.int_flights__counted order by 1")
    finally:
        project.remove(f"{NEW}.sql")
        project.remove(f"{NEW}.yml")
    assert ours == query("select flight_month, flights from marts.agg_month order by 1")


def test_what_the_space_has_follows_an_edit_above_it(project: ProjectCopy) -> None:
    build(project, "agg_month", "--months", "1")
    before = value("select late from dev_ann_marts.agg_month")
    with project.edited(LATE_BY_60):
        build(project, "agg_month")
        assert value("select late from dev_ann_marts.agg_month") < before
    build(project, "agg_month")
    assert value("select late from dev_ann_marts.agg_month") == before
    build(project, "agg_month", "--months", "all")
    assert rows("dev_ann_marts.agg_month") == rows("marts.agg_month")


def test_a_name_that_there_is_not_and_a_month_that_there_is_not(project: ProjectCopy) -> None:
    refused = project.ontime("dev", "build", "agg_carrier_mont")
    assert refused.code == 1
    assert "did you mean agg_carrier_month" in refused.said
    refused = project.ontime("dev", "build", "agg_month", "--months", "2012-01..2012-03")
    assert refused.code == 1
    assert "flights of 2013-01 to 2013-03 are published" in refused.said
    assert project.ontime("dev", "build", "month_versions").code == 1


def test_two_builds_of_one_space_at_once(project: ProjectCopy) -> None:
    with build_lock(connection("transformer"), "dev_ann"):
        second = project.ontime("dev", "build", "agg_month")
        assert project.ontime("dev", "drop", "--yes").code == 75
    assert second.code == 75
    assert "another build of dev_ann_* is running" in second.said


def test_nothing_is_published_yet(project: ProjectCopy, fresh_database: str) -> None:
    refused = project.ontime("dev", "build")
    assert refused.code == 1
    assert "-> publish first: ontime build" in refused.said


@pytest.mark.parametrize("name", ["Änn O'Hara", 'a"; drop schema marts; --', "x" * 300, "ann%", "{{ 1 }}"])
def test_a_name_of_any_kind_makes_names_of_schemas(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(USER, name)
    for schema in own_space().schemas:
        assert schema.replace("_", "").isalnum()
        assert schema.isascii()
        assert len(schema) <= 63
        assert schema.startswith("dev_")


def test_a_space_of_another_user_is_never_touched(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of one whose name begins as ours, nor of one whose name makes the same schemas."""
    monkeypatch.setenv(USER, "ann.b")
    build(project, "agg_month")
    theirs = {name for name in schemas() if name.startswith("dev_ann_b_")}
    monkeypatch.setenv(USER, "ann")
    build(project, "agg_month")
    assert project.ontime("dev", "drop", "--yes").code == 0
    assert schemas() == theirs
    monkeypatch.setenv(USER, "ann-b")
    for words in (("build", "agg_month"), ("drop", "--yes"), ("status",)):
        refused = project.ontime("dev", *words)
        assert refused.code == 1
        assert "of 'ann.b', whose name makes the same schemas" in refused.said
    assert schemas() == theirs
    monkeypatch.setenv(USER, "ann.b")
    assert project.ontime("dev", "drop").said.count("remove all of it?") == 1
    assert schemas() == theirs
    assert project.ontime("dev", "drop", "--yes").code == 0
    assert not schemas()


def test_views_of_others_on_a_space_keep_it(project: ProjectCopy) -> None:
    build(project, "agg_month")
    query("create view public.theirs as select * from dev_ann_marts.agg_month")
    try:
        for words in (("drop", "--yes"), ("build", "agg_month", "--months", "1")):
            refused = project.ontime("dev", *words)
            assert refused.code == 1
            assert "public.theirs reads dev_ann_marts.agg_month" in refused.said
        assert value("select count(*) from public.theirs") == 3
    finally:
        query("drop view public.theirs")


def test_a_space_keeps_no_publication_from_changing_a_mart(project: ProjectCopy) -> None:
    """Its view on a published mart goes, and comes back with the next build of the space."""
    build(project, "audit_checksums")
    yaml = project.folder.joinpath(f"{WEATHER}.yml").read_text()
    name = "      - name: visibility_miles\n"
    described = name + yaml.partition(name)[2].partition("      - name: ")[0]
    with project.edited(
        (f"{WEATHER}.sql", "\n    visibility_miles,\n", "\n"),
        (f"{WEATHER}.yml", described, ""),
    ):
        built = project.build()
        assert built.code == 0, built.said
        assert "nothing published" not in built.said
        assert value("select to_regclass('dev_ann_marts.audit_checksums') is null")
        build(project)
        assert value("select to_regclass('dev_ann_marts.audit_checksums') is not null")


def rows(relation: str) -> list[tuple[object, ...]]:
    """A hash of each, and how often it is there."""
    return query(f"select md5(it::text), count(*) from {relation} as it group by 1 order by 1")
