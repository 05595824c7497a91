"""What a source is: a short declaration of names and columns that landing reads."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_NO = "file_no"
RECORD_NO = "record_no"
LINEAGE = (FILE_NO, RECORD_NO)  # columns that landing adds to each row: which file, which record of it from 1
_OWN_TABLES = ("files", "rejects")  # see ingestion/ledger.py
_IDENTIFIER = re.compile(r"_?[a-z0-9][a-z0-9_]{0,50}")


@dataclass(frozen=True)
class Dataset:
    """One table of a source. Its `columns` are named as `ingestion.headers.column_name` names them.

    A file belongs to the dataset when its header has all of these columns, in whatever order.
    """

    name: str
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        _require_identifiers(self.name, *self.columns)
        _require_distinct(self.columns)
        for name in {self.name, *self.columns}.intersection((*_OWN_TABLES, *LINEAGE)):
            raise ValueError(f"{self.name}: {name} is a name that landing itself needs")


def no_files() -> Sequence[Path]:
    """Default files of a source that has none: its user names them."""
    return ()


@dataclass(frozen=True)
class Source:
    """The files of one publisher. They land in the schema `raw_<name>`, in one table for each dataset.

    `default_files` finds the files to load when the user names none.
    """

    name: str
    datasets: tuple[Dataset, ...]
    default_files: Callable[[], Sequence[Path]] = no_files

    def __post_init__(self) -> None:
        _require_identifiers(self.name)
        _require_distinct(dataset.name for dataset in self.datasets)

    @property
    def raw_schema(self) -> str:
        """Name of the database schema of the source."""
        return f"raw_{self.name}"


def _require_identifiers(*names: str) -> None:
    for name in names:
        if not _IDENTIFIER.fullmatch(name):
            raise ValueError(f"{name!r} is not a lower-case name such as flight_date")


def _require_distinct(names: Iterable[str]) -> None:
    declared = list(names)
    if len(set(declared)) < len(declared):
        raise ValueError(f"declared twice among {', '.join(declared)}")
