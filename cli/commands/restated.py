"""`ontime restated`."""

import sys

import click

from cli.commands.options import format_option


@click.command()
@click.option(
    "--month",
    "--months",
    "months",
    multiple=True,
    metavar="MONTH[..MONTH]",
    help="Months such as 2019-01, in detail.",
)
@format_option
def restated(months: tuple[str, ...], form: str) -> None:
    """Show what each release of a month changed: sums of all months; of those that are named also cells of
    carriers and airports, ranks, and the flights that made the difference.

    \b
    Examples:
      ontime restated
      ontime restated --month 2019-01
      ontime restated --month 2019-01..2019-03 --format json > restated.json
    """
    from cli.questions.restated import show_restated

    show_restated(months, form, sys.stdout)
