"""`ontime backfill`."""

import sys
from pathlib import Path

import click

from cli.commands.recording import recorded_as
from cli.console import note, timed


@click.command()
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be loaded and built; run nothing.")
@click.option(
    "--months",
    multiple=True,
    metavar="MONTH[..MONTH]",
    help="Months such as 2023-11..2024-02, in place of all that are missing.",
)
@click.option("--source", metavar="SOURCE", help="bts, or an API of weather such as iem.  [default: bts]")
@click.option(
    "--at-once",
    type=click.IntRange(min=1),
    metavar="N",
    help="Months to load before each build.  [default: 3]",
)
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File in orchestration/backfills that says all of this, and why.",
)
def backfill(
    only_plan: bool, months: tuple[str, ...], source: str | None, at_once: int | None, path: Path | None
) -> None:
    """Load the months that `ontime status` shows as missing, a few at a time, and build after these.

    It calls `ontime load` for each month and `ontime build`, and can be repeated; months that are there are
    left alone. Of a reviewed backfill the result stands in .ontime/backfills/.

    Exit code 0: all are there, 75: the same command will get the rest later, 1: something failed.

    \b
    Examples:
      ontime backfill --plan
      ontime backfill
      ontime backfill --months 2023-11..2024-02 --at-once 2
      ontime backfill --source iem
      ontime backfill --file orchestration/backfills/NAME.toml
    """
    from cli.scheduling.backfill import Backfill, plan, read_backfill, run

    given = {
        name: value
        for name, value in {"source": source, "months": months, "at_once": at_once}.items()
        if value is not None and value != ()
    }
    if path and given:
        raise click.UsageError("a file says source, months and how many at once itself")
    planned = plan(read_backfill(path) if path else Backfill(**given))  # type: ignore[arg-type]
    if only_plan:
        click.echo(str(planned))
        return
    for line in planned.without:
        note(line)
    with recorded_as("loader") as kept, timed("backfill"):
        kept.exit_code = code = run(planned)
    sys.exit(code)
