"""Boosted trees: chosen by the validation months, calibrated out of fold, learned from all but the test.

model = train(inputs, late, months, split, of_the_mart=names)    # tries each of TRIALS that it is given
model.predict(inputs)                                            # a DataFrame: probability, low, high
model.out_of_fold                                                # the same of the months that it learned from
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

from analyses.delay_model.split import Mask, Split

Floats = NDArray[np.float64]

SEED = 2013
FOLDS = 3
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
    """What a trial came to on the validation months, learned from the training months alone."""

    trial: Trial
    auc: float
    log_loss: float


@dataclass(frozen=True)
class Model:
    """`calibrations` are slopes and intercepts of the log-odds: the first counts, others give intervals.

    `out_of_fold` has the flights of the months that it learned from, in the columns of `predict`: what trees
    say of each that had not seen its month.
    """

    trees: HistGradientBoostingClassifier
    columns: list[str]
    calibrations: NDArray[np.float64]
    version: str
    tried: Sequence[Tried]
    trial: Trial
    out_of_fold: pd.DataFrame

    def predict(self, inputs: pd.DataFrame) -> pd.DataFrame:
        """A row per flight: the probability to be late, and the 90 % interval of it.

        The interval says how sure the calibration is: what other months would have made of the same score. It
        does not say whether this flight is late; no interval of 0 and 1 could.
        """
        return _calibrated(_odds(self.trees, inputs[self.columns]), self.calibrations, inputs.index)


def train(
    inputs: pd.DataFrame,
    late: Floats,
    months: pd.Series,
    split: Split,
    trials: Sequence[Trial] = TRIALS,
    *,
    of_the_mart: Sequence[str],
) -> Model:
    """The best of the trials by log loss on the validation months, or the only one; the test stays unseen.

    `of_the_mart` are the columns without history, `months` the month of each flight: a month has its own
    weather, so folds are whole months, and the interval draws months and not flights.
    """

    def columns_of(trial: Trial) -> list[str]:
        return list(inputs) if trial.history else list(of_the_mart)

    tried = [_try(it, inputs[columns_of(it)], late, split) for it in trials] if len(trials) > 1 else []
    won = min(tried, key=lambda it: it.log_loss).trial if tried else trials[0]
    columns = columns_of(won)
    inputs = inputs[columns]
    learned_from = split.train | split.validation
    odds = odds_out_of_fold(won, inputs, late, months, learned_from)
    calibrations = np.array(
        list(_calibrations(odds[learned_from], late[learned_from], months[learned_from].to_numpy()))
    )
    said = ~np.isnan(odds)
    return Model(
        trees=_fit(won, inputs[learned_from], late[learned_from]),
        columns=columns,
        calibrations=calibrations,
        version=_version(inputs[learned_from], late[learned_from], won, split),
        tried=tried,
        trial=won,
        out_of_fold=_calibrated(odds[said], calibrations, inputs.index[said]),
    )


def _try(trial: Trial, inputs: pd.DataFrame, late: Floats, split: Split) -> Tried:
    trees = _fit(trial, inputs[split.train], late[split.train])
    said, truth = trees.predict_proba(inputs[split.validation])[:, 1], late[split.validation]
    return Tried(trial, float(roc_auc_score(truth, said)), float(log_loss(truth, said)))


def _fit(trial: Trial, inputs: pd.DataFrame, late: Floats) -> HistGradientBoostingClassifier:
    trees = HistGradientBoostingClassifier(
        random_state=SEED, early_stopping=False, categorical_features="from_dtype", **trial.settings
    )
    return trees.fit(inputs, late)


def odds_out_of_fold(
    trial: Trial, inputs: pd.DataFrame, late: Floats, months: pd.Series, learned_from: Mask
) -> Floats:
    """Log-odds of all flights of the months that are learned from, by trees of the other folds' months.

    NaN of other flights. Months go round: each fold has months of all seasons.
    """
    odds = np.full(len(inputs), np.nan)
    names = np.sort(months[learned_from].unique())
    folds = min(FOLDS, len(names))
    for fold in range(folds):
        in_fold = months.isin(names[fold::folds]).to_numpy()
        others = learned_from & ~in_fold
        odds[in_fold] = _odds(_fit(trial, inputs[others], late[others]), inputs[in_fold])
    return odds


def _calibrations(odds: Floats, late: Floats, months: NDArray[Any]) -> Iterator[tuple[float, float]]:
    """Slope and intercept of all months, and then of months that are drawn, each as often as it comes up."""
    chance = np.random.default_rng(SEED)
    _, month = np.unique(months, return_inverse=True)
    count = int(month.max()) + 1
    for resample in range(RESAMPLES + 1):
        drawn = np.bincount(chance.integers(count, size=count), minlength=count) if resample else None
        weights = None if drawn is None else drawn[month].astype("float64")
        line = LogisticRegression(C=np.inf).fit(odds[:, None], late, sample_weight=weights)
        yield float(line.coef_[0, 0]), float(line.intercept_[0])


def _calibrated(odds: Floats, calibrations: NDArray[np.float64], index: pd.Index) -> pd.DataFrame:
    slopes, intercepts = calibrations.T
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
        index=index,
    )


def _odds(trees: HistGradientBoostingClassifier, inputs: pd.DataFrame) -> Floats:
    return _log_odds(trees.predict_proba(inputs)[:, 1])


def _version(learned_from: pd.DataFrame, late: Floats, trial: Trial, split: Split) -> str:
    """Equal for equal rows, outcomes, settings, code and library, whoever trains it."""
    digest = hashlib.sha256(json.dumps([asdict(trial), split.says, sklearn.__version__]).encode())
    digest.update(pd.util.hash_pandas_object(learned_from, index=False).to_numpy().tobytes())
    digest.update(late.tobytes())
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
