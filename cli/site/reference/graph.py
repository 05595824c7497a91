"""The lineage of all models and columns as numbers; assets/lineage.js lays out a part of it."""

from typing import Any

from cli.development.columns import Lineage
from cli.site.reference.project import LAYERS, Project


def graph_data(project: Project, lineage: Lineage, marts: set[str]) -> dict[str, Any]:
    """`models`: [name, layer, subject, what is one row, columns, indices of parents, has a page of its own].

    They stand in an order in which each comes after its parents. `columns`: for a model, by its index, and
    each column of it in turn, pairs of the index of an upstream model and of a column of it. `unknown`: what
    is not known of a model's columns, by its index.
    """
    names = in_order(project)
    place = {name: index for index, name in enumerate(names)}
    columns = {name: columns_of(name, project, lineage) for name in names}
    column_place = {name: {column: at for at, column in enumerate(found)} for name, found in columns.items()}
    unknown: dict[int, list[str]] = {}
    for doubt in lineage.unknown:
        if doubt.model in place:
            told = doubt.why if doubt.column == "*" else f"{doubt.column}: {doubt.why}"
            unknown.setdefault(place[doubt.model], []).append(told)
    return {
        "layers": LAYERS,
        "models": [
            [
                name,
                LAYERS.index(relation.layer),
                relation.subject,
                relation.grain,
                columns[name],
                sorted(place[parent] for parent in relation.parents if parent != name),
                int(name in marts),
            ]
            for name in names
            for relation in (project.relations[name],)
        ],
        "columns": {
            place[name]: [
                [
                    [place[upstream], column_place[upstream][part]]
                    for upstream, part in sorted(lineage.values.get((name, column), ()))
                    if upstream in place and part in column_place[upstream] and upstream != name
                ]
                for column in columns[name]
            ]
            for name in names
            if any(lineage.values.get((name, column)) for column in columns[name])
        },
        "unknown": unknown,
    }


def columns_of(name: str, project: Project, lineage: Lineage) -> list[str]:
    """The columns of a relation: as its SQL gives them, declared ones, and those that others read of it."""
    declared = [column.name for column in project.relations[name].columns]
    found = dict.fromkeys([*lineage.columns.get(name, ()), *declared])
    if not lineage.columns.get(name):
        read = {part for above in lineage.values.values() for upstream, part in above if upstream == name}
        found |= dict.fromkeys(sorted(read - {"*"}))
    return list(found)


def in_order(project: Project) -> list[str]:
    """Names of relations, each after its parents, else layer by layer."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in ordered or name in on_the_way:
            return
        on_the_way.add(name)
        for parent in project.relations[name].parents:
            visit(parent)
        on_the_way.discard(name)
        ordered[name] = None

    on_the_way: set[str] = set()
    for name in project.relations:
        visit(name)
    return list(ordered)
