"""The fleet of an operational database, from MariaDB and from PostgreSQL to the mart."""

from pathlib import Path

import pytest

from cli.loading.decisions import decide_on
from ingestion.errors import OntimeError
from ingestion.sources import __file__ as sources
from tests.databases import Database
from tests.ingestion.reading import load_tables
from tests.ingestion.support import query
from tests.projects import ProjectCopy, copy_project

FLEET = Path(sources).with_name("fleet.toml")

MART = """
    select
        tail_number, owner_type, manufacturer, model, manufacture_year, engine_count, seat_count,
        updated_at_utc
    from marts.dim_fleet_aircraft
    where not is_deleted
    order by tail_number
"""
SOURCE = """
    select tail_number, owner_type, manufacturer, model, manufacture_year, engines, seats, updated_at
    from aircraft
    order by tail_number
"""
UNBALANCED = """
    select * from marts.audit_row_ledger
    where rows_seen
        <> rows_published + rows_duplicate + rows_superseded + rows_rejected + rows_kept_apart
"""
ACCOUNTS = """
    select dataset, rows_seen, rows_published, rows_duplicate, rows_superseded, rows_rejected, rows_kept_apart
    from marts.audit_row_ledger where source = 'fleet' order by file_no
"""


@pytest.fixture
def project(fresh_database: str, tmp_path: Path) -> ProjectCopy:
    return copy_project(tmp_path, with_tests=False)


def make_table(source: Database) -> None:
    """The columns that the example declares; the year is text, and can be none."""
    moment = {"mariadb": "timestamp(6) null", "postgresql": "timestamptz"}[source.kind]
    source.do(
        f"""
        create table aircraft (
            tail_number varchar(10) primary key, owner_type varchar(20), manufacturer varchar(50),
            model varchar(50), manufacture_year varchar(10), engines integer, seats integer,
            updated_at {moment}
        )
        """,
        *(
            f"insert into aircraft values ('N{number}', 'airline', 'BOEING', '737', '2001', 2,"
            f" {100 + number}, '2024-01-01 00:0{number}:00')"
            for number in range(5)
        ),
    )


def load_and_build(project: ProjectCopy) -> None:
    report, said = load_tables(FLEET)
    assert report.ok, said
    built = project.build()
    assert built.code == 0, built.said


def in_source(source: Database) -> list[tuple[object, ...]]:
    """The rows of the table: years as numbers, moments without zone, as they are in UTC."""
    return [(*row[:4], int(row[4]), *row[5:7], row[7].replace(tzinfo=None)) for row in source.ask(SOURCE)]


def test_the_mart_is_the_table_and_every_row_is_accounted_for(source: Database, project: ProjectCopy) -> None:
    """Takes a first build and three of what changed in the source."""
    make_table(source)
    load_and_build(project)
    assert query(MART) == in_source(source)
    assert query(ACCOUNTS) == [("aircraft", 5, 5, 0, 0, 0, 0)]

    # one changes, one is new, one goes; the others are within the window, and read again
    source.do(
        "update aircraft set seats = 9, updated_at = '2024-01-01 13:00:00' where tail_number = 'N1'",
        "insert into aircraft values ('N7', 'lessor', null, null, '1999', null, 3, '2024-01-01 13:00:01')",
        "delete from aircraft where tail_number = 'N2'",
    )
    load_and_build(project)
    assert query(MART) == in_source(source)
    deleted = "select tail_number, seat_count from marts.dim_fleet_aircraft where is_deleted"
    assert query(deleted) == [("N2", 102)]
    assert query(ACCOUNTS) == [
        ("aircraft", 5, 4, 0, 1, 0, 0),
        ("aircraft", 5, 2, 3, 0, 0, 0),
        ("aircraft_vanished", 1, 0, 0, 0, 0, 1),
    ]

    # the one that went comes back as it was
    source.do("insert into aircraft values ('N2', 'airline', 'BOEING', '737', '2001', 2, 102, '2024-01-01')")
    load_and_build(project)
    assert query(MART) == in_source(source)
    assert query(deleted) == []

    # a year that is no number rejects its row, and the row before still counts
    before = in_source(source)
    source.do(
        "update aircraft set manufacture_year = 'MMI', updated_at = '2024-01-02' where tail_number = 'N3'"
    )
    load_and_build(project)
    assert query(MART) == before
    fraction = {"mariadb": ".000000", "postgresql": ""}[source.kind]
    rejected = query(
        "select reason, raw_text::json ->> 'tail_number', raw_text::json ->> 'updated_at'"
        " from marts.audit_rejects where source = 'fleet'"
    )
    assert rejected == [
        ("manufacture_year is not a whole number: MMI", "N3", f"2024-01-02 00:00:00{fraction}+00:00")
    ]
    assert not query(UNBALANCED)

    # the reads together are the table: none of them is decided on
    for (file_no,) in query("select file_no from raw_fleet.files"):
        with pytest.raises(OntimeError, match=f"file {file_no} is a read of aircraft") as failure:
            decide_on(file_no, "reject", "")
        assert failure.value.remedy == "change it there and load again: ontime load fleet"
