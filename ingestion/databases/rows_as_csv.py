"""Writes what is read of a table as CSV, which then lands as any file does."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from ingestion.data_file import DataFile
from ingestion.errors import OntimeError
from ingestion.finding.content import Content
from ingestion.forms.headers import NAMELESS
from ingestion.forms.records import Clean, CsvFile
from ingestion.forms.tabular.stream import csv_record


def write_csv(rows: Iterable[pa.Table], columns: Sequence[str], path: Path) -> int:
    """Writes text and bytes under a header of `columns`; returns how many rows there are.

    A comma ends header and records: without, a missing value of a single column would be a blank line. A
    missing value is nothing, an empty text `""`, bytes are `\\x00ff`. Raises OntimeError when there is no
    room.
    """
    count = 0
    try:
        with path.open("wb") as file:
            file.write(csv_record((*columns, NAMELESS or None)) + b"\n")
            for table in rows:
                count += table.num_rows
                arrays = [*map(_as_text, table.columns), pa.nulls(table.num_rows)]
                names = [str(position) for position in range(len(arrays))]
                csv.write_csv(pa.table(arrays, names), file, csv.WriteOptions(include_header=False))
    except OSError as error:
        raise OntimeError(
            f"{path.parent}: no room for what is read: {error.strerror or error}",
            "make room, or name another folder with TMPDIR",
        ) from None
    return count


def sound_records(file: DataFile) -> Iterator[bytes]:
    """The sound records of a file that `write_csv` wrote, as lines that COPY reads."""
    with Content(file) as content:
        read = CsvFile(content.read, file.location)
        width = len(read.header())
        for found in read.records(width, last_is_empty=True):
            if isinstance(found, Clean):
                yield b"".join(record[:-1] + b"\n" for record in found.records)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes as `\\x` and digits; text as it is."""
    if not pa.types.is_binary(column.type):
        return column
    return pa.chunked_array(
        [[None if value is None else f"\\x{value.hex()}" for value in column.to_pylist()]], pa.string()
    )
