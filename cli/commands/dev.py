"""`ontime dev`."""

import sys

import click

from cli.commands import completing
from cli.commands.recording import words_of_command
from cli.console import FAILED, note, timed


@click.group()
def dev() -> None:
    """Your own schemas, `dev_<user>_*`: a change is tried there, and nothing of it is published.

    What you changed is built into them; all else is read of production, so that a model is there in seconds.

    \b
    Examples:
      ontime dev build
      ontime dev build agg_carrier_month --months 2
      ontime dev status
      ontime dev drop
    """


@dev.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=completing.models)
@click.option("--children", is_flag=True, help="What reads them as well; MODEL+ says it of one.")
@click.option(
    "--months",
    default="",
    metavar="NUMBER | MONTH..MONTH",
    help="The last months only, 2 or 2013-06..2013-08; `all` again all. Else those that the space has.",
)
@click.option("--tests", is_flag=True, help="Test them as well; `ontime check` does, and says more.")
def build(models: tuple[str, ...], children: bool, months: str, tests: bool) -> None:
    """Build what differs from what is published, and what you name, into your own schemas.

    \b
    Examples:
      ontime dev build
      ontime dev build --children --months 2
      ontime dev build agg_carrier_month int_performance__totals+
    """
    from cli.development.space.build import Asked, build_space
    from cli.development.space.telling import tell_built

    with timed("dev build"):
        built = build_space(Asked(models, children, months, tests), words_of_command())
        tell_built(built)
    sys.exit(0 if built.is_ok else FAILED)


@dev.command()
def status() -> None:
    """List what your schemas hold: how old, how large, and what differs from production.

    \b
    Example:
      ontime dev status
    """
    from cli.development.space.contents import read_space
    from cli.development.space.names import own_space
    from cli.development.space.telling import status_table

    space = own_space()
    click.echo(status_table(space, *read_space(space)))


@dev.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(yes: bool) -> None:
    """Remove your own schemas, and nothing else. Says what and how much, and asks.

    \b
    Examples:
      ontime dev drop
      ontime dev drop --yes
    """
    from cli.development.space.drop import drop_space
    from cli.development.space.names import own_space

    space = own_space()

    def agreed(said: str) -> bool:
        note(said)
        return yes or click.confirm("remove all of it?", default=False)

    note(drop_space(space, agreed))
