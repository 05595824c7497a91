"""`ontime doctor` says what is wrong with a warehouse that was damaged, and what mends it."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.operations.doctor import machine, warehouse
from cli.operations.doctor.findings import Finding
from cli.operations.doctor.look import look
from cli.server.process import Server
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, session, wait_until
from tests.servers import new_server, ontime


@pytest.fixture(scope="module", autouse=True)
def published(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    begin_with(SAMPLE, tmp_path_factory.mktemp("doctor"))


def found(about: str) -> list[Finding]:
    return [finding for finding in look() if finding.about == about]


def test_a_sound_warehouse() -> None:
    """Nothing but ok, in a second or so; packages may be others than the lock's where tests run."""
    said = ontime("doctor", "--json")
    lines = json.loads(said.stdout)
    assert said.returncode == 0, said.stdout
    assert [line for line in lines if line["level"] != "ok" and line["about"] != "packages"] == []
    assert {line["about"] for line in lines} >= {
        *("server", "packages", "files", "disk", "settings", "roles", "clock", "connections"),
        *("locks", "transactions", "marts", "raw rows", "runs", "tables"),
    }
    assert ontime("doctor").stdout.count("\n") >= len(lines)


OTHERS = [
    (
        "settings",
        "alter database {database} set timezone = 'Europe/Berlin'",
        "TimeZone is Europe/Berlin, by database",
        "alter database {database} reset timezone",
    ),
    (
        "settings",
        "alter database {database} set work_mem = '1MB'",
        "work_mem is 1MB instead of",
        "alter database {database} reset work_mem",
    ),
    (
        "roles",
        "alter schema raw_bts owner to postgres",
        "schema raw_bts belongs to postgres",
        "alter schema raw_bts owner to loader",
    ),
    (
        "raw rows",
        "create table public.kept as select * from raw_nycflights13.airlines where record_no = 3;"
        "delete from raw_nycflights13.airlines where record_no = 3",
        "raw_nycflights13.airlines has 15 of 16 rows of file ",
        "insert into raw_nycflights13.airlines select * from public.kept; drop table public.kept",
    ),
    (
        "ledger",
        "update marts.audit_row_ledger set rows_seen = rows_seen + 1 where dataset = 'airlines'",
        "does not balance for file ",
        "update marts.audit_row_ledger set rows_seen = rows_seen - 1 where dataset = 'airlines'",
    ),
    (
        "indexes",
        "update pg_index set indisvalid = false where indexrelid = 'marts.dim_dates_pkey'::regclass",
        "marts.dim_dates_pkey is not valid",
        "update pg_index set indisvalid = true where indexrelid = 'marts.dim_dates_pkey'::regclass",
    ),
    (
        "runs",
        "insert into ops.runs (run_id, command, step, outcome, started_at)"
        " values ('x', 'build', 'command', 'running', now())",
        "build: never ended",
        "delete from ops.runs where run_id = 'x'",
    ),
    (
        "tables",
        "alter table past.publications rename to lost",
        "views of a past that was lost: marts_as_of_1",
        "alter table past.lost rename to publications",
    ),
]


@pytest.mark.parametrize(("about", "damage", "said", "mend"), OTHERS, ids=[it[2][:24] for it in OTHERS])
def test_what_is_wrong_in_the_database(database: str, about: str, damage: str, said: str, mend: str) -> None:
    query(damage.format(database=database))
    try:
        wrong = [finding for finding in found(about) if said in finding.told]
        assert len(wrong) == 1
        assert wrong[0].level != "ok"
        assert wrong[0].remedy
    finally:
        query(mend.format(database=database))
    assert not [finding for finding in found(about) if said in finding.told]


def test_it_ends_a_session() -> None:
    with session("reporter") as idle, idle.cursor() as cursor:
        cursor.execute("begin; select count(*) from marts.dim_dates")
        pid = idle.info.backend_pid
        said = ontime("doctor", "--end", str(pid))
        assert f"ended reporter (server process {pid}): " in said.stderr
        wait_until("select not exists (select from pg_stat_activity where pid = %s)", pid)
    none = ontime("doctor", "--end", str(pid))
    assert none.returncode == 1
    assert f"there is no session of server process {pid}" in none.stderr


def test_clocks_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    monkeypatch.setattr("cli.operations.doctor.warehouse.time.time", lambda: now() - 30)
    (clock,) = found("clock")
    assert clock.level == "warning"
    assert "+30 s" in clock.told


def test_packages_that_are_not_those_of_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        'click==0.1 \\\n    --hash=sha256:0\nnone==1 ; sys_platform == "none" \\\n    --hash=sha256:0\n'
    )
    (finding,) = machine.look_at_packages(lock)
    assert finding.told.startswith("click 8.")
    assert finding.told.endswith(" instead of 0.1")


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with new_server() as server:
        monkeypatch.setenv("ONTIME_STATE", str(server.state))
        yield server


def test_a_server_that_is_not_there_stopped_or_was_killed(own_server: Server, tmp_path: Path) -> None:
    assert [(it.level, it.remedy) for it in found("server")] == [("fault", "ontime up")]
    own_server.start(lambda _: None)
    pid = own_server.process_id()
    assert pid is not None
    assert [it.told for it in found("server") if it.level == "ok"] == [
        f"process {pid}, data in {own_server.data}"
    ]
    os.kill(pid, signal.SIGKILL)
    while own_server.process_id():
        pass
    killed = ontime("doctor")
    assert killed.returncode == 1
    assert f"process {pid} is" in killed.stdout
    assert ontime("up").returncode == 0
    assert ontime("down").returncode == 0
    assert [it.told for it in found("server")] == ["Postgres is stopped"]


def test_files_that_are_left_or_open(own_server: Server) -> None:
    own_server.start(lambda _: None)
    credentials = own_server.state / "credentials.json"
    credentials.chmod(0o644)
    left = Path(tempfile.gettempdir(), "ontime-load-left")
    left.mkdir()
    left.joinpath(".in-use").touch()
    told = {it.told.split(":")[0]: it for it in found("files")}
    assert told["of loads that were killed"].remedy == f"rm -r {left}"
    (open_one,) = [it for it in told.values() if it.level == "fault"]
    assert open_one.remedy == f"chmod 600 {credentials}"
    left.joinpath(".in-use").unlink()
    left.rmdir()
    credentials.chmod(0o600)
    assert [it.level for it in found("files")] == ["ok"]


def test_a_disk_that_is_too_small_for_the_database() -> None:
    with session("postgres") as opened, opened.cursor() as cursor:
        size = warehouse.size_of(cursor)
    assert size > 1_000_000
    levels = [it.level for factor in (1, 10**9) for it in machine.look_at_disk(Path("/"), size * factor)]
    assert levels == ["ok", "fault"]
