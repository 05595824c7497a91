"""What Airflow's parts on this machine read: `airflow.cfg`, written at each start."""

from collections.abc import Mapping
from configparser import ConfigParser
from io import StringIO
from pathlib import Path

from cli.server.connections import Connection
from cli.server.settings import LOOPBACK
from ingestion import PROJECT

USER = "admin"

RESULTS_OF_TASK = "results-"
"""How folders begin that tasks have for themselves, in Airflow's own: a killed one leaves it."""

POOL = "ontime_build"
"""Builds wait here for each other. One slot; without this pool no build begins."""

WORKERS = 4
"""Commands that run at a time."""


def airflow_cfg(home: Path, port: int, metadata: Connection, passwords: Path, keys: Mapping[str, str]) -> str:
    """Settings of all parts, with passwords; AIRFLOW__<SECTION>__<KEY> in the environment goes before."""
    server = f"{metadata.user}:{metadata.password}@{metadata.host}:{metadata.port}"
    settings: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": PROJECT / "orchestration" / "airflow" / "dags",
            "executor": "LocalExecutor",
            "parallelism": WORKERS,
            "load_examples": False,
            "fernet_key": keys["fernet"],
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": passwords,
            "execution_api_server_url": f"http://{LOOPBACK}:{port}/execution/",
        },
        "database": {
            "sql_alchemy_conn": f"postgresql+psycopg2://{server}/{metadata.database}",
            # of each part; the server has a hundred connections, and most of them are for readers
            "sql_alchemy_pool_size": 3,
            "sql_alchemy_max_overflow": 5,
        },
        "api": {
            "host": LOOPBACK,
            "port": port,
            "base_url": f"http://{LOOPBACK}:{port}",
            "workers": 1,
            "secret_key": keys["api"],
        },
        "api_auth": {"jwt_secret": keys["jwt"]},
        "logging": {"base_log_folder": home / "logs"},
        "scheduler": {
            # what a killed scheduler left behind is taken up again a minute after the next one began
            "orphaned_tasks_check_interval": 60,
        },
        "dag_processor": {
            # an edited file is seen within as many seconds; each look costs a second of a core
            "min_file_process_interval": 120,
            "parsing_processes": 1,
        },
    }
    parser = ConfigParser(interpolation=None)
    parser.read_dict({section: {k: _escaped(v) for k, v in of.items()} for section, of in settings.items()})
    text = StringIO()
    parser.write(text)
    return text.getvalue()


def _escaped(value: object) -> str:
    """Airflow reads `%` as the beginning of a reference."""
    return str(value).replace("%", "%%")
