"""`ontime diff`."""

import sys

import click

from cli.commands.completing import models
from cli.commands.options import listed
from cli.console import FAILED, note


@click.command()
@click.argument("model", shell_complete=models)
@click.option("--where", default="", metavar="SQL", help="Which rows, such as \"carrier_code = 'AA'\".")
@click.option("--limit", type=click.IntRange(min=0), default=5, show_default=True, help="Examples of a kind.")
@click.option("--key", default="", metavar="COLUMNS", help="Pair rows by these instead of the model's key.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--expect-equal", is_flag=True, help="Exit code 1 where anything differs.")
def diff(model: str, where: str, limit: int, key: str, form: str, expect_equal: bool) -> None:
    """Compare a model in your own schemas with production, row by row: added, gone and changed by column.

    Rows are paired by the key in the model's YAML. Versions of history that both have are not read.

    \b
    Examples:
      ontime diff agg_carrier_month
      ontime diff fct_flights --where "flight_month = '2013-07-01'" --limit 20
      ontime diff dim_airports --expect-equal --format json
    """
    from cli.development import diff as work
    from cli.development.show_diff import as_text

    note(f"comparing {model} with production")
    found = work.diff(model, where, limit, listed(key))
    click.echo(found.as_json() if form == "json" else as_text(found))
    if expect_equal and not found.is_equal:
        sys.exit(FAILED)
