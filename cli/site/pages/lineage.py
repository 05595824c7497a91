"""Lineage: the neighbourhood of a model, or the way of a column from what landed to the marts."""

from cli.site.marts import Marts
from cli.site.page import Page
from cli.site.reference.graph import graph_data
from cli.site.reference.project import current


def page(_: Marts) -> Page:
    project, lineage = current()
    documented = {relation.name for relation in project.layer("marts", "seeds")}
    return Page(
        name="lineage",
        title="Lineage",
        description="What each model and column is made of, and what is made of it.",
        template="lineage.html.jinja",
        context={"relations": list(project.relations.values()), "documented": documented},
        data={"graph": graph_data(project, lineage, documented)},
        first=("graph",),
        scripts=("layout.js", "lineage.js", "reference.js"),
        styles=("reference.css",),
    )
