"""`ontime export`."""

from pathlib import Path

import click

from cli.commands.options import listed, months_option
from cli.console import note, timed


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--marts", multiple=True, metavar="NAME", help="This mart alone; may be repeated.")
@months_option
def export(folder: Path, marts: tuple[str, ...], months: tuple[str, ...]) -> None:
    """Write the published marts as Parquet by month, described and with checksums, for people elsewhere.

    Repeated, it writes what changed, and says so in RELEASE_NOTES.md. docs/export.md says what is in it.

    \b
    Examples:
      ontime export releases/ontime
      ontime export summer --marts fct_flights --marts dim_carriers --months 2013-06..2013-08
      ontime verify releases/ontime
    """
    from cli.releases.export import export as write
    from cli.releases.package import Wanted
    from ingestion.sources.bts import months_of

    names = tuple(name for text in marts for name in listed(text))
    by_month = tuple(f"{month:%Y-%m}" for month in months_of(months))
    with timed("export"):
        done = write(folder, Wanted(names, by_month), note)
        for change in done.changes:
            note(f"  {change}".replace("`", ""))
        what = f"{len(done.written)} files written, {done.kept} as they were"
        note(f"{folder}: {what}; {done.rows:,} rows, {done.bytes:,} bytes")
