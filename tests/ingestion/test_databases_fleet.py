"""The worked example of docs/databases.md, and what a million rows take."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.sources import DATABASES
from ingestion.sources import __file__ as sources
from tests.databases import Database
from tests.ingestion.reading import (
    in_raw,
    in_source,
    ledger,
    load_tables,
    row_count,
    start_load,
    write_config,
)
from tests.ingestion.support import PROJECT, query
from tests.servers import ontime

pytestmark = pytest.mark.usefixtures("fresh_database")

FLEET = Path(sources).with_name("fleet.toml")
MIB = 1 << 20
MEMORY = 500 * MIB
"""What the load of a million rows may take, as the process is measured."""


def make_fleet(source: Database) -> str:
    """Runs the script as administrator."""
    address = source.admin.url.set(drivername=source.kind).render_as_string(hide_password=False)
    if source.kind == "mariadb":
        source.do("create or replace user maker identified by 'hush'", "grant all on fleet.* to maker")
        address = source.address_of("maker", "hush")
    run = subprocess.run(
        [sys.executable, "examples/make_fleet.py"],
        cwd=PROJECT,
        env=os.environ | {"FLEET_ADDRESS": address, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_example(source: Database) -> None:
    assert make_fleet(source) == "fleet: 3,322 aircraft\n"
    report, said = load_tables(FLEET)
    assert report.ok, said
    assert ledger() == [("aircraft", 3322, 3322, 0, 0)]
    columns = DATABASES[0].source.datasets[0].columns
    assert in_raw(columns) == in_source(source, columns)
    (first,) = query(
        "select owner_type, seats, updated_at from raw_fleet.aircraft where tail_number = 'N10156'"
    )
    fraction = {"mariadb": ".000000", "postgresql": ""}[source.kind]
    assert first == ("airline", "55", f"2013-02-09 23:50:00{fraction}+00:00")
    make_fleet(source)  # the same one
    again = ontime("load", "database", "--config", str(FLEET), "--tables", "aircraft")
    assert again.returncode == 0, again.stderr
    assert "nothing new" in again.stderr
    gone = ontime(
        "load", "database", "--config", str(FLEET), SOURCES__FLEET__CREDENTIALS="mysql://a:hush@[::1]:9/b"
    )
    assert gone.returncode == 75  # a server that is down now
    assert "error: fleet: no connection to" in gone.stderr
    assert "hush" not in gone.stderr + gone.stdout


def test_all_databases_that_have_a_login(source: Database) -> None:
    make_fleet(source)
    done = ontime("load", "database")
    assert done.returncode == 0, done.stderr
    assert "database: 1 file landed" in done.stderr
    for login, code in {"": 0, "mysql://a:hush@[::1]:9/b": 75, "mysql://a:hush@[::1]:9/b?x=1": 1}.items():
        done = ontime("load", "database", SOURCES__FLEET__CREDENTIALS=login)
        assert done.returncode == code, (login, done.stderr)
        assert ("fleet: left out, for there is no login; set SOURCES__FLEET" in done.stderr) == (not login)
        assert ("error: fleet: " in done.stderr) == bool(login)
        assert "hush" not in done.stderr


def test_a_million_rows_within_bounds(source: Database, tmp_path: Path) -> None:
    rows = 1_000_000
    numbers = {
        "mariadb": f"select seq as n from seq_1_to_{rows}",
        "postgresql": f"select n from generate_series(1, {rows}) as n",
    }[source.kind]
    text = {"mariadb": "concat('N', n)", "postgresql": "'N' || n"}[source.kind]
    source.do(
        "create table big (id bigint primary key, tail_number varchar(20), owner varchar(100),"
        " note varchar(100), price decimal(20, 4), updated_at timestamp)",
        f"insert into big select n, {text}, repeat('o', 60), repeat('n', 60), n / 7, '2024-01-01' from"
        f" ({numbers}) as numbers",
    )
    config = write_config(
        tmp_path, 'name = "fleet"\n[tables.big]\nkey = ["id"]\ncursor = "updated_at"\nvanished = "mark"\n'
    )
    for landed in (rows, 0):  # the second read meets as many rows of ours
        process = start_load(config)
        said, _ = process.communicate(timeout=600)
        assert process.returncode == 0, said
        (peak,) = [int(line.split()[1]) for line in said.splitlines() if line.startswith("peak ")]
        print(f"{source.kind}: {rows:,} rows, {landed:,} new: peak of {peak / MIB:.0f} MiB\n{said}")
        assert peak < MEMORY
        assert row_count("big") == rows
