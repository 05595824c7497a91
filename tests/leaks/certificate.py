"""What is certified of flights that are drawn: their features, and what the model says, know nothing later.

For each flight the world is taken as it was known two hours before its scheduled departure: all that happened
or was observed later is deleted. From what is left its features are rebuilt by another path (rebuild.py) and
compared with the mart's, the columns of the model's history with those of the whole world, and the model says
again what it says. Then leaks are planted: features that look ahead have to move when the future is deleted.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.delay_model.data import as_floats, inputs_of
from analyses.delay_model.history import HOUR, LONGEST_HOURS, Moves, history
from analyses.delay_model.train import Model
from tests.leaks.rebuild import LEAKS, Asking, Features, features
from tests.leaks.world import DAY, Known

SAME = 1e-9  # relative: two ways to add up the same numbers
PLANTED_IN = 300  # flights: a leak that none of them betrays is not found
REACH_DAYS = 34  # 28 whole days, the delays of flights that ended in them, and some
SHORT_REACH = 60 * HOUR  # spans of up to a day of the model's history, and the longest delays
KEYS_WITH_LONG_SPANS = ("number", "carrier_to_destination")
PLANTED_IN_MODEL = "departures and arrivals up to the schedule, in the model's history"


@dataclass(frozen=True)
class Certificate:
    """`moved` counts flights by column, `probabilities_moved` those of which the model says another thing.

    `leaks` says of each planted leak in how many of the first flights it was seen.
    """

    flights: int
    columns: int
    moved: dict[str, int]
    model_columns: int
    model_moved: dict[str, int]
    probabilities_moved: int
    leaks: dict[str, int]

    @property
    def holds(self) -> bool:
        return not (self.moved or self.model_moved or self.probabilities_moved) and all(self.leaks.values())

    def __str__(self) -> str:
        found = sum(1 for flights in self.leaks.values() if flights)
        lines = [
            f"flights tested: {self.flights:,}, each at the moment two hours before its schedule",
            f"columns of marts.flight_features: {self.columns}, moved: {len(self.moved)}",
            *(f"  {name}: {count:,} flights" for name, count in self.moved.items()),
            f"columns of the model's history: {self.model_columns}, moved: {len(self.model_moved)}",
            *(f"  {name}: {count:,} flights" for name, count in self.model_moved.items()),
            f"predictions moved: {self.probabilities_moved:,}",
            f"planted leaks found: {found} of {len(self.leaks)}, in {min(self.flights, PLANTED_IN)} flights",
            *(f"  {name}: {count:,} flights" for name, count in self.leaks.items()),
            "certified: nothing knows the future" if self.holds else "NOT certified",
        ]
        return "\n".join(lines)


def certify(world: Known, frame: pd.DataFrame, model: Model, flights: int, seed: int) -> Certificate:
    """Draw so many flights of `frame`, the mart by cutoff, or take all when there are fewer."""
    chosen = np.random.default_rng(seed).permutation(len(frame))[:flights]
    asked = frame.iloc[chosen]
    rebuilt, leaks = _rebuilt(world, asked)
    moved = _moved(asked[list(rebuilt)], rebuilt)

    moves = Moves.of(frame)
    whole = inputs_of(frame).iloc[chosen]
    told = _histories(moves, chosen)
    model_moved = _moved(whole[list(told)], told.set_index(whole.index))
    inputs = whole.assign(**{name: told[name].to_numpy() for name in told})
    inputs = inputs.assign(**{name: rebuilt[name].to_numpy() for name in rebuilt if name in inputs})
    before, after = (model.predict(these)["probability"].to_numpy() for these in (whole, inputs))
    leaks[PLANTED_IN_MODEL] = _seen_in_model(moves, chosen)
    return Certificate(
        flights=len(chosen),
        columns=rebuilt.shape[1],
        moved=moved,
        model_columns=told.shape[1],
        model_moved=model_moved,
        probabilities_moved=int(np.sum(~np.isclose(before, after, rtol=SAME, atol=0))),
        leaks=leaks,
    )


def _rebuilt(world: Known, asked: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """The features from what was known, and of each planted leak how many flights betray it."""
    rows: list[Features] = []
    seen = Counter(dict.fromkeys(LEAKS, 0))
    for place, flight in enumerate(asked.itertuples()):
        asking = _asking(flight)
        around = world.between(asking.cutoff - REACH_DAYS * DAY, asking.cutoff + DAY)
        known = around.at(asking.cutoff)
        rows.append(features(asking, known))
        for name, ways in LEAKS.items() if place < PLANTED_IN else ():
            seen[name] += _differ(features(asking, around, ways), features(asking, known, ways))
    return pd.DataFrame(rows, index=asked.index), dict(seen)


def _asking(flight: Any) -> Asking:
    scheduled = flight.scheduled_departure_at_utc.timestamp() / 60
    month = flight.flight_month
    minutes = flight.scheduled_minutes
    return Asking(
        (month.year - 1970) * 12 + month.month - 1,
        flight.carrier_code,
        flight.origin_airport_code_iata,
        flight.destination_airport_code_iata,
        scheduled,
        np.nan if pd.isna(minutes) else scheduled + minutes,
    )


def _histories(moves: Moves, chosen: NDArray[np.int64]) -> pd.DataFrame:
    """The model's own columns of each flight, from what was known when it asks."""
    found = [
        history(moves[place : place + 1], _near(moves, place).known_by(moves.cutoff[place]))
        for place in chosen
    ]
    return pd.DataFrame({name: np.concatenate([one[name] for one in found]) for name in found[0]})


def _near(moves: Moves, place: int) -> Moves:
    """The flights that the history of one can reach: of the last days all, of longer spans its like."""
    cutoff = moves.cutoff[place]
    first, last = np.searchsorted(
        moves.cutoff, (cutoff - LONGEST_HOURS * HOUR - SHORT_REACH, cutoff + 12 * HOUR)
    )
    like = moves.cutoff[first:last] >= cutoff - SHORT_REACH
    for name in KEYS_WITH_LONG_SPANS:
        like |= moves.keys[name][first:last] == moves.keys[name][place]
    return moves[first:last][like]


def _seen_in_model(moves: Moves, chosen: NDArray[np.int64]) -> int:
    """The model's history as of the schedule: how many flights betray it."""
    seen = 0
    for place in chosen[:PLANTED_IN]:
        near, one = _near(moves, place), moves[place : place + 1]
        ahead = Moves(**(vars(one) | {"cutoff": one.scheduled}))
        whole, known = (history(ahead, those) for those in (near, near.known_by(one.cutoff[0])))
        seen += _differ(
            *({name: float(values[0]) for name, values in found.items()} for found in (whole, known))
        )
    return seen


def _differ(one: Features, other: Features) -> bool:
    before, after = (np.fromiter(those.values(), "float64") for those in (one, other))
    return not np.allclose(before, after, rtol=SAME, atol=SAME, equal_nan=True)


def _moved(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, int]:
    """By column the flights in which it differs; those without any are left out."""
    counts = {}
    for name in before:
        one, other = (as_floats(those[name]) for those in (before, after))
        counts[name] = int(np.sum(~np.isclose(one, other, rtol=SAME, atol=SAME, equal_nan=True)))
    return {name: count for name, count in counts.items() if count}
