"""From what a load names to the tables that it may land: places, then members of archives, then sheets."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from ingestion.data_file import DataFile, Unreadable
from ingestion.errors import OntimeError
from ingestion.finding.content import members_of
from ingestion.finding.fetch.addresses import Wanted
from ingestion.finding.fetch.fetch import fetch
from ingestion.progress import Progress
from ingestion.source import Source

Found = DataFile | Unreadable


def find(
    wanted: Iterable[str | Path | Wanted], source: Source, cache: Path, progress: Progress
) -> list[Found]:
    """All files for a source that are named, in the order of naming; what cannot be read stands in its place.

    What is elsewhere is fetched into the folder `cache`.
    """
    places = fetch(wanted, source.suffixes, cache, progress)
    files = _opened(places, partial(members_of, suffixes=source.suffixes))
    if not source.takes_any_table:
        return files
    from ingestion.forms.tabular.planning import sheets_of  # only here: its libraries take a second to import

    return _opened(files, partial(sheets_of, say=progress.say))


def _opened(files: Sequence[Found], parts_of: Callable[[DataFile], Sequence[DataFile]]) -> list[Found]:
    return [part for file in files for part in _parts(file, parts_of)]


def _parts(file: Found, parts_of: Callable[[DataFile], Sequence[DataFile]]) -> Sequence[Found]:
    if isinstance(file, Unreadable):
        return [file]
    try:
        return parts_of(file)
    except OntimeError as error:
        return [Unreadable(file.name, file.location, error)]
