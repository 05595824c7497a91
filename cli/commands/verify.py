"""`ontime verify`."""

import sys
from pathlib import Path

import click

from cli.console import note, timed


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
def verify(folder: Path) -> None:
    """Prove a copy of what `ontime export` wrote: bytes, columns and rows of each file. Takes no server.

    Exit code 1 when something does not fit; each file is named, and what is wrong with it.

    \b
    Example:
      ontime verify releases/ontime
    """
    from cli.releases.verify import verify as prove

    with timed("verify"):
        found = prove(folder)
        for fault in found.faults:
            click.echo(str(fault))
        if not found.faults:
            note(f"{folder}: {found.files} files with {found.rows:,} rows are as they were written")
    if found.faults:
        note(f"{folder}: {len(found.faults)} things do not fit; download these files again, or export anew")
        sys.exit(1)
