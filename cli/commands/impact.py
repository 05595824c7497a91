"""`ontime impact`."""

import click

from cli.commands.completing import models


@click.command()
@click.argument("name", metavar="NAME[.COLUMN]", shell_complete=models)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def impact(name: str, form: str) -> None:
    """Show what a change of a model, column, seed, source or macro reaches, before you make it.

    By column: models (published marts have a star), data tests, unit tests, metrics and exposures. What the
    SQL does not say is told as not known. Needs no server; after an edit dbt compiles the project first.

    \b
    Examples:
      ontime impact fct_flights.arr_delay_minutes
      ontime impact int_airports__time_zones
      ontime impact late_minutes --format json
    """
    from cli.development.show_impact import answer

    click.echo(answer(name, form))
