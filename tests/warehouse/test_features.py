"""flight_features: nothing of the future is in a feature.

Some days of the sample around the ends of three months, all flights and the weather at both ends. The future
is shifted: all that happened after a moment is changed in the raw files, at random, and the features of the
flights that ask up to that moment have to stay. A month knows the one before and no other, so one build tells
of three moments.
"""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.loading.decisions import decide_on
from ingestion.data_file import DataFile
from ingestion.request_text import encode
from ingestion.sources.iem import IEM
from tests import samples
from tests.ingestion.support import land_answer, query, value
from tests.projects import PROJECT, copy_project
from tests.samples import Record

DAY = timedelta(days=1)
# said here once more: a test that took it from the models would not see it shrink
CUTOFF = timedelta(hours=2)

# At no quarter of an hour, so that what happens between two of them matters; in a month's end and beginning.
STATED = ("2013-01-31 21:07", "2013-05-01 15:22", "2013-08-02 11:37")
MOMENTS = tuple(map(datetime.fromisoformat, STATED))
DAYS_AROUND = 2

# Somewhere outside New York, for the weather at the destination.
REPORTING = ("ATL", "BOS", "MIA", "ORD")

DAY = timedelta(days=1)
CUTOFF = timedelta(
    hours=2
)  # said here once more: a test that took it from the models would not see it shrink

Row = dict[str, Any]
Features = dict[str, Row]

MODEL = "models/marts/data_science/flight_features.yml"
STATES = "models/intermediate/features/int_features__states.sql"
HISTORIES = "models/intermediate/features/int_features__histories.sql"
FLIGHTS = "models/intermediate/features/int_features__flights.sql"


def columns_known(*known: str) -> set[str]:
    """Columns of the mart that are known by one of these moments, as its YAML says."""
    (model,) = yaml.safe_load((PROJECT / MODEL).read_text())["models"]
    return {column["name"] for column in model["columns"] if column["config"]["meta"]["known"] in known}


TARGETS = columns_known("never before")
BEFOREHAND = columns_known("schedule", "calendar")
OF_STATES, OF_HISTORIES, OF_WEATHER = (columns_known(known) for known in ("cutoff", "day", "observed"))
CHANGING = OF_STATES | OF_HISTORIES | OF_WEATHER


def moment_near(day: datetime) -> datetime | None:
    """The moment around which a day is loaded, or none."""
    near = (moment for moment in MOMENTS if abs(day - moment) < DAYS_AROUND * DAY)
    return next(near, None)


def days_of(dataset: str) -> list[tuple[datetime, Record]]:
    """The records of a dataset of the sample that are near a moment, each with that moment."""
    records = []
    for record in samples.packaged(dataset):
        moment = moment_near(datetime.fromisoformat("2013-{month:0>2}-{day:0>2} 12:00".format(**record)))
        if moment:
            records.append((moment, dict(record)))
    return records


def observed_at(record: Record) -> datetime:
    """The sample keeps the hour of an observation: it was made at minute 51 at the latest."""
    return datetime.fromisoformat(record["time_hour"].removesuffix("Z")) + timedelta(minutes=51)


def weather(chance: random.Random | None) -> list[Record]:
    """The weather in New York; what was observed after the moments is made up, and not all of it there."""
    records = []
    for moment, record in days_of("weather"):
        if chance and observed_at(record) > moment:
            if chance.random() < 0.2:
                continue
            for column in ("temp", "wind_speed", "wind_gust", "precip", "visib"):
                record[column] = str(chance.randint(1, 40))
        records.append(record)
    return records


def reports(airport: str, chance: random.Random | None) -> list[str]:
    """Reports of another airport, made up, three hours in four; up to the moments always the same."""
    lines = [",".join(IEM.datasets[0].columns)]
    for moment in MOMENTS:
        always = random.Random(f"{airport} {moment}")
        for hour in range(-24 * (DAYS_AROUND + 1), 24 * (DAYS_AROUND + 1)):
            at = moment.replace(minute=53) + timedelta(hours=hour)
            drawn_by = chance if chance and at > moment else always
            drawn = [str(drawn_by.randint(1, 40)) for _ in range(9)]
            if drawn_by.random() < 0.75:
                lines.append(",".join((airport, f"{at:%Y-%m-%d %H:%M}", *drawn, "", "")))
    return lines


def land_reports(folder: Path, chance: random.Random | None) -> None:
    for airport in REPORTING:
        path = folder / f"{airport}.csv"
        path.write_text("".join(f"{line}\n" for line in reports(airport, chance)))
        hours = {"from": "2013-01-01T00:00Z", "to": "2014-01-01T00:00Z"}
        request = encode(airport=airport, station=airport, **hours)
        answer = DataFile(path, path.name, "https://weather.example/", request=request)
        report, said = land_answer(answer, IEM)
        assert report.state == "landed", said


def clock(scheduled: str, delay: int) -> str:
    """A clock of the sample so many minutes after another one; midnight is 2400."""
    hours, minutes = divmod(int(scheduled), 100)
    at = (60 * hours + minutes + delay) % (24 * 60)
    return str(at // 60 * 100 + at % 60 or 2400)


def set_departure(record: Record, delay: int | None) -> None:
    record["dep_delay"] = "" if delay is None else str(delay)
    record["dep_time"] = "" if delay is None else clock(record["sched_dep_time"], delay)


def set_arrival(record: Record, delay: int | None) -> None:
    record["arr_delay"] = record["air_time"] = "" if delay is None else str(delay)
    record["arr_time"] = "" if delay is None else clock(record["sched_arr_time"], delay)


def later_than(moment: datetime, scheduled: datetime, chance: random.Random) -> int:
    """A delay after which something happens after the moment."""
    return max((moment - scheduled) // timedelta(minutes=1) + 1, -15) + chance.randint(0, 180)


def shift_future(record: Record, times: Row, moment: datetime, chance: random.Random) -> None:
    """Changes what happens to a flight after the moment, and nothing that was known by then.

    `times` are the flight's in UTC, before the change. The files do not say when a flight was cancelled or
    diverted: a day after it was to leave, or left, it is known.
    """
    scheduled, left, arrived = (
        times[f"{column}_at_utc"] for column in ("scheduled_departure", "actual_departure", "actual_arrival")
    )
    is_diverted = left is not None and record["arr_delay"] == "NA"
    if (left or scheduled) + DAY <= moment and (left is None or is_diverted):
        return
    if left is not None and left <= moment:
        if is_diverted or arrived > moment:
            diverts = left + DAY > moment and chance.random() < 0.2
            set_arrival(
                record, None if diverts else later_than(moment, times["scheduled_arrival_at_utc"], chance)
            )
        return
    record["tailnum"] = f"N{chance.randint(100, 999)}ZZ"
    if scheduled + DAY > moment and chance.random() < 0.2:
        set_departure(record, None)
        set_arrival(record, None)
        return
    delay = later_than(moment, scheduled, chance)
    set_departure(record, delay)
    in_time = later_than(moment, times["scheduled_arrival_at_utc"], random.Random(0)) - 180
    set_arrival(record, max(delay + chance.randint(-20, 20), in_time))


def features() -> Features:
    """The mart as the last build left it, by flight."""
    names = [
        name
        for (name,) in query(
            """
            select attname from pg_attribute
            where attrelid = 'marts__build.flight_features'::regclass and attnum > 0 order by attnum
            """
        )
    ]
    rows = (dict(zip(names, row, strict=True)) for row in query("select * from marts__build.flight_features"))
    return {row["flight_key"]: row for row in rows}


def cutoff(row: Row) -> datetime:
    moment: datetime = row["scheduled_departure_at_utc"] - CUTOFF
    assert row["cutoff_at_utc"] == moment
    return moment


def changed_columns(before: Features, after: Features, *, after_moment: bool) -> dict[datetime, set[str]]:
    """By moment the columns in which flights differ that ask up to it, or after it: many of either."""
    assert before.keys() == after.keys()
    changed: dict[datetime, set[str]] = {}
    for moment in MOMENTS:
        near = [row for row in before.values() if abs(cutoff(row) - moment) < 2 * DAYS_AROUND * DAY]
        rows = [row for row in near if (cutoff(row) > moment) == after_moment]
        assert len(rows) > 500
        others = (after[row["flight_key"]] for row in rows)
        changed[moment] = {
            column
            for row, other in zip(rows, others, strict=True)
            for column in row
            if row[column] != other[column]
        }
    return changed


class Story:
    """A warehouse whose future can be shifted, and its features as they were before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = copy_project(folder, with_tests=False)
        reference = ("airlines", "airports", "planes")
        self.project.load(
            *(samples.write(folder / f"{name}.csv", samples.packaged(name)) for name in reference)
        )
        self.flights = days_of("flights")
        self.load([record for _, record in self.flights], None)
        self.before = self.build("+flight_features", "+fct_flights")
        columns = ("scheduled_departure", "actual_departure", "scheduled_arrival", "actual_arrival")
        names = [f"{column}_at_utc" for column in columns]
        self.times = {
            record_no: dict(zip(names, row, strict=True))
            for record_no, *row in query(
                f"select source_record_no, {', '.join(names)} from marts__build.fct_flights"
            )
        }

    def shifted(self, seed: int) -> Features:
        """The features in a world that is the same up to the moments, and another one after them."""
        chance = random.Random(seed)
        records = []
        for record_no, (moment, record) in enumerate(self.flights, start=1):
            records.append(dict(record))
            shift_future(records[-1], self.times[record_no], moment, chance)
        self.load(records, chance)
        # hours are missing in it, and it would be held
        newest = "select max(file_no) from raw_nycflights13.files where dataset = 'weather'"
        decide_on(value(newest), "accept", "")
        # what there was no new file for is built already
        return self.build("int_files__versions+,+flight_features")

    def load(self, records: list[Record], chance: random.Random | None) -> None:
        self.project.load(
            samples.write(self.folder / "flights.csv", records),
            samples.write(self.folder / "weather.csv", weather(chance)),
        )
        land_reports(self.folder, chance)

    def build(self, *selected: str) -> Features:
        built = self.project.build("--select", *selected)
        assert built.code == 0, built.said
        return features()


@pytest.fixture(scope="module")
def story(database: str, tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("features"))


def test_features_know_nothing_of_the_future(story: Story) -> None:
    """Takes the first build of a warehouse of its own, and one of other flights."""
    shifted = story.shifted(seed=1)
    past = changed_columns(story.before, shifted, after_moment=False)
    future = changed_columns(story.before, shifted, after_moment=True)
    for moment in MOMENTS:
        assert not past[moment] - TARGETS
        # all that can change does, or the test would prove nothing of it; the schedule stays
        assert future[moment] == CHANGING | TARGETS


def test_leaks_are_found(story: Story) -> None:
    """Mistakes that are easily made, each in other columns. Takes two builds."""
    cutoff, schedule = "flights.cutoff_at_utc", "flights.scheduled_departure_at_utc"
    leaks = (
        *(
            (
                STATES,
                f"then flights.actual_{end}_at_utc + interval '14' minute",
                f"then flights.actual_{end}_at_utc",
            )
            for end in ("departure", "arrival")
        ),
        (HISTORIES, "preceding and interval '1' day preceding", "preceding and current row"),
        (FLIGHTS, f"_airport_code_iata', '{cutoff}')", f"_airport_code_iata', '{schedule}')"),
        (
            FLIGHTS,
            f"is_known_at(end ~ '_weather', '{cutoff}')",
            f"is_known_at(end ~ '_weather', '{schedule}')",
        ),
    )
    with story.project.edited(*leaks):
        before, after = story.shifted(seed=2), story.shifted(seed=3)
    for leaking in changed_columns(before, after, after_moment=False).values():
        assert leaking - TARGETS <= CHANGING
        assert leaking & OF_STATES
        assert leaking & OF_HISTORIES
        assert leaking & OF_WEATHER
