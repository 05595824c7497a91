"""What each API's answer must be, and the rows that it becomes."""

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ingestion.apis.api import Api, CutOffError, Question, UnfitError
from ingestion.apis.iem import IEM
from ingestion.apis.nws import LIMIT, NWS
from ingestion.apis.open_meteo import OPEN_METEO
from ingestion.apis.registry import APIS
from tests.ingestion.weather import (
    IEM_HEADER,
    at,
    iem_answer,
    iem_recorded,
    iem_row,
    needed,
    nws_feature,
    nws_page,
    open_meteo_object,
    question,
    recorded,
)

CINCINNATI = question(IEM, "CVG", "2024-03-01", "2024-03-02")
JFK_DAY = question(OPEN_METEO, "JFK", "2013-03-10", "2013-03-11")  # clocks change in New York
NWS_DAY = question(NWS, "JFK", "2026-11-20", "2026-11-21")


REPORTS = iem_answer(dict(IEM.endpoint(CINCINNATI).params))


def rows(api: Api, asked: Question, *pages: bytes) -> bytes:
    for page in pages:
        api.look(page)
    return api.rows(asked, pages)


def params(api: Api, asked: Question) -> dict[str, Any]:
    return dict(api.endpoint(asked).params)


def refused(api: Api, asked: Question, *pages: bytes | str) -> str:
    """Why an answer is refused; texts are the names of recorded ones."""
    found = [recorded(page) if isinstance(page, str) else page for page in pages]
    with pytest.raises((UnfitError, CutOffError)) as caught:
        rows(api, asked, *found)
    return str(caught.value)


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_requests_say_what_was_asked(api: Api) -> None:
    asked = question(api, "JFK", "2026-11-20", "2026-11-21")
    assert Question.of_request(asked.request) == asked
    assert asked.request.startswith("airport=JFK&")
    assert asked.request.endswith("&from=2026-11-20T00:00Z&to=2026-11-21T00:00Z")
    assert asked.name == "JFK_2026-11-20T00_2026-11-21T00"


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_part_of_an_answer(bom: bytes) -> None:
    assert rows(IEM, CINCINNATI, bom + REPORTS) == REPORTS
    assert rows(OPEN_METEO, JFK_DAY, bom + open_meteo()) == rows(OPEN_METEO, JFK_DAY, open_meteo())
    assert rows(NWS, NWS_DAY, bom + nws()) == rows(NWS, NWS_DAY, nws())


# IEM


def test_iem_recorded_reports_come_byte_for_byte() -> None:
    body = iem_recorded()
    assert body.count(b"\n") == 25
    assert rows(IEM, CINCINNATI, body) == body


def test_iem_is_asked_for_utc() -> None:
    asked = params(IEM, CINCINNATI)
    assert asked == asked | {"station": "CVG", "tz": "Etc/UTC", "format": "onlycomma", "report_type": "3"}
    assert (asked["sts"], asked["ets"]) == ("2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z")


@pytest.mark.parametrize(("station", "known_as"), [("KJFK", "JFK"), ("JFK", "JFK"), ("PHNL", "PHNL")])
def test_iem_stations(station: str, known_as: str) -> None:
    item = needed("XXX", "2024-03-01", "2024-03-02")
    assert IEM.place(type(item)("XXX", station, None, None, item.from_utc, item.to_utc)) == {
        "airport": "XXX",
        "station": known_as,
    }


def test_iem_reports_of_a_day() -> None:
    assert rows(IEM, CINCINNATI, REPORTS).count(b"\n") == 25


def test_iem_lines_that_come_twice_land_once() -> None:
    """Equal lines, or a whole answer twice, cost no hour; two different reports of a time both land."""
    doubled = REPORTS.splitlines(keepends=True)[5]
    assert rows(IEM, CINCINNATI, REPORTS + doubled) == REPORTS
    assert rows(IEM, CINCINNATI, REPORTS + REPORTS) == REPORTS
    mended = doubled.replace(b",50.00,", b",51.00,")
    assert rows(IEM, CINCINNATI, REPORTS + mended) == REPORTS + mended


def test_iem_without_reports() -> None:
    assert rows(IEM, CINCINNATI, IEM_HEADER.encode()) == IEM_HEADER.encode()


def test_iem_records_that_are_malformed_are_left_to_landing() -> None:
    body = iem_recorded() + b"CVG,not a time,,,\nCVG\n"
    assert rows(IEM, CINCINNATI, body) == body


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "ends within the header, after 0 bytes"),
        (IEM_HEADER[:20].encode(), "ends within the header, after 20 bytes"),
        (IEM_HEADER.strip().encode(), "ends within the header, after 72 bytes"),
        (REPORTS[:-9], "ends within a line, after"),
        (b"<!DOCTYPE html><title>Down</title>", "a web page came, not data: 'Down'"),
        (
            "weather_iem_asos/error_503.txt",
            "but with 'ERROR: server over capacity, please try later'",
        ),
        ("weather_iem_asos/warnings.txt", "but with '#DEBUG: Format Typ    -> tdf'"),
        ("weather_iem_asos/asos_csv_sample_JFK_2025.csv", "but with 'station,valid,tmpf,dwpf,relh"),
        (REPORTS.replace(b"CVG,", b"JFK,", 1), "it has reports of 'JFK', another station"),
        (
            REPORTS + iem_row("CVG", at("2024-03-02")).encode(),
            "it has a report of 2024-03-02 00:00, which was not asked for",
        ),
        (
            REPORTS + iem_row("CVG", at("2024-02-29T23")).encode(),
            "it has a report of 2024-02-29 23:00, which was not asked for",
        ),
    ],
    ids=range(11),
)
def test_iem_refusals(body: bytes | str, problem: str) -> None:
    assert problem in refused(IEM, CINCINNATI, body)


def test_iem_local_times_are_refused() -> None:
    """METARs say UTC: on a day of clock change, times of London are of the day that was asked for, too."""
    asked = question(IEM, "JFK", "2024-03-31", "2024-04-01")
    hours = [asked.span.start + timedelta(hours=hour, minutes=51) for hour in range(22)]
    late = [hour if hour.hour < 1 else hour + timedelta(hours=1) for hour in hours]
    local = [
        iem_row("JFK", utc).replace(f"{utc:%Y-%m-%d %H}", f"{zone:%Y-%m-%d %H}")
        for utc, zone in zip(hours, late, strict=True)
    ]
    assert (
        refused(IEM, asked, (IEM_HEADER + "".join(local)).encode())
        == "its times are not UTC, which METARs are in"
    )
    odd = [iem_row("JFK", utc) for utc in hours[1:]]  # one mended report is no reason
    assert rows(IEM, asked, (IEM_HEADER + local[5] + "".join(odd)).encode()).count(b"\n") == 23


# Open-Meteo


def open_meteo(change: Callable[[dict[str, Any]], object] = lambda _: None) -> bytes:
    """The answer for JFK_DAY, with a change."""
    answer = open_meteo_object(params(OPEN_METEO, JFK_DAY))
    change(answer)
    return json.dumps(answer, ensure_ascii=False).encode()


def test_open_meteo_numbers_stay_as_they_are_written() -> None:
    body = (
        open_meteo()
        .replace(b'"temperature_2m": [0.5', b'"temperature_2m": [-0.10')
        .replace(b'"weather_code": [0.5', b'"weather_code": [3')
    )
    lines = list(csv.reader(rows(OPEN_METEO, JFK_DAY, body).decode().splitlines()))
    assert lines[0] == list(OPEN_METEO.source.datasets[0].columns)
    assert lines[1] == ["2013-03-10T00:00", "-0.10", *["0.5"] * 7, "3", ""]
    assert len(lines) == 25
    assert [line[0] for line in lines[1:]] == [f"2013-03-10T{hour:02}:00" for hour in range(24)]


def test_open_meteo_is_asked_for_whole_days_in_utc() -> None:
    asked = params(OPEN_METEO, question(OPEN_METEO, "JFK", "2013-03-09", "2013-03-11"))
    assert asked == asked | {"start_date": "2013-03-09", "end_date": "2013-03-10", "timezone": "GMT"}
    assert (asked["latitude"], asked["longitude"]) == ("40.64", "-73.78")


def test_open_meteo_over_the_date_line() -> None:
    place = (("airport", "XXX"), ("latitude", "0.00"), ("longitude", "179.90"))
    asked = Question(place, JFK_DAY.span)
    answer = open_meteo_object(params(OPEN_METEO, asked)) | {"longitude": -179.95}
    assert rows(OPEN_METEO, asked, json.dumps(answer).encode()).count(b"\n") == 25


def hour_of(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda answer: answer["hourly"][name].__setitem__(2, value)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (open_meteo()[:-1], "is no whole JSON, after"),
        (b"", "is no whole JSON, after 0 bytes"),
        (b"<html><head><title>502</title>", "a web page: '502' came, not data"),
        (b"[]", "it has no 'hourly', but says: []"),
        (b'{"hourly": 1, "hourly": {}}', "a key stands twice in an object of it"),
        (b"[" * 100_000, "it is nested too deep"),
        (
            "weather_open_meteo/error_429_day.json",
            "it has no 'hourly', but says: Daily API request limit",
        ),
        ("weather_open_meteo/error_400_dates.json", "but says: End-date must be larger or equals"),
        ("weather_open_meteo/sample_response_2021.json", "it is of another place: latitude 43.0"),
        (open_meteo(lambda answer: answer.pop("hourly")), "it has no 'hourly', but says: {"),
        (open_meteo(lambda answer: answer.update(hourly=[])), "its 'hourly' is no object"),
        (open_meteo(lambda answer: answer.update(latitude=41.5)), "it is of another place: latitude 41.5"),
        (open_meteo(lambda answer: answer.update(longitude="NaN")), "it is of another place: longitude NaN"),
        (open_meteo(lambda answer: answer.pop("longitude")), "it does not say its longitude"),
        (
            open_meteo(lambda answer: answer.update(timezone="America/New_York", utc_offset_seconds=-18000)),
            "its times are of America/New_York, not UTC",
        ),
        (
            open_meteo(lambda answer: answer.update(timezone="Europe/London")),
            "its times are of Europe/London, not UTC",
        ),
        (
            open_meteo(lambda answer: answer["hourly_units"].update(wind_speed_10m="mp/h")),
            "it has other units than expected: wind_speed_10m mp/h",
        ),
        (open_meteo(lambda answer: answer.pop("hourly_units")), "it has other units than expected: none"),
        (
            open_meteo(lambda answer: answer["hourly"].pop("cloud_cover")),
            "it has other variables than were asked for: dew_point_2m,",
        ),
        (
            open_meteo(lambda answer: [column.pop(2) for column in answer["hourly"].values()]),
            "it has other hours than the 24 that were asked for",
        ),
        (open_meteo(hour_of("time", "2013-03-10T01:00")), "it has other hours than the 24"),
        (
            open_meteo(lambda answer: answer["hourly"]["pressure_msl"].pop()),
            "it has not one value of pressure_msl for each hour",
        ),
        (open_meteo(hour_of("precipitation", float("inf"))), "it has Infinity in place of a number"),
        (open_meteo(hour_of("precipitation", float("nan"))), "it has NaN in place of a number"),
        (open_meteo().decode().encode("utf-16"), "it is no UTF-8 at byte 0"),
        (open_meteo()[:-1] + b"\xc2", "ends within a character, after"),
        (b"busy, please try later", "it is no JSON at character 0, but says: busy, please try later"),
        (open_meteo() + b"{}", "it is no JSON at character"),
        (open_meteo(hour_of("precipitation", "0.5")), "precipitation has values that are no numbers"),
        (open_meteo(hour_of("precipitation", [0.5])), "precipitation has values that are no numbers"),
    ],
    ids=range(30),
)
def test_open_meteo_refusals(body: bytes | str, problem: str) -> None:
    assert problem in refused(OPEN_METEO, JFK_DAY, body)


# NWS


def observations(*hours: int) -> list[dict[str, Any]]:
    return [nws_feature("KJFK", NWS_DAY.span.start + timedelta(hours=hour, minutes=51)) for hour in hours]


def mended(observation: dict[str, Any]) -> dict[str, Any]:
    observation["properties"]["rawMessage"] += " COR"
    return observation


def nws(change: Callable[[dict[str, Any]], object] = lambda _: None) -> bytes:
    """A page with one observation, with a change to its properties."""
    (feature,) = observations(3)
    change(feature["properties"])
    return nws_page([feature])


def test_nws_values_and_units() -> None:
    body = nws_page(observations(5, 4)).replace(b"21.1", b"21.10")
    lines = list(csv.DictReader(rows(NWS, NWS_DAY, body).decode().splitlines()))
    assert [line["timestamp"] for line in lines] == ["2026-11-20T05:51:00+00:00", "2026-11-20T04:51:00+00:00"]
    assert lines[0]["station"] == "https://api.weather.gov/stations/KJFK"
    assert lines[0]["raw_message"].startswith("KJFK 200551Z ")
    assert (lines[0]["temperature_value"], lines[0]["temperature_unit"]) == ("21.10", "wmoUnit:degC")
    assert (lines[0]["wind_gust_value"], lines[0]["wind_gust_unit"]) == ("", "wmoUnit:km_h-1")


def test_nws_observation_without_anything_lands() -> None:
    """As recorded; staging rejects it."""
    body = recorded("weather_nws/stations_observations_missing_value.json")
    assert rows(NWS, NWS_DAY, body).splitlines()[1] == b"," * 20


def test_nws_pages() -> None:
    """A last page may be empty: NWS links to one."""
    full = [
        nws_feature("KJFK", NWS_DAY.span.start + timedelta(minutes=minute)) for minute in range(LIMIT + 3)
    ]
    first, second, last = nws_page(full[:LIMIT]), nws_page(full[LIMIT:]), nws_page([])
    assert rows(NWS, NWS_DAY, first, second, last).count(b"\n") == 1 + LIMIT + 3


def test_nws_observations_that_come_twice_land_once() -> None:
    """On one page or on two: what is added while pages are read moves others to the next page."""
    assert rows(NWS, NWS_DAY, nws_page(observations(5, 4, 5))) == rows(
        NWS, NWS_DAY, nws_page(observations(5, 4))
    )
    full = [
        nws_feature("KJFK", NWS_DAY.span.start + timedelta(minutes=minute)) for minute in range(LIMIT + 3)
    ]
    moved = nws_page(full[:LIMIT]), nws_page(full[LIMIT - 1 :])
    assert rows(NWS, NWS_DAY, *moved) == rows(NWS, NWS_DAY, nws_page(full[:LIMIT]), nws_page(full[LIMIT:]))


def test_nws_is_asked_up_to_the_last_second() -> None:
    asked = params(NWS, NWS_DAY)
    assert (asked["start"], asked["end"]) == ("2026-11-20T00:00:00Z", "2026-11-20T23:59:59Z")


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        (["weather_nws/error_404.json"], "it has no 'features', but says: Not Found"),
        (
            ["weather_nws/error_503.json"],
            "but says: An upstream data source is temporarily unavailable",
        ),
        (
            ["weather_nws/stations_observations_multiple.json"],
            "https://api.weather.gov/stations/KFLL, another",
        ),
        ([nws()[:-1]], "is no whole JSON"),
        ([b'{"features": {}}'], "its 'features' are no list"),
        ([b'{"features": [1]}'], "it has features without properties"),
        ([nws(lambda found: found.update(timestamp="2026-11-21T00:00:00+00:00"))], "which was not asked for"),
        ([nws(lambda found: found.update(timestamp="2026-11-20T03:51:00-05:00"))], "its times are not UTC"),
        ([nws(lambda found: found.update(rawMessage=["a"]))], "lists or objects where values are expected"),
        ([nws(lambda found: found.update(temperature=[1]))], "its temperature is no measure with a unit"),
        (
            [nws_page(observations(5)), nws_page(observations(4))],
            "page 1 has 1 observations, and more follow: it shrank",
        ),
        (
            [nws_page([*observations(5), mended(*observations(5))])],
            "an observation comes twice with different values",
        ),
    ],
    ids=range(12),
)
def test_nws_refusals(pages: list[bytes | str], problem: str) -> None:
    assert problem in refused(NWS, NWS_DAY, *pages)
