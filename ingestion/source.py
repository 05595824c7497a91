"""What a source is: a short declaration of its datasets and of what tells them apart, that landing reads."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.data_file import DATA_SUFFIXES, Wanted

FILE_NO = "file_no"
RECORD_NO = "record_no"
LINEAGE = (FILE_NO, RECORD_NO)  # columns that landing adds to each row: which file, which record of it from 1
SYSTEM_COLUMNS = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")  # that each table of Postgres has
TAKEN_COLUMNS = (*LINEAGE, *SYSTEM_COLUMNS)  # names that columns of files cannot have
OWN_TABLES = {"files", "rejects", "lake_files", "lake_rejects"}  # see ingestion/landing/ledger.py
_WAYS_TOLD = 3  # in which a need can be met
_IDENTIFIER = re.compile(r"_?[a-z0-9][a-z0-9_]{0,50}")


def names(text: str) -> tuple[str, ...]:
    """The names in a text: declarations list many columns, and lines of them read better than quotes."""
    return tuple(text.split())


@dataclass(frozen=True)
class Dataset:
    """One table of a source: the files of one form. Columns as forms/headers.py names them.

    A file belongs to the dataset that its header is most like, in whatever order, when it has what `needs`
    lists: all columns, unless declared otherwise. A need can be met in several ways, as in
    `"fl_date | year month day_of_month"`. What else a file has lands too, and is told.
    """

    name: str
    columns: tuple[str, ...]
    needs: tuple[str, ...] = ()
    form: str = ""
    """What the user is told of such a file, as `custom selection`."""
    looks_like: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Patterns of the values of some columns. They decide between datasets with the same columns."""
    may_lack_header: bool = False
    """A file may begin with a record; then `looks_like` recognises it."""
    personal: bool = False
    """The files hold personal data: no other columns land than those declared, and no text of a reject."""
    one_month: tuple[str, ...] = ()
    """Columns of year and month, where all records of a file are of one month: others refuse the file."""
    lands: bool = True
    """Whether the files are wanted. Others of the same archive are known and left out."""
    caution: str = ""
    """What the user is to know of such a file, and can do about it."""
    month_first: tuple[str, ...] = ()
    """Columns of dates that are read as 1/31/2017: a file whose own dates leave open that it means it so is
    refused."""
    may_be_empty: bool = False
    """Whether a header without records is sound: an answer may say that there is nothing."""

    def __post_init__(self) -> None:
        _require_identifiers(self.name, *self.columns)
        _require_distinct(self.columns)
        for name in {self.name, *self.columns}.intersection({*OWN_TABLES, *TAKEN_COLUMNS}):
            whose = "Postgres" if name in SYSTEM_COLUMNS else "landing"
            raise ValueError(f"{self.name}: {name} is a name that {whose} itself needs")
        named = [name for need in self.needs for name in need.replace("|", " ").split()]
        for name in {*named, *self.looks_like, *self.one_month, *self.month_first}.difference(self.columns):
            raise ValueError(f"{self.name}: {name} is not among its columns")

    def unmet(self, columns: Collection[str]) -> list[str]:
        """The needs that a header with these columns does not meet, in words; of each the usual ways."""
        return [
            " or ".join(way.strip() for way in need.split("|")[:_WAYS_TOLD])
            for need in self.needs or self.columns
            if not any(set(way.split()) <= set(columns) for way in need.split("|"))
        ]


def no_files() -> Sequence[Path]:
    """Default files of a source that has none: its user names them."""
    return ()


@dataclass(frozen=True)
class Source:
    """The files of one publisher. They land in the schema `raw_<name>`, in one table for each dataset.

    `default_files` finds the files to load when the user names none. What is published by month has
    `archives`: those of months, and of ranges of months such as `2023-11..2024-02`. `suffixes` are those of
    files that a folder or an archive may hold for us. A source that `takes_any_table` has no datasets of its
    own: each file makes the one that it is named after. One that `is_asked` is a web API (ingestion/apis),
    which is asked for what is missing when the user names no files.
    """

    name: str
    datasets: tuple[Dataset, ...]
    default_files: Callable[[], Sequence[Path]] = no_files
    archives: Callable[[Iterable[str]], Sequence[Wanted]] | None = None
    suffixes: tuple[str, ...] = DATA_SUFFIXES
    takes_any_table: bool = False
    is_asked: bool = False

    def __post_init__(self) -> None:
        _require_identifiers(self.name)
        _require_distinct(dataset.name for dataset in self.datasets)

    @property
    def tables(self) -> tuple[Dataset, ...]:
        """The datasets that land."""
        return tuple(dataset for dataset in self.datasets if dataset.lands)

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
