"""What somebody who knows dlt finds after a load: pipelines, a destination, jobs, load ids in the ledger."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dlt
import pytest
from click.testing import CliRunner
from dlt.common.destination.reference import Destination

from cli import main as cli
from cli.environment import variables
from cli.server.connections import connection
from cli.server.files import state_folder
from ingestion.dlt.destination import Landing, credentials
from ingestion.dlt.manifest import MANIFEST
from ingestion.sources.nycflights13 import packaged_files
from tests.ingestion.support import PROJECT, SHOP, load_files, query, value

ITEMS = b"item,price\npen,1\nink,2\n"
BAD = b"item,price\n1,2,3\n"  # can be planned, and fails when it lands


@pytest.fixture
def pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where loads of the test keep how dlt's runs went."""
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    return tmp_path / "dlt" / "pipelines"


@pytest.fixture
def load(tmp_path: Path, fresh_database: str) -> Callable[..., None]:
    """Loads files of these contents, as items of the shop."""

    def load_contents(*contents: bytes) -> None:
        paths = [tmp_path / f"{number}.csv" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        load_files(*paths)

    return load_contents


def dlt_pipeline(*arguments: str) -> str:
    """What `dlt pipeline` says, in the folder of the project."""
    done = subprocess.run(
        [sys.executable, "-m", "dlt", "pipeline", *arguments],
        cwd=PROJECT,
        env=os.environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_commands_of_dlt(pipelines: Path, load: Callable[..., None]) -> None:
    load(ITEMS, BAD)
    ((load_id,),) = query("select load_id from raw_shop._dlt_loads")
    info = dlt_pipeline("land_shop", "info")
    assert "destination_type: ingestion.dlt.destination.Landing" in info
    assert "dataset_name: raw_shop" in info
    assert f"Has 1 completed load packages with following load ids:\n{load_id}" in info
    trace = dlt_pipeline("land_shop", "trace")
    assert "Step load COMPLETED" in trace
    assert f"Load package {load_id} is LOADED and contains 1 FAILED job(s)!" in trace
    failed = dlt_pipeline("land_shop", "failed-jobs")
    assert f"JOB file type: {MANIFEST}" in failed
    assert "none of its 1 records can land, beginning with record 1: 3 fields, expected 2" in failed
    assert "1.csv" in failed
    assert "land_shop" in dlt_pipeline("--pipelines-dir", str(pipelines), "--list-pipelines")


def test_the_last_run_is_kept_alone_and_without_secrets(pipelines: Path, load: Callable[..., None]) -> None:
    load(ITEMS)
    load(ITEMS + b"cap,3\n")
    assert [path.name for path in pipelines.iterdir()] == ["land_shop"]
    ((load_id,),) = query("select max(load_id) from raw_shop.files")
    assert [path.name for path in (pipelines / "land_shop/load/loaded").iterdir()] == [load_id]
    secret = str(connection("loader").password).encode()
    assert not any(secret in path.read_bytes() for path in pipelines.rglob("*") if path.is_file())


def test_a_run_that_cannot_be_kept_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Callable[..., None]
) -> None:
    (tmp_path / "no folder").write_bytes(b"")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "no folder"))
    load(ITEMS)
    assert value("select count(*) from raw_shop.items") == 2


def test_the_command_keeps_it_with_the_state(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", "elsewhere")
    airlines = next(path for path in packaged_files() if path.name == "airlines.csv")
    done = CliRunner().invoke(cli.main, ["load", "nycflights13", "--from", str(airlines)])
    assert done.exit_code == 0, done.output
    assert (state_folder() / "dlt/pipelines/land_nycflights13/trace.pickle").is_file()


def test_loads_of_dlt_join_the_ledger(load: Callable[..., None]) -> None:
    load(ITEMS, b"item,price\ncap,3\n")
    load(b"order_no,item,note\n1,pen,\n")
    joined = "raw_shop.files left join raw_shop._dlt_loads using (load_id)"
    assert query(f"select file_no, status from {joined} order by 1") == [(1, 0), (2, 0), (3, 0)]
    assert value("select count(*) from raw_shop._dlt_loads") == 2
    assert value("select to_regclass('raw_shop._dlt_pipeline_state')") is None  # nothing reads it


def test_the_destination_by_its_name(pipelines: Path, load: Callable[..., None]) -> None:
    """As `dlt.attach` makes it: from its name, and logged in as the shell is."""
    load(ITEMS)
    reference = "ingestion.dlt.destination.Landing"
    assert isinstance(Destination.from_reference(reference), Landing)
    with variables(connection("transformer").environment()):
        pipeline = dlt.attach("land_shop", pipelines_dir=str(pipelines))
        with pipeline.sql_client() as client:
            rows = client.execute_sql("select item, price from items order by record_no")
    assert rows == [("pen", "1"), ("ink", "2")]


def test_formats_of_dlt_land_as_ever(pipelines: Path, tmp_path: Path, fresh_database: str) -> None:
    """A manifest is one more format of the destination, not another one in disguise."""
    text = tmp_path / "colours.csv"
    text.write_text("colour\nred\n")

    @dlt.resource(name="colours", columns={"colour": {"data_type": "text"}})
    def colours() -> object:
        yield dlt.mark.with_file_import(str(text), "csv")

    destination = Landing(credentials(connection("loader").as_psycopg2()))
    pipeline = dlt.pipeline(
        "own", pipelines_dir=str(pipelines), destination=destination, dataset_name=SHOP.raw_schema
    )
    pipeline.run([{"size": 1}, {"size": 2}], table_name="sizes")
    pipeline.run(colours())
    assert query("select size from raw_shop.sizes order by 1") == [(1,), (2,)]
    assert query("select colour from raw_shop.colours") == [("red",)]
