"""The checksum of a file's rows, as marts.audit_checksums has it of a mart (macros/cross_db/checksums.sql).

    content_of(file)      # Content(rows=26483, checksum=14560...)

So a file is proved by what it says, whoever wrote it: a number of 40 bits for each row, and their sum.
"""

import hashlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

SIX_DECIMALS = Decimal("0.000001")
HEX_DIGITS_OF_40_BITS = 10


@dataclass(frozen=True)
class Content:
    """How many rows there are, and the sum of their checksums."""

    rows: int = 0
    checksum: int = 0

    def with_rows(self, batch: pa.RecordBatch) -> "Content":
        return Content(self.rows + batch.num_rows, self.checksum + sum(_row_checksums(batch)))


def content_of(file: Path) -> Content:
    """The content of a Parquet file, a row group at a time. Raises pa.ArrowException, OSError."""
    content = Content()
    with pyarrow.parquet.ParquetFile(file) as opened:
        for batch in opened.iter_batches():
            content = content.with_rows(batch)
    return content


def _row_checksums(batch: pa.RecordBatch) -> list[int]:
    texts = [pc.fill_null(_canonical(column), "") for column in batch.columns]
    joined = pc.binary_join_element_wise(*texts, "|").to_pylist()
    return [
        int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:HEX_DIGITS_OF_40_BITS], 16)
        for text in joined
    ]


def _canonical(column: pa.Array) -> pa.Array:
    """Values as text, as Postgres spells them."""
    if pa.types.is_string(column.type):
        return pc.binary_join_element_wise(pa.scalar("="), column, "")
    if pa.types.is_floating(column.type):
        return _six_decimals(column)
    text = pc.cast(column, pa.string())
    if pa.types.is_timestamp(column.type):  # Postgres leaves out what is zero after the seconds
        return pc.replace_substring_regex(text, r"\.?0*$", "") if _has_fractions(column) else _whole(text)
    return text


def _has_fractions(column: pa.Array) -> bool:
    """Whether any value has a part of a second. Where none has, the cheap way is right."""
    return bool(pc.any(pc.not_equal(pc.microsecond(column), 0)).as_py()) or bool(
        pc.any(pc.not_equal(pc.millisecond(column), 0)).as_py()
    )


def _whole(text: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(text, 0, len("2024-03-01 12:00:00"))


def _six_decimals(column: pa.Array) -> pa.Array:
    """As `cast(value as numeric(38, 6))`, which takes the fifteen digits that surely are right."""
    encoded = column.dictionary_encode()
    words = [_rounded(value) for value in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(words, pa.string())).dictionary_decode()


def _rounded(value: float) -> str:
    # + 0: what rounds to nothing has no sign
    return str(Decimal(f"{value:.15g}").quantize(SIX_DECIMALS, ROUND_HALF_UP) + 0)
