"""Raw on the cluster: the raw schemas of Postgres as Parquet by file, and Hive tables over it.

    lake/raw_bts/dataexpo/file_no=12/rows.parquet    the rows of file 12
    lake/raw_bts/files/rows.parquet                  the ledger, whole

A file that is there is not read again, nor are those that `ontime load --to lake` has put there, of which
Postgres has no rows (ingestion/landing/lake.py). Hive is told of what ledgers name, and of nothing else.
Values are what Postgres has: an empty text differs from a missing one.
"""

import json
from collections.abc import Set
from contextlib import closing
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any

import psycopg2.extensions
import pyarrow as pa
from psycopg2 import sql

from cli.server.connections import connection
from cli.server.files import Say, lake_place
from cli.spark.thrift import session
from ingestion.database import identity
from ingestion.errors import OntimeError
from ingestion.landing.lake import NAMED, TOLD, Lake, Rows, batches_of_csv
from ingestion.landing.ledger import Ledger
from ingestion.landing.locks import if_no_load

TYPES = {
    "text": ("string", pa.string()),
    "integer": ("int", pa.int32()),
    "bigint": ("bigint", pa.int64()),
    "bytea": ("binary", pa.string()),
    "double precision": ("double", pa.float64()),
    "timestamp with time zone": ("timestamp", pa.timestamp("us", "UTC")),
}
"""Of each type of a raw table, Hive's and Arrow's. Bytes are as Postgres writes them, in hex digits."""

IN_POSTGRES, IN_LAKE = ("files", "rejects"), ("lake_files", "lake_rejects")
"""The tables of ledgers, by where the rows of their files are. Hive has one of each, for both."""

PARTITIONS_AT_ONCE = 200

TABLES = """
    select table_schema, table_name,
        array_agg(column_name::text order by ordinal_position),
        array_agg(data_type::text order by ordinal_position)
    from information_schema.columns
    where ((table_schema = 'raw' or table_schema like 'raw\\_%') and table_name not like '\\_dlt%')
        or (table_schema = 'ops' and table_name = 'runs')
    group by table_schema, table_name
    order by table_schema, table_name
"""

Cursor = psycopg2.extensions.cursor


@dataclass(frozen=True)
class RawTable:
    """A table of a raw schema; `columns` with their types in Postgres.

    `of_lake` says whether the schema has a ledger of files whose rows are in the lake alone: one that no load
    has touched since there are such has none.
    """

    schema: str
    name: str
    columns: dict[str, str]
    of_lake: bool

    @property
    def is_by_file(self) -> bool:
        """Whether it has the records of files; ledgers and decisions on files have one row each."""
        return "record_no" in self.columns

    @property
    def stored(self) -> dict[str, str]:
        """The columns that the Parquet files hold: the number of a file is the name of its folder."""
        return {
            name: kind for name, kind in self.columns.items() if not (self.is_by_file and name == "file_no")
        }

    @property
    def parts(self) -> list[str]:
        """The tables of Postgres that its rows come from."""
        also = dict(zip(IN_POSTGRES, IN_LAKE, strict=True)).get(self.name) if self.of_lake else None
        return [self.name, also] if also else [self.name]

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass
class Landed:
    """What a call brought: files by table, and how many files had been there."""

    files: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    there: int = 0

    def __str__(self) -> str:
        return f"{sum(self.files.values())} files with {self.rows:,} rows came, {self.there} were there"


def land(say: Say = print) -> Landed:
    """Bring the files that the lake lacks, drop those that no ledger names any more, and tell Hive.

    Raises OntimeError where the lake or the cluster cannot be reached, or the lake has lost rows that were
    there alone.
    """
    lake, landed = Lake(lake_place()), Landed()
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor, session() as hive:
        opened.autocommit = True
        lake.claim(identity(cursor))
        for schema, of_lake in _ledgers(cursor).items():
            _sweep(opened, lake, schema, of_lake)
        # rows as the ledger has them
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
        tables = raw_tables(cursor)
        there = {}
        for schema in sorted({table.schema for table in tables}):
            hive.execute(f"create database if not exists {schema}")
            there[schema] = lake.files(schema)
        for table in tables:
            told = Told.read(lake, table)
            if table.is_by_file:
                here = there[table.schema].get(table.name, set())
                files = bring_files(cursor, table, lake, here, landed)
                refuse_lost_rows(cursor, table, lake, sound=told.files & here)
                told.tell(hive, lake, table, files)
            else:
                rows = lake.whole(table.schema, table.name)
                _write(cursor, table, None, rows)  # anew, for it is small
                rows.finish()
                told.tell(hive, lake, table, set())
            if landed.files.get(str(table)):
                say(f"{table}: {landed.files[str(table)]} files")
    return landed


def _ledgers(cursor: Cursor) -> dict[str, bool]:
    """The schemas that have a ledger, and whether of files in the lake, too."""
    cursor.execute(
        "select schemaname, bool_or(tablename = 'lake_files') from pg_tables"
        " where tablename in ('files', 'lake_files') and schemaname like 'raw\\_%' group by schemaname"
    )
    return dict(cursor.fetchall())


def _sweep(opened: psycopg2.extensions.connection, lake: Lake, schema: str, of_lake: bool) -> None:
    """Remove what no ledger names. A load that runs has rows there that its ledger does not name yet."""
    with if_no_load(opened, schema) as none_runs:
        if none_runs:
            ledger = Ledger(opened, schema)
            lake.sweep(schema, ledger.file_nos() | (ledger.other.file_nos() if of_lake else set()))


def raw_tables(cursor: Cursor) -> list[RawTable]:
    """Those of all sources."""
    cursor.execute(TABLES)
    found = cursor.fetchall()
    of_lake = {schema for schema, name, _, _ in found if name in IN_LAKE}
    return [
        RawTable(schema, name, dict(zip(names, types, strict=True)), schema in of_lake)
        for schema, name, names, types in found
        if name not in IN_LAKE
    ]


def bring_files(cursor: Cursor, table: RawTable, lake: Lake, there: set[int], landed: Landed) -> set[int]:
    """Bring the files that Postgres has rows of. Gives the numbers of all whose rows the lake has now."""
    brought = _files_with_rows(cursor, table)
    for file_no in sorted(brought - there):
        rows = lake.rows_of(table.schema, table.name, file_no)
        landed.rows += _write(cursor, table, file_no, rows)
        rows.finish()
    landed.files[str(table)] = len(brought - there)
    files = brought | _in_lake_alone(cursor, table).keys()
    landed.there += len(files & there)
    return files


def _files_with_rows(cursor: Cursor, table: RawTable) -> set[int]:
    """By the ledger, which does not cost a look at all rows. Rejects of all files are in Postgres."""
    if table.name == "rejects":
        ledgers, condition = IN_POSTGRES[:1] + IN_LAKE[: table.of_lake], sql.SQL("rows_rejected > 0").format()
    else:
        ledgers = IN_POSTGRES[:1]
        condition = sql.SQL("rows_landed > 0 and dataset = {}").format(sql.Literal(table.name))
    questions = [
        sql.SQL("select file_no from {} where {}").format(sql.Identifier(table.schema, ledger), condition)
        for ledger in ledgers
    ]
    cursor.execute(sql.SQL(" union all ").join(questions))
    return {file_no for (file_no,) in cursor}


def _in_lake_alone(cursor: Cursor, table: RawTable) -> dict[int, tuple[int, str]]:
    """Rows and name of each file of a table that Postgres has no rows of."""
    if not table.of_lake or table.name == "rejects":
        return {}
    question = sql.SQL(
        "select file_no, rows_landed, file_name from {} where rows_landed > 0 and dataset = %s"
    )
    cursor.execute(question.format(sql.Identifier(table.schema, "lake_files")), [table.name])
    return {file_no: (rows, name) for file_no, rows, name in cursor}


def refuse_lost_rows(cursor: Cursor, table: RawTable, lake: Lake, sound: Set[int]) -> None:
    """Raise OntimeError for files whose rows nobody else has: Spark takes a missing one for an empty one.

    Of files that Hive is told of for the first time rows are counted; `sound` are those that were, and are
    there.
    """
    for file_no, (rows, name) in _in_lake_alone(cursor, table).items():
        if (
            file_no not in sound
            and (found := lake.rows_of(table.schema, table.name, file_no).count()) != rows
        ):
            has = "none" if found is None else f"{found:,}"
            raise OntimeError(
                f"the lake {lake.place} has {has} of {rows:,} rows of file {file_no} ({name}) of {table}",
                f"land them again: ontime load {table.schema.removeprefix('raw_')} --repair {file_no},"
                f" or name the lake that has them by {NAMED}",
            )


def _write(cursor: Cursor, table: RawTable, file_no: int | None, rows: Rows) -> int:
    """Write rows as Parquet, block by block, by way of a file of CSV that has no name; gives their number."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.stored))
    of_file = " where file_no = {}" if file_no is not None else ""
    condition = sql.SQL(of_file).format(sql.Literal(file_no))
    questions = [
        sql.SQL("select {} from {}{}").format(columns, sql.Identifier(table.schema, part), condition)
        for part in table.parts
    ]
    question = sql.SQL(" union all ").join(questions)
    if file_no is not None:
        question += sql.SQL(" order by record_no")
    schema = pa.schema([(name, TYPES[kind][1]) for name, kind in table.stored.items()])
    with TemporaryFile() as text:
        copy = sql.SQL("copy ({}) to stdout (format csv, force_quote *)").format(question)
        cursor.copy_expert(copy, text)
        size = text.tell()
        text.seek(0)
        return rows.write(schema, batches_of_csv(text, schema) if size else ())


@dataclass(frozen=True)
class Told:
    """What Hive was told of a table: its columns with their types, and its files. Kept beside its rows."""

    columns: dict[str, str] | None = None
    files: frozenset[int] = frozenset()

    @classmethod
    def read(cls, lake: Lake, table: RawTable) -> "Told":
        text = lake.read_text(_told(table))
        if text is None:
            return cls()
        kept = json.loads(text)
        return cls(kept["columns"], frozenset(kept["files"]))

    def tell(self, hive: Any, lake: Lake, table: RawTable, files: set[int]) -> None:
        """Make the table anew where its columns changed: its rows stay, they are the folder's."""
        columns = {name: TYPES[kind][0] for name, kind in table.columns.items()}
        known = self.files
        if columns != self.columns:
            lake.remove(_told(table))
            declared = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
            by_file = " partitioned by (file_no)" if table.is_by_file else ""
            place = lake.uri(table.schema, table.name)
            hive.execute(f"drop table if exists {table}")
            hive.execute(f"create table {table} ({declared}) using parquet{by_file} location '{place}'")
            known = frozenset()
        elif not table.is_by_file:
            hive.execute(f"refresh table {table}")
        for change, numbers, separator in (
            ("add if not exists", sorted(files - known), " "),
            ("drop if exists", sorted(known - files), ", "),
        ):
            for first in range(0, len(numbers), PARTITIONS_AT_ONCE):
                some = numbers[first : first + PARTITIONS_AT_ONCE]
                partitions = separator.join(f"partition (file_no={number})" for number in some)
                hive.execute(f"alter table {table} {change} {partitions}")
        now = Told(columns, frozenset(files))
        if now != self:
            lake.write_text(_told(table), json.dumps({"columns": columns, "files": sorted(files)}))


def _told(table: RawTable) -> str:
    return f"{table.schema}/{table.name}/{TOLD}"
