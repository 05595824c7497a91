"""sqlfluff on every model and test, rendered by dbt itself: on a server, which may be empty."""

import os
import subprocess
import sys
from pathlib import Path

from cli.server.connections import connection
from tests.projects import PROJECT

SQLFLUFF = Path(sys.executable).with_name("sqlfluff")


def test_sql_is_clean(database: str, tmp_path: Path) -> None:
    linted = subprocess.run(
        [SQLFLUFF, "lint", "--disable-progress-bar", "models", "tests/dbt"],
        cwd=PROJECT,
        env=os.environ | connection("transformer").environment() | {"DBT_TARGET_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
