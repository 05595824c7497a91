"""A small warehouse that holds some of every source, on Postgres and on a real cluster."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.server.connections import connection
from cli.server.process import Server
from cli.spark import programs
from cli.spark.lake import land
from cli.spark.publication import Checksums
from cli.spark.thrift import session
from ingestion.errors import OntimeError
from tests import samples
from tests.ingestion.support import query
from tests.parity.compare import Difference, checksums_on_spark, compare_marts
from tests.parity.kills import REBUILT, kill_while_building
from tests.parity.warehouses import Both, both_engines
from tests.templates import on_database


@pytest.fixture(scope="module")
def both(warehouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Both warehouses, built. CI has all that this takes; elsewhere the tests say what is missing."""
    try:
        programs.spark_home(), programs.java(), programs.jdbc_driver()
    except OntimeError as lack:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{lack.message}: {lack.remedy}")
    with both_engines(tmp_path_factory.mktemp("parity"), "small") as warehouses:
        failed = warehouses.build_on_spark("--exclude", "test_type:generic")  # Postgres has held those rules
        assert not failed
        yield warehouses


@pytest.fixture(scope="module")
def on_spark(both: Both) -> Checksums:
    """The checksums of the marts as they were built, until something is built again."""
    with on_database(both.database):
        return checksums_on_spark()


@pytest.fixture(autouse=True)
def its_database(both: Both) -> Iterator[None]:
    with on_database(both.database):
        yield


WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


def test_every_mart_is_equal_on_both_engines(both: Both, on_spark: Checksums) -> None:
    assert compare_marts(both.project, on_spark) == []


def test_a_flipped_value_is_found_and_shown(both: Both, on_spark: Checksums) -> None:
    carrier = "9E"
    (name,) = query("select carrier_name from marts.dim_carriers where carrier_code = %s", carrier)[0]
    change = "update marts.dim_carriers set carrier_name = %s where carrier_code = %s"
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        cursor.execute(change, [f"{name}?", carrier])
        try:
            found = compare_marts(both.project, on_spark)
        finally:
            cursor.execute(change, [name, carrier])
    assert found == [Difference("dim_carriers", (carrier,), "carrier_name", f"{name}?", name)]
    assert str(found[0]) == f"dim_carriers ('9E',) carrier_name: '{name}?' on Postgres, '{name}' on Spark"


def test_a_session_that_means_something_else_is_refused(both: Both) -> None:
    """A server gives each session its own settings: here the project asks for what this one does not have."""
    needed = "'spark.sql.session.timeZone': 'UTC'"
    with both.project.edited(
        ("macros/schema/generate_schema_name.sql", needed, needed.replace("UTC", "CET"))
    ):
        assert "this cluster has spark.sql.session.timeZone=UTC" in both.build_on_spark(
            "--select", "dim_dates"
        )


def test_a_contract_that_does_not_hold_is_refused(both: Both) -> None:
    with both.project.edited(("models/audit/audit_gaps.yml", "data_type: bigint", "data_type: text")):
        said = both.build_on_spark("--select", "audit_gaps")
    assert "an enforced contract that failed" in said


FIGURES = (
    "select carrier_code, flights, on_time_pct from {}.agg_carrier_month"
    " where flight_month = date '2013-01-01'"
)


def test_any_client_of_hive_asks_the_marts(both: Both) -> None:
    here = sorted((code, str(flights), str(share)) for code, flights, share in query(FIGURES.format("marts")))
    assert here
    with session() as pyhive:
        pyhive.execute(FIGURES.format("warehouse_marts"))
        assert sorted(tuple(map(str, row)) for row in pyhive.fetchall()) == here
    assert sorted(by_beeline(both, FIGURES.format("warehouse_marts"))) == here


def by_beeline(both: Both, question: str) -> list[tuple[str, ...]]:
    """What Hive's own command line has to say."""
    asked = subprocess.run(
        [
            str(programs.spark_home() / "bin" / "beeline"),
            *("--silent=true", "--showHeader=false", "--outputformat=tsv2"),
            *("-u", f"jdbc:hive2://{both.spark.address}", "-e", question),
        ],
        env=os.environ | {"JAVA_HOME": str(programs.java().resolve().parent.parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    # a prompt stands before the first
    rows = (line.rpartition("> ")[2] for line in asked.stdout.splitlines())
    return [tuple(row.split("\t")) for row in rows if "\t" in row]


def test_marts_come_back_and_are_published_by_rows(both: Both, on_spark: Checksums) -> None:
    figures = sorted(query(FIGURES.format("marts")))
    published = both.project.start("spark", "publish")
    said, _ = published.communicate()
    assert published.returncode == 0, said
    assert sorted(query(FIGURES.format("marts"))) == figures
    assert query("select count(*) from pg_roles where rolname = 'ontime_spark'") == [(0,)]
    views = "select relname from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'v'"
    assert sorted(query(views)) == [("audit_checksums",), ("audit_runs",)]
    assert compare_marts(both.project, on_spark) == []
    # the models of Postgres take their place in the next build
    assert "everything" in both.project.plan().said


def test_hive_has_the_files_of_both_ways(both: Both, tmp_path: Path) -> None:
    """Flights that Postgres has no rows of, and of which nothing stays when its ledger forgets them."""
    brought = len(files_of_flights())
    flights = samples.write(tmp_path / "flights.csv", samples.flights(5)[:20])
    loading = both.project.start("load", "nycflights13", "--to", "lake", "--from", str(flights))
    said, _ = loading.communicate()
    assert loading.returncode == 0, said
    assert len(files_of_flights()) == brought + 1
    ((file_no,),) = query("select file_no from raw_nycflights13.lake_files")
    with session() as hive:
        hive.execute(
            f"select count(*) from warehouse_staging.stg_nycflights13__flights where file_no = {file_no}"
        )
        assert hive.fetchall() == [(20,)]
        query("delete from raw_nycflights13.lake_files")
        assert len(files_of_flights()) == brought


def files_of_flights() -> list[tuple[int]]:
    """The files that Hive has rows of, once it was told of all: they are those of the ledger there."""
    land(lambda _: None)
    with session() as hive:
        hive.execute("select distinct file_no from raw_nycflights13.flights order by 1")
        files: list[tuple[int]] = hive.fetchall()
        hive.execute("select file_no from raw_nycflights13.files where dataset = 'flights' order by 1")
        assert hive.fetchall() == files
    return files


def test_what_was_killed_is_repeated(both: Both) -> None:
    """While a table of history is made: its folder is there, and the table is not known, or has no marks.

    What reads it stands: views ask it anew, and it has the versions that it had. Other parts and other
    moments, while the rest is built: python -m tests.parity.kills
    """
    kill_while_building(both, "thrift-server", seconds=0, selection=REBUILT)
    built = both.project.start("spark", "build", "--select", REBUILT, *WITHOUT_UNIT_TESTS)
    said, _ = built.communicate()
    assert built.returncode == 0, said
    assert compare_marts(both.project) == []
