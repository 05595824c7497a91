"""The model card, docs/delay_model.md: every figure in it is one of this run."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from analyses.delay_model.evaluate import Score
from analyses.delay_model.plots import lift_plot, reliability_plot, save
from analyses.delay_model.run import MODEL, Result
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
    model = result.model
    tenth = result.curves[MODEL].set_index("flights")["late"].iloc[1]
    return TEMPLATE.read_text().format(
        version=model.version,
        trial=model.trial.name,
        settings=", ".join(f"`{key}` {value}" for key, value in model.trial.settings.items()) or "as they come",
        split=result.split.says,
        flights=" / ".join(f"{mask.sum():,}" for mask in (result.split.train, result.split.validation, result.split.test)),
        columns=len(model.columns),
        slope=f"{model.calibrations[0, 0]:.3f}",
        intercept=f"{model.calibrations[0, 1]:+.3f}",
        scores=_table(SCORE_HEADINGS, (_score(name, score) for name, score in result.scores.items())),
        weeks=_table(SCORE_HEADINGS, (_score(name, score) for name, score in other_weeks.scores.items()))
        if other_weeks
        else "not asked for in this run",
        trials=_table(
            ("tried", "AUC", "log loss"),
            ((it.trial.name, f"{it.auc:.4f}", f"{it.log_loss:.4f}") for it in model.tried),
        ),
        reliability=_table(
            ("flights", "said", "late"),
            ((f"{row.flights:,.0f}", f"{row.said:.3f}", f"{row.late:.3f}") for row in result.parts[MODEL].itertuples()),
        ),
        months=_table(
            ("month", "predictions", "without truth", "late", "said", "AUC", "log loss", "calibration error", "parts in interval", "drift"),
            (
                (
                    f"{row.flight_month:%Y-%m}", f"{row.predictions:,}", f"{row.waiting:,}", f"{row.late:.3f}", f"{row.said:.3f}",
                    f"{row.auc:.4f}", f"{row.log_loss:.4f}", f"{row.calibration_error:.4f}", f"{row.in_interval:.0%}", f"{row.drift:.3f}",
                )
                for row in result.months.itertuples()
            ),
        ),
        importances=_table(
            ("column", "AUC lost"),
            ((f"`{name}`", f"{value:.4f}") for name, value in result.importances.head(SHOWN).items()),
        ),
        tenth=f"{tenth:.0%}",
        plots=plots,
    )  # fmt: skip


SCORE_HEADINGS = ("says of a flight", "AUC", "log loss", "Brier score", "calibration error", "late", "said")


def _score(name: str, score: Score) -> Row:
    figures = (score.auc, score.log_loss, score.brier, score.calibration_error)
    return (name, *(f"{figure:.4f}" for figure in figures), f"{score.late:.3f}", f"{score.said:.3f}")


def _table(headings: Row, rows: Iterable[Row]) -> str:
    lines = (headings, ("---",) * len(headings), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
