"""The metrics in the questions of the site are those of models/metrics/, written out."""

import pytest

from cli.site.marts import QUERIES, sql_of
from cli.site.metrics import CALL, metric_as_sql
from ingestion.errors import OntimeError


def test_a_metric_is_written_out_from_its_measures() -> None:
    assert metric_as_sql("mean_dep_delay") == "avg(dep_delay_minutes)"
    assert metric_as_sql("with_known_outcome") == "sum(cast(is_on_time is not null as integer))"
    cancelled = "100.0 * sum(cast(is_cancelled as integer)) / nullif(sum(1), 0)"
    assert metric_as_sql("cancellation_rate") == cancelled
    with pytest.raises(OntimeError, match="there is no metric on_tmie_pct"):
        metric_as_sql("on_tmie_pct")


def test_no_question_of_flights_states_a_rate_of_its_own() -> None:
    """What pages show is SQL that anybody can run."""
    asking = [path for path in sorted(QUERIES.glob("*.sql")) if "marts.fct_flights" in path.read_text()]
    assert len(asking) > 3
    with_rates = [path for path in asking if "_pct" in path.read_text()]
    assert all(CALL.search(path.read_text()) for path in with_rates)
    for path in asking:
        assert "100.0" not in path.read_text()
        assert "metric(" not in sql_of(path.stem)
