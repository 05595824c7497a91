"""`ontime check`."""

import sys

import click

from cli.console import FAILED


@click.command()
@click.option(
    "--against", default="", metavar="REVISION", help="Compare with a revision of git, such as main."
)
@click.option(
    "--months",
    default="",
    metavar="NUMBER | MONTH..MONTH",
    help="Months to build and compare; else those of your own schemas, of empty ones the last two.",
)
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True)
def check(against: str, months: str, form: str) -> None:
    """Say what CI would say of your change: its lint, its models with what reads them, their tests, and what
    comes out otherwise than in production.

    It is built into your own schemas (`ontime dev`), and nothing is published. Exit code 0: nothing that CI
    would refuse, 1: something.

    \b
    Examples:
      ontime check
      ontime check --against main
      ontime check --format markdown >> "$GITHUB_STEP_SUMMARY"
    """
    from cli.commands.recording import words_of_command
    from cli.development.check.check import check
    from cli.development.check.telling import as_markdown, as_text

    report = check(against, months, words_of_command())
    click.echo(as_markdown(report) if form == "markdown" else as_text(report))
    sys.exit(0 if report.is_ok else FAILED)
