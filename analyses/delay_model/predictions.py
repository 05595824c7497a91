"""What was said of each flight, kept as a file, and scored when the truth has come.

    write(said, file)     # Parquet: flight_key, probability, low, high, model_version and when it was said
    audit_model_month(pd.read_parquet(file), read())

A prediction is never changed. The score reads the truth from the mart as it is then: a flight that has none
yet is counted as waiting, a restated month is scored anew.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from analyses.delay_model.data import TARGET, as_floats
from analyses.delay_model.evaluate import drift, score
from analyses.delay_model.train import Model
from ingestion.errors import OntimeError


def predictions(model: Model, frame: pd.DataFrame, inputs: pd.DataFrame) -> pd.DataFrame:
    """A row per flight of `frame`, by its key, with the version of the model that says it."""
    keys = frame[["flight_key", "flight_month", "cutoff_at_utc"]]
    return keys.join(model.predict(inputs)).assign(model_version=model.version)


def write(said: pd.DataFrame, file: Path) -> None:
    """Write Parquet, whole or not at all. Raises OntimeError."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        said.to_parquet(unfinished, index=False)
        unfinished.replace(file)
    except OSError as error:
        raise OntimeError(f"{file}: {error.strerror or error}", "name another file") from None
    finally:
        unfinished.unlink(missing_ok=True)


def audit_model_month(said: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per version of the model and month: how good what it said was, and how far it has drifted.

    Columns: model_version, flight_month, predictions, waiting (without a truth: cancelled, diverted, or not
    loaded), flights, late, said, auc, log_loss, brier, calibration_error, in_interval (share of ten equal
    parts whose true share lies within the mean interval), drift (from the version's first month).
    """
    truth = frame[["flight_key"]].assign(truth=as_floats(frame[TARGET]))
    joined = said.merge(truth, on="flight_key", how="left", validate="many_to_one")
    rows = []
    for version, of_version in joined.groupby("model_version", sort=True):
        months = dict(list(of_version.groupby("flight_month", sort=True)))
        first = next(iter(months.values()))["probability"].to_numpy()
        for month, flights in months.items():
            scored = flights[flights["truth"].notna()]
            row = {
                "model_version": version,
                "flight_month": month,
                "predictions": len(flights),
                "waiting": len(flights) - len(scored),
                "drift": drift(first, flights["probability"].to_numpy()),
            }
            if len(scored):
                row |= vars(score(scored["truth"].to_numpy(), scored["probability"].to_numpy()))
                row["in_interval"] = _in_interval(scored)
            rows.append(row)
    return pd.DataFrame(rows)


def _in_interval(scored: pd.DataFrame) -> float:
    parts = pd.qcut(scored["probability"], 10, labels=False, duplicates="drop")
    means = scored.groupby(parts)[["truth", "low", "high"]].mean()
    return float(np.mean((means["low"] <= means["truth"]) & (means["truth"] <= means["high"])))
