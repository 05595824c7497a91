"""From columns and first records of a file to its dataset. The name of the file plays no part."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ingestion.errors import OntimeError
from ingestion.source import Dataset, Source

Records = Sequence[Sequence[str]]  # fields of the first sound records of a file

_MOST = 0.5  # share of the first records that must look like those of a dataset


@dataclass(frozen=True)
class Assignment:
    """The dataset of a file, and those columns of the file that the dataset does not declare."""

    dataset: Dataset
    extra: tuple[str, ...]


def without_header(first_record: Sequence[str], source: Source) -> Dataset | None:
    """The dataset that a file belongs to which begins with this record, None when that is a header."""
    for dataset in source.datasets:
        is_whole = len(first_record) == len(dataset.columns)
        if dataset.may_lack_header and is_whole and _share(dataset, dataset.columns, [first_record]) == 1:
            return dataset
    return None


def assign(columns: Sequence[str], records: Records, source: Source, file_name: str) -> Assignment:
    """The dataset whose columns are most like these; among equals, whose records look like these.

    Raises OntimeError when something that the dataset needs is missing. The likeness is found first, so that
    a flights file without its tail number is never taken for a file of airlines.
    """
    if not source.datasets:
        raise OntimeError(f"{file_name}: {source.name} has no datasets", "choose another source")
    likeness = {dataset.name: _likeness(set(columns), dataset) for dataset in source.datasets}
    best = max(likeness.values())
    alike = [dataset for dataset in source.datasets if likeness[dataset.name] == best]
    nearest = _most_alike(alike, columns, records, file_name)
    extra = tuple(column for column in columns if column not in nearest.columns)
    if missing := nearest.unmet(columns):
        unexpected = f"; unexpected: {_listed(extra)}" if extra else ""
        raise OntimeError(
            f"{file_name}: the header fits no dataset of {source.name}; "
            f"nearest is {nearest.name}, missing: {_listed(missing)}{unexpected}",
            "check that the file is of this source, separated by commas, and begins with its header",
        )
    return Assignment(nearest, extra)


def _likeness(columns: Collection[str], dataset: Dataset) -> float:
    """Share of the columns that both know among those of the file and those missing in it, 0 to 1."""
    known = len(set(columns) & set(dataset.columns))
    return known / (len(columns) + len(dataset.unmet(columns)))


def _most_alike(
    datasets: Sequence[Dataset], columns: Sequence[str], records: Records, file_name: str
) -> Dataset:
    """Of datasets that the header alone cannot tell apart, the one that the records look like."""
    shares = [_share(dataset, columns, records) for dataset in datasets]
    if max(shares) <= _MOST:
        candidates = _listed([dataset.name for dataset in datasets])
        raise OntimeError(
            f"{file_name}: the header is that of {candidates}, but the first records look like none of them",
            "check that the file is of this source and whole",
        )
    return datasets[shares.index(max(shares))]


def _share(dataset: Dataset, columns: Sequence[str], records: Records) -> float:
    """How many of the records look like those of the dataset, 0 to 1; of no records, all do."""
    patterns = [
        (columns.index(column), re.compile(pattern))
        for column, pattern in dataset.looks_like.items()
        if column in columns
    ]
    alike = [all(pattern.fullmatch(record[at]) for at, pattern in patterns) for record in records]
    return sum(alike) / len(alike) if alike else 1.0


def _listed(names: Sequence[str], at_most: int = 8) -> str:
    shown = ", ".join(names[:at_most])
    return shown if len(names) <= at_most else f"{shown} and {len(names) - at_most} more"
