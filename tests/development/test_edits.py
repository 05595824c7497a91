"""What `ontime impact` names before an edit, and what changes; `python -m tests.development` tries ten.

Takes a build of the sample, which other modules share, one compilation of the project and a build for each of
three edits.
"""

from pathlib import Path

import pytest

from cli.development.columns import Lineage, Manifest, column_lineage
from tests.beginnings import SAMPLE, begin_with
from tests.development.edits import EDITS, Edit, contents, try_edit
from tests.ingestion.support import query
from tests.projects import ProjectCopy

BY_NAME = {edit.name: edit for edit in EDITS}
# A column, a sum of a history, and a seed whose values decide on rows.
TRIED = ("fct_flights.is_late_180_minutes", "int_performance__totals.tarmac_delays", "us_holidays")

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
    assert len(EDITS) == len(BY_NAME) == len({edit.kind for edit in EDITS}) == 10


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


@pytest.mark.parametrize("edit", [BY_NAME[name] for name in TRIED], ids=TRIED)
def test_what_changes_was_named(project: ProjectCopy, read: tuple[Lineage, Manifest], edit: Edit) -> None:
    outcome = try_edit(edit, project, *read, contents())
    assert outcome.missed == frozenset()
    assert outcome.right
