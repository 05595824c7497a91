"""The rows that a failing test found, with the file and the record that each came from."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.console import printable
from cli.server.connections import Connection

WIDEST = 1_000_000  # characters of a line that is not cut

FILE, RECORD = "source_file_no", "source_record_no"
"""What rows of facts carry; a test may show others under the names of the ledgers."""
NAMES = ((FILE, RECORD), ("file_no", "record_no"))

LEDGERS = """
    select nspname from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where relname = 'files' and nspname ~ '^raw_' order by nspname
"""
COLUMNS = (
    "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
)


@dataclass(frozen=True)
class Record:
    """Where a row came from: a raw table, and the file of its ledger."""

    table: str
    file_no: int
    file_name: str
    record_no: int | None

    @property
    def question(self) -> str:
        """SQL that shows what the source said."""
        record = "" if self.record_no is None else f" and record_no = {self.record_no}"
        return f"select * from {self.table} where file_no = {self.file_no}{record}"


@dataclass(frozen=True)
class FailingRows:
    """The first rows that a test returned; `columns` names their fields, `records` say whence each one is."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    records: list[Record | None]


def failing_rows(
    compiled_code: str | None, transformer: Connection, limit: int, relations: Sequence[str] = ()
) -> FailingRows | None:
    """Run the test's own query again for its first rows; None when it cannot be run.

    Rows that do not say whence they are, are looked up in the first of `relations`, such as
    `marts__build.fct_flights`, that has all their columns of `flight_key` and says it.
    """
    if not compiled_code:
        return None
    with closing(transformer.connect()) as opened, opened.cursor() as cursor:
        opened.set_session(readonly=True)
        try:
            cursor.execute(f"select * from (\n{compiled_code}\n) as failing limit {int(limit)}")
            columns = [column.name for column in cursor.description or ()]
            rows = cursor.fetchall()
            numbers = _numbers(cursor, columns, rows, relations)
            return FailingRows(columns, rows, _records(cursor, numbers))
        except psycopg2.Error:
            return None


Numbers = list[tuple[int, int | None] | None]
"""Of each row the number of its file and of its record."""

KEY = "flight_key"


def _numbers(
    cursor: Any, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], relations: Sequence[str]
) -> Numbers:
    for file, record in NAMES:
        if file in columns:
            place = columns.index(file)
            at = columns.index(record) if record in columns else None
            return [
                (row[place], None if at is None else row[at]) if row[place] is not None else None
                for row in rows
            ]
    for relation in relations if KEY in columns else ():
        cursor.execute(COLUMNS, [relation])
        if {KEY, FILE, RECORD} <= {name for (name,) in cursor.fetchall()}:
            keys = [row[columns.index(KEY)] for row in rows]
            names = {name: sql.Identifier(name) for name in (KEY, FILE, RECORD)}
            question = "select {flight_key}, {source_file_no}, {source_record_no} from {relation}"
            cursor.execute(
                sql.SQL(question + " where {flight_key} = any(%s)").format(
                    relation=sql.Identifier(*relation.split(".")), **names
                ),
                [keys],
            )
            known = {key: (file_no, record_no) for key, file_no, record_no in cursor.fetchall()}
            return [known.get(key) for key in keys]
    return [None] * len(rows)


def _records(cursor: Any, numbers: Numbers) -> list[Record | None]:
    files = {number[0] for number in numbers if number}
    if not files:
        return [None] * len(numbers)
    cursor.execute(LEDGERS)
    ledgers = [schema for (schema,) in cursor.fetchall()]
    union = sql.SQL(" union all ").join(
        sql.SQL("select {}, dataset, file_no, file_name from {} where file_no = any(%(files)s)").format(
            sql.Literal(schema), sql.Identifier(schema, "files")
        )
        for schema in ledgers
    )
    cursor.execute(union, {"files": list(files)})
    known = {file_no: (f"{schema}.{dataset}", name) for schema, dataset, file_no, name in cursor.fetchall()}
    return [
        Record(known[number[0]][0], number[0], known[number[0]][1], number[1])
        if number and number[0] in known
        else None
        for number in numbers
    ]


def show_rows(console: Console, found: FailingRows | None) -> None:
    """Print rows as a table; on a terminal that is too narrow for it, a line for each value. None is cut."""
    if found is None or not found.rows:
        return
    cells = [[_cell(value) for value in row] for row in found.rows]
    columns = list(found.columns)
    if any(found.records):
        columns.append("file, record")
        for row, record in zip(cells, found.records, strict=True):
            row.append(Text("" if record is None else printable(_whence(record))))
    table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in cells:
        table.add_row(*row)
    wide = console.options.update(width=WIDEST)
    if console.is_terminal and console.measure(table, options=wide).maximum > console.width:
        for number, row in enumerate(cells, start=1):
            console.print(f"row {number}")
            for column, cell in zip(columns, row, strict=True):
                console.print(Text(f"  {column}: ") + cell)
    else:
        console.print(table, width=WIDEST)


def _cell(value: Any) -> Text:
    return Text("null" if value is None else printable(str(value)))


def _whence(record: Record) -> str:
    return f"{record.file_name}, {record.record_no if record.record_no is not None else '?'}"
