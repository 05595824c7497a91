"""`ontime sql`."""

import sys

import click

from cli.commands.options import as_of_option, format_option
from cli.console import note


class StatementCommand(click.Command):
    """What begins with `-` and has white space in it is a statement, which a comment precedes, no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        statements = [arg for arg in args if arg.startswith("-") and len(arg.split()) > 1]
        if statements and "--" not in args:
            args = [*(arg for arg in args if arg not in statements), "--", *statements]
        return super().parse_args(ctx, args)


@click.command(cls=StatementCommand)
@click.argument("statement")
@format_option
@as_of_option
@click.option("--expect-none", is_flag=True, help="Exit code 1 when the answer has rows: a check.")
def sql(statement: str, form: str, as_of: str | None, expect_none: bool) -> None:
    """Answer one SQL statement, as role reporter: reads marts, writes nothing. `-` reads it from stdin.

    \b
    Examples:
      ontime sql "select count(*) from marts.fct_flights"
      ontime sql --format csv - < question.sql > answer.csv
      ontime sql --as-of 2024-03-01 "select * from marts.agg_month order by flight_month"
      ontime sql --expect-none "select * from marts.audit_held_files where standing = 'held'"
    """
    from cli.questions.query import ask

    has_rows = ask(sys.stdin.read() if statement == "-" else statement, form, sys.stdout, as_of)
    if expect_none and has_rows:
        note("there are rows, and none was expected")
        sys.exit(1)
