"""Which tables a file of the source `files` makes, and whether they fit those that are there."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ingestion.content import Content, size_on_disk
from ingestion.errors import OntimeError
from ingestion.plan import PlannedFile
from ingestion.source import LINEAGE, Dataset
from ingestion.tabular.names import table_name
from ingestion.tabular.tables import Table, open_table, workbook_in


def plan_tables(path: Path, *, location: str | None = None, say: Callable[[str], None]) -> list[PlannedFile]:
    """The tables of a file: one, but for a workbook, whose sheets are a table each.

    `location` is told instead of the path. Sheets without records are left out, which `say` is told. Raises
    OntimeError when the file cannot be read or holds no table.
    """
    shown = location or str(path)
    with Content(path) as content:
        workbook = workbook_in(content.read, path.name)
        if workbook is not None:
            filled = [name for name in workbook.sheet_names() if not workbook.sheet(name).is_empty()]
            for name in workbook.sheet_names():
                if name not in filled:
                    say(f"{path.name}: sheet {name} is left out: it has no row below its header")
            if not filled:
                raise OntimeError(
                    f"{path.name}: none of its sheets has records", "fill one, or remove the file"
                )
            return [
                _planned(path, shown, workbook.sheet(name), name if len(filled) > 1 else None, sheet=name)
                for name in filled
            ]
    with Content(path) as content:
        return [_planned(path, shown, open_table(content.read, path.name))]


def _planned(
    path: Path, location: str, table: Table, part: str | None = None, *, sheet: str | None = None
) -> PlannedFile:
    """The plan of one table; `part` is what its name has besides that of the file."""
    columns = tuple(table.header())
    return PlannedFile(
        path=path,
        location=location if sheet is None else f"{location}!{sheet}",
        size=size_on_disk(path),
        dataset=table_name(PurePosixPath(location).name, part),
        form=table.form,
        has_header=True,
        fields=columns,
        columns=columns,
        keeps_rejects=True,
        warnings=(),
        of_any_kind=True,
        sheet=sheet,
    )


class Tables:
    """The tables of the raw schema, those there and those that files are about to make."""

    def __init__(self, there: Mapping[str, set[str]]) -> None:
        self._there = there
        self._new: dict[str, dict[str, None]] = {}  # columns of the files by table

    def add(self, file: PlannedFile) -> PlannedFile:
        """Takes a file for its table; the plan that comes back warns of columns that the table gets.

        Raises OntimeError when file and table have no column in common: only their names are alike.
        """
        known = {*self._there.get(file.dataset, ()), *self._new.get(file.dataset, ())}.difference(LINEAGE)
        added = [column for column in file.columns if column not in known]
        if known and len(added) == len(file.columns):
            raise OntimeError(
                f"{file.path.name}: has no column of raw_files.{file.dataset}: {_listed(sorted(known))}",
                "rename the file, and it makes a table of its own",
            )
        self._new.setdefault(file.dataset, {}).update(dict.fromkeys(file.columns))
        if not known or not added:
            return file
        warning = (
            f"{file.path.name}: raw_files.{file.dataset} gets columns that it did not have: {_listed(added)}"
        )
        return replace(file, warnings=(*file.warnings, warning))

    def datasets(self) -> tuple[Dataset, ...]:
        """The tables of the files that were added."""
        return tuple(Dataset(name, tuple(columns)) for name, columns in self._new.items())


def _listed(names: list[str], at_most: int = 8) -> str:
    shown = ", ".join(names[:at_most])
    return shown if len(names) <= at_most else f"{shown} and {len(names) - at_most} more"
