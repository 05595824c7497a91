"""`ontime status`."""

import sys

import click

NOT_RUNNING = 3


@click.command()
def status() -> None:
    """Say whether Postgres runs, where, and how to connect; of what is published, the ten most important
    alarms. Exit code 0: it runs, 3: it does not.

    \b
    Example:
      ontime status
    """
    from cli.questions.alarms import alarms, as_table
    from cli.server.status import status

    now = status()
    click.echo(now.text)
    if now.running and (table := as_table(alarms())):
        click.echo(f"\n{table}")
    sys.exit(0 if now.running else NOT_RUNNING)
