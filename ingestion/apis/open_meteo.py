"""Modelled weather of each hour at a place, from Open-Meteo's archive: JSON with an array for each variable.

Parameters: https://open-meteo.com/en/docs/historical-weather-api
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ingestion.apis.api import Api, Endpoint, Needed, Question, UnfitError
from ingestion.apis.hours import DAY, HOUR, Span, length
from ingestion.apis.response_body import csv_of, json_answer
from ingestion.forms.exact_json import Number
from ingestion.sources.open_meteo import OPEN_METEO as SOURCE

UNITS = {
    "time": "iso8601",
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "dew_point_2m": "°C",
    "precipitation": "mm",
    "wind_speed_10m": "km/h",
    "wind_direction_10m": "°",
    "wind_gusts_10m": "km/h",
    "pressure_msl": "hPa",
    "weather_code": "wmo code",
    "cloud_cover": "%",
}
_COLUMNS = SOURCE.datasets[0].columns
_UTC = ("GMT", "UTC")
_FARTHEST = 0.5  # degrees from the place to the cell of the model that answers; cells are up to 0.25 wide


def _place(needed: Needed) -> dict[str, str] | None:
    """Hundredths of a degree: models are coarser, and a better survey of an airport makes no other place."""
    if needed.latitude is None or needed.longitude is None:
        return None
    latitude, longitude = float(needed.latitude), float(needed.longitude)
    return {"airport": needed.airport, "latitude": f"{latitude:.2f}", "longitude": f"{longitude:.2f}"}


def _endpoint(question: Question) -> Endpoint:
    return Endpoint(
        "v1/archive",
        {
            "latitude": question.fields["latitude"],
            "longitude": question.fields["longitude"],
            "start_date": f"{question.span.start:%Y-%m-%d}",
            "end_date": f"{question.span.end - DAY:%Y-%m-%d}",  # is part of what is asked for
            "hourly": ",".join(_COLUMNS[1:]),
            "timezone": "GMT",
        },
    )


def _look(page: bytes) -> None:
    if not isinstance(json_answer(page, "hourly")["hourly"], dict):
        raise UnfitError("its 'hourly' is no object")


def _rows(question: Question, pages: Sequence[bytes]) -> bytes:
    """One row for each hour that was asked for, 24 a day."""
    (page,) = pages
    answer = json_answer(page, "hourly")
    _check_place(question, answer)
    if answer.get("utc_offset_seconds") != "0" or answer.get("timezone") not in _UTC:
        raise UnfitError(f"its times are of {answer.get('timezone')}, not UTC")
    if answer.get("hourly_units") != UNITS:
        raise UnfitError(f"it has other units than expected: {_differing(answer.get('hourly_units'))}")
    hourly = answer["hourly"]
    if sorted(hourly) != sorted(_COLUMNS):
        raise UnfitError(f"it has other variables than were asked for: {', '.join(sorted(hourly))}")
    hours = _hours(question.span)
    if hourly["time"] != hours:
        raise UnfitError(f"it has other hours than the {len(hours):,} that were asked for")
    for name in _COLUMNS[1:]:
        _check_values(name, hourly[name], len(hours))
    return csv_of(_COLUMNS, [list(row) for row in zip(*(hourly[name] for name in _COLUMNS), strict=True)])


def _hours(span: Span) -> list[str]:
    return [f"{span.start + number * HOUR:%Y-%m-%dT%H:%M}" for number in range(length([span]) // HOUR)]


def _check_place(question: Question, answer: dict[str, Any]) -> None:
    for axis in ("latitude", "longitude"):
        try:
            away = abs(float(answer[axis]) - float(question.fields[axis]))
        except (KeyError, TypeError, ValueError):
            raise UnfitError(f"it does not say its {axis}") from None
        if not min(away, 360 - away) <= _FARTHEST:
            raise UnfitError(f"it is of another place: {axis} {answer[axis]}")


def _differing(units: Any) -> str:
    if not isinstance(units, dict):
        return "none"
    return ", ".join(f"{name} {units.get(name)}" for name, unit in UNITS.items() if units.get(name) != unit)


def _check_values(name: str, values: Any, count: int) -> None:
    if not isinstance(values, list) or len(values) != count:
        raise UnfitError(f"it has not one value of {name} for each hour")
    if not all(value is None or isinstance(value, Number) for value in values):
        raise UnfitError(f"{name} has values that are no numbers")


OPEN_METEO = Api(
    SOURCE,
    "Open-Meteo",
    url="https://archive-api.open-meteo.com/",
    url_variable="ONTIME_OPEN_METEO_URL",
    place=_place,
    endpoint=_endpoint,
    look=_look,
    rows=_rows,
    # Of the models that it blends, ERA5 comes last, with five days delay (its documentation, "Data Sources");
    # two more days for a late one
    final_after=timedelta(days=7),
    unit=DAY,
    time_column="time",
    key="sources.open_meteo.api_key",
    customer_url="https://customer-archive-api.open-meteo.com/",
)
