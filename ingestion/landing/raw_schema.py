"""The raw schemas of all sources, loaded or not: models then build on a source that nobody has loaded."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from typing import Any

import psycopg2
import psycopg2.errors

from ingestion.database import Connection, columns_there, connect, refused
from ingestion.landing.decisions import make_table
from ingestion.landing.ledger import LEDGER, Ledger
from ingestion.landing.locks import only_load
from ingestion.landing.raw_table import RawTable
from ingestion.source import LINEAGE, Source


def prepare(connection: Mapping[str, Any], sources: Iterable[Source], say: Callable[[str], None]) -> None:
    """Makes the ledgers and tables of these sources, and that of decisions, where they are missing, and
    columns declared since.

    `connection` are the arguments of psycopg2.connect. When something is missing and a load into the schema
    runs, tells `say` and waits for it. Raises OntimeError when the server cannot be reached or refuses.
    """
    with closing(connect(connection)) as session:
        try:
            make_table(session)
            for source in sources:
                if _missing(session, source):
                    with only_load(session, source.raw_schema, say):
                        make(session, source)
        except psycopg2.Error as error:
            raise refused("making the raw schemas", error) from error


def make(connection: Connection, source: Source) -> None:
    """Makes what is missing of the raw schema of a source, all or nothing. The caller holds its lock."""
    missing = _missing(connection, source)
    if not missing:
        return
    there = columns_there(connection, source.raw_schema)
    make_table(connection)
    with connection:
        Ledger(connection, source.raw_schema).create()
        for dataset in source.tables:
            table = RawTable(connection, source.raw_schema, dataset.name)
            if dataset.name not in there:
                table.make(dataset.columns)
            elif missing.get(dataset.name):
                table.add(missing[dataset.name])


def drop_unused(connection: Connection, schema: str) -> None:
    """Drops the tables of a schema that are empty and for which the ledger has no file.

    Where files name their tables, those of files that failed, or whose load was killed, would stay, and
    refuse the corrected file for its other columns. The caller holds the schema's lock. What views read
    stays.
    """
    tables = columns_there(connection, schema).keys() - LEDGER.keys()
    if not tables:
        return
    ledger = Ledger(connection, schema)
    used = ledger.datasets() | ledger.other.datasets()
    for table in sorted(name for name in tables - used if not name.startswith("_dlt")):
        with suppress(psycopg2.errors.DependentObjectsStillExist):
            RawTable(connection, schema, table).drop_if_empty()


def _missing(connection: Connection, source: Source) -> dict[str, list[str]]:
    """The columns that the tables of a source lack, by table."""
    there = columns_there(connection, source.raw_schema)
    declared = {dataset.name: (*LINEAGE, *dataset.columns) for dataset in source.tables}
    lacking = {
        table: [column for column in columns if column not in there.get(table, ())]
        for table, columns in (LEDGER | declared).items()
    }
    return {table: columns for table, columns in lacking.items() if columns}
