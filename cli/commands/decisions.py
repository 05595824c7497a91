"""`ontime accept` and `ontime reject`."""

import click

from cli.commands.recording import recorded_as
from cli.console import note

remark_option = click.option("--remark", default="", help="Why, for those who ask later.")


@click.command()
@click.argument("file_no", type=int)
@remark_option
def accept(file_no: int, remark: str) -> None:
    """Let a landed file count that is held, and as the newest of those that state the same.

    Who decided, when and why stays in raw.decisions; of a file the newest decision counts, from the next
    build on.

    \b
    Examples:
      ontime accept 17
      ontime accept 17 --remark "BTS withdrew the carrier"
    """
    from cli.loading.decisions import decide_on

    with recorded_as("loader"):
        note(decide_on(file_no, "accept", remark))


@click.command()
@click.argument("file_no", type=int)
@remark_option
def reject(file_no: int, remark: str) -> None:
    """Let a landed file count no longer. A month that it alone states is withdrawn.

    What was published of it stays known as it was; `ontime accept` takes it back.

    \b
    Example:
      ontime reject 17 --remark "the wrong month"
    """
    from cli.loading.decisions import decide_on

    with recorded_as("loader"):
        note(decide_on(file_no, "reject", remark))
