"""`ontime preview`."""

import sys

import click

from cli.commands import completing
from cli.commands.options import format_option, listed
from cli.console import note, show_error


@click.command()
@click.argument("model", required=False, shell_complete=completing.models)
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many rows.")
@click.option("--where", default="", metavar="SQL", help="Which rows, such as \"carrier_code = 'UA'\".")
@click.option("--columns", default="", metavar="NAMES", help="Which columns, such as flight_month,flights.")
@click.option(
    "--cte", default="", metavar="NAME", help="The rows of one common table expression of the model."
)
@click.option(
    "--months", multiple=True, metavar="MONTH[..MONTH]", help="Months such as 2013-06..2013-08, or all."
)
@click.option("--count/--no-count", default=True, help="Count the rows, and those of production.")
@click.option("--watch", "is_watching", is_flag=True, help="Show them again whenever a file is saved.")
@click.option("--stop", "is_stopping", is_flag=True, help="End the process that keeps dbt warm.")
@format_option
def preview(
    model: str | None,
    limit: int,
    where: str,
    columns: str,
    cte: str,
    months: tuple[str, ...],
    count: bool,
    is_watching: bool,
    is_stopping: bool,
    form: str,
) -> None:
    """Show rows of a model as it is edited now, within a second or two, and write nothing.

    What was edited above it, or never built, is compiled in; all else is read from production. Models that
    hold history show the newest month, or those of --months.

    \b
    Examples:
      ontime preview agg_carrier_month
      ontime preview int_performance__totals --cte fences --months 2013-06..2013-08
      ontime preview agg_carrier_month --watch --where "carrier_code = 'UA'" --columns flight_month,flights
      ontime preview --stop
    """
    from cli.development.preview.client import stop

    if is_stopping:
        note("the process of previews ended" if stop() else "no process of previews runs")
        return
    if model is None:
        raise click.UsageError("which model? for instance: ontime preview agg_carrier_month")
    from cli.development.preview.messages import Question
    from cli.development.preview.show import answer_in_words
    from ingestion.errors import OntimeError

    question = Question(model, limit, where, listed(columns), cte, months, count)
    if not is_watching:
        answer_in_words(question, form, sys.stdout)
        return

    from cli.development.preview.saved import watch

    def again() -> None:
        click.echo("\n", err=True)
        try:
            answer_in_words(question, form, sys.stdout)
        except OntimeError as error:
            show_error(error)

    watch(again)
