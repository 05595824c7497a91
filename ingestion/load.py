"""Loads files of a source: finds them, assigns them to datasets, leaves out what is there, lands the rest."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2

from ingestion.data_file import DataFile, Unreadable, Wanted
from ingestion.database import Connection, columns_there, connect, identity, not_shown, refused
from ingestion.errors import OntimeError
from ingestion.finding.content import LastArchive, identify
from ingestion.finding.finding import Found, opened
from ingestion.forms.encoding import known as check_encoding
from ingestion.forms.plan import plan
from ingestion.forms.planned_file import PlannedFile
from ingestion.forms.tabular.sheets import find_tables
from ingestion.landing import raw_schema
from ingestion.landing.landing import land, other_encoding
from ingestion.landing.ledger import Entry, Ledger
from ingestion.landing.locks import only_load
from ingestion.landing.raw_table import RawTable
from ingestion.progress import Progress
from ingestion.report import FileReport, LoadReport
from ingestion.source import Source
from ingestion.stopping import is_asked

if TYPE_CHECKING:
    from ingestion.landing.lake import Lake


def load(
    source: Source,
    files: Sequence[str | Path | Wanted],
    connection: Mapping[str, Any],
    progress: Progress,
    cache: Path,
    encoding: str | None = None,
    lake: "Lake | None" = None,
) -> LoadReport:
    """Lands files, or the source's own when none are named, as the role that `connection` logs in with.

    `files` are paths of files and folders, patterns, and addresses, see finding/fetch; what comes from
    elsewhere is kept in the folder `cache`. `encoding` is what their text is written in, where the user knows
    better than its bytes say. `lake` is where their rows go, if not to Postgres. `connection` are the
    arguments of psycopg2.connect. Loading the same content again changes nothing. A file that cannot land
    fails alone: see the state of each file in the report. Raises OntimeError when the server cannot be
    reached or refuses what any load needs.
    """
    started = time.monotonic()
    wanted = files or source.default_files()
    if not wanted:
        raise OntimeError(f"{source.name} has no files of its own to load", "name files with --from")
    if encoding is not None:
        check_encoding(encoding)
    with progress, LastArchive() as archives:
        found = find_tables(wanted, source.suffixes, cache, progress, archives)
        found = opened(found, lambda file: [replace(file, encoding=encoding)])
        reports = land_found(source, found, connection, progress, archives, lake)
    return LoadReport(source.name, reports, time.monotonic() - started)


def land_found(
    source: Source,
    found: Iterable[Found],
    connection: Mapping[str, Any],
    progress: Progress,
    archives: LastArchive | None = None,
    lake: "Lake | None" = None,
) -> tuple[FileReport, ...]:
    """Lands files that were found; the reports are in their order.

    `progress` has been entered. Each file is looked at as it comes, so that its archive may be open in
    `archives`. Otherwise as `load`.
    """
    task = _Load(source, connection, progress, lake)
    plans = [(file, task.plan(file, archives)) for file in found]
    task.run([planned for _, planned in plans if planned is not None])
    return tuple(task.reports[file] for file, _ in plans)


def land_planned(
    source: Source,
    planned: Sequence[PlannedFile],
    session: Connection,
    connection: Mapping[str, Any],
    progress: Progress,
) -> tuple[FileReport, ...]:
    """Lands files whose plans are made; the reports are in their order.

    The caller holds the lock of the raw schema on `session`, and `progress` has been entered. Otherwise as
    `load`; what the server refuses is a psycopg2.Error.
    """
    task = _Load(source, connection, progress)
    task.land_new(session, planned)
    return tuple(task.reports[file.data] for file in planned)


class _Load:
    """One call of `load`. Collects the reports of its files; load jobs report from their threads."""

    def __init__(
        self,
        source: Source,
        connection: Mapping[str, Any],
        progress: Progress,
        lake: "Lake | None" = None,
    ) -> None:
        self.reports: dict[Found, FileReport] = {}
        self._source = source
        self._schema = source.raw_schema
        self._connection = connection
        self._progress = progress
        self._lake = lake
        self._lost: set[DataFile] = set()  # files whose connection was lost, at least once

    def run(self, planned: Sequence[PlannedFile]) -> None:
        """Lands files with plans, as the only load into the raw schema."""
        if not planned:
            return
        with closing(connect(self._connection)) as session:
            try:
                with only_load(session, self._schema, self._progress.say):
                    self.land_new(session, planned)
            except psycopg2.Error as error:
                if self._lost and all(file.data in self.reports for file in planned):
                    return  # the server stopped, and the files have said so
                raise refused(f"load of {self._source.name}", error) from error

    def land_new(self, session: Connection, planned: Sequence[PlannedFile]) -> None:
        """Lands what is not there yet of files with plans. `session` holds the schema's lock."""
        if self._source.takes_any_table:
            raw_schema.drop_unused(session, self._schema)
            planned = self._declare(session, planned)
            raw_schema.make(session, replace(self._source, datasets=()))
        else:
            raw_schema.make(session, self._source)
        ledger = Ledger(session, self._schema, "postgres" if self._lake is None else "lake")
        if self._lake is not None:
            with session.cursor() as cursor:
                self._lake.claim(identity(cursor))
            self._lake.sweep(self._schema, ledger.file_nos() | ledger.other.file_nos())
        new = [file for file in (self._as_new(ledger, file) for file in planned) if file is not None]
        new = self._with_tables(session, new)
        if new:
            self._progress.expect(sum(file.size for file in new))
            self._run_dlt(_numbered(new, ledger))
        if self._source.takes_any_table:
            raw_schema.drop_unused(session, self._schema)
        if self._lake is not None:
            return
        for name in {file.dataset.name for file in new if self.reports[file.data].state == "landed"}:
            RawTable(session, self._schema, name).prepare_reading()

    def plan(self, file: Found, archives: LastArchive | None) -> PlannedFile | None:
        """The plan of a file that is to land."""
        try:
            if isinstance(file, Unreadable):
                raise file.error
            planned = plan(file, self._source, archives)
        except OntimeError as error:
            self._report(file, FileReport.of_failure(file.name, error))
            return None
        if not planned.dataset.lands:
            self._report(file, FileReport(file.name, "left out", form=planned.dataset.form))
            return None
        return planned

    def _declare(self, session: Connection, planned: Sequence[PlannedFile]) -> list[PlannedFile]:
        """Makes datasets of the tables that these files name; a file that is not of its table fails."""
        # only here: its libraries take a second to import
        from ingestion.forms.tabular.planning import Tables

        tables, kept = Tables(columns_there(session, self._schema)), []
        for file in planned:
            try:
                kept.append(tables.add(file))
            except OntimeError as error:
                self._fail(file, error)
        self._source = replace(self._source, datasets=tables.datasets())
        return kept

    def _with_tables(self, session: Connection, files: Sequence[PlannedFile]) -> list[PlannedFile]:
        """Those files whose tables have their columns now; where Postgres refuses, these files fail alone.

        dlt would add the columns too, and give up all files where it cannot.
        """
        there = columns_there(session, self._schema)
        failed = set()
        for name in {file.dataset.name for file in files}:
            members = [file for file in files if file.dataset.name == name]
            columns = list(dict.fromkeys(column for file in members for column in file.columns))
            table = RawTable(session, self._schema, name)
            try:
                if name not in there:
                    table.make(columns)
                elif lacking := [column for column in columns if column not in there[name]]:
                    table.add(lacking)
            except psycopg2.Error as error:
                if session.closed:
                    raise
                failed.add(name)
                for file in members:
                    self._fail(file, refused(f"{file.data.location}: its table {name}", error))
        return [file for file in files if file.dataset.name not in failed]

    def _as_new(self, ledger: Ledger, file: PlannedFile) -> PlannedFile | None:
        """A file that is to be landed: it can be read, and its content is not there yet, or read otherwise.

        Only a file of a size that is in the ledger is read for this. It saves work and dead rows; what makes
        a repeated file a no-op is the ledger's unique key.
        """
        try:
            entry = self._find(ledger, file)
            if entry is None:
                if (elsewhere := self._find(ledger.other, file)) is not None:
                    self._report(file.data, _there_at(ledger.other, elsewhere, file))
                    return None
                return file
            if (encoding := other_encoding(file, entry)) is not None:
                was_there = f"{file.data.name}: is there as file {entry.file_no}, read as {entry.encoding}"
                warning = f"{was_there}; read as {encoding}, it lands as a newer one"
                return replace(file, reading=entry.reading + 1, warnings=(*file.warnings, warning))
        except OntimeError as error:
            self._fail(file, error)
            return None
        self._report(file.data, entry.report("already there", file.data.name))
        return None

    def _find(self, ledger: Ledger, file: PlannedFile) -> Entry | None:
        """What a ledger says of the content of a file."""
        may_be_there = file.size_unpacked is None or ledger.has_size(file.size_unpacked)
        return ledger.find(identify(file.data)) if may_be_there else None

    def _run_dlt(self, files: Sequence[PlannedFile]) -> None:
        from ingestion.dlt.pipeline import run  # only here: dlt takes a second to import

        why, remedy = "dlt gave it up", "load it again"
        try:
            with not_shown():
                run(self._source, files, self._connection, self._land)
        except OntimeError as error:
            why, remedy = error.message, error.remedy
        for file in files:
            if file.data in self.reports:
                continue
            if file.data in self._lost:
                self._fail(file, self._stopped(file))
            else:
                self._fail(file, OntimeError(f"{file.data.location}: not landed: {why}", remedy))

    def _stopped(self, file: PlannedFile) -> OntimeError:
        """The error of a file whose connection was lost each time that it was tried."""
        try:
            connect(self._connection).close()
        except OntimeError:
            return OntimeError(
                f"{file.data.location}: not landed: Postgres ended in the middle of it",
                "start it again with `ontime up`, then load again: what has landed is left out",
            )
        return OntimeError(
            f"{file.data.location}: not landed: Postgres ended the connection again and again, as it does"
            " where there is no room for its log",
            "look at `ontime status`, and make room where Postgres keeps its data; then load again",
        )

    def _land(self, connection: Connection, schema: str, file: PlannedFile, load_id: str) -> None:
        """Lands one file on the connection of a load job.

        Raises OntimeError for what trying again cannot mend, psycopg2.Error when the connection was lost.
        """

        def read_so_far(position: int) -> None:
            if is_asked():
                raise OntimeError(f"{file.data.location}: the load was stopped", "load it again")
            self._progress.has_read(file.data.location, position)

        try:
            try:
                report = land(connection, schema, file, load_id, read_so_far, self._lake)
            except psycopg2.Error as error:
                if connection.closed:
                    self._lost.add(file.data)
                    raise
                raise refused(file.data.location, error) from error
        except OntimeError as error:
            self._fail(file, error)
            raise
        self._report(file.data, report)

    def _fail(self, file: PlannedFile, error: OntimeError) -> None:
        self._report(file.data, FileReport.of_failure(file.data.name, error, file.dataset.name))

    def _report(self, file: Found, report: FileReport) -> None:
        self.reports[file] = report
        if report.state != "failed" or not is_asked():  # of what ends with all the others nobody need hear
            self._progress.done(report)


def _there_at(ledger: Ledger, entry: Entry, file: PlannedFile) -> FileReport:
    """The report of a file whose content is there, with rows at another place than is asked for."""
    told = {
        "postgres": "its rows are in Postgres; `ontime spark land` brings them to the lake",
        "lake": "its rows are in the lake alone, where Spark reads them; builds of Postgres leave it out",
    }
    warning = f"{file.data.name}: {told[ledger.place]}"
    return entry.report("already there", file.data.name, warnings=(warning,))


def _numbered(files: Sequence[PlannedFile], ledger: Ledger) -> list[PlannedFile]:
    """The files with numbers in the order of naming, in which releases of a month follow each other.

    The jobs that land them run side by side, so that none of them could tell.
    """
    numbers = ledger.reserve_file_nos(len(files))
    return [replace(file, file_no=file_no) for file, file_no in zip(files, numbers, strict=True)]
