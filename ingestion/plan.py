"""What a load is to do: which files, of which dataset, with which columns. It reads the beginning of each."""

import glob
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Self

from ingestion.content import Content, size_on_disk
from ingestion.errors import OntimeError
from ingestion.forms import Assignment, Records, assign, without_header
from ingestion.headers import NAMELESS, columns_of
from ingestion.records import CsvFile
from ingestion.source import Dataset, Source

_SUFFIXES = (".csv", ".txt", ".gz", ".zip")


@dataclass(frozen=True)
class PlannedFile:
    """A file that can land. Travels as JSON.

    `location` is where it comes from, as people name it; `size` is in bytes, as the file is on disk.
    """

    path: Path
    location: str
    size: int
    dataset: str
    form: str
    """What the user is told of it, empty where the dataset says all."""
    has_header: bool
    fields: tuple[str, ...]
    """Columns of the fields of a record; the last is NAMELESS where the header ends with a comma."""
    columns: tuple[str, ...]
    """Those that land, in the same order."""
    keeps_rejects: bool
    """Whether the text of a record that cannot land is kept: not where it may be personal."""
    warnings: tuple[str, ...]

    @property
    def ends_with_comma(self) -> bool:
        """Whether a comma ends each record, as it ends the header."""
        return self.fields[-1] == NAMELESS

    def to_json(self) -> str:
        """The manifest of this file."""
        return json.dumps({**asdict(self), "path": str(self.path)})

    @classmethod
    def from_json(cls, manifest: str) -> Self:
        """The file of a manifest."""
        found = json.loads(manifest)
        lists = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
        return cls(**found | lists | {"path": Path(found["path"])})


def expand(arguments: Iterable[str | Path]) -> list[Path]:
    """The files that arguments name, each once: files, the data files of folders, what matches patterns.

    What names nothing stays as it is, so that it is reported like any other file that cannot be read.
    """
    found = (path for argument in arguments for path in _expand_one(Path(argument).absolute()))
    return list(dict.fromkeys(found))


def plan(
    path: Path, source: Source, *, location: str | None = None, expected_month: str | None = None
) -> PlannedFile:
    """Assigns a file to a dataset by its columns and first records.

    `location` is told instead of the path, and `expected_month` (`2024-01`) is the one that was asked for.
    Raises OntimeError when the file cannot be read, fits no dataset or is of another month.
    """
    with Content(path) as content:
        csv_file = CsvFile(content.read, path.name)
        first = csv_file.header()
        records = csv_file.examples(len(first))
    headerless = without_header(first, source)
    if headerless is not None:
        named, records = headerless.columns, [first, *records]
        assignment = Assignment(headerless, extra=())
    else:
        named = columns_of(first, path.name)
        columns = tuple(name for name in named if name != NAMELESS)
        assignment = assign(columns, records, source, path.name)
    dataset, extra = assignment.dataset, assignment.extra
    if expected_month is not None:
        _check_month(dataset, named, records, expected_month, path.name)
    unwanted = (NAMELESS, *extra) if dataset.personal else (NAMELESS,)
    return PlannedFile(
        path=path,
        location=location or str(path),
        size=size_on_disk(path),
        dataset=dataset.name,
        form=dataset.form,
        has_header=headerless is None,
        fields=named,
        columns=tuple(name for name in named if name not in unwanted),
        keeps_rejects=not dataset.personal,
        warnings=tuple(_warnings(path.name, dataset, extra)),
    )


def _warnings(file_name: str, dataset: Dataset, extra: Sequence[str]) -> Iterator[str]:
    if extra and not dataset.personal:
        yield f"{file_name}: {dataset.name} gets columns that are not declared: {', '.join(extra)}"
    if dataset.caution:
        yield f"{file_name}: {dataset.caution}"


def _check_month(
    dataset: Dataset, fields: Sequence[str], records: Records, expected: str, file_name: str
) -> None:
    """Raises OntimeError unless the first record is of the expected month."""
    if not dataset.one_month:
        raise OntimeError(
            f"{file_name}: {dataset.form or dataset.name}, but the archive of {expected} was asked for",
            "fetch the month again, or load the file with --from",
        )
    if records:
        year, month = (records[0][fields.index(column)] for column in dataset.one_month)
        if f"{year}-{month:>02}" != expected:
            raise OntimeError(
                f"{file_name}: the records are of {year}-{month:>02}, but {expected} was asked for",
                "fetch the month again; to load the file as it is, name it with --from",
            )


def may_hold_data(file: PurePath) -> bool:
    """Whether a file in a folder is one to load; one that is named for itself is loaded in any case."""
    is_hidden_or_readme = file.name.startswith(".") or file.stem.lower() == "readme"
    return file.suffix.lower() in _SUFFIXES and not is_hidden_or_readme


def _expand_one(path: Path) -> Iterator[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if may_hold_data(file))
        yield from files or [path]
    elif glob.has_magic(str(path)) and not path.exists():
        root = Path(path.anchor)
        yield from sorted(root.glob(str(path.relative_to(root)))) or [path]
    else:
        yield path
