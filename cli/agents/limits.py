"""SQL of agents as role reporter: some rows, and some seconds."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from itertools import islice
from typing import Any

import psycopg2
from psycopg2 import extensions

from cli.questions.as_of import Session, session_as_of
from cli.questions.query import answer, explained, write_json
from cli.server.roles import connect_reporter
from ingestion.errors import OntimeError

MOST_ROWS = 1_000
MOST_CHARACTERS = 400_000
SECONDS = 30


@dataclass(frozen=True)
class Rows:
    """Records of an answer; `is_truncated` where there are more than these."""

    columns: list[str]
    records: list[dict[str, Any]]
    is_truncated: bool


@dataclass(frozen=True)
class Reader:
    """Role reporter, read-only; where a moment was named, `then` shows the marts as they were."""

    connection: extensions.connection
    then: Session | None = None

    def statement(self, text: str) -> str:
        return self.then.statement(text) if self.then else text

    def explained(self, error: psycopg2.Error, statement: str) -> OntimeError:
        said = explained(error, statement)
        return OntimeError(self.then.as_asked(said.message), said.remedy) if self.then else said


@contextmanager
def opened_reader(as_of: str = "") -> Iterator[Reader]:
    """Who asks for an agent, now or as of a moment. Raises OntimeError where nothing is known of it."""
    if as_of:
        with session_as_of(as_of) as session:
            yield Reader(session.connection, session)
        return
    with closing(connect_reporter()) as opened:
        opened.set_session(readonly=True)
        yield Reader(opened)


def rows_of(opened: Reader, asked: str, most: int = MOST_ROWS) -> Rows:
    """The first rows of what the server answers to one statement. Raises OntimeError."""
    statement = opened.statement(asked)
    if not 1 <= most <= MOST_ROWS:
        raise OntimeError(
            f"{most:,} rows are asked for, and an answer has 1 to {MOST_ROWS:,}",
            "ask for an aggregate; all rows come as files by: ontime export",
        )
    try:
        found = answer(opened.connection, statement, seconds=SECONDS)
        rows = _in_room(found.rows, most + 1)
    except psycopg2.Error as error:
        raise opened.explained(error, statement) from None
    out = StringIO()
    is_truncated = len(rows) > most or next(found.rows, None) is not None
    opened.connection.rollback()  # ends the cursor, whose name the next question takes
    write_json(replace(found, rows=iter(rows[:most])), out)
    return Rows(found.names, json.loads(out.getvalue()), is_truncated)


def _in_room(rows: Iterator[Sequence[str | None]], most: int) -> list[Sequence[str | None]]:
    found, room = [], MOST_CHARACTERS
    for row in islice(rows, most):
        found.append(row)
        room -= sum(len(value or "") for value in row)
        if room < 0:
            break
    return found
