"""What `ontime status` says: whether Postgres runs, where, how large, and how to connect."""

from contextlib import closing
from dataclasses import dataclass

from cli.server.connections import connection, is_embedded
from cli.server.process import server
from ingestion.errors import OntimeError

FACTS = """
    select current_setting('server_version'),
           current_database(),
           pg_size_pretty(pg_database_size(current_database())),
           coalesce(string_agg(rolname, ', ' order by rolname), 'none yet: ontime up')
    from pg_catalog.pg_roles
    where rolname in ('loader', 'transformer', 'reporter')
"""


@dataclass(frozen=True)
class Status:
    """`text` is for people, one fact a line."""

    running: bool
    text: str


def status() -> Status:
    """Look at the embedded server, or ask the one that PGHOST names."""
    if not is_embedded():
        try:
            return Status(True, _facts({"server": "external, named by PGHOST", "connect": "psql"}))
        except OntimeError as error:
            return Status(False, error.message)
    ours = server()
    if not ours.process_id():
        data = str(ours.data) if ours.data.exists() else "none yet"
        return Status(False, f"Postgres is stopped; start it with: ontime up\n  data      {data}")
    places = {
        "server": f"embedded, process {ours.process_id()}",
        "data": str(ours.data),
        "log": str(ours.log),
        "connect": ". .venv/bin/activate, then psql or dbt (as transformer)",
    }
    return Status(True, _facts(places))


def _facts(places: dict[str, str]) -> str:
    administrator = connection("postgres")
    with closing(administrator.connect()) as opened, opened.cursor() as cursor:
        cursor.execute(FACTS)
        version, database, size, roles = cursor.fetchone() or ("", "", "", "")
    facts = places | {
        "listens": f"port {administrator.port} of {administrator.host}",
        "database": f"{database}, {size}",
        "roles": roles,
    }
    return "\n".join([f"Postgres {version} runs", *(f"  {name:<9} {fact}" for name, fact in facts.items())])
