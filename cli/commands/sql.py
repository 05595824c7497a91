"""`ontime sql`."""

import sys

import click

from cli.commands.options import format_option


@click.command()
@click.argument("statement")
@format_option
def sql(statement: str, form: str) -> None:
    """Answer one SQL statement, as role reporter: reads marts, writes nothing. `-` reads it from stdin.

    \b
    Examples:
      ontime sql "select count(*) from marts.fct_flights"
      ontime sql --format csv - < question.sql > answer.csv
    """
    from cli.questions.query import ask

    ask(sys.stdin.read() if statement == "-" else statement, form, sys.stdout)
