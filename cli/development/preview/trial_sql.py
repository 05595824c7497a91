"""A relation as production has it beside what was tried: in which columns their rows differ.

Each side is read once, and summed up on the server: how many rows, a sum over each column, one over whole
rows. The last one tells values that changed places. Numbers of double precision count with 12 digits: sums of
them end differently from plan to plan.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

OF_VERSIONS = ("version_id", "state_id", "is_pending", "known_from_utc", "known_to_utc")
"""What says of versions which they are: made of code and of times, and so no rows of the data."""

SETTINGS = """
    set statement_timeout = '{seconds}s';
    set extra_float_digits = -3;
    set temp_buffers = '64MB'
"""

COLUMNS = """
    select attname, format_type(atttypid, atttypmod) from pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum
"""

Columns = dict[str, str]
"""Names, and their types."""


@dataclass(frozen=True)
class Side:
    """A relation as `schema.name`, its columns, and which of its rows count."""

    relation: str
    columns: Columns
    where: str = "true"

    @classmethod
    def of(cls, cursor: Any, relation: str, where: str = "true") -> "Side":
        cursor.execute(COLUMNS, [relation])
        return cls(relation, dict(cursor.fetchall()), where)


@dataclass(frozen=True)
class Compared:
    """How many rows each side has, and the columns that differ: in values, in type, or that one side lacks.

    `is_other` is also true where values only changed places.
    """

    rows_before: int
    rows_after: int
    columns: tuple[str, ...]
    is_other: bool


def compared(cursor: Any, before: Side, after: Side) -> Compared:
    """Raises psycopg2.Error."""
    names = [name for name in after.columns if name not in OF_VERSIONS]
    both = [name for name in names if before.columns.get(name) == after.columns[name]]
    apart = {*names, *(name for name in before.columns if name not in OF_VERSIONS)} - {*both}
    (rows_before, whole_before, *was), (rows_after, whole_after, *now) = (
        _summed(cursor, side, both) for side in (before, after)
    )
    apart |= {name for name, a, b in zip(both, was, now, strict=True) if a != b}
    ordered = tuple(name for name in (*after.columns, *before.columns) if name in apart)
    is_other = bool(apart) or (rows_before, whole_before) != (rows_after, whole_after)
    return Compared(rows_before, rows_after, tuple(dict.fromkeys(ordered)), is_other)


def _summed(cursor: Any, side: Side, columns: Iterable[str]) -> Any:
    quoted = [quote(name) for name in columns]
    sums = "".join(f", {_sum(f'{name}::text')}" for name in quoted)
    whole = _sum(f"row({', '.join(quoted)})::text")
    cursor.execute(f"select count(*), {whole}{sums} from {quote(side.relation)} where {side.where}")
    return cursor.fetchone()


def _sum(text: str) -> str:
    return f"sum(hashtextextended({text}, 0)::numeric)::text"


def quote(name: str) -> str:
    """An identifier, or `schema.name`, in quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
