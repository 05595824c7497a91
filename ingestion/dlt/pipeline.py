"""Runs dlt once for all files of a load. It takes a second to import dlt: import this where it is needed."""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dlt
from dlt.common import known_env
from dlt.common.destination import Destination
from dlt.common.runtime import run_context
from dlt.extract import DltResource, DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion import PROJECT
from ingestion.database import first_line
from ingestion.dlt.destination import Land, Landing, credentials
from ingestion.dlt.source import source_of
from ingestion.errors import OntimeError
from ingestion.forms.planned_file import PlannedFile
from ingestion.source import Source
from ingestion.working_folder import working_folder


def pipeline_name(source: Source) -> str:
    """How dlt calls the pipeline of a source: `dlt pipeline land_bts info`."""
    return f"land_{source.name}"


def run(source: Source, files: Sequence[PlannedFile], connection: Mapping[str, Any], land: Land) -> None:
    """Has dlt make the tables of the files and call `land` for each file, from several threads.

    dlt works in a new folder: what a killed run leaves in one would spoil the next. What is known of earlier
    loads stands in the database. How the run went is kept where DLT_DATA_DIR says, in place of that of the
    run before, for `dlt pipeline`. Raises OntimeError when dlt cannot go on; a file that fails alone is none
    of its business.
    """
    name = pipeline_name(source)
    with working_folder("load") as folder:
        use_settings(folder)
        destination = Landing(credentials(connection), land)
        try:
            run_dlt(name, destination, source.raw_schema, source_of(source, files, Path(folder)), folder)
        finally:
            if kept := os.environ.get(known_env.DLT_DATA_DIR):
                _keep(Path(folder, name), Path(kept, "pipelines"))


def run_dlt(
    name: str, destination: Destination[Any, Any], schema: str, data: DltSource | DltResource, folder: str
) -> None:
    """Runs a pipeline with this project's settings, wherever the process was started.

    All that dlt writes goes to `folder`. Raises OntimeError when a step fails.
    """
    use_settings(folder)
    pipeline = dlt.pipeline(name, pipelines_dir=folder, destination=destination, dataset_name=schema)
    try:
        pipeline.run(data)
    except PipelineStepFailed as error:
        if isinstance(error.exception, KeyboardInterrupt):
            raise error.exception from None
        raise OntimeError(
            f"step {error.step} of dlt: {first_line(error.exception)}",
            "load again; what has landed is left out then",
        ) from error


def use_settings(folder: str) -> None:
    """Has dlt read this project's settings and secrets, and keep what it writes of its own in `folder`."""
    # where .dlt/config.toml is; before dlt looks for settings, else it starts telemetry
    os.environ["DLT_PROJECT_DIR"] = str(PROJECT)
    # dlt makes an anonymous id in its own folder at home (as root in /var) even when telemetry is off.
    setattr(run_context.active(), "_global_dir", folder)  # noqa: B010


def _keep(working: Path, pipelines: Path) -> None:
    """Keeps a pipeline's working folder in place of the one before. No room for it is no failure of the load.

    Another load may do so at the same time: each swap is whole, and the last one stays.
    """
    with suppress(OSError):
        pipelines.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = Path(mkdtemp(prefix=".new-", dir=pipelines.parent))
        try:
            shutil.move(working, new)
            if (pipelines / working.name).exists():
                (pipelines / working.name).rename(new / "before")
            (new / working.name).rename(pipelines / working.name)
        finally:
            shutil.rmtree(new, ignore_errors=True)
