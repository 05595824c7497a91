"""Answers of weather APIs for tests: recorded ones, and others of their form for whatever is asked."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.apis.api import Api, Needed, Question
from ingestion.apis.hours import HOUR, Span
from ingestion.apis.open_meteo import UNITS
from tests.data import data

IEM_PATH = "/cgi-bin/request/asos.py"
OPEN_METEO_PATH = "/v1/archive"
NOW = datetime(2026, 11, 22, 19, 30, tzinfo=UTC)

Query = dict[str, str]


def at(text: str) -> datetime:
    """A moment in UTC, such as `2013-01-01` or `2013-01-01T05`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(first: str, last: str) -> Span:
    return Span(at(first), at(last))


def needed(airport: str, first: str, last: str) -> Needed:
    latitude, longitude = {"JFK": ("40.639751", "-73.778925"), "LGA": ("40.777245", "-73.872608")}.get(
        airport, ("39.0488", "-84.6678")
    )
    return Needed(airport, f"K{airport}", latitude, longitude, at(first), at(last))


def question(api: Api, airport: str, first: str, last: str) -> Question:
    place = api.place(needed(airport, first, last))
    assert place is not None
    return Question(tuple(place.items()), span(first, last))


def recorded(name: str) -> bytes:
    """A recorded body, such as `weather_open_meteo/error_429_day.json`."""
    return data(name).read_bytes()


def hours_of(first: datetime, last: datetime) -> list[datetime]:
    return [first + number * HOUR for number in range((last - first) // HOUR)]


# IEM

IEM_HEADER = "station,valid,tmpf,dwpf,relh,drct,sknt,gust,p01i,mslp,vsby,wxcodes,metar\n"


def iem_row(station: str, moment: datetime) -> str:
    metar = f"K{station} {moment:%d%H%M}Z 09014KT 10SM SCT049 10/06 A2968"
    return f"{station},{moment:%Y-%m-%d %H:%M},50.00,43.00,76.76,90.00,14.00,,T,1004.90,10.00,,{metar}\n"


def iem_answer(query: Query) -> bytes:
    """A report at minute 51 of each hour that is asked for."""
    first, last = (datetime.fromisoformat(query[name]) for name in ("sts", "ets"))
    moments = [hour + timedelta(minutes=51) for hour in hours_of(first, last)]
    return (IEM_HEADER + "".join(iem_row(query["station"], moment) for moment in moments)).encode()


def iem_recorded() -> bytes:
    """The 24 routine reports of Cincinnati on 2024-03-01, as recorded, in the columns that we ask for."""
    lines = recorded("weather_iem_asos/measures-routine.txt").decode().splitlines()
    rows = [line.split("\t") for line in lines if line.startswith("CVG")]
    return (
        IEM_HEADER + "".join(f"{station},{valid},,,,,,,,,,,{metar}\n" for station, valid, metar in rows)
    ).encode()


# Open-Meteo


def open_meteo_object(query: Query) -> dict[str, Any]:
    first = datetime.fromisoformat(query["start_date"])
    last = datetime.fromisoformat(query["end_date"]) + timedelta(days=1)
    hours = hours_of(first, last)
    values: dict[str, list[Any]] = {name: [0.5] * len(hours) for name in UNITS}
    values["time"] = [f"{hour:%Y-%m-%dT%H:%M}" for hour in hours]
    values["cloud_cover"] = [None] * len(hours)
    return {
        "latitude": float(query["latitude"]) + 0.05,
        "longitude": float(query["longitude"]) - 0.05,
        "generationtime_ms": 18.211007118225098,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": 14.0,
        "hourly_units": dict(UNITS),
        "hourly": values,
    }


def open_meteo_answer(query: Query) -> bytes:
    return json.dumps(open_meteo_object(query)).encode()


# NWS


def nws_feature(station: str, moment: datetime) -> dict[str, Any]:
    """An observation, of the form of the recorded ones."""
    address = f"https://api.weather.gov/stations/{station}"
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S+00:00}"
    properties = {
        "@id": f"{address}/observations/{stamp}",
        "station": address,
        "timestamp": stamp,
        "rawMessage": f"{station} {moment:%d%H%M}Z 35005KT 10SM FEW025 21/16 A3005",
        "presentWeather": [],
        "temperature": {"value": 21.1, "unitCode": "wmoUnit:degC", "qualityControl": "V"},
        "windGust": {"value": None, "unitCode": "wmoUnit:km_h-1", "qualityControl": "Z"},
    }
    return {"type": "Feature", "properties": properties}


def nws_page(features: list[dict[str, Any]], next_link: str | None = None) -> bytes:
    page: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    return json.dumps(page | ({"pagination": {"next": next_link}} if next_link else {})).encode()
