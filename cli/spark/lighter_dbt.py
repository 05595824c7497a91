"""dbt on a Thrift server, without work that nobody asks for."""

from contextlib import suppress
from typing import Any


def make_dbt_lighter() -> None:
    """Let a thread keep its session for its next node, and close each statement when the next one comes.

    dbt opens a session for each node, which costs the server more than a small statement does, and leaves
    the statements to its end: of each the server keeps the plan, and what it gave.
    """
    from dbt.adapters.spark.connections import PyhiveConnectionWrapper, SparkConnectionManager

    for place, name, lighter in (
        (SparkConnectionManager, "release", release_session),
        (PyhiveConnectionWrapper, "cursor", next_cursor),
        (PyhiveConnectionWrapper, "execute", execute),
        (PyhiveConnectionWrapper, "close", close),
    ):
        if getattr(place, name) is not lighter:
            REPLACED.setdefault(name, getattr(place, name))
            setattr(place, name, lighter)


REPLACED: dict[str, Any] = {}
"""What dbt has in their places."""


def next_cursor(session: Any) -> Any:
    """A session has one statement at a time: what the last one gave was read."""
    if session._cursor is not None:
        with suppress(Exception):  # with its session it is gone in any case
            session._cursor.close()
    return REPLACED["cursor"](session)


def execute(session: Any, *statement: Any, **bindings: Any) -> None:
    """Run a statement, and remember of a session that one failed: it may be lost."""
    try:
        REPLACED["execute"](session, *statement, **bindings)
    except BaseException:
        session.has_failed = True
        raise


def close(session: Any) -> None:
    """Close a session; with its server it is gone, and a build ends with what failed, not with that."""
    with suppress(Exception):
        REPLACED["close"](session)


def release_session(manager: Any) -> None:
    """Leave a session in which all went well to the thread's next node: our models set nothing in it."""
    connection = manager.get_if_exists()
    # a connection that nobody has asked anything has none yet
    if connection is None or connection.state != "open" or hasattr(connection.handle, "has_failed"):
        REPLACED["release"](manager)
