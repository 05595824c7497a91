"""What was said of each flight, written as the file that `ontime load predictions` lands, and scored.

    write(said, file)     # Parquet: what was said of each flight, by which version and when
    audit_model_month(pd.read_parquet(file), read())

A prediction is never changed. The score reads the truth from the mart as it is then: a flight that has none
yet is no flight of the score, a restated month is scored anew. The mart `audit_model_month` says the same in
SQL, of what was loaded.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analyses.delay_model.data import TARGET, as_floats
from analyses.delay_model.evaluate import drift, in_bands, parts, score
from ingestion.errors import OntimeError

COLUMNS = (
    *("model_version", "flight_key", "flight_month", "predicted_at", "is_training_month"),
    *("probability", "low", "high"),
)


def predictions(
    frame: pd.DataFrame, said: pd.DataFrame, version: str, at: pd.Timestamp, *, is_training: bool
) -> pd.DataFrame:
    """A row per flight of `said` (probability, low, high), whose keys `frame` has under the same index."""
    keys = frame.loc[said.index, ["flight_key", "flight_month"]]
    told = keys.join(said).assign(model_version=version, predicted_at=at, is_training_month=is_training)
    return told[list(COLUMNS)]


def write(said: pd.DataFrame, file: Path) -> None:
    """Write Parquet, whole or not at all; months are dates. Raises OntimeError."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        said.assign(flight_month=said["flight_month"].dt.date).to_parquet(unfinished, index=False)
        unfinished.replace(file)
    except OSError as error:
        raise OntimeError(f"{file}: {error.strerror or error}", "name another file") from None
    finally:
        unfinished.unlink(missing_ok=True)


def audit_model_month(said: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per version of the model and month, with the columns of the mart of that name."""
    truth = frame[["flight_key", "scheduled_departure_at_utc"]].assign(truth=as_floats(frame[TARGET]))
    joined = said.merge(truth, on="flight_key", how="left", validate="many_to_one")
    rows: list[dict[str, Any]] = []
    for version, of_version in joined.groupby("model_version", sort=True):
        months = list(of_version.groupby("flight_month", sort=True))
        learned = [in_bands(_said(flights)) for _, flights in months if flights["is_training_month"].any()]
        rows += (_scored(flights, learned, version, month) for month, flights in months)
    return pd.DataFrame(rows)


def _scored(flights: pd.DataFrame, learned: Sequence[np.ndarray], version: Any, month: Any) -> dict[str, Any]:
    with_truth = flights[flights["truth"].notna()]
    leaves = flights["scheduled_departure_at_utc"].dt.tz_localize("UTC")
    row = {
        "model_version": version,
        "flight_month": month,
        "is_training_month": bool(flights["is_training_month"].any()),
        "predictions": len(flights),
        "predictions_ahead": int((flights["predicted_at"] < leaves).sum()),
        "flights": len(with_truth),
        "drift": drift(np.mean(learned, axis=0), in_bands(_said(flights))) if learned else np.nan,
    }
    if with_truth.empty:
        return row
    found = score(with_truth["truth"].to_numpy(), _said(with_truth))
    return row | {
        "late": int(with_truth["truth"].sum()),
        "late_pct": 100 * found.late,
        "predicted_late_pct": 100 * found.said,
        "auc": found.auc,
        "log_loss": found.log_loss,
        "brier_score": found.brier,
        "calibration_error": found.calibration_error,
        "in_interval_pct": _in_interval_pct(with_truth),
    }


def _in_interval_pct(with_truth: pd.DataFrame) -> float:
    """Of the ten parts those whose true share lies within the mean interval."""
    means = with_truth.groupby(parts(_said(with_truth)))[["truth", "low", "high"]].mean()
    return float(100 * np.mean((means["low"] <= means["truth"]) & (means["truth"] <= means["high"])))


def _said(flights: pd.DataFrame) -> np.ndarray:
    return as_floats(flights["probability"])
