"""The order of the folders, as pyproject.toml states it: who may import whom, deferred imports included."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")

# A module, what it is made to import, and the contract that this breaks.
PLANTED = {
    "an arrow up": ("ingestion/forms/records.py", "ingestion.landing.landing", "Folders of ingestion"),
    "to the command": ("ingestion/source.py", "cli.console", "Analyses are above"),
    "beside": ("ingestion/apis/answers.py", "ingestion.databases.cursor", "Folders of ingestion"),
    "a circle": ("ingestion/forms/headers.py", "ingestion.forms.plan", "No two modules"),
    "a circle of the command": ("cli/server/settings.py", "cli.server.roles", "No two modules"),
}


def lint(project: Path) -> str:
    """What import-linter says, empty when all contracts are kept."""
    done = subprocess.run([LINT, "--no-cache"], cwd=project, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_order_holds() -> None:
    assert lint(PROJECT) == ""


@pytest.mark.parametrize(("module", "imported", "contract"), PLANTED.values(), ids=PLANTED)
def test_an_import_against_the_order(tmp_path: Path, module: str, imported: str, contract: str) -> None:
    """Also where it stands within a function."""
    for part in ("ingestion", "cli", "analyses"):
        shutil.copytree(PROJECT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n\ndef planted() -> None:\n    import {imported}\n")
    broken = [line for line in lint(tmp_path).splitlines() if line.endswith(" BROKEN")]
    assert any(line.startswith(contract) for line in broken)
