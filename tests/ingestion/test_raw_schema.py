"""The raw schemas of sources that nobody has loaded yet, and of those that an older version has made."""

import pytest
from psycopg2.errors import CheckViolation

from cli.server.connections import connection
from ingestion.landing.ledger import LEDGER
from ingestion.landing.raw_schema import prepare
from ingestion.source import LINEAGE, Dataset, Source
from ingestion.sources import SOURCES
from tests.ingestion.support import query, session, value
from tests.ingestion.test_load import other_load

DOCK = Source("dock", (Dataset("boxes", ("box_no", "size")), Dataset("unwanted", ("x",), lands=False)))


def prepare_dock(source: Source = DOCK) -> list[str]:
    said: list[str] = []
    prepare(connection("loader").as_psycopg2(), [source], said.append)
    return said


def columns(table: str) -> set[str]:
    found = query(
        "select column_name from information_schema.columns"
        " where table_schema = 'raw_dock' and table_name = %s",
        table,
    )
    return {name for (name,) in found}


def test_ontime_up_makes_the_tables_of_every_source(database: str) -> None:
    """The fixture has done what `ontime up` does."""
    for source in SOURCES.values():
        for table in (*LEDGER, *(dataset.name for dataset in source.tables)):
            assert value(f"select count(*) from {source.raw_schema}.{table}") == 0
    assert query("select distinct tableowner from pg_tables where schemaname like 'raw%%'") == [("loader",)]


def test_again_it_changes_nothing(fresh_database: str) -> None:
    prepare_dock()
    assert columns("boxes") == {*LINEAGE, "box_no", "size"}
    assert not columns("unwanted")
    tables = "select oid, relname from pg_class where relnamespace = 'raw_dock'::regnamespace order by 1"
    before = query(tables)
    with other_load("raw_dock"):  # nor does it wait for a load, as it has nothing to do
        assert prepare_dock() == []
    assert query(tables) == before


def test_what_was_declared_since_is_added(fresh_database: str) -> None:
    prepare_dock()
    with session() as loader, loader.cursor() as cursor:
        cursor.execute("insert into raw_dock.boxes (file_no, record_no, box_no) values (1, 1, 'a')")
    prepare_dock(Source("dock", (Dataset("boxes", ("box_no", "size", "colour")), Dataset("lids", ("lid",)))))
    assert query("select box_no, colour from raw_dock.boxes") == [("a", None)]
    assert columns("lids") == {*LINEAGE, "lid"}


def test_an_older_ledger_gets_the_columns_it_lacks(fresh_database: str) -> None:
    prepare_dock()
    query(
        "alter table raw_dock.files drop column location, drop column columns, drop column request,"
        " drop column rows_unchanged,"
        " add constraint files_check check (rows_seen = rows_landed + rows_rejected)"
    )
    entry = "insert into raw_dock.files values (1, 'id', 'boxes', 'boxes.csv', 9, 3, 2, 1, now(), 'load')"
    query(entry)
    prepare_dock()
    assert columns("files") == set(LEDGER["files"])
    assert value("select rows_unchanged from raw_dock.files") == 0
    query("update raw_dock.files set rows_seen = 4, rows_unchanged = 1")
    with pytest.raises(CheckViolation):
        query("update raw_dock.files set rows_unchanged = 2")
