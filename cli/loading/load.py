"""`ontime load`: what the user named, and which way of landing that takes."""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import note
from cli.server.connections import connection
from cli.server.files import cache_folder, dlt_folder, lake_place, state_folder
from cli.server.settings import DLT_FOLDER
from ingestion import PROJECT
from ingestion.errors import OntimeError
from ingestion.progress import progress_on
from ingestion.report import FileReport, LoadReport

if TYPE_CHECKING:
    from ingestion.landing.lake import Lake

DATABASE = "database"
"""What is named in place of a source, to load the tables that a file declares, or those of all such files."""

SOURCES_FOLDER = PROJECT / "ingestion" / "sources"


@dataclass(frozen=True)
class Named:
    """What `ontime load` was told. Options that are left out are empty."""

    source: str
    places: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    airports: tuple[str, ...] = ()
    config: Path | None = None
    tables: tuple[str, ...] = ()
    full: bool = False
    accept_vanished: bool = False
    encoding: str = ""
    again: bool = False
    repair: int | None = None
    to_lake: bool = False


def load(named: Named) -> LoadReport:
    """Loads what is named. Raises OntimeError when that does not go together."""
    from ingestion.sources import SOURCES  # here and below: what is slow to import only where it is needed

    os.environ[DLT_FOLDER] = str(dlt_folder(state_folder()))
    if named.source == DATABASE:
        _refuse(named, "places", "months", "airports", "encoding", "again", "repair", "to_lake")
        return _load_tables(named)
    _refuse(named, "config", "tables", "full", "accept_vanished")
    if named.source not in SOURCES:
        known = ", ".join((*SOURCES, DATABASE))
        raise OntimeError(f"there is no source {named.source}", f"choose one of: {known}")
    if named.repair is not None:
        return _repair(named, named.repair)
    if SOURCES[named.source].is_asked and not named.places:
        _refuse(named, "encoding", "to_lake")
        return _load_weather(named)
    _refuse(named, "airports", "again")
    return _load_files(named)


def _repair(named: Named, file_no: int) -> LoadReport:
    from ingestion.repair import repair
    from ingestion.sources import SOURCES

    _refuse(named, "months", "airports", "to_lake")
    return repair(
        SOURCES[named.source],
        file_no,
        named.places,
        connection("loader").as_psycopg2(),
        progress_on(sys.stderr),
        cache_folder(),
        named.encoding or None,
        _lake,
    )


def _lake() -> "Lake":
    from ingestion.landing.lake import Lake

    return Lake(lake_place())


def _load_files(named: Named) -> LoadReport:
    from ingestion.load import load as load_files
    from ingestion.sources import DATABASES, SOURCES

    if named.source in {database.name for database in DATABASES}:
        raise OntimeError(
            f"{named.source} is a database, and has no files",
            f"ontime load {DATABASE} --config ingestion/sources/{named.source}.toml",
        )
    source = SOURCES[named.source]
    if named.months and source.archives is None:
        raise OntimeError(f"{named.source} is not published by month", "name its files with --from")
    archives = source.archives(named.months) if source.archives else []
    report = load_files(
        source,
        [*archives, *named.places],
        connection("loader").as_psycopg2(),
        progress_on(sys.stderr),
        cache_folder(),
        named.encoding or None,
        _lake() if named.to_lake else None,
    )
    if source.takes_any_table:
        from cli.loading.scaffold import scaffold_loaded

        scaffold_loaded(report)
    return report


def _load_weather(named: Named) -> LoadReport:
    from cli.loading.weather import needed_weather
    from ingestion.apis.load import load_answers
    from ingestion.apis.registry import APIS
    from ingestion.sources.bts import months_of

    needed, without_zone = needed_weather(months_of(named.months), named.airports)
    if without_zone:
        note(f"left out, since nobody knows their time zone: {', '.join(without_zone)}")
    return load_answers(
        APIS[named.source],
        needed,
        connection("loader").as_psycopg2(),
        progress_on(sys.stderr),
        cache_folder(),
        again=named.again,
    )


def _load_tables(named: Named) -> LoadReport:
    from ingestion.databases.load import load_database

    if named.config is None:
        return _load_databases(named)
    return load_database(
        named.config,
        connection("loader").as_psycopg2(),
        progress_on(sys.stderr),
        named.tables,
        named.full,
        named.accept_vanished,
    )


def _load_databases(named: Named) -> LoadReport:
    """All databases of the project that somebody has given a login for. One that fails does so alone."""
    from ingestion.databases.credentials import has_address, where
    from ingestion.sources import DATABASES

    if named.tables:
        raise OntimeError(
            "tables are named, but not the file that declares them",
            "ontime load database --config ingestion/sources/fleet.toml --tables aircraft",
        )
    reports: list[LoadReport] = []
    for database in DATABASES:
        if not has_address(database.name):
            note(f"{database.name}: left out, for there is no login; {where(database.name)}")
            continue
        try:
            reports.append(_load_tables(replace(named, config=SOURCES_FOLDER / database.place)))
        except OntimeError as error:
            note(str(failed := FileReport.of_failure(database.name, error)))
            reports.append(LoadReport(database.name, (failed,), 0))
    files = tuple(file for report in reports for file in report.files)
    return LoadReport(DATABASE, files, sum(report.seconds for report in reports))


_OPTIONS = {
    "places": ("--from", "files"),
    "months": ("--months", "what is published by month"),
    "encoding": ("--encoding", "files that are named"),
    "airports": ("--airports", "weather that an API is asked for"),
    "again": ("--again", "weather that an API is asked for"),
    "config": ("--config", DATABASE),
    "tables": ("--tables", DATABASE),
    "full": ("--full", DATABASE),
    "accept_vanished": ("--accept-vanished", DATABASE),
    "to_lake": ("--to lake", "files that are named, when they land"),
    "repair": ("--repair", "files that have landed, by their source"),
}


def _refuse(named: Named, *options: str) -> None:
    for option in options:
        if getattr(named, option):
            name, belongs_to = _OPTIONS[option]
            raise OntimeError(f"{name} is not for {named.source}, but for {belongs_to}", "leave it out")
