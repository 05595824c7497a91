"""The staging models that `ontime load files` writes: from tables of `raw_files` to what an analyst edits."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2 import sql

from cli.loading.scaffold import FOLDER, SOURCES, scaffold
from cli.server.connections import connection
from ingestion.database import connect
from ingestion.forms.tabular.names import RESERVED, column_names
from ingestion.landing.ledger import Ledger
from ingestion.landing.raw_table import RawTable
from tests.ingestion.support import query
from tests.projects import PROJECT, ProjectCopy, copy_project

Row = tuple[str | None, ...]


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """A copy of the project, on a database with an empty `raw_files`."""
    with closing(connect(connection("loader").as_psycopg2())) as opened:
        Ledger(opened, "raw_files").create()
    folder = tmp_path_factory.mktemp("scaffold")
    return copy_project(folder, with_tests=True, with_unit_tests=True, parsed_for="ci")


def make(project: ProjectCopy, table: str, columns: list[str], *rows: Row) -> list[str]:
    """Makes a raw table with rows of one file and scaffolds it; returns the paths that were written."""
    with closing(connect(connection("loader").as_psycopg2())) as opened, opened.cursor() as cursor:
        RawTable(opened, "raw_files", table).make(columns)
        for record_no, row in enumerate(rows, start=1):
            cursor.execute(
                sql.SQL("insert into {} values %s").format(sql.Identifier("raw_files", table)),
                ((1, record_no, *row),),
            )
        return [str(path) for path in scaffold(opened, [table], project.folder)]


def built(project: ProjectCopy, table: str) -> list[tuple[object, ...]]:
    """The rows of the staging model, after a build that tests it."""
    outcome = project.dbt("build", "--target", "ci", "--select", f"stg_files__{table}")
    assert outcome.code == 0, outcome.said
    return query(f"select * from ci_staging.stg_files__{table} order by record_no")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command of the environment's."""
    environment = os.environ | connection("transformer").environment()
    return subprocess.run(
        [Path(sys.executable).with_name(command[0]), *command[1:]],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )


def types(table: str) -> dict[str, str]:
    return dict(
        query(
            "select column_name, data_type from information_schema.columns where table_name = %s"
            " and table_schema = 'ci_staging'",
            f"stg_files__{table}",
        )
    )


VALUES = (
    *("a", "1", "5000000000", "0.1", "2024-02-29", "2024-02-29T10:00:00Z", "2024-02-29 10:00:00.25"),
    *("true", "501", "007"),
)


def test_each_kind_of_value_gets_its_type(project: ProjectCopy) -> None:
    columns = [
        "name",
        "seats",
        "views",
        "price",
        "sold_on",
        "created_at",
        "seen",
        "paid",
        "zip_code",
        "account",
    ]
    make(
        project,
        "kinds",
        columns,
        VALUES,
        ("", "NA", "-3", "1e-7", "", "", None, "FALSE", "90210", "12345678901234567890.5"),
    )
    first, second = built(project, "kinds")
    assert types("kinds") == {
        "file_no": "integer",
        "record_no": "integer",
        "name": "text",
        "seats": "integer",
        "views": "bigint",
        "price": "double precision",
        "sold_on": "date",
        "created_at_utc": "timestamp without time zone",
        "seen_at_local": "timestamp without time zone",
        "is_paid": "boolean",
        "zip_code": "text",
        "account": "text",
        "reject_reason": "text",
        "raw_text": "text",
    }
    assert first[3:6] == (1, 5_000_000_000, 0.1)
    assert second[2:8] == (None, None, -3, 1e-7, None, None)
    assert str(first[8]) == "2024-02-29 10:00:00.250000"
    assert first[-2] is None
    assert json.loads(str(first[-1])) == {"file_no": 1, "record_no": 1} | dict(
        zip(columns, VALUES, strict=True)
    )
    assert second[-2] is None


def test_a_column_may_be_called_as_models_call_what_they_read(project: ProjectCopy) -> None:
    make(project, "news", ["source", "title"], ("wire", "a"))
    ((*_, kept),) = built(project, "news")
    assert json.loads(str(kept)) == {"file_no": 1, "record_no": 1, "source": "wire", "title": "a"}


def test_a_value_that_comes_later_and_does_not_fit_is_rejected(project: ProjectCopy) -> None:
    make(project, "later", ["code", "seats"], ("a", "1"))
    query("insert into raw_files.later values (2, 1, 'b', 'many')")
    assert [row[-2] for row in built(project, "later")] == [None, "seats is not a whole number: many"]


def test_what_exists_is_never_overwritten(project: ProjectCopy) -> None:
    sources, folder = str(FOLDER / SOURCES), str(FOLDER)
    project.write(f"{folder}/stg_files__mine.sql", "select 1 as mine\n")
    assert make(project, "mine", ["code"], ("a",)) == [f"{folder}/stg_files__mine.yml", sources]
    assert project.folder.joinpath(folder, "stg_files__mine.sql").read_text() == "select 1 as mine\n"
    with closing(connect(connection("loader").as_psycopg2())) as opened:
        assert scaffold(opened, ["mine"], project.folder) == []
    for suffix in ("sql", "yml"):
        project.remove(f"{folder}/stg_files__mine.{suffix}")
    project.edit(
        sources, "      - name: mine\n        description: One row per record of mine, as text.\n", ""
    )


def test_names_of_all_kinds_pass_the_checks(project: ProjectCopy) -> None:
    """Keywords, names that promise another type than they have, and more columns than get a line each.

    Takes dbt and sqlfluff as processes of their own.
    """
    keywords = [word for (word,) in query("select word from pg_get_keywords()")]
    tables = {
        "keywords": dict.fromkeys(column_names(keywords, "f.csv"), "a"),
        "kept": {
            "year": "1",
            "type": "1.5",
            "date": "2024-01-01",
            "is_open": "Y",
            "seen_at_utc": "soon",
            "open": "true",
        },
        "wide": {
            f"{word}_{n}": value
            for n in range(9)
            for word, value in {"name": "a", "seats": "1", "price": "1.5", "is_open": "true"}.items()
        },
    }
    for table, row in tables.items():
        make(project, table, list(row), tuple(row.values()))
    outcome = project.dbt("build", "--target", "ci", "--select", *(f"stg_files__{table}" for table in tables))
    assert outcome.code == 0, outcome.said
    shutil.copy(PROJECT / ".sqlfluff", project.folder)
    models = [f"{FOLDER}/stg_files__{table}.sql" for table in ("kept", "wide")]
    linted = run("sqlfluff", "lint", "--disable-progress-bar", *models, cwd=project.folder)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_reserved_words_are_those_of_the_server(database: str) -> None:
    """Newer servers may have more."""
    words = {word for (word,) in query("select word from pg_get_keywords() where catcode in ('R', 'T')")}
    assert words <= RESERVED
