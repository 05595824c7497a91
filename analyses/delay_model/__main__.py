"""Learn, look, and write the card: `python -m analyses.delay_model`."""

import sys
from pathlib import Path

import click

from cli.console import note, timed
from ingestion import PROJECT
from ingestion.errors import OntimeError

CARD = PROJECT / "docs" / "delay_model.md"


@click.command()
@click.option(
    "--from", "source", type=click.Path(path_type=Path), help="A file of ontime features; else the mart."
)
@click.option("--card", type=click.Path(path_type=Path), default=CARD, help="Where the card goes.")
@click.option(
    "--predictions", type=click.Path(path_type=Path), help="Parquet of what is said of the test months."
)
def main(source: Path | None, card: Path, predictions: Path | None) -> None:
    """Learn who will be late, and write the model card with the figures of this run.

    \b
    Examples:
      python -m analyses.delay_model
      python -m analyses.delay_model --from features.parquet --predictions said.parquet
    """
    from analyses.delay_model.card import write_card
    from analyses.delay_model.data import read
    from analyses.delay_model.predictions import write
    from analyses.delay_model.run import MODEL, run
    from analyses.delay_model.split import by_weeks

    try:
        with timed("delay model"):
            frame = read(source)
            result = run(frame)
            other_weeks = run(frame, trials=[result.model.trial], split_by=by_weeks, shuffled=1000)
            write_card(result, other_weeks, card)
            if predictions:
                write(result.said, predictions)
            of_test = result.scores[MODEL]
            note(f"{card}: version {result.model.version}, {of_test.flights:,} flights of the test months")
            note(f"AUC {of_test.auc:.4f}, calibration error {of_test.calibration_error:.4f}")
    except OntimeError as error:
        sys.exit(f"error: {error}\n  -> {error.remedy}")


if __name__ == "__main__":
    main()
