"""After a failed build: which test, up to five of its rows, the model's file, the command to look closer."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.server.connections import Connection
from ingestion import PROJECT

ROWS_SHOWN = 5
WIDEST = 1_000_000  # characters of a line that is not cut


@dataclass(frozen=True)
class FailingRows:
    """The first rows that a test returned; `columns` names their fields."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def report_failures(outcome: Any, transformer: Connection, target: str) -> None:
    """Print every failure of a dbt run on `target` to stderr; nothing when there is none.

    What was skipped because of a failure is counted only: it says nothing new.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    skipped = 0
    for result in outcome.results:
        status = str(result.status)
        if status == "skipped":
            skipped += 1
        elif status in ("fail", "warn") and is_data_test(result.node):
            report_test(console, result, status, transformer, target)
        elif status in ("error", "fail", "runtime error"):
            report_error(console, result)
    if skipped:
        console.print(f"{skipped} nodes were skipped because of that")


def is_data_test(node: Any) -> bool:
    return str(node.resource_type) == "test"


def report_test(console: Console, result: Any, status: str, transformer: Connection, target: str) -> None:
    """A test that found rows."""
    node = result.node
    console.print(f"\n{status.upper()} {node.name}: {result.message}", style="bold", markup=False)
    if node.description:
        console.print(f"  {node.description}", markup=False)
    for model in tested_models(node):
        console.print(f"  model  {model_file(model)}", markup=False)
    console.print(f"  test   {node.original_file_path}", markup=False)
    show_rows(console, failing_rows(node.compiled_code, transformer))
    look_closer = f"dbt show --target {target} --limit 50 --select {node.name}"
    console.print(f"  -> look closer: {look_closer}", markup=False)


def report_error(console: Console, result: Any) -> None:
    """A model, seed, unit test or hook that could not be run, or a unit test that failed."""
    node = result.node
    console.print(f"\nERROR {node.name}", style="bold", markup=False)
    console.print(f"  file   {node.original_file_path}", markup=False)
    console.print(f"  {result.message}", markup=False)
    remedy = "after the repair: ontime build"
    if str(node.resource_type) != "operation":  # a hook, such as the publication, is no node to select
        remedy += f", or only this: ontime build --select {node.name}"
    console.print(f"  -> {remedy}", markup=False)


def tested_models(node: Any) -> list[str]:
    """Names of the models that a test reads, the one it is attached to first."""
    attached = getattr(node, "attached_node", None)
    names = [attached] if attached else []
    names += [name for name in node.depends_on.nodes if name not in names]
    return [name.split(".", 2)[2] for name in names]


def model_file(name: str) -> str:
    """Path of a model's SQL in the project; of a seed or source, its name."""
    files = PROJECT.glob(f"models/**/{name}.sql")
    return next((str(file.relative_to(PROJECT)) for file in files), name)


def failing_rows(compiled_code: str | None, transformer: Connection) -> FailingRows | None:
    """Run the test's own query again for its first rows; None when it cannot be run."""
    if not compiled_code:
        return None
    with closing(transformer.connect()) as opened, opened.cursor() as cursor:
        try:
            cursor.execute(f"select * from (\n{compiled_code}\n) as failing limit {ROWS_SHOWN}")
        except psycopg2.Error:
            return None
        return FailingRows([column.name for column in cursor.description or ()], cursor.fetchall())


def show_rows(console: Console, found: FailingRows | None) -> None:
    """Print rows as a table; on a terminal that is too narrow for it, a line for each value. None is cut."""
    if found is None or not found.rows:
        return
    cells = [[Text("null" if value is None else str(value)) for value in row] for row in found.rows]
    table = Table(*found.columns, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in cells:
        table.add_row(*row)
    wide = console.options.update(width=WIDEST)
    if console.is_terminal and console.measure(table, options=wide).maximum > console.width:
        for number, row in enumerate(cells, start=1):
            console.print(f"row {number}")
            for column, cell in zip(found.columns, row, strict=True):
                console.print(Text(f"  {column}: ") + cell)
    else:
        console.print(table, width=WIDEST)
