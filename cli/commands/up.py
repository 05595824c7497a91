"""`ontime up`."""

import click

from cli.console import note, timed


@click.command()
def up() -> None:
    """Start Postgres, and make database and roles where they are missing.

    The embedded server by default; PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE name another one.

    \b
    Example:
      ontime up
    """
    from cli.server import connections, process, roles

    with timed("up"):
        if connections.is_embedded():
            started = process.server().start(note)
            note(f"Postgres {'started' if started else 'runs already'} on port {process.server().port}")
        roles.bootstrap()
