"""Loads files of a source: fetches them, assigns each to a dataset, lands what is not there yet."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from ingestion import raw_schema
from ingestion.content import identify, size_unpacked
from ingestion.database import Connection, connect, refused
from ingestion.errors import OntimeError
from ingestion.fetch.addresses import Fetched, Unfetched, Wanted
from ingestion.fetch.fetch import fetch
from ingestion.landing import land
from ingestion.ledger import Ledger
from ingestion.locks import only_load
from ingestion.plan import PlannedFile, plan
from ingestion.progress import Progress
from ingestion.raw_table import RawTable
from ingestion.report import FileReport, LoadReport
from ingestion.source import Source


def load(
    source: Source,
    files: Sequence[str | Path | Wanted],
    connection: Mapping[str, Any],
    progress: Progress,
    cache: Path,
) -> LoadReport:
    """Lands files, or the source's own when none are named, as the role that `connection` logs in with.

    `files` are paths of files and folders, patterns, and addresses, see ingestion/fetch; what comes from
    elsewhere is kept in the folder `cache`. `connection` are the arguments of psycopg2.connect. Loading the
    same content again changes nothing. A file that cannot land fails alone: see the state of each file in the
    report. Raises OntimeError when the server cannot be reached or refuses what any load needs.
    """
    started = time.monotonic()
    wanted = files or source.default_files()
    if not wanted:
        raise OntimeError(f"{source.name} has no files of its own to load", "name files with --from")
    task = _Load(source, connection, progress)
    with progress:
        found = fetch(wanted, cache, progress)
        task.run(found)
    reports = tuple(task.reports[_key(file)] for file in found)
    return LoadReport(source.name, reports, time.monotonic() - started)


_Key = tuple[Path | None, str]


def _key(file: Fetched | Unfetched | PlannedFile) -> _Key:
    """What tells files apart: addresses without their secrets can be alike."""
    return (None if isinstance(file, Unfetched) else file.path, file.location)


class _Load:
    """One call of `load`. Collects reports of files by `_key`; load jobs report from their threads."""

    def __init__(self, source: Source, connection: Mapping[str, Any], progress: Progress) -> None:
        self.reports: dict[_Key, FileReport] = {}
        self._source = source
        self._schema = source.raw_schema
        self._connection = connection
        self._progress = progress

    def run(self, found: Sequence[Fetched | Unfetched]) -> None:
        planned = [file for item in found if (file := self._plan(item)) is not None]
        if not planned:
            return
        with closing(connect(self._connection)) as session:
            try:
                with only_load(session, self._schema, self._progress.say):
                    self._land_new(session, planned)
            except psycopg2.Error as error:
                raise refused(f"load of {self._source.name}", error) from error

    def _plan(self, file: Fetched | Unfetched) -> PlannedFile | None:
        try:
            if isinstance(file, Unfetched):
                raise file.error
            return plan(file.path, self._source, location=file.location, expected_month=file.expected_month)
        except OntimeError as error:
            self._report(file, FileReport.of_failure(Path(file.location).name, error))
            return None

    def _land_new(self, session: Connection, planned: Sequence[PlannedFile]) -> None:
        raw_schema.make(session, self._source)
        ledger = Ledger(session, self._schema)
        new = [file for file in planned if self._is_new(ledger, file)]
        if new:
            self._progress.expect(sum(file.size for file in new))
            self._run_dlt(new)
        for name in {file.dataset for file in new if self.reports[_key(file)].state == "landed"}:
            RawTable(session, self._schema, name).prepare_reading()

    def _is_new(self, ledger: Ledger, file: PlannedFile) -> bool:
        """Whether a file is to be landed: it can be read, and its content is not there yet.

        Only a file of a size that is in the ledger is read for this. It saves work and dead rows; what makes
        a repeated file a no-op is the ledger's unique key.
        """
        try:
            size = size_unpacked(file.path)
            entry = ledger.find(identify(file.path)) if size is None or ledger.has_size(size) else None
        except OntimeError as error:
            self._report(file, FileReport.of_failure(file.path.name, error, file.dataset))
            return False
        if entry is not None:
            self._report(file, FileReport.of_entry(entry, "already there", file.path.name))
        return entry is None

    def _run_dlt(self, files: Sequence[PlannedFile]) -> None:
        from ingestion.pipeline import run  # only here: dlt takes a second to import

        why, remedy = "dlt gave it up", "load it again"
        try:
            run(self._source, files, self._connection, self._land)
        except OntimeError as error:
            why, remedy = error.message, error.remedy
        for file in files:
            if _key(file) not in self.reports:
                left_out = OntimeError(f"{file.path.name}: not landed: {why}", remedy)
                self._report(file, FileReport.of_failure(file.path.name, left_out, file.dataset))

    def _land(self, connection: Connection, file: PlannedFile, load_id: str) -> None:
        """Lands one file on the connection of a load job.

        Raises OntimeError for what trying again cannot mend, psycopg2.Error when the connection was lost.
        """

        def read_so_far(position: int) -> None:
            self._progress.has_read(file.path, position)

        try:
            try:
                report = land(connection, self._schema, file, load_id, read_so_far)
            except psycopg2.Error as error:
                if connection.closed:
                    raise
                raise refused(file.path.name, error) from error
        except OntimeError as error:
            self._report(file, FileReport.of_failure(file.path.name, error, file.dataset))
            raise
        self._report(file, report)

    def _report(self, file: Fetched | Unfetched | PlannedFile, report: FileReport) -> None:
        self.reports[_key(file)] = report
        self._progress.done(report)
