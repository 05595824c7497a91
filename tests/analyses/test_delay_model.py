"""The model of delays on three months of the sample: what it learns from, what its card says, and scores."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyses.delay_model.card import TEMPLATE, card, write_card
from analyses.delay_model.data import inputs_of, outcomes, read
from analyses.delay_model.history import HOUR, KEYS, MINUTE, Moves, history
from analyses.delay_model.predictions import audit_model_month, write
from analyses.delay_model.run import MODEL, Result, run
from analyses.delay_model.split import by_months, by_weeks
from analyses.delay_model.train import Trial, code_version
from cli.questions.features import opened_features, write_features
from ingestion.errors import OntimeError
from tests.beginnings import SAMPLE, begin_with
from tests.leaks.certificate import certify
from tests.leaks.world import read_world
from tests.projects import PROJECT

SMALL = {"max_iter": 15, "max_leaf_nodes": 7, "min_samples_leaf": 20}
TRIALS = (
    Trial("features of the mart", history=False, settings=SMALL),
    Trial("with history", history=True, settings=SMALL),
)
CARD = PROJECT / "docs" / "delay_model.md"


@pytest.fixture(scope="module")
def frame(database: str, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    begin_with(SAMPLE, tmp_path_factory.mktemp("sample"))
    return read()


@pytest.fixture(scope="module")
def result(frame: pd.DataFrame) -> Result:
    return run(frame, trials=TRIALS, shuffled=200)


def test_parts_follow_each_other(frame: pd.DataFrame) -> None:
    split = by_months(frame)
    months = [frame["flight_month"][part] for part in (split.train, split.validation, split.test)]
    assert [sorted(part.dt.month.unique()) for part in months] == [[1], [2], [3]]
    assert frame["target_is_late_15"][split.train | split.validation | split.test].notna().all()
    with pytest.raises(OntimeError, match="2 months are too few"):
        by_months(frame[frame["flight_month"].dt.month < 3])
    weeks = by_weeks(frame)
    assert not (weeks.train & weeks.test).any()
    assert set(frame["split"][weeks.test]) == {"test"}


def test_history_counts_what_was_known(frame: pd.DataFrame) -> None:
    """Flight by flight, as one would count by hand, for each key."""
    moves = Moves.of(frame)
    columns = history(moves, moves)
    for place in np.random.default_rng(1).choice(len(frame), 50, replace=False):
        cutoff = moves.cutoff[place]
        for name in KEYS:
            like = moves.keys[name] == moves.keys[name][place]
            for what, at, delay in (
                ("departures", moves.departed, moves.departure_delay),
                ("arrivals", moves.arrived, moves.arrival_delay),
            ):
                for column in [it for it in columns if re.fullmatch(rf"{name}_{what}_\d+h", it)]:
                    since = cutoff - int(re.findall(r"\d+", column)[-1]) * HOUR
                    counted = like & (at + MINUTE <= cutoff) & (at + MINUTE > since)
                    assert columns[column][place] == counted.sum(), column
                    if counted.any():
                        late = (delay[counted] >= 15).mean()
                        assert columns[f"{column}_late"][place] == pytest.approx(late), column
            if f"{name}_waiting" in columns:
                is_due = like & (moves.scheduled <= cutoff) & (moves.scheduled + 6 * HOUR > cutoff)
                waits = is_due & ~(moves.departed + MINUTE <= cutoff)
                minutes = np.sum(cutoff - moves.scheduled[waits]) / MINUTE
                assert columns[f"{name}_waiting"][place] == waits.sum()
                assert columns[f"{name}_waiting_minutes"][place] == minutes


def test_nothing_of_the_outcome_is_an_input(frame: pd.DataFrame) -> None:
    names = set(inputs_of(frame))
    assert not names & {*frame.attrs["targets"], "flight_key", "split", "month_number", "tail_number"}


def test_the_best_of_the_validation_month_is_taken(result: Result, frame: pd.DataFrame) -> None:
    losses = {tried.trial.name: tried.log_loss for tried in result.model.tried}
    assert set(losses) == {trial.name for trial in TRIALS}
    assert losses[result.model.trial.name] == min(losses.values())
    # a test month with other outcomes makes the same model: nothing of it was looked at
    other = frame.copy()
    other.attrs = frame.attrs
    in_test = other["flight_month"].dt.month == 3
    other.loc[in_test, "target_is_late_15"] = ~other.loc[in_test, "target_is_late_15"]
    again = run(other, trials=TRIALS, shuffled=200)
    assert again.model.version == result.model.version
    assert again.said["probability"].equals(result.said["probability"])
    assert again.scores[MODEL].auc == pytest.approx(1 - result.scores[MODEL].auc)


def test_predictions_are_shares_within_their_interval(result: Result, frame: pd.DataFrame) -> None:
    said = result.said
    assert ((said["low"] > 0) & (said["low"] <= said["probability"])).all()
    assert ((said["probability"] <= said["high"]) & (said["high"] < 1)).all()
    assert set(said["model_version"]) == {result.model.version}
    # all flights of the month are asked, those too of which it turned out that they were cancelled
    assert set(said["flight_key"]) == set(frame["flight_key"][frame["flight_month"].dt.month == 3])


def test_what_was_said_is_scored_when_the_truth_comes(
    result: Result, frame: pd.DataFrame, tmp_path: Path
) -> None:
    write(result.said, tmp_path / "said.parquet")
    said = pd.read_parquet(tmp_path / "said.parquet")
    (month,) = audit_model_month(said, frame).itertuples()
    assert month.auc == pytest.approx(result.scores[MODEL].auc)
    assert month.calibration_error == pytest.approx(result.scores[MODEL].calibration_error)
    assert month.flights == result.split.test.sum()
    assert month.drift == 0
    (before,) = audit_model_month(said, frame[frame["flight_month"].dt.month < 3]).itertuples()
    assert before.waiting == before.predictions == len(said)
    # the same flights, said to be later than before: the second month has drifted
    later = said.assign(flight_month=pd.Timestamp("2013-04-01"), probability=said["probability"] ** 0.3)
    assert list(audit_model_month(pd.concat([said, later]), frame)["drift"] > 0.25) == [False, True]


def test_the_card_says_what_the_run_found(result: Result, tmp_path: Path) -> None:
    write_card(result, None, tmp_path / "card.md")
    told = (tmp_path / "card.md").read_text()
    for figure in (result.scores[MODEL].auc, result.scores[MODEL].log_loss, result.scores["hour"].auc):
        assert f"{figure:.4f}" in told
    for plot in re.findall(r"!\[.*\]\((.*)\)", told):
        assert "<svg" in (tmp_path / plot).read_text()
    assert told == card(result, None, "card")
    with pytest.raises(OntimeError, match="missing"):
        write_card(result, None, tmp_path / "missing" / "card.md")


def test_the_card_of_the_project_was_written_by_this_code() -> None:
    """Its words are the template's, and it names the code that is there: else `make delay-model` is due."""
    told = CARD.read_text()
    words = re.split(r"\{\w+\}", TEMPLATE.read_text())
    assert re.fullmatch(".*?".join(map(re.escape, words)), told, re.DOTALL)
    assert f"`{code_version()}`" in told
    for plot in re.findall(r"!\[.*\]\((.*)\)", told):
        assert (CARD.parent / plot).is_file()


def test_a_certificate_finds_what_knows_the_future(result: Result, frame: pd.DataFrame) -> None:
    """All planted leaks are found in a hundred flights, and one in the mart where it is planted there."""
    world = read_world()
    honest = certify(world, frame, result.model, flights=100, seed=1)
    assert honest.holds, honest
    assert (honest.flights, honest.columns, honest.model_columns) == (100, 34, 94)
    leaking = frame.copy()
    leaking.attrs = frame.attrs
    late = outcomes(frame) == 1
    leaking.loc[late, "carrier_waiting_3h"] += 1
    found = certify(world, leaking, result.model, flights=100, seed=1)
    assert not found.holds
    assert set(found.moved) == {"carrier_waiting_3h"}
    assert found.moved["carrier_waiting_3h"] > 0


def test_files_that_are_no_features(tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match=r"missing\.parquet"):
        read(tmp_path / "missing.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(OntimeError, match="does not say what its inputs are"):
        read(tmp_path / "other.parquet")


def test_a_file_of_features_is_read_as_the_mart_is(frame: pd.DataFrame, tmp_path: Path) -> None:
    with opened_features() as features:
        write_features(features, tmp_path / "features.parquet")
    pd.testing.assert_frame_equal(read(tmp_path / "features.parquet"), frame, check_categorical=False)
