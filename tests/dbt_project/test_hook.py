"""The commit hook (.pre-commit-config.yaml) runs, and has nothing to say of any file of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.projects import PROJECT

BIN = Path(sys.executable).parent


def test_the_hook_passes_all_files(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    listed = _git(PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in listed:
        if (PROJECT / name).is_file():  # not one that was removed and not committed
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, repository / name)
    _git(repository, "init", "--quiet")
    _git(repository, "add", "--all")
    (repository / ".venv").symlink_to(BIN.parent)
    hook = subprocess.run(
        [BIN / "pre-commit", "run", "--all-files"],
        cwd=repository,
        # mypy has just run, in `make check`, and remembers nothing in a folder that it has not seen
        env=os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "SKIP": "mypy"},
        capture_output=True,
        text=True,
    )
    assert hook.returncode == 0, hook.stdout + hook.stderr


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout
