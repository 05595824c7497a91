"""History models above a model, and those of which production has no versions yet."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from cli.building.build_plan import Graph
from cli.building.build_state import Cursor, State, published_state
from ingestion.errors import OntimeError

KNOWN = """
    select model_name from marts.month_versions
    union select model_name from intermediate.int_files__versions
    union select model_name from intermediate.int_editions__versions
"""
OF_FILES = "int_files__contents"
"""A published history of all files."""


@dataclass(frozen=True)
class NewHistory:
    """A history that production does not know: its versions are those of `like`, which has its slices."""

    slice: str
    like: str
    has_all_releases: bool = True


def new_histories(cursor: Cursor, graph: Graph, chosen: Iterable[str]) -> dict[str, NewHistory]:
    """Those among chosen nodes, by name. OntimeError for one that there is nothing to liken to."""
    cursor.execute(KNOWN)
    known = {model for (model,) in cursor.fetchall()}
    published = published_state(cursor)
    # one that is published and has no versions is empty, as no file holds anything of it
    there = published.nodes if isinstance(published, State) else {}
    return {
        name_of(uid): _like(graph, uid, known)
        for uid in chosen
        if graph.is_history(uid) and name_of(uid) not in known and uid not in there
    }


def _like(graph: Graph, unique_id: str, known: Collection[str]) -> NewHistory:
    if graph.slice_of(unique_id) == "file":
        return NewHistory("file", OF_FILES)
    if graph.slice_of(unique_id) == "edition":
        raise OntimeError(
            f"{name_of(unique_id)} is a new history of editions, of which production has no versions",
            "build it in a database of its own: export PGDATABASE=try; ontime up, load, build",
        )
    settings = history_of(graph, unique_id)
    above = [uid for uid in histories_above(graph, unique_id) if graph.slice_of(uid) == "month"]
    # of several inputs there is no one series of releases (has_all_releases of macros/versions/versions.sql)
    has_all = not settings.get("also_reads") and len(above) + ("entity" in settings) == 1
    same_files = [
        node.name
        for uid, node in graph.manifest.nodes.items()
        if graph.is_history(uid)
        and node.name in known
        and settings.get("entity")
        and history_of(graph, uid).get("entity") == settings["entity"]
    ]
    for name in (*same_files, *map(name_of, above)):
        if name in known:
            return NewHistory("month", name, has_all)
    for uid in above:  # new as well
        return NewHistory("month", _like(graph, uid, known).like, has_all)
    raise OntimeError(
        f"{name_of(unique_id)} is a history of months and reads none",
        "CONTRIBUTING.md says how it asks for its months: missing_months_of",
    )


def histories_above(graph: Graph, unique_id: str) -> list[str]:
    """The history models that a model is made of, the nearest on each way up."""
    found, todo, seen = list[str](), [unique_id], set[str]()
    while todo:
        for parent in sorted(graph.parents.get(todo.pop(), ())):
            if parent in seen or graph.is_bookkeeping(parent):
                continue
            seen.add(parent)
            (found if graph.is_history(parent) else todo).append(parent)
    return found


def history_of(graph: Graph, unique_id: str) -> dict[str, Any]:
    """Its settings, as macros/versions/versions.sql lists them."""
    return dict(graph.node(unique_id).config.meta["history"])


def name_of(unique_id: str) -> str:
    return unique_id.split(".")[-1]
