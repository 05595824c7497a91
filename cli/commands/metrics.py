"""`ontime metrics`."""

import sys

import click

from cli.commands import completing
from cli.commands.options import as_of_option, format_option, listed, months_option


@click.command()
@click.argument("names", nargs=-1, metavar="[METRIC]...", shell_complete=completing.metrics)
@click.option(
    "--by",
    default="",
    metavar="NAMES",
    help="What to divide by, such as carrier,month.",
    shell_complete=completing.group_bys,
)
@click.option("--where", default="", metavar="SQL", help="Which flights, such as \"origin = 'JFK'\".")
@months_option
@click.option("--having", default="", metavar="SQL", help='Which rows of the answer, such as "flights > 99".')
@click.option("--order", default="", metavar="NAMES", help="Order of the answer; -NAME goes downwards.")
@click.option("--limit", type=click.IntRange(min=0), help="The first rows only.")
@click.option("--sql", "as_sql", is_flag=True, help="Show the SQL and do not ask it.")
@format_option
@as_of_option
def metrics(
    names: tuple[str, ...],
    by: str,
    where: str,
    months: tuple[str, ...],
    having: str,
    order: str,
    limit: int | None,
    as_sql: bool,
    form: str,
    as_of: str | None,
) -> None:
    """Answer metrics of flights, by what you like, from the published marts. Without names: list them.

    \b
    Examples:
      ontime metrics
      ontime metrics on_time_pct --by carrier,month --where "origin = 'JFK'"
      ontime metrics flights mean_arr_delay --by carrier_name --having "flights > 999" --order -mean_arr_delay
      ontime metrics on_time_pct --by month --as-of 2024-03-01
    """
    from cli.development.preview.client import semantic_manifest
    from cli.questions.metrics import Question, listing, read_metrics
    from cli.questions.query import ask

    # a process in the background is for people, who edit and ask again, not for jobs
    defined = read_metrics(warm=lambda: semantic_manifest(may_start=sys.stderr.isatty()))
    if not names:
        click.echo(listing(defined))
        return
    asked = [name for text in names for name in listed(text)]
    question = Question(tuple(asked), listed(by), where, months, having, listed(order), limit)
    statement = defined.sql(question)
    if as_sql:
        click.echo(statement)
    else:
        ask(statement, form, sys.stdout, as_of)
