"""The rows of marts.flight_features in the order in which flights ask, and what a model learns from."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.delay_model.history import Moves, history
from cli.questions.features import read_features
from ingestion.errors import OntimeError

Floats = NDArray[np.float64]

TARGET = "target_is_late_15"

# A year of training has each month once: the month would stand for the weather of that year.
LEFT_OUT = ("month_number",)


def read(file: Path | None = None) -> pd.DataFrame:
    """Flights by cutoff, from a file of `ontime features` or from the warehouse; `attrs` names the inputs.

    Raises OntimeError where there is neither.
    """
    try:
        frame = read_features() if file is None else pd.read_parquet(file)
    except OSError:
        raise OntimeError(f"{file} cannot be read", "write one: ontime features --to FILE") from None
    if file is not None and "inputs" not in frame.attrs:
        raise OntimeError(f"{file} does not say what its inputs are", "write one: ontime features --to FILE")
    attributes = frame.attrs
    frame = frame.sort_values(["cutoff_at_utc", "flight_key"], ignore_index=True)
    frame.attrs = attributes
    return frame


def inputs_of(frame: pd.DataFrame, *, with_history: bool = True) -> pd.DataFrame:
    """What a model learns from, a row per flight: numbers, and categories for codes."""
    names = [name for name in frame.attrs["inputs"] if name not in LEFT_OUT]
    columns = {
        name: frame[name] if frame[name].dtype == "category" else as_floats(frame[name]) for name in names
    }
    if with_history:
        moves = Moves.of(frame)
        columns |= history(moves, moves)
    return pd.DataFrame(columns, index=frame.index)


def as_floats(column: pd.Series) -> Floats:
    """Numbers and flags, NaN where there is none."""
    values: Floats = column.to_numpy(dtype="float64", na_value=np.nan)
    return values


def outcomes(frame: pd.DataFrame) -> Floats:
    """1 for late, 0 for not, NaN where a flight did not arrive as scheduled."""
    return as_floats(frame[TARGET])
