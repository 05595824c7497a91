"""sqlfluff on models and tests, as dbt renders them on a server, which may be empty, and on the site's."""

import os
import subprocess
import sys
from pathlib import Path

from cli.server.connections import connection
from tests.projects import PROJECT

# `sqlfluff`, but Python seldom looks for garbage among its trees: a fifth of the time went there.
SQLFLUFF = """
import gc
gc.set_threshold(100_000, 50, 100)
from sqlfluff.cli.commands import cli
cli()
"""


def test_sql_is_clean(database: str, tmp_path: Path) -> None:
    """Takes minutes: sqlfluff parses all that dbt compiles, in Python for the most part."""
    linted = subprocess.run(
        [sys.executable, "-c", SQLFLUFF, "lint", "--disable-progress-bar", "models", "tests/dbt"],
        cwd=PROJECT,
        env=os.environ | connection("transformer").environment() | {"DBT_TARGET_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_questions_of_the_site_are_clean() -> None:
    """They are no models: there is nothing in them for dbt to render."""
    command = ["lint", "--templater", "jinja", "--disable-progress-bar", "cli/site/queries"]
    linted = subprocess.run(
        [sys.executable, "-c", SQLFLUFF, *command], cwd=PROJECT, capture_output=True, text=True
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
