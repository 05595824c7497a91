"""Observations of the last days from the National Weather Service of the United States, as GeoJSON in pages.

Parameters: https://www.weather.gov/documentation/services-web-api
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ingestion.apis.api import Api, Endpoint, Needed, Question, UnfitError
from ingestion.apis.response_body import csv_of, json_answer
from ingestion.forms.exact_json import Number
from ingestion.sources.nws import NWS as SOURCE

LIMIT = 500  # observations on a page; the API allows no more
_COLUMNS = SOURCE.datasets[0].columns
_TEXTS = {"station": "station", "timestamp": "timestamp", "raw_message": "rawMessage"}
_MEASURES = {
    "temperature": "temperature",
    "dewpoint": "dewpoint",
    "wind_direction": "windDirection",
    "wind_speed": "windSpeed",
    "wind_gust": "windGust",
    "sea_level_pressure": "seaLevelPressure",
    "visibility": "visibility",
    "relative_humidity": "relativeHumidity",
    "precipitation_last_hour": "precipitationLastHour",
}


def _place(needed: Needed) -> dict[str, str]:
    """NWS knows stations by their ICAO codes."""
    station = f"K{needed.station}" if len(needed.station) == 3 else needed.station
    return {"airport": needed.airport, "station": station}


def _endpoint(question: Question) -> Endpoint:
    return Endpoint(
        f"stations/{question.fields['station']}/observations",
        {
            "start": f"{question.span.start:%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{question.span.end - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",  # is part of the answer
            "limit": str(LIMIT),
        },
        next_page=_next_page,
    )


def _next_page(page: bytes) -> str | None:
    pagination = json_answer(page, "features").get("pagination")
    link = pagination.get("next") if isinstance(pagination, dict) else None
    return link if isinstance(link, str) and link else None


def _look(page: bytes) -> None:
    features = json_answer(page, "features")["features"]
    if not isinstance(features, list):
        raise UnfitError("its 'features' are no list")
    if not all(
        isinstance(feature, dict) and isinstance(feature.get("properties"), dict) for feature in features
    ):
        raise UnfitError("it has features without properties")


def _rows(question: Question, pages: Sequence[bytes]) -> bytes:
    """One row for each observation, in the order of the pages; one that came twice is one."""
    _check_paging(pages)
    found = [feature["properties"] for page in pages for feature in json_answer(page, "features")["features"]]
    for properties in found:
        _check(question, properties)
    # where observations are added meanwhile, a page ends with what the next one begins with
    observations = dict.fromkeys((properties.get("@id"), (*_row(properties),)) for properties in found)
    identifiers = [identifier for identifier, _ in observations if identifier]
    if len(set(identifiers)) < len(identifiers):
        raise UnfitError("an observation comes twice with different values: it changed while it was read")
    return csv_of(_COLUMNS, [[*row] for _, row in observations])


def _check_paging(pages: Sequence[bytes]) -> None:
    """Raises UnfitError when a page was not full, but observations follow: one may have moved between them.

    Pages are counted by the server from the newest observation on, so that one that is taken away meanwhile
    hides another.
    """
    counts = [len(json_answer(page, "features")["features"]) for page in pages]
    for position, count in enumerate(counts):
        if count < LIMIT and any(counts[position + 1 :]):
            raise UnfitError(f"page {position + 1} has {count} observations, and more follow: it shrank")


def _check(question: Question, properties: Mapping[str, Any]) -> None:
    station, moment = properties.get("station"), properties.get("timestamp")
    if isinstance(station, str) and station.rpartition("/")[2] != question.fields["station"]:
        raise UnfitError(f"it has observations of {station}, another station")
    if not isinstance(moment, str):
        return  # lands, and staging rejects it
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d(?:\.\d+)?(\+00:00|Z)", moment)
    if not found:
        raise UnfitError(f"its times are not UTC: {moment}")
    start, end = (f"{bound:%Y-%m-%dT%H:%M}" for bound in (question.span.start, question.span.end))
    if not start <= found[1] < end:
        raise UnfitError(f"it has an observation of {moment}, which was not asked for")


def _row(properties: Mapping[str, Any]) -> list[str | None]:
    row = {name: _text(properties.get(key)) for name, key in _TEXTS.items()}
    for name, key in _MEASURES.items():
        measure = properties.get(key) or {}
        if not isinstance(measure, dict):
            raise UnfitError(f"its {key} is no measure with a unit")
        row[f"{name}_value"], row[f"{name}_unit"] = (
            _text(measure.get("value")),
            _text(measure.get("unitCode")),
        )
    return [row[name] for name in _COLUMNS]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str | Number):
        return value
    raise UnfitError("it has lists or objects where values are expected")


NWS = Api(
    SOURCE,
    "NWS",
    url="https://api.weather.gov/",
    url_variable="ONTIME_NWS_URL",
    place=_place,
    endpoint=_endpoint,
    look=_look,
    rows=_rows,
    final_after=timedelta(hours=1),  # its documentation: up to 20 minutes late, for quality control
    keeps=timedelta(days=7),
    time_column="timestamp",
    period="day",  # 288 observations at most, one each five minutes: one page
)
