"""`ontime rollback`."""

from contextlib import nullcontext

import click

from cli.commands.recording import recorded_as
from cli.console import note, timed


@click.command()
@click.option(
    "--to",
    "when",
    metavar="PUBLICATION",
    help="Its number, or a moment that readers saw it. Without: the one before what they see.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def rollback(when: str | None, dry_run: bool) -> None:
    """Give readers what they saw in an earlier publication: rows, columns and views, in one transaction.

    It is a publication of its own: nothing is forgotten, and it can be rolled back too. The next `ontime
    build` publishes nothing until somebody has decided about what was wrong: ontime reject, other code, or
    --again.

    \b
    Examples:
      ontime runs --published
      ontime rollback --dry-run
      ontime rollback
      ontime rollback --to 2024-03-01T12:00
    """
    from cli.operations.rollback import rollback as bring_back
    from cli.runs.record import Run

    # what would change is a question, and no run
    with nullcontext(Run([], None)) if dry_run else recorded_as("transformer") as run, timed("rollback"):
        bring_back(when, run, note, is_dry=dry_run)
