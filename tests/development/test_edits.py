"""What `ontime impact` names before and after an edit, and what changes: `python -m tests.development`.

Takes a build of the sample, which other modules share, two compilations of the project, a trial and a build
for each of three edits.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.development.columns import Lineage, Manifest, column_lineage
from cli.development.show_impact import WIDTH
from tests.beginnings import SAMPLE, begin_with
from tests.development.edits import EDITS, Edit, contents, measured, try_edit
from tests.ingestion.support import query
from tests.projects import ProjectCopy
from tests.states import history, published

BY_KIND = {edit.kind: edit for edit in EDITS}
# A seed's values decide on rows.
TRIED = ("a flag of a mart", "a sum of a history", "a value of a seed")

# Another code of the same rows, code that cannot run, and a model that production has not.
SAME = (
    "models/marts/performance/agg_route_month.sql",
    "    totals.flight_month,\n",
    "    coalesce(totals.flight_month) as flight_month,\n",
)
BROKEN = (
    "models/marts/performance/agg_carrier_month.sql",
    "    totals.flight_month,\n",
    "    1 / (totals.flights - totals.flights) as flight_month,\n",
)
OF_NEW = "{{ config(materialized='view') }}\nselect * from {{ ref('agg_route_month') }}\n"
NEW = "models/intermediate/performance/int_performance__routes.sql"

COLUMNS = """
    select relname, array_agg(attname::text order by attnum)
    from pg_class
    inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    inner join pg_namespace on pg_namespace.oid = relnamespace
    where nspname in ('staging', 'intermediate', 'marts__build', 'seeds') and relkind in ('r', 'v')
    group by relname
"""


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    return begin_with(SAMPLE, tmp_path_factory.mktemp("edits"))


@pytest.fixture(scope="module")
def read(project: ProjectCopy) -> tuple[Lineage, Manifest]:
    return column_lineage(project.folder)


def test_ten_edits_of_ten_kinds() -> None:
    assert len(EDITS) == len({edit.name for edit in EDITS}) == len(BY_KIND) == 10


def test_each_model_has_the_columns_that_the_database_has(read: tuple[Lineage, Manifest]) -> None:
    """In their order, though nobody asked it: they are read off the SQL of all models, one upon the other."""
    lineage, _ = read
    there = dict(query(COLUMNS))
    assert len(there) > 100
    assert {name: list(lineage.columns[name]) for name in there} == there


def test_what_is_not_known_is_what_models_ask_while_they_are_built(read: tuple[Lineage, Manifest]) -> None:
    lineage, _ = read
    assert [it for it in lineage.unknown if not it.asks] == []


def test_the_lineage_is_kept_until_a_file_changes(
    project: ProjectCopy, read: tuple[Lineage, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(project: Path, folder: Path) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr("cli.development.columns.compile_project", refuse)
    assert column_lineage(project.folder)[0] == read[0]
    with (
        project.edited(("seeds/us_holidays.csv", "2013-01-01", "2013-01-03")),
        pytest.raises(AssertionError, match="compiled again"),
    ):
        column_lineage(project.folder)


def test_what_is_not_edited_is_not_tried(project: ProjectCopy) -> None:
    tried = measured(project)
    assert (tried.edited, tried.changed, tried.same, tried.not_tried) == ({}, [], [], {})


def test_what_comes_out_equal_cannot_run_or_is_new(project: ProjectCopy) -> None:
    """By the command as well, which starts its process: half a minute of CPU, most of it dbt's reading."""
    before = published(), history()
    with project.edited(SAME, BROKEN):
        project.write(NEW, OF_NEW)
        tried = measured(project)
        hasty = measured(project, seconds=0)
        told = ontime(project, "impact")
        ontime(project, "preview", "--stop")
        project.remove(NEW)
    names = {"agg_route_month": "edited", "agg_carrier_month": "edited", "int_performance__routes": "new"}
    assert tried.edited == names
    assert tried.same == ["agg_route_month"]
    assert [(it.model, it.is_new) for it in tried.changed] == [("int_performance__routes", True)]
    assert tried.not_tried["agg_carrier_month"] == "division by zero"
    assert "reads agg_carrier_month" in tried.not_tried["audit_checksums"]
    assert set(hasty.not_tried) >= names.keys()
    assert (hasty.changed, hasty.same) == ([], [])
    assert max(map(len, told.splitlines())) <= WIDTH
    assert "read what changes, and come out equal: 1\n  agg_route_month" in told
    assert "  agg_carrier_month: division by zero" in told
    assert "could change with other data" in told
    assert (published(), history()) == before


def test_macros_ask_what_was_tried(project: ProjectCopy, read: tuple[Lineage, Manifest]) -> None:
    """Histories ask which files there are, and here other rows of them count; flights are as they were."""
    edit = BY_KIND["rows of staging"]
    name = edit.name
    (path,) = project.folder.joinpath("models").rglob(f"{name}.sql")
    text = path.read_text()
    try:
        edit.make(project, read[0])
        tried = measured(project)
    finally:
        path.write_text(text)
    assert tried.not_tried == {}
    assert {name, "int_files__releases", "fct_weather_hourly"} <= {it.model for it in tried.changed}
    assert "int_flights__records" in tried.same


def ontime(project: ProjectCopy, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *arguments],
        cwd=project.folder,
        env=os.environ | {"PYTHONPATH": str(project.folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("edit", [BY_KIND[kind] for kind in TRIED], ids=TRIED)
def test_what_changes_was_named(project: ProjectCopy, read: tuple[Lineage, Manifest], edit: Edit) -> None:
    outcome = try_edit(edit, project, *read, contents())
    assert outcome.missed == frozenset()
    assert outcome.wrong == frozenset()
    assert outcome.right
