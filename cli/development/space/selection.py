"""Which models a space builds: what differs from production, what was named, and what lies between."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from cli.building.build_plan import Graph
from cli.building.build_state import Reasons
from cli.console import nearest
from cli.development.space.books import BOOKS
from ingestion.errors import OntimeError


@dataclass(frozen=True)
class Chosen:
    """dbt's unique ids. `changed` are those whose code differs from what is published, and why; `subjects`
    the nodes without those that are there from before and have nothing to do with it.
    """

    nodes: frozenset[str]
    subjects: frozenset[str]
    changed: Reasons


def of_models(changed: Reasons) -> Reasons:
    """Of changed nodes models and seeds that a space builds; new words alone are nothing to build."""
    return {
        uid: why
        for uid, why in changed.items()
        if uid.startswith(("model.", "seed.")) and "words" not in why and not is_copied(uid)
    }


def choose(
    graph: Graph,
    changed: Reasons,
    named: Collection[str] = (),
    *,
    with_children: Collection[str] = (),
    there: Collection[str] = (),
) -> Chosen:
    """What was named, with what of the changed it is made of; without names, all that changed.

    Besides all below those of `with_children`, what is `there` in the space, and what lies between any two.
    """
    below = descendants(graph, with_children)
    needed = {uid: why for uid, why in changed.items() if not named or uid in named}
    start = {*named, *needed, *below}
    above = ancestors(graph, start | set(there))
    needed |= {uid: why for uid, why in changed.items() if uid in above or uid in below}
    asked = _closed(graph, _runnable(graph, start | needed.keys()))
    return Chosen(_closed(graph, asked | set(there)), asked, needed)


def _closed(graph: Graph, wanted: Collection[str]) -> frozenset[str]:
    """With what lies between any two."""
    between = descendants(graph, wanted) & ancestors(graph, wanted)
    return frozenset(uid for uid in between | set(wanted) if is_built(graph, uid))


def _runnable(graph: Graph, nodes: Iterable[str]) -> set[str]:
    """What ephemeral ones become a part of, in their place."""
    return {
        uid
        for node in nodes
        for uid in (readers(graph, node) if graph.materialized(node) == "ephemeral" else [node])
    }


def is_built(graph: Graph, unique_id: str) -> bool:
    """Whether dbt builds a node in a space: not the books, of which it has copies (books.py)."""
    return (
        unique_id.startswith(("model.", "seed."))
        and graph.materialized(unique_id) != "ephemeral"
        and not is_copied(unique_id)
    )


def named_nodes(graph: Graph, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The nodes that are named, and those of `name+`. Raises OntimeError for a name that there is not."""
    known = {
        node.name: uid
        for uid, node in graph.manifest.nodes.items()
        if node.resource_type in ("model", "seed") and node.name not in BOOKS
    }
    plain, with_readers = list[str](), list[str]()
    for name in names:
        word = name.strip("+").removesuffix(".sql").rsplit("/", 1)[-1]
        if word in BOOKS:
            raise OntimeError(
                f"{word} says which versions there are, and a space has those of production",
                "what a change of it means, `ontime build --plan` shows",
            )
        if word not in known:
            remedy = nearest(word, known) or "look: dbt list --resource-type model"
            raise OntimeError(f"there is no model {word}", remedy)
        plain.append(known[word])
        if name.endswith("+"):
            with_readers.append(known[word])
    return plain, with_readers


def descendants(graph: Graph, start: Iterable[str]) -> set[str]:
    """All below, as far as logic goes: to what is kept of versions, new rows are data (build_plan.py)."""
    begun = set(start)

    def below(uid: str) -> Iterator[str]:
        for child in models_that_read(graph, uid):
            if graph.hands_on_logic(uid, child, uid in begun):
                yield child

    return _reached(begun, below)


def ancestors(graph: Graph, start: Iterable[str]) -> set[str]:
    """All above, as far as a space has no copy of it."""
    return _reached(start, lambda uid: [read for read in graph.parents.get(uid, ()) if not is_copied(read)])


def models_that_read(graph: Graph, unique_id: str) -> list[str]:
    return [
        child
        for child in graph.children.get(unique_id, ())
        if child.startswith("model.") and not is_copied(child)
    ]


def readers(graph: Graph, unique_id: str) -> list[str]:
    """What an ephemeral model becomes a part of."""
    found = list[str]()
    for child in models_that_read(graph, unique_id):
        found += readers(graph, child) if graph.materialized(child) == "ephemeral" else [child]
    return found


def is_copied(unique_id: str) -> bool:
    return unique_id.split(".")[-1] in BOOKS


def _reached(start: Iterable[str], onwards: Callable[[str], Iterable[str]]) -> set[str]:
    todo, seen = list(start), set[str]()
    while todo:
        found = set(onwards(todo.pop())) - seen
        seen |= found
        todo += found
    return seen


def tests_of(graph: Graph, nodes: Collection[str], changed: Reasons) -> frozenset[str]:
    """Data tests that read one of these nodes, unit tests of them, and tests that changed themselves.

    Unit tests also of changed models that a space does not build, for they look at no rows of it.
    """
    code = {*nodes, *(uid for uid, why in changed.items() if "words" not in why)}
    units = {uid for uid, test in graph.manifest.unit_tests.items() if graph.code_of(test) & code}
    data = {child for uid in nodes for child in graph.children.get(uid, ()) if child.startswith("test.")}
    return frozenset(units | data | {uid for uid in changed if uid.startswith(("test.", "unit_test."))})
