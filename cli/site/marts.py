"""What the pages read: the marts as role reporter, all in one transaction, hence of one publication.

A reader's question may take so much time and room and no more. What the server refuses is a table without
rows that says so: a page shows that in its place, and the site is written.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

from cli.questions.explain.months import MonthProof, prove_month
from cli.questions.explain.provenance import fingerprints
from cli.questions.explain.sessions import Session, opened_session
from cli.questions.query import NUMBERS, TYPE_NAMES, explained
from cli.questions.restated import statement_of
from cli.site.metrics import with_metrics
from ingestion.errors import OntimeError

QUERIES = Path(__file__).with_name("queries")

SECONDS_OF_A_PROOF = 60
"""How long a statement over raw text may take: what a reader's may."""

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
    """Answers the questions in `queries/`, each once. `refused` names those that got no answer.

    `session` asks for the proofs of figures: it sees the same moment, and raw text as well.
    """

    def __init__(self, session: Session) -> None:
        self._opened = session.marts.connection
        self._session = session
        self._answers: dict[str, Table] = {}
        self._proofs: dict[date, MonthProof | None] = {}
        self.refused: list[str] = []

    @cached_property
    def logic(self) -> tuple[dict[str, str], str | None]:
        """The fingerprints of what makes flights, and when that was published."""
        return fingerprints(self._session, "fct_flights")

    def prove(self, month: date) -> MonthProof | None:
        """The proof of each figure of a month, asked once; None where the server refuses it."""
        if month not in self._proofs:
            self._proofs[month] = self._prove(month)
        return self._proofs[month]

    @property
    def differences(self) -> int:
        """Figures of the months that were proved which raw text does not give."""
        return sum(len(it) for proof in self._proofs.values() if proof for it in proof.different.values())

    def _prove(self, month: date) -> MonthProof | None:
        cursors = self._session.marts, self._session.raw
        for cursor in cursors:
            cursor.execute("savepoint before_a_proof")
        try:
            found = prove_month(self._session, month)
        except (OntimeError, psycopg2.Error) as error:  # raw text may lie elsewhere, or be of another form
            if any(cursor.connection.closed for cursor in cursors):
                raise
            for cursor in cursors:
                cursor.execute("rollback to savepoint before_a_proof")
            said = error.message if isinstance(error, OntimeError) else str(error).strip()
            self.refused.append(f"the proof of {month:%Y-%m}: {said}")
            return None
        for cursor in cursors:
            cursor.execute("release savepoint before_a_proof")
        return found

    def ask(self, name: str) -> Table:
        """The answer to `queries/<name>.sql`. Raises OntimeError where it is wrong, with the place in it."""
        if name not in self._answers:
            self._answers[name] = self._ask(name, sql_of(name))
        return self._answers[name]

    def ask_of_month(self, name: str, month: date) -> Table:
        """The same of a question about one month, which is not kept: years of them would not fit."""
        return self._ask(f"{name} of {month:%Y-%m}", sql_of(name, month))

    def restated(self, months: Sequence[date] = ()) -> Table:
        """What releases changed of all months; of those that are named with cells, ranks and flights."""
        told = f"restatements of {', '.join(f'{month:%Y-%m}' for month in months) or 'all months'}"
        return self._ask(told, statement_of(self._opened, months))

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
    with opened_session(seconds_of_raw=SECONDS_OF_A_PROOF) as session:
        yield Marts(session)
