"""Excel workbooks (.xlsx, .xlsm): each sheet is a table, its first row that is not blank the header.

Blank rows are no records. Of a formula, the value that Excel saved with it counts. Numbers have the digits
that it takes to tell them apart; dates are written `2024-01-31`, and with a clock `2024-01-31 12:00:00`.
"""

import datetime as dt
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.styles.numbers import is_datetime

from ingestion.errors import OntimeError
from ingestion.forms.records import Clean, CsvFile, Reject
from ingestion.forms.tabular.names import column_names
from ingestion.forms.tabular.stream import Read, csv_record, reading, temporary_copy

LARGEST_PART = 1 << 30  # bytes of XML: more than a full sheet has
LARGEST_TEXTS = 1 << 28  # bytes of XML: the texts that the sheets share, which stay in memory
_WHOLE = 1e15  # from here on a number may have lost digits, and is written as it is kept


class Workbook:
    """One open workbook. Raises OntimeError when it is damaged, or unpacks to too much.

    `read(n)` gives up to n more bytes, and none at the end; `name` stands in messages. The content waits in a
    temporary file, since its directory stands at the end.
    """

    def __init__(self, read: Read, name: str) -> None:
        self._name = name
        content = temporary_copy(read)
        with _errors_of(name):
            _check_size(content, name)
            # read_only goes row by row: a sheet with one cell far away takes no memory for those between
            self._workbook = load_workbook(content, read_only=True, data_only=True, keep_links=False)

    def sheet_names(self) -> list[str]:
        """The sheets that hold cells, as they are ordered; not those with charts."""
        return [sheet.title for sheet in self._workbook.worksheets]

    def sheet(self, sheet_name: str) -> "Sheet":
        """One of them. Raises OntimeError when there is none of this name."""
        with _errors_of(self._name):
            return Sheet(self._workbook[sheet_name], f"{self._name}, sheet {sheet_name}")


class Sheet:
    """Reads one sheet: `header()`, then `records()`."""

    form = "Excel"

    def __init__(self, sheet: Any, name: str) -> None:
        self._rows = _rows(sheet, name)
        self._name = name
        self._first = 0  # position of the first column that has a name

    def header(self) -> list[str]:
        """Names of the columns. Raises OntimeError when the sheet is blank."""
        cells = next(self._rows, None)
        if cells is None:
            raise OntimeError(f"{self._name}: the sheet is blank", "remove it, or fill it")
        self._first = next(position for position, cell in enumerate(cells) if cell is not None)
        return column_names([cell or "" for cell in cells[self._first :]], self._name)

    def is_empty(self) -> bool:
        """Whether there is no row below the header. What it reads is gone."""
        return next(self._rows, None) is None or next(self._rows, None) is None

    def records(self, width: int) -> Iterator[Clean | Reject]:
        """The rows that are not blank, numbered from 1.

        One with a cell outside of the columns that have names is rejected.
        """
        return CsvFile(reading(self._lines(width)), self._name).records(width)

    def _lines(self, width: int) -> Iterator[bytes]:
        for cells in self._rows:
            is_within = not any(cells[: self._first])
            named = cells[self._first :] if is_within else cells
            missing = [None] * ((width if is_within else width + 1) - len(named))  # one too many is rejected
            yield csv_record([*named, *missing]) + b"\n"


def _rows(sheet: Any, name: str) -> Iterator[list[str | None]]:
    """The cells of each row that is not blank, as text, up to the last that is not empty."""
    with _errors_of(name):
        sheet.reset_dimensions()
        for row in sheet.iter_rows():
            cells = [_text(cell) for cell in row]
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                yield cells


def _text(cell: Any) -> str | None:
    match cell.value:
        case None | str():
            return cell.value or None
        case bool():
            return str(cell.value).lower()
        case float() as number:
            return str(int(number)) if number.is_integer() and abs(number) < _WHOLE else repr(number)
        case dt.datetime() as moment:
            is_day = is_datetime(cell.number_format) == "date" and moment.time() == dt.time()
            return moment.date().isoformat() if is_day else moment.isoformat(" ")
        case dt.timedelta() as duration:
            minutes, seconds = divmod(round(duration.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case other:
            return str(other)


def _check_size(content: IO[bytes], name: str) -> None:
    with zipfile.ZipFile(content) as archive:
        for part in archive.infolist():
            largest = LARGEST_TEXTS if part.filename.lower().endswith("sharedstrings.xml") else LARGEST_PART
            if part.file_size > largest:
                raise OntimeError(
                    f"{name}: {part.filename} unpacks to {part.file_size >> 20:,} MiB; "
                    f"at most {largest >> 20:,} MiB are read",
                    "save the sheet as CSV",
                )
    content.seek(0)


@contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Turns what openpyxl raises into an OntimeError: of a damaged file, that can be anything."""
    try:
        yield
    except OntimeError:
        raise
    except Exception as error:
        raise OntimeError(
            f"{name}: is damaged, or no workbook: {error}", "save it again as .xlsx, or as CSV"
        ) from error
