"""The metrics in the questions of the site: `metric('on_time_pct')` stands for its SQL, by models/metrics/.

Of flights, each row of which is one: a question reads `marts.fct_flights`. The page shows it written out, as
it was asked.
"""

import re

from cli.questions.explain.definitions import read_definitions
from ingestion.errors import OntimeError

CALL = re.compile(r"\bmetric\('(\w+)'\)")


def with_metrics(sql: str) -> str:
    """A question with its metrics written out. Raises OntimeError for one that there is not."""
    return CALL.sub(lambda call: metric_as_sql(call[1]), sql)


def metric_as_sql(name: str) -> str:
    metrics = read_definitions().metrics
    if name not in metrics:
        raise OntimeError(f"there is no metric {name} in models/metrics/", "see docs/metrics.md")
    return metrics[name].sql
