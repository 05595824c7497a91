"""The database of the Hive metastore, on the server of the warehouse."""

from contextlib import closing

from psycopg2 import sql

from cli.server.connections import connection
from cli.spark.settings import LOOPBACK, Metastore

DATABASE = ROLE = "hive_metastore"


def make_metastore(password: str) -> Metastore:
    """Make role and database where they are missing, and give the role this password."""
    administrator = connection("postgres")
    names = {"database": sql.Identifier(DATABASE), "role": sql.Identifier(ROLE)}
    with closing(administrator.connect()) as opened:
        opened.autocommit = True  # a database is not made within a transaction
        with opened.cursor() as cursor:
            cursor.execute("select 1 from pg_roles where rolname = %s", [ROLE])
            if not cursor.fetchone():
                cursor.execute(sql.SQL("create role {role}").format(**names))
            cursor.execute(sql.SQL("alter role {role} login password %s").format(**names), [password])
            cursor.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if not cursor.fetchone():
                # who is no superuser gives a database only to a role whose member he is
                cursor.execute(sql.SQL("grant {role} to current_user").format(**names))
                cursor.execute(sql.SQL("create database {database} owner {role}").format(**names))
                cursor.execute(sql.SQL("revoke all on database {database} from public").format(**names))
    host = LOOPBACK if administrator.host.startswith("/") else administrator.host  # Java knows no sockets
    return Metastore(host, administrator.port, DATABASE, ROLE, password)
