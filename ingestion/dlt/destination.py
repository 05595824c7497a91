"""A dlt destination whose load job lands one file in one transaction (ingestion/landing/landing.py).

dlt keeps the schema of the tables, its own state and its table of loads, and runs the jobs in parallel. What
it takes for the data of a job is a manifest: it names the file, and the job streams that file to COPY. This
builds on dlt's internals, so dlt is pinned, and a test compares the rows with those of dlt's own way.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob, RunnableLoadJob
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema import Schema
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration, PostgresCredentials
from dlt.destinations.impl.postgres.factory import PostgresTypeMapper
from dlt.destinations.impl.postgres.postgres import PostgresClient

from ingestion.database import Connection
from ingestion.errors import OntimeError
from ingestion.forms.planned_file import PlannedFile

Land = Callable[[Connection, PlannedFile, str], None]
"""Lands a file, in a transaction of its own, for the load with this id.

Raises OntimeError for what trying again cannot mend.
"""


class LandingJob(RunnableLoadJob):
    """Lands the file of one manifest."""

    def __init__(self, manifest: str, land: Land) -> None:
        super().__init__(manifest)
        self._land = land
        self._job_client: LandingClient

    def run(self) -> None:
        """Raises dlt's terminal exception for an OntimeError; what else is raised dlt tries five times."""
        file = PlannedFile.from_json(Path(self._file_path).read_text(encoding="utf-8"))
        try:
            self._land(self._job_client.sql_client.native_connection, file, self._load_id)
        except OntimeError as error:
            raise DestinationTerminalException(error.message) from error


class LandingClient(PostgresClient):
    """dlt's Postgres client, with landing jobs for manifests."""

    land: Land

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        """A landing job for a manifest, which travels as a file of format csv; else dlt's own job."""
        if file_path.endswith(".csv"):
            return LandingJob(file_path, self.land)
        return super().create_load_job(table, file_path, load_id, restore)


class _TextTypes(PostgresTypeMapper):
    """Text lands as `text`, for which dlt says `varchar`."""

    sct_to_unbound_dbt = PostgresTypeMapper.sct_to_unbound_dbt | {"text": "text"}
    dbt_to_sct = PostgresTypeMapper.dbt_to_sct | {"text": "text"}


class Landing(postgres):
    """dlt's Postgres destination with landing jobs. `connection` are the arguments of psycopg2.connect."""

    def __init__(self, connection: Mapping[str, Any], land: Land) -> None:
        super().__init__(credentials=credentials(connection))
        self._land = land

    @property
    def client_class(self) -> type[LandingClient]:
        return LandingClient

    def client(
        self, schema: Schema, initial_config: PostgresClientConfiguration | None = None
    ) -> LandingClient:
        client = super().client(schema, initial_config)  # type: ignore[arg-type]
        assert isinstance(client, LandingClient)
        client.land = self._land
        return client

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.type_mapper = _TextTypes
        return capabilities


def credentials(connection: Mapping[str, Any]) -> PostgresCredentials:
    """dlt's credentials from the arguments of psycopg2.connect. They stay in memory."""
    rest = dict(connection)
    found = PostgresCredentials()
    found.host = quote(str(rest.pop("host")), safe="")  # may be the folder of a socket
    found.port = int(rest.pop("port"))
    found.database = rest.pop("dbname")
    found.username = rest.pop("user")
    found.password = rest.pop("password", "")  # with an empty one libpq looks into the user's pgpass file
    found.query = {name: str(value) for name, value in rest.items()}
    return found
