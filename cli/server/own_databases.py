"""Databases of programs beside the warehouse, on its server: of the Hive metastore, and of Airflow."""

from contextlib import closing
from dataclasses import replace

from psycopg2 import sql

from cli.server.connections import Connection, connection
from cli.server.settings import LOOPBACK


def make_own_database(name: str, password: str) -> Connection:
    """Make role and database of this name where they are missing, and give the role this password.

    Returns how it logs in: by TCP, as these programs know no sockets.
    """
    administrator = connection("postgres")
    names = {"name": sql.Identifier(name)}
    with closing(administrator.connect()) as opened:
        opened.autocommit = True  # a database is not made within a transaction
        with opened.cursor() as cursor:
            cursor.execute("select 1 from pg_roles where rolname = %s", [name])
            if not cursor.fetchone():
                cursor.execute(sql.SQL("create role {name}").format(**names))
            cursor.execute(sql.SQL("alter role {name} login password %s").format(**names), [password])
            cursor.execute("select 1 from pg_database where datname = %s", [name])
            if not cursor.fetchone():
                # who is no superuser gives a database only to a role whose member he is
                cursor.execute(sql.SQL("grant {name} to current_user").format(**names))
                cursor.execute(sql.SQL("create database {name} owner {name}").format(**names))
                cursor.execute(sql.SQL("revoke all on database {name} from public").format(**names))
    host = LOOPBACK if administrator.host.startswith("/") else administrator.host
    return replace(administrator, host=host, database=name, user=name, password=password, role=name)
