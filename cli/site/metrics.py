"""The metrics in the questions of the site: `metric('on_time_pct')` stands for its SQL, by models/metrics/.

Of flights, each row of which is one: a question reads `marts.fct_flights`. The page shows it written out, as
it was asked.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from ingestion import PROJECT
from ingestion.errors import OntimeError

FOLDER = PROJECT / "models" / "metrics"
OF = "flights"
"""The semantic model that has one row per flight."""

CALL = re.compile(r"\bmetric\('(\w+)'\)")
AGGREGATES = {"sum": "sum({})", "count": "count({})", "average": "avg({})"}
"""As SQL; a question that needs another one adds it."""


def with_metrics(sql: str) -> str:
    """A question with its metrics written out. Raises OntimeError for one that there is not."""
    return CALL.sub(lambda call: metric_as_sql(call[1]), sql)


def metric_as_sql(name: str) -> str:
    metrics, measures = _defined()
    if name not in metrics:
        raise OntimeError(f"there is no metric {name} in models/metrics/", "see docs/metrics.md")
    parts = metrics[name]["type_params"]
    if "metrics" not in parts:
        measure = measures[parts["measure"]]
        return AGGREGATES[measure["agg"]].format(measure["expr"])
    words = re.compile(rf"\b({'|'.join(parts['metrics'])})\b")
    return words.sub(lambda word: metric_as_sql(word[1]), parts["expr"])


@cache
def _defined() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Metrics, and the measures of flights, by name."""
    written = yaml.safe_load((FOLDER / "metrics.yml").read_text(encoding="utf-8"))
    read = yaml.safe_load((FOLDER / "semantic_models.yml").read_text(encoding="utf-8"))
    (flights,) = (it for it in read["semantic_models"] if it["name"] == OF)
    return (
        {it["name"]: it for it in written["metrics"]},
        {it["name"]: {"expr": it["name"], **it} for it in flights["measures"]},
    )
