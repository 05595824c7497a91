"""What `ontime status` says: whether Postgres runs, where, how large, and how to connect."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

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
    """Whether it runs, in a sentence, and what else is known of it by name."""

    running: bool
    said: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """For people, one fact a line."""
        return "\n".join([self.said, *(f"  {name:<9} {fact}" for name, fact in self.facts.items())])


def status() -> Status:
    """Look at the embedded server, or ask the one that PGHOST names."""
    if not is_embedded():
        try:
            return _running({"server": "external, named by PGHOST", "connect": "psql"})
        except OntimeError as error:
            return Status(False, error.message)
    ours = server()
    if not ours.process_id():
        data = str(ours.data) if ours.data.exists() else "none yet"
        return Status(False, "Postgres is stopped; start it with: ontime up", {"data": data})
    return _running(
        {
            "server": f"embedded, process {ours.process_id()}",
            "data": str(ours.data),
            "log": str(ours.log),
            "connect": ". .venv/bin/activate, then psql or dbt (as transformer)",
        }
    )


def _running(places: Mapping[str, str]) -> Status:
    administrator = connection("postgres")
    with closing(administrator.connect()) as opened, opened.cursor() as cursor:
        cursor.execute(FACTS)
        version, database, size, roles = cursor.fetchone() or ("", "", "", "")
    facts = {
        **places,
        "listens": f"port {administrator.port} of {administrator.host}",
        "database": f"{database}, {size}",
        "roles": roles,
    }
    return Status(True, f"Postgres {version} runs", facts)
