"""Weather from APIs in the warehouse: what is asked for, what lands, and what is left for another time."""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import StringIO
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.server.connections import connection
from ingestion.apis.api import Api, Needed, Question
from ingestion.apis.hours import HOUR, floor, length, united
from ingestion.apis.iem import IEM
from ingestion.apis.load import load_answers
from ingestion.apis.missing import Missing, missing
from ingestion.apis.nws import NWS
from ingestion.apis.open_meteo import OPEN_METEO
from ingestion.apis.registry import APIS
from ingestion.progress import PlainProgress
from ingestion.report import LoadReport
from ingestion.sources import SOURCES
from tests.ingestion.site import Site, instead, silence, site, status
from tests.ingestion.support import PROJECT, query, value
from tests.ingestion.weather import (
    IEM_HEADER,
    IEM_PATH,
    NOW,
    OPEN_METEO_PATH,
    Query,
    at,
    iem_answer,
    iem_recorded,
    needed,
    nws_feature,
    nws_page,
    open_meteo_answer,
    open_meteo_object,
    recorded,
)

MINUTE = timedelta(minutes=1)
NWS_PATH = "/stations/KJFK/observations"


@dataclass
class Loading:
    """Loads from a site, into the database of the test. `said` is what the user saw of the last load."""

    web: Site
    cache: Path
    said: str = ""

    def load(self, api: Api, *wanted: Needed, now: datetime = NOW, again: bool = False) -> LoadReport:
        seen = StringIO()
        report = load_answers(
            replace(api, seconds_between=0.0),
            wanted,
            connection("loader").as_psycopg2(),
            PlainProgress(seen),
            self.cache,
            now,
            again,
        )
        self.said = seen.getvalue()
        return report

    def asked(self) -> list[str]:
        """The intervals that IEM was asked for, as `JFK 2013-01-01T00 2013-02-01T00`, since the last call."""
        paths = [heard.path.replace("%3A", ":") for heard in self.web.asked]
        self.web.asked.clear()
        fields = [dict(pair.split("=") for pair in path.partition("?")[2].split("&")) for path in paths]
        return [f"{found['station']} {found['sts'][:13]} {found['ets'][:13]}" for found in fields]


@pytest.fixture
def weather(fresh_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("NETRC", "/nonexistent")
    with site() as web:
        web.answers |= {IEM_PATH: iem_answer, OPEN_METEO_PATH: open_meteo_answer}
        for api in APIS.values():
            monkeypatch.setenv(api.url_variable, web.url("/"))
        yield Loading(web, tmp_path / "cache")


def states(report: LoadReport) -> list[tuple[str, str, int]]:
    return [(file.file_name, file.state, file.rows_landed) for file in report.files]


def requests(source: str) -> list[str]:
    return [request for (request,) in query(f"select request from raw_{source}.files order by file_no")]


def test_reports_and_ledger_are_exact(weather: Loading) -> None:
    """The recorded reports of a day, in the columns of IEM and as it wrote them."""
    weather.web.answers[IEM_PATH] = lambda _: iem_recorded()
    report = weather.load(IEM, needed("CVG", "2024-03-01", "2024-03-02"))
    assert states(report) == [("CVG_2024-03-01T00_2024-03-02T00", "landed", 24)]
    columns = "station, valid, tmpf, dwpf, relh, drct, sknt, gust, p01i, mslp, vsby, wxcodes, metar"
    lines = iem_recorded().decode().splitlines()[1:]
    found = query(f"select record_no, {columns} from raw_iem.asos order by record_no")
    assert [
        (number, *(field or None for field in line.split(","))) for number, line in enumerate(lines, 1)
    ] == found
    account = "dataset, file_name, location, request, rows_seen, rows_landed, rows_rejected"
    assert query(f"select {account} from raw_iem.files") == [
        (
            "asos",
            "CVG_2024-03-01T00_2024-03-02T00",
            weather.web.url(
                f"{IEM_PATH}?station=CVG&data=tmpf,dwpf,relh,drct,sknt,gust,p01i,mslp,vsby,wxcodes,metar"
                "&sts=2024-03-01T00:00:00Z&ets=2024-03-02T00:00:00Z&tz=Etc/UTC&format=onlycomma&missing=empty"
                "&trace=T&latlon=no&elev=no&report_type=3"
            ),
            "airport=CVG&station=CVG&from=2024-03-01T00:00Z&to=2024-03-02T00:00Z",
            24,
            24,
            0,
        )
    ]


def test_modelled_hours(weather: Loading) -> None:
    """Hours that are needed become whole days; numbers land as they were written."""
    weather.web.answers[OPEN_METEO_PATH] = lambda asked: open_meteo_answer(asked).replace(b"0.5,", b"0.50,")
    weather.load(OPEN_METEO, needed("JFK", "2013-03-09T05", "2013-03-10T22"))
    assert query(
        "select count(*), count(distinct time), min(time), max(time), min(temperature_2m), count(cloud_cover)"
        " from raw_open_meteo.archive"
    ) == [(48, 48, "2013-03-09T00:00", "2013-03-10T23:00", "0.5", 0)]
    assert value("select count(*) from raw_open_meteo.archive where temperature_2m = '0.50'") == 47
    assert requests("open_meteo") == [
        "airport=JFK&latitude=40.64&longitude=-73.78&from=2013-03-09T00:00Z&to=2013-03-11T00:00Z"
    ]


def test_the_same_numbers_again_change_nothing(weather: Loading) -> None:
    """Open-Meteo says in each answer how long it took; the rows tell whether an answer is new."""
    weather.load(OPEN_METEO, needed("JFK", "2013-03-09", "2013-03-10"))
    query("update raw_open_meteo.files set request = request || '&forgotten=yes'")
    report = weather.load(OPEN_METEO, needed("JFK", "2013-03-09", "2013-03-10"))
    assert [file.state for file in report.files] == ["already there"]


def test_records_that_cannot_land_are_rejected(weather: Loading) -> None:
    weather.web.answers[IEM_PATH] = lambda asked: iem_answer(asked) + b'JFK,2026-11-01 05:00,"a\n'
    weather.load(IEM, needed("JFK", "2026-11-01", "2026-11-02"))
    assert query("select rows_seen, rows_landed, rows_rejected from raw_iem.files") == [(25, 24, 1)]
    assert query("select record_no, raw_text from raw_iem.rejects") == [(25, 'JFK,2026-11-01 05:00,"a')]


def test_reads_of_a_database_in_the_ledger(weather: Loading) -> None:
    """Left by a database that was declared under the name of the API, before that was refused."""
    weather.load(IEM, needed("JFK", "2013-01-01", "2013-01-02"))
    query(
        "insert into raw_iem.files (file_no, file_id, dataset, file_name, bytes, rows_seen, rows_landed,"
        " rows_rejected, load_id, request) values"
        " (9999, 'x', 'asos', 'asos (whole)', 0, 0, 0, 0, 'x', 'table=asos&read=whole&after=0')"
    )
    assert weather.load(IEM, needed("JFK", "2013-01-01", "2013-01-03")).ok
    assert "warning: raw_iem.files has 1 reads of a database, left alone" in weather.said
    assert weather.asked() == ["JFK 2013-01-01T00 2013-01-02T00", "JFK 2013-01-02T00 2013-01-03T00"]


# Only what is missing


def test_only_missing_hours_are_asked_for(weather: Loading) -> None:
    weather.load(IEM, needed("JFK", "2013-01-10", "2013-01-20"), needed("LGA", "2013-01-10", "2013-01-11"))
    assert weather.asked() == ["JFK 2013-01-10T00 2013-01-20T00", "LGA 2013-01-10T00 2013-01-11T00"]
    report = weather.load(IEM, needed("JFK", "2013-01-10", "2013-01-20"))
    assert (report.files, report.ok, weather.said) == ((), True, "")
    assert str(report).startswith("iem: nothing is missing; 0 rows landed")
    report = weather.load(
        IEM, needed("JFK", "2013-01-01", "2013-01-15T05"), needed("JFK", "2013-01-15", "2013-02-01")
    )
    assert [rows for _, _, rows in states(report)] == [9 * 24, 12 * 24]
    assert weather.asked() == ["JFK 2013-01-01T00 2013-01-10T00", "JFK 2013-01-20T00 2013-02-01T00"]
    assert value("select count(*) from raw_iem.asos where station = 'JFK'") == 31 * 24


def test_years_are_asked_for_one_by_one(weather: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    """They land in batches; here of two."""
    monkeypatch.setattr("ingestion.apis.load._AT_ONCE", 2)
    report = weather.load(IEM, needed("JFK", "2012-12-31T22", "2014-01-01T01"))
    assert weather.asked() == [
        "JFK 2012-12-31T22 2013-01-01T00",
        "JFK 2013-01-01T00 2014-01-01T00",
        "JFK 2014-01-01T00 2014-01-01T01",
    ]
    assert [rows for _, _, rows in states(report)] == [2, 365 * 24, 1]


def test_a_station_without_reports_is_not_asked_again(weather: Loading) -> None:
    """Two answers without rows are two: each is in the ledger with what was asked."""
    weather.web.answers[IEM_PATH] = lambda _: IEM_HEADER.encode()
    wanted = [needed(airport, "2013-01-01", "2013-01-02") for airport in ("JFK", "LGA")]
    report = weather.load(IEM, *wanted)
    assert [(file.state, file.rows_seen) for file in report.files] == [("landed", 0)] * 2
    assert "IEM: JFK_2013-01-01T00_2013-01-02T00: the answer has no rows" in weather.said
    assert weather.load(IEM, *wanted).files == ()


# Hours that are lacking

JANUARY = needed("JFK", "2013-01-01", "2013-02-01")


def without_hours(first: int, last: int) -> Callable[[Query], bytes]:
    """IEM's answer without the reports of hours from `first` up to `last`, counted from its beginning."""

    def answer(asked: Query) -> bytes:
        lines = iem_answer(asked).splitlines(keepends=True)
        return b"".join(lines[: first + 1] + lines[last + 1 :])

    return answer


@pytest.mark.parametrize(("first", "last"), [(300, 686), (358, 744), (0, 386)])
def test_hours_that_are_lacking_are_told_and_asked_again(weather: Loading, first: int, last: int) -> None:
    """In the middle, at the end, at the beginning. They are marked; asked for again on demand."""
    weather.web.answers[IEM_PATH] = without_hours(first, last)
    name = "JFK_2013-01-01T00_2013-02-01T00"
    report = weather.load(IEM, JANUARY)
    assert states(report) == [(name, "landed", 358)]
    warning = f"warning: IEM: {name}: 386 of 744 hours are lacking; `ontime load iem --again` asks again"
    assert warning in weather.said
    assert requests("iem") == [
        "airport=JFK&station=JFK&from=2013-01-01T00:00Z&to=2013-02-01T00:00Z&lacking=386"
    ]

    weather.asked()
    assert weather.load(IEM, JANUARY).files == ()
    report = weather.load(IEM, JANUARY, again=True)
    assert weather.asked() == ["JFK 2013-01-01T00 2013-02-01T00"]
    assert [file.state for file in report.files] == ["already there"]
    assert warning in weather.said

    weather.web.answers[IEM_PATH] = iem_answer
    assert states(weather.load(IEM, JANUARY, again=True)) == [(name, "landed", 744)]
    assert value("select count(distinct valid) from raw_iem.asos") == 744
    weather.asked()
    assert weather.load(IEM, JANUARY, again=True).files == ()
    assert weather.asked() == []


def test_modelled_hours_without_any_value_are_lacking(weather: Loading) -> None:
    """A model that has not come yet is a null in all variables."""

    def answer(asked: Query) -> bytes:
        found = open_meteo_object(asked)
        for name, values in found["hourly"].items():
            if name != "time":
                values[20:] = [None] * 4
        return json.dumps(found).encode()

    weather.web.answers[OPEN_METEO_PATH] = answer
    weather.load(OPEN_METEO, needed("JFK", "2013-03-09", "2013-03-10"))
    assert "4 of 24 hours are lacking; `ontime load open_meteo --again` asks again" in weather.said
    assert requests("open_meteo")[0].endswith("&lacking=4")


def test_observations_that_are_lacking(weather: Loading) -> None:
    weather.web.answers[NWS_PATH] = lambda _: nws_page(
        [nws_feature("KJFK", at("2026-11-20T04") + number * MINUTE) for number in range(61)]
    )
    weather.load(NWS, needed("JFK", "2026-11-20", "2026-11-21"))
    assert "22 of 24 hours are lacking; `ontime load nws --again` asks again" in weather.said
    assert requests("nws")[0].endswith("&lacking=22")


def test_an_answer_of_unknown_length_counts_up_to_its_last_report(weather: Loading) -> None:
    """It may have been cut off at the end of a line; what is behind is asked for by the next load."""
    asked = {"station": "JFK", "sts": "2013-01-01", "ets": "2013-02-01"}
    weather.web.faults[IEM_PATH] = [instead(without_hours(358, 744)(asked))]
    report = weather.load(IEM, JANUARY)
    rest = "JFK_2013-01-15T22_2013-02-01T00"
    assert states(report) == [("JFK_2013-01-01T00_2013-01-15T22", "landed", 358), (rest, "to come", 0)]
    assert report.can_wait
    assert f"IEM: {rest}: nothing of that came, and the server states no length" in weather.said
    weather.asked()
    assert states(weather.load(IEM, JANUARY)) == [(rest, "landed", 386)]
    assert weather.asked() == ["JFK 2013-01-15T22 2013-02-01T00"]
    assert value("select count(distinct valid) from raw_iem.asos") == 744


@pytest.mark.parametrize(("hours", "landed"), [(744, 744), (0, 0)])
def test_an_answer_of_unknown_length_that_is_whole_or_empty(
    weather: Loading, hours: int, landed: int
) -> None:
    asked = {"station": "JFK", "sts": "2013-01-01", "ets": "2013-02-01"}
    weather.web.faults[IEM_PATH] = [instead(without_hours(hours, 744)(asked))]
    report = weather.load(IEM, JANUARY)
    assert (report.ok, report.can_wait, report.rows_landed) == (bool(landed), not landed, landed)
    assert weather.load(IEM, JANUARY).rows_landed == 744 - landed


def test_young_hours_are_left_for_later(weather: Loading) -> None:
    """IEM's are final after a day, Open-Meteo's after seven, and it is asked for whole ones."""
    recent = needed("JFK", "2026-11-14T12", "2026-11-22T19")
    report = weather.load(IEM, recent)
    assert weather.asked() == ["JFK 2026-11-14T12 2026-11-21T19"]
    assert states(report) == [
        ("young hours", "to come", 0),
        ("JFK_2026-11-14T12_2026-11-21T19", "landed", 7 * 24 + 7),
    ]
    assert report.can_wait
    assert "IEM: not asked for, since not final yet: 24 hours at 1 airport" in weather.said
    weather.load(OPEN_METEO, recent)
    assert "Open-Meteo: not asked for, since not final yet: 192 hours at 1 airport" in weather.said
    assert requests("open_meteo") == [
        "airport=JFK&latitude=40.64&longitude=-73.78&from=2026-11-14T00:00Z&to=2026-11-15T00:00Z"
    ]


def test_airports_without_a_place(weather: Loading) -> None:
    """They fail, the others land. IEM knows its stations by name."""
    nowhere = replace(needed("XXX", "2013-01-01", "2013-01-02"), latitude=None)
    report = weather.load(OPEN_METEO, nowhere, needed("JFK", "2013-01-01", "2013-01-02"))
    assert states(report) == [("XXX", "failed", 0), ("JFK_2013-01-01T00_2013-01-02T00", "landed", 24)]
    assert "Open-Meteo: the place is not known of XXX" in weather.said
    assert weather.load(IEM, nowhere).ok


AIRPORTS = st.sampled_from(["JFK", "LGA"])
BOUNDS = st.tuples(st.integers(0, 400), st.integers(1, 100)).map(
    lambda found: (NOW - 400 * HOUR + found[0] * HOUR, NOW - 400 * HOUR + sum(found) * HOUR)
)
NEEDS = st.lists(
    st.tuples(AIRPORTS, BOUNDS).map(
        lambda found: replace(
            needed(found[0], "2013-01-01", "2013-01-02"), from_utc=found[1][0], to_utc=found[1][1]
        )
    ),
    max_size=6,
)


def test_sources_say_which_of_them_are_asked() -> None:
    """`ontime load` asks without importing what asks."""
    assert {name for name, source in SOURCES.items() if source.is_asked} == set(APIS)


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
@given(before=NEEDS, wanted=NEEDS)
def test_missing_is_what_is_needed_and_not_there(
    api: Api, before: list[Needed], wanted: list[Needed]
) -> None:
    """Asked for, too young, too old and landed: together all that is needed, and none of it twice."""
    landed = asked_for(missing(api, before, [], NOW))
    found = missing(api, wanted, landed, NOW)
    for airport in {item.airport for item in wanted}:
        place = tuple((api.place(needed(airport, "2013-01-01", "2013-01-02")) or {}).items())
        parts = [found.to_ask.get(place, []), found.too_young.get(place, []), found.too_old.get(place, [])]
        there = united(question.span for question in landed if question.place == place)
        needs = united(item.span for item in wanted if item.airport == airport)
        whole = united(chain(there, *parts))
        assert sum(map(length, parts), length(there)) == length(whole)
        assert all(any(one.start <= need.start and need.end <= one.end for one in whole) for need in needs)
        bounds = [bound for span in chain(*parts) for bound in (span.start, span.end)]
        assert all(bound == floor(bound, api.unit) for bound in bounds)
        assert all(span.end <= NOW - api.final_after for span in parts[0])
        assert all(span.start >= NOW - api.final_after - api.unit for span in parts[1])
    assert missing(api, wanted, [*landed, *asked_for(found)], NOW).to_ask == {}


def asked_for(found: Missing) -> list[Question]:
    return [Question(place, span) for place, spans in found.to_ask.items() for span in spans]


# Replay


def test_another_warehouse_replays_what_was_asked(weather: Loading) -> None:
    wanted = [needed("JFK", "2012-06-01", "2013-06-01"), needed("LGA", "2013-01-01", "2013-02-01")]
    weather.load(IEM, *wanted)
    before = query("select * from raw_iem.asos order by station, valid")
    assert len(weather.asked()) == 3
    query("drop schema raw_iem cascade")
    report = weather.load(IEM, *wanted)
    assert weather.web.asked == []
    assert report.rows_landed == len(before) == (365 + 31) * 24
    columns = "station, valid, tmpf, p01i, metar"
    assert value(f"select count(*) from (select distinct {columns} from raw_iem.asos) as rows") == len(before)


def test_parts_that_are_kept_are_not_asked_again(weather: Loading) -> None:
    weather.load(IEM, needed("JFK", "2013-01-10", "2013-01-20"))
    query("drop schema raw_iem cascade")
    weather.asked()
    weather.load(IEM, needed("JFK", "2013-01-01", "2013-02-01"))
    assert weather.asked() == ["JFK 2013-01-01T00 2013-01-10T00", "JFK 2013-01-20T00 2013-02-01T00"]
    assert value("select count(distinct valid) from raw_iem.asos") == 31 * 24


@pytest.mark.parametrize("damage", [b"", b"station,valid", b"<html>"])
def test_damaged_answers_are_asked_again(weather: Loading, damage: bytes) -> None:
    wanted = needed("JFK", "2013-01-01", "2013-02-01")
    weather.load(IEM, wanted)
    query("drop schema raw_iem cascade")
    (page,) = weather.cache.glob("answers/iem/*/1.csv")
    page.write_bytes(damage)
    weather.asked()
    assert weather.load(IEM, wanted).ok
    assert weather.asked() == ["JFK 2013-01-01T00 2013-02-01T00"]
    assert page.read_bytes().count(b"\n") == 31 * 24 + 1


def test_answers_that_are_kept_meet_what_is_checked_now(weather: Loading) -> None:
    """An answer that an earlier version let pass, sound by its sha256."""
    wanted = needed("JFK", "2013-01-01", "2013-01-02")
    weather.load(IEM, wanted)
    query("drop schema raw_iem cascade")
    (note,) = weather.cache.glob("answers/iem/*/note.json")
    other = iem_answer({"station": "LGA", "sts": "2013-01-01", "ets": "2013-01-02"})
    note.with_name("1.csv").write_bytes(other)
    pages = [["1.csv", hashlib.sha256(other).hexdigest()]]
    note.write_text(json.dumps(json.loads(note.read_text()) | {"pages": pages}))
    weather.asked()
    assert weather.load(IEM, wanted).ok
    assert len(weather.asked()) == 1
    assert query("select station, count(*) from raw_iem.asos group by 1") == [("JFK", 24)]


def test_answers_of_another_address_are_not_replayed(
    weather: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = needed("JFK", "2013-01-01", "2013-01-02")
    weather.load(IEM, wanted)
    query("drop schema raw_iem cascade")
    monkeypatch.setenv("ONTIME_IEM_URL", weather.web.url("/mirror"))
    weather.web.answers[f"/mirror{IEM_PATH}"] = iem_answer
    weather.asked()
    weather.load(IEM, wanted)
    assert len(weather.asked()) == 1


# Failures


def test_a_request_that_fails_fails_alone(weather: Loading) -> None:
    weather.web.faults[IEM_PATH] = [status(422, recorded("weather_iem_asos/error_422_times.txt"))]
    wanted = [needed(airport, "2013-01-01", "2013-01-02") for airport in ("JFK", "LGA")]
    report = weather.load(IEM, *wanted)
    assert [state for _, state, _ in states(report)] == ["failed", "landed"]
    assert "IEM answers 422 Unprocessable Entity: Invalid times provided." in weather.said
    assert not report.can_wait
    assert weather.load(IEM, *wanted).ok
    assert value("select count(*) from raw_iem.files") == 2


def test_an_answer_that_is_none_is_not_kept(weather: Loading) -> None:
    other = iem_answer({"station": "LGA", "sts": "2013-01-01", "ets": "2013-01-02"})
    weather.web.answers[IEM_PATH] = lambda _: other
    report = weather.load(IEM, needed("JFK", "2013-01-01", "2013-01-02"))
    assert "it has reports of 'LGA', another station" in weather.said
    assert [state for _, state, _ in states(report)] == ["failed"]
    assert list(weather.cache.rglob("*.csv")) == []
    assert value("select count(*) from raw_iem.files") == 0


def test_a_quota_stops_the_asking_and_the_rest_lands(weather: Loading) -> None:
    weather.web.faults[OPEN_METEO_PATH] = [
        lambda _: False,
        status(429, recorded("weather_open_meteo/error_429_day.json")),
    ]
    wanted = needed("JFK", "2010-01-01", "2015-01-01")
    report = weather.load(OPEN_METEO, wanted)
    assert [state for _, state, _ in states(report)] == ["landed", "to come", "to come"]
    assert report.can_wait
    assert "Daily API request limit exceeded. Please try again tomorrow." in weather.said
    assert "Open-Meteo: 3 further requests were not made" in weather.said
    assert len(weather.web.asked) == 2
    assert weather.load(OPEN_METEO, wanted).ok
    assert value("select count(distinct time) from raw_open_meteo.archive") == 1826 * 24


def test_an_api_that_is_down_is_left_alone(weather: Loading) -> None:
    weather.web.faults[IEM_PATH] = [status(500)] * 15
    report = weather.load(IEM, needed("JFK", "2010-01-01", "2015-01-01"))
    assert [state for _, state, _ in states(report)] == ["failed"] * 4
    assert len(weather.web.asked) == 15
    assert "error: IEM: 2 further requests were not made" in weather.said


def test_no_room_for_an_answer(weather: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ingestion.apis.answers.mkdtemp", full)
    report = weather.load(IEM, needed("JFK", "2013-01-01", "2013-01-02"))
    assert [state for _, state, _ in states(report)] == ["failed"]
    assert "the answer cannot be kept: No space left on device" in weather.said


def test_a_key_is_kept_nowhere(weather: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__OPEN_METEO__API_KEY", "very-secret")
    monkeypatch.setenv("ONTIME_OPEN_METEO_URL", weather.web.url("/", user="me:my-word"))
    weather.web.faults[OPEN_METEO_PATH] = [status(500), status(404, b"?")]
    wanted = [needed(airport, "2013-01-01", "2013-01-02") for airport in ("JFK", "LGA")]
    report = weather.load(OPEN_METEO, *wanted)
    assert [state for _, state, _ in states(report)] == ["failed", "landed"]
    assert all("apikey=very-secret" in heard.path for heard in weather.web.asked)
    tables = [
        name for (name,) in query("select tablename from pg_tables where schemaname = 'raw_open_meteo'")
    ]
    rows = [str(query(f"select * from raw_open_meteo.{table}")) for table in tables]
    kept = [file.read_text() for file in weather.cache.rglob("*") if file.is_file()]
    assert len(kept) == 3
    assert not [
        text
        for text in (weather.said, str(report), *rows, *kept)
        if "very-secret" in text or "my-word" in text
    ]


KILLED = """
import sys, time
from pathlib import Path
from ingestion.apis.iem import IEM
from ingestion.apis.load import load_answers
from ingestion.progress import PlainProgress
from tests.ingestion.weather import NOW, needed
from cli.server.connections import connection

wanted = [needed("JFK", "2010-01-01", "2015-01-01")]
loader = connection("loader").as_psycopg2()
load_answers(IEM, wanted, loader, PlainProgress(sys.stdout), Path(sys.argv[1]), NOW)
"""


def test_a_killed_load_goes_on_where_it_was(weather: Loading) -> None:
    """Killed while it waits for the third of five answers; the two that came are not asked for again."""
    weather.web.faults[IEM_PATH] = [lambda _: False, lambda _: False, silence]
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(weather.cache)], cwd=PROJECT)
    while len(weather.web.asked) < 3:
        assert process.poll() is None
    process.kill()
    process.wait()
    weather.asked()
    assert weather.load(IEM, needed("JFK", "2010-01-01", "2015-01-01")).ok
    assert weather.asked() == [f"JFK {year}-01-01T00 {year + 1}-01-01T00" for year in (2012, 2013, 2014)]
    assert query("select count(*), count(distinct valid) from raw_iem.asos") == [(1826 * 24, 1826 * 24)]


# NWS


def test_the_last_days_from_nws(weather: Loading) -> None:
    """Day by day, in pages; what is older than it keeps is told."""
    since = NOW.replace(minute=0)

    def answer(asked: Query) -> bytes:
        first, last = (datetime.fromisoformat(asked[name]) for name in ("start", "end"))
        hours = [since - number * HOUR for number in range(24 * 10)]
        found = [nws_feature("KJFK", hour) for hour in hours if first <= hour <= last]
        return nws_page(found)

    weather.web.answers[NWS_PATH] = answer
    report = weather.load(NWS, needed("JFK", "2026-11-10", "2026-11-21T12"))
    assert report.ok
    assert "NWS: keeps 7 days; older: 140 hours at 1 airport" in weather.said
    assert query("select count(*), count(distinct timestamp), min(timestamp) from raw_nws.observations") == [
        (136, 136, "2026-11-15T20:00:00+00:00")
    ]
    assert len(requests("nws")) == 7
    assert at("2026-11-21T12") - at("2026-11-15T20") == timedelta(hours=136)


def test_pages_that_shrink_land_nothing(weather: Loading) -> None:
    """An observation that is taken away between two pages hides another, so that none of them counts."""

    def answer(asked: Query) -> bytes:
        if "cursor" in asked:
            return nws_page([nws_feature("KJFK", at("2026-11-20T03"))])
        features = [nws_feature("KJFK", at("2026-11-20T04") + number * MINUTE) for number in range(499)]
        return nws_page(features, weather.web.url(f"{NWS_PATH}?cursor=500"))

    weather.web.answers[NWS_PATH] = answer
    report = weather.load(NWS, needed("JFK", "2026-11-20", "2026-11-21"))
    assert [state for _, state, _ in states(report)] == ["failed"]
    assert "page 1 has 499 observations, and more follow: it shrank" in weather.said
    assert value("select count(*) from raw_nws.files") == 0
    assert list(weather.cache.rglob("note.json")) == []
