"""What the pages read: the marts as role reporter, all in one transaction, hence of one publication.

A reader's question may take so much time and room and no more. What the server refuses is a table without
rows that says so: a page shows that in its place, and the site is written.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

from cli.questions.query import APPLY_SETTINGS_OF_ROLE, NUMBERS, TYPE_NAMES, explained
from cli.server.roles import connect_reporter
from cli.site.metrics import with_metrics
from ingestion.errors import OntimeError

QUERIES = Path(__file__).with_name("queries")

IS_PUBLISHED = "select to_regclass('marts.fct_flights') is not null"

MONTH = "{month}"
"""What stands in a question about one month for its first day."""

MORE_THAN_GRANTED = ("57014", "53")
"""How SQLSTATE begins where a statement took too long and was cancelled, or memory or disk ran out."""


@dataclass(frozen=True)
class Table:
    """The answer to one question: its SQL as the page shows it, columns, and rows as Python's values.

    `refused` is what the server said instead of an answer.
    """

    sql: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    refused: str = ""

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers, and stand to the right."""
        return tuple(name in NUMBERS for name in self.types)

    @property
    def count(self) -> int | None:
        """How many rows; None where nobody knows."""
        return None if self.refused else len(self.rows)

    def column(self, name: str) -> list[Any]:
        if self.refused:
            return []
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def __bool__(self) -> bool:
        return bool(self.rows)


class Marts:
    """Answers the questions in `queries/`, each once. `refused` names those that got no answer."""

    def __init__(self, opened: psycopg2.extensions.connection) -> None:
        self._opened = opened
        self._answers: dict[str, Table] = {}
        self.refused: list[str] = []

    def ask(self, name: str) -> Table:
        """The answer to `queries/<name>.sql`. Raises OntimeError where it is wrong, with the place in it."""
        if name not in self._answers:
            self._answers[name] = self._ask(name, sql_of(name))
        return self._answers[name]

    def ask_of_month(self, name: str, month: date) -> Table:
        """The same of a question about one month, which is not kept: years of them would not fit."""
        return self._ask(f"{name} of {month:%Y-%m}", sql_of(name, month))

    def try_sql(self, sql: str) -> Table:
        """The answer to a statement that is not ours: whatever is wrong with it, it is refused."""
        return self._answer(sql, is_ours=False)

    def _ask(self, told: str, sql: str) -> Table:
        answer = self._answer(sql, is_ours=True)
        if answer.refused:
            self.refused.append(f"{told}: {answer.refused}")
        return answer

    def _answer(self, sql: str, is_ours: bool) -> Table:
        with self._opened.cursor() as cursor:
            cursor.execute("savepoint before_a_question")
            try:
                cursor.execute(sql)
                columns = cursor.description or ()
                rows = tuple(cursor.fetchall())
                cursor.execute(TYPE_NAMES, [[column.type_code for column in columns]])
                type_names = dict(cursor.fetchall())
            except psycopg2.Error as error:
                said = explained(error, sql)
                has_gone = self._opened.closed
                if has_gone or (is_ours and not (error.pgcode or "").startswith(MORE_THAN_GRANTED)):
                    raise said from None
                cursor.execute("rollback to savepoint before_a_question")
                return Table(sql, (), (), (), said.message)
            cursor.execute("release savepoint before_a_question")
        names = tuple(column.name for column in columns)
        return Table(sql, names, tuple(type_names[column.type_code] for column in columns), rows)


def sql_of(name: str, month: date | None = None) -> str:
    """`queries/<name>.sql` with its metrics written out, of a month where it asks for one."""
    text = with_metrics((QUERIES / f"{name}.sql").read_text(encoding="utf-8").strip())
    return text if month is None else text.replace(MONTH, month.isoformat())


@contextmanager
def published() -> Iterator[Marts]:
    """The marts as they stand now, whatever is published meanwhile. Raises OntimeError where nothing is."""
    with closing(connect_reporter()) as opened:
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with opened.cursor() as cursor:
            cursor.execute(APPLY_SETTINGS_OF_ROLE)
            cursor.execute(IS_PUBLISHED)
            if cursor.fetchone() != (True,):
                raise OntimeError("nothing is published yet, so there is nothing to show", "ontime build")
        yield Marts(opened)
