"""A file is believed as far as it earns it: what would take much away is held until somebody decides.

One warehouse, loaded and built a few times; each test looks at what came of one kind of file.
"""

import csv
import gzip
from collections.abc import Iterable
from pathlib import Path

import pytest

from cli.loading.decisions import decide_on
from cli.questions.alarms import MOST, Published, alarms, as_table, published
from ingestion.errors import OntimeError
from ingestion.sources import SOURCES
from tests.archives import Record, archive_records, write_archive, write_csv
from tests.beginnings import NOTHING, begin_with
from tests.data import case, data
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy

BTS = SOURCES["bts"]
CAUSES = "bts_delay_cause_2023Q1_early/Airline_Delay_Cause_2023_01_03_as_of_2023-05.csv.gz"
EXTRACTS = ("second-extract-blanks-the-first", "extract-without-flight-number-doubles")
FLIGHTS_OF_A_CASE = (40, 3, 2, 17, 586, 570)  # ../shared/cases/README.md

WHOLE, SHORT = "as_released.zip", "hundred_rows.zip"


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """What is right, then what would damage it, and the extracts of the cases; one build."""
    folder = tmp_path_factory.mktemp("held")
    project = begin_with(NOTHING, folder)
    records = archive_records()
    carriers = data("bts_lookups/L_UNIQUE_CARRIERS_2021-07.csv")
    project.load(write_archive(folder / WHOLE, records), data(CAUSES), carriers, source=BTS)
    project.load(
        write_archive(folder / SHORT, records[:100]),
        _causes_of_airports(folder, 30),
        _without_clocks(folder / "noon.csv", "2018-05", 37),
        _without_clocks(folder / "four.csv", "2018-07", 4),
        _first_lines(folder, carriers, 500),
        source=BTS,
    )
    for name in EXTRACTS:
        for extract in sorted(case(name).iterdir()):
            project.load(extract, source=BTS)
    for extract in _without_common_key(folder):
        project.load(extract, source=BTS)
    build(project)
    return project


def build(project: ProjectCopy) -> str:
    built = project.build()
    assert built.code == 0, built.said
    return built.said


def _causes_of_airports(folder: Path, count: int) -> Path:
    """The same download for so many airports, as somebody asks for them."""
    with gzip.open(data(CAUSES), "rt", newline="") as file:
        records = list(csv.DictReader(file))
    airports = sorted({record["airport"] for record in records})[:count]
    return write_csv(folder / "thirty.csv", [record for record in records if record["airport"] in airports])


def _of_case(month: str) -> list[Record]:
    """The flights of the first case's whole extract, moved to a month."""
    with min(case(EXTRACTS[0]).iterdir()).open(newline="") as file:
        records: list[Record] = list(csv.DictReader(file))
    for record in records:
        record["FL_DATE"] = record["FL_DATE"].replace("2018-04", month)
    return records


def _without_clocks(path: Path, month: str, count: int) -> Path:
    """Forty flights, of so many of which a clock cannot be read."""
    records = _of_case(month)
    for record in records[-count:]:
        record["CRS_DEP_TIME"] = "noon"
    return write_csv(path, records)


def _first_lines(folder: Path, file: Path, count: int) -> Path:
    cut = folder / "cut_carriers.csv"
    cut.write_text("".join(file.read_text().splitlines(keepends=True)[:count]))
    return cut


def _without_common_key(folder: Path) -> list[Path]:
    """An extract of June that has flight numbers alone, and one that has schedules alone."""
    records = _of_case("2018-06")
    return [
        write_csv(
            folder / f"june_without_{lacking.lower()}.csv",
            [{name: text for name, text in record.items() if name != lacking} for record in records],
        )
        for lacking in ("CRS_DEP_TIME", "FL_NUM")
    ]


def file_no(name: str) -> int:
    return int(value("select file_no from marts.audit_row_ledger where file_name = %s", name))


def held() -> dict[str, tuple[str | None, str]]:
    """Name, months and reason of the files that are held."""
    found = query("select file_name, months, reason from marts.audit_held_files where standing = 'held'")
    return {name: (months, reason) for name, months, reason in found}


def flights_of(month: str) -> tuple[int | None, ...]:
    """Of a month: flights, cancelled, diverted, on time, minutes of delay at departure and arrival."""
    (found,) = query(
        """
        select
            count(*), count(*) filter (where is_cancelled), count(*) filter (where is_diverted),
            count(*) filter (where is_on_time), sum(dep_delay_minutes), sum(arr_delay_minutes)
        from marts.fct_flights where flight_month = %s
        """,
        f"{month}-01",
    )
    return found


def test_what_is_held_and_why(project: ProjectCopy) -> None:
    reasons = held()
    whole, causes = file_no(WHOLE), file_no(Path(CAUSES).name)
    months, reason = reasons.pop(SHORT)
    assert months == "2019-01"
    assert reason.startswith(f"100 rows, file {whole} has 4999; ")
    assert f"origins of file {whole} are missing, such as LGA, JFK" in reason
    months, reason = reasons.pop("thirty.csv")
    assert months == "2023-01, 2023-02, 2023-03"
    assert f"airports of file {causes} are missing, such as " in reason
    clock = "one since crs_dep_time is not a clock from 0000 to 2400: noon"
    assert reasons.pop("noon.csv") == ("2018-05", f"37 of 40 records do not cast, {clock}")
    months, reason = reasons.pop("cut_carriers.csv")
    assert (months, reason.partition(" rows, ")[0]) == (None, "499")
    months, reason = reasons.pop("june_without_fl_num.csv")
    assert months == "2018-06"
    assert reason.endswith(": they share neither flight numbers nor schedules")
    assert not reasons


def test_what_is_held_takes_nothing_away(project: ProjectCopy) -> None:
    assert flights_of("2019-01")[:4] == (4999, *_figures(archive_records()))
    assert flights_of("2018-05") == (0, 0, 0, 0, None, None)
    assert flights_of("2018-06") == FLIGHTS_OF_A_CASE
    assert flights_of("2018-07")[0] == 36
    with gzip.open(data(CAUSES), "rt", newline="") as file:
        published = sum(float(record["arr_flights"] or 0) for record in csv.DictReader(file))
    assert value("select sum(published_flights) from marts.audit_published_agreement") == published


def _figures(records: Iterable[Record]) -> tuple[int, int, int]:
    """Cancelled, diverted, on time."""
    listed = list(records)
    return (
        sum(record["Cancelled"] == "1.00" for record in listed),
        sum(record["Diverted"] == "1.00" for record in listed),
        sum(bool(record["ArrDelay"]) and float(record["ArrDelay"]) < 15 for record in listed),
    )


@pytest.mark.parametrize("month", ["2018-04", "2014-03"])
def test_extracts_are_united_column_by_column(project: ProjectCopy, month: str) -> None:
    """The second file lacks arrivals, or flight numbers: of these it says nothing."""
    assert flights_of(month) == FLIGHTS_OF_A_CASE
    known = "count(flight_number), count(tail_number), count(distinct flight_key)"
    found = query(f"select {known} from marts.fct_flights where flight_month = %s", f"{month}-01")
    assert found == [(40, 40, 40)]


def test_the_ledger_balances_and_says_what_is_held(project: ProjectCopy) -> None:
    counted = "published + rows_duplicate + rows_superseded + rows_rejected + rows_kept_apart + rows_held"
    assert query(f"select * from marts.audit_row_ledger where rows_seen <> rows_{counted}") == []
    of_held = dict(query("select file_name, rows_held from marts.audit_row_ledger where rows_held > 0"))
    assert of_held.keys() == held().keys()
    assert (of_held[SHORT], of_held["noon.csv"]) == (100, 3)


def test_the_table_of_alarms_says_it(project: ProjectCopy) -> None:
    """The most important ten, held files first, in 100 columns; after a publication what it changed."""
    found = alarms()
    names = [alarm.subject.split(" ", 2)[2] for alarm in found if alarm.kind == "held file"]
    assert set(names) == held().keys()
    assert names[0] == "cut_carriers.csv"  # the most rows
    assert (
        found[0].next_command == f"ontime accept {file_no(names[0])}, or: ontime reject {file_no(names[0])}"
    )
    shown = as_table(found)
    assert max(map(len, shown.splitlines())) <= 100
    rejected = next(alarm for alarm in found if alarm.kind == "rejected rows")
    assert (rejected.subject, rejected.months) == (f"file {file_no('four.csv')} four.csv", "2018-07")
    assert rejected.told.startswith("4 of 40 records, one since crs_dep_time is not a clock")
    assert "37 of 40 records do not cast" in " ".join(shown.split())
    assert as_table([]) == ""
    assert "and 2 more" in as_table(found[:1] * (MOST + 2))

    now = published()
    assert now is not None
    assert alarms(now) == []
    nothing_before = Published(frozenset(), frozenset())
    assert alarms(nothing_before) == found


def test_accepted_rejected_accepted_again_and_withdrawn(project: ProjectCopy) -> None:
    """Takes two builds. The ledger of decisions tells the story, and so do the releases."""
    short, whole = file_no(SHORT), file_no(WHOLE)
    said = decide_on(short, "accept", "a strike")
    assert f"file {short} of bts, {SHORT}, counts from the next build on" in said
    build(project)
    assert flights_of("2019-01")[0] == 100
    assert "decided to accept" in decide_on(short, "reject", "no strike")
    decide_on(short, "accept", "")
    for file in (short, whole):
        decide_on(file, "reject", "wrong month")
    build(project)
    assert flights_of("2019-01")[0] == 0

    releases = query(
        """
        select release_no, count(*) from marts.fct_flight_versions
        where flight_month = '2019-01-01' and known_to_utc is not null group by 1 order by 1
        """
    )
    assert [flights for _, flights in releases] == [4999, 100, 4999, 100, 4999]
    decisions = query("select file_no, verdict, remark from raw.decisions order by decision_no")
    assert decisions[:3] == [
        (short, "accept", "a strike"),
        (short, "reject", "no strike"),
        (short, "accept", ""),
    ]
    standing = "select standing, remark, next_command from marts.audit_held_files where file_no = %s"
    assert query(standing, whole) == [("rejected", "wrong month", None)]


def test_there_is_nothing_to_decide_on_a_file_that_is_not_there(project: ProjectCopy) -> None:
    with pytest.raises(OntimeError, match="there is no file 999999"):
        decide_on(999999, "accept", "")
