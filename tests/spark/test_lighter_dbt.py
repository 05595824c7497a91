"""Sessions of the Thrift server, as `ontime spark build` lets dbt use them."""

from threading import RLock
from types import SimpleNamespace
from typing import Any

import pytest

from cli.spark.lighter_dbt import make_dbt_lighter, release_session

pytest.importorskip("pyhive", reason="run: make spark")

FINISHED, ERROR = 2, 5  # states of a statement, of HiveServer2's protocol


class Cursor:
    """As PyHive's: what it was asked, and whether the server was told to forget it."""

    def __init__(self, state: int) -> None:
        self.state, self.asked, self.closed = state, "", False

    def execute(self, sql: str, _bindings: Any, async_: bool) -> None:
        assert async_
        self.asked = sql

    def poll(self) -> Any:
        message = "no" if self.state == ERROR else ""
        return SimpleNamespace(operationState=self.state, errorMessage=message)

    def close(self) -> None:
        self.closed = True


class Session:
    """As PyHive's connection."""

    def __init__(self, *states: int) -> None:
        self.states, self.closed = list(states), False
        self.cursors: list[Cursor] = []

    def cursor(self) -> Cursor:
        self.cursors.append(Cursor(self.states[len(self.cursors)]))
        return self.cursors[-1]

    def close(self) -> None:
        self.closed = True
        if ERROR in self.states:
            raise ConnectionError("the server is gone")


class Manager:
    """As dbt's manager of connections: one of a thread."""

    def __init__(self, handle: Any) -> None:
        self.connection, self.lock = SimpleNamespace(state="open", handle=handle), RLock()

    def get_if_exists(self) -> Any:
        return self.connection

    def close(self, connection: Any) -> None:
        connection.handle.close()


def after_a_node(*states: int) -> Session:
    """What is left of a session when dbt has asked statements of a node in it, and released it."""
    from dbt.adapters.spark.connections import PyhiveConnectionWrapper
    from dbt_common.exceptions import DbtDatabaseError

    make_dbt_lighter()
    session = Session(*states)
    handle = PyhiveConnectionWrapper(session, poll_interval=0)
    for number, state in enumerate(states):
        handle.cursor()
        if state == FINISHED:
            handle.execute(f"select {number}")
        else:
            with pytest.raises(DbtDatabaseError):
                handle.execute(f"select {number}")
    release_session(Manager(handle))
    return session


def test_a_session_is_left_to_the_next_node_and_its_statements_are_closed() -> None:
    session = after_a_node(FINISHED, FINISHED, FINISHED)
    assert not session.closed
    assert [cursor.closed for cursor in session.cursors] == [True, True, False]
    assert [cursor.asked for cursor in session.cursors] == ["select 0", "select 1", "select 2"]


@pytest.mark.parametrize("states", [[ERROR], [FINISHED, ERROR, FINISHED]])
def test_a_session_in_which_a_statement_failed_is_closed_even_without_its_server(states: list[int]) -> None:
    assert after_a_node(*states).closed
