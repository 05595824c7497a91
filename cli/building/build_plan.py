"""What a build has to do: which nodes run, and why; the rest stands as it was published.

    logic   its code, macros, settings or words changed, or those of something that it is made of:
            it is made anew, and its tests look at all months
    data    files have come that it is made of: tables get new rows, history the missing versions,
            and tests look at the months that changed; a view has nothing to do
    stands  neither

New logic goes on to all that reads it, through history too: a column may have another type. To bookkeeping
(int_files__versions, int_months__versions and what lies between) the versions that come of it are data.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cli.building.build_state import Lost, Reasons, State, differing

Kind = Literal["logic", "data"]

POINTER = "model.ontime.month_versions"
AUDIT = "audit"  # the folder of models that account for the data itself
MARTS = "marts"  # the schema of published marts
PLANNED = "planned_by_ontime_build"  # without spaces, at which dbt would split it


@dataclass(frozen=True)
class Plan:
    """`kinds` and `reasons` of nodes that are not as they were; `runs` have something to do."""

    kinds: dict[str, Kind]
    reasons: Reasons
    runs: frozenset[str]
    everything: str = ""  # why everything is built, if it is
    nodes: int = 0

    def kind(self, unique_id: str) -> str:
        return self.kinds[unique_id] if unique_id in self.runs else "stands"


@dataclass
class Graph:
    """dbt's Manifest, as far as a plan asks it."""

    manifest: Any
    children: Mapping[str, Iterable[str]] = field(init=False)
    parents: Mapping[str, Iterable[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.manifest.build_parent_and_child_maps()
        self.children, self.parents = self.manifest.child_map, self.manifest.parent_map

    def node(self, unique_id: str) -> Any:
        return self.manifest.nodes.get(unique_id)

    def materialized(self, unique_id: str) -> str:
        node = self.node(unique_id)
        return str(node.config.materialized) if node is not None else ""

    def is_history(self, unique_id: str) -> bool:
        return self.materialized(unique_id) == "history"

    def is_bookkeeping(self, unique_id: str) -> bool:
        return bool(self._meta(unique_id).get("is_bookkeeping"))

    def slice_of(self, unique_id: str) -> str:
        return str(self._meta(unique_id)["history"]["slice"])

    def wakes(self, parent: str, child: str) -> bool:
        """Do new rows of a node mean new rows of one that reads it?

        Which versions there are, each history model asks when it runs. They say nothing new to others,
        whose data come along their own way from staging; but audit models account for them.
        """
        if not self.is_bookkeeping(parent) or self._meta(parent).get("wakes_readers"):
            return True
        node = self.node(child)
        return node is not None and (
            node.resource_type == "test" or self.is_bookkeeping(child) or node.fqn[1] == AUDIT
        )

    def hands_on_logic(self, parent: str, child: str, is_edited: bool) -> bool:
        """Is a node made of the logic of one that it reads?"""
        node = self.node(parent)
        if node is None or node.resource_type == "test":
            return False
        return is_edited or not self.is_history(parent) or not self.is_bookkeeping(child)

    def raw_tables_above(self, nodes: Iterable[str]) -> list[str]:
        """The raw tables that nodes are made of, as `raw_bts.dataexpo`."""
        todo, seen = list(nodes), set[str]()
        while todo:
            above = set(self.parents.get(todo.pop(), ())) - seen
            seen |= above
            todo += above
        sources = [self.manifest.sources[uid] for uid in seen if uid in self.manifest.sources]
        tables = (f"{source.schema}.{source.identifier}" for source in sources)
        return sorted(table for table in tables if table.startswith("raw"))

    def versions_of(self, histories: Iterable[str]) -> list[str]:
        """The bookkeeping that gives versions to histories that are built anew, and what reads them of it."""
        built = list(histories)
        names = {f"int_{self.slice_of(uid)}s__versions" for uid in built}
        readers = {
            child for uid in built for child in self.children.get(uid, ()) if self.is_bookkeeping(child)
        }
        return [uid for uid in self.runnable() if uid.split(".")[-1] in names or uid in readers]

    def runnable(self) -> Iterator[str]:
        """What a build runs and the publication waits for."""
        for uid, node in self.manifest.nodes.items():
            if (
                node.resource_type in ("model", "seed", "snapshot", "test")
                and self.materialized(uid) != "ephemeral"
            ):
                yield uid
        yield from self.manifest.unit_tests

    def code_of(self, unit_test: Any) -> set[str]:
        """The model that a unit test runs, with the ephemeral models that become part of it."""
        models = set(unit_test.depends_on.nodes)
        above = {uid for model in models if (node := self.node(model)) for uid in node.depends_on.nodes}
        return models | {uid for uid in above if self.materialized(uid) == "ephemeral"}

    def unit_tests_alone(self, nodes: Collection[str]) -> frozenset[str]:
        """Unit tests without their model: `dbt build` runs none of them, and passes; `dbt test` does."""
        tests = {uid: test for uid, test in self.manifest.unit_tests.items() if uid in nodes}
        return frozenset(uid for uid, test in tests.items() if not set(nodes) & set(test.depends_on.nodes))

    def relations(self) -> dict[str, list[str]]:
        """What a publication leaves in the database, by unique_id: what was built, and the published mart."""
        return {
            uid: [f"{schema}.{node.alias}" for schema in self._schemas(node)]
            for uid, node in self.manifest.nodes.items()
            if node.resource_type in ("model", "seed") and self.materialized(uid) != "ephemeral"
        }

    def _schemas(self, node: Any) -> list[str]:
        return [node.schema, MARTS] if node.config.schema == MARTS else [node.schema]

    def selection(self, nodes: Iterable[str], tag: str = PLANNED) -> list[str]:
        """Arguments of dbt that select just these nodes, by a tag that they get in this manifest.

        Each name that is asked for dbt compares with each node, three times: 2.2 of 14 s of CPU for 146 of
        360 nodes.
        """
        for uid in nodes:
            node = self.node(uid)
            tagged = node if node is not None else self.manifest.unit_tests[uid].config
            tagged.tags = [*tagged.tags, tag]
        return ["--indirect-selection", "empty", "--select", f"tag:{tag}"]

    def _meta(self, unique_id: str) -> Mapping[str, Any]:
        node = self.node(unique_id)
        return (node.config.meta or {}) if node is not None else {}


def plan_everything(graph: Graph, why: str, *, unit_tests: bool) -> Plan:
    runs = frozenset(uid for uid in graph.runnable() if unit_tests or not uid.startswith("unit_test."))
    return Plan(dict.fromkeys(runs, "logic"), {}, runs, why, len(list(graph.runnable())))


def plan_changes(graph: Graph, state: State, now: State, lost: Lost) -> Plan:
    """What differs between the published state and now; `lost` has to be built whatever else."""
    changed = changed_nodes(graph, state, now)
    changed |= {uid: why for uid, (kind, why) in lost.items() if kind == "logic" and uid in now.nodes}
    unfinished = {uid: why for uid, (kind, why) in lost.items() if kind == "data" and uid in now.nodes}
    kinds: dict[str, Kind] = {}
    reasons: Reasons = {}

    def spread(start: Iterable[str], kind: Kind, goes_on: Callable[[str, str], bool]) -> None:
        todo = [uid for uid in start if kinds.get(uid) != "logic"]
        kinds.update(dict.fromkeys(todo, kind))
        while todo:
            parent = todo.pop()
            for child in graph.children.get(parent, ()):
                if child in kinds or not goes_on(parent, child):
                    continue
                kinds[child] = kind
                reasons.setdefault(child, f"reads {parent.split('.')[-1]}")
                todo.append(child)

    # a model that left has to leave the published marts too: only a build publishes
    left = [uid for uid in state.relations if uid not in now.relations]
    if left:
        changed[POINTER] = f"{', '.join(uid.split('.')[-1] for uid in left)} left the project"
    for uid in _readers_of_new_columns(graph, state, now):
        changed.setdefault(uid, "reads a raw table with other columns")
    made_anew = [uid for uid in changed if not uid.startswith("source.")]
    reasons.update(unfinished | changed)
    spread(made_anew, "logic", lambda parent, child: graph.hands_on_logic(parent, child, parent in changed))
    news = [f"source.{graph.manifest.metadata.project_name}.{name}" for name in _tables_with_news(state, now)]
    reasons.update(dict.fromkeys(news, "new files"))
    asked = graph.versions_of(uid for uid in kinds if graph.is_history(uid))
    reasons.update({uid: "gives versions to what is built anew" for uid in asked if uid not in reasons})
    spread([*news, *unfinished, *asked], "data", graph.wakes)

    runs = frozenset(uid for uid in graph.runnable() if _runs(graph, uid, kinds, changed))
    return Plan(kinds, reasons, runs, "", len(list(graph.runnable())))


def changed_nodes(graph: Graph, state: State, now: State) -> Reasons:
    """Nodes that are new, or whose fingerprint is another one."""
    found: Reasons = {}
    for uid, fingerprint in now.nodes.items():
        before = state.nodes.get(uid)
        if before is None:
            found[uid] = "is new"
        elif before.logic != fingerprint.logic:
            found[uid] = "changed"
        elif before.words != fingerprint.words and _has_words(graph, uid):
            found[uid] = "is described in other words"
    return found


def _readers_of_new_columns(graph: Graph, state: State, now: State) -> Iterator[str]:
    """What reads a raw table whose columns are others than when it was made."""
    for table in differing(state.columns, now.columns):
        source = f"source.{graph.manifest.metadata.project_name}.{table}"
        yield from (uid for uid in graph.children.get(source, ()) if graph.node(uid) is not None)


def _has_words(graph: Graph, unique_id: str) -> bool:
    return graph.node(unique_id) is not None and graph.node(unique_id).resource_type in ("model", "seed")


def _tables_with_news(state: State, now: State) -> list[str]:
    """Raw tables with news, as `source.table`: of the datasets, and ledger and rejects of their sources."""
    datasets = differing(state.inputs, now.inputs)
    sources = sorted({name.split(".")[0] for name in datasets})
    return datasets + [f"{source}.{table}" for source in sources for table in ("files", "rejects")]


def _runs(graph: Graph, unique_id: str, kinds: Mapping[str, Kind], changed: Reasons) -> bool:
    if unique_id.startswith("unit_test."):
        test = graph.manifest.unit_tests[unique_id]
        return unique_id in changed or any(changed.get(uid) == "changed" for uid in graph.code_of(test))
    if unique_id not in kinds:
        return False
    return kinds[unique_id] == "logic" or graph.materialized(unique_id) != "view"


def selected(plan: Plan, graph: Graph, chosen: Iterable[str]) -> frozenset[str]:
    """Of what is to run, what a selection names, and nodes above that are not as published."""
    found, todo = set(chosen), list(chosen)
    above: set[str] = set()
    while todo:
        for parent in graph.parents.get(todo.pop(), ()):
            if parent not in above:
                above.add(parent)
                todo.append(parent)
    return frozenset(uid for uid in found | above if uid in plan.runs)


def why_everything(published: State | str, now: State) -> str:
    """Why nothing of what is published can be relied on; an empty text where it can."""
    if isinstance(published, str):
        return published
    if others := differing(published.environment, now.environment):
        return f"{', '.join(others)} changed"
    if published.common != now.common:
        return "settings of the project, or macros that dbt calls by itself, changed"
    return ""
