"""`ontime runs`: the last runs, as ops.runs has them (cli/runs/record.py)."""

from collections.abc import Sequence
from contextlib import closing
from typing import IO, Any

import psycopg2
from psycopg2 import errors
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.console import printable
from cli.questions.query import Answer, answer, write_csv, write_json
from cli.runs.record import say_who_was_killed
from cli.server.connections import connection
from ingestion.errors import OntimeError

WIDTH = 100

QUESTION = """
    select
        run_id, parent_run_id, command, outcome, exit_code, detail, row_count, rows_rejected, release,
        started_at at time zone 'UTC' as started_at_utc, ended_at at time zone 'UTC' as ended_at_utc,
        seconds,
        case when outcome not in ('running', 'succeeded') then 'ontime ' || command end as next_command
    from ops.runs
    where step = 'command' {condition}
    order by started_at desc, step_no desc
    limit {limit}
"""
FAILED = "and outcome not in ('running', 'succeeded')"
STYLES = {"succeeded": "green", "running": "blue"}


def show_runs(limit: int, failed: bool, form: str, out: IO[str]) -> None:
    """Write the last `limit` runs to `out`; `form` is table, csv or json. Raises OntimeError.

    Runs that were killed are noted as such first.
    """
    question = QUESTION.format(condition=FAILED if failed else "", limit=limit)
    with closing(connection("transformer").connect()) as opened:
        try:
            with opened, opened.cursor() as cursor:
                say_who_was_killed(cursor)
            found = answer(opened, question)
            if form == "table":
                _write_table(found, out)
            else:
                {"csv": write_csv, "json": write_json}[form](found, out)
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            raise OntimeError("no runs are recorded yet: there is no table ops.runs", "ontime up") from None
        except psycopg2.Error as error:
            raise OntimeError(f"the runs cannot be read: {error}".strip(), "ontime status") from None


def _write_table(found: Answer, out: IO[str]) -> None:
    """At most 100 columns wide: what is longer goes on in the next line."""
    rows = [dict(zip(found.names, row, strict=True)) for row in found.rows]
    console = Console(file=out, width=WIDTH, highlight=False)
    if not rows:
        console.print("no such run is recorded")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("started (UTC)", width=16, no_wrap=True)
    table.add_column("took", justify="right", width=8, no_wrap=True)
    table.add_column("outcome", width=9, no_wrap=True)
    table.add_column("rows", justify="right", width=13, no_wrap=True)
    table.add_column("command, what it said, and what next", overflow="fold")
    for run in rows:
        table.add_row(*_cells(run))
    console.print(table)


def _cells(run: dict[str, Any]) -> Sequence[str | Text]:
    lines = [run["command"] or "", run["detail"] or ""]
    lines.append(f"-> {run['next_command']}" if run["next_command"] else "")
    return (
        (run["started_at_utc"] or "")[:16],
        _duration(run["seconds"]),
        Text(run["outcome"], style=STYLES.get(run["outcome"], "red")),
        f"{int(run['row_count']):,}" if run["row_count"] else "",
        Text("\n".join(line for line in map(printable, lines) if line)),
    )


def _duration(seconds: str | None) -> str:
    """`0.2 s`, `12 min`, `3.5 h`."""
    if seconds is None:
        return ""
    took = float(seconds)
    if took < 60:
        return f"{took:.1f} s"
    return f"{took / 60:.0f} min" if took < 5400 else f"{took / 3600:.1f} h"
