"""Lands files with dlt's own load jobs alone: the way back should a new dlt break our destination.

The sound records go into a CSV file that dlt imports and merges on the file's number. There is no ledger and
no table of rejects, and dlt turns `""` into a missing value. test_dlts_own_jobs.py compares the rows
of both ways, benchmarks/landing.py what they cost.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import dlt
from dlt.destinations import postgres

from ingestion.dlt.destination import credentials
from ingestion.dlt.pipeline import run_dlt
from ingestion.dlt.source import table_columns
from ingestion.finding.content import Content
from ingestion.forms.planned_file import PlannedFile
from ingestion.landing.landing import SoundRows, records_of, table_of
from ingestion.source import FILE_NO, RECORD_NO, Dataset


def land_with_dlts_own_jobs(
    dataset: Dataset, files: Sequence[PlannedFile], schema: str, connection: Mapping[str, Any]
) -> None:
    """Lands files of one dataset, each under its number, in the table of the dataset.

    Landing a file again under the same number replaces its rows. Raises OntimeError when dlt or a file fails.
    """
    with TemporaryDirectory(prefix="ontime-stock-") as folder:

        def imports() -> Iterator[Any]:
            for file in files:
                sound = Path(folder) / f"{file.file_no}.csv"
                count = _write_sound_records(file, sound)
                yield dlt.mark.with_file_import(str(sound), "csv", count)

        resource = dlt.resource(
            imports,
            name=dataset.name,
            columns=table_columns(dataset, files),
            merge_key=FILE_NO,
            write_disposition={"disposition": "merge", "strategy": "delete-insert"},
        )
        run_dlt(f"stock_{schema}", postgres(credentials(connection)), schema, resource, folder)


def _write_sound_records(file: PlannedFile, sound: Path) -> int:
    """Writes the sound records with their lineage, under a header; returns how many there are."""
    with Content(file.data) as content, TemporaryFile() as rejects, sound.open("wb") as output:
        rows = SoundRows(file, records_of(file, table_of(file, content)), rejects)
        output.write(",".join((RECORD_NO, *file.columns, FILE_NO)).encode() + b"\n")
        while lines := rows.read():
            output.write(lines)
    return rows.landed
