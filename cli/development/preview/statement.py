"""The statement that is asked, around a model's SQL, and its errors at the line of the model."""

import re
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errors

from cli.console import nearest
from cli.development.preview.compiled import Compiled
from cli.development.preview.ctes import only_cte, with_of
from cli.development.preview.history import ALL, Chosen
from cli.development.preview.messages import Question
from cli.development.preview.sessions import SECONDS
from cli.development.preview.words import at
from cli.development.production import published_name
from ingestion import PROJECT
from ingestion.errors import OntimeError
from ingestion.sources.bts import months_of

_NAME = re.compile(r'"([^"]+)"|column (\S+) does not exist')


@dataclass(frozen=True)
class Statement:
    """`select columns from (rows) as preview where ... limit ...`; `rows` are the model's, or of its CTE."""

    made: Compiled
    cte: str
    columns: str
    rows: str
    conditions: tuple[str, ...]
    limit: int

    @classmethod
    def of(cls, made: Compiled, question: Question, chosen: Chosen) -> "Statement":
        """Raises OntimeError for a CTE or months that are not there."""
        columns = ", ".join('"' + name.replace('"', '""') + '"' for name in question.columns)
        rows = only_cte(made.sql, question.cte, made.node.name) if question.cte else made.sql
        conditions = [f"(\n{question.where}\n)"] if question.where.strip() else []
        conditions += months_of_rows(made.node, question, chosen)
        # one more than is shown tells whether there are more
        return cls(made, question.cte, columns or "*", rows, tuple(conditions), question.limit + 1)

    @property
    def prefix(self) -> str:
        return f"select {self.columns} from (\n"

    @property
    def sql(self) -> str:
        return f"{self.prefix}{self.rows}\n) as preview{where(*self.conditions)}\nlimit {self.limit}"


def where(*conditions: str) -> str:
    return f" where {' and '.join(conditions)}" if conditions else ""


def month_column(node: Any) -> str | None:
    """The column with the month of a mart's rows."""
    column = (node.config.get("meta") or {}).get("tested_by_month")
    return str(column) if column else None


def dates(months: Any) -> str:
    return ", ".join(f"date '{month}'" for month in months)


def months_of_rows(node: Any, question: Question, chosen: Chosen) -> list[str]:
    """The condition for months that were asked for of what is not computed now."""
    if question.months in ((), (ALL,)) or chosen.of_model:
        return []
    column = month_column(node)
    if column is None or question.cte:
        raise OntimeError(
            f"{node.name} has no months to choose from: no history is computed for it",
            "leave --months out, or say which rows with --where",
        )
    return [f"{column} in ({dates(months_of(question.months))})"]


def explained(error: psycopg2.Error, asked: Statement, opened: Any) -> OntimeError:
    """What Postgres said, at the line of the model, with its hint or the nearest name."""
    diagnostics = error.diag
    message = diagnostics.message_primary or str(error).strip()
    if diagnostics.message_detail:
        message += f"\n  {diagnostics.message_detail}"
    if isinstance(error, errors.QueryCanceled):
        return OntimeError(
            f"{asked.made.node.original_file_path}: no rows within {SECONDS} seconds",
            "ask for less: fewer --months, a --where, or one --cte",
        )
    place, line = _place(error, asked)
    remedy = diagnostics.message_hint or _near(error, asked, opened)
    return OntimeError(f"{place}: {message}{line}", remedy or "mend that, and preview again")


def _place(error: psycopg2.Error, asked: Statement) -> tuple[str, str]:
    """Where it is, for people, and that line of the file."""
    diagnostics = error.diag
    is_ours = diagnostics.internal_query == asked.sql
    position = diagnostics.internal_position if is_ours else diagnostics.statement_position
    file = str(asked.made.node.original_file_path)
    if not position:
        return file, ""
    offset = int(position) - 1 - len(asked.prefix)
    if offset < 0:
        return "--columns", ""
    if offset >= len(asked.rows):
        return "--where", ""
    inside = with_of(asked.made.sql).end if asked.cte else len(asked.made.sql)
    found = asked.made.place(offset) if offset < inside else None
    if found is None:
        written = asked.rows[:offset].rpartition("\n")[2] + asked.rows[offset:].partition("\n")[0]
        return file, f"\n    {written.strip()}"
    node, number = found
    lines = _text_of(node).splitlines()
    text = lines[number - 1].strip() if number <= len(lines) else ""
    return at(node.original_file_path, number), f"\n    {text}"


def _text_of(node: Any) -> str:
    """The file of a node as it is, with the lines that people count."""
    try:
        return (PROJECT / str(node.original_file_path)).read_text(encoding="utf-8")
    except OSError:
        return str(node.raw_code)


def _near(error: psycopg2.Error, asked: Statement, opened: Any) -> str:
    """The nearest name for one that is not there."""
    found = _NAME.search(error.diag.message_primary or "")
    if not found:
        return ""
    name = (found[1] or found[2]).split(".")[-1]
    if isinstance(error, errors.UndefinedColumn):
        return nearest(name, _columns(asked, opened)) or "see what there is: leave --columns and --where out"
    if isinstance(error, errors.UndefinedTable | errors.InvalidSchemaName):
        known = [*with_of(asked.made.sql).names, *(it.name for it in asked.made.manifest.nodes.values())]
        return nearest(name, known) or "it was never loaded, or never built: ontime load, ontime build"
    return ""


def _columns(asked: Statement, opened: Any) -> set[str]:
    """Columns of the rows, where they can be asked, else of what the model reads."""
    opened.rollback()
    with opened.cursor() as cursor:
        try:
            cursor.execute(f"select * from (\n{asked.rows}\n) as preview limit 0")
            return {column.name for column in cursor.description or ()}
        except psycopg2.Error:
            opened.rollback()
        nodes = asked.made.manifest.nodes
        names = [published_name(nodes[uid]) for uid in asked.made.node.depends_on.nodes if uid in nodes]
        cursor.execute(
            "select distinct attname from pg_attribute where attnum > 0 and not attisdropped"
            " and attrelid in (select to_regclass(name) from unnest(%s::text[]) as asked (name))",
            [names],
        )
        return {name for (name,) in cursor.fetchall()}
