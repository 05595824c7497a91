"""The keys of models, as their YAML states them: what identifies one row."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ingestion import PROJECT

Key = tuple[str, ...]

OF_TESTS = ("unique", "unique_combination")
FOLDERS = ("models", "seeds")


def keys_of(manifest: Mapping[str, Any]) -> dict[str, list[Key]]:
    """The keys of each node of dbt's manifest, by unique_id: what is stated first, then what tests hold."""
    found: dict[str, list[Key]] = {}
    for uid, node in manifest["nodes"].items():
        for key in _stated(node, node.get("columns", {})):
            found.setdefault(uid, []).append(key)
    for node in manifest["nodes"].values():
        test = node.get("test_metadata")
        if test and test["name"] in OF_TESTS and not node["config"].get("where"):
            columns = test["kwargs"].get("columns") or [node["column_name"]]
            found.setdefault(node["attached_node"], []).append(tuple(columns))
    return found


def written_keys(model: str, project: Path = PROJECT) -> list[Key]:
    """The same of one model or seed, from its YAML file alone: takes no dbt. Empty where it states none."""
    described = _described(model, project)
    return keys_in(described) if described is not None else []


def keys_in(described: Mapping[str, Any]) -> list[Key]:
    """The same of a model as a YAML file describes it."""
    columns = {column["name"]: column for column in described.get("columns") or ()}
    found = list(_stated(described, columns))
    for test in described.get("data_tests") or ():
        given = test.get("unique_combination") if isinstance(test, dict) else None
        if given and not given.get("config", {}).get("where"):
            found.append(tuple(given["arguments"]["columns"]))
    found += [(name,) for name, column in columns.items() if "unique" in (column.get("data_tests") or ())]
    return found


def _described(model: str, project: Path) -> dict[str, Any] | None:
    for path in sorted(file for folder in FOLDERS for file in (project / folder).rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if f"name: {model}\n" not in text:
            continue
        read = yaml.safe_load(text)
        for node in [*(read.get("models") or ()), *(read.get("seeds") or ())]:
            if node["name"] == model:
                return dict(node)
    return None


def _stated(node: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]) -> Iterator[Key]:
    """The primary key and the unique indexes of a node, in the manifest and in YAML."""
    for constraint in node.get("constraints") or ():
        if constraint["type"] == "primary_key":
            yield tuple(constraint["columns"])
    for name, column in columns.items():
        if any(constraint["type"] == "primary_key" for constraint in column.get("constraints") or ()):
            yield (name,)
    for index in (node.get("config") or {}).get("indexes") or ():
        if index.get("unique"):
            yield tuple(index["columns"])
