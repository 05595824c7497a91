"""Excel workbooks (.xlsx, .xlsm): each sheet is a table, its first row that is not blank the header.

Blank rows are no records. Of a formula, the value that Excel saved with it counts; where it saved none, the
value is missing, which is told. Numbers have the digits that it takes to tell them apart, whole ones all that
the sheet states; dates are written `2024-01-31`, with a clock `2024-01-31 12:00:00`, durations `-0:30:00`.
"""

import datetime as dt
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.styles.numbers import is_datetime
from openpyxl.worksheet import _read_only
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from ingestion.errors import OntimeError
from ingestion.forms.encoding import Read
from ingestion.forms.records import Clean, CsvFile, Reject
from ingestion.forms.tabular.stream import csv_record, reading, temporary_copy

LARGEST_PART = 1 << 30  # bytes of XML: more than a full sheet has
LARGEST_TEXTS = 1 << 28  # bytes of XML: the texts that the sheets share, which stay in memory
_WHOLE = 1e15  # from here on a number of Python may have lost digits, and is written as the sheet has it


class _NoValue:
    """Of a formula whose value was not saved: programs that write workbooks do not reckon."""


class _Parser(WorkSheetParser):
    """openpyxl's reader of sheets, which loses what these cells say."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        value, kind = cell["value"], element.get("t", "n")
        if value is None:
            if kind != "str" and element.find(FORMULA_TAG) is not None:
                cell["value"] = _NoValue()
        elif isinstance(value, float):
            cell["value"] = _number(element.findtext(VALUE_TAG), value)
        elif kind == "n" and (cell["data_type"] == "e" or _is_before_all_dates(value)):
            cell["value"] = element.findtext(VALUE_TAG)  # formatted as a date, but none: Excel shows ####
        return cell


setattr(_read_only, "WorkSheetParser", _Parser)  # noqa: B010 - openpyxl has no other place to name it


def _number(written: str, value: float) -> str:
    """A number that is not written as a plain whole one."""
    if abs(value) < _WHOLE:
        return str(int(value)) if value.is_integer() else repr(value)
    exact = Decimal(written)  # 9.007199254740993E15
    is_whole = exact == exact.to_integral_value() and exact.as_tuple().exponent in range(-400, 1)
    return str(int(exact)) if is_whole else written


def _is_before_all_dates(value: Any) -> bool:
    return isinstance(value, dt.datetime) and value.year < _FIRST_YEAR


_FIRST_YEAR = 1900


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
    encoding = None

    def __init__(self, sheet: Any, name: str) -> None:
        self._rows = self._filled_rows(sheet)
        self._name = name
        self._without_value: list[str] = []  # cells with formulas
        self._first = 0  # position of the first column that has a name

    def header(self) -> list[str]:
        """The cells of the first row. Raises OntimeError when the sheet is blank."""
        cells = next(self._rows, None)
        if cells is None:
            raise OntimeError(f"{self._name}: the sheet is blank", "remove it, or fill it")
        self._first = next(position for position, cell in enumerate(cells) if cell is not None)
        return [cell or "" for cell in cells[self._first :]]

    def is_empty(self) -> bool:
        """Whether there is no row below the header. What it reads is gone."""
        return next(self._rows, None) is None or next(self._rows, None) is None

    def records(self, width: int, *, last_is_empty: bool = False) -> Iterator[Clean | Reject]:
        """The rows that are not blank, numbered from 1.

        One with a cell outside of the columns that have names is rejected.
        """
        assert not last_is_empty
        return CsvFile(reading(self._lines(width)), self._name).records(width)

    def warnings(self, name: str) -> list[str]:
        """What is to be known of the rows that were read."""
        if not self._without_value:
            return []
        return [
            f"{name}: formulas without a saved value: {len(self._without_value):,}, the first in "
            f"{self._without_value[0]}; their values are missing: open it in Excel, save it, load it again"
        ]

    def _filled_rows(self, sheet: Any) -> Iterator[list[str | None]]:
        """The cells of each row that is not blank, as text, up to the last that is not empty."""
        with _errors_of(self._name):
            sheet.reset_dimensions()
            for row in sheet.iter_rows():
                self._without_value += [cell.coordinate for cell in row if isinstance(cell.value, _NoValue)]
                cells = [_text(cell) for cell in row]
                while cells and cells[-1] is None:
                    cells.pop()
                if cells:
                    yield cells

    def _lines(self, width: int) -> Iterator[bytes]:
        for cells in self._rows:
            is_within = not any(cells[: self._first])
            named = cells[self._first :] if is_within else cells
            missing = [None] * ((width if is_within else width + 1) - len(named))  # one too many is rejected
            yield csv_record([*named, *missing]) + b"\n"


def _text(cell: Any) -> str | None:
    match cell.value:
        case None | str():
            return cell.value or None
        case bool():
            return str(cell.value).lower()
        case _NoValue():
            return None
        case dt.datetime() as moment:
            is_day = is_datetime(cell.number_format) == "date" and moment.time() == dt.time()
            return moment.date().isoformat() if is_day else moment.isoformat(" ")
        case dt.timedelta() as duration:
            return _duration(duration)
        case other:
            return str(other)


def _duration(duration: dt.timedelta) -> str:
    """`-0:30:00`, `30:00:00.4`: to the millisecond, as Excel reckons."""
    seconds, milliseconds = divmod(abs(round(duration / dt.timedelta(milliseconds=1))), 1000)
    fraction = f".{milliseconds:03}".rstrip("0") if milliseconds else ""
    sign = "-" if duration < dt.timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


def _check_size(content: IO[bytes], name: str) -> None:
    with zipfile.ZipFile(content) as archive:
        if "[Content_Types].xml" not in archive.namelist():
            raise OntimeError(f"{name}: is an archive within an archive", "unpack it and load what is in it")
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
