"""What metrics are, read from models/metrics/ and the glossary alone: takes neither dbt nor MetricFlow."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ingestion import PROJECT

DOC = re.compile(r"""\{\{\s*doc\(\s*['"](\w+)['"]\s*\)\s*\}\}""")
DOCS = re.compile(r"\{% docs (\w+) %\}(.*?)\{% enddocs %\}", re.DOTALL)
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""In C where it is there: a tenth of the time."""


@dataclass(frozen=True)
class Metric:
    """A metric in words and as SQL over `marts.fct_flights`; `column` is what marts call the same figure."""

    name: str
    words: str
    sql: str
    column: str


@dataclass(frozen=True)
class Dimension:
    """By what metrics can be filtered: `sql` over the facts, or over a mart that `key` joins to them."""

    sql: str
    words: str
    key: str = ""
    mart: str = ""
    mart_key: str = ""


@dataclass(frozen=True)
class Definitions:
    metrics: Mapping[str, Metric]
    dimensions: Mapping[str, Dimension]


def read_definitions(project: Path = PROJECT) -> Definitions:
    """All of them; read anew in each process that asks."""
    return _read(project)


@cache
def _read(project: Path) -> Definitions:
    folder = project / "models" / "metrics"
    words = _glossary(project)
    models = _yaml(folder / "semantic_models.yml")["semantic_models"]
    flights = next(model for model in models if model["name"] == "flights")
    measures = {measure["name"]: _aggregate(measure) for measure in flights["measures"]}
    metrics: dict[str, Metric] = {}
    made = [measure for measure in flights["measures"] if measure.get("create_metric")]
    stated = {metric["name"]: metric for metric in (*made, *_yaml(folder / "metrics.yml")["metrics"])}

    def sql_of(name: str) -> str:
        params = stated[name].get("type_params") or {"measure": name}
        if "measure" in params:
            return measures[params["measure"]]
        parts = {part if isinstance(part, str) else part["name"] for part in params["metrics"]}
        return re.sub(r"[a-z]\w*", lambda it: sql_of(it[0]) if it[0] in parts else it[0], params["expr"])

    for name, metric in stated.items():
        column = ((metric.get("config") or {}).get("meta") or {}).get("column", name)
        metrics[name] = Metric(name, _words(metric.get("description"), words), sql_of(name), column)
    return Definitions(metrics, _dimensions(flights, models, words))


def _dimensions(
    flights: Mapping[str, Any], models: list[Mapping[str, Any]], words: Mapping[str, str]
) -> dict[str, Dimension]:
    found = {
        "month": Dimension("flight_month", "The month of the flight."),
        "day": Dimension("flight_date_local", "The day of the flight."),
    }
    keys = {it["name"]: it["expr"] for it in flights["entities"] if it["type"] == "foreign"}
    for entity in flights["entities"]:
        if entity["type"] == "foreign":
            found[entity["name"]] = Dimension(entity["expr"], _words(entity.get("description"), words))
    for dimension in flights["dimensions"]:
        sql = dimension.get("expr", dimension["name"])
        found[dimension["name"]] = Dimension(sql, _words(dimension.get("description"), words))
    joined: dict[str, list[tuple[str, Dimension]]] = {}
    for model in models:
        if model is flights:
            continue
        entity = next(it for it in model["entities"] if it["type"] == "primary")
        mart = model["model"].split("'")[1]
        for dimension in model["dimensions"]:
            joined.setdefault(dimension["name"], []).append(
                (
                    entity["name"],
                    Dimension(
                        dimension.get("expr", dimension["name"]),
                        _words(dimension.get("description"), words),
                        keys[entity["name"]],
                        mart,
                        entity["expr"],
                    ),
                )
            )
    for name, of_entities in joined.items():
        for entity_name, dimension in of_entities:
            found[f"{entity_name}__{name}"] = dimension
        if len(of_entities) == 1:
            found[name] = of_entities[0][1]
    return found


def _aggregate(measure: Mapping[str, Any]) -> str:
    kind, of = measure["agg"], str(measure.get("expr", measure["name"]))
    if kind == "median":
        return f"percentile_cont(0.5) within group (order by {of})"
    if kind == "percentile":
        share = measure["agg_params"]["percentile"]
        return f"percentile_cont({share}) within group (order by {of})"
    if kind == "count_distinct":
        return f"count(distinct {of})"
    return f"{({'average': 'avg'}).get(kind, kind)}({of})"


def _glossary(project: Path) -> dict[str, str]:
    text = (project / "models" / "glossary.md").read_text(encoding="utf-8")
    return {name: " ".join(said.split()) for name, said in DOCS.findall(text)}


def _words(description: str | None, glossary: Mapping[str, str]) -> str:
    return " ".join(DOC.sub(lambda found: glossary.get(found[1], ""), description or "").split())


def _yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), LOADER)  # noqa: S506
