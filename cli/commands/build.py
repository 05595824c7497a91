"""`ontime build`."""

import sys

import click

from cli.commands import completing
from cli.console import note, timed


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument(
    "arguments",
    nargs=-1,
    type=click.UNPROCESSED,
    metavar="[DBT ARGUMENTS]...",
    shell_complete=completing.models,
)
def build(arguments: tuple[str, ...]) -> None:
    """Build and test the marts with dbt, and publish them when every test passed.

    What has changed since the last publication is built, of code and of files, and all that depends on it;
    --plan shows what that is and runs nothing, --all builds and tests everything. A selection builds what it
    names, and what that needs and is not as published; it publishes nothing. Other arguments go to
    `dbt build` as they are. After `ontime rollback` nothing is published until somebody has decided about
    what was rolled back, or says --again. After a publication it tells the ten most important alarms of what
    changed.

    \b
    Examples:
      ontime build
      ontime build --plan
      ontime build --all
      ontime build --select agg_carrier_month
    """
    from cli.building.build import build
    from cli.questions.alarms import Published, alarms, as_table, published

    before: list[Published | None] = []  # nothing where nothing ran, so that nothing new costs no look at it
    with timed("build"):
        code = build(list(arguments), lambda: before.append(published()))
    if code == 0 and before and (table := as_table(alarms(*before))):
        note(f"\n{table}")
    sys.exit(code)
