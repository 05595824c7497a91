"""Who is connected, and holds what others wait for."""

from collections.abc import Iterator
from typing import Any

from cli.operations.doctor.findings import Finding, duration, fault, ok, warning

Cursor = Any

LONG_TRANSACTION = 3600  # seconds: what it sees cannot be cleared away
LONG_IDLE = 600
LONG_WAIT = 10

# The locks by which commands keep apart; their names are hashed, so those that can be are tried.
_COMMANDS = """
    select names.told, activity.usename, activity.pid,
        extract(epoch from clock_timestamp() - activity.backend_start)
    from pg_locks
    inner join pg_stat_activity as activity using (pid)
    inner join (
        values
            ('a build, publication, rollback or cleaning', 'ontime', 'build prod'),
            ('a build on the cluster', 'ontime', 'build spark')
    ) as names (told, space, name)
        on pg_locks.classid = cast(hashtext(names.space) as oid)
        and pg_locks.objid = cast(hashtext(names.name) as oid)
    where pg_locks.locktype = 'advisory' and pg_locks.granted
        and pg_locks.database = (select oid from pg_database where datname = current_database())
"""
_WAITING = """
    select waiting.usename, waiting.pid, extract(epoch from clock_timestamp() - waiting.query_start),
        blocking.usename, blocking.pid, blocking.state,
        extract(epoch from clock_timestamp() - coalesce(blocking.xact_start, blocking.backend_start))
    from pg_stat_activity as waiting
    cross join unnest(pg_blocking_pids(waiting.pid)) as holder (pid)
    inner join pg_stat_activity as blocking on blocking.pid = holder.pid
    where waiting.wait_event_type = 'Lock' and waiting.datname = current_database()
    order by 3 desc
"""
_LONG = """
    select usename, pid, state, extract(epoch from clock_timestamp() - xact_start),
        extract(epoch from clock_timestamp() - state_change)
    from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
        and (
            xact_start < clock_timestamp() - make_interval(secs => %s)
            or (
                state like 'idle in transaction%%'
                and state_change < clock_timestamp() - make_interval(secs => %s)
            )
        )
    order by xact_start
"""
_CONNECTIONS = """
    select count(*), current_setting('max_connections')::integer
    from pg_stat_activity where backend_type = 'client backend'
"""
_END = """
    select usename, coalesce(left(regexp_replace(query, '\\s+', ' ', 'g'), 60), ''),
        pg_terminate_backend(pid, 5000)
    from pg_stat_activity
    where pid = %s and backend_type = 'client backend' and pid <> pg_backend_pid()
"""


def look_at_sessions(cursor: Cursor) -> Iterator[Finding]:
    """Sessions, what holds others up, and transactions that last."""
    cursor.execute(_CONNECTIONS)
    ((count, most),) = cursor.fetchall()
    told = f"{count} of at most {most}"
    if count > most * 0.9:
        yield warning("connections", told, "ontime up")
    else:
        yield ok("connections", told)
    yield from _commands(cursor)
    yield from _waiting(cursor)
    yield from _transactions(cursor)


def end_session(cursor: Cursor, pid: int) -> str | None:
    """End a session, as administrator; what it was, or None where there is none of that number."""
    cursor.execute(_END, [pid])
    found = cursor.fetchone()
    return f"{found[0]} (server process {pid}): {found[1]}" if found else None


def _commands(cursor: Cursor) -> Iterator[Finding]:
    cursor.execute(_COMMANDS)
    for told, user, pid, seconds in cursor.fetchall():
        yield ok("commands", f"{told} is at work, as {user} for {duration(seconds)} (server process {pid})")


def _waiting(cursor: Cursor) -> Iterator[Finding]:
    cursor.execute(_WAITING)
    found = cursor.fetchall()
    for user, pid, seconds, holder, holder_pid, state, held in found:
        told = f"{user} ({pid}) has waited {duration(seconds)} for {holder} ({holder_pid}), {state}"
        told += f" for {duration(held)}"
        if seconds >= LONG_WAIT:
            yield fault("locks", told, f"ontime doctor --end {holder_pid}")
        else:
            yield ok("locks", told)
    if not found:
        yield ok("locks", "nobody waits for anybody")


def _transactions(cursor: Cursor) -> Iterator[Finding]:
    cursor.execute(_LONG, [LONG_TRANSACTION, LONG_IDLE])
    found = cursor.fetchall()
    for user, pid, state, open_for, since in found:
        told = f"of {user} ({pid}), open for {duration(open_for)}, {state} for {duration(since)}"
        yield warning("transactions", told, f"ontime doctor --end {pid}")
    if not found:
        yield ok("transactions", "none lasts")
