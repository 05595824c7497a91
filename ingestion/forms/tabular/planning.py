"""Which tables a file of the source `files` makes, and whether they fit those that are there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from ingestion.data_file import DataFile, printable
from ingestion.errors import OntimeError
from ingestion.finding.content import Content, LastArchive
from ingestion.forms.headers import check_header
from ingestion.forms.planned_file import PlannedFile
from ingestion.forms.tabular.names import column_names, renamed, table_name
from ingestion.forms.tabular.tables import open_table
from ingestion.source import LINEAGE, Dataset


def plan_table(file: DataFile, suffixes: Sequence[str], archives: LastArchive | None = None) -> PlannedFile:
    """The plan of one file or sheet, whose table is named after it without `suffixes`.

    Raises OntimeError when it cannot be read or holds no table.
    """
    with Content(file, archives=archives) as content:
        table = open_table(content.read, file.location, file.sheet, file.encoding)
        header = table.header()
    check_header(header, file.location)
    columns = tuple(column_names(header, file.location))
    dataset = Dataset(_table_name(file, suffixes), columns, form=table.form)
    new_names = [f"{field} is called {column}" for field, column in renamed(header, columns).items()]
    warning = f"{file.name}: {', '.join(new_names)}, for Postgres or landing need these names"
    planned = PlannedFile.of(content, dataset, columns, header)
    return replace(planned, warnings=(warning,)) if new_names else planned


def _table_name(file: DataFile, suffixes: Sequence[str]) -> str:
    """A table is named after what holds its records, not after an archive around that."""
    is_one_of_several = file.name.endswith(f"!{file.sheet}")
    holder = PurePosixPath(file.member or printable(file.path.name)).name
    return table_name(holder, suffixes, file.sheet if is_one_of_several else None)


class Tables:
    """The tables of the raw schema, those there and those that files are about to make."""

    def __init__(self, there: Mapping[str, set[str]]) -> None:
        self._there = there
        self._new: dict[str, dict[str, None]] = {}  # columns of the files by table

    def add(self, file: PlannedFile) -> PlannedFile:
        """Takes a file for its table; the plan that comes back warns of columns that the table gets.

        Raises OntimeError when file and table have no column in common: only their names are alike.
        """
        table = file.dataset.name
        known = {*self._there.get(table, ()), *self._new.get(table, ())}.difference(LINEAGE)
        added = [column for column in file.columns if column not in known]
        if known and len(added) == len(file.columns):
            raise OntimeError(
                f"{file.data.name}: has no column of raw_files.{table}: {_listed(sorted(known))}",
                "rename the file, and it makes a table of its own",
            )
        self._new.setdefault(table, {}).update(dict.fromkeys(file.columns))
        if not known or not added:
            return file
        warning = f"{file.data.name}: raw_files.{table} gets columns that it did not have: {_listed(added)}"
        return replace(file, warnings=(*file.warnings, warning))

    def datasets(self) -> tuple[Dataset, ...]:
        """The tables of the files that were added."""
        return tuple(Dataset(name, tuple(columns)) for name, columns in self._new.items())


def _listed(names: list[str], at_most: int = 8) -> str:
    shown = ", ".join(names[:at_most])
    return shown if len(names) <= at_most else f"{shown} and {len(names) - at_most} more"
