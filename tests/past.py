"""A warehouse that is loaded, restated and changed again and again, and what its readers saw each time.

    story = Story(project, folder)
    story.restate(2, late=20)
    story.publish("February restated")  # builds, and keeps checksums of all marts, read as readers do
    assert story.differences() == []    # all of it asked again

`python -m tests.past` tells a long one: eight loads and three changes of logic, on a server of its own.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import pytest

from cli.loading.decisions import decide_on
from cli.questions.as_of import session_as_of
from cli.server.roles import connect_reporter
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import value
from tests.projects import ProjectCopy

MARTS = """
    select relname from pg_catalog.pg_class
    where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v') and relname <> 'audit_checksums'
    order by relname
"""
"""But for the view that reads all the others once more."""

ROWS = """
    select count(*) || ' ' || coalesce(md5(string_agg(it::text, e'\\n' order by it::text)), '')
    from marts."{mart}" as it
"""
"""How many rows a mart has, and one checksum of all of them, with all of their columns in order."""

AIRCRAFT = "models/marts/core/dim_aircraft"
WEATHER = "models/marts/core/fct_weather_hourly"
ONE = "      - name: one\n        data_type: integer\n        description: One.\n"

EDITED_MEASURE = (
    (
        "macros/measures/flights.sql",
        "{% macro late_minutes() %}{{ return(15) }}",
        "{% macro late_minutes() %}{{ return(21) }}",
    ),
)
ADDED_COLUMN = (
    (f"{AIRCRAFT}.sql", "select\n    tail_number,", "select\n    1 as one,\n    tail_number,"),
    (f"{AIRCRAFT}.yml", "    columns:\n", f"    columns:\n{ONE}"),
)
RETYPED_COLUMN = (
    (
        "models/intermediate/weather/int_weather__records.sql",
        "    dew_point_fahrenheit,\n",
        "    dew_point_fahrenheit::numeric(6, 2) as dew_point_fahrenheit,\n",
    ),
    *(
        (
            f"models/marts/core/{mart}.yml",
            f"      - name: {column}\n        data_type: double precision",
            f"      - name: {column}\n        data_type: numeric(6,2)",
        )
        for mart, column in (
            ("fct_weather_hourly", "dew_point_fahrenheit"),
            ("fct_flight_weather", "origin_dew_point_fahrenheit"),
            ("fct_flight_weather", "destination_dew_point_fahrenheit"),
        )
    ),
)
"""Of history and what reads it: the old column stays under another name, for versions that have it."""

ADDED = {
    "models/marts/core/dim_trials.sql": "select count(*)::integer as months from {{ ref('agg_month') }}\n",
    "models/marts/core/dim_trials.yml": """
models:
  - name: dim_trials
    description: One row.
    config: {materialized: table}
    constraints: [{type: primary_key, columns: [months]}]
    columns:
      - name: months
        data_type: integer
        description: How many months there are.
""",
}
"""A mart that is a table, as others are added to the project."""

REMOVED = "fct_arrival_outliers"
"""A view that nothing else reads, and the file that tests it."""


@dataclass(frozen=True)
class Seen:
    """What a reader saw at a moment: of each mart its rows and their checksum."""

    title: str
    number: int
    at: datetime
    marts: dict[str, str]


@dataclass
class Story:
    """A project under way, in whose database something is published already."""

    project: ProjectCopy
    folder: Path
    seen: list[Seen] = field(default_factory=list)
    _files: int = 0

    def __post_init__(self) -> None:
        self.look("what it begins with")

    def load(self, dataset: str, records: list[samples.Record]) -> Path:
        """Load records under a name of their own."""
        self._files += 1
        file = samples.write(self.folder / f"{dataset}_{self._files}.csv", records)
        self.project.load(file)
        return file

    def restate(self, month: int, late: int) -> Path:
        return self.load("flights", samples.restated(month, late))

    def rename_a_carrier(self) -> None:
        carriers = [dict(record) for record in samples.packaged("airlines")]
        carriers[0]["name"] = f"{carriers[0]['name']} and Sons"
        self.load("airlines", carriers)

    def seat_aircraft_anew(self) -> None:
        """All seats of a manufacturer, and one aircraft less."""
        planes = [dict(record) for record in samples.packaged("planes")][1:]
        for record in planes:
            if record["manufacturer"] == "BOEING":
                record["seats"] = str(int(record["seats"]) + 1)
        self.load("planes", planes)

    def withdraw(self, file: Path) -> None:
        """Reject a file; its month goes where no other states it."""
        no = value("select file_no from raw_nycflights13.files where file_name like %s", f"%{file.name}")
        decide_on(no, "reject", "of another year")

    def edit(self, *edits: tuple[str, str, str]) -> None:
        for edit in edits:
            self.project.edit(*edit)

    def take_back(self, *edits: tuple[str, str, str]) -> None:
        for path, old, new in edits:
            self.project.edit(path, new, old)

    def add(self, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            self.project.write(path, text.lstrip())

    def remove(self, mart: str) -> None:
        """Take a mart out of the project, as somebody does who deletes its files."""
        checksums = self.project.folder / "models/audit/audit_checksums.sql"
        checksums.write_text(checksums.read_text().replace(f"-- depends_on: {{{{ ref('{mart}') }}}}\n", ""))
        for file in self.project.folder.glob("models/marts/*/*"):
            if file.stem == mart or (file.stem.endswith("__unit_tests") and mart in file.read_text()):
                file.unlink()

    def publish(self, title: str) -> None:
        built = self.project.build()
        assert built.code == 0, built.said
        self.look(title)

    def look(self, title: str) -> None:
        """Keep what a plain reader finds, all in one transaction."""
        with closing(connect_reporter()) as opened, opened.cursor() as cursor:
            opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
            cursor.execute("select clock_timestamp(), max(publication) from past.publications")
            ((at, number),) = cursor.fetchall()
            cursor.execute(MARTS)
            marts = {mart: _rows(cursor, ROWS.format(mart=mart)) for (mart,) in cursor.fetchall()}
        self.seen.append(Seen(title, number, at, marts))

    def differences(self) -> list[str]:
        """Marts that are others today, asked as of the moments when they were seen."""
        return [
            f"{seen.title}: {mart}"
            for seen in self.seen
            for mart in self.different(seen, seen.at.isoformat())
        ]

    def different(self, seen: Seen, when: str) -> Iterator[str]:
        with session_as_of(when) as session, session.connection.cursor() as cursor:
            for mart in sorted(seen.marts.keys() | session.names - {"audit_checksums"}):
                is_there = mart in session.names
                found = _rows(cursor, session.statement(ROWS.format(mart=mart))) if is_there else None
                if found != seen.marts.get(mart):
                    yield mart


def _rows(cursor: Any, statement: str) -> str:
    cursor.execute(statement)
    ((found,),) = cursor.fetchall()
    return str(found)


def tell_a_long_one(project: ProjectCopy, folder: Path) -> Story:
    """Eight loads and three changes of logic, each published."""
    story = Story(project, folder)
    story.restate(2, late=20)
    story.publish("February restated")
    april = story.load("flights", samples.flights(4))
    story.publish("April")
    story.load("weather", samples.weather(4))
    story.publish("the weather of April")
    story.edit(*EDITED_MEASURE)
    story.add(ADDED)
    story.publish("a measure edited, and a mart added")
    story.seat_aircraft_anew()
    story.publish("aircraft with other seats")
    story.restate(2, late=40)
    story.publish("February restated again")
    story.edit(*ADDED_COLUMN, *RETYPED_COLUMN)
    story.publish("a column added, another one retyped")
    story.rename_a_carrier()
    story.publish("a carrier renamed")
    story.restate(1, late=7)
    story.publish("January restated")
    story.remove(REMOVED)
    story.remove("dim_trials")
    story.take_back(*EDITED_MEASURE, *RETYPED_COLUMN)
    story.publish("marts removed, edits taken back")
    story.withdraw(april)
    story.publish("April withdrawn")
    story.load("flights", samples.flights(5))
    story.publish("May")
    return story


def main() -> None:
    from tests.servers import running_server
    from tests.templates import new_database

    with pytest.MonkeyPatch.context() as environment, running_server() as server:
        environment.setenv("ONTIME_STATE", str(server.state))
        with new_database(), TemporaryDirectory() as folder:
            project = begin_with(SAMPLE, Path(folder))
            began = monotonic()
            story = tell_a_long_one(project, Path(folder))
            print(f"{len(story.seen)} publications, {monotonic() - began:.0f} s of loads and builds")
            began = monotonic()
            differing = story.differences()
            asked = sum(len(seen.marts) for seen in story.seen)
            print(f"{asked} checksums asked again in {monotonic() - began:.1f} s, {len(differing)} differ")
            for difference in differing:
                print(f"  {difference}")
            print(
                "bytes of past:",
                value(
                    "select sum(pg_total_relation_size(oid)) from pg_class "
                    "where relnamespace = 'past'::regnamespace"
                ),
            )
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
