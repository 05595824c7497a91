"""Airflow's environment, `make .venv-airflow/airflow.stamp`: CI has it, elsewhere tests skip without it."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.needs import missing
from tests.projects import PROJECT

PYTHON = PROJECT / ".venv-airflow" / "bin" / "python"


def need_airflow() -> None:
    if not PYTHON.exists():
        missing("Airflow is not installed: make .venv-airflow/airflow.stamp")


def in_airflow(
    home: Path,
    code: str,
    *arguments: str,
    project: Path = PROJECT,
    connections: Mapping[str, str] | None = None,
) -> Any:
    """What a piece of Python prints as JSON, run where Airflow is installed; `home` is its folder."""
    need_airflow()
    named = {f"AIRFLOW_CONN_{name}": address for name, address in (connections or {}).items()}
    done = subprocess.run(
        [PYTHON, "-c", code, *arguments],
        cwd=home,
        env=os.environ | {"AIRFLOW_HOME": str(home), "PYTHONPATH": str(project)} | named,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
