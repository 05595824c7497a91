"""How good a probability is: does it order the flights, is it a share, and of which month does it hold."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.inspection import permutation_importance
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from analyses.delay_model.split import Mask
from analyses.delay_model.train import SEED, Model

Floats = NDArray[np.float64]

BINS = 10


@dataclass(frozen=True)
class Score:
    """Of flights whose truth is known. A calibration error of 0.01 is one flight in a hundred."""

    flights: int
    late: float
    said: float
    auc: float
    log_loss: float
    brier: float
    calibration_error: float


def score(late: Floats, probability: Floats) -> Score:
    """AUC is 0.5 for a constant; without a flight of either kind it is not a number."""
    both = 0 < late.mean() < 1
    return Score(
        flights=len(late),
        late=float(late.mean()),
        said=float(probability.mean()),
        auc=float(roc_auc_score(late, probability)) if both else float("nan"),
        log_loss=float(log_loss(late, probability, labels=[0, 1])),
        brier=float(brier_score_loss(late, probability)),
        calibration_error=calibration_error(late, probability),
    )


def reliability(late: Floats, probability: Floats) -> pd.DataFrame:
    """Flights in ten equal parts by what was said: how many, said and true share. Equals stay together."""
    table = pd.DataFrame({"part": parts(probability), "late": late, "said": probability})
    return table.groupby("part").agg(flights=("late", "size"), said=("said", "mean"), late=("late", "mean"))


def parts(probability: Floats) -> NDArray[np.int64]:
    """The part of each flight, by its rank; equals share the first rank, as `rank()` of SQL has it."""
    before = pd.Series(probability).rank(method="min").to_numpy("int64") - 1
    found: NDArray[np.int64] = before * BINS // len(probability)
    return found


def calibration_error(late: Floats, probability: Floats) -> float:
    """Expected calibration error: how far said and true share are apart in a part, on average of flights."""
    table = reliability(late, probability)
    return float(np.average((table["said"] - table["late"]).abs(), weights=table["flights"]))


def lift(late: Floats, probability: Floats) -> pd.DataFrame:
    """Of the flights said to be the likeliest: the share of all flights, and of all late ones among them."""
    order = np.argsort(-probability, kind="stable")
    found = np.cumsum(late[order]) / late.sum()
    at = (np.linspace(0.05, 1, 20) * len(late)).astype(int) - 1
    return pd.DataFrame({"flights": (at + 1) / len(late), "late": found[at]})


def importance(model: Model, inputs: pd.DataFrame, late: Floats, mask: Mask, flights: int) -> pd.Series:
    """How much AUC is lost where a column is shuffled, the largest first; of so many flights, drawn."""
    rows = np.flatnonzero(mask)
    drawn = np.random.default_rng(SEED).choice(rows, min(flights, len(rows)), replace=False)
    found = permutation_importance(
        model.trees, inputs.iloc[drawn][model.columns], late[drawn],
        scoring="roc_auc", n_repeats=1, random_state=SEED,
    )  # fmt: skip
    return pd.Series(found.importances_mean, index=model.columns).sort_values(ascending=False)


def in_bands(probability: Floats) -> Floats:
    """The share of what was said in each band of ten percent, with half a prediction more: none is empty."""
    bands = np.minimum(np.floor(probability * BINS), BINS - 1).astype("int64")
    counts: Floats = np.bincount(bands, minlength=BINS).astype("float64")
    return (counts + 0.5) / (len(probability) + 0.5 * BINS)


def drift(before: Floats, now: Floats) -> float:
    """Population stability index of two such shares: below 0.1 hardly anything moved, above 0.25 much did."""
    return float(np.sum((now - before) * np.log(now / before)))
