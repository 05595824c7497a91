"""Answers as Arrow: rows come as CSV by COPY, are typed while they come, some at a time, and go to Parquet.

with parquet_writer(file, schema) as write:
    for batch in copied(connection, query, schema):
        write(batch)                       # whole or not at all: the file is there when the block ends
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg2
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from psycopg2 import extensions, sql

BLOCK_BYTES = 16 << 20  # of CSV: some 40,000 flights, which are typed at once and make a row group
UNFINISHED = ".unfinished"


def copied(
    connection: extensions.connection, query: sql.Composable, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The rows of a query whose columns are those of `schema`, in its order. Raises psycopg2.Error."""
    read = pyarrow.csv.ReadOptions(column_names=schema.names, skip_rows=1, block_size=BLOCK_BYTES)
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    convert = pyarrow.csv.ConvertOptions(
        column_types=schema,
        true_values=["t"],
        false_values=["f"],
        null_values=[""],  # else NA is none, and it is Namibia
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    with _copied(connection, query) as rows:
        for batch in pyarrow.csv.open_csv(
            rows, read_options=read, parse_options=parse, convert_options=convert
        ):
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)  # with what it says of columns


@contextmanager
def parquet_writer(
    file: Path, schema: pa.Schema, **options: Any
) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Takes batches, each a row group; `options` are those of pyarrow. Raises OSError."""
    unfinished = file.with_name(f"{file.name}{UNFINISHED}")
    try:
        with pyarrow.parquet.ParquetWriter(unfinished, schema, **options) as writer:
            yield writer.write_batch
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _copied(connection: extensions.connection, query: sql.Composable) -> Iterator[Any]:
    """A file to read the answer from, as CSV with a header, while the server writes it.

    The header is there because an empty file is none to Arrow. Raises what the server says.
    """
    reading, writing = os.pipe()
    failures: list[psycopg2.Error] = []

    def copy() -> None:
        statement = sql.SQL("copy ({}) to stdout (format csv, header)").format(query)
        try:
            with os.fdopen(writing, "wb") as file, connection.cursor() as cursor:
                cursor.copy_expert(statement, file)
        except BrokenPipeError:
            pass  # whoever reads has stopped, and says why
        except psycopg2.Error as error:
            failures.append(error)

    copying = Thread(target=copy, name="copy")
    copying.start()
    try:
        with os.fdopen(reading, "rb") as file:
            yield file
    finally:
        copying.join()
        if failures:
            raise failures[0]
