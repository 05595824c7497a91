"""A file that can land: what is known of it once its beginning was read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from ingestion.data_file import DataFile
from ingestion.finding.content import Content
from ingestion.forms.headers import NAMELESS
from ingestion.source import Dataset


@dataclass(frozen=True)
class Comparison:
    """What a read is compared with. `key` are the columns that name a row, none where nothing does.

    `vanished` is the table of the same schema that says which keys were found vanished, if there is one.
    """

    key: tuple[str, ...]
    vanished: str | None = None


@dataclass(frozen=True)
class PlannedFile:
    """A file, the dataset that it is of, and what they do not say. Travels as JSON."""

    data: DataFile
    dataset: Dataset
    fields: tuple[str, ...]
    """Columns of the fields of a record; the last is NAMELESS where the header ends with a comma."""
    state: tuple[int, int]
    """What tells whether the file was written to since, see Content."""
    size: int
    """Bytes of the file on disk, packed or not."""
    size_unpacked: int | None
    """Bytes of its content, None when only reading it can tell."""
    header: tuple[str, ...] | None = None
    """Its header as it is written there, by which it was planned; None when it has none."""
    warnings: tuple[str, ...] = ()
    comparison: Comparison | None = None
    """What it is compared with when it is the read of a table: only what differs lands."""
    file_no: int = 0
    """Its number in the ledger, once the load knows that it is new: they rise in the order of naming."""
    reading: int = 1
    """Which reading of its content it is: 2 and more where it has landed before, read in another encoding."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the fields that land, in the same order; of personal data those that are declared."""
        declared = set(self.dataset.columns if self.dataset.personal else self.fields)
        return tuple(name for name in self.fields if name != NAMELESS and name in declared)

    @property
    def ends_with_comma(self) -> bool:
        """Whether a comma ends each record, as it ends the header."""
        return self.fields[-1] == NAMELESS

    @classmethod
    def of(
        cls, content: Content, dataset: Dataset, fields: tuple[str, ...], header: Sequence[str] | None
    ) -> Self:
        """The plan of a file whose content was opened, and that begins with this header if it has one."""
        return cls(
            content.file,
            dataset,
            fields,
            header=None if header is None else tuple(header),
            state=content.state,
            size=content.size_on_disk,
            size_unpacked=content.size_unpacked,
        )

    def to_json(self) -> str:
        """The manifest of this file."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, manifest: str) -> Self:
        """The file of a manifest."""
        found = _tuples(json.loads(manifest))
        data = DataFile(**found["data"] | {"path": Path(found["data"]["path"])})
        comparison = None if found["comparison"] is None else Comparison(**found["comparison"])
        return cls(**found | {"data": data, "dataset": Dataset(**found["dataset"]), "comparison": comparison})


def _tuples(found: Mapping[str, Any]) -> dict[str, Any]:
    """As it was before JSON made lists of its tuples."""
    return {name: _tuple(value) for name, value in found.items()}


def _tuple(value: Any) -> Any:
    if isinstance(value, dict):
        return _tuples(value)
    return tuple(value) if isinstance(value, list) else value
