"""Flights between random airports at random times, through the whole warehouse, against Python's zoneinfo.

Half of them are scheduled around a change of clocks at their origin or destination.
"""

import csv
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import airportsdata
import pytest

from ingestion.sources.airportsdata import AIRPORTSDATA
from ingestion.sources.nycflights13 import FLIGHTS
from tests.ingestion.support import query
from tests.projects import copy_project

FLIGHTS_DRAWN = 20_000
SEED = random.randrange(1_000_000)  # others in each run; a failure names it
FIRST, LAST = datetime(1987, 10, 1), datetime(2026, 12, 31)  # noqa: DTZ001 (local clocks have no zone)
COUNTRIES = ("US", "PR", "VI", "GU", "MP", "AS")  # where the flights of BTS begin and end
LONGEST = 18 * 60  # minutes of a flight
MINUTE = timedelta(minutes=1)

MODELLED = """
    select
        flight_number::integer, scheduled_departure_at_local, scheduled_departure_at_utc,
        actual_departure_at_local, actual_departure_at_utc, scheduled_arrival_at_local,
        scheduled_arrival_at_utc, actual_arrival_at_local, actual_arrival_at_utc
    from marts.fct_flights
    order by 1
"""


@dataclass(frozen=True)
class Flight:
    """A flight as it is drawn: when it is to leave, how long it takes, how late it is."""

    number: int
    origin: str
    destination: str
    departs: datetime
    """The clock of the origin, without zone."""
    minutes: int
    dep_delay: int
    arr_delay: int

    @property
    def arrives(self) -> datetime:
        """The clock of the destination, without zone."""
        arrival = in_utc(self.departs, zone(self.origin)) + self.minutes * MINUTE
        return arrival.replace(tzinfo=UTC).astimezone(zone(self.destination)).replace(tzinfo=None)

    def record(self) -> dict[str, object]:
        """As the sample's form writes it: local clocks, and only the departure has a date."""
        day = self.departs
        return dict.fromkeys(FLIGHTS, "") | {
            **{"year": day.year, "month": day.month, "day": day.day, "carrier": "ZZ", "flight": self.number},
            **{"origin": self.origin, "dest": self.destination, "tailnum": f"N{self.number}"},
            **{"sched_dep_time": clock(day), "sched_arr_time": clock(self.arrives)},
            **{"dep_time": clock(day + self.dep_delay * MINUTE), "dep_delay": self.dep_delay},
            **{"arr_time": clock(self.arrives + self.arr_delay * MINUTE), "arr_delay": self.arr_delay},
            **{"air_time": self.minutes, "distance": 1, "hour": day.hour, "minute": day.minute},
        }

    def expected(self) -> tuple[object, ...]:
        """The columns of MODELLED."""
        found: list[datetime] = []
        for scheduled, place, delay in (
            (self.departs, self.origin, self.dep_delay),
            (self.arrives, self.destination, self.arr_delay),
        ):
            scheduled_utc = in_utc(scheduled, zone(place))
            found += [scheduled, scheduled_utc, scheduled + delay * MINUTE, scheduled_utc + delay * MINUTE]
        return (self.number, *found)


def in_utc(local: datetime, place: ZoneInfo) -> datetime:
    """A local clock in UTC by the stated rule, both without zone (docs/decisions/0005-clocks.md).

    A clock that exists twice is the second; one that does not exist counts as before the change.
    """
    first, second = (local.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    is_twice = (first.utcoffset() or timedelta()) > (second.utcoffset() or timedelta())
    return (second if is_twice else first).astimezone(UTC).replace(tzinfo=None)


def clock(local: datetime) -> str:
    """`517` or `5`, without leading zeros."""
    return str(local.hour * 100 + local.minute)


@cache
def airports() -> dict[str, str]:
    """Zone by IATA code."""
    listed = airportsdata.load("IATA")
    return {code: airport["tz"] for code, airport in listed.items() if airport["country"] in COUNTRIES}


def zone(airport: str) -> ZoneInfo:
    return ZoneInfo(airports()[airport])


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """Noon of the days on which a zone changes its clocks, local."""
    days = (FIRST + timedelta(days=day, hours=12) for day in range((LAST - FIRST).days))
    place = ZoneInfo(name)
    return tuple(
        noon
        for noon in days
        if noon.replace(tzinfo=place).utcoffset()
        != (noon - timedelta(days=1)).replace(tzinfo=place).utcoffset()
    )


def draw(number: int, chance: random.Random) -> Flight:
    origin, destination = chance.sample(sorted(airports()), 2)
    departs = FIRST + chance.randrange(int((LAST - FIRST) / MINUTE)) * MINUTE
    of_change = changes(airports()[chance.choice((origin, destination))])
    if of_change and chance.random() < 0.5:
        departs = chance.choice(of_change) + chance.randrange(-14 * 60, -4 * 60) * MINUTE
    return Flight(
        number,
        origin,
        destination,
        departs,
        minutes=chance.randint(20, LONGEST),
        dep_delay=chance.randint(-30, 600),
        arr_delay=chance.randint(-60, 600),
    )


@pytest.fixture(scope="module")
def flights(database: str, tmp_path_factory: pytest.TempPathFactory) -> list[Flight]:
    """The flights of a warehouse that is built from them."""
    folder = tmp_path_factory.mktemp("clocks")
    chance = random.Random(SEED)
    drawn = [draw(number, chance) for number in range(1, FLIGHTS_DRAWN + 1)]
    file = folder / "flights.csv"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, FLIGHTS)
        writer.writeheader()
        writer.writerows(flight.record() for flight in drawn)
    project = copy_project(folder, with_tests=False)
    project.load(file)
    project.load(*map(Path, AIRPORTSDATA.default_files()), source=AIRPORTSDATA)
    built = project.build()
    assert built.code == 0, built.said
    return drawn


def test_every_clock_is_that_of_zoneinfo(flights: list[Flight]) -> None:
    modelled = query(MODELLED)
    assert len(modelled) == len(flights)
    wrong = [
        (flight, found) for flight, found in zip(flights, modelled, strict=True) if found != flight.expected()
    ]
    assert not wrong, (
        f"{len(wrong)} of {len(flights)}, beginning with {wrong[0]}, expected {wrong[0][0].expected()}"
    )


def test_what_was_drawn_holds_what_is_hard(flights: list[Flight]) -> None:
    """Else the other test would prove little."""

    def exists_twice(local: datetime, place: ZoneInfo) -> bool:
        first, second = (local.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1))
        assert first is not None and second is not None
        return first > second

    def does_not_exist(local: datetime, place: ZoneInfo) -> bool:
        return local.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None) != local

    ends = [(flight.departs, zone(flight.origin)) for flight in flights]
    ends += [(flight.arrives, zone(flight.destination)) for flight in flights]
    assert sum(exists_twice(*end) for end in ends) > 100
    assert sum(does_not_exist(*end) for end in ends) > 100
    days = {(flight.arrives.date() - flight.departs.date()).days for flight in flights}
    assert days >= {-1, 0, 1}
