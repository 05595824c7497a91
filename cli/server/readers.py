"""Sessions of readers that others wait for, or that go far beyond a reader's limits, and their end.

Postgres lets every session lift its own timeouts, so the limits that `roles.sql` gives to role reporter hold
those who mean well. Commands of ours end the others: `ontime up`, and `ontime build` for as long as it runs.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errors

from cli.server.connections import Connection
from ingestion.stopping import is_asked

SECONDS_TO_WAIT_FOR = {"idle in transaction": 10, "active": 70}
"""How long a build waits for a reader, by the state of its session. Questions end within a minute."""

SECONDS_AT_MOST = {"idle in transaction": 1200, "active": 300}
"""How long a reader may be in a state, whatever its session has set: far more than `roles.sql` gives it."""

SECONDS_BETWEEN_LOOKS = 1

# Who may read marts and cannot be transformer as well: no administrator, and not who builds.
IS_READER = """
    reader.usesysid is not null
    and pg_has_role(reader.usesysid, 'reporter', 'member')
    and not pg_has_role(reader.usesysid, 'transformer', 'member')
"""

# An aborted transaction is idle, too, and holds what it had locked.
STATE = "case when reader.state like 'idle in transaction%%' then 'idle in transaction' else reader.state end"

IN_OUR_WAY = f"""
    with waiting as (
        select pg_locks.pid, min(pg_locks.waitstart) as since
        from pg_locks
        inner join pg_stat_activity using (pid)
        where pg_locks.waitstart is not null and pg_stat_activity.usename = session_user
        group by pg_locks.pid
    )
    select reader.pid, reader.usename, {STATE}, max(extract(epoch from clock_timestamp() - waiting.since))
    from waiting
    cross join unnest(pg_blocking_pids(waiting.pid)) as blocking (pid)
    inner join pg_stat_activity as reader on reader.pid = blocking.pid
    where {IS_READER}
    group by reader.pid, reader.usename, reader.state
"""

OVERDUE = f"""
    with sessions as (
        select pid, usename, {STATE} as state,
            extract(
                epoch from clock_timestamp() - case state when 'active' then query_start else state_change end
            ) as age
        from pg_stat_activity as reader
        where datname = current_database() and {IS_READER}
    )
    select pid, usename, state, age
    from sessions
    where (state = 'active' and age > %(active)s)
        or (state = 'idle in transaction' and age > %(idle in transaction)s)
"""

Say = Callable[[str], None]
Cursor = Any


@dataclass(frozen=True)
class Reader:
    """A session, what it is doing, and for how long it has done so, or has been waited for."""

    pid: int
    user: str
    state: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.user} (server process {self.pid}, {self.state})"


class Watch:
    """Looks again and again whether a reader is in the way; tells of each once."""

    def __init__(self, cursor: Cursor, say: Say) -> None:
        self._cursor = cursor
        self._say = say
        self._told = set[int]()

    def look(self) -> None:
        """End whoever is overdue, or has been waited for long enough."""
        end_overdue(self._cursor, self._say)
        self._cursor.execute(IN_OUR_WAY)
        for reader in [Reader(*row) for row in self._cursor.fetchall()]:
            limit = SECONDS_TO_WAIT_FOR.get(reader.state, SECONDS_TO_WAIT_FOR["active"])
            if reader.seconds >= limit:
                end(self._cursor, reader, f"the build waited for it for {limit} s", self._say)
            elif reader.pid not in self._told:
                self._told.add(reader.pid)
                self._say(f"waiting for {reader}, which is ended after {limit} s")


def end_overdue(cursor: Cursor, say: Say) -> None:
    """End readers that are beyond the limits of all of them."""
    cursor.execute(OVERDUE, SECONDS_AT_MOST)
    for reader in [Reader(*row) for row in cursor.fetchall()]:
        end(cursor, reader, f"for {reader.seconds / 60:.0f} min, which is too long for a reader", say)


def end(cursor: Cursor, reader: Reader, why: str, say: Say) -> None:
    """End a session, or say who can."""
    try:
        cursor.execute("select pg_terminate_backend(%s)", [reader.pid])
        say(f"ended {reader}: {why}")
    except errors.InsufficientPrivilege:
        say(
            f"{reader} should end: {why}; an administrator ends it: select pg_terminate_backend({reader.pid})"
        )


@contextmanager
def watched(transformer: Connection, say: Say) -> Iterator[None]:
    """While this lasts, no reader stops what transformer does."""
    through = threading.Event()

    def watch() -> None:
        try:
            with closing(transformer.connect()) as opened, opened.cursor() as cursor:
                opened.autocommit = True
                eyes = Watch(cursor, say)
                while not through.wait(SECONDS_BETWEEN_LOOKS):
                    eyes.look()
        except psycopg2.Error as error:  # what is watched goes on, and says itself when the server is gone
            if is_asked():
                return
            say(f"readers are no longer watched: {error}".strip())

    thread = threading.Thread(target=watch, name="readers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        through.set()
        thread.join()
