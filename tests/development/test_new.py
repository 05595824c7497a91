"""`ontime new`: what it writes is linted, tested and built as it stands; what breaks the rules is refused."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

import tests.dbt_project.test_conventions as conventions
from cli.development.scaffold.sources import UNIT_TESTS_OF_FILES
from cli.main import main
from cli.questions.metrics import Question, listing, read_metrics
from cli.server.connections import connection
from tests.beginnings import SAMPLE, begin_with
from tests.dbt_project.test_conventions import Artifacts
from tests.ingestion.support import query
from tests.projects import PROJECT, WITHOUT, ProjectCopy

COMMANDS = {
    "int_performance__carrier_weeks": (
        *("model", "int_performance__carrier_weeks", "--history", "--reads", "int_flights"),
        *("--key", "flight_month,carrier_code", "--grain", "version of a month and carrier"),
    ),
    "int_places__flown": (
        *("model", "int_places__flown", "--reads", "int_airports"),
        *("--key", "airport_code_iata,airport_name", "--grain", "airport"),
    ),
    "agg_carrier_week": (
        *(
            "mart",
            "agg_carrier_week",
            "--subject",
            "performance",
            "--reads",
            "int_performance__carrier_weeks",
        ),
        *("--key", "flight_month,carrier_code", "--grain", "month and carrier"),
    ),
    "agg_route_day": (
        *(
            "mart",
            "agg_route_day",
            "--subject",
            "routes",
            "--reads",
            "fct_flights",
            "--grain",
            "day and route",
        ),
        *("--key", "flight_date_local,origin_airport_code_iata,destination_airport_code_iata"),
    ),
    "dim_places": (
        *("mart", "dim_places", "--subject", "core", "--reads", "int_places__flown"),
        *("--key", "airport_code_iata", "--grain", "airport: where flights go"),
    ),
    "audit_loaded_files": (
        *("mart", "audit_loaded_files", "--reads", "audit_row_ledger"),
        *("--key", "source,file_no", "--grain", "file"),
    ),
    "stg_tsa__checkpoints": (
        *("source", "tsa", "--dataset", "checkpoints", "--key", "checkpoint_id"),
        *("--about", "Waits at checkpoints: by the TSA (public domain)"),
        *("--columns", "checkpoint_id,airport,is_open,seen_at_utc,wait_minutes"),
    ),
    "base_bts__kaggle_2020": (
        *("form", "kaggle_2020", "--about", "the Kaggle data set of 2020"),
        *("--columns", "year,month,day,airline_x,flight,from_airport,dest,dep_time,arr_delay,distance"),
        *("--says", "carrier=airline_x", "--says", "origin=from_airport"),
    ),
}
"""What makes each model."""

METRICS = (
    ("mean_trip", "--label", "Mean trip", "--agg", "average", "--expr", "air_time_minutes"),
    ("arrived", "--label", "Arrived", "--agg", "count", "--expr", "arr_delay_minutes"),
    ("late_of_all", "--label", "Late of all %", "--share", "late,flights"),
)


def new(project: Path, *arguments: str, answers: str = "") -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingestion.PROJECT", project)
        return CliRunner().invoke(main, ["new", *arguments], input=answers)


def texts_of(project: Path) -> dict[str, str]:
    return {
        str(file.relative_to(project)): file.read_text()
        for top in ("models", "macros", "ingestion", "docs")
        for file in project.joinpath(top).rglob("*")
        if file.suffix in (".sql", ".yml", ".py", ".md")
    }


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The texts that `ontime new` reads and adds to."""
    for part in ("models", "macros", "ingestion/sources", "docs"):
        shutil.copytree(PROJECT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "dbt-bouncer.yml", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def made(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """A project on the published sample, with one of each kind, as dbt builds and tests it."""
    project = begin_with(SAMPLE, tmp_path_factory.mktemp("new"))
    settings = project.folder / "dbt_project.yml"
    text = settings.read_text()
    for kind in ("data_tests", "unit_tests"):
        text = text.replace(WITHOUT.format(kind=kind), "")
    settings.write_text(text)
    shutil.copytree(PROJECT / "docs", project.folder / "docs")
    for name in ("dbt-bouncer.yml", ".sqlfluff"):
        shutil.copy(PROJECT / name, project.folder)
    shutil.copytree(PROJECT / "tests" / "dbt_project", project.folder / "tests" / "dbt_project")
    for arguments in COMMANDS.values():
        done = new(project.folder, *arguments, "--no-input")
        assert done.exit_code == 0, done.output
    for metric in METRICS:
        done = new(project.folder, "metric", *metric, "--description", "What it is: a figure.", "--no-input")
        assert done.exit_code == 0, done.output
    query("create schema raw_tsa")
    for table in ("raw_tsa.checkpoints", "raw_bts.kaggle_2020"):
        columns = COMMANDS["stg_tsa__checkpoints" if "tsa" in table else "base_bts__kaggle_2020"]
        named = next(text for text in columns if text.count(",") > 2).replace(",", " text, ")
        query(f"create table {table} (file_no integer, record_no integer, {named} text)")
    query("grant usage on schema raw_tsa to transformer")
    query("grant select on raw_tsa.checkpoints, raw_bts.kaggle_2020 to transformer")
    built = project.dbt("build", "--target", "prod", "--select", *COMMANDS)
    assert built.code == 0, built.said
    return project


def test_all_of_it_is_built_and_tested(made: ProjectCopy) -> None:
    results = json.loads(made.folder.joinpath("target", "run_results.json").read_text())["results"]
    passed = {result["unique_id"] for result in results if result["status"] in ("success", "pass")}
    models = {uid.split(".")[2] for uid in passed if uid.startswith("model.")}
    assert models == set(COMMANDS)
    tested = {uid.split(".")[2] for uid in passed if uid.startswith("unit_test.")}
    assert tested == set(COMMANDS)


def test_conventions_hold(made: ProjectCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = json.loads(made.folder.joinpath("target", "manifest.json").read_text())
    artifacts = Artifacts(made.folder, manifest, {"nodes": {}})
    monkeypatch.setattr(conventions, "PROJECT", made.folder)
    for holds in (
        conventions.test_every_model_is_tested,
        conventions.test_every_stored_model_has_a_key,
        conventions.test_rules_are_held_by_the_database_or_by_one_test,
        conventions.test_a_raw_table_is_read_by_one_model_of_its_folder,
        conventions.test_models_of_history_are_those_that_say_so,
        conventions.test_descriptions_begin_with_the_grain_and_are_sentences,
        conventions.test_the_page_of_marts_has_each_of_them,
        conventions.test_checksums_are_of_every_mart,
    ):
        holds(artifacts)


def test_dbt_bouncer_has_no_objection(made: ProjectCopy) -> None:
    """To what stands in the manifest; what is in the database, the contract has held."""
    rules = yaml.safe_load(made.folder.joinpath("dbt-bouncer.yml").read_text())
    config = made.folder / "rules.yml"
    config.write_text(yaml.safe_dump({"manifest_checks": rules["manifest_checks"]}))
    said = conventions.run(
        made.folder,
        *("dbt-bouncer", "run", "--config-file", str(config), "--show-all-failures"),
        DBT_PROJECT_DIR=str(made.folder),
    )
    assert re.search(r"SUCCESS=[1-9]\d{2,}", said), said


def test_sql_and_python_are_clean(made: ProjectCopy) -> None:
    models = [str(path) for name in COMMANDS for path in made.folder.joinpath("models").rglob(f"{name}.sql")]
    assert len(models) == len(COMMANDS)
    for command in (
        ("sqlfluff", "lint", "--templater", "jinja", "--disable-progress-bar", *models),
        ("ruff", "check", "--config", str(PROJECT / "pyproject.toml"), "ingestion/sources"),
        ("ruff", "format", "--check", "--config", str(PROJECT / "pyproject.toml"), "ingestion/sources"),
    ):
        done = subprocess.run(
            [Path(sys.executable).with_name(command[0]), *command[1:]],
            cwd=made.folder,
            env=os.environ | connection("transformer").environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_sources_and_forms_are_declared(made: ProjectCopy) -> None:
    code = (
        "from ingestion.sources import SOURCES; print(SOURCES['tsa'].tables[0].columns,"
        " [table.name for table in SOURCES['bts'].tables if table.name == 'kaggle_2020'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=made.folder,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    columns = ("checkpoint_id", "airport", "is_open", "seen_at_utc", "wait_minutes")
    assert done.stdout == f"{columns} ['kaggle_2020']\n", done.stderr


def test_a_source_is_an_input_of_the_unit_test_of_all_files(made: ProjectCopy) -> None:
    """dbt knows no input by itself: `source 'tsa.files' not found`, at the next build."""
    text = made.folder.joinpath(UNIT_TESTS_OF_FILES).read_text()
    (test,) = (
        test
        for test in yaml.safe_load(text)["unit_tests"]
        if test["name"].startswith("int_files__what_a_file_")
    )
    given = {entry["input"] for entry in test["given"]}
    ledgers = {
        f"source('{source['name']}', 'files')"
        for path in made.folder.glob("models/staging/*/*__sources.yml")
        for source in yaml.safe_load(path.read_text())["sources"]
        if any(table["name"] == "files" for table in source["tables"])
    }
    assert "source('tsa', 'files')" in given
    assert given == ledgers


def test_metrics_are_answered_and_listed(made: ProjectCopy, caplog: pytest.LogCaptureFixture) -> None:
    defined = read_metrics(made.folder)
    assert [record.message for record in caplog.records if record.name.startswith("metricflow")] == []
    assert listing(defined) in made.folder.joinpath("docs", "metrics.md").read_text()
    answered = query(defined.sql(Question(("mean_trip", "arrived", "late_of_all"), ("month",))))
    expected = query(
        """
        select
            flight_month,
            round(avg(air_time_minutes), 4),
            count(arr_delay_minutes),
            round(100.0 * count(*) filter (where is_late) / count(*), 4)
        from marts.fct_flights
        group by flight_month
        order by flight_month
        """
    )
    assert expected
    assert answered == expected


# What is refused, and that nothing is left of it


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("mart", "fct_flights", "--subject", "core"),
            "fct_flights exists: models/marts/core/fct_flights.sql",
        ),
        (("mart", "flights_by_day", "--subject", "core"), "is no name for models/marts: dim_ and fct_"),
        (("mart", "agg_Carrier_day", "--subject", "core"), "is no name for models/marts"),
        (("mart", "agg_carrier_day"), "name one with --subject: causes, core,"),
        (("mart", "agg_carrier_day", "--subject", "../core"), "name one with --subject"),
        (("mart", "agg_x", "--subject", "core", "--reads", "int_flights"), "read the mart that shows it"),
        (("mart", "agg_x", "--subject", "core", "--reads", "stg_bts__flights"), "rows flow from staging"),
        (("mart", "agg_x", "--subject", "core", "--reads", "fct_flight"), "did you mean fct_flights"),
        (("mart", "agg_x", "--subject", "core", "--key", "nothing"), "fct_flights has no column nothing"),
        (("model", "agg_carrier_day"), "is no name for models/intermediate"),
        (("model", "int_delays__long", "--reads", "fct_flights"), "rows flow from staging"),
        (
            ("model", "int_delays__long", "--reads", "int_flights", "--key", "carrier_code", "--history"),
            "have flight_month among --key",
        ),
    ],
)
def test_models_against_the_rules_are_refused(bare: Path, arguments: tuple[str, ...], says: str) -> None:
    before = texts_of(bare)
    given = ("--reads", "fct_flights", "--key", "carrier_code", "--grain", "carrier", *arguments[2:])
    done = new(bare, *arguments[:2], *given, "--no-input")
    assert done.exit_code == 1, done.output
    assert says in done.output
    assert texts_of(bare) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("flights", "--share", "late,flights"), "flights exists"),
        (("Late", "--share", "late,flights"), "is no name of a metric"),
        (("late_x", "--share", "late,flight"), "there is no metric flight"),
        (("late_x", "--agg", "sum", "--expr", "lateness"), "has no column of fct_flights"),
        (("late_x", "--share", "late,flights", "--label", "Late %"), "another metric has the label"),
    ],
)
def test_metrics_against_the_rules_are_refused(bare: Path, arguments: tuple[str, ...], says: str) -> None:
    before = texts_of(bare)
    done = new(bare, "metric", "--description", "A figure.", "--label", "A figure", *arguments, "--no-input")
    assert done.exit_code == 1, done.output
    assert says in done.output
    assert texts_of(bare) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("source", "bts", "--dataset", "x", "--key", "a"), "ingestion/sources/bts.py exists"),
        (("source", "TSA", "--dataset", "x", "--key", "a"), "can name neither a source nor a table"),
        (("source", "tsa", "--dataset", "files", "--key", "a"), "can name neither a source nor a table"),
        (("source", "tsa", "--dataset", "waits", "--key", "z"), "there is no column z"),
        (("form", "kaggle_2015"), "base_bts__kaggle_2015 exists"),
        (("form", "mine"), "no column says the day of a flight"),
        (("form", "mine", "--says", "flight_date=a"), "no column says the carrier"),
        (("form", "mine", "--says", "flown_on=a"), "flights have no flown_on"),
    ],
)
def test_sources_against_the_rules_are_refused(bare: Path, arguments: tuple[str, ...], says: str) -> None:
    before = texts_of(bare)
    done = new(bare, *arguments, "--about", "Somebody's", "--columns", "a,b", "--no-input")
    assert done.exit_code == 1, done.output
    assert says in done.output
    assert texts_of(bare) == before


def test_what_cannot_be_written_leaves_nothing(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when half of the files are there."""
    before, write, written = texts_of(bare), Path.write_text, []

    def write_some(path: Path, text: str, **settings: str) -> int:
        written.append(path)
        if len(written) == 4:
            raise OSError(28, "No space left on device", str(path))
        return write(path, text, **settings)

    monkeypatch.setattr(Path, "write_text", write_some)
    done = new(bare, *COMMANDS["agg_route_day"], "--no-input")
    assert done.exit_code == 1
    assert "No space left on device" in done.output
    assert len(written) > 4
    assert texts_of(bare) == before
    assert not (bare / "models" / "marts" / "routes").exists()


def test_what_is_missing_is_asked_for(bare: Path) -> None:
    begun = ("mart", "agg_carrier_day", "--subject", "performance", "--reads", "fct_flights")
    refused = new(bare, *begun, "--no-input")
    assert refused.exit_code == 2
    assert "--grain is missing" in refused.output
    done = new(bare, *begun, answers="day and carrier\nflight_date_local,carrier_code\n")
    assert done.exit_code == 0, done.output
    model = bare / "models" / "marts" / "performance" / "agg_carrier_day.yml"
    assert "One row per day and carrier." in model.read_text()
    assert "added to docs/marts.md" in done.output


def test_a_file_names_the_columns_of_a_source(bare: Path, tmp_path: Path) -> None:
    file = tmp_path / "waits.csv"
    file.write_text("Checkpoint ID;Wait (minutes);is_open\nA;5;yes\n")
    done = new(
        bare,
        *("source", "tsa", "--dataset", "waits", "--key", "checkpoint_id", "--about", "Waits", "--from"),
        str(file),
    )
    assert done.exit_code == 0, done.output
    model = bare.joinpath("models", "staging", "tsa", "stg_tsa__waits.sql").read_text()
    assert "{{ trimmed('wait_minutes') }} as wait_minutes," in model
    assert "is_open as open_flag," in model


def test_comments_of_edited_files_stay(bare: Path) -> None:
    before = texts_of(bare)
    for arguments in COMMANDS.values():
        assert new(bare, *arguments, "--no-input").exit_code == 0
    for path, text in texts_of(bare).items():
        if path in before and not path.endswith(".md"):
            comments = [line for line in before[path].splitlines() if line.strip().startswith(("#", "--"))]
            assert set(comments) <= set(text.splitlines()), path
