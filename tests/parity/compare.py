"""The marts of both engines, beside each other: by checksums, and row by row where these differ."""

import json
import math
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cli.console import note
from cli.server.connections import connection
from cli.spark.publication import BUILT_ON_SPARK, Checksums, checksums, parts_that_differ
from cli.spark.thrift import session
from tests.projects import ProjectCopy

Row = Sequence[Any]
DIGITS = 6
"""Decimals in which floating point numbers have to agree, as in macros/cross_db/checksums.sql."""


@dataclass(frozen=True)
class Difference:
    """A cell that the engines have differently, or a row that one of them lacks (column '')."""

    mart: str
    key: Row
    column: str
    on_postgres: Any
    on_spark: Any

    def __str__(self) -> str:
        where = f"{self.mart} {self.key}"
        if not self.column:
            return f"{where}: {'only on Postgres' if self.on_spark is None else 'only on Spark'}"
        return f"{where} {self.column}: {self.on_postgres!r} on Postgres, {self.on_spark!r} on Spark"


def checksums_on_spark() -> Checksums:
    """Of all marts and months. Spark reads and plans each of them for it, which takes a minute or more."""
    with session() as spark:
        return checksums(spark, BUILT_ON_SPARK)


def compare_marts(project: ProjectCopy, there: Checksums | None = None) -> list[Difference]:
    """All marts, by the checksums of their months; of those that differ the rows.

    `there` are the checksums on Spark, where they were asked and nothing was built since.
    """
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text())
    marts = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    keys = keys_of(manifest)
    found: list[Difference] = []
    with (
        closing(connection("transformer").connect()) as opened,
        opened.cursor() as postgres,
        session() as spark,
    ):

        def both(question: str) -> Sequence[list[Row]]:
            postgres.execute(question.format("marts"))
            spark.execute(question.format(BUILT_ON_SPARK))
            return [*map(list, (postgres.fetchall(), spark.fetchall()))]

        here, there = checksums(postgres, "marts"), there or checksums(spark, BUILT_ON_SPARK)
        differ = parts_that_differ(here, there)
        note(f"{len(here)} checksums of {len({mart for mart, _ in here})} marts: {len(differ)} differ")
        for mart, month in differ:
            node = marts[mart]
            month_column = node["config"]["meta"].get("tested_by_month")
            columns = list(node["columns"])
            condition = f" where {month_column} = date '{month}'" if month else ""
            rows = both(f"select {', '.join(columns)} from {{}}.{mart}{condition}")
            part = differences(mart, columns, keys[node["unique_id"]], *rows)
            note(f"{mart} {month or ''}: {len(part)} cells or rows differ")
            found += part or [
                Difference(mart, (month,), "checksum", here.get((mart, month)), there.get((mart, month)))
            ]
    return found


def keys_of(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """The columns of each mart's key: a constraint of its table, or a test of its view."""
    keys: dict[str, list[str]] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "model":
            for constraint in node["constraints"]:
                if constraint["type"] == "primary_key":
                    keys[unique_id] = constraint["columns"]
        elif (test := node.get("test_metadata")) and test["name"] in ("unique", "unique_combination"):
            arguments = test["kwargs"]
            columns = arguments.get("columns") or [arguments["column_name"]]
            keys.setdefault(node["attached_node"], columns)
    return keys


def differences(
    mart: str, columns: Sequence[str], key: Sequence[str], on_postgres: Iterable[Row], on_spark: Iterable[Row]
) -> list[Difference]:
    """Compare rows by key. Raises AssertionError where two of an engine share it."""
    places = [columns.index(name) for name in key]
    postgres, spark = (_by_key(places, rows) for rows in (on_postgres, on_spark))
    found = [Difference(mart, missing, "", True, None) for missing in postgres.keys() - spark.keys()]
    found += [Difference(mart, extra, "", None, True) for extra in spark.keys() - postgres.keys()]
    for same in sorted(postgres.keys() & spark.keys(), key=repr):
        found += [
            Difference(mart, same, name, here, there)
            for name, here, there in zip(columns, postgres[same], spark[same], strict=True)
            if not _equal(here, there)
        ]
    return found


def _by_key(places: Sequence[int], rows: Iterable[Row]) -> dict[Row, Row]:
    by_key: dict[Row, Row] = {}
    for row in rows:
        values = tuple(map(canonical, row))
        key = tuple(values[place] for place in places)
        assert key not in by_key, f"two rows have the key {key}"
        by_key[key] = values
    return by_key


def canonical(value: Any) -> Any:
    """A value as both drivers can give it: times as text to the second, whole decimals as integers."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    if isinstance(value, str):  # PyHive gives moments as text, with the fraction that they may have
        return value.removesuffix(".0")
    return value


def _equal(here: Any, there: Any) -> bool:
    if isinstance(here, float) and isinstance(there, float):
        return math.isclose(here, there, rel_tol=0, abs_tol=10**-DIGITS)
    return bool(here == there)
