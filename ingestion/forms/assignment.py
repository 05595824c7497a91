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
    found = _most_alike(alike, columns, records, file_name)
    if found.unmet(columns):
        raise _fits_nothing(columns, source, file_name)
    return Assignment(found, _extra(columns, found))


def _extra(columns: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    return tuple(column for column in columns if column not in dataset.columns)


def _fits_nothing(columns: Sequence[str], source: Source, file_name: str) -> OntimeError:
    """What is told of a header that fits no dataset: how it differs from the one that shares most with it."""
    nearest = max(
        source.datasets, key=lambda dataset: (_shared(columns, dataset), _likeness(columns, dataset))
    )
    form = f" ({nearest.form})" if nearest.form else ""
    extra = _extra(columns, nearest)
    return OntimeError(
        f"{file_name}: the header fits no dataset of {source.name}; nearest is {nearest.name}{form}, "
        f"which has {_shared(columns, nearest)} of its {len(columns)} columns; "
        f"missing: {_listed(nearest.unmet(columns))}{f'; unexpected: {_listed(extra)}' if extra else ''}",
        "check that the file is of this source, separated by commas, and begins with its header",
    )


def _shared(columns: Collection[str], dataset: Dataset) -> int:
    return len(set(columns) & set(dataset.columns))


def _likeness(columns: Collection[str], dataset: Dataset) -> float:
    """Share of the columns that both know among those of the file and those missing in it, 0 to 1."""
    return _shared(columns, dataset) / (len(columns) + len(dataset.unmet(columns)))


def _most_alike(
    datasets: Sequence[Dataset], columns: Sequence[str], records: Records, file_name: str
) -> Dataset:
    """Of datasets that the header alone cannot tell apart, the one that the records look like.

    Without one, the first that says nothing of its records: it has room for any.
    """
    shares = {dataset: _share(dataset, columns, records) for dataset in datasets if dataset.looks_like}
    if shares and max(shares.values()) > _MOST:
        return max(shares, key=lambda dataset: shares[dataset])
    others = [dataset for dataset in datasets if not dataset.looks_like]
    if not others:
        candidates = _listed([dataset.name for dataset in datasets])
        raise OntimeError(
            f"{file_name}: the header is that of {candidates}, but the first records look like none of them",
            "check that the file is of this source and whole",
        )
    return others[0]


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
