"""`ontime clean`."""

import click

from cli.console import note


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option(
    "--keep",
    "days",
    type=click.IntRange(1),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="What was written in so many days stays.",
)
def clean(dry_run: bool, days: int) -> None:
    """Remove downloads that landed long ago, and old logs; the warehouse itself stays as it is.

    A file that is needed again is fetched again.

    \b
    Examples:
      ontime clean --dry-run
      ontime clean --keep 30
    """
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
    if not sizes:
        note(f"nothing to remove: all was written in the last {days} days")
