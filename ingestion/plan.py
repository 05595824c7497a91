"""What a load is to do: which files, of which dataset, with which columns. Of a file, it reads the header."""

import glob
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from ingestion.content import Content, size_on_disk
from ingestion.headers import assign, columns_of
from ingestion.records import CsvFile
from ingestion.source import Source

_SUFFIXES = (".csv", ".gz", ".zip")


@dataclass(frozen=True)
class PlannedFile:
    """A file that can land. Travels as JSON.

    `size` is in bytes, as the file is on disk; `columns` are those of its header, in the order of the file.
    """

    path: Path
    size: int
    dataset: str
    columns: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> str:
        """The manifest of this file."""
        return json.dumps({**asdict(self), "path": str(self.path)})

    @classmethod
    def from_json(cls, manifest: str) -> Self:
        """The file of a manifest."""
        fields = json.loads(manifest)
        lists = {name: tuple(fields[name]) for name in ("columns", "warnings")}
        return cls(**fields | lists | {"path": Path(fields["path"])})


def expand(arguments: Iterable[str | Path]) -> list[Path]:
    """The files that arguments name, each once: files, the data files of folders, what matches patterns.

    What names nothing stays as it is, so that it is reported like any other file that cannot be read.
    """
    found = (path for argument in arguments for path in _expand_one(Path(argument).absolute()))
    return list(dict.fromkeys(found))


def plan(path: Path, source: Source) -> PlannedFile:
    """Assigns a file to a dataset by its header. Raises OntimeError when it cannot be read or fits none."""
    with Content(path) as content:
        columns = columns_of(CsvFile(content.read, path.name).header(), path.name)
    assignment = assign(columns, source, path.name)
    dataset, extra = assignment.dataset.name, ", ".join(assignment.extra)
    warnings = (f"{path.name}: {dataset} gets columns that are not declared: {extra}",) if extra else ()
    return PlannedFile(path, size_on_disk(path), dataset, columns, warnings)


def _expand_one(path: Path) -> Iterator[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
        yield from files or [path]
    elif glob.has_magic(str(path)) and not path.exists():
        root = Path(path.anchor)
        yield from sorted(root.glob(str(path.relative_to(root)))) or [path]
    else:
        yield path
