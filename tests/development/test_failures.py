"""`ontime failures`: what failed last, with rows, the file and record of each, and the next command."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import cli.building.failures
from cli.building.failures import Failure, keep_failures
from cli.development.failures import last_failures, show_failures
from cli.server.connections import connection
from ingestion.errors import OntimeError

TEST = Failure(
    name="fct_flights__late_is_known",
    kind="test",
    status="fail",
    message="Got 2 results, configured to fail if != 0",
    description="Late is known of each flight.",
    file="tests/dbt/singular/fct_flights__late_is_known.sql",
    target="prod",
    models={"dim_dates": "marts__build.dim_dates", "fct_flights": "marts__build.fct_flights"},
    compiled_code="select flight_key, note from marts__build.fct_flights where flight_key <> 'c' order by 1",
)
MODEL = Failure(
    *("dim_dates", "model", "error", "Database Error", "", "models/marts/core/dim_dates.sql", "prod", {})
)


@pytest.fixture(scope="module")
def warehouse(database: str) -> Iterator[None]:
    """Two flights of one file, one that no ledger knows, in a mart that says so."""
    with closing(connection("loader").connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute(
            "insert into raw_nycflights13.files"
            " (file_no, file_id, dataset, file_name, bytes, rows_seen, rows_landed, rows_rejected, load_id)"
            " values (5, 'id', 'flights', %s, 1, 2, 2, 0, 'load')",
            ["flights\x1b[31m.csv"],
        )
    with closing(connection("transformer").connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute("create schema marts__build")
        cursor.execute("create table marts__build.dim_dates as select 1 as date_day")
        cursor.execute(
            "create table marts__build.fct_flights as select * from (values"
            " ('a', 5, 1234, 'n'), ('b', 5, 1235, e'\\x1b[31m'), ('c', 9, 1, null), ('d', 9, 1, null)"
            ") as v (flight_key, source_file_no, source_record_no, note)"
        )
    yield


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cli.building.failures, "PROJECT", tmp_path)
    return tmp_path


def shown(project: Path, form: str = "table", limit: int = 20) -> str:
    out = StringIO()
    show_failures(limit, form, out, project)
    return out.getvalue()


def test_rows_come_with_file_and_record_and_the_next_command(warehouse: None, project: Path) -> None:
    keep_failures([TEST, MODEL])
    said = shown(project)
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert "FAIL fct_flights__late_is_known: Got 2 results, configured to fail if != 0" in lines
    assert "flight_key note file, record" in lines
    assert r"a n flights\x1b[31m.csv, 1234" in lines
    assert r"b \x1b[31m flights\x1b[31m.csv, 1235" in lines
    assert "d null" in lines
    assert "\x1b" not in said
    assert "-> look closer: dbt show --target prod --limit 50 --select fct_flights__late_is_known" in lines
    question = "select * from raw_nycflights13.flights where file_no = 5 and record_no = 1234"
    assert f'-> what the source said: psql -xc "{question}"' in lines
    assert "-> after the repair: ontime build, or only this: ontime build --select dim_dates" in lines


def test_no_more_rows_than_asked_for(warehouse: None, project: Path) -> None:
    keep_failures([TEST])
    assert "1235" not in shown(project, limit=1)


def test_the_json_has_rows_and_records(warehouse: None, project: Path) -> None:
    keep_failures([TEST, MODEL])
    test, model = json.loads(shown(project, "json"))["failures"]
    assert test["rows"][0]["source_record"] == {
        "table": "raw_nycflights13.flights",
        "file_no": 5,
        "file_name": "flights\x1b[31m.csv",
        "record_no": 1234,
    }
    assert test["rows"][2] == {"flight_key": "d", "note": None, "source_record": None}
    assert (model["name"], model["next_command"]) == ("dim_dates", "ontime build --select dim_dates")


def test_a_test_that_shows_numbers_of_files_itself(warehouse: None, project: Path) -> None:
    keep_failures([replace(TEST, compiled_code="select 5 as file_no, 7 as record_no")])
    assert r"flights\x1b[31m.csv, 7" in shown(project)


def test_a_query_that_cannot_run_any_more_shows_the_rest(warehouse: None, project: Path) -> None:
    keep_failures([replace(TEST, compiled_code="select 1 from marts__build.gone")])
    assert "look closer" in shown(project)
    assert json.loads(shown(project, "json"))["failures"][0]["rows"] is None


def test_a_run_without_failures_forgets_those_of_before(project: Path, warehouse: None) -> None:
    keep_failures([TEST])
    keep_failures([])
    assert "nothing failed in the last run" in shown(project)


def test_before_any_run_it_says_so(warehouse: None, project: Path) -> None:
    assert "no run has left results here; build with: ontime build" in shown(project)


def test_results_of_plain_dbt_that_are_newer(warehouse: None, project: Path) -> None:
    keep_failures([TEST])
    write_results(project, "2999-01-01T00:00:00Z")
    last = last_failures(project)
    assert last is not None
    (found,) = last.failures
    assert found.models == {"fct_flights": "dev_ann_marts.fct_flights"}
    assert found.next_command == "ontime failures --limit 50"
    assert "x" in shown(project).splitlines()[-2].split()
    write_results(project, "2001-01-01T00:00:00Z")
    older = last_failures(project)
    assert older is not None
    assert older.failures == [TEST]


def test_without_a_server_it_says_how_to_start_it(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_failures([TEST])
    monkeypatch.setenv("ONTIME_STATE", str(tmp_path_factory.mktemp("no_server")))
    with pytest.raises(OntimeError) as error:
        shown(project)
    assert "ontime up" in error.value.remedy


def write_results(project: Path, at: str) -> None:
    """As `dbt build` leaves them, of what is asked for here."""
    model = {"schema": "dev_ann_marts", "alias": "fct_flights", "resource_type": "model"}
    test: dict[str, Any] = {
        "resource_type": "test",
        "name": "unique_fct_flights",
        "description": "",
        "original_file_path": "models/marts/core/_fct_flights.yml",
        "attached_node": "model.ontime.fct_flights",
        "depends_on": {"nodes": ["model.ontime.fct_flights"], "macros": []},
    }
    nodes = {"model.ontime.fct_flights": model, "test.ontime.unique_fct_flights.1": test}
    result = {"unique_id": "test.ontime.unique_fct_flights.1", "status": "fail", "message": "Got 1 result"}
    results = {
        "metadata": {"generated_at": at},
        "args": {"which": "build"},
        "results": [result | {"compiled_code": "select 'x' as flight_key"}],
    }
    target = project / "target"
    target.joinpath("manifest.json").write_text(json.dumps({"nodes": nodes, "unit_tests": {}}))
    target.joinpath("run_results.json").write_text(json.dumps(results))
