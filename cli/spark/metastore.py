"""The database of the Hive metastore, on the server of the warehouse."""

from cli.server.own_databases import make_own_database
from cli.spark.settings import Metastore

DATABASE = ROLE = "hive_metastore"


def make_metastore(password: str) -> Metastore:
    """Make role and database where they are missing, and give the role this password."""
    made = make_own_database(DATABASE, password)
    return Metastore(made.host, made.port, DATABASE, ROLE, password)
