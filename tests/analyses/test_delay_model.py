"""The model of delays on three months of the sample: what it learns from, what its card says, and scores."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyses.delay_model.card import TEMPLATE, card, write_card
from analyses.delay_model.data import inputs_of, outcomes, read
from analyses.delay_model.evaluate import drift, in_bands, parts
from analyses.delay_model.history import HOUR, KEYS, MINUTE, Moves, history
from analyses.delay_model.predictions import audit_model_month, write
from analyses.delay_model.run import MODEL, Result, run
from analyses.delay_model.split import by_months, by_weeks
from analyses.delay_model.train import Trial, code_version, odds_out_of_fold
from cli.questions.features import opened_features, write_features
from ingestion.errors import OntimeError
from ingestion.sources.predictions import PREDICTIONS
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query
from tests.leaks.certificate import certify
from tests.leaks.world import read_world
from tests.projects import PROJECT, ProjectCopy

SMALL = {"max_iter": 15, "max_leaf_nodes": 7, "min_samples_leaf": 20}
TRIALS = (
    Trial("features of the mart", history=False, settings=SMALL),
    Trial("with history", history=True, settings=SMALL),
)
CARD = PROJECT / "docs" / "delay_model.md"


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    return begin_with(SAMPLE, tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def frame(project: ProjectCopy) -> pd.DataFrame:
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


def test_what_calibrates_has_not_seen_its_month(frame: pd.DataFrame) -> None:
    """Other outcomes of February change nothing of what is said of February, and much of January."""
    inputs, late, months = inputs_of(frame), outcomes(frame), frame["flight_month"]
    learned_from = (months.dt.month < 3).to_numpy() & ~np.isnan(late)
    other = np.where(months.dt.month == 2, 1 - late, late)
    before, after = (
        odds_out_of_fold(TRIALS[1], inputs, these, months, learned_from) for these in (late, other)
    )
    january, february, march = ((months.dt.month == number).to_numpy() for number in (1, 2, 3))
    assert np.array_equal(before[february], after[february])
    assert (before[january] != after[january]).mean() > 0.9
    assert np.isnan(before[march]).all()


def test_predictions_are_shares_within_their_interval(result: Result, frame: pd.DataFrame) -> None:
    said = result.said
    assert ((said["low"] > 0) & (said["low"] <= said["probability"])).all()
    assert ((said["probability"] <= said["high"]) & (said["high"] < 1)).all()
    assert set(said["model_version"]) == {result.model.version}
    # all flights are asked, those too of which it turned out that they were cancelled
    assert sorted(said["flight_key"]) == sorted(frame["flight_key"])
    months = said.groupby("is_training_month")["flight_month"].unique()
    assert {key: sorted(these.month) for key, these in months.items()} == {True: [1, 2], False: [3]}


def test_parts_and_bands_of_what_is_said() -> None:
    said = np.array([0.2, 0.1, 0.2, 1.0, 0.0, 0.05, 0.3, 0.4, 0.5, 0.6])
    assert list(parts(said)) == [3, 2, 3, 9, 0, 1, 5, 6, 7, 8]
    assert list(parts(np.full(7, 0.5))) == [0] * 7
    assert list(in_bands(said) * 15) == pytest.approx([2.5, 1.5, 2.5, 1.5, 1.5, 1.5, 1.5, 0.5, 0.5, 1.5])
    assert drift(in_bands(said), in_bands(said)) == 0
    assert drift(in_bands(said), in_bands(said**3)) > 0.25


def test_what_was_said_is_scored_when_the_truth_comes(result: Result, frame: pd.DataFrame) -> None:
    january, _february, march = audit_model_month(result.said, frame).itertuples()
    assert march.auc == pytest.approx(result.scores[MODEL].auc)
    assert march.calibration_error == pytest.approx(result.scores[MODEL].calibration_error)
    assert march.flights == result.split.test.sum()
    assert (january.is_training_month, march.is_training_month) == (True, False)
    before = audit_model_month(result.said, frame[frame["flight_month"].dt.month < 3]).iloc[-1]
    assert (before["flights"], before["predictions"]) == (0, march.predictions)
    assert before["drift"] == march.drift
    # the same flights, said to be later than before
    later = result.said.assign(probability=result.said["probability"].where(
        result.said["is_training_month"], result.said["probability"] ** 0.3
    ))  # fmt: skip
    assert march.drift < 0.25 < audit_model_month(later, frame)["drift"].iloc[-1]


def test_the_mart_scores_what_was_loaded_as_python_does(
    project: ProjectCopy, result: Result, frame: pd.DataFrame, tmp_path: Path
) -> None:
    """Two versions, one with equals and without training months; of what was said again the first counts."""
    coarse = result.said[~result.said["is_training_month"]]
    coarse = coarse.assign(
        model_version="coarse", probability=coarse["probability"].round(2), low=0.0, high=1.0,
        predicted_at=pd.Timestamp("2013-03-16T12:00:00Z"),
    )  # fmt: skip
    said = pd.concat([result.said, coarse])
    again = coarse.assign(probability=0.9)
    for name, content in (("said", said), ("again", again)):
        write(content, tmp_path / f"{name}.parquet")
        project.load(tmp_path / f"{name}.parquet", source=PREDICTIONS)
    built = project.build()
    assert built.code == 0, built.said
    assert "fct_flights" not in built.models
    accounts = query(
        "select rows_seen, rows_published, rows_superseded from marts.audit_row_ledger"
        " where source = 'predictions' order by file_no"
    )
    assert accounts == [(len(said), len(said), 0), (len(again), 0, len(again))]

    scored = audit_model_month(pd.read_parquet(tmp_path / "said.parquet"), frame)
    assert 0 < scored["predictions_ahead"].iloc[-1] < scored["predictions"].iloc[-1]
    names = list(scored)
    rows = query(
        f"select {', '.join(names)} from marts.audit_model_month order by model_version, flight_month"
    )
    mart = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[5:], "float64"))
    scored = scored.astype(dict.fromkeys(names[5:], "float64"))
    pd.testing.assert_frame_equal(mart, scored, rtol=0, atol=5.1e-5, check_dtype=False)
    exact = ["auc", "log_loss", "brier_score", "calibration_error", "drift"]
    pd.testing.assert_frame_equal(mart[exact], scored[exact], rtol=0, atol=6e-7)


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
