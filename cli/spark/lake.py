"""Raw on the cluster: the raw schemas of Postgres as Parquet by file, and Hive tables over it.

    lake/raw_bts/dataexpo/file_no=12/rows.parquet    the rows of file 12
    lake/raw_bts/files/rows.parquet                  the ledger, whole

The folder of a file gets its name when it is complete, so it is there whole or not at all; a file that is
there is not read again. Values are what Postgres has: an empty text differs from a missing one.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import psycopg2.extensions
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from psycopg2 import sql

from cli.server.connections import connection
from cli.server.files import Say
from cli.spark.thrift import session

TYPES = {
    "text": ("string", pa.string()),
    "integer": ("int", pa.int32()),
    "bigint": ("bigint", pa.int64()),
    "bytea": ("binary", pa.string()),
    "timestamp with time zone": ("timestamp", pa.timestamp("us", "UTC")),
}
"""Of each type of a raw table, Hive's and Arrow's. Bytes are as Postgres writes them, in hex digits."""

BLOCK = 16 << 20
ROWS = "rows.parquet"

TABLES = """
    select table_schema, table_name,
        array_agg(column_name::text order by ordinal_position),
        array_agg(data_type::text order by ordinal_position)
    from information_schema.columns
    where (table_schema = 'raw' or table_schema like 'raw\\_%') and table_name not like '\\_dlt%'
    group by table_schema, table_name
    order by table_schema, table_name
"""


@dataclass(frozen=True)
class RawTable:
    """A table of a raw schema; `columns` with their types in Postgres."""

    schema: str
    name: str
    columns: dict[str, str]

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

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass
class Landed:
    """What a call brought: files by table, and how many files had been there."""

    files: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    there: int = 0


def land(lake: Path, say: Say = print) -> Landed:
    """Bring the files that the lake lacks, drop those that Postgres has no longer, and tell Hive."""
    landed = Landed()
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor, session() as hive:
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True)  # rows as the ledger has them
        tables = _tables(cursor)
        for schema in sorted({table.schema for table in tables}):
            hive.execute(f"create database if not exists {schema}")
        for table in tables:
            folder = lake / table.schema / table.name
            changed = (
                _bring_files(cursor, table, folder, landed)
                if table.is_by_file
                else _bring_whole(cursor, table, folder)
            )
            _tell_hive(hive, table, folder, changed)
            if landed.files.get(str(table)):
                say(f"{table}: {landed.files[str(table)]} files")
    return landed


def _tables(cursor: psycopg2.extensions.cursor) -> list[RawTable]:
    cursor.execute(TABLES)
    return [
        RawTable(schema, name, dict(zip(names, types, strict=True))) for schema, name, names, types in cursor
    ]


def _bring_files(cursor: psycopg2.extensions.cursor, table: RawTable, folder: Path, landed: Landed) -> bool:
    """Whether a file came or went."""
    wanted = _files_with_rows(cursor, table)
    there = {int(part.name.removeprefix("file_no=")) for part in folder.glob("file_no=*")}
    for gone in there - wanted:
        shutil.rmtree(folder / f"file_no={gone}")
    for file_no in sorted(wanted - there):
        unfinished = folder / f"_unfinished_{file_no}"  # a name that Spark does not read
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        landed.rows += _write(cursor, table, file_no, unfinished / ROWS)
        unfinished.rename(folder / f"file_no={file_no}")
    landed.files[str(table)] = len(wanted - there)
    landed.there += len(wanted & there)
    return wanted != there


def _files_with_rows(cursor: psycopg2.extensions.cursor, table: RawTable) -> set[int]:
    """By the ledger, which does not cost a look at all rows."""
    condition = (
        sql.SQL("rows_rejected > 0")
        if table.name == "rejects"
        else sql.SQL("rows_landed > 0 and dataset = %s")
    )
    files = sql.SQL("select file_no from {} where ").format(sql.Identifier(table.schema, "files"))
    cursor.execute(files + condition, [] if table.name == "rejects" else [table.name])
    return {file_no for (file_no,) in cursor}


def _bring_whole(cursor: psycopg2.extensions.cursor, table: RawTable, folder: Path) -> bool:
    """Written anew, for it is small."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(cursor, table, None, folder / f"_{ROWS}")
    (folder / f"_{ROWS}").rename(folder / ROWS)
    return True


def _write(cursor: psycopg2.extensions.cursor, table: RawTable, file_no: int | None, file: Path) -> int:
    """Write rows as Parquet, block by block, by way of a file of CSV that has no name; gives their number."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.stored))
    question = sql.SQL("select {} from {}").format(columns, sql.Identifier(table.schema, table.name))
    if file_no is not None:
        question += sql.SQL(" where file_no = {} order by record_no").format(sql.Literal(file_no))
    schema = pa.schema([(name, TYPES[kind][1]) for name, kind in table.stored.items()])
    with TemporaryFile() as text:
        copy = sql.SQL("copy ({}) to stdout (format csv, force_quote *)").format(question)
        cursor.copy_expert(copy, text)
        size = text.tell()
        text.seek(0)
        rows = 0
        with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in _batches(text, schema) if size else ():
                writer.write_batch(batch)
                rows += batch.num_rows
    return rows


def _batches(text: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """An empty text is quoted, a missing value is not: `force_quote` keeps them apart."""
    return iter(
        pyarrow.csv.open_csv(
            text,
            read_options=pyarrow.csv.ReadOptions(column_names=schema.names, block_size=BLOCK),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=schema,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                timestamp_parsers=["%Y-%m-%d %H:%M:%S.%f%z", pyarrow.csv.ISO8601],
            ),
        )
    )


def _tell_hive(hive: Any, table: RawTable, folder: Path, changed: bool) -> None:
    """Make the table anew where its columns changed: its rows stay, they are the folder's."""
    columns = {name: TYPES[kind][0] for name, kind in table.columns.items()}
    known = folder / "_columns.json"
    if not known.exists() or json.loads(known.read_text()) != columns:
        folder.mkdir(parents=True, exist_ok=True)
        known.unlink(missing_ok=True)
        declared = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
        hive.execute(f"drop table if exists {table}")
        hive.execute(
            f"create table {table} ({declared}) using parquet"
            f"{' partitioned by (file_no)' if table.is_by_file else ''} location '{folder.as_uri()}'"
        )
        if table.is_by_file:
            hive.execute(f"msck repair table {table}")
        known.write_text(json.dumps(columns))
    elif changed and table.is_by_file:
        hive.execute(f"msck repair table {table} sync partitions")
    elif changed:
        hive.execute(f"refresh table {table}")
