"""Shared fixtures: a warehouse server of the tests' own, and databases on it.

    def test_something(database: str) -> None:            # one database for all tests of this module
        with closing(connection("loader").connect()) as opened: ...

    def test_something_else(fresh_database: str) -> None:  # one database for this test alone

Both are ready to use: `ontime up` was done for them, so the roles, `marts` and the default privileges are
there. While the fixture lives, ONTIME_STATE and PGDATABASE name the server and the database, hence
`cli.server.connections.connection(role)`, `ontime ...` and dbt in child processes all work on them. The
developer's own server is never touched, and no PG* variable of the developer's shell is seen. The server
starts with the first test that asks for it and stops with the session, also after failures and SIGTERM. With
`pytest -n 2` each of the two processes is a session, and has a server of its own.

Databases to read from, MariaDB and a second PostgreSQL, each test on both:

    def test_a_table(source: Database, fresh_database: str) -> None: ...

`source` is empty at the beginning of each test, and the environment holds the address of its reader.
"""

import os
import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

from cli.server.process import Server
from tests.databases import Database, mariadb, second_postgres
from tests.schedule import sort_long_files_first
from tests.servers import running_server, variables_of_servers
from tests.templates import new_database


def pytest_configure() -> None:
    """SIGTERM (a cancelled CI run) ends the session as Ctrl-C does, so that fixtures still clean up.

    How long an example of hypothesis takes says something of the machine, and nothing of ours.
    """
    signal.signal(signal.SIGTERM, _interrupt_once)
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")


def _interrupt_once(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # timeout(1) sends it twice, and would interrupt the cleaning up
    raise KeyboardInterrupt


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    sort_long_files_first(items)


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forgets the server that the shell knows, for instance because `.venv` is activated.

    What killed commands leave in their folder for temporary files, pytest clears away.
    """
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
        for name in variables_of_servers():
            environment.delenv(name)
        yield


@pytest.fixture(scope="module", autouse=True)
def no_server_is_left_to_others(clean_environment: None) -> Iterator[None]:
    """Where one module leaves a server in the environment, others ask that one, in some orders only."""
    before = _variables_of_servers()
    yield
    assert _variables_of_servers() == before


def _variables_of_servers() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("PG")}


@pytest.fixture(scope="session")
def warehouse_server(clean_environment: None) -> Iterator[Server]:
    """The session's server. ONTIME_STATE names it for this process and its children."""
    with pytest.MonkeyPatch.context() as environment, running_server() as server:
        environment.setenv("ONTIME_STATE", str(server.state))
        yield server


@pytest.fixture(scope="module")
def database(warehouse_server: Server) -> Iterator[str]:
    """Name of a database for the tests of one module, which see each other's rows."""
    with new_database() as name:
        yield name


@pytest.fixture
def fresh_database(warehouse_server: Server) -> Iterator[str]:
    """Name of a database for one test."""
    with new_database() as name:
        yield name


SOURCE_SERVERS = {"mariadb": mariadb, "postgresql": second_postgres}


@pytest.fixture(scope="session", params=SOURCE_SERVERS)
def source_server(request: pytest.FixtureRequest, clean_environment: None) -> Iterator[Database]:
    """A running server of either kind. It starts with the first test that asks for it."""
    with SOURCE_SERVERS[request.param]() as server:
        yield server


@pytest.fixture
def source(source_server: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The database `fleet` without tables. ONTIME reads it as tests.databases.READER."""
    for (table,) in source_server.ask(
        "select table_name from information_schema.tables where table_schema in ('fleet', 'public')"
    ):
        source_server.do(f"drop table {table}")
    monkeypatch.setenv("SOURCES__FLEET__CREDENTIALS", source_server.address)
    return source_server
