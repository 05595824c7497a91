"""What each role may do, on the embedded server and on one that PGHOST names."""

import io
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from cli.questions.query import ask
from cli.server.connections import Role, check_version, connection
from cli.server.process import Server
from cli.server.roles import ROLES_SQL, bootstrap
from ingestion.errors import OntimeError
from tests.servers import running_server

DENIED = errors.InsufficientPrivilege


def run(role: Role, *statements: str) -> Any:
    """Run statements as a role, commit, and give the first value of the last one, if it has one."""
    with closing(connection(role).connect()) as opened, opened, opened.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@pytest.fixture(scope="module")
def filled(database: str) -> str:
    """Tables made after the bootstrap, so that only default privileges can have opened them."""
    run("loader", "create schema raw_trial", "create table raw_trial.flights as select 1 as file_no")
    run("transformer", "create table marts.fct_trial as select 2 as flights")
    run("transformer", "create schema staging", "create table staging.half as select 3 as flights")
    run("transformer", "create view marts.fct_view as select flights from staging.half")
    return database


def test_loader_owns_raw_and_transformer_reads_it(filled: str) -> None:
    run("loader", "insert into raw_trial.flights values (2)", "create index on raw_trial.flights (file_no)")
    assert run("transformer", "select count(*) from raw_trial.flights") == 2
    with pytest.raises(DENIED):
        run("transformer", "delete from raw_trial.flights")
    with pytest.raises(DENIED):
        run("transformer", "create table raw_trial.mine ()")


@pytest.mark.parametrize("table", ["marts.fct_trial", "staging.half"])
def test_loader_sees_nothing_that_was_built(filled: str, table: str) -> None:
    with pytest.raises(DENIED):
        run("loader", f"select * from {table}")


def test_transformer_can_make_schemas_and_temporary_tables(filled: str) -> None:
    run("transformer", "create temporary table t (i int)", "create schema more")


def test_reporter_reads_marts_and_what_views_there_show(filled: str) -> None:
    assert run("reporter", "select flights from marts.fct_trial") == 2
    assert run("reporter", "select flights from marts.fct_view") == 3


@pytest.mark.parametrize("table", ["raw_trial.flights", "staging.half"])
def test_reporter_reads_nothing_else(filled: str, table: str) -> None:
    with pytest.raises(DENIED):
        run("reporter", f"select * from {table}")


def test_nobody_else_gets_in(filled: str) -> None:
    run("postgres", "drop role if exists stranger", "create role stranger login password 'x'")
    arguments = connection("reporter").as_psycopg2() | {"user": "stranger", "password": "x"}
    with pytest.raises(psycopg2.OperationalError, match="CONNECT privilege"):
        psycopg2.connect(**arguments)
    run("postgres", "drop role stranger")


@pytest.mark.parametrize("role", ["loader", "transformer", "reporter"])
def test_nobody_makes_anything_in_public(filled: str, role: Role) -> None:
    with pytest.raises(DENIED):
        run(role, "set transaction read write", "create table public.mine ()")


def test_bootstrap_again_changes_nothing(filled: str) -> None:
    privileges = """
        select array[
            (select array_agg((datname, datacl)::text order by datname) from pg_database)::text,
            (select array_agg((nspname, nspacl)::text order by nspname) from pg_namespace)::text,
            (select array_agg(defaclacl::text order by oid) from pg_default_acl)::text,
            (select array_agg(to_jsonb(r) - 'rolpassword' order by oid) from pg_authid as r)::text,
            (select array_agg(m::text order by oid) from pg_auth_members as m)::text
        ]
    """
    before = run("postgres", privileges)
    bootstrap()
    assert run("postgres", privileges) == before


def test_no_repr_or_error_shows_a_password(database: str) -> None:
    ours = connection("reporter")
    assert ours.password
    assert ours.password not in repr(ours)
    assert ours.environment()["PGPASSWORD"] == ours.password


@pytest.mark.parametrize("version", [150004, 90600])
def test_an_old_server_is_refused_with_the_reason(version: int) -> None:
    with pytest.raises(OntimeError, match=f"PostgreSQL {version // 10_000}; the models use functions"):
        check_version(version)


@pytest.mark.parametrize("version", [160000, 180006])
def test_a_new_enough_server_is_taken(version: int) -> None:
    check_version(version)


# A server that PGHOST names: a second embedded one, reached over TCP as a role of our making.


@pytest.fixture(scope="module")
def other_server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def external(other_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """PG* as its superuser; without any of the roles and databases of an earlier test afterwards."""
    superuser = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(other_server.port),
        "PGUSER": "postgres",
        "PGPASSWORD": other_server.passwords["postgres"],
        "PGDATABASE": "elsewhere",
    }
    for name, value in superuser.items():
        monkeypatch.setenv(name, value)
    yield monkeypatch
    for name, value in (superuser | {"PGDATABASE": "postgres"}).items():
        monkeypatch.setenv(name, value)
    with closing(connection("postgres").connect()) as opened:
        opened.autocommit = True
        with opened.cursor() as cursor:
            cursor.execute("drop database if exists elsewhere with (force)")
            for role in ("loader", "transformer", "reporter", "plain"):
                cursor.execute(f"drop role if exists {role}")


def become(environment: pytest.MonkeyPatch, attributes: str) -> None:
    """Log in from now on as the role `plain` with these attributes."""
    environment.setenv("PGDATABASE", "postgres")
    run("postgres", f"create role plain login password 'plain' {attributes}")
    environment.setenv("PGDATABASE", "elsewhere")
    environment.setenv("PGUSER", "plain")
    environment.setenv("PGPASSWORD", "plain")


def make_database(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PGDATABASE", "postgres")
    with closing(connection("postgres").connect()) as opened:
        opened.autocommit = True
        opened.cursor().execute("create database elsewhere")
    environment.setenv("PGDATABASE", "elsewhere")


@pytest.mark.parametrize("attributes", ["createrole createdb", "superuser"])
def test_external_server_is_set_up_and_used_as_pguser(external: pytest.MonkeyPatch, attributes: str) -> None:
    become(external, attributes)
    bootstrap()
    bootstrap()
    assert run("loader", "select session_user || ' as ' || current_user") == "plain as loader"
    run("loader", "create schema raw_trial", "create table raw_trial.flights as select 1 as file_no")
    run("transformer", "create table marts.fct_trial as select * from raw_trial.flights")
    assert run("reporter", "select * from marts.fct_trial") == 1
    with pytest.raises(DENIED):
        run("reporter", "select * from raw_trial.flights")
    with pytest.raises(DENIED):
        run("loader", "select * from marts.fct_trial")


def test_guards_that_take_a_superuser_are_missed_until_one_made_them(
    external: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    administrator = connection("postgres")
    become(external, "createrole createdb")
    missed = [
        f"role reporter can {can}: have a superuser run roles.sql in database elsewhere"
        for can in (
            "take locks that others wait for",
            "fill the disk with temporary files",
            "drop what was granted to it",
        )
    ]

    def told() -> list[str]:
        bootstrap()
        return [line for line in capsys.readouterr().err.splitlines() if line in missed]

    assert told() == missed
    with closing(administrator.connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute(ROLES_SQL.read_text())
    assert told() == []
    for undone in (
        "alter role reporter reset temp_file_limit",
        "alter event trigger refuse_ddl_of_readers disable",
    ):
        with closing(administrator.connect()) as opened, opened, opened.cursor() as cursor:
            cursor.execute(undone)
    assert told() == missed[1:]


def test_settings_of_reporter_hold_for_questions_to_an_external_server(external: pytest.MonkeyPatch) -> None:
    bootstrap()
    out = io.StringIO()
    ask("select current_user, current_setting('statement_timeout')", "csv", out)
    assert out.getvalue().splitlines()[1] == "reporter,1min"


def test_external_server_without_the_database_and_without_the_right_to_make_it(
    external: pytest.MonkeyPatch,
) -> None:
    become(external, "createrole")
    with pytest.raises(OntimeError, match="no database elsewhere") as failure:
        bootstrap()
    assert "create database elsewhere owner plain" in failure.value.remedy


def test_external_server_without_the_right_to_make_roles(external: pytest.MonkeyPatch) -> None:
    make_database(external)
    become(external, "")
    with pytest.raises(OntimeError, match="may not set up the roles") as failure:
        bootstrap()
    assert str(ROLES_SQL) in failure.value.remedy


def test_an_administrator_can_set_up_an_external_server_by_hand(
    external: pytest.MonkeyPatch, other_server: Server
) -> None:
    """As the head of roles.sql says."""
    make_database(external)
    psql = [str(other_server.binaries / "psql"), "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    administrator = connection("postgres").environment()
    become(external, "")
    commands = re.findall(r"^-- {5}psql (.*)$", ROLES_SQL.read_text(), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        filled_in = command.replace("ontime", "elsewhere").replace("<PGUSER>", "plain")
        arguments = shlex.split(filled_in.replace("cli/server/roles.sql", f"'{ROLES_SQL}'"))
        subprocess.run([*psql, *arguments], env=administrator, check=True)
    bootstrap()
    assert run("transformer", "select current_user") == "transformer"
    run("loader", "create schema raw_trial")


def test_a_server_that_does_not_answer(external: pytest.MonkeyPatch) -> None:
    external.setenv("PGPORT", "1")
    with pytest.raises(OntimeError, match="no connection") as failure:
        connection("reporter").connect()
    assert "PGHOST" in failure.value.remedy
