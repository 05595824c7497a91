"""Speaks with a database that is read: columns, rows through dlt's `sql_database`, what goes wrong."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import sqlalchemy as sa
from dlt.extract.exceptions import ResourceExtractionError
from dlt.sources.sql_database import sql_table

from ingestion.database import first_line
from ingestion.databases.credentials import where
from ingestion.databases.cursor import Value
from ingestion.databases.dialects import DIALECTS, Column, Expression
from ingestion.databases.landed_table import Key
from ingestion.errors import OntimeError
from ingestion.sources.databases import Table

Condition = sa.ColumnElement[bool]

_AT_ONCE = 10_000  # rows that are in memory together


class Server:
    """The server of one database. A context manager; each read has a session of its own.

    All methods raise OntimeError for what the server refuses, without the secrets of its address.
    """

    def __init__(self, name: str, address: sa.URL) -> None:
        self._name = name
        self._address = address
        self._dialect = DIALECTS[address.get_backend_name()]
        self._engine = sa.create_engine(
            address.set(drivername=self._dialect.driver),
            connect_args=dict(self._dialect.arguments),
            poolclass=sa.NullPool,
            hide_parameters=True,
        )
        sa.event.listen(self._engine, "connect", self._begin_session, insert=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def check_login(self) -> None:
        """Logs in. Raises OntimeError when that fails."""
        try:
            self._engine.connect().close()
        except (sa.exc.DBAPIError, OSError, RuntimeError) as error:  # PyMySQL lacks a library for the login
            raise OntimeError(
                f"{self._name}: no connection to {self._host()}: {self._said(error)}",
                f"see that the server runs; {where(self._name)}",
            ) from None

    def location(self, table: Table) -> str:
        """Where a table is, for people: `mysql://db.example.org:3306/fleet/aircraft`."""
        path = (self._address.database, table.schema, table.table)
        return f"{self._address.get_backend_name()}://{self._host()}/{'/'.join(filter(None, path))}"

    def columns(self, table: Table) -> list[Column]:
        """The columns of a table, in its order; none when there is no such table, or it may not be seen."""
        query = self._dialect.columns(_sql_table(table, []), self._engine.dialect.identifier_preparer)
        return [Column(*row) for row in self._ask(table, query)]

    def greatest(self, table: Table, column: Column) -> str | None:
        """The greatest value of a column as text; None without a value."""
        there = _sql_table(table, [sa.Column(column.name)])
        greatest = self._dialect.greatest(there.c[column.name], column)
        ((found,),) = self._ask(table, sa.select(self._dialect.as_text(greatest, column)))
        return None if found is None else str(found)

    def read(
        self, table: Table, columns: Sequence[Column], condition: Condition | None = None
    ) -> Iterator[pa.Table]:
        """The rows of a table, some thousand at a time, each value as exact text, bytes as bytes."""
        types = {column.name: self._dialect.sql_type(column) for column in columns}
        there = _sql_table(table, [sa.Column(name, kind) for name, kind in types.items()])
        query = sa.select(*(self._selected(column, types[column.name]) for column in columns)).select_from(
            there
        )
        if condition is not None:
            query = query.where(condition)
        with self._errors(table):
            yield from sql_table(
                self._engine,
                table.table,
                metadata=there.metadata,
                chunk_size=_AT_ONCE,
                backend="pyarrow",
                query_adapter_callback=lambda _query, _table: query,
            )

    def since(self, cursor: Column, value: Value) -> Condition:
        """The rows from a value of the cursor on, and those that have none."""
        there: sa.ColumnClause[Any] = sa.column(cursor.name)
        return (there >= value) | there.is_(None)

    def with_keys(self, key: Sequence[Column], keys: Sequence[Key]) -> Condition:
        """The rows with one of these keys, given as exact texts."""
        values = [tuple(map(self._dialect.from_text, texts, key)) for texts in keys]
        exact = sa.tuple_(*map(self._as_text, key)).in_(values)
        # what the source can look up in an index narrows it down
        there: sa.ColumnClause[Any] = sa.column(key[0].name)
        if key[0].is_integer:
            return there.in_({int(texts[0]) for texts in keys}) & exact
        return there.in_({texts[0] for texts in keys}) & exact if key[0].is_text else exact

    def _as_text(self, column: Column) -> Expression:
        return self._dialect.as_text(sa.column(column.name), column)

    def _selected(self, column: Column, kind: sa.types.TypeEngine[Any]) -> Expression:
        return sa.type_coerce(self._as_text(column), kind).label(column.name)

    def _ask(self, table: Table, query: sa.Executable) -> list[Any]:
        with self._errors(table), self._engine.connect() as connection:
            return list(connection.execute(query))

    def _begin_session(self, connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            for statement in self._dialect.session:
                cursor.execute(statement)
        connection.commit()  # PostgreSQL would take the settings back with the transaction

    @contextmanager
    def _errors(self, table: Table) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DBAPIError, ResourceExtractionError, UnicodeDecodeError, OSError) as error:
            raise OntimeError(
                f"{self.location(table)}: {self._said(error)}", "mend that in the source, then load again"
            ) from None

    def _said(self, error: BaseException) -> str:
        """What the server or its driver said, without the secrets of the address."""
        while error.__cause__ is not None and not isinstance(error, sa.exc.DBAPIError):
            error = error.__cause__
        if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
            error = error.orig
        said = str(error.args[-1]) if len(error.args) > 1 else first_line(error)
        if self._address.password:
            said = said.replace(self._address.password, "***")
        return said.replace(f"'{self._address.username}'", "***").replace(
            f'"{self._address.username}"', "***"
        )

    def _host(self) -> str:
        port = f":{self._address.port}" if self._address.port else ""
        return f"{self._address.host}{port}"


def _sql_table(table: Table, columns: Sequence[sa.Column[Any]]) -> sa.Table:
    """The table with such columns, which SQLAlchemy then does not look up."""
    return sa.Table(table.table, sa.MetaData(schema=table.schema), *columns)
