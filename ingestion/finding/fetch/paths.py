"""Files on this machine: paths, what folders hold, what matches patterns."""

import glob
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path

from ingestion.data_file import may_hold_data, printable
from ingestion.finding.content import errors_of


def _untold(_line: str) -> None: ...


def expand(place: str | Path, suffixes: Sequence[str], say: Callable[[str], None] = _untold) -> list[Path]:
    """The files that a place names, in order of their names: a file, what matches a pattern, and of a folder,
    but not of the folders within, those whose names end with one of `suffixes`.

    A link that leads out of a folder, or out of where a pattern begins, is not followed: `say` is told so.
    What names nothing stays as it is, so that it is reported like any other file that cannot be read. Raises
    OntimeError when a folder cannot be read.
    """
    path = Path(place).absolute()
    with errors_of(printable(path)):
        if path.is_dir():
            files = [file for file in path.iterdir() if may_hold_data(Path(file.name), suffixes)]
            return _within(path, sorted(files), say) or [path]
        if glob.has_magic(str(path)) and not path.exists():
            parts = list(takewhile(lambda part: not glob.has_magic(part), path.parts))
            root = Path(*parts)
            found = sorted(file for file in root.glob(str(path.relative_to(root))) if not file.is_dir())
            return _within(root, found, say) or [path]
    return [path]


def _within(folder: Path, files: Sequence[Path], say: Callable[[str], None]) -> list[Path]:
    """The files but those that links lead to elsewhere: whoever fills an inbox is not to reach all files."""
    inside, root = [], folder.resolve()
    for file in files:
        target = file.resolve()
        if target.is_relative_to(root):
            inside.append(file)
        else:
            say(
                f"{printable(file)}: left out: a link out of the folder, to {printable(target)}\n"
                "  -> to load that file, name it with --from"
            )
    return inside
