"""`ontime features`."""

from pathlib import Path

import click

from cli.commands.options import months_option
from cli.console import note, timed


@click.command()
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("features.parquet"),
    show_default=True,
    help="The Parquet file to write.",
)
@months_option
def features(file: Path, months: tuple[str, ...]) -> None:
    """Write marts.flight_features for pandas: typed, and with the names of the columns to learn from.

    \b
    Examples:
      ontime features --to features.parquet
      ontime features --months 2013-06..2013-08 --to summer.parquet
    In Python, then:
      features = pandas.read_parquet("features.parquet")
      train = features[features["split"] == "train"]
      model.fit(train[features.attrs["inputs"]], train["target_is_late_15"])
    """
    from cli.questions.features import opened_features, write_features

    with timed("features"), opened_features(months) as found:
        rows = write_features(found, file)
        note(f"{file}: {rows:,} flights, {len(found.columns)} columns, {file.stat().st_size:,} bytes")
        note(f"{len(found.inputs)} inputs and {len(found.named('target'))} targets; the rest are keys")
        if found.without_values:
            note("no input, for no training week has a value:\n  " + "\n  ".join(found.without_values))
