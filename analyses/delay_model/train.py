"""Boosted trees learned on the training months, chosen and calibrated on the validation months.

model = train(inputs, late, split)        # tries each of TRIALS that it is given
model.predict(inputs)                     # a DataFrame: probability, low, high
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from analyses.delay_model.split import Split

Floats = NDArray[np.float64]

SEED = 2013
RESAMPLES = 100
INTERVAL = (5, 95)  # percent
EDGE = 1e-6  # of probabilities: their logit stays finite
CODE = Path(__file__).parent
SAYS_WHAT_IS_SAID = ("data.py", "history.py", "split.py", "train.py")


@dataclass(frozen=True)
class Trial:
    """One way to learn. `history` says whether the columns of history.py are among the inputs."""

    name: str
    history: bool
    settings: dict[str, Any] = field(default_factory=dict)


UNTUNED = Trial("mart's features, untuned", history=False)
TRIALS = (
    UNTUNED,
    Trial("with history, untuned", history=True),
    Trial(
        "with history, many small steps",
        history=True,
        settings={
            "learning_rate": 0.05,
            "max_iter": 300,
            "max_leaf_nodes": 15,
            "min_samples_leaf": 200,
            "l2_regularization": 5.0,
            "max_features": 0.3,
        },
    ),
    Trial(
        "with history, larger trees",
        history=True,
        settings={
            "learning_rate": 0.06,
            "max_iter": 250,
            "max_leaf_nodes": 31,
            "min_samples_leaf": 100,
            "l2_regularization": 5.0,
            "max_features": 0.5,
        },
    ),
)


@dataclass(frozen=True)
class Tried:
    """What a trial came to on the validation months; the trees are kept of the best one."""

    trial: Trial
    auc: float
    log_loss: float


@dataclass(frozen=True)
class Model:
    """`calibrations` are slopes and intercepts of the log-odds: the first counts, others give intervals."""

    trees: HistGradientBoostingClassifier
    columns: list[str]
    calibrations: NDArray[np.float64]
    version: str
    tried: Sequence[Tried]
    trial: Trial

    def predict(self, inputs: pd.DataFrame) -> pd.DataFrame:
        """A row per flight: the probability to be late, and the 90 % interval of it.

        The interval says how sure the calibration is: what other days in the validation months would have
        made of the same score. It does not say whether this flight is late; no interval of 0 and 1 could.
        """
        odds = _log_odds(self.trees.predict_proba(inputs[self.columns])[:, 1])
        slopes, intercepts = self.calibrations.T
        probability = _share(slopes[0] * odds + intercepts[0])
        # a hundred lines for each flight would take memory: at some scores, and between them by interpolation
        places = np.quantile(odds, np.linspace(0, 1, 201))
        low, high = np.percentile(_share(np.outer(places, slopes[1:]) + intercepts[1:]), INTERVAL, axis=1)
        return pd.DataFrame(
            {
                "probability": probability,
                "low": np.minimum(np.interp(odds, places, low), probability),
                "high": np.maximum(np.interp(odds, places, high), probability),
            },
            index=inputs.index,
        )


def train(
    inputs: pd.DataFrame,
    late: Floats,
    days: pd.Series,
    split: Split,
    trials: Sequence[Trial] = TRIALS,
    *,
    of_the_mart: Sequence[str],
) -> Model:
    """The best of the trials by log loss on the validation months, calibrated there; the test stays unseen.

    `of_the_mart` are the columns without history, `days` the date of each flight: the flights of one share
    its weather, so the interval draws days and not flights.
    """
    best: tuple[Tried, HistGradientBoostingClassifier, list[str]] | None = None
    tried = []
    for trial in trials:
        columns = list(inputs) if trial.history else list(of_the_mart)
        trees = HistGradientBoostingClassifier(
            random_state=SEED, early_stopping=False, categorical_features="from_dtype", **trial.settings
        ).fit(inputs.loc[split.train, columns], late[split.train])
        said = trees.predict_proba(inputs.loc[split.validation, columns])[:, 1]
        truth = late[split.validation]
        tried.append(Tried(trial, float(roc_auc_score(truth, said)), float(log_loss(truth, said))))
        if best is None or tried[-1].log_loss < best[0].log_loss:
            best = tried[-1], trees, columns
    assert best is not None, "there is nothing to try"
    won, trees, columns = best
    odds = _log_odds(trees.predict_proba(inputs.loc[split.validation, columns])[:, 1])
    calibrations = np.array(
        list(_calibrations(odds, late[split.validation], days[split.validation].to_numpy()))
    )
    version = _version(inputs.loc[split.train | split.validation, columns], won.trial, split)
    return Model(trees, columns, calibrations, version, tried, won.trial)


def _calibrations(odds: Floats, late: Floats, days: NDArray[Any]) -> Iterator[tuple[float, float]]:
    """Slope and intercept of all days, and then of days that are drawn, each as often as it happens to be."""
    chance = np.random.default_rng(SEED)
    _, day = np.unique(days, return_inverse=True)
    count = int(day.max()) + 1
    for resample in range(RESAMPLES + 1):
        drawn = np.bincount(chance.integers(count, size=count), minlength=count) if resample else None
        weights = None if drawn is None else drawn[day].astype("float64")
        line = LogisticRegression(C=np.inf).fit(odds[:, None], late, sample_weight=weights)
        yield float(line.coef_[0, 0]), float(line.intercept_[0])


def _version(learned_from: pd.DataFrame, trial: Trial, split: Split) -> str:
    """Equal for equal rows, settings, code and library, whoever trains it."""
    digest = hashlib.sha256(json.dumps([asdict(trial), split.says, sklearn.__version__]).encode())
    digest.update(pd.util.hash_pandas_object(learned_from, index=False).to_numpy().tobytes())
    digest.update(code_version().encode())
    return digest.hexdigest()[:12]


def code_version() -> str:
    """Of the modules that decide what is said: a card that names another one tells of another model."""
    texts = ((CODE / name).read_bytes() for name in SAYS_WHAT_IS_SAID)
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]


def _log_odds(probability: Floats) -> Floats:
    clipped = np.clip(probability, EDGE, 1 - EDGE)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


def _share(odds: Floats) -> Floats:
    share: Floats = 1 / (1 + np.exp(-odds))
    return share
