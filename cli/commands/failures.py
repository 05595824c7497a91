"""`ontime failures`."""

import sys

import click


@click.command()
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Rows of each test.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def failures(limit: int, form: str) -> None:
    """Show what failed in the last build: tests with their rows, and file and record that each came from.

    It was an `ontime build` or plain dbt. Rows are asked again, so that they are those of now.

    \b
    Example:
      ontime failures --limit 50
    """
    from cli.development.failures import show_failures

    show_failures(limit, form, sys.stdout)
