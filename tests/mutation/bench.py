"""Where mutants are tried: a copy of the project on a copy of a small, built warehouse.

    template = build_template(folder)  # what tests/mutation/inputs.py loads, built; every test passes
    bench = Bench.set_up(folder, "mutants_1", template)
    verdict = bench.judge(mutant)

A mutant is tried by the unit tests of the models that it changes; if they pass, by a `dbt build` of these and
of all that reads them with their data tests. What lies behind a refusal is skipped, as in any build.
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cli.server.roles import bootstrap
from tests.mutation.inputs import load_inputs
from tests.mutation.mutants import Mutant
from tests.mutation.reach import Reach
from tests.projects import ProjectCopy, copy_project
from tests.templates import become, on_database

TEMPLATE = "mutants_template"

# Plain dbt has no plan of a build (macros/publish/build_state.sql), so tests look at all months.
SETTINGS = ("--target", "prod")
QUIETLY = ("--quiet", "--no-write-json")

# SQL that no engine runs shows nothing about the tests.
NO_SQL = re.compile("syntax error|does not exist|must appear in the GROUP BY|Compilation Error|Parsing Error")
CONTRACT = "enforced contract"

KINDS = ("unit test", "contract", "database", "data test")
Outcome = Literal["caught", "warned", "survived", "invalid"]
Found = tuple[Outcome, "tuple[Catch, ...]", str]  # outcome, by whom, and why it is invalid

NOTHING: Found = ("survived", (), "")


@dataclass(frozen=True, order=True)
class Catch:
    """Who noticed a mutant: one of KINDS, and the test, or the model that could not be built."""

    kind: str
    name: str


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    `caught`: nothing would have been published. `warned`: it would have been, and a test of severity warn
    found more or less than it does in the sound project. `said` is why it is invalid.
    """

    mutant: Mutant
    outcome: Outcome
    by: tuple[Catch, ...] = ()
    said: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Template:
    """A database to copy, and how many rows each warning finds of the sound project in it."""

    database: str
    warnings: dict[str, int]


def build_template(folder: Path) -> Template:
    """Load and build the sound project in a new database of the current server, with every test that it has.

    Raises AssertionError when one of its tests fails: nothing could be said of a mutant then.
    """
    with on_database(TEMPLATE):
        bootstrap()
        project = _whole_project(folder / "template")
        inputs = folder / "inputs"
        inputs.mkdir()
        load_inputs(project, inputs)
        built, said = project.dbt_results("--quiet", "build", "--target", "prod")
        assert built.success, said
        return Template(TEMPLATE, _warnings(built.result.results))


@dataclass(frozen=True)
class Bench:
    """One place to try mutants, one after the other."""

    project: ProjectCopy
    database: str
    template: Template
    reach: Reach

    @classmethod
    def set_up(cls, folder: Path, database: str, template: Template) -> "Bench":
        """A copy of the project, parsed, and one of the template with this name."""
        project = _whole_project(folder / database)
        with on_database(database):
            parsed, said = project.dbt_results("--quiet", "parse", *SETTINGS)
        assert parsed.success, said
        manifest = json.loads((project.folder / "target" / "manifest.json").read_text())
        bench = cls(project, database, template, Reach(manifest))
        bench.new_database()
        return bench

    def judge(self, mutant: Mutant) -> Verdict:
        """Test and build the project with this mutant in it: first its unit tests, as `dbt build` does."""
        began = time.monotonic()
        change = mutant.file, mutant.before
        with on_database(self.database), self.project.edited((*change, mutant.after)):
            verdict = self._unit_tests(self.reach.unit_tests(*change))
            if verdict[0] == "survived":
                verdict = self._build(self.reach.models_and_tests(*change))
        return Verdict(mutant, *verdict, seconds=time.monotonic() - began)

    def _unit_tests(self, names: Sequence[str]) -> Found:
        if not names:
            return NOTHING
        return self._found(self.project.dbt_results(*QUIETLY, "test", *SETTINGS, "--select", *names))

    def _build(self, names: Sequence[str]) -> Found:
        """On a database that is made anew afterwards."""
        command = (*QUIETLY, "build", "--indirect-selection", "empty", *SETTINGS)
        found = self._found(self.project.dbt_results(*command, "--select", *names))
        self.new_database()
        return found

    def _found(self, built_and_said: tuple[Any, str]) -> Found:
        built, said = built_and_said
        if not hasattr(built.result, "results"):
            return "invalid", (), str(built.exception or said)
        results = built.result.results
        for result in results:
            if result.status == "error" and NO_SQL.search(result.message) and CONTRACT not in result.message:
                return "invalid", (), f"{result.node.name}: {result.message}"
        refused = {
            Catch(_kind(result), result.node.name) for result in results if result.status in ("fail", "error")
        }
        if refused:
            return "caught", tuple(sorted(refused)), ""
        assert built.success, said
        sound = self.template.warnings
        tested = {result.node.name for result in results}
        warned = {name for name, rows in _warnings(results).items() if rows != sound.get(name, 0)}
        warned |= {name for name in sound if name in tested and name not in _warnings(results)}
        if warned:
            return "warned", tuple(Catch("data test", name) for name in sorted(warned)), ""
        return NOTHING

    def new_database(self) -> None:
        """Make the database what the template is, once more."""
        with on_database(self.database):
            become(self.template.database)


def _whole_project(folder: Path) -> ProjectCopy:
    return copy_project(folder, with_tests=True, with_unit_tests=True, parsed_for=None)


def _kind(result: Any) -> str:
    if result.node.resource_type in ("test", "unit_test"):
        return "unit test" if result.node.resource_type == "unit_test" else "data test"
    return "contract" if CONTRACT in result.message else "database"


def _warnings(results: Any) -> dict[str, int]:
    """How many rows each test of severity warn found."""
    return {result.node.name: int(result.failures) for result in results if result.status == "warn"}
