"""The dbt project as pages show it: relations with their columns and rules, metrics, macros."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cli.development.columns import Lineage, Manifest, column_lineage, names_of

LAYERS = ("raw", "seeds", "staging", "intermediate", "marts")
"""From what landed to what readers see."""

CALLED_BY_ANALYSTS = ("macros/cross_db", "macros/measures", "macros/staging")
"""Folders of the macros that models call; the other folders make builds and publications work."""

HEAD = re.compile(r"(?s)\{%-?\s*macro\s+\w+\((.*?)\)\s*-?%\}")
REF = re.compile(r"ref\('(\w+)'\)")


@dataclass(frozen=True)
class Column:
    """A column as the project declares it: `rules` are constraints and tests, each in words."""

    name: str
    description: str = ""
    data_type: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation:
    """A source table, seed or model. Parents and children are names of relations.

    `month` names the column by which a mart is tested month by month.
    """

    name: str
    layer: str
    subject: str
    description: str
    path: str
    columns: tuple[Column, ...] = ()
    rules: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    month: str = ""

    @property
    def grain(self) -> str:
        """The first sentence: what is one row."""
        text = " ".join(self.description.split())
        return text.partition(". ")[0].rstrip(".")


@dataclass(frozen=True)
class Metric:
    name: str
    label: str
    description: str


@dataclass(frozen=True)
class Macro:
    name: str
    arguments: str
    description: str
    folder: str


@dataclass(frozen=True)
class Project:
    """All of it; `relations` in the order in which data flows, then by name."""

    relations: dict[str, Relation]
    metrics: tuple[Metric, ...] = ()
    macros: tuple[Macro, ...] = ()
    tests: dict[str, "DataTest"] = field(default_factory=dict)

    def layer(self, *names: str) -> list[Relation]:
        return [relation for relation in self.relations.values() if relation.layer in names]


@dataclass(frozen=True)
class DataTest:
    """A data test by its unique id: which relations it reads, the one it is attached to first."""

    name: str
    description: str
    severity: str
    relations: tuple[str, ...]


@cache
def current() -> tuple["Project", Lineage]:
    """The project as it stands, and what its columns are made of. Raises OntimeError where dbt cannot."""
    lineage, manifest = column_lineage()
    return project_of(manifest), lineage


def project_of(manifest: Manifest) -> Project:
    """The project of a manifest."""
    every: dict[str, Any] = {**manifest["nodes"], **manifest["sources"]}
    nodes = {uid: node for uid, node in every.items() if node["resource_type"] in ("model", "seed", "source")}
    names = names_of(manifest)
    rules = Rules(manifest)

    def beside(uid: str, which: str) -> tuple[str, ...]:
        return tuple(sorted({names[other] for other in manifest[which].get(uid, ()) if other in names}))

    relations = [
        Relation(
            name=names[uid],
            layer=layer_of(node),
            subject=subject_of(node),
            description=str(node["description"]),
            path=node["original_file_path"],
            columns=tuple(rules.column(uid, node, column) for column in node["columns"].values()),
            rules=rules.of_relation(uid, node),
            parents=beside(uid, "parent_map"),
            children=beside(uid, "child_map"),
            month=str((node["config"].get("meta") or {}).get("tested_by_month", "")),
        )
        for uid, node in nodes.items()
    ]
    relations.sort(key=lambda relation: (LAYERS.index(relation.layer), relation.subject, relation.name))
    return Project(
        {relation.name: relation for relation in relations},
        tuple(metrics_of(manifest)),
        tuple(macros_of(manifest)),
        {uid: test for uid, node in manifest["nodes"].items() if (test := test_of(node, names))},
    )


def layer_of(node: Mapping[str, Any]) -> str:
    """The first folder of a model, where audit models are marts too."""
    kind = {"source": "raw", "seed": "seeds"}.get(node["resource_type"])
    return kind or {"audit": "marts"}.get(node["fqn"][1], str(node["fqn"][1]))


def subject_of(node: Mapping[str, Any]) -> str:
    """The folder within the layer: core, performance, flights; of a landed table its source."""
    if node["resource_type"] == "source":
        return str(node["source_name"])
    return "audit" if node["fqn"][1] == "audit" else str(node["fqn"][2] if len(node["fqn"]) > 3 else "")


def metrics_of(manifest: Manifest) -> list[Metric]:
    return [
        Metric(metric["name"], metric["label"], metric["description"])
        for metric in manifest["metrics"].values()
    ]


def macros_of(manifest: Manifest) -> list[Macro]:
    """The described macros that models call, by folder and name."""
    found = [
        Macro(
            macro["name"],
            arguments_of(macro),
            macro["description"],
            macro["original_file_path"].split("/")[1],
        )
        for macro in manifest["macros"].values()
        if macro["original_file_path"].startswith(CALLED_BY_ANALYSTS)
        and macro["package_name"] == manifest["metadata"]["project_name"]
        and macro["description"]
    ]
    return sorted(found, key=lambda macro: (macro.folder, macro.name))


def arguments_of(macro: Mapping[str, Any]) -> str:
    """Its arguments as its first line has them: `part, whole`."""
    found = HEAD.search(macro["macro_sql"])
    return " ".join(found[1].split()) if found else ""


def test_of(node: Mapping[str, Any], names: Mapping[str, str]) -> DataTest | None:
    if node["resource_type"] != "test":
        return None
    attached = [node["attached_node"]] if node.get("attached_node") else []
    reads = dict.fromkeys([*attached, *node["depends_on"]["nodes"]])
    return DataTest(
        node["name"],
        str(node["description"]),
        str(node["config"]["severity"]).lower(),
        tuple(names[uid] for uid in reads if uid in names),
    )


class Rules:
    """What must hold, in words: constraints and generic tests, by relation and column."""

    def __init__(self, manifest: Manifest) -> None:
        self._tests: dict[tuple[str, str], list[str]] = {}
        for node in manifest["nodes"].values():
            if node["resource_type"] == "test" and node.get("attached_node") and node.get("test_metadata"):
                place = node["attached_node"], node.get("column_name") or ""
                self._tests.setdefault(place, []).append(test_in_words(node["test_metadata"]))

    def column(self, uid: str, node: Mapping[str, Any], column: Mapping[str, Any]) -> Column:
        """A declared column with its rules, those of its relation's key included."""
        rules = [constraint_in_words(given) for given in column.get("constraints") or ()]
        key = primary_key(node)
        if column["name"] in key:
            rules.insert(0, "primary key" if len(key) == 1 else "part of the primary key")
        rules += self._tests.get((uid, column["name"]), [])
        of_seed = (node["config"].get("column_types") or {}).get(column["name"])
        return Column(
            column["name"],
            str(column["description"]),
            str(column.get("data_type") or of_seed or ""),
            tuple(dict.fromkeys(rules)),
        )

    def of_relation(self, uid: str, node: Mapping[str, Any]) -> tuple[str, ...]:
        key = primary_key(node)
        rules = [f"primary key: {', '.join(key)}"] if key else []
        return tuple(dict.fromkeys([*rules, *self._tests.get((uid, ""), [])]))


def primary_key(node: Mapping[str, Any]) -> list[str]:
    keys = [given for given in node.get("constraints") or () if given["type"] == "primary_key"]
    return list(keys[0]["columns"]) if keys else []


def constraint_in_words(given: Mapping[str, Any]) -> str:
    match given["type"]:
        case "not_null":
            return "never null"
        case "check":
            return " ".join(str(given["expression"]).split())
        case "primary_key":
            return "primary key"
    return str(given["type"]).replace("_", " ")


def test_in_words(test: Mapping[str, Any]) -> str:
    arguments = {
        name: REF.sub(r"\1", str(value)) if isinstance(value, str) else value
        for name, value in (test.get("kwargs") or {}).items()
        if name not in ("model", "column_name")
    }
    match test["name"]:
        case "not_null":
            return "never null"
        case "unique":
            return "unique"
        case "unique_combination":
            return f"one row per {', '.join(arguments['columns'])}"
        case "constraints_hold":
            return "the rules beside its columns hold"
        case "accepted_values":
            return f"one of {', '.join(map(str, arguments['values']))}"
        case "relationships":
            return f"is there as {arguments['field']} in {str(arguments['to']).strip()}"
    told = ", ".join(f"{name} {value}" for name, value in arguments.items())
    return str(test["name"]).replace("_", " ") + (f": {told}" if told else "")
