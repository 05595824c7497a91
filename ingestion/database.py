"""The few things about psycopg2 that several modules need."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.errors
import psycopg2.extensions
from psycopg2 import sql

from ingestion.errors import OntimeError, PassingError, chain_of

Connection = psycopg2.extensions.connection
Cursor = psycopg2.extensions.cursor


def connect(arguments: Mapping[str, Any]) -> Connection:
    """A connection in autocommit: `with connection:` around statements makes them one transaction.

    `arguments` are those of psycopg2.connect. Raises OntimeError when the server cannot be reached.
    """
    try:
        connection: Connection = psycopg2.connect(**arguments)
    except psycopg2.OperationalError as error:
        kind = PassingError if is_busy(error) else OntimeError
        raise kind(f"no connection to Postgres: {first_line(error)}", "start it with `ontime up`") from None
    connection.autocommit = True
    return connection


def commit_durably(connection: Connection) -> None:
    """Let the commit of the transaction that has begun wait for the disk: what is told of, is there for good.

    The embedded server commits without waiting (`synchronous_commit = off`), which is quick where a build
    makes a hundred tables: what it committed within the last half second is gone when it is killed.
    """
    with connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit to on")


def is_busy(refusal: psycopg2.OperationalError) -> bool:
    """Whether a server lets nobody in for now, and later does, without anybody's doing."""
    words = "too many connections", "connection slots", "starting up", "shutting down", "recovery mode"
    return any(word in str(refusal) for word in words)


@contextmanager
def not_shown() -> Iterator[None]:
    """While this lasts, psycopg2 shows nothing: of a server that ends within COPY it prints, and raises less.

    It prints by what else Python calls for an error that ends the process.
    """
    shows = sys.excepthook
    sys.excepthook = lambda *_: None
    try:
        yield
    finally:
        sys.excepthook = shows


def columns_there(connection: Connection, schema: str) -> dict[str, set[str]]:
    """The columns of each table that a schema has; nothing when there is no such schema."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select relname, array_agg(attname::text)
            from pg_class
            inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
            where relnamespace = to_regnamespace(quote_ident(%s)) and relkind = 'r'
            group by relname
            """,
            (schema,),
        )
        return {table: set(columns) for table, columns in cursor.fetchall()}


def identity(cursor: Cursor) -> str:
    """What tells a database from all others; it does not come along in a dump."""
    cursor.execute(
        "select system_identifier || ' ' || oid from pg_control_system(), pg_database "
        "where datname = current_database()"
    )
    ((found,),) = cursor.fetchall()
    return str(found)


def listed(columns: Iterable[str], table: str | None = None) -> sql.Composed:
    """Columns for a statement, separated by commas, each after the name of its table if that is given."""
    names = (sql.Identifier(table, column) if table else sql.Identifier(column) for column in columns)
    return sql.SQL(", ").join(names)


def equal(columns: Iterable[str], one: str, other: str) -> sql.Composed:
    """That these columns of two tables of a statement are equal."""
    pairs = (
        sql.SQL("{} = {}").format(sql.Identifier(one, column), sql.Identifier(other, column))
        for column in columns
    )
    return sql.SQL(" and ").join(pairs)


def refused(what: str, error: psycopg2.Error) -> OntimeError:
    """The error of a server that did not do `what`: the first line that it said. A full disk stays full."""
    is_full = disk_full(error) is not None
    may_pass = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not is_full
    kind = PassingError if may_pass else OntimeError
    remedy = "make room where Postgres keeps its data" if is_full else "look at `ontime status`"
    return kind(f"{what}: Postgres says: {first_line(error)}", f"{remedy}, then load again")


def disk_full(error: BaseException | None) -> BaseException | None:
    """The error of a full disk among those that led to this one.

    A server without room for its log stops, and the connection then has an error of its own.
    """
    return next((it for it in chain_of(error) if isinstance(it, psycopg2.errors.DiskFull)), None)


def first_line(error: BaseException) -> str:
    """What an error says first, or its name when it says nothing."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
