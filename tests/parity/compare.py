"""The rows of a mart on both engines, beside each other."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Row = Sequence[Any]

DIGITS = 9
"""In which floating point numbers have to agree: sums in another order differ in the last ones."""


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


def differences(
    mart: str, columns: Sequence[str], key: Sequence[str], on_postgres: Iterable[Row], on_spark: Iterable[Row]
) -> list[Difference]:
    """Compare by key; a mart whose rows have none in common is compared by all of its columns."""
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
        return math.isclose(here, there, rel_tol=10**-DIGITS, abs_tol=10**-DIGITS) or here == there
    return bool(here == there)
