"""`ontime restated`: what each release of a month changed against the one before.

Sums of whole months stand in marts.audit_restatements. Of months that are named it also compares the flights
of each two releases (marts.fct_flight_versions): cells of carriers and airports, ranks of carriers, and how
many flights made the difference, with the first of them. Releases are those of the files, so that a warehouse
which is built anew says the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import psycopg2
from rich.console import Console

from cli.console import printable
from cli.questions.query import Answer, answer, explained, write_csv, write_json
from cli.server.roles import connect_reporter
from ingestion.errors import OntimeError
from ingestion.sources.bts import months_of

QUESTION = Path(__file__).with_suffix(".sql")

WIDTH = 100
FLIGHTS = 5
"""Of each kind of change so many flights are named."""
CELLS = 12
"""In the table; csv and json have all."""

NOT_A_FACT = (
    *("flight_key", "flight_month", "data_month", "carrier_code", "airport_code_iata", "release_no"),
    *("known_from_utc", "known_to_utc", "is_complete_month"),
)
"""Columns that say which version of which flight, or of the totals of which carrier and airport, it is."""
NOT_RESTATED = ("_utc", "_id_bts", "source_file_no", "source_record_no", "is_on_time", "flight_date_local")
"""How others end that follow from the facts, or say where they are from, or are part of the key."""

SUMS = """
    count(*) as flights,
    count(*) filter (where is_cancelled) as cancelled,
    count(*) filter (where is_diverted) as diverted,
    count(*) filter (where is_on_time) as on_time,
    round(100.0 * count(*) filter (where is_on_time) / nullif(count(is_on_time), 0), 4) as on_time_pct,
    round(avg(arr_delay_minutes), 4) as mean_arr_delay_minutes
"""

_COLUMNS = """
    select attname from pg_catalog.pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
    order by attnum
"""


@dataclass(frozen=True)
class Change:
    """One row of the answer, as texts; of a rank before and after are places."""

    entity: str
    data_month: str
    release_no: str
    known_from_utc: str | None
    kind: str
    mart: str | None
    subject: str
    measure: str | None
    value_before: str | None
    value_after: str | None
    flights: str | None

    def __str__(self) -> str:
        if self.kind == "rank":
            return self._of_a_rank()
        if self.measure is None:
            return self.subject
        if self.kind == "month" and self.value_before is None:
            return f"{self.measure}: {self.value_after}"
        before, after = (value or "none" for value in (self.value_before, self.value_after))
        measure = self.measure if self.kind == "month" else f"{self.subject} {self.measure}"
        return f"{measure}: {before} to {after}{self._by_flights()}"

    def _of_a_rank(self) -> str:
        if self.value_before is None or self.value_after is None:
            new = self.value_before is None
            place = ordinal(int(self.value_after or self.value_before or 0))
            return f"{self.subject} {'is new, as' if new else 'is gone, and was'} {place}"
        before, after = int(self.value_before), int(self.value_after)
        verb = "rose" if after < before else "fell"
        return f"{self.subject} {verb} from {ordinal(before)} to {ordinal(after)}{self._by_flights()}"

    def _by_flights(self) -> str:
        if not self.flights:
            return ""
        return f" ({int(self.flights):,} {'flight' if self.flights == '1' else 'flights'} changed)"


@dataclass(frozen=True)
class Release:
    """What one release changed of its month against the one before."""

    entity: str
    month: str
    release_no: str
    known_from_utc: str | None
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        return f"{self.month}, release {self.release_no} of {self.entity.replace('_', ' ')}"

    def told(self) -> Iterator[tuple[str, list[str], int]]:
        """Of each kind of change what counts most, in words, and how many more there are."""
        for kind, of_kind in groupby(self.changes, lambda it: it.kind):
            listed = [printable(str(change)) for change in of_kind]
            yield kind, listed[:CELLS], max(0, len(listed) - CELLS)


def releases(rows: Iterable[Mapping[str, Any]]) -> Iterator[Release]:
    """The rows of an answer by release, in their order; values are texts, or have one."""
    texts: Iterator[dict[str, Any]] = (
        {name: None if value is None else str(value) for name, value in row.items()} for row in rows
    )
    changes = (Change(**row) for row in texts)
    for (entity, month, number), of_release in groupby(
        changes, lambda it: (it.entity, it.data_month[:7], it.release_no)
    ):
        listed = tuple(of_release)
        yield Release(entity, month, number, listed[0].known_from_utc, listed)


def show_restated(months: tuple[str, ...], form: str, out: IO[str]) -> None:
    """Write what releases changed to `out`; `form` is table, csv or json. Raises OntimeError."""
    wanted = months_of(months)
    with closing(connect_reporter()) as opened:
        try:
            opened.set_session(readonly=True)
            statement = statement_of(opened, wanted)
            found = answer(opened, statement)
            if form == "table":
                _write_told(found, wanted, out)
            else:
                {"csv": write_csv, "json": write_json}[form](found, out)
        except psycopg2.Error as error:
            raise explained(error, "") from None


def ordinal(place: int) -> str:
    """`1st`, `12th`, `23rd`."""
    if place % 100 in (11, 12, 13):
        return f"{place}th"
    return f"{place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th') }"


def statement_of(opened: psycopg2.extensions.connection, months: Sequence[date]) -> str:
    """The question to the marts; without months it is of the sums of all."""
    with opened.cursor() as cursor:
        facts = _facts(cursor, "fct_flight_versions")
        totals = _facts(cursor, "fct_delay_cause_versions")
        pieces = {
            "names": ", ".join(f"'{name}'" for name in facts),
            "sums": SUMS,
            "totals": ", ".join(f"('{name}', totals.{name}::numeric)" for name in totals),
        }
        for side in ("before", "after"):
            pieces[f"facts_{side}"] = ", ".join(f"{side}.{name}" for name in facts)
            pieces[f"texts_{side}"] = ", ".join(f"{side}.{name}::text" for name in facts)
        question = QUESTION.read_text().format(**pieces)
        asked = cursor.mogrify(question, {"months": list(months) or None, "flights": FLIGHTS})
    return str(asked.decode())


def _facts(cursor: psycopg2.extensions.cursor, mart: str) -> list[str]:
    """The columns of a mart of releases that a release can change."""
    cursor.execute(_COLUMNS, [f"marts.{mart}"])
    columns = [name for (name,) in cursor.fetchall()]
    if not columns:
        raise OntimeError(f"marts.{mart} is not published yet", "build first: ontime build")
    return [name for name in columns if name not in NOT_A_FACT and not name.endswith(NOT_RESTATED)]


def _write_told(found: Answer, months: list[date], out: IO[str]) -> None:
    """For the eye: a heading for each release, and of each kind of change what counts most."""
    console = Console(file=out, width=WIDTH, highlight=False)
    told = list(releases(dict(zip(found.names, row, strict=True)) for row in found.rows))
    for release in told:
        known = f", known from {release.known_from_utc[:16]} UTC" if release.known_from_utc else ""
        console.print(f"{release}{known}", style="bold", markup=False)
        for kind, listed, more in release.told():
            for text in listed:
                console.print(f"  {kind:<17} {text}", markup=False)
            if more:
                console.print(f"  {'':<17} and {more:,} more: --format csv has all", markup=False)
    if not told:
        console.print("no release changed a month" + (" of these" if months else ""))
    elif not months:
        console.print("\ncells, ranks and flights of a month: ontime restated --month 2019-01", markup=False)
