"""SQL of agents as role reporter: some rows, some seconds, and no sums of what cannot be added."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from itertools import islice
from typing import Any

import psycopg2
import sqlglot
from psycopg2 import extensions
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from cli.questions.query import answer, explained, write_json
from cli.server.roles import connect_reporter
from ingestion.errors import OntimeError

MOST_ROWS = 1_000
MOST_CHARACTERS = 400_000
SECONDS = 30

NOT_TO_BE_ADDED = re.compile(r"^(median|p90|mean)_|_pct$|_pct_|_rank$")
"""Columns whose sum or mean over groups is no figure of flights: medians, means, shares and ranks."""


@dataclass(frozen=True)
class Rows:
    """Records of an answer; `is_truncated` where there are more than these."""

    columns: list[str]
    records: list[dict[str, Any]]
    is_truncated: bool


@contextmanager
def opened_reader() -> Iterator[extensions.connection]:
    """Role reporter, read-only, with the seconds of an agent."""
    with closing(connect_reporter()) as opened:
        opened.set_session(readonly=True)
        yield opened


def rows_of(opened: extensions.connection, statement: str, most: int = MOST_ROWS) -> Rows:
    """The first rows of what the server answers to one statement. Raises OntimeError."""
    if not 1 <= most <= MOST_ROWS:
        raise OntimeError(
            f"{most:,} rows are asked for, and an answer has 1 to {MOST_ROWS:,}",
            "ask for an aggregate; all rows come as files by: ontime export",
        )
    try:
        found = answer(opened, statement, seconds=SECONDS)
        rows = _in_room(found.rows, most + 1)
    except psycopg2.Error as error:
        raise explained(error, statement) from None
    out = StringIO()
    is_truncated = len(rows) > most or next(found.rows, None) is not None
    opened.rollback()  # ends the cursor, whose name the next question takes
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


def refuse_what_cannot_be_added(statement: str) -> None:
    """Raises OntimeError for sums and means of medians, means, shares and ranks."""
    try:
        parsed = sqlglot.parse_one(statement, dialect="postgres")
    except SqlglotError:
        return  # Postgres says what is wrong, and where
    for added in parsed.find_all(exp.Sum, exp.Avg):
        for column in added.find_all(exp.Column):
            if NOT_TO_BE_ADDED.search(column.name):
                raise OntimeError(
                    f"{column.name} cannot be added up or averaged over groups: it is no sum of flights",
                    "compute it from marts.fct_flights, such as percentile_cont(0.5) within group (order by"
                    " arr_delay_minutes), or divide sums of counts",
                )
