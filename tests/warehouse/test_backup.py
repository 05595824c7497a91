"""A backup holds all of the warehouse at one moment; what is restored is compared with it, or refused."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.operations.backup import Contents, backup, beside, restore
from cli.server.connections import connection
from ingestion.errors import OntimeError
from ingestion.finding.fetch.cache import sha256
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query
from tests.servers import ontime
from tests.templates import drop, new_database


@pytest.fixture(scope="module")
def file(database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of three published months."""
    begin_with(SAMPLE, tmp_path_factory.mktemp("project"))
    return backup(tmp_path_factory.mktemp("backups") / "all.dump", None, lambda _: None)


@pytest.fixture
def lost(file: Path) -> Iterator[str]:
    """The database of another machine: empty."""
    with new_database() as name:
        yield name
        for (left,) in query(f"select datname from pg_database where datname like '{name}_%'"):
            drop(left)


def contents() -> Contents:
    with closing(connection("postgres").connect()) as opened, opened.cursor() as cursor:
        return Contents.of(cursor)


def test_a_lost_machine(database: str, file: Path, lost: str) -> None:
    assert query("select to_regclass('marts.fct_flights')") == [(None,)]
    done = ontime("restore", str(file))
    assert done.returncode == 0, done.stderr
    found = contents()
    assert found.checksums
    assert found.ledgers["nycflights13"][1] > 1_000
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor:
        cursor.execute("select count(*) from marts.fct_flights")
        (flights,) = cursor.fetchone() or (0,)
    asked = ontime("sql", "--format", "csv", "select count(*) from marts.fct_flights")
    assert asked.stdout == f"count\n{flights}\n", asked.stderr
    os.environ["PGDATABASE"] = database
    try:
        assert contents() == found
    finally:
        os.environ["PGDATABASE"] = lost


def test_what_was_there_before_stays(file: Path, lost: str) -> None:
    with closing(connection("postgres").connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute("create table public.kept as select 1 as one")
    before = restore(file, lambda _: None)
    assert query("select to_regclass('public.kept')") == [(None,)]
    os.environ["PGDATABASE"] = before
    try:
        assert query("select one from public.kept") == [(1,)]
    finally:
        os.environ["PGDATABASE"] = lost


def test_nothing_changes_where_somebody_is_connected(file: Path, lost: str) -> None:
    with (
        closing(connection("reporter").connect()),
        pytest.raises(OntimeError, match=f"others are connected to {lost}, which a restore replaces"),
    ):
        restore(file, lambda _: None)
    assert query("select to_regclass('marts.fct_flights')") == [(None,)]
    assert query(f"select datname from pg_database where datname like '{lost}_%'") == []


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "of another", "no json"])
def test_a_damaged_backup_is_refused(file: Path, lost: str, damage: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.dump"
    copy.write_bytes(file.read_bytes())
    facts = json.loads(beside(file).read_text())
    messages = {
        "flipped": "is damaged: it is not the file that was written",
        "cut": "is damaged: it is not the file that was written",
        "gone": "No such file",
        "of another": "the backup holds others than it should: agg_carrier_month$",
        "no json": "does not say what the backup holds",
    }
    if damage == "flipped":
        whole = bytearray(file.read_bytes())
        whole[len(whole) // 2] ^= 1
        copy.write_bytes(whole)
    elif damage == "cut":
        copy.write_bytes(file.read_bytes()[:-1])
    elif damage == "gone":
        copy.unlink()
    elif damage == "of another":
        row = next(row for row in facts["checksums"] if row[0] == "agg_carrier_month")
        row[3] = str(int(row[3]) + 1)
    beside(copy).write_text("{}" if damage == "no json" else json.dumps(facts))
    with pytest.raises(OntimeError, match=messages[damage]):
        restore(copy, lambda _: None)
    assert query("select to_regclass('marts.fct_flights')") == [(None,)]
    assert query(f"select datname from pg_database where datname like '{lost}_%'") == []


def test_rows_that_a_backup_lacks_are_found(file: Path, lost: str, tmp_path: Path) -> None:
    """Of a warehouse that was damaged before it was backed up."""
    restore(file, lambda _: None)
    with closing(connection("postgres").connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute("delete from raw_nycflights13.airlines where record_no = 3")
    damaged = backup(tmp_path / "damaged.dump", None, lambda _: None)
    with pytest.raises(OntimeError, match=r"the backup lacks rows: raw_nycflights13\.airlines has"):
        restore(damaged, lambda _: None)


def test_a_backup_is_not_overwritten_and_old_ones_go(file: Path, tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match="is there already"):
        backup(file, None, lambda _: None)
    assert sha256(file) == json.loads(beside(file).read_text())["sha256"]
    for name in ("ontime-20250101T000000.dump", "ontime-20250102T000000.dump", "mine.dump"):
        (tmp_path / name).touch()
        beside(tmp_path / name).touch()
    written = backup(tmp_path, 2, lambda _: None)
    assert {path.name for path in tmp_path.glob("*.dump")} == {
        "ontime-20250102T000000.dump",
        "mine.dump",
        written.name,
    }
    assert {path.name for path in tmp_path.glob("*.json")} == {
        f"{path.name}.json" for path in tmp_path.glob("*.dump")
    }


def test_a_backup_that_fails_leaves_nothing(database: str, tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match=r"nowhere.*pg_dump failed|pg_dump failed.*nowhere|No such file"):
        backup(tmp_path / "nowhere" / "all.dump", None, lambda _: None)
    assert list(tmp_path.iterdir()) == []
