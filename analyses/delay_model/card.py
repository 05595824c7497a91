"""The model card, docs/delay_model.md: every figure in it is one of the run that it tells of."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from analyses.delay_model.evaluate import Score
from analyses.delay_model.plots import lift_plot, reliability_plot, save
from analyses.delay_model.run import MODEL, Result
from analyses.delay_model.train import code_version
from ingestion.errors import OntimeError

TEMPLATE = Path(__file__).with_name("card.md")
SHOWN = 15

Row = Sequence[str]


def write_card(result: Result, other_weeks: Result | None, file: Path) -> None:
    """The card, and its plots in a folder beside it that has its name. Raises OntimeError."""
    try:
        plots = file.with_suffix("")
        plots.mkdir(exist_ok=True)
        save(reliability_plot(result.parts), plots / "reliability.svg")
        save(lift_plot(result.curves), plots / "lift.svg")
        file.write_text(card(result, other_weeks, plots.name))
    except OSError as error:
        raise OntimeError(f"{file}: {error.strerror or error}", "name another file with --card") from None


def card(result: Result, other_weeks: Result | None, plots: str) -> str:
    """The text of the card. `other_weeks` is the same trial on the mart's own split, `plots` a folder."""
    model, split = result.model, result.split
    settings = ", ".join(f"`{key}` {value}" for key, value in model.trial.settings.items())
    likeliest = result.curves[MODEL].set_index("flights")["late"].iloc[1]
    return TEMPLATE.read_text().format(
        version=model.version,
        code=code_version(),
        trial=model.trial.name,
        settings=settings or "settings as they come",
        split=split.says,
        flights=" / ".join(f"{part.sum():,}" for part in (split.train, split.validation, split.test)),
        columns=len(model.columns),
        slope=f"{model.calibrations[0, 0]:.3f}",
        intercept=f"{model.calibrations[0, 1]:+.3f}",
        likeliest=f"{likeliest:.0%}",
        plots=plots,
        scores=_scores(result),
        weeks=_scores(other_weeks) if other_weeks else "not asked for in this run",
        trials=_trials(result),
        reliability=_reliability(result),
        months=_months(result),
        importances=_importances(result),
    )


MONTH_HEADINGS = (
    *("month", "", "predictions", "with truth", "late", "said", "AUC", "log loss", "calibration error"),
    *("parts in interval", "drift"),
)
SCORE_HEADINGS = ("says of a flight", "AUC", "log loss", "Brier score", "calibration error", "late", "said")


def _scores(result: Result) -> str:
    def row(name: str, score: Score) -> Row:
        figures = (score.auc, score.log_loss, score.brier, score.calibration_error)
        return (name, *(f"{figure:.4f}" for figure in figures), f"{score.late:.3f}", f"{score.said:.3f}")

    return _table(SCORE_HEADINGS, (row(name, score) for name, score in result.scores.items()))


def _trials(result: Result) -> str:
    tried = ((it.trial.name, f"{it.auc:.4f}", f"{it.log_loss:.4f}") for it in result.model.tried)
    return _table(("tried", "AUC", "log loss"), tried)


def _reliability(result: Result) -> str:
    parts = result.parts[MODEL].itertuples()
    rows = ((f"{part.flights:,.0f}", f"{part.said:.3f}", f"{part.late:.3f}") for part in parts)
    return _table(("flights", "said", "late"), rows)


def _months(result: Result) -> str:
    def row(month: Any) -> Row:
        figures = (month.auc, month.log_loss, month.calibration_error)
        return (
            f"{month.flight_month:%Y-%m}",
            "training" if month.is_training_month else "test",
            *(f"{month.predictions:,}", f"{month.flights:,}"),
            *(f"{share / 100:.3f}" for share in (month.late_pct, month.predicted_late_pct)),
            *(f"{figure:.4f}" for figure in figures),
            f"{month.in_interval_pct:.0f}%",
            f"{month.drift:.3f}",
        )

    return _table(MONTH_HEADINGS, map(row, result.months.itertuples()))


def _importances(result: Result) -> str:
    largest = result.importances.head(SHOWN).items()
    return _table(("column", "AUC lost"), ((f"`{name}`", f"{lost:.4f}") for name, lost in largest))


def _table(headings: Row, rows: Iterable[Row]) -> str:
    lines = (headings, ("---",) * len(headings), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
