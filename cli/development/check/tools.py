"""Linters of changed files, each a process of its own beside the build."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from cli.development.check.findings import Finding
from ingestion import PROJECT

INSTALL = "make .venv/dev.stamp"
WITHOUT_JINJA = "models/intermediate/months/int_months__versions.sql"
"""Written by loops over the graph, which the jinja templater does not know (.pre-commit-config.yaml)."""

MOST_DETAILS = 12


def commands_folder() -> Path:
    """Where the commands of this environment are."""
    return Path(sys.executable).parent


@dataclass
class Tool:
    """A linter that runs: `remedy` is what mends its complaints."""

    check: str
    command: Sequence[str]
    said: str
    remedy: str
    environment: dict[str, str] = field(default_factory=dict)
    is_complaint: Callable[[str], bool] = bool
    _process: subprocess.Popen[str] | None = None
    _waiting: Thread | None = None
    _output: str = ""
    _seconds: float = 0.0

    def start(self) -> "Tool":
        """Where it is not installed nothing starts, and `finding` says so."""
        executable = commands_folder() / self.command[0]
        if executable.exists():
            self._process = subprocess.Popen(
                [str(executable), *self.command[1:]],
                cwd=PROJECT,
                env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **self.environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            self._waiting = Thread(target=self._wait, args=(self._process, time.monotonic()))
            self._waiting.start()
        return self

    def _wait(self, process: subprocess.Popen[str], began: float) -> None:
        self._output, _ = process.communicate()
        self._seconds = time.monotonic() - began

    def finding(self) -> Finding:
        """What it said, when it has ended."""
        if self._process is None or self._waiting is None:
            return Finding(self.check, "missing", f"{self.command[0]} is not installed", remedy=INSTALL)
        self._waiting.join()
        if self._process.returncode == 0:
            return Finding(self.check, "ok", self.said, self._seconds)
        lines = [
            line.rstrip() for line in self._output.splitlines() if line.strip() and self.is_complaint(line)
        ]
        more = [f"and {len(lines) - MOST_DETAILS} more lines"] if len(lines) > MOST_DETAILS else []
        return Finding(
            self.check, "failed", self.said, self._seconds, (*lines[:MOST_DETAILS], *more), self.remedy
        )

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
        if self._waiting is not None:
            self._waiting.join()


def python_lint(files: Sequence[str]) -> list[Tool]:
    """Of changed Python."""
    python = [name for name in files if name.endswith(".py")]
    if not python:
        return []
    said = counted(len(python), "file")
    names = " ".join(python[:3]) if len(python) <= 3 else "."
    return [
        Tool(
            "Python: lint",
            ["ruff", "check", "--output-format", "concise", "--force-exclude", *python],
            said,
            f"ruff check --fix {names}",
        ),
        Tool(
            "Python: format",
            ["ruff", "format", "--check", "--force-exclude", *python],
            said,
            f"ruff format {names}",
        ),
    ]


def sql_lint(files: Sequence[str]) -> list[Tool]:
    """Of changed SQL, as the commit hook does it: macros are linted where a model calls them."""
    linted = [
        name
        for name in files
        if name.endswith(".sql")
        and name.startswith(("models/", "tests/dbt/singular/", "cli/site/queries/"))
        and name != WITHOUT_JINJA
    ]
    if not linted:
        return []
    command = ["sqlfluff", "lint", "--templater", "jinja", "--processes", "0", "--disable-progress-bar"]
    names = " ".join(linted[:3]) if len(linted) <= 3 else "models"
    return [
        Tool(
            "SQL: lint",
            [*command, *linted],
            counted(len(linted), "file"),
            f"sqlfluff fix {names}",
            is_complaint=lambda line: line.startswith(("L:", "==")),
        )
    ]


def conventions(folder: Path) -> list[Tool]:
    """Names, layers, descriptions; reads target/manifest.json in the folder. The catalog's rules are CI's."""
    config = str(PROJECT / "dbt-bouncer.yml")
    command = [
        "dbt-bouncer",
        "run",
        "--config-file",
        config,
        "--only",
        "manifest_checks",
        "--show-all-failures",
    ]
    return [
        Tool(
            "conventions",
            command,
            "dbt-bouncer, on the manifest",
            "docs/checks.md says why each rule is there",
            {"DBT_PROJECT_DIR": str(folder)},
            lambda line: "check_" in line,
        )
    ]


def counted(number: int, word: str) -> str:
    """`1 file`, `3 files`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
