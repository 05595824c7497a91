"""The lake: rows of files as Parquet, for engines that read a history which outgrows one Postgres.

    lake/raw_bts/dataexpo/file_no=12/rows.parquet    the rows of file 12

It is a folder, or in a bucket (`s3://bucket/lake`). Rows get their name when they are complete, so they are
there whole or not at all; the name that they have until then Spark does not read. What no ledger names, as a
killed load leaves it, is swept by the next.
"""

import glob
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ingestion.database import first_line
from ingestion.errors import OntimeError
from ingestion.finding.fetch.addresses import scheme_of, shown
from ingestion.finding.fetch.buckets import errors_of
from ingestion.source import FILE_NO, RECORD_NO

NAMED = "ONTIME_LAKE"
"""Names the folder or bucket."""

ROWS = "rows.parquet"
_UNFINISHED = "_rows.parquet"

TOLD = "_hive.json"
"""In the folder of a table: what Hive was told of it (cli/spark/lake.py)."""

BLOCK = 16 << 20  # bytes of text that become rows of Parquet at once

_OWNER = "_owner"

_BUCKETS = "s3"
_BUCKETS_OF_SPARK = "s3a"


class Lake:
    """The lake at a place: the path of a folder, or the address of a bucket and what follows it there.

    What the place refuses is an OntimeError.
    """

    def __init__(self, place: str) -> None:
        self.place = place.rstrip("/")
        self._in_bucket = scheme_of(place) is not None
        if self._in_bucket and not re.match(f"{_BUCKETS}://[^/@]+(/|$)", place):
            raise OntimeError(
                f"the lake is neither a folder nor in a bucket of S3: {shown(place)}",
                f"for example: {NAMED}=s3://bucket/lake",
            )
        with self._errors("opened"):
            # nothing kept from an earlier call: buckets and credentials change while a process lives
            self._system: Any = fsspec.filesystem(
                _BUCKETS if self._in_bucket else "file", use_listings_cache=False, skip_instance_cache=True
            )

    def uri(self, *names: str) -> str:
        """The address of a folder, as Spark calls it."""
        address = "/".join((self.place, *names))
        if not self._in_bucket:
            return Path(address).as_uri()
        return f"{_BUCKETS_OF_SPARK}{address.removeprefix(_BUCKETS)}"

    def files(self, schema: str, *, finished: bool = True) -> dict[str, set[int]]:
        """Of each table of a schema the numbers of the files whose rows are there, or were begun."""
        found: dict[str, set[int]] = {}
        with self._errors("read"):
            for path in self._system.glob(f"{glob.escape(self._path(schema))}/*/{FILE_NO}=*/*{ROWS}"):
                *_, table, folder, name = path.split("/")
                if name == ROWS or not finished:
                    found.setdefault(table, set()).add(int(folder.removeprefix(f"{FILE_NO}=")))
        return found

    def claim(self, database: str) -> None:
        """Makes it the lake of a database, by its identity. Raises OntimeError when it is another's.

        What another ledger names would be swept, and numbers of files meet.
        """
        owner = self.read_text(_OWNER)
        if owner is None:
            self.write_text(_OWNER, database)
        elif owner != database:
            raise OntimeError(
                f"the lake {self.place} belongs to another database",
                f"name another by {NAMED}; if this is that database restored, remove {self._path(_OWNER)}",
            )

    def sweep(self, schema: str, named: Collection[int]) -> int:
        """Removes the rows of files that no ledger names, and gives how many. No load may run meanwhile."""
        nameless = [
            (table, file_no)
            for table, numbers in self.files(schema, finished=False).items()
            for file_no in numbers.difference(named)
        ]
        for table, file_no in nameless:
            self.rows_of(schema, table, file_no).remove()
        return len(nameless)

    def rows_of(self, schema: str, table: str, file_no: int) -> "Rows":
        """The place of the rows of a file."""
        return Rows(self, f"{schema}/{table}/{FILE_NO}={file_no}")

    def whole(self, schema: str, table: str) -> "Rows":
        """The place of a table that is not kept by file."""
        return Rows(self, f"{schema}/{table}")

    def read_text(self, name: str) -> str | None:
        """The text of a small file, None where there is none."""
        with self._errors("read"):
            try:
                return str(self._system.cat_file(self._path(name)).decode())
            except FileNotFoundError:
                return None

    def write_text(self, name: str, text: str) -> None:
        with self._errors("written"):
            self._make_folder(name)
            self._system.pipe_file(self._path(name), text.encode())

    def forget_told(self, schema: str, table: str) -> None:
        """Has Hive be told of a table anew: it keeps what it knows of files that were replaced."""
        self.remove(f"{schema}/{table}/{TOLD}")

    def remove(self, name: str) -> None:
        """Removes a file, or a folder with all that is in it, if it is there."""
        with self._errors("removed"):
            if self._system.exists(self._path(name)):
                self._system.rm(self._path(name), recursive=True)

    def _path(self, name: str) -> str:
        return f"{self.place}/{name}"

    def _make_folder(self, name: str) -> None:
        """That of a file. Buckets have none, and s3fs would make a bucket that is missing."""
        if not self._in_bucket:
            self._system.makedirs(self._path(name).rpartition("/")[0], exist_ok=True)

    @contextmanager
    def _errors(self, done: str) -> Iterator[None]:
        if self._in_bucket:
            with errors_of(self.place, done=done):
                yield
            return
        try:
            yield
        except OSError as error:
            raise OntimeError(
                f"the lake {self.place} cannot be {done}: {error.strerror or first_line(error)}",
                f"mend that, or name another folder by {NAMED}; then try again",
            ) from None


class Rows:
    """Rows of a file, or of a table, in the lake: written under another name first, then `finish`ed."""

    def __init__(self, lake: Lake, folder: str) -> None:
        self._lake = lake
        self._folder = folder

    def __str__(self) -> str:
        return self._lake._path(f"{self._folder}/{ROWS}")

    def write(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        """Writes rows, and gives how many; memory holds one batch. On disk when it returns."""
        name, rows = f"{self._folder}/{_UNFINISHED}", 0
        with self._lake._errors("written"):
            self._lake._make_folder(name)
            with self._lake._system.open(self._lake._path(name), "wb") as stream:
                with pyarrow.parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
                    for batch in batches:
                        writer.write_batch(batch)
                        rows += batch.num_rows
                if not self._lake._in_bucket:
                    stream.flush()
                    os.fsync(stream.fileno())
        return rows

    def finish(self) -> None:
        """Gives what was written its name, in place of what had it."""
        with self._lake._errors("written"):
            path = self._lake._path(self._folder)
            self._lake._system.mv(f"{path}/{_UNFINISHED}", f"{path}/{ROWS}")

    def count(self) -> int | None:
        """How many rows are there, by the end of the file; None where there is no sound file."""
        with self._lake._errors("read"):
            try:
                with self._lake._system.open(str(self)) as stream:
                    return int(pyarrow.parquet.read_metadata(stream).num_rows)
            except (FileNotFoundError, pa.ArrowInvalid):
                return None

    def remove(self) -> None:
        """Removes them, finished or not."""
        self._lake.remove(self._folder)

    def remove_unfinished(self) -> None:
        """Removes what was written and has no name yet; a folder without rows says nothing."""
        self._lake.remove(f"{self._folder}/{_UNFINISHED}")


def schema_of(columns: Sequence[str]) -> pa.Schema:
    """Of the rows of a file: its number is the name of their folder."""
    return pa.schema([(RECORD_NO, pa.int32()), *((name, pa.string()) for name in columns)])


def batches_of_lines(read: Callable[[], bytes], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Rows of what `read` gives: whole lines as COPY reads them, with `record_no` first, `file_no` last."""
    names = [RECORD_NO, *columns, FILE_NO]
    while text := _at_least(BLOCK, read):
        yield from batches_of_csv(pa.BufferReader(text), schema_of(columns), names, len(text))


def batches_of_csv(
    text: Any, schema: pa.Schema, names: Sequence[str] | None = None, block: int = BLOCK
) -> Iterator[pa.RecordBatch]:
    """The columns of `schema` from CSV without a header; `names` are those in it, where it has others.

    An empty text is quoted there, a missing value is not. No record is longer than `block` bytes.
    """
    return iter(
        pyarrow.csv.open_csv(
            text,
            read_options=pyarrow.csv.ReadOptions(column_names=names or schema.names, block_size=block),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=schema,
                include_columns=schema.names,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                timestamp_parsers=["%Y-%m-%d %H:%M:%S.%f%z", pyarrow.csv.ISO8601],
            ),
        )
    )


def _at_least(size: int, read: Callable[[], bytes]) -> bytes:
    """So many bytes of whole lines, fewer only at the end."""
    pieces, length = [], 0
    while length < size and (piece := read()):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)
