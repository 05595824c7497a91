"""`ontime down`."""

import click

from cli.console import note
from ingestion.errors import OntimeError


@click.command()
def down() -> None:
    """Stop the embedded Postgres, and the process of previews; the data stays.

    \b
    Example:
      ontime down
    """
    from cli.development.preview.client import stop as stop_previews
    from cli.server import connections, process

    if not connections.is_embedded():
        raise OntimeError(
            "the server that PGHOST names is not ours to stop", "unset PGHOST, then: ontime down"
        )
    if stop_previews():
        note("the process of previews ended")
    note("Postgres stopped" if process.server().stop() else "Postgres did not run")
