"""Readers stop nobody: what role reporter cannot do, and what becomes of those who do what nothing forbids.

On the embedded server, and on one that PGHOST names, where an administrator ran `roles.sql`.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import psycopg2
import psycopg2.extras
import pytest
from psycopg2 import errors

from cli.questions.query import ask
from cli.server import readers
from cli.server.connections import Connection, connection
from cli.server.process import Server
from cli.server.readers import Watch, end_overdue, watched
from cli.server.roles import bootstrap
from tests.ingestion.support import wait_until

Cursor = Any

LOCKS = [
    f"select pg_{kind}({keys})"
    for kind in (
        *("advisory_lock", "advisory_lock_shared", "advisory_xact_lock", "advisory_xact_lock_shared"),
        *("try_advisory_lock", "try_advisory_lock_shared"),
        *("try_advisory_xact_lock", "try_advisory_xact_lock_shared"),
        *("advisory_unlock", "advisory_unlock_shared"),
    )
    for keys in ("1", "1, 2")
] + [
    "select pg_advisory_unlock_all()",
    "begin; lock table marts.trial in share mode",
    "begin; lock table marts.trial in access exclusive mode",
    "begin; lock table marts.view in row exclusive mode",
    "begin; lock table pg_catalog.pg_class in share mode",
    "select * from marts.trial for update",
    "select * from marts.trial for key share",
]

LARGE_OBJECTS = [
    "select lo_create(0)",
    "select lo_creat(-1)",
    "select lo_from_bytea(0, 'x')",
    "select lo_import('/etc/hostname')",
    "select lo_export(1, '/tmp/x')",
    "select lo_open(1, 262144)",
    "select lo_put(1, 0, 'x')",
    "select lo_unlink(1)",
    "select lowrite(1, 'x')",
]

WRITES = [
    "insert into marts.trial values (1)",
    "delete from marts.trial",
    "truncate marts.trial",
    "drop table marts.trial",
    "alter table marts.trial add column mine int",
    "create or replace view marts.view as select 1 as n",
    "comment on table marts.trial is 'mine'",
    "grant select on marts.trial to public",
    "create table marts.mine ()",
    "create table public.mine ()",
    "create temporary table mine ()",
    "select 1 as n into temporary mine",
    "create function pg_temp.mine() returns int language sql as 'select 1'",
    "create schema mine",
    "drop schema marts cascade",
    "select nextval('marts.numbers')",
    "copy marts.trial from program 'echo 1'",
    "copy marts.trial to '/tmp/mine'",
    "alter default privileges grant select on tables to public",
    "drop owned by reporter",
    "create publication mine",
    "create extension if not exists lo",
    "reindex table marts.trial",
    "select pg_logical_emit_message(false, 'x', 'y')",
]

OF_OTHERS = [
    "set role transformer",
    "set session authorization transformer",
    "create role mine",
    "create database mine",
    "alter role reporter connection limit 1000",
    "alter role reporter superuser",
    "alter role loader set work_mem = '1GB'",
    "alter role all set work_mem = '1GB'",
    "alter system set work_mem = '1GB'",
    "grant reporter to loader",
    "set temp_file_limit = -1",
    "alter role reporter reset temp_file_limit",
    "set event_triggers = off",
    "set session_replication_role = replica",
    "select pg_terminate_backend(pg_backend_pid())",
    "select pg_cancel_backend(pg_backend_pid())",
    "select pg_reload_conf()",
    "select pg_read_file('postgresql.conf')",
    "select pg_switch_wal()",
    "select pg_stat_reset()",
    "select pg_create_physical_replication_slot('mine')",
]

# What nothing forbids, and what an open transaction of it may hold.
ALLOWED = [
    "alter role reporter password 'mine'",
    "alter role reporter set statement_timeout = 1",
    "alter role reporter in database {database} set default_transaction_read_only = off",
    "alter role reporter reset all",
    "set statement_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
    "set default_transaction_read_only = off",
    "lock table marts.trial in access share mode",
    "lock table marts.view in access share mode",
    "lock table pg_catalog.pg_proc in access share mode",
    "select * from marts.trial",
    "select pg_export_snapshot()",
    "select pg_notify('anybody', 'there')",
    "listen anybody",
]

STORED = "select count(*) from pg_db_role_setting where setdatabase <> 0 and setrole = 'reporter'::regrole"
ROLES = "select array_agg(to_jsonb(r) - 'rolpassword' order by oid)::text from pg_roles as r"


@pytest.fixture(scope="module", params=["embedded", "named by PGHOST"])
def warehouse(
    request: pytest.FixtureRequest, database: str, warehouse_server: Server
) -> Iterator[Connection]:
    """How reporter logs in, where something is published."""
    reader = connection("reporter")
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "embedded":
            for name, value in connection("postgres").environment().items():
                patch.setenv(name, "127.0.0.1" if name == "PGHOST" else value)
            bootstrap()
        else:
            with closing(connection("transformer").connect()) as opened, opened, opened.cursor() as cursor:
                cursor.execute("create table marts.trial as select 1 as n; create sequence marts.numbers")
                cursor.execute("create view marts.view as select n from marts.trial")
        yield reader


@pytest.fixture
def looking(warehouse: Connection) -> Iterator[Cursor]:
    with closing(connection("postgres").connect()) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        yield cursor


def log_in(reader: Connection) -> psycopg2.extensions.connection:
    opened = reader.connect()
    opened.autocommit = True
    opened.cursor().execute("set default_transaction_read_only = off; set statement_timeout = 0")
    return opened


def first(cursor: Cursor, question: str) -> Any:
    cursor.execute(question)
    return cursor.fetchone()[0]


def test_a_reader_is_denied_what_others_wait_for_and_what_writes(
    warehouse: Connection, looking: Cursor
) -> None:
    probes = [*LOCKS, *LARGE_OBJECTS, *WRITES, *OF_OTHERS]
    assert len(probes) > 60
    let_through = []
    with closing(log_in(warehouse)) as opened, opened.cursor() as cursor:
        for probe in probes:
            try:
                cursor.execute(probe)
                let_through.append(probe)
            except errors.InsufficientPrivilege:
                pass
            except psycopg2.Error as error:
                let_through.append(f"{probe}: {error}")
            cursor.execute("rollback")
        assert let_through == []
        assert first(cursor, "select n from marts.trial") == 1
    with pytest.raises(psycopg2.OperationalError, match="CONNECT privilege"):
        psycopg2.connect(**warehouse.as_psycopg2() | {"dbname": "postgres"})


def test_what_nothing_forbids_stops_no_work_and_is_gone_after_ontime_up(
    warehouse: Connection, looking: Cursor, capfd: pytest.CaptureFixture[str]
) -> None:
    before = first(looking, ROLES)
    with closing(log_in(warehouse)) as opened, opened.cursor() as cursor:
        for stored in ALLOWED[1:3]:
            cursor.execute(stored.format(database=warehouse.database))
    assert first(looking, STORED) == 1
    bootstrap()
    with ExitStack() as sessions:
        for allowed in ALLOWED:
            opened = sessions.enter_context(closing(log_in(warehouse)))
            with opened.cursor() as cursor:
                cursor.execute("begin; set local lock_timeout = '10ms'")
                with suppress(errors.LockNotAvailable):  # another one of these holds it
                    cursor.execute(allowed.format(database=warehouse.database))
        bootstrap()  # would it wait for them, it would for ever
        for role in ("loader", "transformer"):
            with closing(connection(role).connect()) as opened, opened, opened.cursor() as cursor:
                cursor.execute("select pg_advisory_lock(1), pg_advisory_unlock(1)")
                cursor.execute("create temporary table mine as select 1")
    assert first(looking, ROLES) == before
    assert first(looking, STORED) == 0


def test_a_reader_has_limits_from_the_start(warehouse: Connection) -> None:
    settings = ("default_transaction_read_only", "statement_timeout", "temp_file_limit")
    with closing(warehouse.connect()) as opened, opened.cursor() as cursor:
        assert [first(cursor, f"show {name}") for name in settings] == ["on", "1min", "10GB"]
        assert first(cursor, "show idle_in_transaction_session_timeout") == "10min"


def test_readers_leave_connections_for_others(warehouse: Connection, looking: Cursor) -> None:
    with ExitStack() as sessions:
        with pytest.raises(Exception, match="too many connections") as failure:
            for _ in range(31):
                sessions.enter_context(closing(warehouse.connect()))
        assert "try again" in failure.value.remedy  # type: ignore[attr-defined]
        bootstrap()


def test_a_password_that_a_reader_changed_is_set_again(
    database: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PGHOST", raising=False)
    with closing(log_in(connection("reporter"))) as opened, opened.cursor() as cursor:
        cursor.execute("alter role reporter password 'mine'")
    out = io.StringIO()
    ask("select 1 as one", "csv", out)
    assert out.getvalue() == "one\n1\n"
    assert "somebody changed the password of role reporter" in capfd.readouterr().err


def test_work_waits_for_a_reader_tells_and_ends_it(
    warehouse: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended as soon as it was told of."""
    monkeypatch.setitem(readers.SECONDS_TO_WAIT_FOR, "idle in transaction", 3600)
    monkeypatch.setattr(readers, "SECONDS_BETWEEN_LOOKS", 0.1)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        readers.SECONDS_TO_WAIT_FOR["idle in transaction"] = 0

    with closing(log_in(warehouse)) as reading, reading.cursor() as reader:
        reader.execute("begin; select * from marts.view")
        who = f"reporter (server process {reading.info.backend_pid}, idle in transaction)"
        with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor:
            with watched(connection("transformer"), say):
                cursor.execute("set lock_timeout = '5min'; alter table marts.trial add column more int")
            opened.rollback()
        with pytest.raises(psycopg2.OperationalError):
            reader.execute("select 1")
    assert said == [
        f"waiting for {who}, which is ended after 3600 s",
        f"ended {who}: the build waited for it for 0 s",
    ]


def test_others_than_readers_are_not_ended(warehouse: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(readers.SECONDS_TO_WAIT_FOR, "idle in transaction", 0)
    monkeypatch.setattr(readers, "SECONDS_BETWEEN_LOOKS", 0.05)
    said: list[str] = []
    with closing(connection("postgres").connect()) as reading, reading.cursor() as reader:
        reader.execute("select * from marts.view")
        with (
            closing(connection("transformer").connect()) as opened,
            opened.cursor() as cursor,
            watched(connection("transformer"), said.append),
            pytest.raises(errors.LockNotAvailable),
        ):
            cursor.execute("set lock_timeout = '1s'; alter table marts.trial add column more int")
        reader.execute("select 1")
    assert said == []


OVER_HALF_A_SECOND = """
    select count(*) filter (where state = 'active' and query ~ 'pg_sleep') = 1
        and count(*) filter (where state = 'idle in transaction') = 1
        and max(greatest(query_start, state_change)) < clock_timestamp() - interval '0.6 seconds'
    from pg_stat_activity
    where pid = any(%s)
"""


def test_readers_beyond_all_limits_are_ended(warehouse: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    for state in readers.SECONDS_AT_MOST:
        monkeypatch.setitem(readers.SECONDS_AT_MOST, state, 0.5)
    said: list[str] = []
    with (
        closing(log_in(warehouse)) as idle,
        closing(psycopg2.connect(**warehouse.as_psycopg2(), async_=1)) as busy,
        closing(connection("transformer").connect()) as opened,
        opened.cursor() as cursor,
    ):
        idle.cursor().execute("begin")
        psycopg2.extras.wait_select(busy)
        busy.cursor().execute("set statement_timeout = 0; select pg_sleep(1000)")
        pids = [idle.info.backend_pid, busy.info.backend_pid]
        wait_until(OVER_HALF_A_SECOND, pids)
        end_overdue(cursor, said.append)
        wait_until("select count(*) = 0 from pg_stat_activity where pid = any(%s)", pids)
    assert len(said) == 2
    assert all("too long for a reader" in line for line in said)


def test_a_watch_tells_of_each_reader_once(warehouse: Connection) -> None:
    said: list[str] = []
    with (
        closing(log_in(warehouse)) as reading,
        closing(psycopg2.connect(**connection("transformer").as_psycopg2(), async_=1)) as waiting,
        closing(connection("transformer").connect()) as opened,
        opened.cursor() as cursor,
    ):
        reading.cursor().execute("begin; select * from marts.trial")
        psycopg2.extras.wait_select(waiting)
        waiting.cursor().execute("alter table marts.trial add column more int")
        wait_until(
            "select exists (select from pg_locks where pid = %s and waitstart is not null)",
            waiting.info.backend_pid,
        )
        eyes = Watch(cursor, said.append)
        eyes.look()
        eyes.look()
        reading.cursor().execute("select 1")
        waiting.cancel()
    assert [line.split(" (")[0] for line in said] == ["waiting for reporter"]
