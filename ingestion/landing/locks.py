"""One load at a time into a raw schema, also between processes and also around DDL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg2.errors import LockNotAvailable

from ingestion.database import Connection

_KEY = "hashtextextended('ontime load ' || %s, 0)"
_HOLDER = f"""
select activity.pid, to_char(activity.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
from pg_locks as held
inner join pg_stat_activity as activity on activity.pid = held.pid
where held.locktype = 'advisory' and held.granted
    and held.database = (select oid from pg_database where datname = current_database())
    and (held.classid::bigint << 32) | held.objid::bigint = {_KEY}
"""


@contextmanager
def only_load(connection: Connection, schema: str, say: Callable[[str], None]) -> Iterator[None]:
    """Holds the lock of a raw schema; when another load holds it, says so once and waits.

    The lock belongs to the session of `connection`, which is in autocommit: however the process ends, the
    lock ends with it.
    """
    with connection.cursor() as cursor:
        if not _is_free(connection, schema):
            cursor.execute(_HOLDER, (schema,))
            holder = cursor.fetchone()
            who = f" (server process {holder[0]}, since {holder[1]})" if holder else ""
            say(f"another load into {schema} is running{who}; waiting for its end")
            _wait(connection, schema)
        yield
        cursor.execute(f"select pg_advisory_unlock({_KEY})", (schema,))


@contextmanager
def if_no_load(connection: Connection, schema: str) -> Iterator[bool]:
    """Holds the lock of a raw schema; gives False, and does not wait, when a load holds it.

    `connection` is in autocommit.
    """
    is_free = _is_free(connection, schema)
    try:
        yield is_free
    finally:
        if is_free:
            with connection.cursor() as cursor:
                cursor.execute(f"select pg_advisory_unlock({_KEY})", (schema,))


def _is_free(connection: Connection, schema: str) -> bool:
    """Takes the lock unless another session holds it."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_lock({_KEY})", (schema,))
        return cursor.fetchone() == (True,)


def _wait(connection: Connection, schema: str) -> None:
    """Takes the lock when it is free. Waits in steps of a second, so that Ctrl-C is heard in between."""
    with connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '1s'")
        while True:
            try:
                cursor.execute(f"select pg_advisory_lock({_KEY})", (schema,))
                break
            except LockNotAvailable:
                continue
        cursor.execute("reset lock_timeout")
