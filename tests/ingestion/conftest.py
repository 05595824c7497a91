"""Databases to read from: MariaDB and a second PostgreSQL, each test on both.

The servers start with the first test that asks for them and stop with the session. `source` is empty at the
beginning of each test, and the environment holds the address of its reader.
"""

from collections.abc import Iterator

import pytest

from tests.databases import Database, mariadb, second_postgres

SERVERS = {"mariadb": mariadb, "postgresql": second_postgres}


@pytest.fixture(scope="session", params=SERVERS)
def source_server(request: pytest.FixtureRequest, clean_environment: None) -> Iterator[Database]:
    """A running server of either kind."""
    with SERVERS[request.param]() as server:
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
