"""`ontime load files`: one file of each kind, from an inbox to staging models that pass the checks."""

import datetime as dt
import gzip
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

from cli.loading.scaffold import FOLDER, SOURCES
from tests.dbt_project.test_conventions import is_sentence
from tests.ingestion.support import query
from tests.projects import PROJECT, Outcome, ProjectCopy, copy_project

DAY, NOON = dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 12)  # noqa: DTZ001 - the files know no zone

# What the staging models are to show of the inbox: columns between record_no and reject_reason, and records.
STAGED: dict[str, tuple[list[str], list[tuple[object, ...]]]] = {
    "gates": (["terminal", "gate_no", "width"], [("A;1", 1, "1,5"), (None, 2, "2,25")]),
    "stands": (["stand", "is_remote"], [("007", True), ("008", False)]),
    "levels": (["level", "column_order"], [("top", 1)]),
    "events": (
        ["event", "price", "tags"],
        [("open", 1.1, None), ("close", None, '["a",{"n":1.50}]')],
    ),
    "sightings": (["sighted_on", "sighted_at_local", "total"], [(DAY, NOON, 2**40), (None, None, 1)]),
    "visits_may": (["day", "visitors"], [(DAY, 1.5), (DAY + dt.timedelta(days=1), 2.0)]),
    "visits_june": (["day", "visitors"], [(dt.date(2024, 6, 1), 7)]),
    "packed": (["a", "b"], [(1, "x")]),
    "member": (["a", "b"], [(2, "y")]),
}


def fill(inbox: Path) -> None:
    """Writes one file of each kind."""
    (inbox / "Gates.csv").write_text(
        '\ufeffTerminal;Gate No;Width\n"A;1";1;1,5\n;2;2,25\n3\n', encoding="utf-8"
    )
    (inbox / "stands.tsv").write_text("stand\tremote\n007\ttrue\n008\tFALSE\n")
    (inbox / "levels.csv").write_text("level|order\ntop|1\n")
    lines = [{"event": "open", "price": 1.1}, {"event": "close", "tags": ["a", {"n": 1.5}]}]
    text = "\n".join(map(json.dumps, lines)).replace("1.5", "1.50") + "\n{oops\n"
    (inbox / "events.jsonl").write_text(text)
    sightings = {
        "sighted_on": [DAY, None],
        "sighted_at": pa.array([NOON, None], pa.timestamp("ns")),
        "total": [2**40, 1],
    }
    parquet.write_table(pa.table(sightings), inbox / "sightings.parquet")
    book = Workbook(write_only=True)
    sheets: dict[str, list[list[object]]] = {
        "May": [["Day", "Visitors"], [DAY, 1.5], [DAY + dt.timedelta(days=1), 2]],
        "June": [[], [None, "Day", "Visitors"], [None, dt.date(2024, 6, 1), 7]],
        "Notes": [["nothing below"]],
    }
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(inbox / "visits.xlsx")
    (inbox / "packed.csv.gz").write_bytes(gzip.compress(b"a,b\n1,x\n"))
    with zipfile.ZipFile(inbox / "any name.zip", "w") as archive:
        archive.writestr("member.csv", "a,b\n2,y\n")
    (inbox / "README.md").write_text("no data")


def load(project: ProjectCopy, *files: Path) -> Outcome:
    """`ontime load files --from ...`."""
    command = project.start("load", "files", "--from", *map(str, files))
    said, _ = command.communicate(timeout=600)
    return Outcome(command.returncode, said)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def project(database: str, inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """A copy of the project into which the inbox was loaded, with its staging models built and documented."""
    project = copy_project(
        tmp_path_factory.mktemp("project"), with_tests=True, with_unit_tests=True, parsed_for="ci"
    )
    loaded = load(project, inbox)
    assert loaded.code == 0, loaded.said
    for command in (
        ("build", "--select", *(f"stg_files__{table}" for table in STAGED)),
        ("docs", "generate"),
    ):
        outcome = project.dbt(*command, "--target", "ci")
        assert outcome.code == 0, outcome.said
    return project


@pytest.mark.parametrize("table", STAGED)
def test_values_are_exact(project: ProjectCopy, table: str) -> None:
    columns, records = STAGED[table]
    shown = query(f"select * from ci_staging.stg_files__{table} order by record_no")
    assert [row[2:-2] for row in shown] == records
    assert [row[1] for row in shown] == list(range(1, len(records) + 1))
    assert not any(row[-2] for row in shown)
    described = query(
        "select column_name from information_schema.columns where table_schema = 'ci_staging'"
        " and table_name = %s order by ordinal_position",
        f"stg_files__{table}",
    )
    assert [name for (name,) in described] == ["file_no", "record_no", *columns, "reject_reason", "raw_text"]


def test_each_file_and_sheet_is_in_the_ledger(project: ProjectCopy, inbox: Path) -> None:
    ledger = {
        location.removeprefix(f"{inbox}/"): (table, columns, landed, rejected)
        for table, location, columns, landed, rejected in query(
            "select dataset, location, columns, rows_landed, rows_rejected from raw_files.files"
        )
    }
    assert ledger["visits.xlsx!June"] == ("visits_june", "day,visitors", 1, 0)
    assert ledger["Gates.csv"] == ("gates", "terminal,gate_no,width", 2, 1)
    assert {table for table, *_ in ledger.values()} == STAGED.keys()
    rejects = query("select original, reason from raw_files.rejects order by file_no")
    assert sorted((bytes(original), reason) for original, reason in rejects) == [
        (b"3\n", "1 field, expected 3"),
        (b"{oops\n", "not JSON at character 2: Expecting property name enclosed in double quotes"),
    ]


def test_the_models_pass_the_checks(project: ProjectCopy) -> None:
    """Those of dbt-bouncer.yml; tests/dbt_project holds the rest of the project to them."""
    report = project.folder / "bouncer.json"
    subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt-bouncer"), "run", "--output-file", report),
            *("--config-file", PROJECT / "dbt-bouncer.yml"),
        ],
        cwd=project.folder,
        env=os.environ | {"DBT_PROJECT_DIR": str(project.folder)},
    )
    checks = json.loads(report.read_text())
    ours = [check for check in checks if re.search(":(stg_)?files_", check["check_run_id"])]
    assert len(ours) > 20 * len(STAGED)
    assert [check for check in ours if check["outcome"] != "success"] == []
    manifest = json.loads((project.folder / "target/manifest.json").read_text())
    for table in STAGED:
        node = manifest["nodes"][f"model.ontime.stg_files__{table}"]
        texts = [node["description"], *(column["description"] for column in node["columns"].values())]
        assert all(map(is_sentence, texts)), texts


def test_the_same_files_again_change_nothing(project: ProjectCopy, inbox: Path) -> None:
    before = {path: path.read_text() for path in project.folder.joinpath(FOLDER).iterdir()}
    loaded = load(project, inbox)
    assert loaded.code == 0, loaded.said
    assert f"files: {len(STAGED)} files already there; 0 rows landed" in loaded.said
    assert {path: path.read_text() for path in project.folder.joinpath(FOLDER).iterdir()} == before


def test_a_second_file_of_the_name_lands_in_the_same_table(project: ProjectCopy, tmp_path: Path) -> None:
    more = tmp_path / "Stands.jsonl"
    more.write_text('{"stand": "9", "remote": true, "remark": "new"}\n')
    loaded = load(project, more)
    assert loaded.code == 0, loaded.said
    assert "raw_files.stands gets columns that it did not have: remark" in loaded.said
    assert "wrote" not in loaded.said
    assert query("select stand, remark from raw_files.stands order by file_no, record_no") == [
        ("007", None),
        ("008", None),
        ("9", "new"),
    ]


def test_a_file_that_only_shares_the_name_is_refused(project: ProjectCopy, tmp_path: Path) -> None:
    other, good = tmp_path / "gates.csv", tmp_path / "good.csv"
    other.write_text("something,else\n1,2\n")
    good.write_text("a\n1\n")
    loaded = load(project, other, good)
    assert loaded.code == 1
    assert "gates.csv: has no column of raw_files.gates: gate_no, terminal, width" in loaded.said
    assert "rename the file" in loaded.said
    assert f"wrote {FOLDER}/stg_files__good.sql" in loaded.said


def test_sources_that_somebody_rearranged_are_left_alone(project: ProjectCopy, tmp_path: Path) -> None:
    sources = f"{FOLDER}/{SOURCES}"
    with project.edited((sources, "sources:\n", "sources:\n  # ours\n")):
        project.folder.joinpath(sources).open("a").write("    quoting: {identifier: true}\n")
        before = project.folder.joinpath(sources).read_text()
        new = tmp_path / "new.csv"
        new.write_text("a\n2\n")
        loaded = load(project, new)
        assert loaded.code == 1
        assert "add the table new by hand" in loaded.said
        assert project.folder.joinpath(sources).read_text() == before
