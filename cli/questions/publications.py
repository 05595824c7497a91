"""`ontime runs --published`: the publications that can be asked for (as_of.py), the newest first."""

from contextlib import closing
from typing import IO

import psycopg2
from psycopg2 import errors
from rich.console import Console
from rich.table import Table

from cli.console import some
from cli.questions.query import Answer, answer, write_csv, write_json
from cli.server.connections import connection
from ingestion.errors import OntimeError

WIDTH = 100

_QUESTION = """
    with changes as (
        select
            run_id,
            count(*) as marts,
            sum(row_count) as rows_changed,
            string_agg(subject || ': ' || detail, '; ' order by row_count desc nulls last, subject) as changes
        from ops.runs
        where step = 'publish'
        group by run_id
    )
    select
        published.publication, published.published_at at time zone 'UTC' as published_at_utc,
        published.since = published.publication as is_new_form,
        (to_jsonb(published) ->> 'rolled_back_to')::integer as rolled_back_to,
        published.run_id, command.command, changes.marts, changes.rows_changed, changes.changes
    from past.publications as published
    left join changes using (run_id)
    left join ops.runs as command on command.run_id = published.run_id and command.step = 'command'
    order by published.publication desc
    limit {limit}
"""


def show_publications(limit: int, form: str, out: IO[str]) -> None:
    """Write the last publications to `out`; `form` is table, csv or json. Raises OntimeError."""
    with closing(connection("transformer").connect()) as opened:
        try:
            found = answer(opened, _QUESTION.format(limit=limit))
            if form == "table":
                _write_table(found, out)
            else:
                {"csv": write_csv, "json": write_json}[form](found, out)
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            raise OntimeError(
                "of no publication is known yet what readers saw",
                "the past begins with the next build that publishes: ontime build",
            ) from None
        except psycopg2.Error as error:
            raise OntimeError(f"the publications cannot be read: {error}".strip(), "ontime status") from None


def _write_table(found: Answer, out: IO[str]) -> None:
    """At most 100 columns wide; of what changed, the marts of which the most rows did."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("no", justify="right")
    table.add_column("published (UTC)", width=19, no_wrap=True)
    table.add_column("marts", justify="right")
    table.add_column("rows", justify="right")
    table.add_column("what changed", overflow="fold")
    for values in found.rows:
        row = dict(zip(found.names, values, strict=True))
        changes = (row["changes"] or "nothing but where the past is kept").split("; ")
        told = some(changes, separator="; ")
        if row["rolled_back_to"]:
            told = f"rolled back to {row['rolled_back_to']}: {told}"
        rows = f"{int(row['rows_changed']):,}" if row["rows_changed"] else ""
        table.add_row(row["publication"], (row["published_at_utc"] or "")[:19], row["marts"], rows, told)
    Console(file=out, width=WIDTH, highlight=False).print(table)
