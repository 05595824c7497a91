"""Files on this machine: paths, what folders hold, what matches patterns."""

import glob
from collections.abc import Sequence
from pathlib import Path

from ingestion.data_file import may_hold_data
from ingestion.finding.content import errors_of


def expand(place: str | Path, suffixes: Sequence[str]) -> list[Path]:
    """The files that a place names, in order of their names: a file, what matches a pattern, and of a folder,
    but not of the folders within, those whose names end with one of `suffixes`.

    What names nothing stays as it is, so that it is reported like any other file that cannot be read. Raises
    OntimeError when a folder cannot be read.
    """
    path = Path(place).absolute()
    with errors_of(str(path)):
        if path.is_dir():
            files = [file for file in path.iterdir() if may_hold_data(Path(file.name), suffixes)]
            return sorted(files) or [path]
    if glob.has_magic(str(path)) and not path.exists():
        root = Path(path.anchor)
        return sorted(root.glob(str(path.relative_to(root)))) or [path]
    return [path]
