"""Ask the marts one question as role reporter, and write the answer as table, CSV or JSON.

Rows come in batches from a cursor on the server, so that memory does not grow with the answer. Values are
written as Postgres spells them and never turned into Python's types: a numeric keeps all of its digits.
"""

import json
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import IO

import psycopg2
import psycopg2.extensions
from psycopg2 import errors
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.console import printable
from cli.server.roles import connect_reporter
from ingestion.errors import OntimeError

Value = str | None
Row = Sequence[Value]

BATCH_ROWS = 2_000
TABLE_ROWS = 200
NULL = "∅"

# The server itself takes the statement apart here, and refuses a second one, or one that returns no rows.
# DECLARE CURSOR with the statement pasted behind it would run a second one unseen.
OPEN_CURSOR = """
    do $$
    declare
        answer refcursor := 'answer';
    begin
        open answer for execute current_setting('ontime.statement');
    end
    $$
"""

# A role's settings hold for whoever logs in as it, but on an external server the role is set after the login.
# What only a superuser may set, the role itself may not.
APPLY_SETTINGS_OF_ROLE = """
    select set_config(pg_settings.name, substr(stored.setting, strpos(stored.setting, '=') + 1), false)
    from pg_catalog.pg_roles
    cross join unnest(pg_roles.rolconfig) as stored (setting)
    inner join pg_catalog.pg_settings on pg_settings.name = split_part(stored.setting, '=', 1)
    where pg_roles.rolname = current_user and pg_settings.context = 'user'
"""

TYPE_NAMES = "select oid, typname from pg_catalog.pg_type where oid = any(%s)"

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)

NUMBERS = {"int2", "int4", "int8", "oid", "float4", "float8", "numeric"}
NOT_JSON_NUMBERS = {"NaN", "Infinity", "-Infinity"}


@dataclass(frozen=True)
class Answer:
    """Columns of a result, each a name and the name of its Postgres type, and its rows as they come."""

    names: list[str]
    types: list[str]
    rows: Iterator[Row]


def ask(statement: str, form: str, out: IO[str], as_of: str | None = None) -> bool:
    """Write the answer to `statement` to `out`; `form` is table, csv or json. Returns whether it has rows.

    With `as_of` marts are asked as they were then (cli/questions/as_of.py). Raises OntimeError.
    """
    if "\0" in statement:
        raise OntimeError("the statement has a NUL character in it", "remove it")
    if not COMMENT.sub("", statement).strip("; \t\r\n"):
        raise OntimeError(
            "there is no statement, only comments or nothing", "ask with one select, values or show"
        )
    write = {"table": write_table, "csv": write_csv, "json": write_json}[form]
    with _asked(statement, as_of) as found:
        first = list(islice(found.rows, 1))
        write(replace(found, rows=chain(first, found.rows)), out)
        return bool(first)


@contextmanager
def _asked(statement: str, as_of: str | None) -> Generator[Answer]:
    """The answer, as long as its session lasts; what the server says against it comes as OntimeError."""
    if as_of is None:
        with closing(connect_reporter()) as opened:
            try:
                opened.set_session(readonly=True)
                yield answer(opened, statement)
            except psycopg2.Error as error:
                raise explained(error, statement) from None
        return
    from cli.questions.as_of import session_as_of  # only here: it imports sqlglot

    with session_as_of(as_of) as session:
        of_then = session.statement(statement)
        try:
            yield answer(session.connection, of_then)
        except psycopg2.Error as error:
            told = explained(error, of_then)
            raise OntimeError(session.as_asked(told.message), told.remedy) from None


def write_csv(answer: Answer, out: IO[str]) -> None:
    """RFC 4180 with a header. A null is empty, an empty text `""`; lines end in LF, as in a shell."""
    for row in chain([answer.names], answer.rows):
        out.write(",".join(map(_csv_field, row)) + "\n")


def write_json(answer: Answer, out: IO[str]) -> None:
    """An array of objects, one on each line."""
    for name in answer.names:
        if answer.names.count(name) > 1:
            raise OntimeError(
                f'two columns are named "{name}", and a JSON object can hold one',
                f"give one of them another name: ... as {name}_2",
            )
    keys = [json.dumps(name, ensure_ascii=False) for name in answer.names]
    encoders = [_json_encoder(name) for name in answer.types]
    before = "[\n"
    for row in answer.rows:
        values = ("null" if v is None else encode(v) for encode, v in zip(encoders, row, strict=True))
        out.write(before + "{" + ", ".join(f"{k}: {v}" for k, v in zip(keys, values, strict=True)) + "}")
        before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def write_table(answer: Answer, out: IO[str]) -> None:
    """For the eye: at most TABLE_ROWS rows; on a terminal that is too narrow, one line for each value."""
    rows = list(islice(answer.rows, TABLE_ROWS))
    more = next(answer.rows, None) is not None
    console = Console(file=out, highlight=False)
    if not console.is_terminal:
        console.width = 1_000_000  # a file or pipe gets every value whole
    cells = [[_cell(value) for value in row] for row in rows]
    widths = (
        max(text.cell_len for text in column) for column in zip(map(Text, answer.names), *cells, strict=True)
    )
    if sum(width + 3 for width in widths) < console.width:
        console.print(_grid(answer, cells))
    else:
        for number, row in enumerate(cells, start=1):
            console.print(_record(answer, number, row))
    if more:
        console.print(f"(the first {TABLE_ROWS} rows; all of them with --format csv or json)")
    else:
        console.print(f"({len(rows)} {'row' if len(rows) == 1 else 'rows'})")


def explained(error: psycopg2.Error, statement: str) -> OntimeError:
    """What Postgres said, with the place in the statement, and what to do."""
    diagnostics = error.diag
    message = diagnostics.message_primary or str(error).strip()
    position = diagnostics.internal_position if diagnostics.internal_query == statement else None
    if position:
        message += "\n" + _pointed_at(statement, int(position))
    if diagnostics.message_detail:
        message += f"\n  {diagnostics.message_detail}"
    if isinstance(error, errors.InvalidCursorDefinition):
        return OntimeError(
            f"not one statement that returns rows: {message}", "ask with one select, values, show or explain"
        )
    if isinstance(error, errors.QueryCanceled):
        return OntimeError(message, "ask for less: fewer months, an aggregate, or `limit`")
    if isinstance(error, errors.InsufficientPrivilege | errors.ReadOnlySqlTransaction):
        return OntimeError(message, "`ontime sql` reads the schema marts and nothing else")
    if isinstance(error, errors.UndefinedTable):
        listing = "select table_name from information_schema.tables where table_schema = 'marts'"
        return OntimeError(message, diagnostics.message_hint or f'see what there is: ontime sql "{listing}"')
    return OntimeError(message, diagnostics.message_hint or "mend the statement and ask again")


def answer(opened: psycopg2.extensions.connection, statement: str, seconds: int | None = None) -> Answer:
    """What the server answers to one statement, batch by batch. Raises psycopg2.Error.

    `seconds` is how long the server may take for a batch, where that is less than the role has.
    """
    with opened.cursor() as plain:
        plain.execute(APPLY_SETTINGS_OF_ROLE)
        if seconds is not None:
            plain.execute("select set_config('statement_timeout', %s, false)", [f"{seconds}s"])
        plain.execute("select set_config('ontime.statement', %s, true)", [statement])
        plain.execute(OPEN_CURSOR)
        rows = opened.cursor("answer")
        every_type = tuple(psycopg2.extensions.string_types)
        as_spelled = psycopg2.extensions.new_type(every_type, "AS_SPELLED", lambda value, _: value)
        psycopg2.extensions.register_type(as_spelled, rows)
        rows.itersize = BATCH_ROWS
        first = rows.fetchmany(BATCH_ROWS)
        columns = rows.description or ()
        plain.execute(TYPE_NAMES, [[column.type_code for column in columns]])
        type_names = dict(plain.fetchall())
    types = [type_names[column.type_code] for column in columns]
    flags = [index for index, name in enumerate(types) if name == "bool"]
    return Answer([column.name for column in columns], types, _spell_flags(chain(first, rows), flags))


def _spell_flags(rows: Iterator[Row], flags: list[int]) -> Iterator[Row]:
    """Write true and false as SQL and JSON do; on the wire they are t and f."""
    if not flags:
        return rows
    words = {"t": "true", "f": "false", None: None}
    return ([words[v] if i in flags else v for i, v in enumerate(row)] for row in rows)


def _csv_field(value: Value) -> str:
    if value is None:
        return ""
    if value == "" or re.search(r'[",\r\n]', value) or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value


def _json_encoder(type_name: str) -> Callable[[str], str]:
    """How a value of this Postgres type, as Postgres spells it, is written in JSON."""
    if type_name in NUMBERS:
        return lambda value: json.dumps(value) if value in NOT_JSON_NUMBERS else value
    if type_name == "bool":
        return lambda value: "true" if value.startswith("t") else "false"
    if type_name in ("json", "jsonb"):
        return lambda value: value
    if type_name in ("timestamp", "timestamptz"):
        return lambda value: json.dumps(_iso_timestamp(value))
    if type_name.startswith("_"):
        encode = _json_encoder(type_name[1:])
        return lambda value: _json_array(psycopg2.extensions.STRINGARRAY(value, None), encode)
    return lambda value: json.dumps(value, ensure_ascii=False)


def _json_array(values: list[object], encode: Callable[[str], str]) -> str:
    def element(value: object) -> str:
        if isinstance(value, list):
            return _json_array(value, encode)
        return "null" if value is None else encode(str(value))

    return "[" + ", ".join(map(element, values)) + "]"


def _iso_timestamp(value: str) -> str:
    """`2013-01-01 05:15:00+00` as `2013-01-01T05:15:00+00:00`."""
    return re.sub(r"([+-]\d\d)$", r"\1:00", value.replace(" ", "T", 1)) if ":" in value else value


def _cell(value: Value) -> Text:
    if value is None:
        return Text(NULL, style="dim")
    return Text(printable(value))


def _grid(answer: Answer, cells: list[list[Text]]) -> Table:
    table = Table()
    for name, type_name in zip(answer.names, answer.types, strict=True):
        table.add_column(Text(name), justify="right" if type_name in NUMBERS else "left", no_wrap=True)
    for row in cells:
        table.add_row(*row)
    return table


def _record(answer: Answer, number: int, row: list[Text]) -> Table:
    table = Table(title=f"row {number}", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in zip(answer.names, row, strict=True):
        table.add_row(Text(name), value)
    return table


def _pointed_at(statement: str, position: int) -> str:
    """The line with the character at `position` (from 1) and a caret below it."""
    before = statement[: position - 1]
    number, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
    head = f"  line {number}: "
    line = statement.splitlines()[number - 1] if statement else ""
    return f"{head}{line}\n{' ' * (len(head) + column)}^"
