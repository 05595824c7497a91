"""Lands the rows of a file anew that has landed before, and of which rows are missing or were changed."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2

from ingestion.data_file import DataFile
from ingestion.database import connect, not_shown, refused
from ingestion.errors import OntimeError
from ingestion.finding.content import LastArchive, identify
from ingestion.forms.encoding import known as check_encoding
from ingestion.forms.plan import plan
from ingestion.forms.planned_file import PlannedFile
from ingestion.forms.tabular.sheets import find_tables
from ingestion.landing.landing import land_again, other_encoding
from ingestion.landing.ledger import Entry, Ledger
from ingestion.landing.locks import only_load
from ingestion.landing.raw_table import RawTable
from ingestion.progress import Progress
from ingestion.report import LoadReport
from ingestion.source import Source

if TYPE_CHECKING:
    from ingestion.landing.lake import Lake


def repair(
    source: Source,
    file_no: int,
    places: Sequence[str | Path],
    connection: Mapping[str, Any],
    progress: Progress,
    cache: Path,
    encoding: str | None = None,
    lake: "Callable[[], Lake] | None" = None,
) -> LoadReport:
    """Replaces the rows and rejects of a file by those of the same content, in one transaction.

    The content is looked for at `places`, else where it came from, and read in `encoding`, else in that of
    the ledger. The ledger's row stays. `lake` opens the lake, where rows that are not in Postgres are. Raises
    OntimeError when the content is not there, was read in another encoding, or the server refuses; nothing
    has changed then.
    """
    if encoding is not None:
        check_encoding(encoding)
    with closing(connect(connection)) as session, progress, LastArchive() as archives:
        try:
            ledger = Ledger(session, source.raw_schema)
            if ledger.numbered(file_no) is None and lake is not None:
                ledger = ledger.other
            entry = _entry(ledger, source, file_no)
            found = _with_content(_places(source, entry, places), source, entry, cache, progress, archives)
            found = replace(found, encoding=encoding or entry.encoding)
            planned = plan(found, source, archives)
            _check_encoding(source, entry, planned)
            planned = replace(
                planned, file_no=file_no, dataset=replace(planned.dataset, name=entry.dataset), data=found
            )
            with only_load(session, source.raw_schema, progress.say), not_shown():
                if ledger.place == "lake" and lake is not None:
                    report = land_again(session, source.raw_schema, planned, entry, lake())
                else:
                    report = land_again(session, source.raw_schema, planned, entry)
                    RawTable(session, source.raw_schema, entry.dataset).prepare_reading()
        except psycopg2.Error as error:
            raise refused(f"repair of file {file_no}", error) from error
        progress.done(report)
    return LoadReport(source.name, (report,), report.seconds)


def _entry(ledger: Ledger, source: Source, file_no: int) -> Entry:
    entry = ledger.numbered(file_no)
    if entry is None:
        raise OntimeError(
            f"{source.name} has no file {file_no}",
            'see: ontime sql "select source, file_no, file_name from marts.audit_row_ledger"',
        )
    if entry.request is not None:
        raise OntimeError(
            f"file {file_no} ({entry.file_name}) is an answer, and nobody keeps answers to land them again",
            "load anew what it was asked for: what differs lands beside it",
        )
    return entry


def _check_encoding(source: Source, entry: Entry, file: PlannedFile) -> None:
    """Refuses another encoding than that of the ledger: what is built of a file stays as it was read."""
    if entry.encoding is not None and (encoding := other_encoding(file, entry)) is not None:
        raise OntimeError(
            f"file {entry.file_no} ({entry.file_name}) was read as {entry.encoding}, and is repaired so",
            f"to have it read as {encoding} instead, land it anew: ontime load {source.name}"
            f" --from {_place(file.data.location)} --encoding {encoding}",
        )


def _places(source: Source, entry: Entry, named: Sequence[str | Path]) -> Sequence[str | Path]:
    """Where to look: what is named, where it came from, and the files that the source brings along."""
    if named:
        return named
    places = [_place(entry.location)] if entry.location else []
    own = [Path(place) for place in source.default_files()]
    return [*places, *(path for path in own if str(path) not in places and path.name == _file(entry))]


def _place(location: str) -> str:
    """The file or address of `archive.zip!member.csv`; names of files may have a `!` in them as well."""
    while "!" in location and not Path(location).exists():
        location = location.rpartition("!")[0]
    return location


def _file(entry: Entry) -> str:
    return entry.file_name.partition("!")[0]


def _with_content(
    places: Sequence[str | Path],
    source: Source,
    entry: Entry,
    cache: Path,
    progress: Progress,
    archives: LastArchive,
) -> DataFile:
    """The file at these places that has the content."""
    reasons = []
    for file in find_tables(places, source.suffixes, cache, progress, archives):
        if not isinstance(file, DataFile):
            reasons.append(file.error.message)
        elif identify(file) == entry.content_id:
            return file
        else:
            reasons.append(f"{file.location}: has another content")
    looked = "\n  ".join(reasons) or "nobody knows where it came from"
    raise OntimeError(
        f"the content of file {entry.file_no} ({entry.file_name}) is not there:\n  {looked}",
        f"name a place that has it: ontime load {source.name} --repair {entry.file_no} --from PLACE",
    )
