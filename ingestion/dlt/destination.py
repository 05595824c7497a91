"""A dlt destination whose load job lands one file in one transaction (ingestion/landing/landing.py).

    dlt.pipeline("land_bts", destination="ingestion.dlt.destination.Landing", dataset_name="raw_bts")

It is dlt's Postgres destination with one file format more: a job of format `manifest` names a file, and
streams that file to COPY. Jobs of other formats are dlt's own. dlt keeps the schema of the tables and its
table of loads, and runs the jobs in parallel. This builds on dlt's internals, so dlt is pinned, and a test
compares the rows with those of dlt's own way. docs/dlt.md tells it to people who know dlt.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dlt.common.configuration import configspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob, RunnableLoadJob
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.libs.sql_alchemy_shims import URL
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.schema import Schema
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration, PostgresCredentials
from dlt.destinations.impl.postgres.factory import PostgresTypeMapper
from dlt.destinations.impl.postgres.postgres import PostgresClient

from ingestion.database import Connection
from ingestion.dlt.manifest import MANIFEST
from ingestion.errors import OntimeError
from ingestion.forms.planned_file import PlannedFile
from ingestion.landing.landing import land

Land = Callable[[Connection, str, PlannedFile, str], None]
"""Lands a file in this raw schema, in a transaction of its own, for the load with this id.

Raises OntimeError for what trying again cannot mend.
"""

NAME = "landing"
"""What dlt calls the destination, in traces and where its settings stand (`destination.landing`)."""


def land_untold(connection: Connection, schema: str, file: PlannedFile, load_id: str) -> None:
    """Lands a file, and tells nobody how far it is."""
    land(connection, schema, file, load_id, read_so_far=lambda _: None)


@configspec(init=False)
class LandingCredentials(PostgresCredentials):
    """dlt's, which need no SQLAlchemy to be written as an address: importing it takes 0.2 s.

    What is not given comes from the variables of libpq, as an activated `.venv` exports them.
    """

    def on_partial(self) -> None:
        """Called by dlt when no credentials were found."""
        environment = os.environ
        if {"PGHOST", "PGUSER", "PGDATABASE"} <= environment.keys():
            self.host = quote(environment["PGHOST"], safe="")
            self.port = int(environment.get("PGPORT", self.port))
            self.database, self.username = environment["PGDATABASE"], environment["PGUSER"]
            self.password = environment.get("PGPASSWORD", "")
            if options := environment.get("PGOPTIONS"):
                self.query = {"options": options}
            self.resolve()

    def to_url(self) -> URL:
        """The address of the database, with its secrets."""
        query = {name: str(value) for name, value in self.get_query().items()}
        parts = (self.username, self.password, self.host, self.port, self.database)
        return URL.create(self.drivername, *parts, query)


@configspec
class LandingConfiguration(PostgresClientConfiguration):
    """dlt's, with our credentials."""

    credentials: LandingCredentials = None  # type: ignore[assignment]  # as dlt declares what it resolves


class LandingJob(RunnableLoadJob):
    """Lands the file of one manifest."""

    def __init__(self, manifest: str, land: Land) -> None:
        super().__init__(manifest)
        self._land = land
        self._job_client: LandingClient

    def run(self) -> None:
        """Raises dlt's terminal exception for an OntimeError; what else is raised dlt tries five times."""
        file = PlannedFile.from_json(Path(self._file_path).read_text(encoding="utf-8"))
        client = self._job_client.sql_client
        try:
            self._land(client.native_connection, client.dataset_name, file, self._load_id)
        except OntimeError as error:
            raise DestinationTerminalException(error.message) from error


class LandingClient(PostgresClient):
    """dlt's Postgres client, with landing jobs for manifests."""

    land: Land

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        """A landing job for a manifest, else dlt's own job."""
        if file_path.endswith(f".{MANIFEST}"):
            return LandingJob(file_path, self.land)
        return super().create_load_job(table, file_path, load_id, restore)


class _TextTypes(PostgresTypeMapper):
    """Text lands as `text`, for which dlt says `varchar`."""

    sct_to_unbound_dbt = PostgresTypeMapper.sct_to_unbound_dbt | {"text": "text"}
    dbt_to_sct = PostgresTypeMapper.dbt_to_sct | {"text": "text"}


class Landing(postgres):
    """dlt's Postgres destination with landing jobs: `land` lands the file of each."""

    spec = LandingConfiguration  # type: ignore[assignment]  # a narrower one

    def __init__(
        self,
        credentials: LandingCredentials | Mapping[str, Any] | str | None = None,
        land: Land = land_untold,
        destination_name: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(credentials=credentials, destination_name=destination_name or NAME, **settings)  # type: ignore[arg-type]
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

    def capabilities(
        self,
        config: PostgresClientConfiguration | None = None,
        naming: NamingConvention | None = None,
    ) -> DestinationCapabilitiesContext:
        """The same for any configuration, which dlt would resolve each of the twenty times that it asks."""
        found = self._raw_capabilities()
        found.update(self.caps_params)
        return self.adjust_capabilities(found, config, naming)  # type: ignore[arg-type]  # it looks at none

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.supported_loader_file_formats = [
            *(capabilities.supported_loader_file_formats or ()),
            MANIFEST,
        ]
        capabilities.type_mapper = _TextTypes
        return capabilities


Landing.register()


def credentials(connection: Mapping[str, Any]) -> LandingCredentials:
    """dlt's credentials from the arguments of psycopg2.connect. They stay in memory."""
    rest = dict(connection)
    found = LandingCredentials()
    found.host = quote(str(rest.pop("host")), safe="")  # may be the folder of a socket
    found.port = int(rest.pop("port"))
    found.database = rest.pop("dbname")
    found.username = rest.pop("user")
    found.password = rest.pop("password", "")  # with an empty one libpq looks into the user's pgpass file
    found.query = {name: str(value) for name, value in rest.items()}
    return found
