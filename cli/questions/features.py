"""flight_features for pandas: typed Arrow batches from the server, and which columns a model may learn from.

    features = read_features()                     # a DataFrame; the command writes the same as Parquet
    train = features[features["split"] == "train"]
    model.fit(train[features.attrs["inputs"]], train["target_is_late_15"])

The model's YAML says what each column is for (`meta.role`); keys are no inputs, nor is a column without a
value in the training weeks. Rows come month by month, for a reader's statement may not take long, and some at
a time, so that memory does not grow with them until somebody keeps them.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2
import pyarrow as pa
import yaml
from psycopg2 import extensions, sql

from cli.questions.arrow import copied, parquet_writer
from cli.questions.query import explained
from cli.server.roles import connect_reporter
from ingestion import PROJECT
from ingestion.errors import OntimeError
from ingestion.sources.bts import months_of

MODEL = PROJECT / "models" / "marts" / "data_science" / "flight_features.yml"
MART = sql.Identifier("marts", "flight_features")

# What pandas is to make of a column: where values may be missing, a type that stays whole all the same.
NEVER_MISSING = {"integer": "int32", "bigint": "int64", "boolean": "bool"}
MAY_BE_MISSING = {"integer": "Int32", "bigint": "Int64", "boolean": "boolean"}


@dataclass(frozen=True)
class Column:
    """A column of the mart: its role is key, split, feature or target; `dtype` what pandas calls its type."""

    name: str
    role: str
    dtype: str


@dataclass(frozen=True)
class Features:
    """What is asked for, within one snapshot of the warehouse; `condition` says which flights.

    `months` are the first days of those that have any.
    """

    connection: extensions.connection
    columns: Sequence[Column]
    condition: sql.Composable
    months: Sequence[date]

    def named(self, role: str) -> list[str]:
        return [column.name for column in self.columns if column.role == role]

    @cached_property
    def without_values(self) -> list[str]:
        """Features of which the training weeks have no value: all of them when there are no such weeks."""
        names = self.named("feature")
        counts = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in names)
        query = sql.SQL("select {} from {} where {} and split = 'train'").format(counts, MART, self.condition)
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            (found,) = cursor.fetchall()
        return [name for name, count in zip(names, found, strict=True) if not count]

    @property
    def inputs(self) -> list[str]:
        """What a model may learn from."""
        return [name for name in self.named("feature") if name not in self.without_values]

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow's types, with what pandas reads as dtypes and as `DataFrame.attrs`."""
        empty = pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in self.columns})
        empty.attrs = {
            "inputs": self.inputs,
            "targets": self.named("target"),
            "without_values": self.without_values,
        }
        schema = pa.Schema.from_pandas(empty, preserve_index=False)
        schema = schema.with_metadata(schema.metadata | {b"PANDAS_ATTRS": json.dumps(empty.attrs).encode()})
        for position, column in enumerate(self.columns):
            if column.dtype == "category":  # more than the 127 that an empty one has room for
                schema = schema.set(position, pa.field(column.name, pa.dictionary(pa.int32(), pa.string())))
        return schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, some at a time. Raises psycopg2.Error."""
        columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in self.columns)
        for month in self.months:
            query = sql.SQL("select {} from {} where {} and flight_month = {}").format(
                columns, MART, self.condition, sql.Literal(month)
            )
            yield from copied(self.connection, query, self.schema)


@contextmanager
def opened_features(months: Sequence[str] = ()) -> Iterator[Features]:
    """The features of all flights, or of those of some months (`2013-01`, `2013-06..2013-08`).

    Raises OntimeError where there are none.
    """
    condition: sql.Composable = sql.SQL("true")
    if months:
        first_days = sql.SQL(", ").join(map(sql.Literal, map(str, months_of(months))))
        condition = sql.SQL("flight_month in ({})").format(first_days)
    with closing(connect_reporter()) as opened:
        opened.set_session(isolation_level="repeatable read", readonly=True)
        try:
            yield Features(opened, columns_of_mart(), condition, _months_there(opened, condition))
        except psycopg2.errors.UndefinedTable:
            raise OntimeError("there is no marts.flight_features yet", "make it: ontime build") from None
        except psycopg2.Error as error:
            raise explained(error, "") from None


def _months_there(opened: extensions.connection, condition: sql.Composable) -> list[date]:
    query = sql.SQL("select distinct flight_month from {} where {} order by 1").format(MART, condition)
    with opened.cursor() as cursor:
        cursor.execute(query)
        found = [month for (month,) in cursor.fetchall()]
    if not found:
        raise OntimeError(
            "marts.flight_features has no flights, or none of these months",
            "see what there is: ontime summary",
        )
    return found


def read_features(months: Sequence[str] = ()) -> pd.DataFrame:
    """The features as a DataFrame; `attrs` has the names of `inputs`, `targets` and `without_values`."""
    with opened_features(months) as features:
        table = pa.Table.from_batches(features.batches(), schema=features.schema)
        frame: pd.DataFrame = table.to_pandas()
        frame.attrs = json.loads(features.schema.metadata[b"PANDAS_ATTRS"])
    return frame


def write_features(features: Features, file: Path) -> int:
    """Write Parquet, whole or not at all, and return how many flights there are. Raises OntimeError."""
    rows = 0
    try:
        with parquet_writer(file, features.schema) as write:
            for batch in features.batches():
                write(batch)
                rows += batch.num_rows
    except OSError as error:
        raise OntimeError(f"{file}: {error.strerror or error}", "name another file with --to") from None
    return rows


def columns_of_mart(model: Path = MODEL) -> list[Column]:
    """The columns in their order, as the YAML has them."""
    (described,) = yaml.safe_load(model.read_text(encoding="utf-8"))["models"]
    return [_column(column) for column in described["columns"]]


def _column(described: dict[str, Any]) -> Column:
    meta, kind = described["config"]["meta"], described["data_type"]
    if kind == "text":
        dtype = "str" if meta["role"] == "key" else "category"
    elif kind == "date" or kind.startswith("timestamp"):
        dtype = "datetime64[us]"
    else:
        is_whole = meta["null_means"] == "never null"
        dtype = (NEVER_MISSING if is_whole else MAY_BE_MISSING).get(kind, "float64")
    return Column(described["name"], meta["role"], dtype)
