"""Runs dlt once for all files of a load. It takes a second to import dlt: import this where it is needed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
from dlt.common.destination import Destination
from dlt.common.exceptions import SignalReceivedException
from dlt.common.runtime import run_context
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.database import first_line
from ingestion.dlt.destination import Land, Landing
from ingestion.errors import OntimeError
from ingestion.forms.planned_file import PlannedFile
from ingestion.source import LINEAGE, Dataset, Source

_PROJECT = Path(__file__).parents[2]  # its .dlt/config.toml holds dlt's settings


def run(source: Source, files: Sequence[PlannedFile], connection: Mapping[str, Any], land: Land) -> None:
    """Has dlt make the tables of the files and call `land` for each file, from several threads.

    dlt's working folder lives as long as the run: what a killed run leaves in one would spoil the next. Its
    state comes from the database. Raises OntimeError when dlt cannot go on; a file that fails alone is none
    of its business.
    """
    with TemporaryDirectory(prefix="ontime-load-") as folder:
        resources = list(_resources(source, files, Path(folder)))
        run_dlt(f"land_{source.name}", Landing(connection, land), source.raw_schema, resources, folder)


def run_dlt(
    name: str, destination: Destination[Any, Any], schema: str, resources: list[DltResource], folder: str
) -> None:
    """Runs a pipeline with this project's settings, wherever the process was started.

    All that dlt writes goes to `folder`. Raises OntimeError when a step fails, or a signal stopped it.
    """
    use_settings(folder)
    pipeline = dlt.pipeline(name, pipelines_dir=folder, destination=destination, dataset_name=schema)
    try:
        pipeline.run(resources)
    except PipelineStepFailed as error:
        stopped = isinstance(error.exception, SignalReceivedException)  # jobs that ran have come to their end
        raise OntimeError(
            "the load was stopped" if stopped else f"step {error.step} of dlt: {first_line(error.exception)}",
            "load again; what has landed is left out then",
        ) from error


def use_settings(folder: str) -> None:
    """Has dlt read this project's settings and secrets, and keep what it writes of its own in `folder`."""
    os.environ["DLT_PROJECT_DIR"] = str(_PROJECT)  # before dlt looks for settings, else it starts telemetry
    # dlt makes an anonymous id in its own folder at home (as root in /var) even when telemetry is off.
    setattr(run_context.active(), "_global_dir", folder)  # noqa: B010


def table_columns(dataset: Dataset, files: Sequence[PlannedFile]) -> list[TColumnSchema]:
    """Columns of a dataset's table: lineage, those declared, those that only these files have."""
    names = dict.fromkeys(chain(dataset.columns, *(file.columns for file in files)))
    return [*map(_lineage_column, LINEAGE), *map(_text_column, names)]


def _resources(source: Source, files: Sequence[PlannedFile], folder: Path) -> Iterator[DltResource]:
    for dataset in source.datasets:
        members = [file for file in files if file.dataset.name == dataset.name]
        if members:
            yield _resource(dataset, members, folder)


def _resource(dataset: Dataset, files: Sequence[PlannedFile], folder: Path) -> DltResource:
    """The manifests of one dataset's files."""

    def manifests() -> Iterator[Any]:
        for number, file in enumerate(files):
            manifest = folder / f"{dataset.name}_{number}.csv"
            manifest.write_text(file.to_json(), encoding="utf-8")
            yield dlt.mark.with_file_import(str(manifest), "csv")

    columns = table_columns(dataset, files)
    return dlt.resource(manifests, name=dataset.name, columns=columns, write_disposition="append")


def _lineage_column(name: str) -> TColumnSchema:
    return {"name": name, "data_type": "bigint", "precision": 32, "nullable": False}


def _text_column(name: str) -> TColumnSchema:
    return {"name": name, "data_type": "text", "nullable": True}
