"""What the columns of a raw table hold, from all of its values: the cast that loses none of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

from psycopg2 import sql

from ingestion.database import Connection

COLUMNS_AT_ONCE = 500  # Postgres answers with 1,664 columns at most


@dataclass(frozen=True)
class Kind:
    """How a model types a text. `cast` calls a macro of macros/staging/casts.sql for the column `{}`."""

    cast: str
    description: str


TEXT = Kind("{}", "text")
BOOLEAN = Kind("true_or_false({})", "true or false")
INTEGER = Kind("whole_number({})", "a whole number")
BIGINT = Kind("whole_number({}, 'bigint')", "a whole number")
DECIMAL = Kind("decimal_number({})", "a number")
DATE = Kind("any_iso_date({})", "a date")
LOCAL = Kind("iso_timestamp({})", "a timestamp")
UTC = Kind("iso_timestamp({})", "a timestamp in UTC")


@dataclass(frozen=True)
class Guess:
    """`writes_na`: besides its other values the column has `NA`, for missing."""

    column: str
    kind: Kind
    writes_na: bool


class _Looks(IntFlag):
    """What values look like; a column has the flags of all its values."""

    NA = 1
    BOOLEAN = 2
    INTEGER = 4
    BIGINT = 8
    DECIMAL = 16
    DATE = 32
    LOCAL = 64
    UTC = 128
    TEXT = 256


# From the narrowest: all values of a column have to look like one of the first.
_KINDS = (
    (_Looks.BOOLEAN, BOOLEAN),
    (_Looks.INTEGER, INTEGER),
    (_Looks.INTEGER | _Looks.BIGINT, BIGINT),
    (_Looks.INTEGER | _Looks.BIGINT | _Looks.DECIMAL, DECIMAL),
    (_Looks.DATE, DATE),
    (_Looks.LOCAL, LOCAL),
    (_Looks.UTC, UTC),
)

# A whole number with leading zeros is a code, one that a double would round an identifier: both are text.
_LOOKS_LIKE = sql.SQL(f"""
bit_or(case
    when {{0}} is null or {{0}} = '' then 0
    when {{0}} = 'NA' then {_Looks.NA}
    when lower({{0}}) in ('true', 'false') then {_Looks.BOOLEAN}
    when {{0}} ~ '^[-+]?(0|[1-9][0-9]*)$' then case
        when pg_input_is_valid({{0}}, 'integer') then {_Looks.INTEGER}
        when pg_input_is_valid({{0}}, 'bigint') then {_Looks.BIGINT}
        else {_Looks.TEXT}
    end
    when {{0}} ~ '^[-+]?(0|[1-9][0-9]*)?([.][0-9]+)?([eE][-+]?[0-9]{{{{1,3}}}})?$' then case
        when not pg_input_is_valid({{0}}, 'double precision') then {_Looks.TEXT}
        when {{0}}::double precision::text::numeric = {{0}}::numeric then {_Looks.DECIMAL}
        else {_Looks.TEXT}
    end
    when {{0}} ~ '^[0-9]{{{{4}}}}-[0-9]{{{{2}}}}-[0-9]{{{{2}}}}$' and pg_input_is_valid({{0}}, 'date')
        then {_Looks.DATE}
    when {{0}} ~ '^[0-9-]{{{{10}}}}[T ][0-9]{{{{2}}}}:[0-9]{{{{2}}}}:[0-9]{{{{2}}}}([.][0-9]{{{{1,6}}}})?Z?$'
        and pg_input_is_valid(replace({{0}}, 'Z', ''), 'timestamp')
        then case when {{0}} like '%Z' then {_Looks.UTC} else {_Looks.LOCAL} end
    else {_Looks.TEXT}
end)
""")


def guess(connection: Connection, schema: str, table: str, columns: Sequence[str]) -> list[Guess]:
    """What each of these columns holds, in the same order. Reads the whole table."""
    found: list[Guess] = []
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        some = columns[start : start + COLUMNS_AT_ONCE]
        looks = sql.SQL(", ").join(_LOOKS_LIKE.format(sql.Identifier(column)) for column in some)
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("select {} from {}").format(looks, sql.Identifier(schema, table)))
            row = cursor.fetchone() or ()
        found += [kind_of(column, _Looks(flags or 0)) for column, flags in zip(some, row, strict=True)]
    return found


def kind_of(column: str, looks: _Looks) -> Guess:
    """The narrowest kind that has room for all values."""
    values = looks & ~_Looks.NA
    kind = next((kind for room, kind in _KINDS if values and values | room == room), TEXT)
    # dbt-bouncer.yml: such a name promises a text
    if column.endswith(("_key", "_code", "_code_iata")):
        kind = TEXT
    return Guess(column, kind, writes_na=kind != TEXT and _Looks.NA in looks)
