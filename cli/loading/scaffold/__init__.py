"""Writes the dbt staging model of a table of `raw_files`, for an analyst to edit."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import yaml

from cli.console import note
from cli.loading.scaffold.guess import guess
from cli.loading.scaffold.models import columns_of, model_sql, model_yaml, source_yaml
from cli.server.connections import connection
from ingestion import PROJECT
from ingestion.database import Connection
from ingestion.errors import OntimeError
from ingestion.report import LoadReport
from ingestion.source import LINEAGE

SCHEMA = "raw_files"
FOLDER = Path("models/staging/files")  # in the project
SOURCES = "_files__sources.yml"


def scaffold_loaded(report: LoadReport) -> None:
    """Scaffolds the tables of a load of the source `files`, and says what to do next."""
    tables = dict.fromkeys(file.dataset for file in report.files if file.dataset and file.state != "failed")
    if not tables:
        return
    with closing(connection("loader").connect()) as opened:
        written = scaffold(opened, tables, PROJECT)
    for path in written:
        note(f"wrote {path}")
    models = [path.stem for path in written if path.suffix == ".sql"]
    if models:
        note(f"  -> edit them: names, types, tests; then: ontime build --select {' '.join(models)}")


def scaffold(connection: Connection, tables: Iterable[str], project: Path) -> list[Path]:
    """Writes model, YAML and source of each table that the project's sources do not list yet.

    A file that exists stays as it is. Returns what was written or changed, relative to the project; reads
    each new table whole. Raises OntimeError when the sources are not as this module keeps them.
    """
    folder = project / FOLDER
    listed = _tables_of((folder / SOURCES).read_text(encoding="utf-8"))
    written: list[Path] = []
    for table in tables:
        if table in listed:
            continue
        columns = columns_of(guess(connection, SCHEMA, table, _raw_columns(connection, table)))
        model = folder / f"stg_files__{table}"
        for path, text in (
            (model.with_suffix(".sql"), model_sql(table, columns)),
            (model.with_suffix(".yml"), model_yaml(table, columns)),
        ):
            if not path.exists():
                path.write_text(text, encoding="utf-8")
                written.append(path)
        _add_source(folder / SOURCES, table)
        written.append(folder / SOURCES)
    return [path.relative_to(project) for path in dict.fromkeys(written)]


def _raw_columns(connection: Connection, table: str) -> list[str]:
    """The columns of a raw table in their order, without lineage."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select column_name from information_schema.columns
            where table_schema = %s and table_name = %s
            order by ordinal_position
            """,
            (SCHEMA, table),
        )
        return [name for (name,) in cursor.fetchall() if name not in LINEAGE]


def _add_source(path: Path, table: str) -> None:
    """Adds a table at the end of the sources, as text, so that comments stay."""
    before = path.read_text(encoding="utf-8")
    after = before.rstrip("\n") + "\n" + source_yaml(table)
    if _tables_of(after) != [*_tables_of(before), table]:
        raise OntimeError(
            f"{path}: the tables do not stand at its end, so that {table} cannot be added",
            f"add the table {table} by hand, in the manner of the others",
        )
    path.write_text(after, encoding="utf-8")


def _tables_of(sources: str) -> list[str]:
    """Names of the tables in a file of sources, empty when it is none."""
    try:
        return [table["name"] for source in yaml.safe_load(sources)["sources"] for table in source["tables"]]
    except (yaml.YAMLError, KeyError, TypeError):
        return []
