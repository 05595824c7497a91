"""dbt in this process, without work that nobody asks for."""

import gc
import re
import sys
from collections.abc import Iterable, MutableMapping, Sequence
from functools import cache, lru_cache
from types import CodeType
from typing import Any

import dbt.compilation
import jinja2
from dbt.adapters.contracts.connection import ConnectionState
from dbt.adapters.postgres.connections import PostgresConnectionManager
from dbt_common import behavior_flags
from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.clients import agate_helper, jinja
from dbt_common.clients.jinja import MacroFuzzEnvironment, NativeSandboxEnvironment

BEGINS_WITH = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*with\b(?:\s+recursive\b)?", re.IGNORECASE | re.DOTALL)
"""A query's `with` and the comments before it."""


def make_dbt_lighter() -> None:
    """Let dbt look for garbage seldom, find a model's first word without a tree of all of them, make what
    tells the types of an answer once, keep a thread's session for its next node, translate the
    Jinja of a text once, and see who asks for a flag without a look at the sources of all callers.
    """
    # its objects live on until it ends: a tenth of its CPU went into looking for garbage among them
    gc.set_threshold(200_000, 20, 20)
    for place, name, lighter in (
        (dbt.compilation, "inject_ctes_into_sql", with_ctes_before),
        (agate_helper, "build_type_tester", type_tester),
        (PostgresConnectionManager, "release", release_session),
        (MacroFuzzEnvironment, "from_string", template),
        (BehaviorFlagRendered, "_default_source", staticmethod(asking_module)),
    ):
        setattr(place, name, lighter)


def with_ctes_before(sql: str, ctes: Sequence[Any]) -> str:
    """A query with the SQL of ephemeral models, or of a unit test's rows, before its own `with`."""
    if not ctes:
        return sql
    added = ",".join(cte.sql for cte in ctes)
    begin = BEGINS_WITH.match(sql)
    return f"{begin[0]}{added}, {sql[begin.end() :]}" if begin else f"with {added} {sql}"


def type_tester(text_columns: Iterable[str], string_null_values: Iterable[str] = ("null", "")) -> Any:
    """What tells the types of an answer's columns: made for each answer, it cost a millisecond each time."""
    return _type_tester(tuple(text_columns), tuple(string_null_values))


_type_tester = cache(agate_helper.build_type_tester)


def template(
    environment: MacroFuzzEnvironment,
    source: str,
    globals: MutableMapping[str, Any] | None = None,  # noqa: A002
) -> jinja2.Template:
    """What renders a text. dbt translates a model's Jinja into Python to read it, and again to compile it."""
    code = _translated(source, isinstance(environment, NativeSandboxEnvironment))
    return environment.template_class.from_code(environment, code, environment.make_globals(globals))


@lru_cache(maxsize=4096)
def _translated(source: str, native: bool) -> CodeType:
    return jinja.get_environment(native=native).compile(source)


def asking_module() -> str:
    """The module that made a flag of dbt's. `inspect.stack()` opens the source of each caller for it: half a
    second for the flags of a start.
    """
    frame = sys._getframe(1)
    while (name := frame.f_globals.get("__name__")) in (__name__, behavior_flags.__name__):
        if frame.f_back is None:
            return "Unknown"
        frame = frame.f_back
    return str(name)


def release_session(manager: PostgresConnectionManager) -> None:
    """End what a node did in its session, and leave the session to the thread's next node.

    dbt connects anew for each node; logging in and reading the catalog again were a sixth of a whole
    build's CPU, server and client. `discard all` is what poolers send between two clients: no temporary
    table, lock or setting outlives its node. A session that cannot be told so, or that a profile gave
    another role, is closed, and the next node has a new one.
    """
    connection = manager.get_if_exists()
    if connection is None:
        return
    if connection.state == ConnectionState.OPEN and not connection.credentials.role:
        try:
            connection.handle.rollback()
            connection.handle.autocommit = True
            with connection.handle.cursor() as cursor:
                cursor.execute("discard all")
            connection.handle.autocommit = False
            connection.transaction_open = False
            return
        except Exception:  # whatever it has, it is no session for others
            connection.transaction_open = False
    _release(manager)


_release = PostgresConnectionManager.release
