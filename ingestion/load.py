"""Loads files of a source: fetches them, assigns each to a dataset, lands what is not there yet."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2

from ingestion import raw_schema
from ingestion.content import DataFile, data_files, identify, size_unpacked
from ingestion.database import Connection, columns_there, connect, refused
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
        task.run(fetch(wanted, cache, progress, source.suffixes))
    reports = tuple(task.reports[location] for location in task.order)
    return LoadReport(source.name, reports, time.monotonic() - started)


class _Load:
    """One call of `load`. Collects the reports of its files by location, and the `order` of their naming.

    Load jobs report from their threads.
    """

    def __init__(self, source: Source, connection: Mapping[str, Any], progress: Progress) -> None:
        self.reports: dict[str, FileReport] = {}
        self.order: list[str] = []
        self._source = source
        self._schema = source.raw_schema
        self._connection = connection
        self._progress = progress

    def run(self, items: Sequence[Fetched | Unfetched]) -> None:
        found = [file for item in items for file in self._find(item)]
        planned = [planned for file in found if (planned := self._plan(file)) is not None]
        if not planned:
            return
        with closing(connect(self._connection)) as session:
            try:
                with only_load(session, self._schema, self._progress.say):
                    self._land_new(session, planned)
            except psycopg2.Error as error:
                raise refused(f"load of {self._source.name}", error) from error

    def _find(self, item: Fetched | Unfetched) -> list[DataFile]:
        """The file that was fetched, or the members of the archive that it is."""
        try:
            if isinstance(item, Unfetched):
                raise item.error
            found = data_files(item.path, item.location, item.expected_month, self._source.suffixes)
        except OntimeError as error:
            self.order.append(item.location)
            self._report(item.location, FileReport.of_failure(Path(item.location).name, error))
            return []
        if self._source.takes_any_table:
            found = [table for file in found for table in self._sheets(file)]
        self.order += [file.location for file in found]
        return found

    def _sheets(self, file: DataFile) -> list[DataFile]:
        """The sheets of a workbook, or the file itself; none when it cannot be read, which is reported."""
        from ingestion.tabular.planning import sheets_of  # only here: its libraries take a second to import

        try:
            return sheets_of(file, self._progress.say)
        except OntimeError as error:
            self.order.append(file.location)
            self._report(file.location, FileReport.of_failure(file.name, error))
            return []

    def _plan(self, file: DataFile) -> PlannedFile | None:
        """The plan of a file that is to land."""
        try:
            planned = self._plan_table(file) if self._source.takes_any_table else plan(file, self._source)
        except OntimeError as error:
            self._report(file.location, FileReport.of_failure(file.name, error))
            return None
        if not planned.lands:
            self._report(file.location, FileReport(file.name, "left out", form=planned.form))
            return None
        return planned

    def _plan_table(self, file: DataFile) -> PlannedFile:
        from ingestion.tabular.planning import plan_table  # only here, as above

        return plan_table(file)

    def _land_new(self, session: Connection, planned: Sequence[PlannedFile]) -> None:
        if self._source.takes_any_table:
            planned = self._declare(session, planned)
        raw_schema.make(session, self._source)
        ledger = Ledger(session, self._schema)
        new = [file for file in planned if self._is_new(ledger, file)]
        if new:
            self._progress.expect(sum(file.size for file in new))
            self._run_dlt(new)
        for name in {file.dataset for file in new if self.reports[file.data.location].state == "landed"}:
            RawTable(session, self._schema, name).prepare_reading()

    def _declare(self, session: Connection, planned: Sequence[PlannedFile]) -> list[PlannedFile]:
        """Makes datasets of the tables that these files name; a file that is not of its table fails."""
        from ingestion.tabular.planning import Tables  # only here, as above

        tables, kept = Tables(columns_there(session, self._schema)), []
        for file in planned:
            try:
                kept.append(tables.add(file))
            except OntimeError as error:
                self._report(file.data.location, FileReport.of_failure(file.data.name, error, file.dataset))
        self._source = replace(self._source, datasets=tables.datasets())
        return kept

    def _is_new(self, ledger: Ledger, file: PlannedFile) -> bool:
        """Whether a file is to be landed: it can be read, and its content is not there yet.

        Only a file of a size that is in the ledger is read for this. It saves work and dead rows; what makes
        a repeated file a no-op is the ledger's unique key.
        """
        try:
            size = size_unpacked(file.data)
            entry = ledger.find(identify(file.data)) if size is None or ledger.has_size(size) else None
        except OntimeError as error:
            self._report(file.data.location, FileReport.of_failure(file.data.name, error, file.dataset))
            return False
        if entry is not None:
            self._report(file.data.location, FileReport.of_entry(entry, "already there", file.data.name))
        return entry is None

    def _run_dlt(self, files: Sequence[PlannedFile]) -> None:
        from ingestion.pipeline import run  # only here: dlt takes a second to import

        why, remedy = "dlt gave it up", "load it again"
        try:
            run(self._source, files, self._connection, self._land)
        except OntimeError as error:
            why, remedy = error.message, error.remedy
        for file in files:
            if file.data.location not in self.reports:
                left_out = OntimeError(f"{file.data.location}: not landed: {why}", remedy)
                self._report(
                    file.data.location, FileReport.of_failure(file.data.name, left_out, file.dataset)
                )

    def _land(self, connection: Connection, file: PlannedFile, load_id: str) -> None:
        """Lands one file on the connection of a load job.

        Raises OntimeError for what trying again cannot mend, psycopg2.Error when the connection was lost.
        """

        def read_so_far(position: int) -> None:
            self._progress.has_read(file.data.location, position)

        try:
            try:
                report = land(connection, self._schema, file, load_id, read_so_far)
            except psycopg2.Error as error:
                if connection.closed:
                    raise
                raise refused(file.data.location, error) from error
        except OntimeError as error:
            self._report(file.data.location, FileReport.of_failure(file.data.name, error, file.dataset))
            raise
        self._report(file.data.location, report)

    def _report(self, location: str, report: FileReport) -> None:
        self.reports[location] = report
        self._progress.done(report)
