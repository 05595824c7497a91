"""What goes wrong with a database that is read: nothing is lost, nothing doubled, and the message says it."""

import gc
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from urllib.parse import quote

import psutil
import pyarrow as pa
import pytest

from cli.server.settings import DLT_FOLDER
from ingestion.databases import load as loading
from ingestion.databases.rows_as_csv import write_csv
from ingestion.dlt import pipeline
from ingestion.errors import OntimeError
from tests.data import case
from tests.databases import PASSWORD, READER, Database
from tests.ingestion.reading import (
    CONFIG,
    TIMES,
    add_aircraft,
    in_raw,
    in_source,
    ledger,
    ledger_is_exact,
    load_tables,
    make_aircraft,
    row_count,
    start_load,
    write_config,
)
from tests.ingestion.support import PROJECT, query, session, wait_until
from tests.servers import ONTIME

pytestmark = pytest.mark.usefixtures("fresh_database")

ALL_COLUMNS = CONFIG.replace('columns = ["tail_number", "owner_type", "seats", "updated_at"]', "")
LATER = "2024-02-01"  # the other aircraft then lie below the window of a read of changes
KEYED = 'name = "fleet"\n[tables.aircraft]\nkey = ["owner_type"]\n'


def check(source: Database) -> None:
    """Raw and ledger are what they are to be."""
    assert in_raw() == in_source(source)
    assert ledger_is_exact("aircraft", "aircraft_vanished")


# kill -9


@contextmanager
def nobody_writes(table: str) -> Iterator[None]:
    """While this holds, a load waits when it writes to a table of the warehouse."""
    with session("postgres") as holding, holding.cursor() as cursor:
        cursor.execute(f"begin; lock table {table} in share mode")
        yield
        cursor.execute("rollback")


@contextmanager
def nobody_reads(source: Database) -> Iterator[None]:
    """While this holds, a load waits when it reads the source's table."""
    with source.admin.connect() as connection:
        if source.kind == "mariadb":
            connection.exec_driver_sql("lock tables aircraft write")
            yield
            connection.exec_driver_sql("unlock tables")
        else:
            connection.exec_driver_sql("lock table aircraft in access exclusive mode")
            yield
            connection.rollback()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, said


def wait_for_reader(source: Database, process: subprocess.Popen[str]) -> None:
    """Until the load waits for the table of the source."""
    waiting = {
        "mariadb": "select count(*) from information_schema.processlist"
        f" where user = '{READER}' and state like 'Waiting for table%'",
        "postgresql": "select count(*) from pg_stat_activity"
        f" where usename = '{READER}' and wait_event_type = 'Lock'",
    }[source.kind]
    while source.ask(waiting) == [(0,)]:
        assert process.poll() is None, process.communicate()


WAITS = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query ~* %s)"
NO_LOADER = """
    select not exists (
        select from pg_stat_activity where datname = current_database() and usename = 'loader'
    )
"""
MOMENTS = [
    ("raw_fleet.aircraft", r"^\s*insert into .*aircraft"),  # the rows are read and compared
    ("raw_fleet.files", r"^\s*insert into .*files"),  # all is there but the commit
    ("raw_fleet.aircraft_vanished", "^copy .*aircraft_vanished"),  # the rows are committed, the marks are not
]


def test_kill_and_repeat(source: Database, tmp_path: Path) -> None:
    """One warehouse through all of it: what a kill leaves behind, the next load meets."""
    config = write_config(tmp_path)
    make_aircraft(source, 5)
    with nobody_reads(source):
        stop(source, config)
    with nobody_reads(source):
        process = start_load(config)
        wait_for_reader(source, process)
        kill(process)
    wait_until(NO_LOADER)
    repeat(source, config)
    for number, (table, statement) in enumerate(MOMENTS):
        change_much(source, number)
        with nobody_writes(table):
            process = start_load(config)
            wait_until(WAITS, statement, while_running=[process])
            kill(process)
            wait_until(NO_LOADER)
        repeat(source, config)
    assert ledger_is_exact("aircraft", "aircraft_vanished")


def stop(source: Database, config: Path) -> None:
    """SIGTERM when a load waits for the table of the source: it ends there and here, and leaves no folder."""
    command = [str(ONTIME), "load", "database", "--config", str(config)]
    temporary = config.parent / "temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as load:
        wait_for_reader(source, load)
        load.terminate()
        _, said = load.communicate(timeout=300)
    assert load.returncode == 143, said
    assert said == "stopped by SIGTERM; to go on, repeat the same `ontime load`\n"
    assert not list(temporary.iterdir())
    wait_until(NO_LOADER)


def change_much(source: Database, number: int) -> None:
    """Something for each kind of read to find: changed rows, one gone, one that came late."""
    source.do(f"update aircraft set seats = {number}, updated_at = '2024-01-0{number + 2}' where seats = 100")
    source.do(f"delete from aircraft where tail_number = 'N{number}'")
    add_aircraft(source, f"N2{number}", "2020-01-01")


def repeat(source: Database, config: Path) -> None:
    report, said = load_tables(config)
    assert report.ok, said
    check(source)
    assert load_tables(config)[0].rows_landed == 0


# A server that refuses or goes away


def test_a_login_that_is_refused(source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__FLEET__CREDENTIALS", source.address_of(READER, "hush-hush"))
    with pytest.raises(OntimeError, match=f"fleet: no connection to 127.0.0.1:{source.port}: ") as raised:
        load_tables(write_config(tmp_path))
    assert "SOURCES__FLEET__CREDENTIALS" in raised.value.remedy
    for secret in (READER, "hush-hush"):
        assert secret not in raised.value.message + raised.value.remedy


def test_a_server_that_is_not_there(
    source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = source.address.replace(f":{source.port}/", ":9/")
    monkeypatch.setenv("SOURCES__FLEET__CREDENTIALS", address)
    with pytest.raises(OntimeError, match=r"no connection to 127.0.0.1:9: .*(refused|Can't connect)"):
        load_tables(write_config(tmp_path))


@pytest.mark.parametrize("before", [0, 3])
def test_a_server_that_goes_away_in_the_middle(
    source: Database,
    before: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Its sessions end between two chunks of rows: nothing of the read lands, and the next load is right.

    One message says so. PyMySQL trips over the lost connection twice more when it closes cursor and result.
    """
    config = write_config(tmp_path)
    make_aircraft(source, 0)
    many = {
        "mariadb": "select concat('N', seq), repeat('x', 20), 1, '2024-01-02' from seq_1_to_200000",
        "postgresql": "select 'N' || n, repeat('x', 20), 1, '2024-01-02' from generate_series(1, 200000) n",
    }[source.kind]
    for number in range(before):
        add_aircraft(source, f"A{number}", "2024-01-01")
    if before:
        load_tables(config)
    there = ledger()
    source.do(f"insert into aircraft {many}")

    def interrupted(rows: Iterator[pa.Table], columns: Sequence[str], path: Path) -> int:
        def until_killed() -> Iterator[pa.Table]:
            yield next(rows)
            source.kill_readers()
            yield from rows

        return write_csv(until_killed(), columns, path)

    with monkeypatch.context() as patch:
        patch.setattr(loading, "write_csv", interrupted)
        report, said = load_tables(config)
    gc.collect()
    assert not report.ok
    assert f"{source.kind}://127.0.0.1:{source.port}/fleet/aircraft: " in said
    assert "see that its server runs, then load again; nothing of this read has landed" in said
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")
    assert PASSWORD not in said
    assert ledger() == there
    report, said = load_tables(config)
    assert report.ok, said
    assert row_count() == 200_000 + before
    assert in_raw() == in_source(source)


# Columns and keys


@pytest.mark.parametrize("columns", ["listed", "all"])
def test_a_new_column(columns: str, source: Database, tmp_path: Path) -> None:
    """It lands where all columns do, with the rows that have a value; else it is told."""
    config = write_config(tmp_path, CONFIG if columns == "listed" else ALL_COLUMNS)
    make_aircraft(source, 3)
    add_aircraft(source, "N9", LATER)
    load_tables(config)
    source.do("alter table aircraft add column engines integer")
    source.do("update aircraft set engines = 2 where tail_number = 'N1'")  # and its time is the old one
    report, said = load_tables(config)
    assert report.ok
    if columns == "listed":
        assert "has a new column engines; it is not among those declared, and left out" in said
        assert report.rows_landed == 0
    else:
        assert "has a new column engines; it lands" in said
        assert report.rows_landed == 1
        names = ("tail_number", "engines")
        assert in_raw(names) == in_source(source, names)
    check(source)
    assert "engines" not in load_tables(config)[1]


def test_a_column_that_is_declared_and_dropped(source: Database, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    make_aircraft(source, 3)
    load_tables(config)
    before = (in_raw(), ledger())
    source.do("alter table aircraft drop column seats")
    source.do("insert into aircraft values ('N9', 'x', '2024-02-01')")
    report, said = load_tables(config)
    assert not report.ok
    assert "has no column seats; there are tail_number, owner_type, updated_at" in said
    assert (in_raw(), ledger()) == before


def test_a_column_that_is_dropped_where_all_land(source: Database, tmp_path: Path) -> None:
    config = write_config(tmp_path, ALL_COLUMNS)
    make_aircraft(source, 3)
    add_aircraft(source, "N9", LATER)
    load_tables(config)
    source.do("alter table aircraft drop column seats")
    report, said = load_tables(config)
    assert report.ok
    assert "has lost its column seats" in said
    assert {seats for _, seats in in_raw(("tail_number", "seats"))} == {None}
    assert load_tables(config)[0].rows_landed == 0


def test_a_column_of_another_type(source: Database, tmp_path: Path) -> None:
    """The whole table is read, since all values may say something else."""
    config = write_config(tmp_path)
    make_aircraft(source, 3)
    add_aircraft(source, "N9", LATER)
    load_tables(config)
    retype = {
        "mariadb": "alter table aircraft modify column seats decimal(9, 1)",
        "postgresql": "alter table aircraft alter column seats type decimal(9, 1)",
    }[source.kind]
    source.do(retype)
    report, said = load_tables(config)
    assert report.rows_landed == 4
    assert "column seats is " in said
    assert "(9,1) now, and was int" in said
    check(source)
    report, said = load_tables(config)
    assert "aircraft (changes): nothing new" in said


def test_a_column_that_is_declared_later(source: Database, tmp_path: Path) -> None:
    make_aircraft(source, 3)
    add_aircraft(source, "N9", LATER)
    load_tables(write_config(tmp_path, CONFIG.replace('"seats", ', "")))
    report, said = load_tables(write_config(tmp_path))
    assert report.rows_landed == 4, said
    check(source)


def test_a_table_that_is_gone(source: Database, tmp_path: Path) -> None:
    """The others land."""
    config = write_config(tmp_path, 'name = "fleet"\n[tables.log]\n' + CONFIG.replace('name = "fleet"', ""))
    make_aircraft(source, 3)
    source.do("create table log (line varchar(9))", "insert into log values ('a')")
    load_tables(config)
    before = in_raw()
    source.do("drop table aircraft", "insert into log values ('b')")
    report, said = load_tables(config)
    assert [(file.dataset, file.state) for file in report.files] == [
        ("aircraft", "failed"),
        ("log", "landed"),
    ]
    assert "fleet/aircraft: there is no such table, or the user may not read it" in said
    assert in_raw() == before


@pytest.mark.parametrize(
    ("owner", "message"),
    [("'airline'", "the key is not unique: owner_type=airline in record"), ("null", "the key is missing")],
)
def test_a_key_that_is_none(owner: str, message: str, source: Database, tmp_path: Path) -> None:
    make_aircraft(source, 1)
    source.do(f"insert into aircraft (tail_number, owner_type) values ('N1', {owner})")
    report, said = load_tables(write_config(tmp_path, KEYED))
    assert not report.ok
    assert message in said
    assert (ledger(), row_count()) == ([], 0)


@pytest.mark.parametrize(
    ("late", "message"),
    [("'a'", "the key is not unique: code=a"), ("null", "the key is missing in a row: code=None")],
)
def test_a_key_that_is_none_any_more(late: str, message: str, source: Database, tmp_path: Path) -> None:
    """The row lies below the window: no read of changes sees it, but the keys tell."""
    source.do("create table codes (code varchar(9), version integer)", "insert into codes values ('a', 100)")
    text = 'name = "fleet"\n[tables.codes]\nkey = ["code"]\ncursor = "version"\nvanished = "mark"\n'
    config = write_config(tmp_path, text)
    assert load_tables(config)[0].ok
    source.do(f"insert into codes values ({late}, 1)")
    report, said = load_tables(config)
    assert not report.ok
    assert message in said


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('cursor = "owner_type"', r"the cursor owner_type is .*varying\(20\)|varchar\(20\), but a cursor is"),
        ('cursor = "seats"\nwindow = "1 day"', "the cursor seats is int.*, of which a window is a number"),
        (
            'cursor = "updated_at"\nwindow = 7',
            "the cursor updated_at is timestamp.*, of which a window is a time",
        ),
        ('cursor = "changed_at"', "has no column changed_at"),
    ],
)
def test_a_cursor_that_is_none(entry: str, message: str, source: Database, tmp_path: Path) -> None:
    make_aircraft(source, 1)
    text = f'name = "fleet"\n[tables.aircraft]\nkey = ["tail_number"]\n{entry}'
    (failed,) = load_tables(write_config(tmp_path, text))[0].files
    assert re.search(message, failed.message or "")


def test_a_table_that_is_not_declared(source: Database, tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match=r"fleet.toml declares no table planes"):
        load_tables(write_config(tmp_path), "planes")


# Rows that are hidden, which look like deleted ones

TENANTS = """
name = "srca"
[tables.tenants]
schema = "app"
"""


@pytest.fixture
def tenants(source: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Twenty tenants in a schema of their own, as the case has them."""
    monkeypatch.setenv("SOURCES__SRCA__CREDENTIALS", source.address)
    rows = ", ".join(f"({number}, '2024-01-{number:02} 00:00:00')" for number in range(1, 21))
    source.do(
        "create schema app",
        f"create table app.tenants (id integer primary key, updated_at {TIMES[source.kind]})",
        f"insert into app.tenants values {rows}",
    )
    if source.kind == "mariadb":
        source.do(f"grant select on app.* to {READER}")
    yield source
    source.do("drop schema app" if source.kind == "mariadb" else "drop schema app cascade")


def hide(source: Database, condition: str) -> None:
    """Shows only rows for which a condition holds: by a policy, or by a view of the table's name."""
    if source.kind == "postgresql":
        source.do(
            "alter table app.tenants enable row level security",
            f"create policy of_readers on app.tenants for select using ({condition})",
        )
    else:
        source.do(
            "rename table app.tenants to app.all_tenants",
            f"create view app.tenants as select * from app.all_tenants where {condition}",
        )


WHY = {
    "postgresql": "that is not believed: row-level security hides rows from this user",
    "mariadb": "that is not believed: ",
}


@pytest.mark.parametrize("condition", ["false", "id > 15"])
def test_rows_that_are_hidden_are_not_gone(tenants: Database, condition: str) -> None:
    """All of them as in the case, or most: an error, and nothing is marked until somebody says so."""
    config = case("rls-marks-all-as-vanished") / "src2.toml"
    assert load_tables(config)[0].rows_landed == 20
    hide(tenants, condition)
    there = query("select * from raw_srca.files")
    gone = 20 if condition == "false" else 15
    for full in (False, True):
        report, said = load_tables(config, full=full)
        assert not report.ok
        assert f"app/tenants: {gone} of 20 keys are gone, and {WHY[tenants.kind]}" in said
        assert "if they are truly gone, add --accept-vanished" in said
    assert query("select count(*) from raw_srca.tenants_vanished") == [(0,)]
    assert query("select * from raw_srca.files") == there

    report, said = load_tables(config, accepts_vanished=True)
    assert report.ok, said
    assert query("select count(*) from raw_srca.tenants_vanished") == [(gone,)]
    ((request,),) = query("select request from raw_srca.files order by file_no desc limit 1")
    assert f"&accepted_by={getuser()}" in request
    assert load_tables(config)[0].ok


def test_a_few_rows_that_a_new_policy_hides(tenants: Database) -> None:
    """Too few to be remarkable where rows can only be deleted; a policy that is new makes them so."""
    config = case("rls-marks-all-as-vanished") / "src2.toml"
    load_tables(config)
    hide(tenants, "id > 3")
    report, said = load_tables(config)
    assert report.ok == (tenants.kind == "mariadb"), said
    if tenants.kind == "postgresql":
        assert f"3 of 20 keys are gone, and {WHY['postgresql']}" in said
        assert not load_tables(config)[0].ok
        assert load_tables(config, accepts_vanished=True)[0].ok
    assert query("select count(*) from raw_srca.tenants_vanished") == [(3,)]
    # known from then on: what is gone is as plausible as elsewhere
    tenants.do(f"delete from app.{'all_' * (tenants.kind == 'mariadb')}tenants where id = 4")
    assert load_tables(config)[0].rows_landed == 1


@pytest.mark.parametrize("entries", ["", 'key = ["id"]', 'key = ["id"]\ncursor = "updated_at"'])
def test_rows_that_are_hidden_where_nothing_is_marked(
    tenants: Database, entries: str, tmp_path: Path
) -> None:
    """Without a key the newest read is all that counts, so it fails. Else what was read stays, told."""
    config = write_config(tmp_path, TENANTS + entries)
    load_tables(config)
    hide(tenants, "false")
    there = query("select * from raw_srca.files")
    report, said = load_tables(config)
    assert report.ok == bool(entries)
    assert f"20 of 20 rows are gone, and {WHY[tenants.kind]}" in said
    assert query("select * from raw_srca.files") == there


# Secrets


def test_secrets_are_found_nowhere(
    source: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in messages, logs, what dlt leaves on disk, the warehouse, or the lists of processes."""
    folders: list[Path] = []

    @contextmanager
    def kept(purpose: str) -> Iterator[str]:
        folders.append(tmp_path / f"{purpose}{len(folders)}")
        folders[-1].mkdir()
        yield str(folders[-1])

    monkeypatch.delenv(DLT_FOLDER, raising=False)  # a command that ran in this process has set it
    monkeypatch.setattr(pipeline, "working_folder", kept)
    monkeypatch.setattr(loading, "working_folder", kept)
    caplog.set_level(logging.DEBUG)
    make_aircraft(source, 3)
    report, said = load_tables(write_config(tmp_path))
    assert report.ok
    source.do("drop table aircraft")
    said += load_tables(write_config(tmp_path))[1]

    texts = [said, caplog.text, str(report), everything_in_the_warehouse()]
    texts += [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    found = [path for path in files for secret in secrets() if secret.encode() in path.read_bytes()]
    assert not found
    assert not [text for text in texts for secret in secrets() if secret in text]


def secrets() -> tuple[str, ...]:
    """The password, as it is and as an address has it."""
    return PASSWORD, quote(PASSWORD, safe="")


def everything_in_the_warehouse() -> str:
    tables = query(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname ~ '^raw_fleet'"
    )
    assert len(tables) > 5
    return "".join(str(query(f"select * from {table}")) for (table,) in tables) + str(
        query("select description from pg_description")
    )


def test_a_traceback_has_no_secrets(source: Database, tmp_path: Path) -> None:
    """`ontime --debug` shows it."""
    config = write_config(tmp_path, 'name = "fleet"\n[tables.none]\n')
    environment = os.environ | {"SOURCES__FLEET__CREDENTIALS": source.address_of(READER, "hush-hush")}
    run = subprocess.run(
        [sys.executable, "-m", "tests.ingestion.reading", str(config)],
        env=environment,
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    assert run.returncode == 1
    assert "Traceback" in run.stderr
    assert "no connection to 127.0.0.1" in run.stderr
    assert "hush-hush" not in run.stderr + run.stdout
