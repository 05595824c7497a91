"""Every row is accounted for: bad records of every kind are published as rejects, nothing else is lost."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import samples
from tests.ingestion.support import query
from tests.projects import Outcome, copy_project

# What is put between the sound records, and the reason it is to be rejected for. Where its values can be read
# they are what is kept, by column; else the planted text, but where the third entry says otherwise.
Planted = tuple[bytes, str] | tuple[bytes, str, str]

SOUND = b"2013,1,15,1000,1000,0,1300,1300,0,UA,7,N14228,JFK,LAX,320,2475,10,0,2013-01-15T15:00:00Z"
SOUND_FLIGHT = dict(zip(samples.packaged("flights")[0], SOUND.split(b","), strict=True))


def flight(**fields: bytes) -> bytes:
    """A sound flight but for these fields."""
    return b",".join({**SOUND_FLIGHT, **fields}.values())


def not_a(column: str, value: bytes, kind: str) -> Planted:
    return flight(**{column: value}), f"{column} is not {kind}: {value.decode()}"


def not_a_date(year: bytes = b"2013", month: bytes = b"1", day: bytes = b"15") -> Planted:
    given = b"-".join((year, month, day)).decode()
    return flight(year=year, month=month, day=day), f"year, month and day are not a date: {given}"


def missing(column: str, value: bytes = b"") -> Planted:
    return flight(**{column: value}), f"{column} is missing"


CLOCK, MINUTES = "a clock from 0000 to 2400", "a whole number of minutes"

FLIGHTS: list[Planted] = [
    # structure
    (b"2013,1,1", "3 fields, expected 19"),
    (flight() + b",more", "20 fields, expected 19"),
    (b"", "blank line"),
    (flight(tailnum=b"N\x0014"), "NUL byte", flight(tailnum=b"N\\x0014").decode()),
    (flight(tailnum=b'"N14'), "unterminated quote"),
    (flight(tailnum=b'"N14"228'), "text after a closing quote"),
    (flight(tailnum=b"N14\r228"), "bare carriage return"),
    # values
    not_a_date(month=b"2", day=b"30"),
    not_a_date(month=b"13"),
    not_a_date(day=b"155"),
    not_a_date(day=b"0"),
    not_a_date(day=b"5 BC"),
    not_a_date(year=b"MMXIII"),
    not_a_date(year=b"99999"),
    not_a_date(year=b"2103"),
    not_a("flight", b"seven", "a whole number"),
    not_a("flight", b"99999999999", "a whole number"),
    not_a("dep_delay", b"1.5", MINUTES),
    not_a("arr_delay", b"late", MINUTES),
    not_a("air_time", b"0x1F", MINUTES),
    not_a("distance", b"1e3", "a whole number of miles"),
    not_a("sched_dep_time", b"2401", CLOCK),
    not_a("dep_time", b"17300", CLOCK),
    not_a("sched_arr_time", b"1260", CLOCK),
    not_a("arr_time", b"-5", CLOCK),
    not_a("time_hour", b"yesterday", "a timestamp"),
    missing("carrier"),
    missing("carrier", b'""'),
    missing("origin", b"NA"),
    missing("sched_dep_time"),
]
WEATHER: list[Planted] = [
    (b"EWR,2013,1,1,1,warm,26,59,270,10,NA,0,1012,10,2013-01-01T06:00:00Z", "temp is not a number: warm"),
    (b"EWR,2013,1,1,1,39,26,59,270,10,NA,0,1012,10,", "time_hour is missing"),
]
AIRPORTS: list[Planted] = [
    (b"OLY,Olympus,18.65,-133.8,72000,0,N,Mars/Olympus", "tzone is not a time zone: Mars/Olympus"),
    (b"OLY,Olympus,north,-133.8,72000,0,N,America/New_York", "lat is not a latitude: north"),
    (b"OLY,Olympus,95.5,-133.8,72000,0,N,America/New_York", "lat is not a latitude: 95.5"),
    (b",Olympus,18.65,-133.8,72000,0,N,America/New_York", "faa is missing"),
]
PLANES: list[Planted] = [
    (b"NA,2004,Fixed wing multi engine,EMBRAER,EMB-145XR,2,55,NA,Turbo-fan", "tailnum is missing"),
    (b'N1,2004,"Fixed, wing",EMBRAER,EMB-145XR,2,many,NA,Turbo-fan', "seats is not a whole number: many"),
]
AIRLINES: list[Planted] = [(b",Nobody", "carrier is missing"), (b"XX,", "name is missing")]

PLANTED = {
    "flights": FLIGHTS,
    "weather": WEATHER,
    "airports": AIRPORTS,
    "planes": PLANES,
    "airlines": AIRLINES,
}
FIRST, STEP = 3, 2  # the first bad record of a file, and how far the next ones are


def plant(path: Path, bad: list[Planted]) -> int:
    """Put bad records between the sound ones of a file; returns how many sound ones there are."""
    header, *lines = path.read_bytes().splitlines()
    sound = len(lines)
    for place, (record, *_) in enumerate(bad):
        lines.insert(FIRST - 1 + place * STEP, record)
    path.write_bytes(b"".join(line + b"\n" for line in (header, *lines)))
    return sound


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, int]]:
    """The files of the sample with bad records in them, and the number of their sound ones."""
    files = samples.write_sample(tmp_path_factory.mktemp("planted"))
    return {path.stem: (path, plant(path, PLANTED[path.stem])) for path in files}


@pytest.fixture(scope="module")
def built(
    database: str, sound: dict[str, tuple[Path, int]], tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    """They are loaded, built with all tests, and published."""
    project = copy_project(tmp_path_factory.mktemp("audit"), with_tests=True)
    project.load(*(path for path, _ in sound.values()))
    return project.build()


def test_bad_records_do_not_stop_a_build(built: Outcome) -> None:
    assert built.code == 0, built.said


def values(header: Iterable[str], record: bytes) -> dict[str, str]:
    """The values that a record has; an empty text in quotes is one."""
    fields = re.findall(r'(?:^|,)("(?:[^"]|"")*"|[^,]*)', record.decode())
    return {
        column: field.removeprefix('"').removesuffix('"')
        for column, field in zip(header, fields, strict=True)
        if field
    }


def values_of(text: str, record_no: int) -> dict[str, str]:
    kept = json.loads(text)
    del kept["file_no"]
    assert kept.pop("record_no") == record_no
    return dict(kept)


@pytest.mark.parametrize("dataset", PLANTED)
def test_every_bad_record_is_published_with_its_reason(built: Outcome, dataset: str) -> None:
    header = samples.packaged(dataset)[0].keys()
    expected = []
    for place, (record, reason, *text) in enumerate(PLANTED[dataset]):
        record_no = FIRST + place * STEP
        is_read = reason.startswith(tuple(header))
        kept = values(header, record) if is_read else (text or [record.decode()])[0]
        expected.append((record_no, reason, kept))
    rejects = query(
        """
        select record_no, reason, raw_text from marts.audit_rejects
        inner join marts.audit_row_ledger using (source, file_no, file_id)
        where source = 'nycflights13' and file_name = %s
        order by record_no
        """,
        f"{dataset}.csv",
    )
    found = [
        (record_no, reason, values_of(text, record_no) if text.startswith("{") else text)
        for record_no, reason, text in rejects
    ]
    assert found == expected


def test_the_ledger_balances(built: Outcome, sound: dict[str, tuple[Path, int]]) -> None:
    ledger = query(
        """
        select dataset, file_name, rows_seen, rows_published, rows_rejected, rows_duplicate, rows_superseded
        from marts.audit_row_ledger order by dataset
        """
    )
    assert ledger == [
        (dataset, path.name, count + len(PLANTED[dataset]), count, len(PLANTED[dataset]), 0, 0)
        for dataset, (path, count) in sorted(sound.items())
    ]


@pytest.mark.parametrize(
    ("mart", "dataset"),
    [
        ("fct_flights", "flights"),
        ("fct_weather_hourly", "weather"),
        ("dim_aircraft", "planes"),
        ("dim_carriers", "airlines"),
        ("dim_airports", "airports"),
    ],
)
def test_sound_records_of_the_same_files_are_published(
    built: Outcome, sound: dict[str, tuple[Path, int]], mart: str, dataset: str
) -> None:
    expected = {FIRST + place * STEP for place in range(len(PLANTED[dataset]))}
    _, count = sound[dataset]
    published = {
        number
        for (number,) in query(
            f"select source_record_no from marts.{mart} where source_record_no is not null"
        )
    }
    assert published == set(range(1, count + len(expected) + 1)) - expected
