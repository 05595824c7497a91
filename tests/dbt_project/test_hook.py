"""The commit hook (.pre-commit-config.yaml) runs, and has nothing to say of any file of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlfluff.core import FluffConfig, Linter

from tests.projects import PROJECT

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a commit of all files would find."""
    repository = tmp_path_factory.mktemp("hook") / "repository"
    listed = _git(PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in listed:
        if (PROJECT / name).is_file():  # not one that was removed and not committed
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, repository / name)
    _git(repository, "init", "--quiet")
    _git(repository, "add", "--all")
    (repository / ".venv").symlink_to(BIN.parent)
    return repository


def test_the_hook_passes_all_files(repository: Path) -> None:
    """Without mypy, which `make check` has just run, and sqlfluff, which takes minutes for all (below)."""
    hook = _run_hook(repository, "--all-files", skip="mypy,sqlfluff")
    assert hook.returncode == 0, hook.stdout + hook.stderr


def test_all_sql_is_rendered_without_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    config = FluffConfig.from_root(overrides={"templater": "jinja"})
    linter = Linter(config)
    files = sorted(map(str, (*Path("models").rglob("*.sql"), *Path("tests/dbt/singular").rglob("*.sql"))))
    rendered = {name: linter.render_file(name, config) for name in files}
    assert rendered
    assert not {name: sql.templater_violations for name, sql in rendered.items() if sql.templater_violations}


def test_the_hook_lints_sql(repository: Path) -> None:
    """Some of it: all of it is linted as dbt renders it (test_lint.py)."""
    files = sorted(path.relative_to(repository).as_posix() for path in repository.glob("models/**/*.sql"))
    some = files[::30]
    assert len(some) > 3
    hook = _run_hook(repository, "sqlfluff", "--files", *some)
    assert hook.returncode == 0, hook.stdout + hook.stderr
    broken = repository / some[0]
    sound = broken.read_text()
    broken.write_text(sound + "SELECT 1\n")
    try:
        hook = _run_hook(repository, "sqlfluff", "--files", some[0])
    finally:
        broken.write_text(sound)
    assert hook.returncode == 1, hook.stdout
    assert some[0] in hook.stdout


def _run_hook(repository: Path, *arguments: str, skip: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "pre-commit", "run", *arguments],
        cwd=repository,
        env=os.environ | {"PRE_COMMIT_HOME": str(repository.parent / "cache"), "SKIP": skip},
        capture_output=True,
        text=True,
    )


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout
