"""Files that others write, replace and remove while they are looked at."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from os import stat_result
from pathlib import Path


def stats(paths: Iterable[Path]) -> Iterator[tuple[Path, stat_result]]:
    """Of those that are still there when they are asked for."""
    for path in paths:
        with suppress(FileNotFoundError):
            yield path, path.stat()


def stats_below(*tops: Path) -> Iterator[tuple[Path, stat_result]]:
    """Of files and folders, and all that stands in them."""
    for top in tops:
        yield from stats((top, *top.rglob("*")))
