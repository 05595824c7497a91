"""Loads tables of a database: reads what may have changed, lands what differs, and marks keys that vanished.

Each table is read from where the last read ended, which the ledger knows: the request of a read says how far
it went, so that both are committed together. Then the keys of the source are compared with ours: those that
are gone are marked, and those that we lack are read by key, such as rows that came late with an old time.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from getpass import getuser
from pathlib import Path
from typing import Any

import psycopg2

from ingestion.data_file import DataFile
from ingestion.database import Connection, connect, refused
from ingestion.databases import cursor as cursors
from ingestion.databases.credentials import address_of
from ingestion.databases.dialects import Column
from ingestion.databases.landed_table import ROW_SECURITY, LandedTable, Types
from ingestion.databases.plausible import MOST, is_plausible
from ingestion.databases.rows_as_csv import sound_records, write_csv
from ingestion.databases.server import Condition, Server
from ingestion.errors import OntimeError
from ingestion.finding.content import Content
from ingestion.forms.headers import NAMELESS
from ingestion.forms.planned_file import Comparison, PlannedFile
from ingestion.landing import raw_schema
from ingestion.landing.locks import only_load
from ingestion.load import land_planned
from ingestion.progress import Progress
from ingestion.report import FileReport, LoadReport
from ingestion.request_text import encode
from ingestion.source import Dataset
from ingestion.sources import TAKEN
from ingestion.sources.databases import Database, Table, raw_names, read_config
from ingestion.working_folder import working_folder

_KEYS_AT_ONCE = 10_000  # keys that we lack and ask for; of more, the table is read as a whole


def load_database(
    config: Path,
    connection: Mapping[str, Any],
    progress: Progress,
    tables: Sequence[str] = (),
    full: bool = False,
    accepts_vanished: bool = False,
) -> LoadReport:
    """Lands what is new in the tables that `config` declares, or in those that are named.

    `connection` are the arguments of psycopg2.connect for the warehouse. `full` reads tables as a whole,
    whatever was read before; `accepts_vanished` believes that rows are gone, however many. A table that
    cannot be read fails alone. Raises OntimeError for mistakes in the file, when a server cannot be reached,
    or the warehouse refuses what any load needs.
    """
    started = time.monotonic()
    database = read_config(config, TAKEN)
    wanted = _wanted(database, tables)
    address = address_of(database.name)
    with (
        progress,
        working_folder("read") as folder,
        Server(database.name, address) as server,
        closing(connect(connection)) as session,
    ):
        server.check_login()
        load = _Load(database, server, session, connection, progress, Path(folder), accepts_vanished)
        try:
            with only_load(session, database.source.raw_schema, progress.say):
                raw_schema.make(session, database.source)
                load.run(wanted, full)
        except psycopg2.Error as error:
            raise refused(f"load of {database.name}", error) from error
    return LoadReport(database.name, tuple(load.reports), time.monotonic() - started)


def _wanted(database: Database, names: Sequence[str]) -> list[Table]:
    known = [table.name for table in database.tables]
    for name in names:
        if name not in known:
            raise OntimeError(
                f"{database.place} declares no table {name}", f"choose among: {', '.join(known)}"
            )
    return [table for table in database.tables if not names or table.name in names]


@dataclass(frozen=True)
class _Reading:
    """A table that is about to be read: its columns there, and what the warehouse has of it."""

    table: Table
    landed: LandedTable
    columns: tuple[Column, ...]
    key: tuple[Column, ...]
    types: Types
    is_whole: bool
    """Whether everything is read, which then leaves no key that we could lack."""
    before: int
    """The newest file that had changed the table when the load began."""
    hides_rows: bool
    """Whether row-level security decides which rows are seen."""
    is_known_to_hide: bool
    """Whether it did so before, or is accepted now."""


class _Load:
    """One call of `load_database`, with the reports of its reads."""

    def __init__(
        self,
        database: Database,
        server: Server,
        session: Connection,
        connection: Mapping[str, Any],
        progress: Progress,
        folder: Path,
        accepts_vanished: bool,
    ) -> None:
        self.reports: list[FileReport] = []
        self._database = database
        self._server = server
        self._session = session
        self._connection = connection
        self._progress = progress
        self._folder = folder
        self._accepts_vanished = accepts_vanished

    def run(self, tables: Sequence[Table], full: bool) -> None:
        """Reads and lands rows of all tables, then compares keys: each time one run of dlt for all."""
        reads: list[tuple[_Reading, PlannedFile]] = []
        for table in tables:
            try:
                reads.append(self._read_rows(table, full))
            except OntimeError as error:
                self._report_failure(table, error)
        landed = self._land([file for _, file in reads])
        complete = [
            reading for (reading, _), report in zip(reads, landed, strict=True) if report.state != "failed"
        ]
        differences: list[PlannedFile] = []
        for reading in complete:
            if reading.landed.types() != reading.types:
                reading.landed.note_types(reading.types)
            if reading.table.marks_vanished:
                try:
                    differences.extend(self._read_differences(reading))
                except OntimeError as error:
                    self._report_failure(reading.table, error)
        self._land(differences)

    def _read_rows(self, table: Table, full: bool) -> tuple[_Reading, PlannedFile]:
        """Reads what may have changed since the last read."""
        reading = self._prepare(table)
        cursor = next((column for column in reading.columns if column.name == table.cursor), None)
        until = self._server.greatest(table, cursor) if cursor else None
        since = None if full or reading.is_whole or cursor is None else self._since(reading, cursor)
        rejected = [] if since is None else reading.landed.rejected_keys()
        if len(rejected) > _KEYS_AT_ONCE:
            since = None
        reading = replace(reading, is_whole=since is None)
        asked = {"read": "whole"}
        condition = None
        if since is not None and cursor is not None:
            condition = self._server.since(cursor, since)
            if rejected:  # whatever their cursor says: so long as they cannot land, each load tells it
                condition |= self._server.with_keys(reading.key, rejected)
            asked = {"read": "changes", "since": str(since)}
        if until is not None:
            asked["until"] = until
        planned, rows = self._write_rows(reading, asked, condition)
        if reading.is_whole or (cursor is not None and until is None):  # no row has a value: all were read
            self._check_rows(reading, rows)
        return reading, planned

    def _check_rows(self, reading: _Reading, rows: int) -> None:
        """Looks at how many rows a whole read has, where no keys are compared later on.

        Raises OntimeError where rows would count no more without a trace: without a key, the newest read is
        all that counts. With a key, what was read stays, and it is told.
        """
        table, landed = reading.table, reading.landed
        if table.marks_vanished or reading.before == 0:
            return
        before = landed.known(reading.before) if table.key else landed.rows_of_last_read()
        gone = max(before - rows, 0)
        if self._is_believed(reading, gone, before):
            return
        doubt = self._doubt(reading, gone, before, "rows")
        if not table.key:
            raise doubt
        self._progress.say(f"warning: {doubt.message}; what was read of them stays")

    def _is_believed(self, reading: _Reading, gone: int, before: int) -> bool:
        """Whether so many rows can be gone. Where rows are newly hidden, none can."""
        if self._accepts_vanished or gone == 0:
            return True
        return is_plausible(gone, before) and (reading.is_known_to_hide or not reading.hides_rows)

    def _doubt(self, reading: _Reading, gone: int, before: int, what: str) -> OntimeError:
        """The error of a table of which too much is gone to be believed."""
        location = self._server.location(reading.table)
        if reading.hides_rows:
            why = "row-level security hides rows from this user"
            remedy = "let the user see all rows (alter role ... bypassrls)"
        else:
            why = f"more than {MOST:.0%} at once" if gone < before else "the table looks empty"
            remedy = "see that the source is whole and the right one"
        return OntimeError(
            f"{location}: {gone:,} of {before:,} {what} are gone, and that is not believed: {why}",
            f"{remedy}, then load again; if they are truly gone, add --accept-vanished",
        )

    def _prepare(self, table: Table) -> _Reading:
        """Looks at the columns of a table. Raises OntimeError when one is missing that is needed."""
        there = self._server.columns(table)
        location = self._server.location(table)
        if not there:
            raise OntimeError(
                f"{location}: there is no such table, or the user may not read it",
                f"check tables.{table.name} in {self._database.place}; nothing of it was loaded",
            )
        names = {column.name: column for column in there}
        if missing := [name for name in table.needed if name not in names]:
            raise OntimeError(
                f"{location}: has no column {', '.join(missing)}; there are {', '.join(names)}",
                f"check tables.{table.name} in {self._database.place}; nothing of it was loaded",
            )
        read = there if table.columns is None else [names[name] for name in table.columns]
        if table.cursor and (problem := cursors.problem(names[table.cursor], table.window)):
            raise OntimeError(
                f"{location}: the cursor {table.cursor} {problem}",
                f"correct tables.{table.name} in {self._database.place}",
            )
        landed = LandedTable(self._session, self._database.source.raw_schema, table)
        types = {column.name: column.type if column in read else None for column in there}
        before = landed.types()
        for change in _changes(before or types, types):
            self._progress.say(f"{location}: {change}")
        is_whole = before is None or _read_of(before) != _read_of(types)
        before_load, hides_rows = landed.state(), self._server.hides_rows(table)
        return _Reading(
            table,
            landed,
            tuple(read),
            tuple(names[name] for name in table.key),
            types,
            is_whole,
            before_load,
            hides_rows,
            # what was never seen is not missed: a first read takes what the user may see
            self._accepts_vanished or before_load == 0 or landed.is_known_to_hide_rows(),
        )

    def _since(self, reading: _Reading, cursor: Column) -> cursors.Value | None:
        until = reading.landed.until()
        return None if until is None else cursors.start(until, cursor, reading.table.window)

    def _read_differences(self, reading: _Reading) -> Iterator[PlannedFile]:
        """Compares the keys of the source with ours: reads those that we lack, then marks those gone."""
        table, landed = reading.table, reading.landed
        names = raw_names(table.key)
        keys = self._path(table, "keys")
        write_csv(self._server.read(table, reading.key), names, keys)
        landed.take_keys(sound_records(DataFile.at(keys)))
        keys.unlink()
        if (key := landed.key_of_several()) is not None:
            named = ", ".join(f"{name}={value}" for name, value in zip(table.key, key, strict=True))
            problem = "is missing in a row" if None in key else "is not unique"
            raise OntimeError(
                f"{self._server.location(table)}: the key {problem}: {named}",
                "declare columns as key that tell the rows apart, or none",
            )
        lacking = [] if reading.is_whole else landed.lacking(_KEYS_AT_ONCE + 1)
        if len(lacking) > _KEYS_AT_ONCE:
            yield self._write_rows(reading, {"read": "whole"})[0]
        elif lacking:
            condition = self._server.with_keys(reading.key, lacking)
            yield self._write_rows(reading, {"read": "missing"}, condition)[0]
        gone = self._path(table, "vanished")
        if count := landed.write_gone(gone):
            asked = {"read": "vanished"}
            before = landed.known(reading.before)
            if not self._is_believed(reading, count, before):
                gone.unlink()
                raise self._doubt(reading, count, before, "keys")
            if not is_plausible(count, before):
                asked["accepted_by"] = _user()
            assert table.vanished_keys is not None
            yield _planned(self._file(reading, asked, gone), table.vanished_keys, names)

    def _write_rows(
        self, reading: _Reading, asked: Mapping[str, str], condition: Condition | None = None
    ) -> tuple[PlannedFile, int]:
        """Reads rows into a file that is to land; returns how many there are as well."""
        table = reading.table
        try:
            names = raw_names(tuple(column.name for column in reading.columns))
        except ValueError as error:
            raise OntimeError(f"{self._server.location(table)}: {error}", "list columns") from None
        path = self._path(table, asked["read"])
        rows = write_csv(self._server.read(table, reading.columns, condition), names, path)
        comparison = Comparison(raw_names(table.key), table.vanished)
        planned = _planned(self._file(reading, asked, path), table.rows, (*names, NAMELESS))
        return replace(planned, comparison=comparison), rows

    def _path(self, table: Table, what: str) -> Path:
        return self._folder / f"{table.name}.{what}.csv"

    def _file(self, reading: _Reading, asked: Mapping[str, str], path: Path) -> DataFile:
        """The file as the answer to a request, which says what state of ours it is compared with."""
        table = reading.table
        security = {ROW_SECURITY: "active"} if reading.hides_rows and reading.is_known_to_hide else {}
        request = encode(table=table.table, **asked, **security, after=str(reading.landed.state()))
        return DataFile(
            path, f"{table.name} ({asked['read']})", self._server.location(table), request=request
        )

    def _land(self, files: Sequence[PlannedFile]) -> Sequence[FileReport]:
        reports = land_planned(self._database.source, files, self._session, self._connection, self._progress)
        for file in files:
            file.data.path.unlink()
        self.reports.extend(reports)
        return reports

    def _report_failure(self, table: Table, error: OntimeError) -> None:
        report = FileReport.of_failure(table.name, error, table.name)
        self.reports.append(report)
        self._progress.done(report)


def _user() -> str:
    """Who runs this, by name where the system knows one."""
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _planned(file: DataFile, dataset: Dataset, fields: tuple[str, ...]) -> PlannedFile:
    with Content(file) as content:
        return PlannedFile.of(content, dataset, fields, fields)


def _read_of(types: Types) -> dict[str, str]:
    """Those of the columns that are read."""
    return {name: kind for name, kind in types.items() if kind is not None}


def _changes(before: Types, now: Types) -> Iterator[str]:
    """What the columns of a source are told to have become since the last read."""
    for name in now:
        if name not in before:
            lands = "it lands" if now[name] else "it is not among those declared, and left out"
            yield f"has a new column {name}; {lands}"
    for name in before:
        if name not in now:
            yield f"has lost its column {name}"
        elif before[name] and now[name] and before[name] != now[name]:
            yield f"column {name} is {now[name]} now, and was {before[name]}; the table is read as a whole"
