"""The data dictionary: all names with search, and a page for each mart and seed with its columns."""

from itertools import groupby
from typing import Any

from cli.development.columns import Lineage
from cli.questions.glossary import glossary
from cli.questions.units import unit_of
from cli.site.marts import Marts
from cli.site.page import Page
from cli.site.reference.column_facts import MartFacts, facts_of_marts
from cli.site.reference.origins import landed_columns
from cli.site.reference.project import Project, Relation, current
from cli.site.reference.search import search_index

SCRIPTS = ("search.js", "reference.js")
STYLES = ("reference.css",)


def page(marts: Marts) -> Page:
    project, lineage = current()
    facts = facts_of_marts(marts, {mart.name: mart.month for mart in project.layer("marts") if mart.month})
    shown = sorted((mart for mart in project.layer("marts") if mart.name in facts), key=in_order)
    subjects = [
        (subject, list(members)) for subject, members in groupby(shown, key=lambda mart: mart.subject)
    ]
    return Page(
        name="dictionary",
        title="Dictionary",
        description="What every mart, column, term and metric means, its unit, and what it is made of.",
        template="dictionary.html.jinja",
        context={
            "subjects": subjects,
            "facts": facts,
            "seeds": project.layer("seeds"),
            "terms": sorted(glossary().items()),
            "metrics": project.metrics,
            "macros": project.macros,
        },
        data={"search": search_index(project, shown, glossary())},
        scripts=SCRIPTS,
        styles=STYLES,
        parts=tuple(
            relation_page(relation, facts.get(relation.name), project, lineage)
            for relation in (*shown, *project.layer("seeds"))
        ),
    )


def in_order(mart: Relation) -> tuple[bool, bool, str, bool, bool, str]:
    """What most people look for first, the accounts of the data last."""
    is_of_core, is_account = mart.subject == "core", mart.subject == "audit"
    is_fact = mart.name.startswith("fct_")
    return not is_of_core, is_account, mart.subject, mart.name != "fct_flights", not is_fact, mart.name


def relation_page(relation: Relation, facts: MartFacts | None, project: Project, lineage: Lineage) -> Page:
    """One mart or seed with its columns."""
    return Page(
        name=f"dictionary-{relation.name}",
        title=relation.name,
        description=relation.grain,
        template="relation.html.jinja",
        context={
            "relation": relation,
            "facts": facts,
            "columns": columns_of(relation, facts, lineage),
            "documented": {each.name for each in project.layer("marts", "seeds")},
        },
        scripts=SCRIPTS,
        styles=STYLES,
    )


def columns_of(relation: Relation, facts: MartFacts | None, lineage: Lineage) -> list[dict[str, Any]]:
    """Each column with all that is known of it: as published, and a seed's as it is declared."""
    declared = {column.name: column for column in relation.columns}
    published = {column.name: column for column in facts.columns} if facts else {}
    made = []
    for name in published or declared:
        column, fact = declared.get(name), published.get(name)
        data_type = fact.data_type if fact else column.data_type if column else ""
        made.append(
            {
                "name": name,
                "data_type": data_type.replace(" without time zone", ""),
                "unit": unit_of(name, data_type),
                "description": column.description if column else "",
                "rules": column.rules if column else (),
                "made_of": sorted(lineage.values.get((relation.name, name), ())),
                "landed": landed_columns(lineage, (relation.name, name)),
                "missing_pct": fact.missing_pct if fact else None,
                "examples": fact.examples if fact else (),
            }
        )
    return made
