"""The sheets of workbooks, each of which is a file to load."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ingestion.data_file import DataFile, Wanted
from ingestion.errors import OntimeError
from ingestion.finding.content import Content, LastArchive
from ingestion.finding.finding import Found, find, opened
from ingestion.forms.tabular.tables import may_be_workbook, workbook_in
from ingestion.progress import Progress


def find_tables(
    places: Sequence[str | Path | Wanted],
    suffixes: Sequence[str],
    cache: Path,
    progress: Progress,
    archives: LastArchive,
) -> Iterator[Found]:
    """The files at places (finding.find), and in place of a workbook its sheets."""
    found = find(places, suffixes, cache, progress, archives)
    return opened(found, partial(sheets_of, say=progress.say, archives=archives))


def sheets_of(
    file: DataFile, say: Callable[[str], None], archives: LastArchive | None = None
) -> list[DataFile]:
    """The sheets of a workbook that hold records; of another file, itself.

    What is left out, `say` is told. Raises OntimeError when the file cannot be read or no sheet has records.
    """
    start = None if archives is None else archives.start_of(file)
    if start is not None and not may_be_workbook(start):
        return [file]
    with Content(file, archives=archives) as content:
        workbook = workbook_in(content.read, file.location)
    if workbook is None:
        return [file]
    filled = []
    for sheet in workbook.sheet_names():
        if workbook.sheet(sheet).is_empty():
            say(f"{file.name}: sheet {sheet} is left out: it has no row below its header")
        else:
            filled.append(sheet)
    if not filled:
        raise OntimeError(f"{file.location}: none of its sheets has records", "fill one, or remove the file")
    return [
        replace(
            file,
            name=f"{file.name}!{sheet}" if len(filled) > 1 else file.name,
            location=f"{file.location}!{sheet}",
            sheet=sheet,
        )
        for sheet in filled
    ]
