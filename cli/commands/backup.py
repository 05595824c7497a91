"""`ontime backup` and `ontime restore`."""

from pathlib import Path

import click

from cli.commands.recording import recorded_as
from cli.console import note, timed


@click.command()
@click.argument("place", type=click.Path(path_type=Path), required=False)
@click.option(
    "--keep", type=click.IntRange(1), metavar="N", help="Of those in the folder, keep the newest N."
)
def backup(place: Path | None, keep: int | None) -> None:
    """Write all that Postgres holds to a file, while loads and builds go on.

    PLACE is a file, or a folder where it gets a name of its own (.ontime/backups). Beside it stands
    what has to be found in it, as FILE.json: keep both.

    \b
    Examples:
      ontime backup
      ontime backup --keep 4
      ontime backup /mnt/backups/before_upgrade.dump
    """
    from cli.operations.backup import backup as write
    from cli.server.files import backup_folder, state_folder

    with recorded_as("loader"), timed("backup"):
        file = write(place or backup_folder(state_folder()), keep, note)
    note(f"{file}: {file.stat().st_size:,} bytes\nto bring it back: ontime restore {file}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Bring the warehouse to what a backup holds, after comparing it with what was written down of it.

    What was there before stays, as a database of another name.

    \b
    Example:
      ontime restore .ontime/backups/ontime-20261129T104500.dump
    """
    from cli.operations.backup import restore as bring_back

    with timed("restore"):
        before = bring_back(file, note)
    note(
        f"restored; what was there is database {before}: drop it when nobody misses it\n"
        "next: ontime build, which builds everything once, for it is another database"
    )
