"""From the header of a file to the names of its columns."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from ingestion.errors import OntimeError
from ingestion.source import TAKEN_COLUMNS

_NUMBER = re.compile(r"[-+]?\d[\d.,:/-]*")  # dates and clocks as well
_FEWEST_NUMBERS = 3
_YEARS = range(1900, 2101)

NAMELESS = ""  # the last column where a header ends with a comma, as those of BTS and FAA do
LONGEST_NAME = 63  # Postgres cuts longer names off without a word
_WORD_BREAKS = (re.compile(r"([^_])([A-Z][a-z]+)"), re.compile(r"([a-z0-9])([A-Z])"))
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def column_name(field: str) -> str:
    """Snake case of a field of a header: `FlightDate`, `Flight Date` and `FLIGHT_DATE` become `flight_date`.

    dlt's own naming leaves these names as they are; a test holds the two together.
    """
    for word_break in _WORD_BREAKS:
        field = word_break.sub(r"\1_\2", field)
    name = _NOT_IN_NAMES.sub("_", field.lower()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def check_header(header: Sequence[str], file_name: str) -> None:
    """Raises OntimeError when a first line is a record: where a file has no header, its first line is lost.

    A record has numbers, dates or clocks in most fields. So have headers of years, or of days that follow
    each other, but no others.
    """
    fields = [field.strip() for field in header if field.strip()]
    numbers = [field for field in fields if _NUMBER.fullmatch(field)]
    if 2 * len(numbers) < len(fields) or len(numbers) < _FEWEST_NUMBERS or _are_a_series(numbers):
        return
    raise OntimeError(
        f"{file_name}: has no header: its first line is a record, {', '.join(fields)[:40]!r}",
        "write the names of its columns into a first line",
    )


def _are_a_series(numbers: Sequence[str]) -> bool:
    """Whether these are years or days, each the one after or before another."""
    if not all(map(str.isdigit, numbers)):
        return False
    values = [int(number) for number in numbers]
    steps = {after - before for before, after in pairwise(values)}
    return steps in ({1}, {-1}) or all(value in _YEARS for value in values)


def columns_of(header: Sequence[str], file_name: str) -> tuple[str, ...]:
    """The column names of a header, one for each field; the last is empty when the header ends with a comma.

    Another field without a name is called by its position, as `column_1`: pandas writes its index so. Names
    that landing or Postgres need become `column_file_no`, `column_xmin`.

    Raises OntimeError when it cannot be a header.
    """
    ends_with_comma = len(header) > 1 and header[-1] == ""
    fields_of: dict[str, list[str]] = defaultdict(list)
    for position, field in enumerate(header[:-1] if ends_with_comma else header, start=1):
        column = column_name(field) if field.strip() else f"column_{position}"
        column = f"column_{column}" if column in TAKEN_COLUMNS else column
        if problem := _problem(column):
            raise _error(file_name, f"the name of column {position}, {field!r}, {problem}")
        fields_of[column].append(field)
    for column, fields in fields_of.items():
        if len(set(fields)) < len(fields):
            raise _error(file_name, f"two columns are named {fields[0]!r}")
        if len(fields) > 1:
            raise _error(file_name, f"{' and '.join(map(repr, fields))} would both become column {column}")
    return (*fields_of, NAMELESS) if ends_with_comma else tuple(fields_of)


def _problem(column: str) -> str | None:
    if not column:
        return "has neither letter nor digit"
    if len(column) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    return None


def _error(file_name: str, problem: str) -> OntimeError:
    return OntimeError(
        f"{file_name}: header: {problem}", "correct the first line of the file, then load it again"
    )
