"""Parquet: values as exact text, batch by batch. Structs, lists and maps become JSON, bytes `\\x0f`.

Durations are written `-0:01:30.5`, whatever their unit. A row with a time that no calendar has is rejected.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from ingestion.errors import OntimeError
from ingestion.forms.encoding import Read
from ingestion.forms.records import Clean, CsvFile, Reject
from ingestion.forms.tabular.stream import reading, temporary_copy

_AT_ONCE = 10_000  # records that are read together
_OUT_OF_RANGE = "<value out of range: "  # what Arrow writes in place of such a time
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Parquet:
    """Reads one Parquet file: `header()`, then `records()`. Raises OntimeError when it is damaged.

    `read(n)` gives up to n more bytes, and none at the end; `name` stands in messages. The content waits in a
    temporary file, since its directory stands at the end.
    """

    form = "Parquet"
    encoding = None

    def __init__(self, read: Read, name: str) -> None:
        self._name = name
        self._out_of_range: dict[int, str] = {}  # column of a record that has such a time
        try:
            self._file = parquet.ParquetFile(temporary_copy(read))
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def header(self) -> list[str]:
        """Names of the columns; one that has none is called by its position."""
        names = self._file.schema_arrow.names
        return [name or f"column_{position}" for position, name in enumerate(names, start=1)]

    def records(self, width: int, *, last_is_empty: bool = False) -> Iterator[Clean | Reject]:
        """The rows in their order, numbered from 1.

        One with a NUL character is rejected, and one with a time that no calendar has.
        """
        assert not last_is_empty
        # a comma ends each record: without, a missing value of a single column would be a blank line
        for found in CsvFile(reading(self._pieces()), self._name).records(width + 1, last_is_empty=True):
            if isinstance(found, Reject):
                yield found
                continue
            sound: list[bytes] = []
            for record_no, record in enumerate(found.records, start=found.first_record_no):
                if (column := self._out_of_range.pop(record_no, None)) is None:
                    sound.append(record[:-1])
                    continue
                if sound:
                    yield Clean(record_no - len(sound), sound)
                    sound = []
                yield Reject(record_no, f"{column} is a time that no calendar has", record[:-1] + b"\n")
            if sound:
                yield Clean(found.first_record_no + found.count - len(sound), sound)

    def warnings(self, name: str) -> list[str]:  # noqa: ARG002 - as the others do
        """Nothing: what its values are, a Parquet file says itself."""
        return []

    def _pieces(self) -> Iterator[bytes]:
        """The batches as CSV."""
        try:
            first = 1
            for batch in self._file.iter_batches(_AT_ONCE):
                columns = [*map(_as_text, batch.columns), pa.nulls(batch.num_rows)]
                for name, column, text in zip(batch.schema.names, batch.columns, columns, strict=False):
                    if _is_time(column.type) or pa.types.is_nested(column.type):
                        rows = pc.indices_nonzero(
                            pc.match_substring_regex(text, f'^"?{_OUT_OF_RANGE}')
                        ).to_pylist()
                        self._out_of_range |= {first + row: name for row in rows}
                first += batch.num_rows
                names = [str(position) for position in range(len(columns))]
                piece = BytesIO()
                csv.write_csv(
                    pa.RecordBatch.from_arrays(columns, names), piece, csv.WriteOptions(include_header=False)
                )
                yield piece.getvalue()
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> OntimeError:
        return OntimeError(
            f"{self._name}: is damaged, or no Parquet: {error}", "fetch or write the file again"
        )


def _as_text(column: pa.Array) -> pa.Array:
    """A column that write_csv writes exactly."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_nested(kind):
        return pa.array([_json(value) for value in _values(column)], pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([_hexadecimal(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return _clocks(column)
    if pa.types.is_date(kind):
        return column.cast(pa.string())
    if pa.types.is_duration(kind):
        counts = column.cast(pa.int64()).to_pylist()
        return pa.array([_duration(count, _PER_SECOND[kind.unit]) for count in counts], pa.string())
    return column


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _duration(count: int | None, per_second: int) -> str | None:
    """`0:01:30.5` of so many parts of a second."""
    if count is None:
        return None
    seconds, parts = divmod(abs(count), per_second)
    fraction = f".{parts:0{len(str(per_second)) - 1}}".rstrip("0") if parts else ""
    sign = "-" if count < 0 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


def _clocks(column: pa.Array) -> pa.Array:
    """`2024-01-31 12:00:00.5Z`: in UTC when a zone is known, without the zeros that end a fraction."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = column.cast(pa.timestamp(kind.unit, "UTC"))
    text = pc.replace_substring_regex(column.cast(pa.string()), r"(\.\d*?)0+(Z?)$", r"\1\2")
    return pc.replace_substring_regex(text, r"\.(Z?)$", r"\1")


def _values(column: pa.Array) -> Iterator[Any]:
    """What a nested column holds; a text that says so, where Python knows no such time."""
    for scalar in column:
        try:
            yield scalar.as_py()
        except (OverflowError, ValueError):
            yield f"{_OUT_OF_RANGE}a time within>"


def _json(value: Any) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _hexadecimal(value: bytes | None) -> str | None:
    return None if value is None else f"\\x{value.hex()}"
