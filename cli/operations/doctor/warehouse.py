"""Settings and roles against ours, and what is in the database: files, ledgers, runs, indexes."""

import re
import time
from collections.abc import Iterator
from typing import Any

from psycopg2 import errors

from cli.building import rolled_back
from cli.building.raw_rows import damages
from cli.console import some
from cli.operations.doctor.findings import Finding, fault, ok, warning
from cli.server.connections import connection, is_embedded
from cli.server.process import server
from cli.server.roles import IS_SET_UP, ROLES_SQL, WAREHOUSE_ROLES
from cli.server.settings import memory_bytes, server_conf
from ingestion.errors import OntimeError
from ingestion.sources import SOURCES

Cursor = Any

MOST_SECONDS_APART = 5
DEAD_SHARE, DEAD_ROWS = 0.2, 100_000

_DATABASE = """
    select pg_encoding_to_char(encoding), datlocprovider,
        coalesce(to_jsonb(pg_database) ->> 'datlocale', datcollate), -- a column that came with 17
        current_setting('TimeZone'), (select source from pg_settings where name = 'TimeZone'), datname
    from pg_database where datname = current_database()
"""
_LIMITS = """
    select rolconnlimit, coalesce(rolconfig, '{}') from pg_catalog.pg_roles where rolname = 'reporter'
"""
_OWNERS = """
    select nspname::text, nspowner::regrole::text,
        case when nspname ~ '^raw' then 'loader' else 'transformer' end
    from pg_namespace
    where (nspname ~ '^raw(_|$)' and nspowner::regrole::text <> 'loader')
        or (
            nspname = any ('{marts,marts__build,intermediate,staging,seeds,ops,past}')
            and nspowner::regrole::text <> 'transformer'
        )
    order by 1
"""
_UNREADABLE = """
    select relname::text from pg_class
    where relnamespace = to_regnamespace('marts') and relkind in ('r', 'v')
        and not (
            has_table_privilege('reporter', oid, 'select')
            and has_schema_privilege('reporter', 'marts', 'usage')
        )
    order by 1
"""
_HELD = """
    select file_no || ' (' || file_name || ')' from marts.audit_held_files where standing = 'held'
    order by file_no
"""
_REJECTED = (
    "select file_no, rows_rejected from marts.audit_row_ledger where rows_rejected > 0 order by 2 desc, 1"
)
_UNBALANCED = """
    select file_no || ' of ' || source from marts.audit_row_ledger
    where rows_seen
        <> rows_published + rows_duplicate + rows_superseded + rows_rejected + rows_kept_apart + rows_held
    order by file_no
"""
# Of each command its last run, where that did not end well and no command has repeated it.
_UNFINISHED = """
    with last as (
        select distinct on (command) command, outcome, started_at, run_id
        from ops.runs
        where step = 'command' and started_at > now() - interval '7 days'
            and split_part(command, ' ', 1) = any ('{load,build,run,backfill,backup,spark}')
        order by command, started_at desc
    )
    select command, outcome, to_char(started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
    from last
    where outcome in ('failed', 'killed', 'stopped')
        or (
            outcome = 'running' and not exists (
                select from pg_locks
                where locktype = 'advisory' and classid = hashtext('ontime run')::oid
                    and objid = hashtext(last.run_id)::oid
            )
        )
    order by started_at desc
"""
_INDEXES = """
    select indexrelid::regclass::text from pg_index where not indisvalid and indislive order by 1
"""
_DEAD = """
    select relid::regclass::text, n_dead_tup, n_live_tup from pg_stat_user_tables
    where n_dead_tup > %s and n_dead_tup > %s * n_live_tup order by n_dead_tup desc
"""
_LEFT = """
    select nspname::text from pg_namespace
    where nspname = 'marts__rollback'
        or (nspname ~ '^marts_as_of_[0-9]+$' and to_regclass('past.publications') is null)
    order by 1
"""


def look_at_settings(cursor: Cursor) -> Iterator[Finding]:
    """The server's settings against ours, and what no setting mends: encoding and order of texts."""
    cursor.execute(_DATABASE)
    encoding, provider, locale, zone, source, database = cursor.fetchone()
    if zone != "UTC":
        of_database = f"an administrator: alter database {database} reset timezone"
        remedy = of_database if source == "database" else "ontime down && ontime up"
        yield fault("settings", f"TimeZone is {zone}, by {source}: it has to be UTC", remedy)
    if encoding != "UTF8":
        remedy = "an administrator makes another one: create database ... encoding 'UTF8'"
        yield fault("settings", f"the database is {encoding}, sources are UTF-8", remedy)
    if is_embedded():
        if (provider, locale) != ("b", "C.UTF-8"):
            remedy = "ontime backup, then restore it on a server that `ontime up` made"
            yield warning("settings", f"texts are ordered by {locale}, ours by C.UTF-8", remedy)
        yield from _our_settings(cursor)
    else:
        yield ok("settings", f"time zone {zone}, {encoding}, texts are ordered by {locale}")


def look_at_roles(cursor: Cursor) -> Iterator[Finding]:
    """Roles, whether they can log in, their limits, and whose what is."""
    cursor.execute(IS_SET_UP)
    if cursor.fetchone() != (True,):
        yield fault("roles", "loader, transformer and reporter are not as they should be", "ontime up")
        return
    faults = []
    for role in WAREHOUSE_ROLES:
        try:
            connection(role).connect().close()  # type: ignore[arg-type]
        except OntimeError as error:
            said = error.message.strip().splitlines()[-1].rpartition("FATAL:")[2].strip()
            faults.append(fault("roles", f"{role} cannot log in: {said}", "ontime up"))
    yield from faults
    cursor.execute(_LIMITS)
    limit, config = cursor.fetchone()
    text = ROLES_SQL.read_text()
    wanted = dict(re.findall(r"(?m)^ *alter role reporter set (\w+) = '?(\w+)'?;", text))
    (most,) = re.findall(r"alter role reporter connection limit (\d+)", text)
    has = dict(setting.split("=", 1) for setting in config)
    others = [f"{name} {has.get(name, 'unset')}" for name, it in wanted.items() if has.get(name) != it]
    others += [f"{name} {it}" for name, it in has.items() if name not in wanted]
    if limit != int(most):
        others.append(f"connection limit {limit}")
    if others:
        yield warning("roles", f"limits of reporter are others than ours: {some(others)}", "ontime up")
    cursor.execute(_OWNERS)
    owners = cursor.fetchall()
    for schema, owner, wanted_owner in owners[:3]:
        remedy = f"an administrator: alter schema {schema} owner to {wanted_owner}"
        yield fault("roles", f"schema {schema} belongs to {owner}", remedy)
    cursor.execute(_UNREADABLE)
    if unreadable := [name for (name,) in cursor.fetchall()]:
        yield fault("roles", f"reporter may not read {some(unreadable)}", "ontime up")
    if not (faults or others or owners or unreadable):
        yield ok("roles", "loader, transformer and reporter log in, with the rights and limits of roles.sql")


def look_at_clock(cursor: Cursor) -> Iterator[Finding]:
    """The server's clock against ours: what was known at a moment is asked by either."""
    before = time.time()
    cursor.execute("select extract(epoch from clock_timestamp())")
    (theirs,) = cursor.fetchone()
    apart = float(theirs) - (before + time.time()) / 2
    if abs(apart) > MOST_SECONDS_APART:
        yield warning("clock", f"the server is {apart:+.0f} s from this machine", "timedatectl set-ntp true")
    else:
        yield ok("clock", f"{abs(apart):.1f} s between server and this machine")


def look_at_data(cursor: Cursor) -> Iterator[Finding]:
    """What is published, files that wait for somebody, rows that are missing."""
    cursor.execute("select to_regclass('marts.audit_row_ledger') is not null")
    if cursor.fetchone() != (True,):
        yield warning("marts", "nothing is published yet", "ontime build")
    else:
        yield from _published(cursor)
    found = damages(cursor, SOURCES.values(), count_all=False, is_noted_down=False)
    for damage in found[:3]:
        remedy = f"ontime load {damage.source}" + ("" if damage.is_answer else f" --repair {damage.file_no}")
        yield (warning if damage.is_answer else fault)("raw rows", str(damage), remedy)
    if not found:
        yield ok("raw rows", "as many as landed")


def look_at_runs(cursor: Cursor) -> Iterator[Finding]:
    """Commands that did not end well, and that nobody has repeated since."""
    try:
        cursor.execute(_UNFINISHED)
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        cursor.connection.rollback()
        yield warning("runs", "there is no table of runs", "ontime up")
        return
    found = cursor.fetchall()
    for command, outcome, started_at in found[:3]:
        what = "never ended" if outcome == "running" else outcome
        yield warning("runs", f"{command}: {what}, {started_at} UTC, and not repeated", f"ontime {command}")
    if len(found) > 3:
        yield warning("runs", f"and {len(found) - 3} more", "ontime runs --failed")
    if not found:
        yield ok("runs", "the last run of each command ended well")


def look_at_tables(cursor: Cursor) -> Iterator[Finding]:
    """Indexes that are not used, dead rows, and what is left of commands."""
    cursor.execute(_INDEXES)
    indexes = [name for (name,) in cursor.fetchall()]
    for name in indexes[:3]:
        yield fault("indexes", f"{name} is not valid: nothing reads it", f"psql -c 'reindex index {name}'")
    cursor.execute(_DEAD, [DEAD_ROWS, DEAD_SHARE])
    dead = cursor.fetchall()
    for table, rows, live in dead[:3]:
        told = f"{table} has {rows:,} dead rows beside {live:,}"
        yield warning("tables", told, f"psql -c 'vacuum (analyze) {table}'")
    cursor.execute(_LEFT)
    left = [name for (name,) in cursor.fetchall()]
    if left:
        yield warning("tables", f"views of a past that was lost: {some(left)}", "ontime build --all")
    if not (indexes or dead or left):
        yield ok("tables", "all indexes are valid, few rows are dead")


def _our_settings(cursor: Cursor) -> Iterator[Finding]:
    ours = server()
    wanted = dict(
        line.split(" = ", 1)
        for line in server_conf(memory_bytes(), ours.port, ours.socket_folder).splitlines()
        if " = " in line and not line.startswith("timezone")
    )
    differing = []
    for name, text in wanted.items():
        value = text.strip("'")
        if name == "unix_socket_directories":
            value = value.strip('"').replace("''", "'")
        cursor.execute(
            "select current_setting(%s), pending_restart from pg_settings where lower(name) = lower(%s)",
            [name, name],
        )
        has, waits = cursor.fetchone()
        if _plain(has) != _plain(value):
            differing.append(f"{name} is {has} instead of {value}")
        elif waits:
            differing.append(f"{name} waits for a restart")
    if differing:
        yield warning("settings", some(differing), "ontime down && ontime up")
    else:
        yield ok("settings", f"all {len(wanted)} as ours; UTC, UTF-8, texts ordered by C.UTF-8")


def _plain(value: str) -> str:
    """A setting as a number of its least unit, where it has one; 0700 and 700 are the same."""
    text = value.strip('"').lower()
    if found := re.fullmatch(r"(\d+)(kb|mb|gb|s|min|ms)?", text):
        factor = {"kb": 1, "mb": 1024, "gb": 1024**2, "ms": 1, "s": 1000, "min": 60_000, None: 1}
        return str(int(found[1]) * factor[found[2]])
    return text


def _published(cursor: Cursor) -> Iterator[Finding]:
    earlier = rolled_back.in_force(cursor)
    if earlier:
        yield warning("marts", f"{earlier}: {earlier.what_came}", "ontime build")
    cursor.execute(_HELD)
    held = [name for (name,) in cursor.fetchall()]
    if held:
        first = held[0].split()[0]
        yield warning("files", f"held until somebody decides: {some(held)}", f"ontime accept {first}")
    cursor.execute(_REJECTED)
    if rejected := cursor.fetchall():
        rows = sum(count for _, count in rejected)
        remedy = f'ontime sql "select * from marts.audit_rejects where file_no = {rejected[0][0]}"'
        yield warning("files", f"{rows:,} rows of {len(rejected)} files were rejected", remedy)
    cursor.execute(_UNBALANCED)
    unbalanced = [name for (name,) in cursor.fetchall()]
    if unbalanced:
        yield fault("ledger", f"does not balance for file {some(unbalanced)}", "ontime build --all")
    if not (earlier or held or rejected or unbalanced):
        yield ok("marts", "no file waits for somebody, no row was rejected, ledgers balance")


def size_of(cursor: Cursor) -> int:
    """Of the database, in bytes."""
    cursor.execute("select pg_database_size(current_database())")
    ((size,),) = cursor.fetchall()
    return int(size)
