"""The features of one flight by another path than the models: plain arithmetic over what was known.

`Ways` says how it looks; every other way than USUAL is a mistake that is easily made, and a leak.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.leaks.world import DAY, MEASURES, Floats, Known

QUARTER, STATE, HOUR = 15.0, 180.0, 60.0
CUTOFF = 120.0  # said here once more: taken from the models it would move with them
LATE = 15
HISTORY_DAYS = 28
STATE_REACHES_BACK = 3 * DAY  # into the month before

Features = dict[str, float]
Arrays = dict[str, NDArray[Any]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Ways:
    """Minutes by which it looks beyond the cutoff, and days of the history that are not over."""

    departures_ahead: float = 0
    arrivals_ahead: float = 0
    weather_ahead: float = 0
    waiting_ahead: float = 0
    days_ahead: float = 0


USUAL = Ways()
LEAKS = {
    "departures of the quarter of an hour that is not over": Ways(departures_ahead=QUARTER),
    "departures up to the schedule, not the cutoff": Ways(departures_ahead=CUTOFF),
    "arrivals of the quarter of an hour that is not over": Ways(arrivals_ahead=QUARTER),
    "arrivals up to the schedule": Ways(arrivals_ahead=CUTOFF),
    "who waits at the schedule": Ways(waiting_ahead=CUTOFF),
    "weather at the schedule": Ways(weather_ahead=CUTOFF),
    "weather of the hour after the cutoff": Ways(weather_ahead=HOUR),
    "history with the day of the cutoff": Ways(days_ahead=1),
    "history with the flight's own week": Ways(days_ahead=7),
}


@dataclass(frozen=True)
class Asking:
    """A flight as the timetable has it, in minutes; `month` is counted from 1970."""

    month: int
    carrier: str
    origin: str
    destination: str
    scheduled: float
    scheduled_arrival: float

    @property
    def cutoff(self) -> float:
        return self.scheduled - CUTOFF


def features(asking: Asking, known: Known, ways: Ways = USUAL) -> Features:
    """Columns of the mart that something of the world goes into, by name; NaN for null.

    `known` has the flights from 40 days before the cutoff to the end of the day after it.
    """
    flights = known.flights
    this_month = flights["flight_month"] == asking.month
    seen = this_month | (flights["flight_month"] == asking.month - 1)
    at = {"origin": asking.origin, "destination": asking.destination, "carrier_code": asking.carrier}
    of = {name: seen & (flights[name] == known.codes[code]) for name, code in at.items()}
    found: Features = {}
    found |= _schedule(asking, flights, of, this_month)
    month_begins = float(np.datetime64(asking.month, "M").astype("datetime64[m]").astype("int64"))
    recent = flights["scheduled"] >= month_begins - STATE_REACHES_BACK
    quarter = np.floor(asking.cutoff / QUARTER) * QUARTER
    for subject, moves, ahead in (
        ("origin", "departures", ways.departures_ahead),
        ("destination", "arrivals", ways.arrivals_ahead),
        ("carrier", "departures", ways.departures_ahead),
    ):
        whose = of["carrier_code" if subject == "carrier" else subject] & recent
        found |= _state(subject, moves, flights, whose, quarter + ahead)
        if moves == "departures":
            found[f"{subject}_waiting_3h"] = _waiting(flights, whose, quarter + ways.waiting_ahead)
    for subject, whose in (
        ("carrier", of["carrier_code"]),
        ("route", of["origin"] & of["destination"]),
    ):
        found |= _history(
            subject, flights, whose, np.floor(asking.cutoff / DAY) * DAY + ways.days_ahead * DAY
        )
    for end in ("origin", "destination"):
        found |= _weather(end, known.weather.get(at[end]), asking.cutoff + ways.weather_ahead)
    return found


def _schedule(asking: Asking, flights: Arrays, of: dict[str, Mask], this_month: Mask) -> Features:
    leaves, arrives = (np.floor(flights[name] / HOUR) for name in ("scheduled", "scheduled_arrival"))
    arrival_hour = np.floor(asking.scheduled_arrival / HOUR)
    departures = np.sum(this_month & of["origin"] & (leaves == np.floor(asking.scheduled / HOUR)))
    arrivals = np.sum(this_month & of["destination"] & (arrives == arrival_hour))
    return {
        "origin_departures_in_hour": float(departures),
        "destination_arrivals_in_hour": float(arrivals) if not np.isnan(arrival_hour) else np.nan,
        "scheduled_minutes": asking.scheduled_arrival - asking.scheduled,
    }


def _state(subject: str, moves: str, flights: Arrays, whose: Mask, quarter: float) -> Features:
    at, delay = (
        (flights["departed"], flights["dep_delay_minutes"])
        if moves == "departures"
        else (flights["arrived"], flights["arr_delay_minutes"])
    )
    counted = whose & (at > quarter - STATE) & (at <= quarter)
    if moves == "arrivals":
        counted &= ~np.isnan(delay)
    count, delays = float(np.sum(counted)), delay[counted]
    return {
        f"{subject}_{moves}_3h": count,
        f"{subject}_mean_{moves[:3]}_delay_minutes_3h": _share(float(np.sum(delays)), count),
        f"{subject}_late_{moves}_pct_3h": _share(100 * float(np.sum(delays >= LATE)), count),
    }


def _waiting(flights: Arrays, whose: Mask, quarter: float) -> float:
    due = whose & (flights["scheduled"] <= quarter) & (flights["scheduled"] + STATE > quarter)
    return float(np.sum(due & ~(flights["departed"] <= quarter)))


def _history(subject: str, flights: Arrays, whose: Mask, until: float) -> Features:
    has_arrived = ~np.isnan(flights["arr_delay_minutes"])
    ended_without = (flights["is_cancelled"] == 1) | (flights["is_diverted"] == 1)
    begun = np.where(np.isnan(flights["departed"]), flights["scheduled"], flights["departed"])
    known_at = np.where(has_arrived, flights["arrived"], np.where(ended_without, begun + DAY, np.nan))
    counted = whose & (known_at >= until - HISTORY_DAYS * DAY) & (known_at < until)
    count = float(np.sum(counted))
    is_on_time, delays = flights["is_on_time"][counted], flights["arr_delay_minutes"][counted & has_arrived]
    told = ~np.isnan(is_on_time)
    return {
        f"{subject}_flights_28d": count,
        f"{subject}_cancelled_pct_28d": _share(
            100 * float(np.sum(flights["is_cancelled"][counted] == 1)), count
        ),
        f"{subject}_on_time_pct_28d": _share(100 * float(np.sum(is_on_time[told])), float(np.sum(told))),
        f"{subject}_mean_arr_delay_minutes_28d": _share(float(np.sum(delays)), float(len(delays))),
    }


def _weather(end: str, observations: dict[str, Floats] | None, moment: float) -> Features:
    names = (*MEASURES, "weather_age_minutes")
    if observations is None or not len(observations["observed_at"]):
        return {f"{end}_{name}": np.nan for name in names}
    last = int(np.searchsorted(observations["observed_at"], moment, side="right")) - 1
    if last < 0 or moment - observations["observed_at"][last] > STATE:
        return {f"{end}_{name}": np.nan for name in names}
    values = [observations[name][last] for name in MEASURES]
    return {
        f"{end}_{name}": float(value)
        for name, value in zip(names, (*values, moment - observations["observed_at"][last]), strict=True)
    }


def _share(part: float, whole: float) -> float:
    return float(part) / whole if whole else np.nan
