"""`ontime down`."""

import click

from cli.console import note
from ingestion.errors import OntimeError


@click.command()
def down() -> None:
    """Stop the embedded Postgres; the data stays.

    \b
    Example:
      ontime down
    """
    from cli.server import connections, process

    if not connections.is_embedded():
        raise OntimeError(
            "the server that PGHOST names is not ours to stop", "unset PGHOST, then: ontime down"
        )
    note("Postgres stopped" if process.server().stop() else "Postgres did not run")
