"""Who asks: marts are read as role reporter, raw text and the ledgers as transformer, both read-only."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg2
import psycopg2.extensions

from cli.questions.as_of import Publication, session_as_of
from cli.questions.published import opened_published
from cli.questions.query import APPLY_SETTINGS_OF_ROLE
from cli.server.connections import connection
from ingestion.errors import OntimeError

Cursor = psycopg2.extensions.cursor
Record = dict[str, Any]


@dataclass
class Session:
    """`marts` reads what is published, `raw` what has landed.

    `schema` is where the marts are read, `as_of` the moment (UTC, without zone) as of which they are read
    there: without one, now. What is the same for all figures of a session is asked once and kept in `kept`.
    """

    marts: Cursor
    raw: Cursor
    schema: str = "marts"
    as_of: datetime | None = None
    kept: dict[Any, Any] = field(default_factory=dict)

    def of_marts(self, statement: str, values: Sequence[Any] = ()) -> list[Record]:
        return _rows(self.marts, statement, values)

    def of_raw(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Record]:
        return _rows(self.raw, statement, values)

    def once(self, key: Any, ask: Any) -> Any:
        """What `ask` gives, asked the first time only."""
        if key not in self.kept:
            self.kept[key] = ask()
        return self.kept[key]


@contextmanager
def opened_session(as_of: str | None = None, seconds_of_raw: int = 0) -> Iterator[Session]:
    """Both, each in a transaction that writes nothing, of one moment; raw text may take so many seconds.

    Raises OntimeError where nothing is published, or of then nothing is known.
    """
    with (
        _readers(as_of) as (reporter, publication),
        closing(connection("transformer").connect()) as transformer,
    ):
        transformer.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with reporter.cursor() as marts, transformer.cursor() as raw:
            marts.execute("select pg_export_snapshot()")
            ((snapshot,),) = marts.fetchall()
            raw.execute("set transaction snapshot %s", [snapshot])
            raw.execute("select set_config('statement_timeout', %s, false)", [f"{seconds_of_raw}s"])
            for cursor in (marts, raw):
                # a statement that is asked once costs more to compile than to run
                cursor.execute("set local jit = off")
            if publication is None:
                yield Session(marts, raw)
            else:
                moment = publication.published_at.astimezone(UTC).replace(tzinfo=None)
                yield Session(marts, raw, publication.schema, moment)


@contextmanager
def _readers(as_of: str | None) -> Iterator[tuple[psycopg2.extensions.connection, Publication | None]]:
    """A connection of reporter, and the publication that it shows where it is not the newest."""
    if as_of is None:
        with opened_published() as opened:
            yield opened, None
        return
    with session_as_of(as_of) as session:
        session.connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with session.connection.cursor() as cursor:
            cursor.execute(APPLY_SETTINGS_OF_ROLE)
        yield session.connection, session.publication


def _rows(cursor: Cursor, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Record]:
    try:
        cursor.execute(statement, values)
    except psycopg2.errors.QueryCanceled as error:
        raise OntimeError(f"the server refuses: {error}".strip(), "explain less: fewer months") from None
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
