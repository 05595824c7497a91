"""Which warehouse commands work on: that of the connection `ontime_warehouse`, else the environment's."""

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from cli.server.connections import connection
from cli.server.settings import LOOPBACK

CONNECTION = "ontime_warehouse"


def variables() -> dict[str, str]:
    """PGHOST and so on, as Airflow's connection has them; nothing where there is none."""
    try:
        named = BaseHook.get_connection(CONNECTION)
    except AirflowNotFoundException:
        return {}
    parts = {
        "PGHOST": named.host,
        "PGPORT": named.port,
        "PGUSER": named.login,
        "PGPASSWORD": named.password,
        "PGDATABASE": named.schema,
    }
    return {name: str(value) for name, value in parts.items() if value}


def address() -> str:
    """postgres://HOST:PORT/DATABASE, without a login."""
    if named := variables():
        host, port, database = named["PGHOST"], named.get("PGPORT", "5432"), named.get("PGDATABASE", "ontime")
        return f"postgres://{host}:{port}/{database}"
    own = connection("reporter")
    host = LOOPBACK if own.host.startswith("/") else own.host
    return f"postgres://{host}:{own.port}/{own.database}"
