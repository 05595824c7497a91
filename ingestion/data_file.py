"""The one notion of a file to load, from what a load names to its row in the ledger, and which may be one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePath
from typing import Self

from ingestion.errors import OntimeError

_TEXTS = (".csv", ".txt", ".tsv", ".tab", ".psv")
_TABLES = (".parquet", ".xlsx", ".xlsm")
_PACKED = (".gz", ".bz2", ".xz", ".zip", ".tar", ".tgz", ".tbz2", ".txz")
DATA_SUFFIXES = (*_TEXTS, *_TABLES, *_PACKED)
"""How the names of files with data end, as most publishers choose them; a source may know more."""


@dataclass(frozen=True)
class Wanted:
    """A path, pattern or address to load. `month`, such as 2024-01, is the one that the file must hold.

    `patience` is what the user is told when that month is not there yet; it ends on the day `overdue_on`.
    """

    address: str | Path = field(repr=False)  # may carry a password
    month: str | None = None
    patience: str = "load it when it is"
    overdue_on: date | None = None


@dataclass(frozen=True)
class DataFile:
    """One file to load, member of an archive or sheet of a workbook. `name` is what the ledger calls it.

    `location` is where it comes from, as people write it: a path, or an address without its secrets, as which
    two addresses may be alike. That of a member is `archive.zip!member.csv`. `path` is where the file is on
    this machine. `expected_month` (`2024-01`) is the one that was asked for. `request` is what was asked of
    an API or a database whose answer the file is, see request_text.py. `encoding` is what the user said that
    its text is written in.
    """

    path: Path
    name: str
    location: str
    member: str | None = None
    sheet: str | None = None
    expected_month: str | None = None
    request: str | None = None
    encoding: str | None = None

    @classmethod
    def at(cls, path: Path, location: str | None = None, expected_month: str | None = None) -> Self:
        """The whole file at a path, which was fetched from `location` if that is given."""
        return cls(path, printable(path.name), location or printable(path), expected_month=expected_month)


@dataclass(frozen=True)
class Unreadable:
    """A place that a load names, or a part of what is there, that gives no file to load."""

    name: str
    location: str
    error: OntimeError


def printable(path: str | PurePath) -> str:
    """A path as text: names of files are bytes, and those that are no UTF-8 are written as `\\xNN`."""
    return os.fsencode(path).decode(errors="backslashreplace")


def may_hold_data(file: PurePath, suffixes: Sequence[str]) -> bool:
    """Whether a file, as it is named within a folder, bucket or archive, is one to load."""
    is_hidden = any(part.startswith(".") or part == "__MACOSX" for part in file.parts)
    return file.suffix.lower() in suffixes and not is_hidden and file.stem.lower() != "readme"
