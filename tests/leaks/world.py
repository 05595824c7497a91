"""Flights and weather of the marts as arrays, and as they were known at a moment: later things are gone."""

from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cli.server.roles import connect_reporter

Floats = NDArray[np.float64]

DAY = 1440.0  # all moments are minutes since 1970

FLIGHTS = """
    select
        flight_month, carrier_code, origin_airport_code_iata as origin,
        destination_airport_code_iata as destination,
        extract(epoch from scheduled_departure_at_utc) / 60 as scheduled,
        extract(epoch from scheduled_arrival_at_utc) / 60 as scheduled_arrival,
        extract(epoch from actual_departure_at_utc) / 60 as departed,
        extract(epoch from actual_arrival_at_utc) / 60 as arrived,
        dep_delay_minutes, arr_delay_minutes,
        is_cancelled::integer as is_cancelled, is_diverted::integer as is_diverted,
        is_on_time::integer as is_on_time
    from marts.fct_flights
    where scheduled_departure_at_utc is not null and flight_month = %s
"""

WEATHER = """
    select
        airport_code_iata as airport, extract(epoch from observed_at_utc) / 60 as observed_at,
        temperature_fahrenheit, wind_speed_mph, wind_gust_mph, precipitation_inches, visibility_miles
    from marts.fct_weather_hourly
    where weather_source in ('iem', 'nws', 'nycflights13')
    order by observed_at_utc
"""

TEXTS = ("carrier_code", "origin", "destination")
HAPPENED = ("departed", "arrived", "dep_delay_minutes", "arr_delay_minutes")
ENDED = ("is_cancelled", "is_diverted", "is_on_time")
MEASURES = (
    "temperature_fahrenheit",
    "wind_speed_mph",
    "wind_gust_mph",
    "precipitation_inches",
    "visibility_miles",
)


@dataclass(frozen=True)
class Known:
    """Flights by schedule, an array per column, and the observations of the airports, by time.

    Months are counted from 1970, and `codes` has a number for each carrier and airport: texts compare slowly.
    """

    flights: dict[str, NDArray[Any]]
    weather: dict[str, dict[str, Floats]]
    codes: dict[str, int]

    def between(self, since: float, until: float) -> "Known":
        """The flights that are scheduled in these minutes."""
        first, last = np.searchsorted(self.flights["scheduled"], (since, until), side="left")
        return replace(self, flights={name: values[first:last] for name, values in self.flights.items()})

    def at(self, moment: float) -> "Known":
        """The same as it was known then. The schedule is known beforehand, and stays.

        An arrival is known when it happened. The files do not say when a flight was cancelled or diverted: a
        day after it was to leave, or left, it is known.
        """
        flights = dict(self.flights)
        departed, arrived = flights["departed"], flights["arrived"]
        left, landed = departed <= moment, arrived <= moment
        ended = landed & ~np.isnan(flights["arr_delay_minutes"])
        without_arrival = (flights["is_cancelled"] == 1) | (flights["is_diverted"] == 1)
        begun = np.where(np.isnan(departed), flights["scheduled"], departed)
        ended |= without_arrival & (begun + DAY <= moment)
        for name, known in zip(HAPPENED, (left, landed, left, landed), strict=True):
            flights[name] = np.where(known, flights[name], np.nan)
        for name in ENDED:
            flights[name] = np.where(ended, flights[name], np.nan)
        weather = {}
        for airport, observations in self.weather.items():
            made = int(np.searchsorted(observations["observed_at"], moment, side="right"))
            weather[airport] = {name: values[:made] for name, values in observations.items()}
        return Known(flights, weather, self.codes)


def read_world() -> Known:
    """All flights with a schedule in UTC, and what was measured."""
    with closing(connect_reporter()) as opened:
        opened.set_session(isolation_level="repeatable read", readonly=True)
        with opened.cursor() as cursor:

            def rows(query: str, *values: Any) -> pd.DataFrame:
                cursor.execute(query, values)
                return pd.DataFrame(
                    cursor.fetchall(), columns=[column.name for column in cursor.description or ()]
                )

            months = rows("select distinct flight_month from marts.fct_flights order by 1")["flight_month"]
            flights = pd.concat([rows(FLIGHTS, month) for month in months], ignore_index=True)
            weather = rows(WEATHER)
    flights["flight_month"] = months_since_1970(flights["flight_month"])
    names = sorted(set().union(*(flights[name] for name in TEXTS)))
    codes = {name: code for code, name in enumerate(names)}
    for name in TEXTS:
        flights[name] = flights[name].map(codes)
    for name in flights.columns.difference([*TEXTS, "flight_month"]):
        flights[name] = flights[name].astype("float64")
    for name in weather.columns.difference(["airport"]):
        weather[name] = weather[name].astype("float64")
    flights = flights.sort_values("scheduled", ignore_index=True)
    return Known(
        {str(name): values.to_numpy() for name, values in flights.items()},
        {
            str(airport): {name: group[name].to_numpy() for name in ("observed_at", *MEASURES)}
            for airport, group in weather.groupby("airport")
        },
        codes,
    )


def months_since_1970(days: pd.Series) -> pd.Series:
    """Of days the number of their month."""
    return (pd.to_datetime(days).dt.year - 1970) * 12 + pd.to_datetime(days).dt.month - 1
