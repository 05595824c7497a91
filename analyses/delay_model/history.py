"""What the day has been like so far: departures, arrivals and waiting flights, as known when a flight asks.

The mart knows the last three hours of the origin, the destination and the carrier. Here are shorter and
longer spans, and what flights have in common beyond that: the route, the number, the carrier at that airport.
All of it follows from rows of the mart alone: a flight left at its schedule and the delay, and that is known
from the minute after on. The tail number is in none of it: the source names the aircraft that flew.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MINUTE, HOUR = 60.0, 3600.0
LATE = 15  # minutes, as the target has it
EXTREME = (-30, 180)  # a single flight that waits a day would make the mean of an hour
GIVEN_UP = 6 * HOUR  # after that a flight that has not left counts as one that waits no more
KEYS_APART = 1e11  # seconds: more than any moment has, so that keys do not touch
MINUTE_ZERO = 22_000_000  # of waiting, in October 2011: sums of whole minutes from there stay exact

ORIGIN, DESTINATION = "origin_airport_code_iata", "destination_airport_code_iata"
KEYS: dict[str, tuple[str, ...]] = {
    "all": (),
    "origin": (ORIGIN,),
    "destination": (DESTINATION,),
    "carrier": ("carrier_code",),
    "route": (ORIGIN, DESTINATION),
    "carrier_at_origin": ("carrier_code", ORIGIN),
    "carrier_to_destination": ("carrier_code", DESTINATION),
    "number": ("carrier_code", "flight_number"),
}

# Hours before the cutoff by key. The long ones are of keys that have few flights a day.
DEPARTURES: dict[str, tuple[int, ...]] = {
    "all": (1, 3, 8),
    "origin": (1, 2, 8),
    "destination": (3, 8),
    "carrier": (1, 8),
    "carrier_at_origin": (1, 3, 8),
    "route": (6, 24),
    "number": (72, 672),
}
ARRIVALS: dict[str, tuple[int, ...]] = {
    "all": (1, 3),
    "origin": (3,),
    "carrier": (3,),
    "carrier_at_origin": (3, 8),
    "destination": (8,),
    "number": (72, 672),
    "carrier_to_destination": (72, 672),
}
WAITING = ("all", "origin", "destination", "carrier", "carrier_at_origin")
LONGEST_HOURS = 672


@dataclass(frozen=True)
class Moves:
    """Flights as arrays of one length. Moments in seconds, delays in minutes; NaN: not yet, or never."""

    keys: dict[str, Codes]
    cutoff: Floats
    scheduled: Floats
    departed: Floats
    departure_delay: Floats
    arrived: Floats
    arrival_delay: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "Moves":
        """The rows of the mart, with codes for what they have in common."""
        scheduled = _seconds(frame["scheduled_departure_at_utc"])
        departure_delay, arrival_delay = (
            frame[f"target_{end}_delay_minutes"].to_numpy(dtype="float64", na_value=np.nan)
            for end in ("dep", "arr")
        )
        minutes = frame["scheduled_minutes"].to_numpy(dtype="float64", na_value=np.nan)
        return cls(
            keys={name: _codes(frame, columns) for name, columns in KEYS.items()},
            cutoff=_seconds(frame["cutoff_at_utc"]),
            scheduled=scheduled,
            departed=scheduled + MINUTE * departure_delay,
            departure_delay=departure_delay,
            arrived=scheduled + MINUTE * (minutes + arrival_delay),
            arrival_delay=arrival_delay,
        )

    def __getitem__(self, chosen: slice | NDArray[np.bool_] | Codes) -> "Moves":
        """Some of the flights."""
        return Moves(
            {name: codes[chosen] for name, codes in self.keys.items()},
            *(
                getattr(self, name)[chosen]
                for name in ("cutoff", "scheduled", "departed", "departure_delay", "arrived", "arrival_delay")
            ),
        )

    def known_by(self, moment: float) -> "Moves":
        """The same flights as they were known at a moment: what happened later is gone."""
        left, landed = (at + MINUTE <= moment for at in (self.departed, self.arrived))
        return replace(
            self,
            departed=np.where(left, self.departed, np.nan),
            departure_delay=np.where(left, self.departure_delay, np.nan),
            arrived=np.where(landed, self.arrived, np.nan),
            arrival_delay=np.where(landed, self.arrival_delay, np.nan),
        )


def history(asking: Moves, others: Moves) -> dict[str, Floats]:
    """The columns, a value for each flight that asks, of what `others` had done by its cutoff."""
    columns: dict[str, Floats] = {}
    for what, spans, at, delay in (
        ("departures", DEPARTURES, others.departed, others.departure_delay),
        ("arrivals", ARRIVALS, others.arrived, others.arrival_delay),
    ):
        known_at = at + MINUTE  # clocks are in whole minutes: within one nobody knows
        measures = np.nan_to_num(np.clip(delay, *EXTREME)), (delay >= LATE).astype("float64")
        for name, hours in spans.items():
            totals = _Totals(others.keys[name], known_at, measures)
            until = totals.up_to(asking.keys[name], asking.cutoff)
            for span in hours:
                since = totals.up_to(asking.keys[name], asking.cutoff - span * HOUR)
                count, minutes, late = (a - b for a, b in zip(until, since, strict=True))
                columns[f"{name}_{what}_{span}h"] = count
                columns[f"{name}_{what}_{span}h_mean_delay"] = _share(minutes, count)
                columns[f"{name}_{what}_{span}h_late"] = _share(late, count)
    return columns | _waiting(asking, others)


def _waiting(asking: Moves, others: Moves) -> dict[str, Floats]:
    """How many were due to leave and have not, and how many minutes they have waited together."""
    columns = {}
    due = others.scheduled
    left = np.fmin(others.departed + MINUTE, due + GIVEN_UP)
    began = due / MINUTE - MINUTE_ZERO
    for name in WAITING:
        come = _Totals(others.keys[name], due, (began,)).up_to(asking.keys[name], asking.cutoff)
        gone = _Totals(others.keys[name], np.maximum(due, left), (began,)).up_to(
            asking.keys[name], asking.cutoff
        )
        count, sum_began = (a - b for a, b in zip(come, gone, strict=True))
        columns[f"{name}_waiting"] = count
        columns[f"{name}_waiting_minutes"] = count * (asking.cutoff / MINUTE - MINUTE_ZERO) - sum_began
    return columns


class _Totals:
    """Running totals of what happened, by key: how often, and of each measure the sum."""

    def __init__(self, key: Codes, at: Floats, measures: tuple[Floats, ...]) -> None:
        happened = ~np.isnan(at)
        places = key[happened] * KEYS_APART + at[happened]
        order = np.argsort(places, kind="stable")
        self.places = places[order]
        zero = np.zeros(1)
        self.sums = [np.concatenate((zero, np.cumsum(m[happened][order]))) for m in measures]

    def up_to(self, key: Codes, moment: Floats) -> list[Floats]:
        """Up to these moments, themselves included."""
        found = np.searchsorted(self.places, key * KEYS_APART + moment, side="right")
        return [found.astype("float64"), *(sums[found] for sums in self.sums)]


def _share(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share


def _codes(frame: pd.DataFrame, columns: tuple[str, ...]) -> Codes:
    """A number for each of the combinations."""
    if not columns:
        return np.zeros(len(frame), dtype="int64")
    codes: Codes = frame.groupby(list(columns), observed=True, dropna=False).ngroup().to_numpy("int64")
    return codes


def _seconds(moments: pd.Series) -> Floats:
    seconds: Floats = moments.to_numpy().astype("datetime64[s]").astype("float64")
    return seconds
