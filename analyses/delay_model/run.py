"""From the rows of the mart to all that the card tells, for the command, the notebook and the tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyses.delay_model.baselines import BASELINES, baseline
from analyses.delay_model.data import Floats, inputs_of, outcomes
from analyses.delay_model.evaluate import Score, importance, lift, reliability, score
from analyses.delay_model.predictions import audit_model_month, predictions
from analyses.delay_model.split import Split, by_months
from analyses.delay_model.train import TRIALS, Model, Trial, train

MODEL = "the model"


@dataclass(frozen=True)
class Result:
    """`scores`, `parts` and `curves` by name: the model's and the baselines', all of the test months."""

    model: Model
    split: Split
    scores: dict[str, Score]
    parts: dict[str, pd.DataFrame]
    curves: dict[str, pd.DataFrame]
    importances: pd.Series
    said: pd.DataFrame
    months: pd.DataFrame


def learn(frame: pd.DataFrame, split: Split, trials: Sequence[Trial] = TRIALS) -> tuple[Model, pd.DataFrame]:
    """The model, and the inputs of all flights."""
    of_the_mart = inputs_of(frame, with_history=False)
    inputs = inputs_of(frame)
    months = frame["flight_month"]
    return train(inputs, outcomes(frame), months, split, trials, of_the_mart=list(of_the_mart)), inputs


def run(
    frame: pd.DataFrame,
    *,
    trials: Sequence[Trial] = TRIALS,
    split_by: Callable[[pd.DataFrame], Split] = by_months,
    shuffled: int = 5_000,
) -> Result:
    """Learn, and look at the test months once; `shuffled` flights tell which columns matter."""
    split = split_by(frame)
    model, inputs = learn(frame, split, trials)
    late = outcomes(frame)
    truth = late[split.test]
    of_test = frame[split.test]
    said: dict[str, Floats] = {
        name: baseline(columns, frame, late, split.train)[split.test] for name, columns in BASELINES.items()
    }
    said[MODEL] = model.predict(inputs[split.test])["probability"].to_numpy()
    kept = _predictions(model, frame, inputs, of_test)
    return Result(
        model=model,
        split=split,
        scores={name: score(truth, values) for name, values in said.items()},
        parts={name: reliability(truth, said[name]) for name in ("hour", MODEL)},
        curves={name: lift(truth, said[name]) for name in ("hour", MODEL)},
        importances=importance(model, inputs, np.nan_to_num(late), split.test, shuffled),
        said=kept,
        months=audit_model_month(kept, frame),
    )


def _predictions(
    model: Model, frame: pd.DataFrame, inputs: pd.DataFrame, of_test: pd.DataFrame
) -> pd.DataFrame:
    """What is said of all flights of the test's months, and out of fold of the other months, if any.

    Cancelled flights too: two hours before nobody knows.
    """
    at = pd.Timestamp.now("UTC")
    asked = frame["flight_month"].isin(of_test["flight_month"].unique())
    learned = model.out_of_fold[~asked[model.out_of_fold.index]]
    ahead = model.predict(inputs[asked])
    return pd.concat(
        predictions(frame, said, model.version, at, is_training=is_training)
        for said, is_training in ((learned, True), (ahead, False))
    )
