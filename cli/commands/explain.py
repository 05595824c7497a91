"""`ontime explain`."""

import json

import click

from cli.commands import completing
from cli.commands.options import as_of_option
from ingestion.errors import OntimeError


@click.command()
@click.argument("subject", metavar="METRIC|MART.COLUMN", shell_complete=completing.metrics)
@click.option("--carrier", help="The carrier's code, such as DL.")
@click.option("--month", help="The month, such as 2013-02.")
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="NAME=VALUE",
    help="What else tells the figure: a dimension of metrics, or a key column of the mart.",
)
@as_of_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def explain(
    subject: str,
    carrier: str | None,
    month: str | None,
    conditions: tuple[str, ...],
    as_of: str | None,
    form: str,
) -> None:
    """Say why a figure is what it is: its definition, flights, files and lines, and the figure anew from raw.

    Exit code 1 when the recomputation gives another figure.

    \b
    Examples:
      ontime explain on_time_pct --carrier DL --month 2013-02
      ontime explain mean_arr_delay --month 2013-02 --where origin=JFK --where dest=LAX
      ontime explain agg_route_month.p90_arr_delay_minutes --month 2013-02 --where origin=JFK --where dest=LAX
      ontime explain on_time_pct --carrier DL --month 2013-02 --as-of 2026-10-31
      ontime explain fct_flights.is_on_time --where flight_key=<key> --format json
    """
    import cli.questions.explain as questions

    where = {name: value for name, value in (("carrier", carrier), ("month", month)) if value is not None}
    for condition in conditions:
        name, equals, value = condition.partition("=")
        if not equals or not name.strip():
            raise OntimeError(f"--where {condition}: not a name and a value", "write --where origin=JFK")
        where[name.strip()] = value.strip()
    with questions.opened_session(as_of) as session:
        explained = questions.explain(subject, where, session)
    if form == "json":
        click.echo(json.dumps(explained.as_dict(), indent=2, ensure_ascii=False))
    else:
        click.echo(explained.as_text(), nl=False)
    if explained.recomputation.verdict == "different":
        click.get_current_context().exit(1)
