"""Speaks with a database that is read: columns, rows through dlt's `sql_database`, what goes wrong."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
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
from ingestion.errors import OntimeError, PassingError
from ingestion.finding.fetch.addresses import without_secrets
from ingestion.sources.databases import Table

Condition = sa.ColumnElement[bool]

_AT_ONCE = 10_000  # rows that are in memory together

# How the drivers call an option that they do not know.
_OPTION = re.compile(
    r"""unexpected keyword argument '(\w+)'|invalid (?:connection|URI query) [\w ]*"(\w+)\""""
)
# What they say of a server that does not answer now, not of a login that it refuses.
_UNREACHABLE = re.compile(
    r"connection refused|timed? ?out|timeout|reset by peer|closed the connection|lost connection"
    r"|could not translate|name resolution|name or service|unreachable|starting up|shutting down"
    r"|too many (clients|connections)",
    re.IGNORECASE,
)
_SECRET = re.compile(r"pass|pwd|secret|token|key", re.IGNORECASE)


class Server:
    """The server of one database. A context manager; each read has a session of its own.

    All methods raise OntimeError for what the server refuses, without the secrets of its address.
    """

    def __init__(self, name: str, address: sa.URL) -> None:
        self._name = name
        self._address = address
        self._dialect = DIALECTS[address.get_backend_name()]
        with self._errors_of_address():
            self._engine = sa.create_engine(
                address.set(drivername=self._dialect.driver),
                connect_args=dict(self._dialect.arguments),
                poolclass=sa.NullPool,
                hide_parameters=True,
            )
        sa.event.listen(self._engine, "connect", self._begin_session, insert=True)
        sa.event.listen(self._engine, "handle_error", _forget_rest)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def check_login(self) -> None:
        """Logs in. Raises OntimeError when that fails."""
        with self._errors_of_address():
            self._engine.connect().close()

    def location(self, table: Table) -> str:
        """Where a table is, for people: `mysql://db.example.org:3306/fleet/aircraft`."""
        path = (self._address.database, table.schema, table.table)
        return f"{self._address.get_backend_name()}://{self._host()}/{'/'.join(filter(None, path))}"

    def columns(self, table: Table) -> list[Column]:
        """The columns of a table, in its order; none when there is no such table, or it may not be seen."""
        query = self._dialect.columns(_sql_table(table, []), self._engine.dialect.identifier_preparer)
        return [Column(*row) for row in self._ask(table, query)]

    def hides_rows(self, table: Table) -> bool:
        """Whether row-level security decides which rows of a table the user sees."""
        query = self._dialect.row_security(_sql_table(table, []), self._engine.dialect.identifier_preparer)
        return query is not None and self._ask(table, query) == [(True,)]

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
    def _errors_of_address(self) -> Iterator[None]:
        """Turns what drivers say of an address, and of its options, into our error."""
        try:
            yield
        # PyMySQL says RuntimeError when it lacks a library for the login, and of options what Python says of
        # arguments; psycopg2 says that one is invalid
        except (sa.exc.SQLAlchemyError, OSError, RuntimeError, TypeError, ValueError, LookupError) as error:
            said = self._said(error)
            if found := _OPTION.search(said):
                option = next(filter(None, found.groups()))
                raise OntimeError(
                    f"{self._name}: the address has an option that its driver does not know: {option}",
                    f"take out ?{option}=...; docs/databases.md names those for TLS",
                ) from None
            if not isinstance(error, sa.exc.SQLAlchemyError | OSError | RuntimeError):
                raise OntimeError(
                    f"{self._name}: the options of the address do not hold: {said}", where(self._name)
                ) from None
            kind = PassingError if _UNREACHABLE.search(said) else OntimeError
            raise kind(
                f"{self._name}: no connection to {self._host()}: {said}",
                f"see that the server runs; {where(self._name)}",
            ) from None

    @contextmanager
    def _errors(self, table: Table) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DBAPIError, ResourceExtractionError, UnicodeDecodeError, OSError) as error:
            kind, remedy = OntimeError, "mend that in the source, then load again"
            if _is_lost(error):
                kind = PassingError
                remedy = "see that its server runs, then load again; nothing of this read has landed"
            raise kind(f"{self.location(table)}: {self._said(error)}", remedy) from None

    def _said(self, error: BaseException) -> str:
        """What the server or its driver said, without the secrets of the address."""
        while error.__cause__ is not None and not isinstance(error, sa.exc.DBAPIError):
            error = error.__cause__
        if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
            error = error.orig
        said = str(error.args[-1]) if len(error.args) > 1 else first_line(error)
        said = without_secrets(said, self._secrets())
        return said.replace(f"'{self._address.username}'", "***").replace(
            f'"{self._address.username}"', "***"
        )

    def _secrets(self) -> list[str]:
        """What no message may show: the password, and options that hold one."""
        options = {
            name: values for name, values in self._address.normalized_query.items() if _SECRET.search(name)
        }
        return [*filter(None, (self._address.password, *chain(*options.values())))]

    def _host(self) -> str:
        port = f":{self._address.port}" if self._address.port else ""
        return f"{self._address.host}{port}"


def _forget_rest(context: sa.engine.ExceptionContext) -> None:
    """Keeps PyMySQL from reading on where a connection was lost: it would fail again, with tracebacks."""
    cursor = getattr(context.execution_context, "cursor", None)
    result = getattr(cursor, "_result", None)
    if context.is_disconnect and result is not None:
        result.unbuffered_active = False


def _is_lost(error: BaseException | None) -> bool:
    """Whether an error began with a connection that was lost."""
    while error is not None:
        if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
            return True
        error = error.__cause__
    return False


def _sql_table(table: Table, columns: Sequence[sa.Column[Any]]) -> sa.Table:
    """The table with such columns, which SQLAlchemy then does not look up."""
    return sa.Table(table.table, sa.MetaData(schema=table.schema), *columns)
