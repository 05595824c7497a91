"""Work in proportion to the change: rows of a file, or of a month, are read without those of all others."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy

VIEWS = """
    select format('%I.%I', table_schema, table_name)
    from information_schema.views
    inner join information_schema.columns using (table_schema, table_name)
    where table_schema in ('staging', 'intermediate') and column_name = 'file_no'
    order by 1
"""

ASKED = re.compile(r"\.file_no = ANY \('\{1,NULL\}'")

WITHOUT = {
    ("intermediate.int_aircraft__registrations", "acftref"),
    ("intermediate.int_carriers__holders", "carrier_history"),
    ("intermediate.int_carriers__holders", "carriers"),
}
"""Their `file_no` is of another table; of these they read the present file, whichever that is."""


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    return begin_with(SAMPLE, tmp_path_factory.mktemp("proportion"))


def scans(sql: str, schema: str) -> Iterator[dict[str, Any]]:
    """Of the plan of a query, the nodes that read tables of schemas that begin so."""
    ((found,),) = query(f"explain (verbose, format json) {sql}")
    plans = [found[0]["Plan"]]
    while plans:
        plan = plans.pop()
        if plan.get("Schema", "").startswith(schema):
            yield plan
        plans += plan.get("Plans", ())


@pytest.mark.usefixtures("project")
def test_a_file_is_read_without_the_others() -> None:
    """Whatever stands between a table of records and who asks for some files: the tables get the question."""
    asked: set[tuple[str, str]] = set()
    not_asked: set[tuple[str, str]] = set()
    for (view,) in query(VIEWS):
        for scan in scans(f"select * from {view} where file_no in (1, null)", "raw_"):
            if scan["Relation Name"] in ("files", "rejects"):
                continue
            condition = scan.get("Filter", "") + scan.get("Index Cond", "") + scan.get("Recheck Cond", "")
            (asked if ASKED.search(condition) else not_asked).add((view, scan["Relation Name"]))
    assert not_asked == WITHOUT
    assert len(asked) > 40


def test_as_many_rows_of_a_month_are_expected_as_it_has(project: ProjectCopy, tmp_path: Path) -> None:
    """Where Postgres expects few, it joins each with all; of ten years it would expect a hundredth."""
    project.load(samples.write(tmp_path / "restated.csv", samples.restated(2, 10)))
    built = project.build()
    assert built.code == 0, built.said
    (compiled,) = project.folder.glob("target/compiled/**/int_features__schedules.sql")
    (scan,) = scans(compiled.read_text(), "intermediate")
    assert scan["Relation Name"] == "int_flights__records"
    flights = value("select count(*) from marts.fct_flights where flight_month = '2013-02-01'")
    assert flights / 2 < scan["Plan Rows"] < flights * 2
