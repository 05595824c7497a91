"""`ontime clean`."""

from contextlib import closing, nullcontext

import click

from cli.commands.recording import recorded_as
from cli.console import note


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option(
    "--keep",
    type=click.IntRange(1),
    metavar="N",
    help="Of publications, the newest N stay for --as-of and rollback. Without: all of them.",
)
@click.option(
    "--keep-days",
    type=click.IntRange(1),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="Of files, those that were written in so many days stay.",
)
def clean(dry_run: bool, keep: int | None, keep_days: int) -> None:
    """Remove what nobody needs: versions that no publication shows, downloads that landed long ago, old logs;
    with --keep also publications of long ago.

    A version that is needed again is built again, a file is fetched again. What the kept publications show
    stays as it is. Nobody waits for it; while a build runs only files go, and it ends with exit code 75.

    \b
    Examples:
      ontime clean --dry-run
      ontime clean --keep-days 30
      ontime clean --keep 50
    """
    with nullcontext() if dry_run else recorded_as("transformer"):
        # files first: on a full disk the database has no room for its part
        is_clean = not _clean_files(dry_run, keep_days)
        is_clean &= not _clean_warehouse(dry_run, keep)
    if is_clean:
        note(f"nothing to remove: all is needed, or was written in the last {keep_days} days")


def _clean_warehouse(dry_run: bool, keep: int | None) -> bool:
    """Whether there was something that nobody needs."""
    from cli.operations.unneeded import find, remove
    from cli.server.connections import connection
    from ingestion.errors import OntimeError

    try:
        transformer = connection("transformer")
        opened = transformer.connect()
    except OntimeError as error:
        note(f"nothing of the warehouse was looked at: {error.message.splitlines()[0]}")
        return False
    with closing(opened):
        found = find(opened, keep)
    lines = list(found.lines)
    for line in lines:
        note(f"{'would remove' if dry_run else 'removing'} {line}")
    if lines and not dry_run:
        remove(transformer, keep, found)
        note("their room in the database is used again by what comes")
    return bool(lines)


def _clean_files(dry_run: bool, days: int) -> bool:
    """Whether there were files of long ago."""
    from cli.operations.clean import leftovers
    from cli.server.files import cache_folder, state_folder
    from ingestion import PROJECT

    sizes: dict[str, list[int]] = {}
    for leftover in leftovers(state_folder(), cache_folder(), PROJECT, days):
        size = leftover.bytes
        if dry_run or leftover.remove():
            sizes.setdefault(leftover.kind, []).append(size)
    for kind, of_kind in sizes.items():
        note(f"{'would remove' if dry_run else 'removed'} {kind}: {len(of_kind):,}, {sum(of_kind):,} bytes")
    return bool(sizes)
