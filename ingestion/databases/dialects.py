"""What differs between the databases that are read: how a session begins, and how a type becomes exact text.

The source casts its own values, so that no driver can round or reinterpret them on the way. Moments (MySQL's
timestamp, PostgreSQL's timestamptz) come in UTC and say so, `2024-01-31 12:00:00+00:00`; clocks without a
zone come as they are. Bytes come as `\\x00ff`. docs/databases.md lists the rest.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

Expression = sa.ColumnElement[Any]

INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "int2", "int4", "int8"})
DATES = frozenset({"date"})
CLOCKS = frozenset({"datetime", "timestamp", "timestamptz"})
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "bpchar"})
_BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_SHAPES = frozenset(
    {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"}
    | {"geometrycollection", "geomcollection"}
)


@dataclass(frozen=True)
class Column:
    """A column of a source's table. `type` is what its server calls it, `kind` the same without sizes."""

    name: str
    type: str
    kind: str

    @property
    def is_text(self) -> bool:
        return self.kind in _TEXTS

    @property
    def is_integer(self) -> bool:
        return self.kind in INTEGERS


class Dialect(ABC):
    """One kind of database."""

    driver: ClassVar[str]
    """SQLAlchemy's name of the kind and the driver."""
    arguments: ClassVar[Mapping[str, Any]]
    """Those of the driver's `connect`."""
    session: ClassVar[tuple[str, ...]]
    """Statements that a session begins with: it only reads, its clocks are UTC, and texts do not depend on
    the settings of server or user."""

    @abstractmethod
    def columns(self, table: sa.Table, preparer: sa.sql.compiler.IdentifierPreparer) -> sa.TextClause:
        """The query for name, type and kind of the columns of a table, in their order."""

    def row_security(
        self,
        table: sa.Table,  # noqa: ARG002
        preparer: sa.sql.compiler.IdentifierPreparer,  # noqa: ARG002
    ) -> sa.TextClause | None:
        """The query that tells whether policies hide rows of a table from the user; None where none can."""
        return None

    @abstractmethod
    def as_text(self, value: Expression, column: Column) -> Expression:
        """A value of a column as exact text; bytes may stay bytes."""

    def from_text(self, text: str, column: Column) -> str | bytes:  # noqa: ARG002
        """What `as_text` gives where raw has this text."""
        return text

    @abstractmethod
    def sql_type(self, column: Column) -> sa.types.TypeEngine[Any]:
        """As what the values of `as_text` arrive: text or bytes."""

    @abstractmethod
    def greatest(self, value: Expression, column: Column) -> Expression:
        """The greatest value that a cursor can go on from."""


class MySQL(Dialect):
    """MySQL and MariaDB."""

    driver = "mysql+pymysql"
    arguments: ClassVar[Mapping[str, Any]] = {"charset": "utf8mb4", "connect_timeout": 30}
    # an empty sql_mode: blanks at the end of char, quotes and || mean what they usually do
    session = ("set session time_zone = '+00:00', sql_mode = ''", "set session transaction read only")

    def columns(self, table: sa.Table, preparer: sa.sql.compiler.IdentifierPreparer) -> sa.TextClause:  # noqa: ARG002
        return sa.text(
            """
            select column_name, column_type, lower(data_type)
            from information_schema.columns
            where table_schema = coalesce(:schema, database()) and table_name = :name
            order by ordinal_position
            """
        ).bindparams(schema=table.schema, name=table.name)

    def as_text(self, value: Expression, column: Column) -> Expression:
        if column.is_text or column.kind in _BYTES | _SHAPES:
            return value
        if column.kind == "bit":
            width = int(re.sub(r"\D", "", column.type) or 1)
            return sa.func.lpad(sa.func.bin(sa.type_coerce(value, sa.Integer) + 0), width, "0")
        if column.kind == "float":  # as text it would have six digits; the double says the same number
            return sa.cast(sa.type_coerce(value, sa.Double) + sa.literal_column("0e0"), sa.CHAR)
        text = sa.cast(value, sa.CHAR)
        if column.kind == "timestamp":  # a zero date is no moment
            return sa.case((text.like("0000-%"), text), else_=sa.func.concat(text, "+00:00"))
        return text

    def from_text(self, text: str, column: Column) -> str | bytes:
        is_bytes = column.kind in _BYTES | _SHAPES
        return bytes.fromhex(text.removeprefix(r"\x")) if is_bytes else text

    def sql_type(self, column: Column) -> sa.types.TypeEngine[Any]:
        return sa.LargeBinary() if column.kind in _BYTES | _SHAPES else sa.Text()

    def greatest(self, value: Expression, column: Column) -> Expression:  # noqa: ARG002
        return sa.func.max(value)


class PostgreSQL(Dialect):
    """PostgreSQL, whose casts to text are exact by the settings of the session."""

    driver = "postgresql+psycopg2"
    arguments: ClassVar[Mapping[str, Any]] = {
        "client_encoding": "utf8",
        "connect_timeout": 30,
        "keepalives_idle": 60,
    }
    session = (
        "set time zone 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'",
        "set extra_float_digits = 1; set bytea_output = 'hex'; set lc_monetary = 'C'",
        "set session characteristics as transaction read only",
    )

    def columns(self, table: sa.Table, preparer: sa.sql.compiler.IdentifierPreparer) -> sa.TextClause:
        # of a domain, the type below it decides; materialized views are in no information_schema
        return sa.text(
            """
            select attname, format_type(atttypid, atttypmod), coalesce(base.typname, type.typname)
            from pg_attribute
            inner join pg_type as type on type.oid = atttypid
            left join pg_type as base on type.typtype = 'd' and base.oid = type.typbasetype
            where attrelid = to_regclass(:name) and attnum > 0 and not attisdropped
            order by attnum
            """
        ).bindparams(name=preparer.format_table(table))

    def row_security(
        self, table: sa.Table, preparer: sa.sql.compiler.IdentifierPreparer
    ) -> sa.TextClause | None:
        return sa.text("select coalesce(row_security_active(to_regclass(:name)), false)").bindparams(
            name=preparer.format_table(table)
        )

    def as_text(self, value: Expression, column: Column) -> Expression:
        text = sa.cast(value, sa.Text)
        if column.kind == "timestamptz":
            return sa.func.regexp_replace(text, r"\+00( BC)?$", r"+00:00\1")
        return text

    def sql_type(self, column: Column) -> sa.types.TypeEngine[Any]:  # noqa: ARG002
        return sa.Text()

    def greatest(self, value: Expression, column: Column) -> Expression:
        greatest = sa.func.max(value)
        return greatest if column.is_integer else greatest.filter(sa.func.isfinite(value))


DIALECTS: Mapping[str, Dialect] = {
    "mysql": MySQL(),
    "mariadb": MySQL(),
    "postgresql": PostgreSQL(),
    "postgres": PostgreSQL(),
}
"""By the first word of an address."""
