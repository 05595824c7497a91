"""What a change to a model, column, seed, source or macro reaches: columns, tests, metrics, exposures.

    found = impact("fct_flights.arr_delay_minutes", *column_lineage())

A column is reached when it is computed of one that is, or when that one decides on its rows. What a model
asks while it is built, and its SQL does not say, may change it: that is told apart.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

import sqlglot
from sqlglot import exp

from cli.console import nearest
from cli.development.columns import Lineage, Manifest, Unknown, names_of
from cli.development.relations import ROWS, Column
from ingestion.errors import OntimeError


@dataclass(frozen=True)
class Reached:
    """A model, and what of it may come out otherwise.

    `computed` are columns that are computed of what changes, `steered` those whose rows are chosen by it;
    `rows`: there may be other rows, hence all columns may differ.
    """

    model: str
    file: str
    is_published: bool
    rows: bool
    computed: tuple[str, ...]
    steered: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Test:
    """A data test: its name, and what it is attached to where it is a generic one."""

    name: str
    model: str


@dataclass(frozen=True)
class Impact:
    """`begins` is where the change is made; all else is what it reaches, in the order of the build."""

    begins: tuple[str, ...]
    models: tuple[Reached, ...]
    tests: tuple["Test", ...]
    unit_tests: tuple[str, ...]
    metrics: tuple[str, ...]
    exposures: tuple[str, ...]
    perhaps: tuple[str, ...]
    unknown: tuple[Unknown, ...]


def impact(name: str, lineage: Lineage, manifest: Manifest) -> Impact:
    """What a change of NAME or NAME.COLUMN reaches. Raises OntimeError when there is no such name."""
    begin = _begin(name, lineage, manifest)
    return impact_of(begin, lineage, manifest)


def impact_of(begin: Collection[Column], lineage: Lineage, manifest: Manifest) -> Impact:
    """What changes of these columns reach; `(model, "*")` is a change of all of a model."""
    begin = _whole(begin, lineage)
    edges = Edges.of(lineage)
    values, certain = edges.reach(begin)
    models = {name for name, _ in certain}
    asked = {it.model for it in lineage.unknown if it.asks in models}
    _, perhaps = edges.reach(_whole({(model, ROWS) for model in asked}, lineage), certain)
    begins = {name for name, _ in begin}
    order = _Project(manifest)
    unknown = [it for it in lineage.unknown if (it.asks or it.model) in models]
    return Impact(
        begins=tuple(order.sort(begins)),
        models=tuple(
            _reached(model, order, values, certain, lineage) for model in order.sort(models - begins)
        ),
        tests=tuple(order.tests(uid for uid, read in lineage.reads.items() if read & certain)),
        unit_tests=tuple(order.unit_tests(begin, begins)),
        metrics=tuple(order.metrics(certain)),
        exposures=tuple(order.exposures(models)),
        perhaps=tuple(order.sort({name for name, _ in perhaps} - models)),
        unknown=tuple(unknown),
    )


@dataclass(frozen=True)
class Readers:
    """Of columns: data tests that look at them, metrics made of them, exposures of their models."""

    tests: tuple[Test, ...]
    metrics: tuple[str, ...]
    exposures: tuple[str, ...]


def readers_of(columns: set[Column], lineage: Lineage, manifest: Manifest) -> Readers:
    """Of these alone, and not of what is made of them."""
    project = _Project(manifest)
    return Readers(
        tuple(project.tests(uid for uid, read in lineage.reads.items() if read & columns)),
        tuple(project.metrics(columns)),
        tuple(project.exposures({name for name, _ in columns})),
    )


@dataclass(frozen=True)
class Edges:
    """The lineage the other way round: from a column to what is made of it."""

    values: Mapping[Column, set[Column]]
    steers: Mapping[Column, set[Column]]
    columns: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, lineage: Lineage) -> "Edges":
        return cls(_turned(lineage.values), _turned(lineage.steers), lineage.columns)

    def reach(
        self, begin: Iterable[Column], known: Collection[Column] = ()
    ) -> tuple[set[Column], set[Column]]:
        """The columns that are computed of these, and all that are reached; these among them."""
        values = _closure(begin, self.values)
        found = set(begin) - set(known)
        todo = list(found)
        while todo:
            column = todo.pop()
            more = self.values.get(column, set()) | self.steers.get(column, set())
            if column[1] == ROWS:
                more |= {(column[0], it) for it in self.columns.get(column[0], ())}
            more -= found
            more.difference_update(known)
            found |= more
            todo += more
        return values, found


@dataclass
class _Project:
    """What dbt's manifest knows of names."""

    manifest: Manifest
    nodes: dict[str, Any] = field(init=False)
    places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        names = names_of(self.manifest)
        everything = {**self.manifest["sources"], **self.manifest["nodes"]}
        self.nodes = {name: everything[uid] for uid, name in names.items()}
        self.places = _places(self.manifest, names)

    def sort(self, names: Iterable[str]) -> list[str]:
        """As they are built: what reads others behind them."""
        return sorted(names, key=lambda name: (self.places.get(name, 0), name))

    def tests(self, unique_ids: Iterable[str]) -> list[Test]:
        nodes = [self.manifest["nodes"][uid] for uid in unique_ids]
        return sorted(Test(it["name"], (it.get("attached_node") or "").rpartition(".")[2]) for it in nodes)

    def unit_tests(self, begin: Collection[Column], begins: Collection[str]) -> Iterator[str]:
        """Those of what is edited, and those that give or expect what changes."""
        for test in sorted(self.manifest["unit_tests"].values(), key=lambda it: (it["model"], it["name"])):
            stated = _stated(test)
            if stated & set(begin) or (test["model"] in begins and (test["model"], ROWS) in begin):
                yield f"{test['model']}: {test['name']}"

    def metrics(self, reached: set[Column]) -> Iterator[str]:
        measures = {
            measure["name"]
            for model in self.manifest["semantic_models"].values()
            for measure in model["measures"]
            if _columns_of(measure["expr"] or measure["name"], model["node_relation"]["alias"]) & reached
        }
        for metric in sorted(self.manifest["metrics"].values(), key=lambda it: str(it["name"])):
            if measures & {it["name"] for it in metric["type_params"]["input_measures"] or ()}:
                yield metric["name"]

    def exposures(self, models: Collection[str]) -> Iterator[str]:
        reading = {self.nodes[name]["unique_id"] for name in models if name in self.nodes}
        for exposure in sorted(self.manifest["exposures"].values(), key=lambda it: str(it["name"])):
            if reading & set(exposure["depends_on"]["nodes"]):
                yield exposure["name"]


def _begin(name: str, lineage: Lineage, manifest: Manifest) -> set[Column]:
    macros = _macros(manifest)
    if name in lineage.columns:
        return {(name, ROWS)}
    model, _, column = name.rpartition(".")
    if model in lineage.columns:
        columns = lineage.columns[model]
        if column in columns or not columns:  # of a source nobody lists the columns
            return {(model, column)}
        said = nearest(column, columns) or f"it has {', '.join(columns[:8])}, ..."
        raise OntimeError(f"{model} has no column `{column}`", f"{said} ontime impact {model}")
    if name in macros:
        called = _callers(macros[name], manifest)
        if not called:
            raise OntimeError(
                f"no model calls the macro `{name}`",
                "it may be a test, a hook or a part of a materialization: ontime build --plan shows what"
                " runs after an edit",
            )
        return {(it, ROWS) for it in called}
    raise OntimeError(
        f"there is no model, seed, source or macro `{name}`",
        nearest(name, [*lineage.columns, *macros]) or "see what there is: dbt list --target prod",
    )


def _macros(manifest: Manifest) -> dict[str, str]:
    project = manifest["metadata"]["project_name"]
    return {it["name"]: uid for uid, it in manifest["macros"].items() if it["package_name"] == project}


def _callers(macro: str, manifest: Manifest) -> set[str]:
    """The models and seeds that call a macro, through others too."""
    calling = {macro}
    while more := {
        uid
        for uid, it in manifest["macros"].items()
        if uid not in calling and calling & set(it["depends_on"]["macros"])
    }:
        calling |= more
    return {
        it["name"]
        for it in manifest["nodes"].values()
        if it["resource_type"] == "model" and calling & set(it["depends_on"].get("macros", ()))
    }


def _whole(columns: Iterable[Column], lineage: Lineage) -> set[Column]:
    """With all columns of what is changed as a whole."""
    found = set(columns)
    return found | {
        (name, it) for name, column in found if column == ROWS for it in lineage.columns.get(name, ())
    }


def _reached(
    model: str, project: _Project, values: set[Column], reached: set[Column], lineage: Lineage
) -> Reached:
    node = project.nodes[model]
    columns = lineage.columns[model]
    computed = tuple(it for it in columns if (model, it) in values)
    return Reached(
        model,
        node["original_file_path"],
        is_published=node.get("access") == "public",
        rows=(model, ROWS) in reached,
        computed=computed,
        steered=tuple(it for it in columns if (model, it) in reached and it not in computed),
    )


def _closure(begin: Iterable[Column], edges: Mapping[Column, set[Column]]) -> set[Column]:
    found, todo = set(begin), list(begin)
    while todo:
        more = edges.get(todo.pop(), set()) - found
        found |= more
        todo += more
    return found


def _turned(edges: Mapping[Column, Iterable[Column]]) -> dict[Column, set[Column]]:
    turned: dict[Column, set[Column]] = {}
    for column, above in edges.items():
        for it in above:
            turned.setdefault(it, set()).add(column)
    return turned


def _places(manifest: Manifest, names: Mapping[str, str]) -> dict[str, int]:
    """How many steps each is from the sources, by the longest way."""
    parents: Mapping[str, list[str]] = manifest["parent_map"]
    places: dict[str, int] = {}
    for uid in TopologicalSorter({uid: parents.get(uid, []) for uid in names}).static_order():
        if uid in names:
            places[names[uid]] = 1 + max((places.get(names.get(it, ""), 0) for it in parents[uid]), default=0)
    return places


def _columns_of(expression: str, model: str) -> set[Column]:
    """The columns of a measure, and the rows that it counts."""
    found = sqlglot.parse_one(expression, read="postgres").find_all(exp.Column)
    return {(model, it.name) for it in found} | {(model, ROWS)}


def _stated(test: Mapping[str, Any]) -> set[Column]:
    """The columns that a unit test gives and expects."""
    given = [(it["input"], it["rows"]) for it in test["given"]]
    rows = [(input_.removeprefix("ref('").removesuffix("')"), rows) for input_, rows in given]
    rows.append((test["model"], test["expect"]["rows"]))
    return {
        (name, column)
        for name, stated in rows
        if isinstance(stated, list)
        for row in stated
        if isinstance(row, dict)
        for column in row
    }
