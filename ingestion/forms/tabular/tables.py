"""Opens a table of any kind. What it is, its first bytes say."""

import csv
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from ingestion.errors import OntimeError
from ingestion.finding.archive import is_packed
from ingestion.forms.encoding import Read, Text
from ingestion.forms.records import BLOCK, Clean, Reject
from ingestion.forms.tabular.delimited import Delimited
from ingestion.forms.tabular.stream import begun

if TYPE_CHECKING:
    from ingestion.forms.tabular.excel import Workbook

_ZIP = b"PK\3\4"
_PARQUET = b"PAR1"
_AS_CSV = "save it as CSV, Parquet or .xlsx, then load that"
_UNPACK = "unpack it and load what is in it"
_REFUSED = {
    b"<?xml": ("is XML", "save it as CSV"),
    b"\xd0\xcf\x11\xe0": ("is an old or encrypted Excel file", "save it as .xlsx without a password"),
    b"%PDF": ("is a PDF", "find the data as a table"),
    b"\x28\xb5\x2f\xfd": ("is packed with zstd", _UNPACK),
    b"\x04\x22\x4d\x18": ("is packed with lz4", _UNPACK),
    b"7z\xbc\xaf\x27\x1c": ("is an archive of 7-Zip", _UNPACK),
    b"Rar!\x1a\x07": ("is an archive of RAR", _UNPACK),
    b"\x1f\x9d": ("is packed with compress", _UNPACK),
    _ZIP: ("is an archive within an archive", _UNPACK),
    b"PK\5\6": ("is an empty zip archive", "fetch it again"),
    b"SQLite format 3\0": ("is a SQLite database", "write its tables as CSV: sqlite3 -csv -header"),
    b"ARROW1\0\0": ("is an Arrow (Feather) file", _AS_CSV),
    b"FEA1": ("is a Feather file", _AS_CSV),
    b"Obj\1": ("is an Avro file", _AS_CSV),
    b"\x89HDF\r\n\x1a\n": ("is an HDF5 file", _AS_CSV),
    b"CDF\1": ("is a NetCDF file", _AS_CSV),
    b"CDF\2": ("is a NetCDF file", _AS_CSV),
    b"$FL2@(#)": ("is an SPSS file", _AS_CSV),
    b"<stata_dta>": ("is a Stata file", _AS_CSV),
    b"RDX2\n": ("is a file of R", _AS_CSV),
    b"RDX3\n": ("is a file of R", _AS_CSV),
    b"X\n\0\0\0": ("is a file of R", _AS_CSV),
    b"\x80\4\x95": ("is a pickle of Python", _AS_CSV),
    b"\x80\5\x95": ("is a pickle of Python", _AS_CSV),
    b"\x89PNG": ("is a picture", "find the data as a table"),
    b"\xff\xd8\xff": ("is a picture", "find the data as a table"),
    b"GIF89a": ("is a picture", "find the data as a table"),
    b"{\\rtf": ("is a text with layout (RTF)", "find the data as a table"),
}
_SAS = bytes(12) + b"\xc2\xea\x81\x60"
_BEGINNING = 1 << 16  # bytes by which JSON is known
_JSON_ARRAY = re.compile(rb"\[\s*[\[{\]]")


class Table(Protocol):
    """What a reader of any kind gives: `header()`, then `records()`, then `warnings()`."""

    form: str
    """What it is, as people say: `JSON Lines`."""

    @property
    def encoding(self) -> str | None:
        """What its text is written in, as far as it was read; None of what is no text."""

    def header(self) -> list[str]:
        """What its columns are called. Raises OntimeError when it has none."""

    def records(self, width: int, *, last_is_empty: bool = False) -> Iterator[Clean | Reject]:
        """The records, numbered from 1. Sound ones have `width` fields: as many as the header.

        With `last_is_empty`, which only text can be, they end with a separator, and nothing behind it.
        """

    def warnings(self, name: str) -> list[str]:
        """What is to be known of the file of this name besides, once the records were read."""


def open_table(read: Read, name: str, sheet: str | None = None, encoding: str | None = None) -> Table:
    """The table of a content, or of one sheet of a workbook.

    `read(n)` gives up to n more bytes, and none at the end; `name` stands in messages. `encoding` is what the
    user said that text is written in. Raises OntimeError when the content is no table.
    """
    start = read(BLOCK)
    read = begun(start, read)
    if sheet is not None:
        from ingestion.forms.tabular.excel import Workbook

        return Workbook(read, name).sheet(sheet)
    if start.startswith(_PARQUET):
        from ingestion.forms.tabular.parquet import Parquet

        return Parquet(read, name)
    _refuse_what_is_no_table(start, name)
    beginning = Text(begun(start[:_BEGINNING], _nothing), encoding).read(_BEGINNING)
    if _JSON_ARRAY.match(beginning.lstrip()):
        raise OntimeError(
            f"{name}: is one JSON array", "write its objects on lines of their own: jq -c '.[]'"
        )
    if beginning.lstrip().startswith(b"{"):
        from ingestion.forms.tabular.json_lines import JsonLines

        return JsonLines(Text(read, encoding, in_json=True), name)
    return Delimited(Text(read, encoding), name)


def examples(table: Table, width: int, at_most: int) -> list[list[str]]:
    """The values of its first sound records. What is read is gone: to land the table, open it again."""
    if isinstance(table, Delimited):  # which looks at these without proving a block of them
        return table.examples(width, at_most)
    found: list[list[str]] = []
    for part in table.records(width):
        if isinstance(part, Clean):
            sound = part.records[: at_most - len(found)]
            found += csv.reader(record.decode() for record in sound)
        if len(found) >= at_most:
            break
    return found


def may_be_workbook(start: bytes) -> bool:
    """Whether a content that begins so may be a workbook: that is a zip archive to itself."""
    return start.startswith(_ZIP)


def workbook_in(read: Read, name: str) -> "Workbook | None":
    """The workbook of a content, None when it is something else. What it reads is gone."""
    start = read(len(_ZIP))
    if not may_be_workbook(start):
        return None
    from ingestion.forms.tabular.excel import Workbook

    return Workbook(begun(start, read), name)


def _refuse_what_is_no_table(start: bytes, name: str) -> None:
    for magic, (problem, remedy) in _REFUSED.items():
        if start.startswith(magic):
            raise OntimeError(f"{name}: {problem}", remedy)
    if is_packed(start):
        raise OntimeError(f"{name}: is packed twice", _UNPACK)
    if start.startswith(_SAS):
        raise OntimeError(f"{name}: is a SAS file", _AS_CSV)


def _nothing(_size: int) -> bytes:
    return b""
