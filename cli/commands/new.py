"""`ontime new`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.commands import completing
from cli.commands.options import listed
from cli.console import note

if TYPE_CHECKING:
    from cli.development.scaffold.changes import Changes
    from cli.development.scaffold.project import Project

NO_INPUT = "ontime.no_input"
AGGREGATIONS = ("sum", "average", "median", "min", "max", "count", "count_distinct", "sum_boolean")


@click.group()
def new() -> None:
    """Begin a model, mart, metric, source or form: SQL, YAML and a unit test to fill in, where they belong.

    \b
    Example:
      ontime new mart agg_carrier_day --subject performance --reads fct_flights \\
        --key flight_date_local,carrier_code --grain "day and carrier"
    """


def asked(name: str, question: str, example: str, **settings: Any) -> Callable[[Any], Any]:
    """An option that is asked for when it was not given, unless --no-input says that nobody is there."""

    def ask(context: click.Context, option: click.Parameter, value: str | None) -> str:
        if value is not None or context.resilient_parsing:
            return value or ""
        if context.meta.get(NO_INPUT):
            raise click.UsageError(f"{option.opts[0]} is missing: {question}, such as {example}")
        return str(click.prompt(f"{question} (such as {example})"))

    return click.option(name, callback=ask, help=f"{question}, such as {example}.", **settings)


def _without_questions(context: click.Context, _: click.Parameter, is_so: bool) -> None:
    context.meta[NO_INPUT] = is_so


no_input = click.option(
    "--no-input",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_without_questions,
    help="Ask nothing: fail where something is missing.",
)
reads = asked("--reads", "The model where the rows begin", "fct_flights", shell_complete=completing.models)
key = asked("--key", "The columns that tell its rows apart", "flight_month,carrier_code")
grain = asked("--grain", "What is one row? One row per", "'month and carrier'")
columns = click.option(
    "--columns", default="", metavar="NAMES", help="Its columns, such as day,airport,wait."
)
file = click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A CSV file whose header names the columns.",
)


@new.command()
@click.argument("name")
@grain
@key
@reads
@click.option("--history", is_flag=True, help="Keep its rows by month and version, as models of flights do.")
@no_input
def model(name: str, grain: str, key: str, reads: str, history: bool) -> None:
    """An intermediate model: a join or a decision that several marts need.

    \b
    Example:
      ontime new model int_performance__weekday_months --history --reads int_flights \\
        --key flight_month,carrier_code --grain "version of a month and carrier"
    """
    from cli.development.scaffold.models import Wanted, new_model

    changes = new_model(_project(), Wanted(name, grain, listed(key), reads, history))
    _write(changes, f"ontime preview {name}", f"ontime dev build {name}", "ontime check")


@new.command()
@click.argument("name")
@grain
@key
@reads
@click.option(
    "--subject", default="", metavar="FOLDER", help="Its folder in models/marts, such as performance."
)
@no_input
def mart(name: str, grain: str, key: str, reads: str, subject: str) -> None:
    """A mart, which readers see: contract, key, references and its line in docs/marts.md.

    \b
    Examples:
      ontime new mart agg_carrier_day --subject performance --reads fct_flights \\
        --key flight_date_local,carrier_code --grain "day and carrier"
      ontime new mart audit_late_files --reads audit_row_ledger --key source,file_no --grain "late file"
    """
    from cli.development.scaffold.models import Wanted, new_mart

    changes = new_mart(_project(), Wanted(name, grain, listed(key), reads, subject=subject))
    _write(changes, f"ontime preview {name}", f"ontime dev build {name}", "ontime check")


@new.command()
@click.argument("name")
@asked("--label", "What a heading calls it", "'Early arrivals %'")
@asked(
    "--description", "What it counts, as a sentence", "'Flights that arrived early, in percent of arrivals.'"
)
@click.option("--agg", type=click.Choice(AGGREGATIONS), help="How the expression adds up.")
@click.option("--expr", default="", metavar="SQL", help="Columns of fct_flights, such as taxi_out_minutes.")
@click.option("--share", default="", metavar="METRIC,METRIC", help="The first in percent of the second.")
@no_input
def metric(name: str, label: str, description: str, agg: str | None, expr: str, share: str) -> None:
    """A metric of flights, which `ontime metrics` divides by whatever you like.

    \b
    Examples:
      ontime new metric mean_taxi_out --label "Mean taxi out" --agg average --expr taxi_out_minutes \\
        --description "Mean minutes from the gate to the take-off."
      ontime new metric late_share --label "Late %" --share late,flights \\
        --description "Late flights in percent of all scheduled flights."
    """
    from cli.development.scaffold.metrics import Wanted, new_metric

    if bool(share) == bool(agg and expr) or (share and len(listed(share)) != 2):
        raise click.UsageError("give --agg and --expr, or --share METRIC,METRIC")
    wanted = Wanted(name, label, description, agg or "", expr, listed(share))
    _write(new_metric(_project(), wanted), f"ontime metrics {name} --by month")


@new.command()
@click.argument("name")
@asked("--dataset", "What its rows are about, a name in the plural", "checkpoints")
@asked("--about", "What it is and who publishes it", "'Waits at checkpoints, by the TSA (public domain)'")
@asked("--key", "The column that tells its rows apart", "checkpoint_id")
@file
@columns
@no_input
def source(name: str, dataset: str, about: str, key: str, file: Path | None, columns: str) -> None:
    """A source of files: what `ontime load NAME` lands, and its staging model.

    \b
    Example:
      ontime new source tsa --dataset checkpoints --key checkpoint_id --from checkpoints.csv \\
        --about "Waits at checkpoints, by the TSA (public domain)"
    """
    from cli.development.scaffold.sources import Wanted, header_of, new_source

    known = header_of(file) if file else listed(columns)
    changes = new_source(_project(), Wanted(name, dataset, about, known, key))
    _write(
        changes, f"ontime load {name} --from <file>", f"ontime preview stg_{name}__{dataset}", "ontime check"
    )


@new.command()
@click.argument("name")
@asked("--about", "Who has flights in this form", "'the Kaggle data set of 2020'")
@click.option(
    "--says", multiple=True, metavar="OURS=THEIRS", help="What we call so, such as carrier=airline."
)
@file
@columns
@no_input
def form(name: str, about: str, says: tuple[str, ...], file: Path | None, columns: str) -> None:
    """A form in which people have the flights of BTS, beside those of docs/forms.md.

    \b
    Example:
      ontime new form kaggle_2020 --about "the Kaggle data set of 2020" --from flights.csv \\
        --says carrier=airline --says origin=from_airport
    """
    from cli.development.scaffold.forms import Wanted, new_form
    from cli.development.scaffold.sources import header_of

    if wrong := [pair for pair in says if "=" not in pair]:
        raise click.UsageError(f"--says {wrong[0]}: write OURS=THEIRS, such as carrier=airline")
    pairs = dict(pair.split("=", 1) for pair in says)
    known = header_of(file) if file else listed(columns)
    changes = new_form(_project(), Wanted(name, about, known, pairs))
    _write(changes, "ontime load bts --from <file>", f"ontime preview base_bts__{name}", "ontime check")


def _project() -> "Project":
    from cli.development.scaffold.project import Project
    from ingestion import PROJECT

    return Project(PROJECT)


def _write(changes: "Changes", *then: str) -> None:
    for path, is_new in changes.write().items():
        note(f"{'wrote' if is_new else 'added to'} {path}")
    note("  -> fill in what is to be described, the SQL and the unit test; then:")
    for command in then:
        note(f"     {command}")
