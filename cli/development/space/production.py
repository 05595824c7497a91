"""What a space reads of production: dbt's own `--defer`, with a manifest that says where production is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cli.building.build_plan import Graph
from cli.development.production import published_name
from cli.development.space.books import BOOKS
from cli.development.space.names import TARGET, Space

ARGUMENTS = ("--defer", "--favor-state", "--state")


def write_manifest(
    graph: Graph, folder: Path, there: Iterable[str], elsewhere: Mapping[str, str]
) -> list[str]:
    """Write `manifest.json` with the models of production; those that it has not are left out.

    `elsewhere` are names whose relation is in another schema: copies in the space. Returns the arguments of
    dbt that go with it.
    """
    from dbt.contracts.graph.manifest import Manifest

    names = set(there)
    nodes = {}
    for uid, node in graph.manifest.nodes.items():
        if node.resource_type not in ("model", "seed") or graph.materialized(uid) == "ephemeral":
            continue
        if node.name not in elsewhere and published_name(node) not in names:
            continue
        schema = elsewhere.get(node.name) or published_name(node).split(".")[0]
        # short: dbt reads it at the beginning of each build
        nodes[uid] = _moved(node, schema, raw_code="", columns={})
    folder.mkdir(parents=True, exist_ok=True)
    written = Manifest(nodes=nodes, metadata=graph.manifest.metadata).writable_manifest()
    written.write(str(folder / "manifest.json"))
    return [*ARGUMENTS, str(folder)]


def move_into(graph: Graph, space: Space) -> None:
    """Let a manifest that was read for target prod be that of the space."""
    nodes = graph.manifest.nodes
    for uid, node in nodes.items():
        if node.resource_type in ("model", "seed"):
            nodes[uid] = _moved(node, moved_name(node, space).split(".")[0])


def moved_name(node: Any, space: Space) -> str:
    """Where a space has a model or seed, as `schema.name`."""
    return f"{space.schema(node.config.schema or 'warehouse')}.{node.alias}"


def copies(space: Space) -> dict[str, str]:
    """The schemas of what a space keeps of versions, by name."""
    return {name: space.schema("marts" if name == BOOKS[-1] else "intermediate") for name in BOOKS}


def state_folder(space: Space, project: Path) -> Path:
    return project / "target" / TARGET / space.prefix


def _moved(node: Any, schema: str, **changes: Any) -> Any:
    if node.relation_name:
        changes["relation_name"] = f'"{node.database}"."{schema}"."{node.alias}"'
    return replace(node, schema=schema, **changes)
