"""Fingerprints of dbt's nodes: what their rows, their tests and their words depend on.

dbt's own `state:modified` compares files as they are: a comment in an intermediate model selects it and all
that reads it. Here comments and white space are no logic, as for versions (macros/versions/).
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import yaml

from cli.building.build_state import Fingerprint, digest

JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
SQL_COMMENT = re.compile(r"^((?:[^'\n-]++|'[^'\n]*'|-(?!-))*+)--[^\n]*$", re.MULTILINE)
SPACE = re.compile(r"\s+")

# Of a node's configuration, what changes nothing that is built.
WORDS = ("docs", "group", "access", "tags")


@cache
def code_without_comments(code: str) -> str:
    """A `--` within quotes is no comment; white space at the ends is none of the code."""
    return SPACE.sub(" ", SQL_COMMENT.sub(r"\1", JINJA_COMMENT.sub("", code))).strip()


class Fingerprints:
    """Of a parsed project, dbt's Manifest, by unique_id: models, seeds, tests, unit tests, sources."""

    def __init__(self, manifest: Any) -> None:
        self.manifest = manifest
        self.project = manifest.metadata.project_name
        self._macros: dict[str, frozenset[str]] = {}

    def of_nodes(self) -> dict[str, Fingerprint]:
        nodes = {uid: self.of_node(node) for uid, node in self.manifest.nodes.items()}
        units = {uid: self._of_unit_test(test) for uid, test in self.manifest.unit_tests.items()}
        sources = {uid: self._of_source(source) for uid, source in self.manifest.sources.items()}
        return nodes | units | sources

    def common(self, *settings: str) -> str:
        """What all nodes share: settings of project and profile, and macros that dbt calls by itself."""
        called = self.called_by_nodes()
        others = [
            uid for uid in self.manifest.macros if uid.split(".")[1] == self.project and uid not in called
        ]
        return digest(*(_text(yaml.safe_load(text)) for text in settings), *self._codes(others))

    def called_by_nodes(self) -> set[str]:
        """The project's macros that nodes call, however indirectly; hooks, which publish, are none."""
        nodes = [node for node in self.manifest.nodes.values() if node.resource_type != "operation"]
        return set().union(*(self._closure(node.depends_on.macros) for node in nodes))

    def of_node(self, node: Any) -> Fingerprint:
        config = {key: value for key, value in node.config.to_dict().items() if key not in WORDS}
        columns = dict(sorted(node.columns.items()))
        logic = [
            node.checksum.checksum if node.resource_type == "seed" else code_without_comments(node.raw_code),
            _text(config),
            f"{node.schema}.{node.alias}",
            _text({name: [column.data_type, _rules(column)] for name, column in columns.items()}),
            _text(_rules(node)),
            *self._codes(self._closure(node.depends_on.macros)),
            *(self._of_source(self.manifest.sources[uid]).logic for uid in _sources(node)),
        ]
        if node.resource_type == "test":
            metadata = getattr(node, "test_metadata", None)
            logic.append(_text(metadata.kwargs if metadata else {}))
            logic.append(self._rules_of(getattr(node, "attached_node", None)))
        words = [node.description, *(f"{name}: {column.description}" for name, column in columns.items())]
        return Fingerprint(digest(*logic), digest(*words))

    def _rules_of(self, unique_id: str | None) -> str:
        """A generic test may read the rules of its model."""
        if unique_id is None or unique_id not in self.manifest.nodes:
            return ""
        node = self.manifest.nodes[unique_id]
        return _text({name: _rules(column) for name, column in node.columns.items()})

    def _of_unit_test(self, test: Any) -> Fingerprint:
        keys = ("model", "given", "expect", "overrides", "versions")
        parts = {key: value for key, value in test.to_dict().items() if key in keys}
        return Fingerprint(digest(_text(parts)), "")

    def _of_source(self, source: Any) -> Fingerprint:
        return Fingerprint(digest(f"{source.schema}.{source.identifier}", _text(sorted(source.columns))), "")

    def _codes(self, macros: Iterable[str]) -> list[str]:
        return [
            f"{uid} {code_without_comments(self.manifest.macros[uid].macro_sql)}" for uid in sorted(macros)
        ]

    def _closure(self, macros: Iterable[str]) -> frozenset[str]:
        """The project's macros among these, and all that they call; dbt's own change with its version."""
        found: set[str] = set()
        for uid in macros:
            if uid.split(".")[1] == self.project and uid in self.manifest.macros:
                found |= self._closure_of(uid)
        return frozenset(found)

    def _closure_of(self, unique_id: str) -> frozenset[str]:
        if unique_id not in self._macros:
            found, todo = {unique_id}, [unique_id]
            while todo:
                for called in self.manifest.macros[todo.pop()].depends_on.macros:
                    if called.split(".")[1] == self.project and called not in found:
                        found.add(called)
                        todo.append(called)
            self._macros[unique_id] = frozenset(found)
        return self._macros[unique_id]


def _rules(described: Any) -> list[Any]:
    """The constraints of a node or column."""
    return [constraint.to_dict() for constraint in getattr(described, "constraints", [])]


def _sources(node: Any) -> list[str]:
    """Seeds depend on macros alone."""
    return sorted(uid for uid in getattr(node.depends_on, "nodes", ()) if uid.startswith("source."))


def _text(value: Mapping[str, Any] | list[Any] | Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
