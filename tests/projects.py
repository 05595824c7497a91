"""Copies of the project, for tests that load files, edit models and build, on the database of the test.

    project = copy_project(folder, with_tests=False)
    project.load(*write_sample(folder))
    built = project.build()                                   # ontime build
    with project.edited("models/...sql", "old", "new"):
        built = project.build()

Builds run in this process where they can, which saves the seconds that dbt takes to import; `start` runs
the command `ontime` of the copy as a process of its own. A copy comes with what dbt read of the first one, so
that of the others it reads only what a test edits.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from click.testing import CliRunner

import cli.building.build
import cli.building.failures
from cli.building.build_plan import Plan
from cli.main import main
from cli.server.connections import Connection, connection
from ingestion.report import LoadReport
from ingestion.source import Source
from ingestion.sources.nycflights13 import NYCFLIGHTS13
from tests.ingestion.support import load_files

PROJECT = Path(__file__).parents[1]
PARTS = (
    *("dbt_project.yml", "profiles.yml", ".dlt"),
    *("models", "macros", "seeds", "tests/dbt", "ingestion", "cli"),
)

PARTIAL_PARSE = Path("target", "partial_parse.msgpack")

# A third of a build's time each. A story about versions or publication does without either. Unit tests look
# at no data, hence they run in one place, all of them: where tests/mutation builds the sound project.
WITHOUT = """
{kind}:
  ontime:
    +enabled: false
"""


@dataclass(frozen=True)
class Outcome:
    """Exit code of a command, all that it said, and the nodes that a build ran, by dbt's unique_id."""

    code: int
    said: str
    ran: frozenset[str] = frozenset()

    @property
    def models(self) -> set[str]:
        """The names of the models that it ran."""
        return names(self.ran, "model")


def names(nodes: Iterable[str], kind: str) -> set[str]:
    """Of nodes, the names of one kind: model, seed, test (without its hash), unit_test."""
    parts = [node.split(".") for node in nodes]
    return {part[-1] if kind == "unit_test" else part[2] for part in parts if part[0] == kind}


@dataclass(frozen=True)
class Planned:
    """What `ontime build --plan` would run, and why everything if it would; what it said."""

    runs: frozenset[str]
    reasons: dict[str, str]
    everything: str
    said: str


@dataclass(frozen=True)
class ProjectCopy:
    """A project in `folder`; its commands work on the database that PGDATABASE names."""

    folder: Path

    def load(self, *files: Path, source: Source = NYCFLIGHTS13) -> LoadReport:
        """Load files, of the sample's form unless told otherwise; every one of them lands."""
        report, said = load_files(*files, source=source)
        assert report.ok, said
        return report

    def build(self, *arguments: str) -> Outcome:
        """`ontime build`."""
        ran: set[str] = set()
        report = cli.building.failures.report_failures

        def watch(outcome: Any, *others: Any) -> None:
            ran.update(result.node.unique_id for result in outcome.results)
            report(outcome, *others)

        with self._as_the_project() as said, pytest.MonkeyPatch.context() as patch:
            for module in (cli.building.build, cli.building.failures):
                patch.setattr(module, "PROJECT", self.folder)
            patch.setattr(cli.building.failures, "report_failures", watch)
            code = cli.building.build.build(arguments)
        nodes = frozenset(uid for uid in ran if not uid.startswith("operation."))
        return Outcome(code, said.getvalue(), nodes)

    def plan(self, *arguments: str) -> Planned:
        """`ontime build --plan`."""
        seen: list[tuple[Plan, frozenset[str]]] = []
        show = cli.building.build.show

        def see(plan: Plan, runs: frozenset[str], *others: Any) -> None:
            seen.append((plan, runs))
            show(plan, runs, *others)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cli.building.build, "show", see)
            outcome = self.build("--plan", *arguments)
        assert outcome.code == 0, outcome.said
        assert not outcome.ran
        if not seen:
            return Planned(frozenset(), {}, "", outcome.said)
        ((plan, runs),) = seen
        return Planned(runs, plan.reasons, plan.everything, outcome.said)

    def dbt(self, *arguments: str, **environment: str) -> Outcome:
        """Plain `dbt`, as from an activated shell, with further environment variables."""
        outcome, said = self.dbt_results(*arguments, **environment)
        return Outcome(0 if outcome.success else 1, said)

    def dbt_results(self, *arguments: str, **environment: str) -> tuple[Any, str]:
        """The same, with the result of each node (`dbtRunnerResult`) beside what was said."""
        from dbt.cli.main import dbtRunner

        with self._as_the_project(connection("transformer").environment() | environment) as said:
            outcome = dbtRunner().invoke(list(arguments))
            if outcome.exception is not None:
                print(outcome.exception)
        return outcome, said.getvalue()

    def ontime(self, *words: str) -> Outcome:
        """A command of `ontime`, whose modules the caller has imported; stdout follows stderr."""
        with self.here():
            done = CliRunner().invoke(main, list(words))
            if done.exception is not None and not isinstance(done.exception, SystemExit):
                raise done.exception
        return Outcome(done.exit_code, done.stderr + done.stdout)

    @contextmanager
    def here(self, environment: Mapping[str, str] | None = None) -> Iterator[None]:
        """What a command does within it, it does to the copy; modules of `cli` are those imported by now."""
        with self._as_the_project(environment), pytest.MonkeyPatch.context() as patch:
            for name, module in list(sys.modules.items()):
                if name.startswith("cli.") and hasattr(module, "PROJECT"):
                    patch.setattr(module, "PROJECT", self.folder)
            yield

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`ontime` of the copy as a process of its own; stderr and stdout come as one."""
        return subprocess.Popen(
            [sys.executable, "-c", self.entry_point(), *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def entry_point(self) -> str:
        """What Python runs for `ontime`."""
        return "from cli.main import main; main()"

    def write(self, path: str, text: str) -> None:
        """Write a file, such as a test that is to fail; `path` is relative to the project."""
        self.folder.joinpath(path).write_text(text)

    def remove(self, path: str) -> None:
        self.folder.joinpath(path).unlink()

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace the one place of `old` in a file."""
        file = self.folder / path
        text = file.read_text()
        assert text.count(old) == 1, f"{path} has {text.count(old)} of: {old}"
        file.write_text(text.replace(old, new))

    @contextmanager
    def edited(self, *edits: tuple[str, str, str]) -> Iterator[None]:
        """`edit` each (path, old, new) for a while."""
        originals = {path: self.folder.joinpath(path).read_text() for path, _, _ in edits}
        try:
            for path, old, new in edits:
                self.edit(path, old, new)
            yield
        finally:
            for path, text in originals.items():
                self.write(path, text)

    @contextmanager
    def _as_the_project(self, environment: Mapping[str, str] | None = None) -> Iterator[StringIO]:
        """Work in the folder, collect what is said, and leave the environment as it was."""
        said, before = StringIO(), dict(os.environ)
        try:
            os.environ.update(environment or {})
            with chdir(self.folder), redirect_stdout(said), redirect_stderr(said):
                yield said
        finally:
            os.environ.clear()
            os.environ.update(before)


def copy_project(
    folder: Path, *, with_tests: bool, with_unit_tests: bool = False, parsed_for: str | None = "prod"
) -> ProjectCopy:
    """A copy of what `ontime` and dbt need, in a folder `project` within `folder`.

    Tests and unit tests are enabled as asked. `parsed_for` is the target for which dbt has read the copy, on
    the database of the test; with None it has read nothing.
    """
    project = folder / "project"
    for part in PARTS:
        source, copied = PROJECT / part, project / part
        copied.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copied, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copied)
    with project.joinpath("dbt_project.yml").open("a") as settings:
        for kind, is_wanted in {"data_tests": with_tests, "unit_tests": with_unit_tests}.items():
            if not is_wanted:
                settings.write(WITHOUT.format(kind=kind))
    if parsed_for is not None:
        project.joinpath(PARTIAL_PARSE).parent.mkdir()
        parsed = _parsed(connection("transformer"), parsed_for, with_tests, with_unit_tests)
        shutil.copy(parsed, project / PARTIAL_PARSE)
    return ProjectCopy(project)


@cache
def _parsed(database: Connection, target: str, with_tests: bool, with_unit_tests: bool) -> Path:
    """What dbt keeps of a project that it has read: good for this database and this target."""
    folder = Path(mkdtemp(prefix="parsed-"))
    project = copy_project(folder, with_tests=with_tests, with_unit_tests=with_unit_tests, parsed_for=None)
    parsed = project.dbt("--quiet", "parse", "--target", target)
    assert parsed.code == 0, parsed.said
    return project.folder / PARTIAL_PARSE
