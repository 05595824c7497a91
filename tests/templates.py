"""Databases that are copied instead of made: Postgres copies one in the time of a file.

    with new_database() as name: ...   # as `ontime up` leaves it, and dropped at the end
    keep("sample")                     # the database of the test, as it stands now, is a template
    become("sample")                   # the database of the test is a copy of it from now on

A copy has all that its template has: rows, owners, default privileges, what is published and the state of the
build. Tests' databases bear the same few names again and again: dbt keeps what it read of a project by the
name of the database, and need not read it anew for each (tests/projects.py).
"""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from itertools import count
from typing import Any

from psycopg2 import sql

from cli.building import build_state
from cli.server.connections import connection
from cli.server.process import server
from cli.server.roles import bootstrap, make_roles

_in_use: set[str] = set()


@contextmanager
def new_database() -> Iterator[str]:
    """A database with roles and default privileges; PGDATABASE names it until it is dropped."""
    name = next(name for name in (f"test_{number}" for number in count(1)) if name not in _in_use)
    _in_use.add(name)
    try:
        with on_database(name):
            become(_as_ontime_up_leaves_it(str(server().state)))
            yield name
    finally:
        drop(name)
        _in_use.remove(name)


def keep(template: str) -> None:
    """Make a template of the database of the test; nobody may be connected to it."""
    _copy(os.environ["PGDATABASE"], template)


def become(template: str) -> None:
    """Make the database of the test a copy of a template, whatever it was; it need not be there."""
    _copy(template, os.environ["PGDATABASE"])
    administrator = connection("postgres")
    make_roles(administrator)  # a copy has not the privileges on the database itself
    with closing(administrator.connect()) as opened, opened, opened.cursor() as cursor:
        _sign_states(cursor)


def drop(name: str) -> None:
    with _administrator() as cursor:
        cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@contextmanager
def on_database(name: str) -> Iterator[None]:
    """Work on a database of the current server, which need not be there yet."""
    before = os.environ.get("PGDATABASE")
    os.environ["PGDATABASE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["PGDATABASE"]
        else:
            os.environ["PGDATABASE"] = before


@cache
def _as_ontime_up_leaves_it(state: str) -> str:
    """The template of an empty warehouse on the server of this state folder."""
    name = "empty"
    with on_database(name):
        bootstrap()
    return name


def _copy(source: str, target: str) -> None:
    drop(target)
    with _administrator() as cursor:
        names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
        cursor.execute(sql.SQL("create database {target} template {source}").format(**names))


def _sign_states(cursor: build_state.Cursor) -> None:
    """What is published, stays so: a state bears the checksum of its database (`build_state.checksum`)."""
    cursor.execute("select to_regclass('ops.build_state') is not null")
    if cursor.fetchone() != (True,):
        return
    cursor.execute("select plan_id, state from ops.build_state")
    for plan_id, state in cursor.fetchall():
        checksum = build_state.checksum(cursor, json.dumps(state, sort_keys=True))
        cursor.execute("update ops.build_state set checksum = %s where plan_id = %s", [checksum, plan_id])


@contextmanager
def _administrator() -> Iterator[Any]:
    """A cursor of the administrator, on a database that is never dropped."""
    with on_database("postgres"):
        opened = connection("postgres").connect()
    with closing(opened):
        opened.autocommit = True
        with opened.cursor() as cursor:
            yield cursor
