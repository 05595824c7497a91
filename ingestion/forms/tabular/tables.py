"""Opens a table of any kind. What it is, its first bytes say."""

import codecs
import re
from collections.abc import Iterator
from typing import Protocol

from ingestion.errors import OntimeError
from ingestion.forms.records import BLOCK, Clean, Reject
from ingestion.forms.tabular.delimited import Delimited
from ingestion.forms.tabular.excel import Workbook
from ingestion.forms.tabular.json_lines import JsonLines
from ingestion.forms.tabular.parquet import Parquet
from ingestion.forms.tabular.stream import Read, begun

_ZIP = b"PK"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_REFUSED = {
    b"<?xml": ("is XML", "save it as CSV"),
    _OLD_OFFICE: ("is an old or encrypted Excel file", "save it as .xlsx without a password"),
    b"%PDF": ("is a PDF", "find the data as a table"),
}
_JSON_ARRAY = re.compile(rb"\[\s*[\[{\]]")


class Table(Protocol):
    """What a reader of any kind gives: `header()`, then `records()`."""

    form: str
    """What it is, as people say: `JSON Lines`."""

    def header(self) -> list[str]:
        """Names of the columns. Raises OntimeError when there are none."""

    def records(self, width: int) -> Iterator[Clean | Reject]:
        """The records, numbered from 1. Sound ones have `width` fields: as many as the header."""


def open_table(read: Read, name: str, sheet: str | None = None) -> Table:
    """The table of a content, or of one sheet of a workbook.

    `read(n)` gives up to n more bytes, and none at the end; `name` stands in messages. Raises OntimeError
    when the content is no table.
    """
    start = read(BLOCK)
    read = begun(start, read)
    if sheet is not None:
        return Workbook(read, name).sheet(sheet)
    if start.startswith(b"PAR1"):
        return Parquet(read, name)
    _refuse_what_is_no_table(start, name)
    if _text(start).startswith(b"{"):
        return JsonLines(read, name)
    return Delimited(start, read, name)


def workbook_in(read: Read, name: str) -> Workbook | None:
    """The workbook of a content, None when it is something else. What it reads is gone."""
    start = read(BLOCK)
    return Workbook(begun(start, read), name) if start.startswith(_ZIP) else None


def _refuse_what_is_no_table(start: bytes, name: str) -> None:
    for magic, (problem, remedy) in _REFUSED.items():
        if start.startswith(magic):
            raise OntimeError(f"{name}: {problem}", remedy)
    if _JSON_ARRAY.match(_text(start)):
        raise OntimeError(
            f"{name}: is one JSON array", "write its objects on lines of their own: jq -c '.[]'"
        )


def _text(start: bytes) -> bytes:
    return start.removeprefix(codecs.BOM_UTF8).lstrip()
