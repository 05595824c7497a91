"""What `ontime build` does in dbt's place gives what dbt gives."""

from threading import RLock
from types import SimpleNamespace
from typing import Any

import pytest
from dbt.adapters.contracts.connection import ConnectionState
from dbt.artifacts.resources.v1.components import InjectedCTE
from dbt.compilation import inject_ctes_into_sql
from dbt_common.behavior_flags import BehaviorFlag, BehaviorFlagRendered
from dbt_common.clients.agate_helper import build_type_tester
from dbt_common.clients.jinja import MacroFuzzEnvironment, get_template, render_template
from dbt_common.exceptions import CompilationError
from psycopg2 import OperationalError

from cli.building.lighter_dbt import asking_module, release_session, template, type_tester, with_ctes_before
from cli.server.connections import connection

CTES = [
    InjectedCTE(id="one", sql=" __dbt__cte__one as (\nselect 1\n)"),
    InjectedCTE(id="two", sql=" __dbt__cte__two as (\nselect 2\n)"),
]


@pytest.mark.parametrize(
    "sql",
    [
        "with a as (select 1) select * from a",
        "\n\n-- with a comment\nWITH\n\na as (select 1) select * from a",
        "/* of two\nlines */ with recursive a as (select 1) select * from a",
        "select 'with' as first_word",
        "-- with\nselect withdrawn from withdrawals",
        "(with a as (select 1) select * from a) union all select 2",
    ],
)
def test_ctes_are_added_where_dbt_adds_them(sql: str) -> None:
    """Of a part in parentheses the `with` is its own."""
    assert with_ctes_before(sql, CTES).split() == inject_ctes_into_sql(sql, CTES).split()
    assert with_ctes_before(sql, []) == sql


def test_a_flag_is_of_the_module_that_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    flag = BehaviorFlag(name="any", default=False, docs_url="any")

    def source() -> str:
        return str(BehaviorFlagRendered(flag, {})._behavior_change_event.flag_source)

    monkeypatch.setattr(BehaviorFlagRendered, "_default_source", staticmethod(asking_module))
    ours = source()
    monkeypatch.undo()
    assert source() == ours == __name__


@pytest.mark.parametrize("native", [True, False], ids=["of YAML", "of SQL"])
def test_a_text_is_rendered_as_dbt_renders_it(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the names of each time, though it is translated once."""

    def rendered() -> list[Any]:
        return [
            render_template(get_template(text, {"given": given}, native=native), {"own": own})
            for text in (
                "{{ [given, own] }}",
                "{% if given %}{{ own | as_number }}{% endif %}",
                "{{ 1 }} {{ own }}",
            )
            for given, own in ((1, "2"), (0, "3"))
        ]

    plain = rendered()
    monkeypatch.setattr(MacroFuzzEnvironment, "from_string", template)
    assert [rendered(), rendered()] == [plain, plain]
    for _ in range(2):
        with pytest.raises(CompilationError, match="Expected an expression"):
            get_template("{% if %}", {})


class Manager:
    """As dbt's manager of connections: one of a thread, and what was closed."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.closed, self.lock = connection, False, RLock()

    def get_if_exists(self) -> Any:
        return self.connection

    def close(self, connection: Any) -> None:
        self.closed = True
        connection.handle.close()


def opened(role: str | None = None) -> Any:
    handle = connection("transformer").connect()
    credentials = SimpleNamespace(role=role)
    return SimpleNamespace(
        state=ConnectionState.OPEN, handle=handle, credentials=credentials, transaction_open=True
    )


def answers(session: Any, *statements: str) -> list[Any]:
    with session.handle.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return [value for (value,) in cursor.fetchall()]


def test_a_session_is_left_to_the_next_node_as_new(database: str) -> None:
    """No row that was not committed, temporary table, lock or setting of a node is seen by the next one."""
    session = opened()
    answers(session, "create temporary table kept as select 1", "set work_mem = '77MB'", "select 1")
    session.handle.commit()
    answers(session, "create schema not_committed", "select pg_advisory_lock(4711)")
    before = answers(session, "select pg_backend_pid()")
    manager: Any = Manager(session)
    release_session(manager)
    assert not manager.closed
    assert not session.transaction_open
    assert answers(session, "select pg_backend_pid()") == before
    assert answers(
        session,
        """
        select relname from pg_class where relname = 'kept'
        union all select nspname from pg_namespace where nspname = 'not_committed'
        union all select name from pg_settings where name = 'work_mem' and source = 'session'
        union all select 'a lock' from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
        """,
    ) == []  # fmt: skip
    session.handle.close()


def test_a_session_that_is_gone_or_has_another_role_is_closed(database: str) -> None:
    gone = opened()
    with pytest.raises(OperationalError):
        answers(gone, "select pg_terminate_backend(pg_backend_pid())")
    for session in (gone, opened(role="somebody")):
        manager: Any = Manager(session)
        release_session(manager)
        assert manager.closed
        assert session.handle.closed


def test_types_of_an_answer_are_what_dbt_says() -> None:
    rows = [["1", "2013-01-01", "x", None, "true", "null"], ["2.5", "2013-01-02", "y", "", "false", "null"]]
    names = ["a", "b", "c", "d", "e", "f"]
    for text in ((), ("a", "b")):
        for missing in (("null", ""), ("",)):
            ours, dbts = (make(text, missing) for make in (type_tester, build_type_tester))
            types = [[type(kind) for kind in tester.run(rows, names)] for tester in (ours, dbts)]
            assert types[0] == types[1]
    assert type_tester(["a"]) is type_tester(["a"])
