"""Metrics (models/metrics/) are the figures that the marts show, and `ontime metrics` asks for them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.questions.metrics import Metrics, Question, listing, of_published_marts, read_metrics
from cli.questions.query import ask
from cli.questions.summary import summary
from cli.server.connections import connection
from cli.server.process import Server
from ingestion.errors import OntimeError
from ingestion.sources import SOURCES
from tests.beginnings import PACKAGE, begin_with
from tests.data import data
from tests.ingestion.support import query
from tests.projects import PROJECT, ProjectCopy, copy_project
from tests.templates import new_database

Key = tuple[str | None, ...]
Row = dict[str, str | None]

# Rows of a mart that are compared, and what it has one row of: the column, and what metrics call it.
MARTS: dict[str, tuple[str, dict[str, str]]] = {
    "agg_month": ("true", {"flight_month": "month"}),
    "agg_carrier_month": ("true", {"flight_month": "month", "carrier_code": "carrier"}),
    "agg_carrier_airport_month": (
        "true",
        {"flight_month": "month", "carrier_code": "carrier", "airport_code_iata": "destination"},
    ),
    "agg_airport_month, departures": (
        "direction = 'departures'",
        {"flight_month": "month", "airport_code_iata": "origin"},
    ),
    "agg_airport_month, arrivals": (
        "direction = 'arrivals'",
        {"flight_month": "month", "airport_code_iata": "destination"},
    ),
    "agg_route_month": (
        "true",
        {
            "flight_month": "month",
            "origin_airport_code_iata": "origin",
            "destination_airport_code_iata": "destination",
        },
    ),
    "agg_airport_hour": (
        "true",
        {
            "flight_month": "month",
            "origin_airport_code_iata": "origin",
            "scheduled_hour_local": "scheduled_hour",
        },
    ),
}
# Columns that no metric can be: what they say depends on the other rows of the mart.
OF_THE_MART_ALONE = {
    "direction",
    "on_time_rank",
    "arrival_outliers",
    "mean_arr_delay_minutes_without_outliers",
}

SELECTIONS = [f"bts_custom_2021_01_03/T_ONTIME_REPORTING0{month}.csv" for month in (1, 2, 3)]
MIXED_FORMS = [
    "bts_prezip_2019_01_9E_rebuilt/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2019_1.zip",
    *SELECTIONS,
    "bts_custom_2020_04_DL/2020-04-DL.csv.gz",
    "dataexpo_2008/allyears_tiny_1987_10.csv",
]

# What does not depend on the data is tested on one warehouse.
ON_THE_SAMPLE = pytest.mark.parametrize("project", ["sample"], indirect=True)


@pytest.fixture(scope="module", params=["sample", "mixed forms"])
def project(
    request: pytest.FixtureRequest, warehouse_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProjectCopy]:
    """Published marts of the sample, and of other forms: with causes of delay, and without arrivals."""
    files = [data(name) for name in MIXED_FORMS] if request.param == "mixed forms" else []
    with new_database():
        folder = tmp_path_factory.mktemp("metrics")
        if not files:
            yield begin_with(PACKAGE, folder)
            return
        copied = copy_project(folder, with_tests=False)
        copied.load(*files, source=SOURCES["bts"])
        built = copied.build()
        assert built.code == 0, built.said
        yield copied


@pytest.fixture(scope="module")
def metrics(project: ProjectCopy) -> Metrics:
    return read_metrics(project.folder)


def answer(metrics: Metrics, *names: str, **question: Any) -> list[Row]:
    """The rows of an answer, each value as Postgres spells it, asked as role reporter."""
    return asked(metrics.sql(Question(names, **question)))


def asked(statement: str) -> list[Row]:
    said = StringIO()
    ask(statement, "json", said)
    as_spelled: list[Row] = json.loads(said.getvalue(), parse_int=str, parse_float=str)
    return as_spelled


def metric_of_column(project: ProjectCopy) -> dict[str, str]:
    """The metric that is the same figure as a column of the agg_ marts."""
    manifest = json.loads(project.folder.joinpath("target/semantic_manifest.json").read_text())
    return {
        ((metric["config"] or {}).get("meta") or {}).get("column", metric["name"]): metric["name"]
        for metric in manifest["metrics"]
    }


def differs(figure: str | None, of_mart: str | None) -> bool:
    """Whether a metric is not what the mart shows, in all the decimals that the mart has."""
    if figure is None or of_mart is None:
        return figure is not of_mart
    shown = Decimal(of_mart)
    exponent = shown.as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(Decimal(figure) - shown) >= Decimal(10) ** exponent


def differences(project: ProjectCopy, metrics: Metrics, mart: str) -> list[tuple[object, ...]]:
    """Key, column, metric and the mart's figure of each figure that differs; one of MARTS."""
    rows, grain = MARTS[mart]
    of_mart = asked(f"select * from marts.{mart.partition(',')[0]} where {rows}")
    assert of_mart
    figures = [name for name in of_mart[0] if name not in {*grain, *OF_THE_MART_ALONE}]
    metric_of = metric_of_column(project)
    assert not set(figures) - set(metric_of), "define a metric for each column, or say why there is none"

    of_metrics = answer(metrics, *(metric_of[name] for name in figures), by=tuple(grain.values()))
    found = {tuple(row[name] for name in grain.values()): row for row in of_metrics}
    found = {key: row for key, row in found.items() if None not in key}  # in no hour: no scheduled departure
    expected = {tuple(row[name] for name in grain): row for row in of_mart}
    assert found.keys() == expected.keys()
    return [
        (key, name, found[key][metric_of[name]], row[name])
        for key, row in expected.items()
        for name in figures
        if differs(found[key][metric_of[name]], row[name])
    ]


@pytest.mark.parametrize("mart", MARTS)
def test_each_figure_of_a_mart_is_that_of_the_metric(
    project: ProjectCopy, metrics: Metrics, mart: str
) -> None:
    assert differences(project, metrics, mart) == []


OF_ALL_FLIGHTS = ("agg_month", "agg_carrier_month", "agg_route_month", "agg_airport_month")


def test_there_is_one_figure_of_flights_on_time(
    project: ProjectCopy, metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of flights whose outcome is known: in facts, in each mart, in metrics, and as `ontime summary` says."""
    ((on_time, known, flights),) = query(
        "select count(*) filter (where is_on_time), count(is_on_time), count(*) from marts.fct_flights"
    )
    share = f"{100 * on_time / known:.4f}"
    shares = {"metrics": answer(metrics, "on_time_pct")[0]["on_time_pct"]} | {
        mart: asked(
            f"select round(100.0 * sum(on_time) / sum(with_known_outcome), 4) as pct from marts.{mart}"
        )[0]["pct"]
        for mart in OF_ALL_FLIGHTS
    }
    assert {name: f"{Decimal(pct or 0):.4f}" for name, pct in shares.items()} == dict.fromkeys(shares, share)
    summary()
    said = capsys.readouterr().out
    assert f"{on_time:,} of {known:,} flights from " in said
    assert f" were on time: {share} %\n" in said
    assert (f"of {flights - known:,} more flights no file states" in said) == (flights > known)


@ON_THE_SAMPLE
def test_a_metric_that_is_defined_otherwise_is_seen(project: ProjectCopy) -> None:
    """A definition that changed is read anew, and its figures are no longer those of the mart."""
    definition = "coalesce(is_late_60_minutes, false)"
    with project.edited(("models/metrics/semantic_models.yml", definition, definition.replace("60", "120"))):
        wrong = differences(project, read_metrics(project.folder), "agg_month")
    assert len(wrong) == 12
    assert {column for _, column, _, _ in wrong} == {"late_60_minutes"}


def test_a_wrong_metric_differs() -> None:
    """The comparison sees a count that is off by one, a last decimal, and a zero that should be nothing."""
    assert (
        differs("100", "101") and differs("73.4155", "73.4156") and differs("0", None) and differs(None, "0")
    )
    assert not differs("73.4156", "73.4156") and not differs("69.155", "69.1550") and not differs(None, None)


@ON_THE_SAMPLE
def test_metricflow_finds_the_definitions_valid(project: ProjectCopy) -> None:
    """`mf` asks the marts for each dimension, measure and metric."""
    done = subprocess.run(
        [Path(sys.executable).with_name("mf"), "validate-configs"],
        cwd=project.folder,
        env=os.environ | connection("transformer").environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Successfully validated metrics against data warehouse \(ERRORS: 0", done.stdout), (
        done.stdout
    )


def test_rows_whose_key_is_not_known_stay_one_row(metrics: Metrics) -> None:
    """MetricFlow joins metrics by their keys, and a null, as of an unknown aircraft, equals nothing."""
    rows = answer(metrics, "flights", "flights_per_day", "on_time_pct", by=("manufacturer", "carrier"))
    keys = [(row["manufacturer"], row["carrier"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert None in {manufacturer for manufacturer, _ in keys}
    assert (
        sum(int(row["flights"] or 0) for row in rows) == query("select count(*) from marts.fct_flights")[0][0]
    )


def test_the_whole_has_one_row(metrics: Metrics) -> None:
    ((flights, cancelled),) = query(
        "select count(*), count(*) filter (where is_cancelled) from marts.fct_flights"
    )
    assert answer(metrics, "flights", "cancelled") == [{"flights": str(flights), "cancelled": str(cancelled)}]


def test_a_question_filters_orders_and_cuts(metrics: Metrics) -> None:
    """By names of what metrics can be divided by, be they short, MetricFlow's, or in a text."""
    ((carrier, month),) = query(
        "select carrier_code, to_char(flight_month, 'YYYY-MM') from marts.fct_flights limit 1"
    )
    ((expected,),) = query(
        "select count(*) from marts.fct_flights where carrier_code = %s and flight_month = %s",
        carrier,
        f"{month}-01",
    )
    name = f"'carrier', '{carrier}'"
    for where in (f"carrier in ({name})", f"{{{{ Entity('carrier') }}}} in ({name})"):
        assert answer(metrics, "flights", where=where, months=(month,)) == [{"flights": str(expected)}]
    by_day = answer(
        metrics, "flights", by=("day", "carrier"), order=("-flights", "day"), having="flights > 1"
    )
    counts = [int(row["flights"] or 0) for row in by_day]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 1
    top = answer(metrics, "flights", by=("day", "carrier"), order=("-flights", "day"), limit=3)
    assert [row["flights"] for row in top] == [str(count) for count in counts[:3]]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", top[0]["day"] or "")


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (Question(("on_tim",)), "on_time"),
        (Question(("flights",), by=("carriers",)), "carrier"),
        (Question(("flights",), order=("on_time",)), "on_time"),
        (Question(("flights",), months=("2013-6",)), "2013-6"),
        (Question(("flights",), where="{{ Dimension('flight__unheard_of') }} = 1"), "unheard_of"),
    ],
)
def test_what_is_not_there_is_named(metrics: Metrics, question: Question, message: str) -> None:
    with pytest.raises(OntimeError) as raised:
        metrics.sql(question)
    assert message in raised.value.message + raised.value.remedy


@ON_THE_SAMPLE
def test_answers_come_from_published_marts_alone(project: ProjectCopy, metrics: Metrics) -> None:
    manifest = json.loads(project.folder.joinpath("target/semantic_manifest.json").read_text())
    assert "marts__build" in json.dumps(manifest)
    assert "marts__build" not in json.dumps(
        [model["node_relation"]["relation_name"] for model in of_published_marts(manifest)["semantic_models"]]
    )
    by = {found.column: name for name, found in metrics.group_bys.items()}
    statement = metrics.sql(Question(tuple(metrics.descriptions), by=tuple(by.values())))
    relations = set(re.findall(r"(?:FROM|JOIN)\s+([\w.\"]+\.[\w.\"]+)", statement))
    assert {name.partition(".")[0] for name in relations} == {"marts"}
    assert len(relations) == 5


@ON_THE_SAMPLE
def test_the_page_names_every_metric(metrics: Metrics) -> None:
    """docs/metrics.md shows what `ontime metrics` lists."""
    page = PROJECT.joinpath("docs", "metrics.md").read_text(encoding="utf-8")
    assert f"```\n{listing(metrics)}\n```" in page


def run(project: ProjectCopy, *arguments: str) -> tuple[int, str]:
    """Exit code of `ontime metrics`, and what it says."""
    started = project.start("metrics", *arguments)
    said, _ = started.communicate()
    return started.returncode, said


@ON_THE_SAMPLE
def test_the_command(project: ProjectCopy) -> None:
    """Lists, answers in each format, shows the SQL, and says what is wrong."""
    code, listed = run(project)
    assert code == 0
    assert "cancellation_rate" in listed and "carrier_name" in listed
    code, answered = run(project, "flights,cancelled", "on_time", "--by", "carrier", "--format", "csv")
    assert code == 0
    assert answered.splitlines()[0] == "carrier,flights,cancelled,on_time"
    code, statement = run(project, "flights", "--sql")
    assert code == 0
    assert asked(statement) == [{"flights": str(query("select count(*) from marts.fct_flights")[0][0])}]
    code, refused = run(project, "on_tim")
    assert code == 1
    assert "did you mean" in refused
