"""What a load is to do: which files, of which dataset, with which columns. It reads the beginning of each."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from ingestion.data_file import DataFile
from ingestion.errors import OntimeError
from ingestion.finding.content import Content, size_on_disk
from ingestion.forms.assignment import Assignment, Records, assign, without_header
from ingestion.forms.headers import NAMELESS, columns_of
from ingestion.forms.records import CsvFile
from ingestion.landing.difference import Comparison
from ingestion.source import Dataset, Source


@dataclass(frozen=True)
class PlannedFile:
    """A file that can land. Travels as JSON. `size` is in bytes, as the file is on disk."""

    data: DataFile
    size: int
    state: tuple[int, int]
    """What tells whether the file was written to since, see Content."""
    dataset: str
    form: str
    """What the user is told of it, empty where the dataset says all."""
    lands: bool
    """False where its table is not wanted."""
    has_header: bool
    fields: tuple[str, ...]
    """Columns of the fields of a record; the last is NAMELESS where the header ends with a comma."""
    columns: tuple[str, ...]
    """Those that land, in the same order."""
    keeps_rejects: bool
    """Whether the text of a record that cannot land is kept: not where it may be personal."""
    one_month: tuple[str, ...]
    """Columns of year and month, where all records are of one month."""
    may_be_empty: bool
    """Whether it may have no records."""
    warnings: tuple[str, ...]
    of_any_kind: bool = False
    """Whether ingestion/forms/tabular reads it, which knows more than CSV."""
    comparison: Comparison | None = None
    """What it is compared with when it is the read of a table: only what differs lands."""
    file_no: int = 0
    """Its number in the ledger, once the load knows that it is new: they rise in the order of naming."""

    @property
    def ends_with_comma(self) -> bool:
        """Whether a comma ends each record, as it ends the header."""
        return self.fields[-1] == NAMELESS

    def to_json(self) -> str:
        """The manifest of this file."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, manifest: str) -> Self:
        """The file of a manifest."""
        found = json.loads(manifest)
        lists = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
        data = DataFile(**found["data"] | {"path": Path(found["data"]["path"])})
        comparison = Comparison.from_json(found["comparison"])
        return cls(**found | lists | {"data": data, "comparison": comparison})


def plan(file: DataFile, source: Source) -> PlannedFile:
    """Assigns a file to a dataset by its columns and first records.

    Raises OntimeError when it cannot be read, fits no dataset, or is not of the month that was asked for.
    """
    if source.takes_any_table:
        from ingestion.forms.tabular.planning import (
            plan_table,  # only here: its libraries take a second to import
        )

        return plan_table(file)
    with Content(file) as content:
        csv_file = CsvFile(content.read, file.location)
        first = csv_file.header()
        records = csv_file.examples(len(first))
    headerless = without_header(first, source)
    if headerless is not None:
        named, records = headerless.columns, [first, *records]
        assignment = Assignment(headerless, extra=())
    else:
        named = columns_of(first, file.location)
        columns = tuple(name for name in named if name != NAMELESS)
        assignment = assign(columns, records, source, file.location)
    dataset, extra = assignment.dataset, assignment.extra
    _check_month(file, dataset, named, records)
    unwanted = (NAMELESS, *extra) if dataset.personal else (NAMELESS,)
    return PlannedFile(
        data=file,
        size=size_on_disk(file),
        state=content.state,
        dataset=dataset.name,
        form=dataset.form,
        lands=dataset.lands,
        has_header=headerless is None,
        fields=named,
        columns=tuple(name for name in named if name not in unwanted),
        keeps_rejects=not dataset.personal,
        one_month=dataset.one_month,
        may_be_empty=dataset.may_be_empty,
        warnings=tuple(_warnings(file, dataset, extra)),
    )


def _warnings(file: DataFile, dataset: Dataset, extra: Sequence[str]) -> Iterator[str]:
    if extra and not dataset.personal:
        yield f"{file.name}: {dataset.name} gets columns that are not declared: {', '.join(extra)}"
    if dataset.caution:
        yield f"{file.name}: {dataset.caution}"


def _check_month(file: DataFile, dataset: Dataset, fields: Sequence[str], records: Records) -> None:
    """Raises OntimeError unless the first record is of the month that was asked for, if one was."""
    expected = file.expected_month
    if expected is None:
        return
    if not dataset.one_month:
        raise OntimeError(
            f"{file.location}: is no monthly archive but {dataset.form or dataset.name}; "
            f"the one of {expected} was asked for",
            "fetch the month again; to load the file as it is, name it with --from",
        )
    if not records:
        return
    year, month = (records[0][fields.index(column)] for column in dataset.one_month)
    if f"{year}-{month:>02}" != expected:
        raise OntimeError(
            f"{file.location}: the records are of {year}-{month:>02}, but {expected} was asked for",
            "fetch the month again; to load the file as it is, name it with --from",
        )
