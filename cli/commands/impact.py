"""`ontime impact`."""

import click

from cli.commands.completing import models


@click.command()
@click.argument("name", metavar="[NAME[.COLUMN]]", required=False, shell_complete=models)
@click.option(
    "--seconds", type=click.IntRange(min=1), default=120, show_default=True, help="How long edits are tried."
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def impact(name: str | None, seconds: int, form: str) -> None:
    """Show what a change reaches: of NAME before you make it, without a name what your edits change now.

    Before: a model, column, seed, source or macro, by what the SQL says, without a server. After: what was
    edited is made anew from production's rows, in temporary tables, and compared, and so is what reads it.
    Both by column: models (published marts have a star), data tests, metrics and exposures.

    \b
    Examples:
      ontime impact fct_flights.arr_delay_minutes
      ontime impact late_minutes --format json
      ontime impact
    """
    if name is None:
        from cli.development.show_edits import answer_of_edits

        for part in answer_of_edits(seconds, form):
            click.echo(part)
        return
    from cli.development.show_impact import answer

    click.echo(answer(name, form))
