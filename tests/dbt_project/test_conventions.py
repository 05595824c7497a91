"""Conventions of the dbt project, held against what dbt knows of it and what stands in the database.

dbt-bouncer.yml holds the rules that dbt-bouncer has words for; this module those that it has not.
docs/checks.md says why each is there and how to mend it.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tests.projects import PROJECT, copy_project

Node = dict[str, Any]

COMMANDS = Path(sys.executable).parent
ENGINE_SPELLINGS = ("default__", "spark__", "postgres__")


@dataclass(frozen=True)
class Artifacts:
    """What dbt wrote of a project that was built and documented; its files lie in `folder`/target."""

    folder: Path
    manifest: dict[str, Any]
    catalog: dict[str, Any]

    def nodes(self, *resource_types: str) -> list[Node]:
        return [node for node in self.manifest["nodes"].values() if node["resource_type"] in resource_types]

    def macros(self) -> list[Node]:
        """The project's own; the spelling of one engine belongs to the macro that asks for it."""
        return [
            macro
            for macro in self.manifest["macros"].values()
            if macro["package_name"] == "ontime" and not macro["name"].startswith(ENGINE_SPELLINGS[:2])
        ]


@pytest.fixture(scope="module")
def artifacts(database: str, tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """A copy of the project, built from the sample and documented."""
    folder = tmp_path_factory.mktemp("conventions")
    project = copy_project(folder, with_tests=True)
    project.load(*samples.write_sample(folder))
    build = (
        "build",
        "--target",
        "ci",
        "--exclude-resource-type",
        "test",
        "--exclude-resource-type",
        "unit_test",
    )
    for command in (build, ("docs", "generate", "--target", "ci")):
        outcome = project.dbt(*command)
        assert outcome.code == 0, outcome.said
    target = project.folder / "target"
    manifest, catalog = (
        json.loads((target / f"{name}.json").read_text()) for name in ("manifest", "catalog")
    )
    return Artifacts(project.folder, manifest, catalog)


def run(folder: Path, *command: str, **environment: str) -> str:
    """What a command of the environment's says; it has to end well."""
    done = subprocess.run(
        [COMMANDS / command[0], *command[1:]],
        cwd=folder,
        env={"NO_COLOR": "1", "COLUMNS": "200", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_dbt_bouncer_has_no_objection(artifacts: Artifacts) -> None:
    config = str(PROJECT / "dbt-bouncer.yml")
    said = run(
        artifacts.folder,
        *("dbt-bouncer", "run", "--config-file", config, "--show-all-failures"),
        DBT_PROJECT_DIR=str(artifacts.folder),
    )
    assert re.search(r"SUCCESS=[1-9]\d{2,}", said), said


def test_every_column_of_the_marts_is_described(artifacts: Artifacts) -> None:
    report = artifacts.folder / "coverage.json"
    marts = ("--model-path-filter", "models/marts", "--model-path-filter", "models/audit")
    command = ("dbt-coverage", "compute", "doc", *marts, "--cov-fail-under", "1", "--cov-report", str(report))
    run(artifacts.folder, *command)
    described = json.loads(report.read_text())["tables"]
    assert len(described) == sum(node["config"]["schema"] == "marts" for node in artifacts.nodes("model"))


def test_every_model_is_tested(artifacts: Artifacts) -> None:
    """By a data test, of a column or of the whole row, or by a unit test."""
    tested = {test.get("attached_node") for test in artifacts.nodes("test")}
    unit_tested = {test["model"] for test in artifacts.manifest["unit_tests"].values()}
    stored = [node for node in artifacts.nodes("model") if is_stored(node)]
    assert stored
    assert not [
        it["name"] for it in stored if it["unique_id"] not in tested and it["name"] not in unit_tested
    ]


def test_a_raw_table_is_read_by_one_model_of_its_folder(artifacts: Artifacts) -> None:
    """But for the ledger, the same for each source: models that are about files unite it."""
    readers: dict[str, list[str]] = defaultdict(list)
    for node in artifacts.nodes("model"):
        for read in node["depends_on"]["nodes"]:
            readers[read].append(node["original_file_path"])
    wrong = {}
    for unique_id, source in artifacts.manifest["sources"].items():
        is_ledger = source["name"] in ("files", "rejects")
        theirs = readers[unique_id]
        if is_ledger:
            theirs = [path for path in theirs if not path.startswith("models/intermediate/files/")]
        folder = str(Path(source["original_file_path"]).parent)
        if not all(path.startswith(folder) for path in theirs) or (len(theirs) > 1 and not is_ledger):
            wrong[unique_id] = theirs
    assert not wrong


def test_incremental_models_are_history_models(artifacts: Artifacts) -> None:
    """Such a model appends: without versions it would say everything again in each build."""
    incremental = [
        node for node in artifacts.nodes("model") if node["config"]["materialized"] == "incremental"
    ]
    assert incremental
    assert not [node["name"] for node in incremental if "history" not in node["config"]["meta"]]


def test_descriptions_begin_with_the_grain_and_are_sentences(artifacts: Artifacts) -> None:
    bad = []
    for node in artifacts.nodes("model", "seed"):
        if not node["description"].startswith("One row per "):
            bad.append(f"{node['name']}: begins with {node['description'][:30]!r}")
        texts = {"": node["description"]}
        texts |= {f".{name}": column["description"] for name, column in node["columns"].items()}
        bad += [f"{node['name']}{name}: {text!r}" for name, text in texts.items() if not is_sentence(text)]
    assert not bad, "not a sentence: " + "\n".join(bad)


def test_documented_columns_are_those_that_exist(artifacts: Artifacts) -> None:
    differences = {}
    for node in artifacts.nodes("model", "seed"):
        if is_stored(node):
            existing = set(artifacts.catalog["nodes"][node["unique_id"]]["columns"])
            if difference := existing ^ set(node["columns"]):
                differences[node["name"]] = difference
    assert not differences


def test_the_page_of_marts_has_each_of_them(artifacts: Artifacts) -> None:
    page = (PROJECT / "docs" / "marts.md").read_text(encoding="utf-8")
    listed = [name for row in re.findall(r"(?m)^\| (`.*?) \|", page) for name in re.findall(r"`(\w+)`", row)]
    marts = [node["name"] for node in artifacts.nodes("model") if node["config"]["schema"] == "marts"]
    assert sorted(listed) == sorted(marts)


def test_each_term_of_the_glossary_is_shared(artifacts: Artifacts) -> None:
    """A term that one model alone uses is described in its YAML, where its reader looks."""
    used_by: dict[str, set[str]] = defaultdict(set)
    for node in artifacts.nodes("model", "seed"):
        for described in (node, *node["columns"].values()):
            for block in described["doc_blocks"]:
                used_by[block].add(node["name"])
    terms = {
        unique_id: block["name"]
        for unique_id, block in artifacts.manifest["docs"].items()
        if block["original_file_path"] == "models/glossary.md"
    }
    assert terms
    assert not {name: used_by[unique_id] for unique_id, name in terms.items() if len(used_by[unique_id]) < 2}


def test_seeds_say_where_they_are_from(artifacts: Artifacts) -> None:
    seeds = artifacts.nodes("seed")
    assert seeds
    assert not [node["name"] for node in seeds if "Taken from " not in node["description"]]


def test_every_macro_is_described_with_its_arguments(artifacts: Artifacts) -> None:
    bad = {}
    for macro in artifacts.macros():
        documented = {argument["name"]: argument["description"] for argument in macro["arguments"]}
        texts = [macro["description"], *documented.values()]
        if list(documented) != signature(macro["macro_sql"]) or not all(map(is_sentence, texts)):
            bad[macro["name"]] = {"takes": signature(macro["macro_sql"]), "documented": documented}
    assert not bad


def is_stored(node: Node) -> bool:
    """Has a relation in the database; the columns of an ephemeral model are seen in those that read it."""
    return bool(node["config"]["materialized"] != "ephemeral")


def is_sentence(text: str) -> bool:
    return re.fullmatch(r"[A-Z`(0-9].*[.)`]", text.strip(), re.DOTALL) is not None


def signature(code: str) -> list[str]:
    """Names of the arguments of a macro or generic test, without their defaults."""
    found = re.search(r"\{%-?\s*(?:macro|test)\s+\w+\s*\((.*?)\)\s*-?%\}", code, re.DOTALL)
    assert found is not None, code
    return [argument.split("=")[0].strip() for argument in found[1].split(",") if argument.strip()]


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("{% macro a() %}", []),
        ("{%- macro a(b, c=none) -%} {{ f(b) }} {%- endmacro %}", ["b", "c"]),
        ("{% test a(model, b) %}", ["model", "b"]),
    ],
)
def test_signature(code: str, arguments: list[str]) -> None:
    assert signature(code) == arguments


@pytest.mark.parametrize(("text", "expected"), [("One row.", True), ("One row", False), ("", False)])
def test_is_sentence(text: str, expected: bool) -> None:
    assert is_sentence(text) is expected


def test_every_warning_has_an_owner_and_an_end_date(artifacts: Artifacts) -> None:
    """A warning that nobody acts on until a day is removed, or made to stop the build."""
    warnings = [test for test in artifacts.nodes("test") if test["config"]["severity"].lower() == "warn"]
    assert warnings
    for test in warnings:
        meta = test["config"]["meta"]
        assert meta.get("owner"), test["name"]
        assert date.today() < date.fromisoformat(meta["until"]), f"{test['name']}: its time is over"  # noqa: DTZ011
