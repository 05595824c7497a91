"""Work in proportion to the change: rows of a file, or of a month, are read without those of all others."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.beginnings import NOTHING, begin_with
from tests.ingestion.support import query
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
    return begin_with(NOTHING, tmp_path_factory.mktemp("proportion"))


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of a plan that read records of raw tables."""
    if plan.get("Schema", "").startswith("raw_") and plan["Relation Name"] not in ("files", "rejects"):
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


def test_a_file_is_read_without_the_others(project: ProjectCopy) -> None:
    """Whatever stands between a table of records and who asks for some files: the tables get the question."""
    asked: set[tuple[str, str]] = set()
    not_asked: set[tuple[str, str]] = set()
    for (view,) in query(VIEWS):
        ((plan,),) = query(f"explain (verbose, format json) select * from {view} where file_no in (1, null)")
        for scan in scans(plan[0]["Plan"]):
            condition = scan.get("Filter", "") + scan.get("Index Cond", "") + scan.get("Recheck Cond", "")
            (asked if ASKED.search(condition) else not_asked).add((view, scan["Relation Name"]))
    assert not_asked == WITHOUT
    assert len(asked) > 40
