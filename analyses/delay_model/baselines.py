"""What is said without learning to speak of: the share of late flights of all, of the hour, of the route."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BASELINES: dict[str, tuple[str, ...]] = {
    "constant": (),
    "hour": ("scheduled_departure_hour_local",),
    "route": ("origin_airport_code_iata", "destination_airport_code_iata"),
}

PRIOR_FLIGHTS = 50  # a route of one flight is neither always late nor never


def baseline(columns: tuple[str, ...], frame: pd.DataFrame, late: Floats, train: NDArray[np.bool_]) -> Floats:
    """The share in the training months for each flight; few flights are drawn to the share of all."""
    overall = float(late[train].mean())
    if not columns:
        return np.full(len(frame), overall)
    key = frame.groupby(list(columns), observed=True, dropna=False).ngroup().to_numpy()
    size = int(key.max()) + 1
    flights = np.bincount(key[train], minlength=size)
    were_late = np.bincount(key[train], weights=late[train], minlength=size)
    shares: Floats = ((were_late + PRIOR_FLIGHTS * overall) / (flights + PRIOR_FLIGHTS))[key]
    return shares
