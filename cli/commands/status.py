"""`ontime status`."""

import sys

import click

NOT_RUNNING = 3


@click.command()
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
