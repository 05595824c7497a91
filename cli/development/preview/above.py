"""Which models above a previewed one are production's, and which are compiled into it.

What stands as it was published is read where it is. What was edited since, is new, or was never built is
compiled in, and so is all on the way from there: a view of production would show the code of before. Models
that say which files and months there are (`is_bookkeeping`) are always production's, as are seeds.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.building.build_state import State
from cli.building.fingerprints import Fingerprints
from cli.development.production import is_mart, published_name, relations_there


@dataclass
class Above:
    """By unique_id: why each is compiled in; and what differs from production and is not."""

    compiled_in: dict[str, str] = field(default_factory=dict)
    as_published: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Production:
    """The published state, or why there is none; what was built since; the relations that are there."""

    state: State | str
    touched: frozenset[str]
    relations: frozenset[str]

    @classmethod
    def read(cls, cursor: Any, state: State | str) -> "Production":
        touched: frozenset[str] = frozenset()
        if isinstance(state, State):
            cursor.execute("select unique_id from ops.touched_nodes")
            touched = frozenset(uid for (uid,) in cursor.fetchall())
        return cls(state, touched, frozenset(relations_there(cursor)))

    def why_not(self, node: Any, fingerprints: Fingerprints) -> str:
        """Why the relation of a node is not what the project says; nothing where it is."""
        uid = node.unique_id
        if isinstance(self.state, State):
            published = self.state.nodes.get(uid)
            if published is None:
                return "new"
            if published.logic != fingerprints.of_node(node).logic:
                return "edited"
            if uid in self.touched and not is_mart(node):
                return "built since, and not published"
        return "" if is_ephemeral(node) or published_name(node) in self.relations else "not built"


def is_ephemeral(node: Any) -> bool:
    """Compiled in by dbt itself: it has no relation."""
    return bool(node.config.materialized == "ephemeral")


def is_bookkeeping(node: Any) -> bool:
    return bool((node.config.get("meta") or {}).get("is_bookkeeping"))


def above(
    unique_id: str, nodes: Mapping[str, Any], production: Production, fingerprints: Fingerprints
) -> Above:
    """What a model reads, however indirectly."""
    return _Look(nodes, production, fingerprints).above(unique_id)


class _Look:
    def __init__(self, nodes: Mapping[str, Any], production: Production, fingerprints: Fingerprints) -> None:
        self.nodes, self.production, self.fingerprints = nodes, production, fingerprints
        self.differs: dict[str, str] = {}
        self.as_published: dict[str, str] = {}

    def above(self, unique_id: str) -> Above:
        compiled_in: dict[str, str] = {}
        todo, seen = [unique_id], {unique_id}
        while todo:
            for parent in self._read_by(todo.pop()):
                if parent in seen:
                    continue
                seen.add(parent)
                if why := self._why(parent):
                    compiled_in[parent] = why
                if why or is_ephemeral(self.nodes[parent]):
                    todo.append(parent)
        return Above(compiled_in, {uid: why for uid, why in self.as_published.items() if uid in seen})

    def _why(self, uid: str) -> str:
        """Why a node is not as production has it: its own code, or one that it reads."""
        if uid not in self.differs:
            node = self.nodes[uid]
            why = self.production.why_not(node, self.fingerprints)
            if is_bookkeeping(node) or node.resource_type != "model":
                if why:
                    self.as_published[uid] = why
                why = ""
            elif not why:
                edited = next((parent for parent in self._read_by(uid) if self._why(parent)), None)
                why = f"reads {self.nodes[edited].name}" if edited else ""
            self.differs[uid] = why
        return self.differs[uid]

    def _read_by(self, uid: str) -> list[str]:
        read = getattr(self.nodes[uid].depends_on, "nodes", ())
        return [parent for parent in read if parent in self.nodes]


def reachable(unique_id: str, nodes: Mapping[str, Any], compiled_in: Container[str]) -> set[str]:
    """The nodes that a compiled statement reads: of what is not compiled in, the relation alone."""
    found: set[str] = set()
    todo = [unique_id]
    while todo:
        for parent in getattr(nodes[todo.pop()].depends_on, "nodes", ()):
            if parent in nodes and parent not in found:
                found.add(parent)
                if parent in compiled_in or is_ephemeral(nodes[parent]):
                    todo.append(parent)
    return found
