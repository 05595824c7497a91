"""sqlfluff on models and tests, as dbt renders them on a server, which may be empty, and on the site's."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE

from cli.server.connections import connection
from tests.projects import PROJECT

LIGHTER = ["-m", "tests.dbt_project.lighter_sqlfluff"]


def test_sql_is_clean(database: str, tmp_path: Path) -> None:
    """Takes minutes: sqlfluff looks at all that dbt compiles, in Python for the most part."""
    place = connection("transformer").environment() | {"DBT_TARGET_PATH": str(tmp_path)}
    assert lint("models", "tests/dbt", environment=place) == ""


UNTIDY = f"select\n  1 as one,2 as two,\n    {' + '.join(['100'] * 40)} as many from nowhere\n"


def test_it_finds_what_sqlfluff_finds() -> None:
    """Rules of layout read a file together, and each still finds its own."""
    command = ["lint", "--disable-progress-bar", "--templater", "jinja", "-"]
    lighter, plain = (
        subprocess.run([sys.executable, *begin, *command], cwd=PROJECT, input=UNTIDY, stdout=PIPE, text=True)
        for begin in (LIGHTER, ["-m", "sqlfluff"])
    )
    assert lighter.stdout == plain.stdout
    assert all(rule in plain.stdout for rule in ("LT01", "LT02", "LT05"))


def test_the_questions_of_the_site_are_clean() -> None:
    """They are no models: there is nothing in them for dbt to render."""
    assert lint("--templater", "jinja", "cli/site/queries") == ""


def lint(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What sqlfluff finds, or leaves out; empty where it has looked at all and found nothing."""
    done = subprocess.run(
        [sys.executable, *LIGHTER, "lint", "--disable-progress-bar", *arguments],
        cwd=PROJECT,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    return said if done.returncode != 0 or "Skipped file" in said else ""
