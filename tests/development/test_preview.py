"""`ontime preview` shows the rows that a build would make, says where an error is, and writes nothing."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.development.preview import client
from cli.development.preview.ctes import with_of
from cli.development.preview.places import marked, place_of
from cli.server.process import command_line
from ingestion.errors import OntimeError
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, value
from tests.projects import PROJECT, ProjectCopy
from tests.samples import write_sample
from tests.servers import running_server
from tests.templates import become

ROUTES = "models/marts/performance/agg_route_month.sql"
CARRIERS = "models/marts/performance/agg_carrier_month.sql"
TOTALS = "models/intermediate/performance/int_performance__totals.sql"
FLIGHTS = "models/intermediate/flights/int_flights.sql"
WHERE_FLIGHTS = "where not is_duplicate"

# Many questions by one client: importing it for each would take longer than the answers.
ASK = """
import json, sys
from cli.development.preview.client import preview
from cli.development.preview.messages import Question
from ingestion.errors import OntimeError
for asked in json.load(sys.stdin):
    try:
        answer = [message for message in preview(Question.of({**QUESTION, **asked})) if "said" not in message]
    except OntimeError as error:
        answer = [{"message": error.message, "remedy": error.remedy}]
    print(json.dumps({key: it for message in answer for key, it in message.items()}))
"""
QUESTION = {
    **{"model": "", "limit": 1, "where": "", "columns": [], "cte": "", "months": [], "is_counted": True}
}


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectCopy]:
    """Published marts of the sample. What a test leaves edited is its own fault."""
    copied = begin_with(SAMPLE, tmp_path_factory.mktemp("preview"))
    yield copied
    run(copied, "preview", "--stop")


def run(project: ProjectCopy, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """`ontime` of the copy: exit code, stdout, stderr."""
    command = [sys.executable, "-c", "from cli.main import main; main()", *arguments]
    done = subprocess.run(
        command,
        cwd=project.folder,
        env=os.environ | {"PYTHONPATH": str(project.folder)} | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def preview(project: ProjectCopy, *arguments: str) -> tuple[str, str]:
    """What a preview that works writes to stdout, and says on stderr."""
    code, out, said = run(project, "preview", *arguments)
    assert code == 0, said
    return out, said


def refused(project: ProjectCopy, *arguments: str) -> str:
    """What a preview says that does not work."""
    code, out, said = run(project, "preview", *arguments)
    assert (code, out) == (1, ""), said
    assert "Traceback" not in said
    return said


def answers(project: ProjectCopy, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages of each answer, as one: those that come later count."""
    done = subprocess.run(
        [sys.executable, "-c", ASK.replace("QUESTION", repr(QUESTION))],
        cwd=project.folder,
        env=os.environ | {"PYTHONPATH": str(project.folder)},
        input=json.dumps(questions),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(out: str) -> list[dict[str, str]]:
    return sorted(csv.DictReader(StringIO(out)), key=str)


def process_id() -> int:
    address = Path(os.environ["ONTIME_STATE"], "preview", "address.json")
    return int(json.loads(address.read_text())["pid"])


def ended(pid: int) -> bool:
    """Whether a process has gone, within a time that is long for one that was told to."""
    for _ in range(600):
        if "cli.development.preview.process" not in command_line(pid):
            return True
        time.sleep(0.1)
    return False


def relations() -> set[tuple[Any, ...]]:
    """All relations of the database, and how often their rows were written."""
    written = (
        "select relid, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_all_tables where schemaname !~ '^pg_'"
    )
    return set(query("select oid, relfilenode from pg_class")) | set(query(written))


def test_rows_types_count_and_time_of_a_model_that_stands(project: ProjectCopy) -> None:
    before = relations()
    out, said = preview(project, "agg_carrier_month", "--format", "csv", "--limit", "1000")
    count = value("select count(*) from marts.agg_carrier_month")
    assert f"{CARRIERS}, as published" in said
    assert f"{count} rows, as many as marts.agg_carrier_month has" in said
    assert re.search(r"read \d+\.\d\d s, compile \d+\.\d\d s, rows \d+\.\d\d s", said)
    published = run(project, "sql", "--format", "csv", "select * from marts.agg_carrier_month")[1]
    assert rows(out) == rows(published)
    table, _ = preview(project, "agg_carrier_month", "--columns", "flight_month,flights,on_time_pct")
    assert [line.strip("┃ ") for line in table.splitlines()[1:3]] == [
        "flight_month ┃ flights ┃ on_time_pct",
        "date         ┃    int8 ┃     numeric",
    ]
    assert relations() == before


def test_each_history_model_shows_the_rows_that_production_has_of_its_newest_month(
    project: ProjectCopy,
) -> None:
    """Computed anew by its own SQL: none of it is missing."""
    models = sorted(
        name for (name,) in query("select distinct model_name from intermediate.int_months__versions")
    )
    assert len(models) > 10
    found = answers(project, [{"model": model} for model in models])
    of_model = dict(zip(models, found, strict=True))
    newest = "select model_name, to_char(max(data_month), 'YYYY-MM') from intermediate.int_months__versions"
    assert {model: answer["facts"]["months"] for model, answer in of_model.items()} == {
        model: [month] for model, month in query(f"{newest} group by model_name")
    }
    counts = {model: answer["count"] for model, answer in of_model.items()}
    assert {model: count["now"] for model, count in counts.items()} == {
        model: count["published"] for model, count in counts.items()
    }
    assert sum(count["now"] > 0 for count in counts.values()) > len(models) / 2
    files, some, other = answers(
        project,
        [
            {"model": "int_files__contents", "months": ["all"]},
            {"model": "int_performance__totals", "months": ["2013-01..2013-02"]},
            {"model": "int_performance__totals", "months": ["2012-01"]},
        ],
    )
    assert files["count"]["now"] == files["count"]["published"] > 0
    assert some["facts"]["months"] == ["2013-01", "2013-02"]
    assert other["remedy"] == "there are 3 from 2013-01 to 2013-03"


def test_errors_say_file_and_line_of_the_model_and_the_nearest_name(project: ProjectCopy) -> None:
    line = 1 + project.folder.joinpath(TOTALS).read_text().splitlines().index("    flights.flight_month,", 5)
    with project.edited(
        (TOTALS, "    flights.flight_month,\n    case", "    flights.flight_mont,\n    case")
    ):
        own, below = answers(project, [{"model": "int_performance__totals"}, {"model": "agg_carrier_month"}])
    assert own["message"].startswith(f"{TOTALS}:{line}: column flights.flight_mont does not exist")
    assert "flights.flight_mont," in own["message"]
    assert "flights.flight_month" in own["remedy"]
    assert below == own
    with project.edited((CARRIERS, "ref('int_performance__totals')", "ref('int_performance__total')")):
        (missing,) = answers(project, [{"model": "agg_carrier_month"}])
    assert missing["message"] == f"{CARRIERS}:3: no model, seed or source is named `int_performance__total`"
    assert missing["remedy"].startswith("did you mean int_performance__totals")
    with project.edited((CARRIERS, "{{ flight_rates('totals') }}", "{{ flight_rate('totals') }}")):
        (macro,) = answers(project, [{"model": "agg_carrier_month"}])
    assert macro["message"] == f"{CARRIERS}:11: no macro or variable is named `flight_rate`"
    assert "flight_rates" in macro["remedy"]
    with project.edited((CARRIERS, "{{ flight_rates('totals') }}", "{{ flight_rates('totals' }}")):
        (broken,) = answers(project, [{"model": "agg_carrier_month"}])
    assert broken["message"].startswith(f"{CARRIERS}:11: ")
    asked: list[dict[str, Any]] = [
        {"model": "agg_carier_month"},
        {"model": "agg_carrier_month", "cte": "total"},
        {"model": "agg_carrier_month", "columns": ["fligths"]},
        {"model": "agg_carrier_month", "where": "flight > 1"},
        {"model": "agg_carrier_month", "where": "true) as x; drop table marts.dim_dates; --"},
        {"model": "agg_carrier_month", "months": ["2013-01"], "cte": "totals"},
    ]
    model, cte, column, where, two, months = answers(project, asked)
    assert "did you mean agg_carrier_month" in model["remedy"]
    assert cte["remedy"] == "did you mean totals?"
    assert column["message"].startswith("--columns: ") and "flights" in column["remedy"]
    assert where["message"].startswith("--where: ") and "flights" in where["remedy"]
    assert two["remedy"] and value("select count(*) from marts.dim_dates") > 0
    assert "no months to choose from" in months["message"]


def test_a_broken_model_beside_does_not_hinder(project: ProjectCopy) -> None:
    with project.edited((ROUTES, "select\n", "select {{ ref( }}\n")):
        _, said = preview(project, "agg_carrier_month", "--limit", "1")
        assert f"not read, and left as it was: {ROUTES}:" in said
        assert f"{CARRIERS}, as published" in said
        # what is edited meanwhile is seen, by a process that begins with the broken model too
        with project.edited((CARRIERS, "totals.carrier_code,", "totals.carrier_code, 7 as seven,")):
            for _ in (1, 2):
                out, _ = preview(project, "agg_carrier_month", "--limit", "1", "--columns", "seven")
                assert "7" in out
                run(project, "preview", "--stop")
        assert f"{ROUTES}:" in refused(project, "agg_route_month")
    _, said = preview(project, "agg_route_month")
    assert "not read" not in said


LATE = "fct_late"


@contextmanager
def new_models(project: ProjectCopy) -> Iterator[None]:
    """A mart on a model that is new as well."""
    first, second = "models/intermediate/flights/int_flights__late.sql", f"models/marts/core/{LATE}.sql"
    late = "select * from {{ ref('fct_flights') }} where is_late"
    project.write(first, "{{ config(materialized='view') }}\n" + late)
    project.write(
        second, "with late as (\n    select * from {{ ref('int_flights__late') }}\n)\nselect * from late\n"
    )
    try:
        yield
    finally:
        for path in (first, second):
            project.remove(path)


def test_models_that_were_never_built_are_compiled_in(project: ProjectCopy) -> None:
    of_cte = {"model": LATE, "cte": "late", "columns": ["flight_key", "is_late"]}
    with new_models(project):
        new, cte = answers(project, [{"model": LATE}, of_cte])
    late = value("select count(*) from marts.fct_flights where is_late")
    assert new["facts"]["compiled_in"] == {"int_flights__late": "new"}
    assert (new["count"]["now"], new["count"]["why"]) == (late, "nothing of it is in production")
    assert cte["count"]["now"] == late
    assert [name for name, _ in cte["columns"]] == ["flight_key", "is_late"]
    (gone,) = answers(project, [{"model": LATE}])
    assert f"there is no model `{LATE}`" in gone["message"]


def test_dbt_show_says_what_to_do_where_a_relation_was_never_built(project: ProjectCopy) -> None:
    """As all of them in a fresh dev schema. What is there is shown."""
    show = ("show", "--target", "prod", "--limit", "1", "--select")
    with new_models(project):
        refused = project.dbt(*show, LATE)
    assert refused.code == 1
    assert f"{LATE} reads intermediate.int_flights__late, which target prod has not built" in refused.said
    assert f"ontime preview {LATE}" in refused.said
    shown = project.dbt(*show, "agg_carrier_month")
    assert shown.code == 0, shown.said


def test_two_at_once_are_both_answered_and_not_mixed(project: ProjectCopy) -> None:
    models = ["agg_carrier_month", "dim_airports"] * 2
    started = [
        project.start("preview", model, "--format", "csv", "--limit", "9999", "--no-count")
        for model in models
    ]
    for model, process in zip(models, started, strict=True):
        said, _ = process.communicate()
        assert process.returncode == 0, said
        assert said.count("\nflight_month," if model == "agg_carrier_month" else "\nairport_code_iata,") == 1
        assert len(said.splitlines()) > value(f"select count(*) from marts.{model}")


def test_a_process_that_was_killed_or_has_other_settings_is_replaced(project: ProjectCopy) -> None:
    preview(project, "dim_carriers", "--no-count")
    first = process_id()
    os.kill(first, signal.SIGKILL)
    preview(project, "dim_carriers", "--no-count")
    second = process_id()
    assert second != first
    code, _, said = run(project, "preview", "dim_carriers", "--no-count", ONTIME_CI_SETTING="another")
    assert code == 0, said
    assert process_id() != second
    assert ended(second)
    third = process_id()
    assert "the process of previews ended" in run(project, "preview", "--stop")[2]
    assert ended(third)
    assert "no process of previews runs" in run(project, "preview", "--stop")[2]


def test_a_process_that_hangs_is_ended_and_a_path_may_be_long(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a folder" / ("as long as those of people are" * 4) / "preview"
    folder.mkdir(parents=True)
    monkeypatch.setattr(client, "folder", lambda: folder)
    monkeypatch.setattr(client, "SECONDS_TO_STOP", 0.5)
    client._start("key")
    pid = int(json.loads((folder / "address.json").read_text())["pid"])
    os.kill(pid, signal.SIGSTOP)
    assert client.stop()
    assert ended(pid)
    assert not client.stop()


def test_a_folder_of_another_user_is_not_listened_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTIME_STATE", str(tmp_path))
    assert client._made_folder().stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(OntimeError, match="of another user"):
        client._made_folder()


def test_it_writes_nothing_even_where_a_model_tries_to(project: ProjectCopy) -> None:
    before = relations()
    writes = "{% do run_query('create table marts.written as select 1') %}"
    with project.edited((CARRIERS, "with totals", f"{writes}\nwith totals")):
        (refusal,) = answers(project, [{"model": "agg_carrier_month"}])
    assert "read-only transaction" in refusal["message"]
    assert relations() == before


def test_wide_long_and_strange_values_fit_and_are_not_obeyed(project: ProjectCopy) -> None:
    wide = "models/marts/core/fct_wide.sql"
    columns = ", ".join(f"'{'x' * 50}' as column_{number}" for number in range(60))
    project.write(
        wide, f"select e'\\x1b[2J' || chr(8238) as \"strange\x1b[1m\", {columns} from generate_series(1, 50)"
    )
    try:
        out, said = preview(project, "fct_wide")
        whole, _ = preview(project, "fct_wide", "--format", "json", "--limit", "1")
    finally:
        project.remove(wide)
    assert max(map(len, out.splitlines())) <= 100
    assert "\x1b" not in out + said and "\u202e" not in out
    assert "\\x1b[2J" in out
    assert "of 61 columns are left out" in out
    assert "values of more than 32 characters are cut" in out
    assert "the first 20 rows" in out
    assert "50 rows" in said
    assert json.loads(whole)[0]["column_59"] == "x" * 50


def test_watch_shows_the_rows_again_when_a_file_is_saved(project: ProjectCopy) -> None:
    process = project.start("preview", "agg_carrier_month", "--watch", "--limit", "1", "--no-count")
    assert process.stdout
    try:
        for line in process.stdout:
            if "rows " in line and "compile " in line:
                break
        with project.edited((CARRIERS, "totals.carrier_code,", "totals.carrier_code, 42 as answer,")):
            said = ""
            for line in process.stdout:
                said += line
                if ("rows " in line and "compile " in line) or "->" in line:
                    break
        assert f"{CARRIERS}, edited since the last publication" in said
    finally:
        process.terminate()  # Ctrl-C is ignored where a shell runs the tests in the background
        process.communicate()


def test_an_idle_process_ends_and_ontime_down_ends_it(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = "from cli.development.preview import client; client.IDLE_SECONDS = {}"
    start += "\nwith client._connected(True): pass"
    with running_server() as server, monkeypatch.context() as environment:
        environment.setenv("ONTIME_STATE", str(server.state))
        for idle in (0.1, 600):
            started = subprocess.run(
                [sys.executable, "-c", start.format(idle)], cwd=project.folder, capture_output=True, text=True
            )
            assert started.returncode == 0, started.stderr
            if idle == 600:
                pid = process_id()
                assert "the process of previews ended" in run(project, "down")[2]
                assert ended(pid)
            else:
                address = server.state / "preview" / "address.json"
                deadline = time.monotonic() + 60
                while address.exists() and time.monotonic() < deadline:
                    time.sleep(0.1)
                assert not address.exists()
        assert "start it with: ontime up" in refused(project, "dim_carriers")
        run(project, "preview", "--stop")


def test_a_preview_after_edits_shows_what_a_build_makes(project: ProjectCopy) -> None:
    """An edit of the model, and one three models up: it takes a build to compare with. After all that look
    at what is as published: this publishes edits."""
    project.edit(CARRIERS, "totals.carrier_code,", "lower(totals.carrier_code) as carrier_code,")
    project.edit(FLIGHTS, WHERE_FLIGHTS, f"{WHERE_FLIGHTS} and carrier_code <> 'UA'")
    try:
        options = ("--months", "all", "--format", "csv", "--limit", "9999")
        out = {mart: preview(project, mart, *options) for mart in ("agg_carrier_month", "agg_route_month")}
        assert all("compiled in: int_flights (edited), and " in said for _, said in out.values())
        assert "history of 2013-01, 2013-02, 2013-03, computed now" in out["agg_route_month"][1]
        newest, said = preview(project, "agg_carrier_month", "--format", "csv")
        assert "history of 2013-03, computed now; 2 others with --months" in said
        assert {row["flight_month"] for row in rows(newest)} == {"2013-03-01"}
        flown = value("select count(*) from marts.agg_carrier_month where flight_month = '2013-03-01'")
        assert f"{flown - 1} rows, -1 against {flown} of marts.agg_carrier_month" in said
        built = project.build()
        assert built.code == 0, built.said
        for mart, (previewed, _) in out.items():
            of_build = run(project, "sql", "--format", "csv", f"select * from marts.{mart}")[1]
            assert rows(previewed) == rows(of_build)
            assert "UA" not in {row.get("carrier_code") for row in rows(of_build)}
    finally:
        project.edit(CARRIERS, "lower(totals.carrier_code) as carrier_code,", "totals.carrier_code,")
        project.edit(FLIGHTS, " and carrier_code <> 'UA'", "")


def test_before_the_first_build_staging_can_be_previewed(project: ProjectCopy, tmp_path: Path) -> None:
    """The last one here: it takes the warehouse away."""
    run(project, "preview", "--stop")
    become("empty")
    (nothing,) = answers(project, [{"model": "stg_nycflights13__flights"}])
    assert nothing["count"]["now"] == 0
    project.load(*write_sample(tmp_path))
    staging, mart = answers(project, [{"model": "stg_nycflights13__flights"}, {"model": "agg_carrier_month"}])
    assert staging["count"]["now"] > 0
    assert staging["facts"]["unknown"] == "nothing was published yet"
    assert "nothing is built yet" in mart["message"]
    assert "ontime build" in mart["remedy"]


def test_what_takes_the_place_of_macros_has_their_names_and_arguments() -> None:
    """One that is renamed would be replaced no longer, and history would show no rows."""
    head = re.compile(r"{% macro (\w+\(.*?\)) -?%}")
    ours = head.findall(PROJECT.joinpath("cli/development/preview/macros.sql").read_text())
    theirs = [it for path in PROJECT.glob("macros/versions/*.sql") for it in head.findall(path.read_text())]
    assert len(ours) == 2
    assert set(ours) <= set(theirs)


@pytest.mark.parametrize(
    ("sql", "names", "after"),
    [
        ("select 1", [], "select 1"),
        ("with a as (select ')' from (x)), B as (select 1) select 2", ["a", "b"], " select 2"),
        ("/* ( */ with recursive a (x) as (select 1 -- )\n), b as (select 2) select", ["a", "b"], " select"),
        ("with \"B c\" as not materialized (select $q$)$q$)\nselect", ["B c"], "\nselect"),
        ("with a as (with b as (select 1) select * from b) (select 1)", ["a"], " (select 1)"),
    ],
)  # fmt: skip
def test_expressions_of_a_statement(sql: str, names: list[str], after: str) -> None:
    found = with_of(sql)
    assert found.names == names
    assert sql[found.end :] == after


def test_a_place_in_compiled_sql_is_a_line_of_the_model() -> None:
    raw = "{%- set x = 1 %}\nwith a as (\n\n    {{ macro(\n        'b'\n    ) }}\n\n)\n"
    raw += "select *,\n  wrong\nfrom a"
    written = marked(raw, "model")
    compiled = "with a as (\n\n    select 1\n\n)\nselect *,\n  wrong\nfrom a"
    with_marks = re.sub(r"\{%-.*?%\}", "", re.sub(r"\{\{.*?\}\}", "select 1", written, flags=re.DOTALL))
    assert place_of(compiled, compiled.index("wrong"), with_marks) == ("model", 10)
    assert place_of(compiled, compiled.index("select 1"), with_marks) == ("model", 4)
    assert place_of(compiled + " changed", 3, with_marks) is None
