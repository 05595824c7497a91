"""`ontime build`."""

import sys

import click

from cli.console import timed


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[DBT ARGUMENTS]...")
def build(arguments: tuple[str, ...]) -> None:
    """Build and test the marts with dbt, and publish them when every test passed.

    What has changed since the last publication is built, of code and of files, and all that depends on it;
    --plan shows what that is and runs nothing, --all builds and tests everything. A selection builds what it
    names, and what that needs and is not as published; it publishes nothing. Other arguments go to
    `dbt build` as they are.

    \b
    Examples:
      ontime build
      ontime build --plan
      ontime build --all
      ontime build --select agg_carrier_month
    """
    from cli.building.build import build

    with timed("build"):
        code = build(list(arguments))
    sys.exit(code)
