"""From the header of a file to its columns and to its dataset. The name of the file plays no part."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.errors import OntimeError
from ingestion.source import LINEAGE, Dataset, Source

LONGEST_NAME = 63  # Postgres cuts longer names off without a word
_WORD_BREAKS = (re.compile(r"([^_])([A-Z][a-z]+)"), re.compile(r"([a-z0-9])([A-Z])"))
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Assignment:
    """The dataset of a file, and those columns of the file that the dataset does not declare."""

    dataset: Dataset
    extra: tuple[str, ...]


def column_name(field: str) -> str:
    """Snake case of a field of a header: `FlightDate`, `Flight Date` and `FLIGHT_DATE` become `flight_date`.

    dlt's own naming leaves these names as they are; a test holds the two together.
    """
    for word_break in _WORD_BREAKS:
        field = word_break.sub(r"\1_\2", field)
    name = _NOT_IN_NAMES.sub("_", field.lower()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def columns_of(header: Sequence[str], file_name: str) -> tuple[str, ...]:
    """The column names of a header, one for each field. Raises OntimeError when it cannot be a header."""
    fields_of: dict[str, list[str]] = defaultdict(list)
    for position, field in enumerate(header, start=1):
        column = column_name(field)
        if problem := _problem(field, column):
            raise _error(file_name, f"the name of column {position}, {field!r}, {problem}")
        fields_of[column].append(field)
    for column, fields in fields_of.items():
        if len(set(fields)) < len(fields):
            raise _error(file_name, f"two columns are named {fields[0]!r}")
        if len(fields) > 1:
            raise _error(file_name, f"{' and '.join(map(repr, fields))} would both become column {column}")
    return tuple(fields_of)


def assign(columns: Sequence[str], source: Source, file_name: str) -> Assignment:
    """The dataset whose columns are most like these.

    Raises OntimeError when one of its columns is missing. The likeness is found first, so that a flights file
    without its tail number is never taken for a file of airlines.
    """
    given = set(columns)
    nearest = max(source.datasets, key=lambda dataset: _likeness(given, set(dataset.columns)))
    missing = [column for column in nearest.columns if column not in given]
    extra = tuple(column for column in columns if column not in nearest.columns)
    if missing:
        unexpected = f"; unexpected: {_listed(extra)}" if extra else ""
        raise OntimeError(
            f"{file_name}: the header fits no dataset of {source.name}; "
            f"nearest is {nearest.name}, missing: {_listed(missing)}{unexpected}",
            "check that the file is of this source, separated by commas, and begins with its header",
        )
    return Assignment(nearest, extra)


def _problem(field: str, column: str) -> str | None:
    if not column:
        return "has neither letter nor digit" if field.strip() else "is empty"
    if len(column) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    if column in LINEAGE:
        return "is a name that landing itself needs"
    return None


def _likeness(some: set[str], others: set[str]) -> float:
    """Share of the names that both have among those that either has, 0 to 1."""
    return len(some & others) / len(some | others)


def _listed(names: Sequence[str], at_most: int = 8) -> str:
    shown = ", ".join(names[:at_most])
    return shown if len(names) <= at_most else f"{shown} and {len(names) - at_most} more"


def _error(file_name: str, problem: str) -> OntimeError:
    return OntimeError(
        f"{file_name}: header: {problem}", "correct the first line of the file, then load it again"
    )
