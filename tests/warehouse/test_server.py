"""The embedded server: real starts and stops, as the user who runs the tests."""

import os
import re
import socket
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import psycopg2.extensions
import pytest

from cli.server import settings
from cli.server.connections import connection, is_embedded
from cli.server.process import Server, free_port
from ingestion.errors import OntimeError
from tests.servers import ONTIME, new_server, ontime, running_server

IS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not IS_ROOT, reason="only root's server runs as another user")


@pytest.fixture
def stopped() -> Iterator[Server]:
    with new_server() as server:
        yield server


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    """A server that the tests of this module only look at."""
    with running_server() as server:
        yield server


def log_in(server: Server, **changes: Any) -> psycopg2.extensions.connection:
    """As the superuser, who is there before any bootstrap."""
    arguments: dict[str, Any] = {
        "host": str(server.socket_folder),
        "port": server.port,
        "dbname": "postgres",
        "user": "postgres",
        "password": server.passwords["postgres"],
    }
    opened: psycopg2.extensions.connection = psycopg2.connect(**(arguments | changes))
    return opened


def answers(server: Server, question: str = "select 1") -> Any:
    with closing(log_in(server)) as opened, opened.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]  # type: ignore[index]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def kill_hard(server: Server) -> int:
    """kill -9 the server, and return once it is gone."""
    pid = server.process_id()
    assert pid
    process = psutil.Process(pid)
    process.kill()
    process.wait(timeout=300)
    return pid


def test_starts_once_and_stops_once(stopped: Server) -> None:
    assert stopped.process_id() is None
    assert stopped.start() is True
    assert answers(stopped, "show server_version").startswith("18")
    assert stopped.start() is False
    assert stopped.stop() is True
    assert stopped.process_id() is None
    assert stopped.stop() is False


def test_data_and_port_outlive_a_restart(stopped: Server) -> None:
    stopped.start()
    port = stopped.port
    with closing(log_in(stopped)) as opened, opened, opened.cursor() as cursor:
        cursor.execute("create table kept as select 42 as answer")
    stopped.stop()
    stopped.start()
    assert stopped.port == port
    assert answers(stopped, "select answer from kept") == 42


def test_two_starts_at_once_end_with_one_server(stopped: Server) -> None:
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: ontime("up", ONTIME_STATE=str(stopped.state)), range(2)))
    assert [done.returncode for done in both] == [0, 0], both
    said = sorted(done.stderr.splitlines()[0].split(" on ")[0] for done in both)
    assert said == ["Postgres runs already", "Postgres started"]


def test_the_server_outlives_the_command_and_holds_nothing_of_it(stopped: Server) -> None:
    """Were a pipe or the session inherited, this would wait for the server or kill it."""
    command = subprocess.Popen(
        ["sh", "-c", f"'{ONTIME}' up; kill -9 0"],
        env=os.environ | {"ONTIME_STATE": str(stopped.state)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    command.communicate(timeout=300)
    assert answers(stopped) == 1


def test_starts_after_kill_9(stopped: Server) -> None:
    stopped.start()
    with closing(log_in(stopped)) as opened, opened, opened.cursor() as cursor:
        cursor.execute("set synchronous_commit = on; create table kept as select 42 as answer")
    before = kill_hard(stopped)
    assert stopped.start() is True
    assert stopped.process_id() not in (None, before)
    assert answers(stopped, "select answer from kept") == 42


def test_starts_when_another_program_has_the_noted_process_id(stopped: Server) -> None:
    """As after a reboot. Postgres by itself would refuse for as long as that program runs."""
    stopped.start()
    stopped.stop()
    with other_program(stopped) as pid:
        (stopped.data / "postmaster.pid").write_text(f"{pid}\n{stopped.data}\n")
        assert stopped.process_id() is None
        assert stopped.start() is True
        assert psutil.pid_exists(pid)


def test_starts_when_the_killed_server_is_a_zombie_still(stopped: Server) -> None:
    """As in a container whose first process reaps nobody's children."""
    stopped.start()
    stopped.stop()
    with other_program(stopped) as pid:
        (stopped.data / "postmaster.pid").write_text(f"{pid}\n{stopped.data}\n")
        of_the_socket = stopped.socket_folder / f".s.PGSQL.{stopped.port}.lock"
        of_the_socket.write_text(f"{pid}\n{stopped.data}\n")
        psutil.Process(pid).kill()
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            pass
        assert stopped.start() is True
        assert of_the_socket.read_text().startswith(f"{stopped.process_id()}\n")


@contextmanager
def other_program(server: Server) -> Iterator[int]:
    """Process id of a program that is no Postgres and runs as the server's user."""
    user: dict[str, Any] = {"user": server.user.pw_uid} if IS_ROOT else {}
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **user) as cat:
        assert cat.stdin and cat.stdout
        cat.stdin.write("here\n")
        cat.stdin.flush()
        assert cat.stdout.readline() == "here\n"  # runs for sure: until now /proc may have no name for it
        yield cat.pid


def test_moves_to_another_port_when_its_own_is_taken(stopped: Server) -> None:
    stopped.start()
    stopped.stop()
    taken = stopped.port
    with socket.create_server(("127.0.0.1", taken)):
        said: list[str] = []
        stopped.start(said.append)
    assert stopped.port != taken
    assert f"port {taken} is taken" in said[0]
    assert f"PGPORT='{stopped.port}'" in (stopped.state / "server.env").read_text()
    assert answers(stopped) == 1


def test_a_stale_port_in_the_shell_does_no_harm(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTIME_STATE", str(running.state))
    monkeypatch.setenv("PGHOST", str(running.socket_folder))
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATABASE", "postgres")
    with closing(connection("postgres").connect()) as opened:
        assert opened.info.port == running.port


def test_free_port_prefers_the_one_asked_for() -> None:
    port = free_port(None)
    assert free_port(port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert free_port(port) != port


def test_nobody_else_can_enter_folders_and_files(running: Server) -> None:
    socket_file = running.socket_folder / f".s.PGSQL.{running.port}"
    for private_folder in (running.home, running.data, running.socket_folder, socket_file):
        assert mode(private_folder) == 0o700, private_folder
    for private_file in ("credentials.json", "server.env", "port"):
        assert mode(running.state / private_file) == 0o600, private_file
    assert mode(running.log) == 0o600
    assert running.data.stat().st_uid == running.user.pw_uid != 0


@pytest.mark.parametrize("host", ["socket", "127.0.0.1"])
@pytest.mark.parametrize("password", ["wrong", ""])
def test_every_login_takes_the_password(running: Server, host: str, password: str) -> None:
    changes = {"host": str(running.socket_folder) if host == "socket" else host}
    with closing(log_in(running, **changes)) as opened:
        assert opened.server_version >= 180000
    with pytest.raises(psycopg2.OperationalError, match="password"):
        log_in(running, **changes, password=password, passfile="/dev/null")


def test_trusts_nobody_and_listens_on_loopback_only(running: Server) -> None:
    assert (
        answers(running, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules")
        == "scram-sha-256"
    )
    assert answers(running, "show listen_addresses") == "127.0.0.1"
    assert answers(running, "show unix_socket_directories").strip('"') == str(running.socket_folder)


def test_sorts_by_code_point_and_keeps_time_in_utc(running: Server) -> None:
    assert (
        answers(running, "select string_agg(x, '' order by x) from unnest(array['a','B','ä']) as x") == "Baä"
    )
    assert answers(running, "select upper('ä')") == "Ä"
    assert answers(running, "show timezone") == "UTC"


def test_the_password_is_on_no_command_line(running: Server) -> None:
    everything = subprocess.run(["ps", "axww", "-o", "command="], capture_output=True, text=True).stdout
    assert str(running.data) in everything
    assert not [password for password in running.passwords.values() if password in everything]


@pytest.mark.parametrize("below", [("x" * 60, "y" * 60), ("a, b",), ("it's a path",)])
def test_works_from_awkward_paths(below: tuple[str, ...]) -> None:
    with new_server(*below) as server:
        server.start()
        assert answers(server) == 1
        assert mode(server.socket_folder) == 0o700


def test_somebody_elses_folder_in_the_way_is_not_used() -> None:
    with new_server("x" * 120) as server:
        server.socket_folder.mkdir(mode=0o777)
        server.socket_folder.chmod(0o777)
        with pytest.raises(OntimeError, match="not a folder that only"):
            server.start()


@only_root
def test_root_keeps_the_data_outside_of_a_folder_that_the_servers_user_cannot_enter() -> None:
    with new_server() as server:
        server.state.parent.chmod(0o700)
        said: list[str] = []
        server.start(said.append)
        assert answers(server) == 1
        assert server.data.is_relative_to("/var/lib")
        assert str(server.private) in said[0]
        assert (server.state / "credentials.json").stat().st_uid == 0
        assert not (server.state / "postgres").exists()


@only_root
def test_an_unknown_user_to_run_as_is_named(stopped: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTIME_OS_USER", "nosuchuser")
    with pytest.raises(OntimeError, match="nosuchuser"):
        stopped.start()


def test_a_failed_initdb_leaves_nothing_half_made(stopped: Server) -> None:
    full = stopped.state.parent / "programs"
    full.mkdir()
    (full / "initdb").write_text(
        """#!/bin/sh
        mkdir "$2"
        echo 18 > "$2/PG_VERSION"
        echo "could not write: No space left on device" >&2
        exit 1
        """
    )
    (full / "initdb").chmod(0o755)
    stopped.__dict__["binaries"] = full  # in place of the cached property
    with pytest.raises(OntimeError, match="No space left on device") as failure:
        stopped.start()
    assert "ontime up" in failure.value.remedy
    assert [path.name for path in stopped.home.iterdir()] == ["socket"]
    del stopped.__dict__["binaries"]
    assert stopped.start() is True


def test_sigterm_leaves_nothing_half_made(stopped: Server) -> None:
    """In the midst of initdb, whose end it waits for: killed, that would leave children."""
    state = os.environ | {"ONTIME_STATE": str(stopped.state), "PGHOST": "", "PGDATABASE": ""}
    with subprocess.Popen([ONTIME, "up"], env=state, stderr=subprocess.PIPE, text=True) as up:
        while not stopped.home.joinpath("data.unfinished").exists():
            assert up.poll() is None
        children = psutil.Process(up.pid).children(recursive=True)
        up.terminate()
        _, said = up.communicate(timeout=300)
    assert (up.returncode, said) == (143, "stopped by SIGTERM; to go on, repeat the same `ontime up`\n")
    assert not [child for child in children if child.is_running()]
    assert [path.name for path in stopped.home.iterdir()] == ["socket"]
    assert stopped.start() is True


def test_a_server_that_does_not_start_says_why(stopped: Server) -> None:
    stopped.start()
    stopped.stop()
    with (stopped.data / "postgresql.conf").open("a") as conf:
        conf.write("work_mem = 'much'\n")
    with pytest.raises(OntimeError, match="work_mem"):
        stopped.start()


@pytest.mark.parametrize(("gigabytes", "megabytes"), [(0.5, 128), (4, 512), (256, 3072)])
def test_shared_buffers_follow_the_memory(gigabytes: float, megabytes: int) -> None:
    conf = settings.server_conf(int(gigabytes * 1024**3), 15432, Path("/x"))
    assert re.search(r"^shared_buffers = (\d+)MB$", conf, re.MULTILINE)[1] == str(megabytes)  # type: ignore[index]


@pytest.mark.parametrize(
    ("shell_has", "then"),
    [
        ({}, "transformer"),
        ({"PGHOST": "other"}, ""),
        ({"PGHOST": "/another/clone", settings.ACTIVATED_HOST: "/another/clone"}, "transformer"),
    ],
    ids=["nothing", "the user's", "another clone's"],
)
def test_an_activated_shell_knows_the_server_unless_it_knows_another(
    running: Server, shell_has: dict[str, str], then: str
) -> None:
    shell = subprocess.run(
        ["sh", "-euc", f". '{running.state}/server.env'; echo ${{PGUSER:-}}"],
        env={"PATH": os.environ["PATH"]} | shell_has,
        capture_output=True,
        text=True,
    )
    assert shell.stdout.strip() == then, shell.stderr


def test_an_activated_shell_knows_where_dlt_keeps_pipelines(running: Server) -> None:
    shell = subprocess.run(
        ["sh", "-euc", f". '{running.state}/server.env'; echo $DLT_DATA_DIR"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert shell.stdout.strip() == str(running.state / "dlt"), shell.stderr


def test_another_clone_in_the_shell_is_no_external_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "/another/clone")
    assert not is_embedded()
    monkeypatch.setenv(settings.ACTIVATED_HOST, "/another/clone")
    assert is_embedded()
