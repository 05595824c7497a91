"""docs/questions.md taken apart, and each of its questions asked of today's marts."""

import csv
import re
from dataclasses import dataclass
from io import StringIO
from typing import Any

from cli.site.marts import Marts, Table
from ingestion import PROJECT
from ingestion.errors import OntimeError

PAGE = PROJECT / "docs" / "questions.md"

QUESTION = re.compile(r"(?ms)^## (\d+)\. ([^\n]+)\n(.*?)(?=^## |\Z)")
PARTS = re.compile(r"(?s)(.*?)```sql\n(.*?)\n```\n\n```csv\n(.*?)\n```")


@dataclass(frozen=True)
class Question:
    """One question of the page: `remark` is its Markdown before the SQL, `stated` the answer, as CSV."""

    number: int
    title: str
    remark: str
    sql: str
    stated: str


@dataclass(frozen=True)
class Asked:
    """A question with what the marts answer."""

    question: Question
    answer: Table

    @property
    def is_as_stated(self) -> bool:
        """Is it the answer of docs/questions.md?"""
        rows = [[spelled(value) for value in row] for row in self.answer.rows]
        return [list(self.answer.names), *rows] == list(csv.reader(StringIO(self.question.stated)))


def read_questions(page: str) -> list[Question]:
    """The questions of the page, in their order. Raises OntimeError for one without SQL and answer."""
    found = []
    for number, title, text in QUESTION.findall(page):
        parts = PARTS.match(text)
        if parts is None:
            raise OntimeError(
                f"question {number} of docs/questions.md has no SQL with its answer",
                "write both below its heading, as the other questions have them",
            )
        remark, sql, stated = parts.groups()
        found.append(Question(int(number), title, remark.strip(), sql, stated))
    return found


def ask(marts: Marts, question: Question) -> Asked:
    return Asked(question, marts.try_sql(question.sql))


def spelled(value: Any) -> str:
    """A value as Postgres and `ontime sql --format csv` spell it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
    return str(value)
