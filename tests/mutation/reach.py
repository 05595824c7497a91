"""What a change to one file can reach: the nodes whose SQL it changes, and all that reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]

VERSIONS = "model.ontime.month_versions"


@dataclass(frozen=True)
class Reach:
    """The graph of the sound project, dbt's manifest.json."""

    manifest: dict[str, Any]

    def unit_tests(self, file: str, changed: str) -> list[str]:
        """Names of the unit tests of models whose SQL a change of the text `changed` in a file changes.

        Inputs of a unit test are given, so what lies above a model does not matter to it; ephemeral models
        are part of those that read them.
        """
        touched = self._touched(file, changed)
        parts_of = {
            child
            for uid in touched
            if _materialized(self._nodes[uid]) == "ephemeral"
            for child in self.manifest["child_map"][uid]
        }
        return sorted(
            test["name"]
            for test in self.manifest["unit_tests"].values()
            if set(test["depends_on"]["nodes"]) & (touched | parts_of)
        )

    def models_and_tests(self, file: str, changed: str) -> list[str]:
        """Names of models and data tests from there on.

        The versions of files and months as well, for their ids are made of the code. And the views on all of
        these: Postgres drops them when what they read is replaced.
        """
        versions = {uid for uid, node in self._nodes.items() if _is_bookkeeping(node)} | {VERSIONS}
        reached = self._and_readers(self._touched(file, changed))
        rebuilt = self._and_readers(
            versions | reached, lambda node: _materialized(node) in ("view", "ephemeral")
        )
        return sorted(self._nodes[uid]["name"] for uid in reached | rebuilt)

    @property
    def _nodes(self) -> dict[str, Node]:
        nodes: dict[str, Node] = self.manifest["nodes"]
        return nodes

    def _touched(self, file: str, changed: str) -> set[str]:
        """Nodes of the file, or those that call one of its changed macros, however indirectly."""
        macros: dict[str, Node] = self.manifest["macros"]
        of_file = {uid: macro for uid, macro in macros.items() if macro["original_file_path"] == file}
        calling = {uid for uid, macro in of_file.items() if changed in macro["macro_sql"]} or set(of_file)
        while more := {
            uid
            for uid, macro in macros.items()
            if uid not in calling and calling & set(macro["depends_on"]["macros"])
        }:
            calling |= more
        return {
            uid
            for uid, node in self._nodes.items()
            if node["original_file_path"] == file or calling & set(node["depends_on"].get("macros", ()))
        }

    def _and_readers(self, nodes: set[str], is_counted: Callable[[Node], bool] = lambda _: True) -> set[str]:
        """The nodes, what reads them, what reads that and so on; readers that do not count end the chain."""
        found, todo = set(nodes), list(nodes)
        while todo:
            for child in self.manifest["child_map"].get(todo.pop(), ()):
                if child in self._nodes and child not in found and is_counted(self._nodes[child]):
                    found.add(child)
                    todo.append(child)
        return found


def _materialized(node: Node) -> str:
    return str(node["config"].get("materialized"))


def _is_bookkeeping(node: Node) -> bool:
    return bool(node["config"].get("meta", {}).get("is_bookkeeping"))
