"""Make the warehouse's database and its roles: runs `roles.sql` on the embedded or an external server."""

import dataclasses
from contextlib import closing
from pathlib import Path

import psycopg2
import psycopg2.extensions
from psycopg2 import errors, sql
from psycopg2.extensions import encrypt_password

from cli.console import note
from cli.server.connections import Connection, connection, is_embedded
from cli.server.process import server
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

MAY_SET_UP = """
    select rolsuper or (rolcreaterole and pg_has_role(current_user, datdba, 'usage'))
    from pg_catalog.pg_roles, pg_catalog.pg_database
    where rolname = current_user and datname = current_database()
"""


def bootstrap() -> None:
    """Make database, roles, raw schemas and `marts` where missing. Raises OntimeError when PGUSER may not."""
    administrator = connection("postgres")
    make_database(administrator)
    make_roles(administrator)
    prepare(connection("loader").as_psycopg2(), SOURCES.values(), note)


def make_roles(administrator: Connection) -> None:
    """Run `roles.sql`. Raises OntimeError when the administrator may not and nobody has done it before."""
    with closing(administrator.connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute(TURN)
        cursor.execute(MAY_SET_UP)
        if cursor.fetchone() == (True,):
            cursor.execute(ROLES_SQL.read_text())
            if is_embedded():
                _set_passwords(opened)
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
            cursor.execute(TURN)
            cursor.execute("select from pg_catalog.pg_database where datname = %s", [administrator.database])
            if cursor.rowcount:
                return
            try:
                cursor.execute(sql.SQL("create database {}").format(sql.Identifier(administrator.database)))
            except errors.InsufficientPrivilege:
                database, user = administrator.database, administrator.user
                raise OntimeError(
                    f"there is no database {database}, and {user} may not create it",
                    f"have an administrator run: create database {database} owner {user}",
                ) from None


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
