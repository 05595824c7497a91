"""The files of a load as dlt sees them: our sources are its sources, their datasets its resources."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import dlt
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource, DltSource

from ingestion.dlt.manifest import MANIFEST
from ingestion.forms.planned_file import PlannedFile
from ingestion.source import LINEAGE, Dataset, Source


def source_of(source: Source, files: Sequence[PlannedFile], folder: Path) -> DltSource:
    """The source that hands dlt a manifest for each file, written to `folder`."""

    @dlt.source(name=source.name, max_table_nesting=0)
    def files_of_source() -> Iterator[DltResource]:
        for dataset in source.datasets:
            members = [file for file in files if file.dataset.name == dataset.name]
            if members:
                yield resource_of(dataset, members, folder)

    return files_of_source()


def resource_of(dataset: Dataset, files: Sequence[PlannedFile], folder: Path) -> DltResource:
    """The manifests of one dataset's files."""

    @dlt.resource(name=dataset.name, columns=table_columns(dataset, files), write_disposition="append")
    def manifests() -> Iterator[Any]:
        for number, file in enumerate(files):
            manifest = folder / f"{dataset.name}_{number}.{MANIFEST}"
            manifest.write_text(file.to_json(), encoding="utf-8")
            yield dlt.mark.with_file_import(str(manifest), MANIFEST)

    return manifests


def table_columns(dataset: Dataset, files: Sequence[PlannedFile]) -> list[TColumnSchema]:
    """Columns of a dataset's table: lineage, those declared, those that only these files have."""
    names = dict.fromkeys(chain(dataset.columns, *(file.columns for file in files)))
    return [*map(_lineage_column, LINEAGE), *map(_text_column, names)]


def _lineage_column(name: str) -> TColumnSchema:
    return {"name": name, "data_type": "bigint", "precision": 32, "nullable": False}


def _text_column(name: str) -> TColumnSchema:
    return {"name": name, "data_type": "text", "nullable": True}
