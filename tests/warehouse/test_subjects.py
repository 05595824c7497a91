"""The subject marts against the same figures worked out from the file: Endeavor in January 2019."""

import csv
import io
import math
import statistics
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from ingestion.sources import SOURCES
from ingestion.sources.airportsdata import AIRPORTSDATA, packaged_files
from tests.data import data
from tests.ingestion.support import query, value
from tests.projects import copy_project

ARCHIVE = (
    "bts_prezip_2019_01_9E_rebuilt/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2019_1.zip"
)
CAUSES = {
    "carrier": "CarrierDelay",
    "weather": "WeatherDelay",
    "nas": "NASDelay",
    "security": "SecurityDelay",
    "late_aircraft": "LateAircraftDelay",
}
STAYS = ("TaxiOut", "TaxiIn", "LongestAddGTime", *(f"Div{number}LongestGTime" for number in range(1, 6)))

Record = dict[str, str]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """The file as Python reads it."""
    with zipfile.ZipFile(data(ARCHIVE)) as archive:
        (member,) = (name for name in archive.namelist() if name.endswith(".csv"))
        return list(csv.DictReader(io.StringIO(archive.read(member).decode())))


@pytest.fixture(scope="module", autouse=True)
def marts(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    project = copy_project(tmp_path_factory.mktemp("subjects"), with_tests=True)
    project.load(*packaged_files(), source=AIRPORTSDATA)  # without their zones no leg follows another
    project.load(data(ARCHIVE), source=SOURCES["bts"])
    built = project.build()
    assert built.code == 0, built.said


def minutes(record: Record, name: str) -> float:
    return float(record[name] or 0)


def arrival_delays(records: list[Record]) -> list[float]:
    return [float(record["ArrDelay"]) for record in records if record["ArrDelay"]]


def count(records: list[Record], holds: Callable[[Record], bool]) -> int:
    return sum(map(holds, records))


def of_month(columns: str, mart: str = "agg_month") -> tuple[Any, ...]:
    """Columns of the only row of a mart."""
    (row,) = query(f"select {columns} from marts.{mart}")
    return tuple(row)


def test_causes_add_up_to_the_arrival_delay_on_every_late_flight(records: list[Record]) -> None:
    added_up = """
        select count(*), count(*) filter (where carrier_delay_minutes + weather_delay_minutes
            + nas_delay_minutes + security_delay_minutes + late_aircraft_delay_minutes = arr_delay_minutes)
        from marts.fct_flights where arr_delay_minutes >= 15
    """
    assert query(added_up) == [(1059, 1059)]
    assert count(records, lambda record: minutes(record, "ArrDelay") >= 15) == 1059


def test_late_flights_by_cause(records: list[Record]) -> None:
    late = [record for record in records if minutes(record, "ArrDelay") >= 15]
    shares = {
        cause: math.fsum(minutes(record, name) / minutes(record, "ArrDelay") for record in late)
        for cause, name in CAUSES.items()
    }
    totals = {cause: sum(minutes(record, name) for record in late) for cause, name in CAUSES.items()}
    found = query(
        """
        select delay_cause, sum(late_flights)::float, sum(delay_minutes)::integer
        from marts.agg_delay_cause_month group by 1
        """
    )
    assert {cause: minutes for cause, _, minutes in found} == totals
    assert {cause: flights for cause, flights, _ in found} == pytest.approx(shares, abs=0.02)


def test_cancellations_by_reason(records: list[Record]) -> None:
    codes = Counter(record["CancellationCode"] for record in records if float(record["Cancelled"]))
    assert codes == {"B": 26, "C": 21}
    assert of_month(
        "cancelled, cancelled_by_carrier, cancelled_by_weather, cancelled_by_nas, cancelled_by_security,"
        " cancelled_without_reason"
    ) == (47, 0, 26, 21, 0, 0)


def test_long_delays_and_times_on_the_tarmac(records: list[Record]) -> None:
    late = (60, 120, 180)
    delays = arrival_delays(records)
    assert of_month("late_60_minutes, late_120_minutes, late_180_minutes") == tuple(
        sum(delay >= minutes for delay in delays) for minutes in late
    )
    longest = Counter(
        int(max(stays)) if (stays := [float(record[name]) for name in STAYS if record[name]]) else None
        for record in records
    )
    assert (
        Counter(dict(query("select longest_tarmac_minutes, count(*) from marts.fct_flights group by 1")))
        == longest
    )
    assert of_month("tarmac_delays")[0] == sum(
        flights for stay, flights in longest.items() if stay is not None and stay > 180
    )


def test_percentiles_and_outliers(records: list[Record]) -> None:
    delays = arrival_delays(records)
    deciles = statistics.quantiles(delays, n=10, method="inclusive")
    assert of_month("median_arr_delay_minutes, p90_arr_delay_minutes") == pytest.approx(
        (statistics.median(delays), deciles[8]), abs=0.005
    )
    lower, _, upper = statistics.quantiles(delays, n=4, method="inclusive")
    reach = 3 * (upper - lower)
    inside = [delay for delay in delays if lower - reach <= delay <= upper + reach]
    outliers = len(delays) - len(inside)
    assert outliers > 100
    assert value("select count(*) from marts.fct_arrival_outliers") == outliers
    found = of_month(
        "arrival_outliers, mean_arr_delay_minutes::float, mean_arr_delay_minutes_without_outliers::float"
    )
    assert found == pytest.approx((outliers, statistics.fmean(delays), statistics.fmean(inside)), abs=0.0001)


def test_ranks_follow_the_share_on_time() -> None:
    ranked = query(
        """
        select on_time_rank, on_time_pct from marts.agg_airport_month
        where direction = 'arrivals' order by on_time_pct desc
        """
    )
    assert [rank for rank, _ in ranked] == [
        1 + sum(other > share for _, other in ranked) for _, share in ranked
    ]
    assert of_month("on_time_rank", "agg_carrier_month") == (1,)


def test_inherited_and_added_delays_are_the_delays_of_linked_legs() -> None:
    legs = """
        select
            count(*), count(*) filter (where chain_status = 'linked'), sum(inherited_delay_minutes),
            sum(dep_delay_minutes) filter (where chain_status = 'linked' and dep_delay_minutes > 0)
        from marts.fct_flight_rotations
    """
    found = of_month(
        "legs, linked_legs, inherited_delay_minutes, inherited_delay_minutes + added_delay_minutes",
        "agg_carrier_rotation_month",
    )
    assert [found] == query(legs)
    assert 0 < found[1] < found[0]
