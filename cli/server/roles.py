"""Make the warehouse's database and its roles: runs `roles.sql` on the embedded or an external server."""

import dataclasses
from contextlib import closing
from pathlib import Path

import psycopg2
import psycopg2.extensions
from psycopg2 import errors, sql
from psycopg2.extensions import encrypt_password

from cli.console import note
from cli.runs.record import make_table
from cli.server.connections import Connection, connection, is_embedded
from cli.server.process import server
from cli.server.readers import end_overdue
from ingestion.errors import OntimeError
from ingestion.landing.raw_schema import prepare
from ingestion.sources import SOURCES

ROLES_SQL = Path(__file__).with_name("roles.sql")
WAREHOUSE_ROLES = ("loader", "transformer", "reporter")

# Two calls at once take turns.
TURN = "select pg_advisory_lock(hashtext('ontime roles'))"

# What the work needs, asked as PGUSER: true also when an administrator has run roles.sql by hand.
IS_SET_UP = """
    select count(*) = 3
       and bool_and(pg_has_role(rolname, 'set'))
       and bool_and(has_database_privilege(rolname, current_database(), 'connect'))
       and bool_and(has_database_privilege(rolname, current_database(), 'create') or rolname = 'reporter')
       and bool_and(has_database_privilege(rolname, current_database(), 'temporary') or rolname = 'reporter')
       and to_regnamespace('marts') is not null
    from pg_catalog.pg_roles
    where rolname in ('loader', 'transformer', 'reporter')
"""

# On a server that is ours alone, no role wanders into databases that it was not let into by name.
CLOSE_TO_PUBLIC = """
    do $$
    declare
        name text;
    begin
        for name in
            select datname
            from pg_catalog.pg_database
            cross join aclexplode(coalesce(datacl, acldefault('d', datdba))) as granted
            where datallowconn and granted.grantee = 0 and granted.privilege_type = 'CONNECT'
        loop
            execute format('revoke all on database %I from public', name);
        end loop;
    end
    $$
"""

MAY_SET_UP = """
    select rolsuper or (rolcreaterole and pg_has_role(current_user, datdba, 'usage'))
    from pg_catalog.pg_roles, pg_catalog.pg_database
    where rolname = current_user and datname = current_database()
"""


def bootstrap() -> None:
    """Make database, roles, raw schemas, `marts` and `ops.runs` where missing.

    Raises OntimeError when PGUSER may not.
    """
    administrator = connection("postgres")
    make_database(administrator)
    make_roles(administrator)
    with closing(connection("transformer").connect()) as opened, opened, opened.cursor() as cursor:
        end_overdue(cursor, note)
        make_table(cursor)
    prepare(connection("loader").as_psycopg2(), SOURCES.values(), note)


def make_roles(administrator: Connection) -> None:
    """Run `roles.sql`. Raises OntimeError when the administrator may not and nobody has done it before."""
    with closing(administrator.connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute(MAY_SET_UP)
        if cursor.fetchone() == (True,):
            cursor.execute(TURN)
            if is_embedded():
                cursor.execute(CLOSE_TO_PUBLIC)
            cursor.execute(ROLES_SQL.read_text())
            if is_embedded():
                _set_passwords(opened)
            for said in opened.notices:
                if said.startswith("WARNING:"):
                    note(said.removeprefix("WARNING:").strip().splitlines()[0])
            return
        cursor.execute(IS_SET_UP)
        if cursor.fetchone() != (True,):
            raise OntimeError(
                f"{administrator.user} may not set up the roles loader, transformer and reporter: "
                f"that takes CREATEROLE and to own the database {administrator.database}",
                f"give both to {administrator.user}, or have an administrator follow the head of {ROLES_SQL}",
            )


def make_database(administrator: Connection) -> None:
    """Create the warehouse's database unless it exists."""
    with closing(_any_database(administrator).connect()) as opened:
        opened.autocommit = True
        with opened.cursor() as cursor:
            if _exists(cursor, administrator.database):
                return
            cursor.execute(TURN)
            if _exists(cursor, administrator.database):
                return
            try:
                cursor.execute(sql.SQL("create database {}").format(sql.Identifier(administrator.database)))
            except errors.InsufficientPrivilege:
                database, user = administrator.database, administrator.user
                raise OntimeError(
                    f"there is no database {database}, and {user} may not create it",
                    f"have an administrator run: create database {database} owner {user}",
                ) from None


def connect_reporter() -> psycopg2.extensions.connection:
    """Log in as reporter. On the embedded server its password is set again when reporter changed it.

    Postgres lets each role change its own password, and no right takes that away.
    """
    try:
        return connection("reporter").connect()
    except OntimeError as error:
        if not is_embedded() or "password authentication failed" not in error.message:
            raise
    note("somebody changed the password of role reporter: it is again the one of ontime")
    make_roles(connection("postgres"))
    return connection("reporter").connect()


def _exists(cursor: psycopg2.extensions.cursor, database: str) -> bool:
    cursor.execute("select from pg_catalog.pg_database where datname = %s", [database])
    return bool(cursor.rowcount)


def _any_database(administrator: Connection) -> Connection:
    """The connection itself when its database exists, else one to `postgres`, where it can be created."""
    try:
        psycopg2.connect(**administrator.as_psycopg2()).close()
        return administrator
    except psycopg2.OperationalError:
        return dataclasses.replace(administrator, database="postgres")


def _set_passwords(opened: psycopg2.extensions.connection) -> None:
    """Let the roles log in, as only the embedded server needs it. The password leaves this process hashed."""
    passwords = server().passwords
    with opened.cursor() as cursor:
        for role in WAREHOUSE_ROLES:
            hashed = encrypt_password(passwords[role], role, opened, "scram-sha-256")
            cursor.execute(sql.SQL("alter role {} login password %s").format(sql.Identifier(role)), [hashed])
