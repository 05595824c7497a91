"""From what a load names to the files that it may land: places, then members of archives."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ingestion.data_file import DataFile, Unreadable, Wanted
from ingestion.errors import OntimeError
from ingestion.finding.content import LastArchive, members_of
from ingestion.finding.fetch.fetch import fetch
from ingestion.progress import Progress

Found = DataFile | Unreadable


def find(
    wanted: Iterable[str | Path | Wanted],
    suffixes: Sequence[str],
    cache: Path,
    progress: Progress,
    archives: LastArchive,
) -> Iterator[Found]:
    """All files that are named, in the order of naming; what cannot be read stands in its place.

    Folders, buckets and archives hold files with `suffixes`. What is elsewhere is fetched into the folder
    `cache`, all of it at first. Who looks at each file as it comes finds its archive open in `archives`.
    """
    places = fetch(wanted, suffixes, cache, progress)
    return opened(places, partial(members_of, suffixes=suffixes, archives=archives))


def opened(files: Iterable[Found], parts_of: Callable[[DataFile], Sequence[DataFile]]) -> Iterator[Found]:
    """The parts of each file as it comes; in place of a file that cannot be opened stands why."""
    return (part for file in files for part in _parts(file, parts_of))


def _parts(file: Found, parts_of: Callable[[DataFile], Sequence[DataFile]]) -> Sequence[Found]:
    if isinstance(file, Unreadable):
        return [file]
    try:
        return parts_of(file)
    except OntimeError as error:
        return [Unreadable(file.name, file.location, error)]
