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
import yaml

from tests import samples
from tests.projects import PROJECT, copy_project

Node = dict[str, Any]

COMMANDS = Path(sys.executable).parent
# Views over the whole history: a test of their key would cost what the history costs, on every build. Their
# (file, record) is tested in int_flights__records and int_weather__records, where each row lands.
UNKEYED = (
    r"^models/staging/(nycflights13/stg_nycflights13__flights|bts/stg_bts__(flights|landings)|bts/base/base_bts__\w+)\.sql$",
    r"^models/staging/(iem|nws|open_meteo)/stg_[a-z_]+__weather\.sql$",
    r"^models/intermediate/(flights/int_flights__(stated|coded|clocks)|weather/int_weather__stated)\.sql$",
)
ENGINE_SPELLINGS = ("default__", "spark__", "postgres__")


@dataclass(frozen=True)
class Artifacts:
    """What dbt wrote of a project that was built and documented; its files lie in `folder`/target."""

    folder: Path
    manifest: dict[str, Any]
    catalog: dict[str, Any]

    def nodes(self, *resource_types: str) -> list[Node]:
        return [node for node in self.manifest["nodes"].values() if node["resource_type"] in resource_types]

    def stored(self) -> list[Node]:
        """Models and seeds with a relation; those that read an ephemeral model show its columns."""
        nodes = self.nodes("model", "seed")
        return [node for node in nodes if node["config"]["materialized"] != "ephemeral"]

    def columns(self, node: Node) -> set[str]:
        """Names of the columns that a stored node has in the database."""
        return set(self.catalog["nodes"][node["unique_id"]]["columns"])

    def terms(self) -> dict[str, str]:
        """Names of the glossary's terms, by their ids."""
        return {
            unique_id: block["name"]
            for unique_id, block in self.manifest["docs"].items()
            if block["original_file_path"] == "models/glossary.md"
        }

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
    project = copy_project(folder, with_tests=True, with_unit_tests=True, parsed_for="ci")
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
    """By a data test, by a unit test, or by a key that the database holds."""
    tested = {test.get("attached_node") for test in artifacts.nodes("test")}
    unit_tested = {test["model"] for test in artifacts.manifest["unit_tests"].values()}
    stored = [node for node in artifacts.stored() if node["resource_type"] == "model"]
    assert stored
    assert not [
        it["name"]
        for it in stored
        if it["unique_id"] not in tested and it["name"] not in unit_tested and not has_held_key(it)
    ]


def test_every_stored_model_has_a_key(artifacts: Artifacts) -> None:
    """The database holds it, or a test looks for rows that share it."""
    tested = {
        test["attached_node"]
        for test in artifacts.nodes("test")
        if test.get("test_metadata", {}).get("name") in ("unique", "unique_combination")
    }
    assert tested
    assert not [
        node["name"]
        for node in artifacts.stored()
        if node["unique_id"] not in tested and not has_held_key(node) and not is_unkeyed(node)
    ]


def test_rules_are_held_by_the_database_or_by_one_test(artifacts: Artifacts) -> None:
    """Postgres knows no rule of a view, and dbt makes none for a table without a contract."""
    tested = {
        test["attached_node"]
        for test in artifacts.nodes("test")
        if test.get("test_metadata", {}).get("name") == "constraints_hold"
    }
    assert tested
    stated = {
        node["unique_id"]
        for node in artifacts.nodes("model", "seed")
        if any(column["constraints"] for column in node["columns"].values()) and not is_held(node)
    }
    assert stated == tested


def test_a_raw_table_is_read_by_one_model_of_its_folder(artifacts: Artifacts) -> None:
    """But for the ledger, the same for each source: models that are about files unite it."""
    readers: dict[str, list[str]] = defaultdict(list)
    for node in artifacts.nodes("model"):
        for read in node["depends_on"]["nodes"]:
            readers[read].append(node["original_file_path"])
    wrong = {}
    for unique_id, source in artifacts.manifest["sources"].items():
        if source["source_name"] == "ops":  # no data: what commands did, which its readers see at once
            continue
        is_ledger = source["name"] in ("files", "rejects", "decisions")
        theirs = readers[unique_id]
        if is_ledger:
            theirs = [path for path in theirs if not path.startswith("models/intermediate/files/")]
        folder = str(Path(source["original_file_path"]).parent)
        if not all(path.startswith(folder) for path in theirs) or (len(theirs) > 1 and not is_ledger):
            wrong[unique_id] = theirs
    assert not wrong


def test_models_of_history_are_those_that_say_so(artifacts: Artifacts) -> None:
    """The rows of such a model are kept: without versions it would say everything again in each build."""
    models = artifacts.nodes("model")
    history = {node["name"] for node in models if node["config"]["materialized"] == "history"}
    assert history
    assert history == {node["name"] for node in models if "history" in node["config"]["meta"]}
    assert not [node["name"] for node in models if node["config"]["materialized"] == "incremental"]


def test_descriptions_begin_with_the_grain_and_are_sentences(artifacts: Artifacts) -> None:
    bad = []
    for node in artifacts.nodes("model", "seed"):
        if not node["description"].startswith("One row per "):
            bad.append(f"{node['name']}: begins with {node['description'][:30]!r}")
        texts = {"": node["description"]}
        texts |= {f".{name}": text for name, text in described_columns(node).items()}
        bad += [f"{node['name']}{name}: {text!r}" for name, text in texts.items() if not is_sentence(text)]
    assert not bad, "not a sentence: " + "\n".join(bad)


def test_documented_columns_are_those_that_exist(artifacts: Artifacts) -> None:
    """All of marts, audit and seeds; inner models say what their names do not."""
    differences = {}
    for node in artifacts.stored():
        existing, documented = artifacts.columns(node), set(node["columns"])
        if difference := documented - existing if is_inner(node) else documented ^ existing:
            differences[node["name"]] = difference
    assert not differences


def test_columns_of_inner_models_are_named_after_what_is_described(artifacts: Artifacts) -> None:
    """A term of the glossary, or a column of a mart; other columns are described in the model's own YAML."""
    known = set(artifacts.terms().values())
    known |= {
        name for node in artifacts.nodes("model") if not is_inner(node) for name in described_columns(node)
    }
    unknown = {}
    for node in filter(is_inner, artifacts.stored()):
        if columns := artifacts.columns(node) - known - set(described_columns(node)):
            unknown[node["name"]] = columns
    assert not unknown


def test_the_page_of_marts_has_each_of_them(artifacts: Artifacts) -> None:
    page = (PROJECT / "docs" / "marts.md").read_text(encoding="utf-8")
    listed = [name for row in re.findall(r"(?m)^\| (`.*?) \|", page) for name in re.findall(r"`(\w+)`", row)]
    marts = [node["name"] for node in artifacts.nodes("model") if node["config"]["schema"] == "marts"]
    assert sorted(listed) == sorted(marts)


def test_checksums_are_of_every_mart(artifacts: Artifacts) -> None:
    marts = {node["unique_id"]: node for node in artifacts.nodes("model") if not is_inner(node)}
    (checksums,) = (node for node in marts.values() if node["name"] == "audit_checksums")
    of_rows = {uid for uid, node in marts.items() if not node["config"]["meta"].get("is_local")}
    assert set(checksums["depends_on"]["nodes"]) == of_rows


def test_each_term_of_the_glossary_is_shared(artifacts: Artifacts) -> None:
    """A term that one model alone uses is described in its YAML, where its reader looks."""
    used_by: dict[str, set[str]] = defaultdict(set)
    for node in artifacts.nodes("model", "seed"):
        for described in (node, *node["columns"].values()):
            for block in described["doc_blocks"]:
                used_by[block].add(node["name"])
    terms = artifacts.terms()
    assert terms
    for node in filter(is_inner, artifacts.stored()):
        by_name = artifacts.columns(node) - set(described_columns(node))
        for unique_id, name in terms.items():
            if name in by_name:
                used_by[unique_id].add(node["name"])
    assert not {name: used_by[unique_id] for unique_id, name in terms.items() if len(used_by[unique_id]) < 2}


def test_seeds_say_where_they_are_from(artifacts: Artifacts) -> None:
    seeds = artifacts.nodes("seed")
    assert seeds
    assert not [node["name"] for node in seeds if "Taken from " not in node["description"]]


def test_every_macro_has_a_comment_above_it(artifacts: Artifacts) -> None:
    """Macros that one empty line parts belong together, and one comment says what they are."""
    bad, found = [], 0
    for path in {PROJECT / macro["original_file_path"] for macro in artifacts.macros()}:
        for group in re.split(r"\n{3,}", path.read_text(encoding="utf-8")):
            if macro := re.search(r"\{%-?\s*(?:macro|test)\s+(\w+)", group):
                found += 1
                if not re.match(r"\s*\{#", group):
                    bad.append(f"{path.name}: {macro[1]}")
    assert found
    assert not bad


def test_macros_that_the_docs_list_exist(artifacts: Artifacts) -> None:
    listed = yaml.safe_load((PROJECT / "macros" / "_macros.yml").read_text(encoding="utf-8"))["macros"]
    assert listed
    assert not {macro["name"] for macro in listed} - {macro["name"] for macro in artifacts.macros()}
    assert not [macro["name"] for macro in listed if not is_sentence(macro["description"])]


def is_inner(node: Node) -> bool:
    """A model that readers do not see."""
    return bool(node["resource_type"] == "model" and node["config"]["schema"] != "marts")


def is_held(node: Node) -> bool:
    """The database holds the rules of a node: of history, and of tables with a contract."""
    has_contract = node["config"]["materialized"] == "table" and node["config"]["contract"]["enforced"]
    return bool(has_contract or "history" in node["config"]["meta"])


def has_held_key(node: Node) -> bool:
    """A primary key where constraints are held, or a unique index."""
    rules = [rule["type"] for rule in node.get("constraints", [])]
    indexes = node["config"].get("indexes") or []
    return (is_held(node) and "primary_key" in rules) or any(index.get("unique") for index in indexes)


def is_unkeyed(node: Node) -> bool:
    return any(re.search(pattern, node["original_file_path"]) for pattern in UNKEYED)


def described_columns(node: Node) -> dict[str, str]:
    """Descriptions that stand in the node's own YAML."""
    return {name: column["description"] for name, column in node["columns"].items() if column["description"]}


def is_sentence(text: str) -> bool:
    return re.fullmatch(r"[A-Z`(0-9].*[.)`]", text.strip(), re.DOTALL) is not None


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
