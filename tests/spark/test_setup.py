"""What `ontime spark` says of a machine that lacks something, and of settings that name nothing."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from cli.building.build import build_lock
from cli.server.connections import connection
from cli.spark import cluster, programs, settings
from cli.spark.build import TARGET, build
from cli.spark.cluster import Cluster
from cli.spark.publication import publish
from cli.spark.thrift import address
from ingestion.errors import OntimeError


@pytest.fixture
def java_that_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A program `java` of JAVA_HOME that says this of itself."""

    def make(said: str) -> Path:
        program = tmp_path / "bin" / "java"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
        program.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        return program

    return make


def test_java_is_taken_where_it_is_new_enough(java_that_says: Callable[[str], Path]) -> None:
    program = java_that_says('openjdk version "17.0.15" 2025-04-15')
    assert programs.java() == program


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('openjdk version "11.0.2" 2019-01-15', "is Java 11; Spark takes 17 or newer"),
        ('java version "1.8.0_202"', "is Java 8; Spark takes 17 or newer"),
        ("cannot allocate memory", "does not say its version: cannot allocate memory"),
    ],
)
def test_another_java_is_refused(said: str, message: str, java_that_says: Callable[[str], Path]) -> None:
    java_that_says(said)
    with pytest.raises(OntimeError, match=message) as failure:
        programs.java()
    assert "openjdk-17" in failure.value.remedy


def test_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OntimeError, match="there is no java on PATH"):
        programs.java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(OntimeError, match=f"there is no java in {tmp_path}/bin"):
        programs.java()


def test_the_driver_is_the_one_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(programs.JDBC_DRIVER, str(tmp_path / "driver.jar"))
    with pytest.raises(OntimeError, match="there is no JDBC driver") as failure:
        programs.jdbc_driver()
    assert "apt-get install libpostgresql-jdbc-java" in failure.value.remedy
    (tmp_path / "driver.jar").touch()
    assert programs.jdbc_driver() == tmp_path / "driver.jar"


def test_the_time_to_wait_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.WAIT, "90")
    assert settings.seconds_to_wait() == 90
    monkeypatch.setenv(settings.WAIT, "a while")
    with pytest.raises(OntimeError, match="no number of seconds: a while"):
        settings.seconds_to_wait()


@pytest.mark.parametrize("named", ["spark.example", "spark.example:thrift", ":10000"])
def test_a_cluster_is_named_by_host_and_port(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.NAMED, named)
    with pytest.raises(OntimeError, match=f"ONTIME_SPARK is no HOST:PORT: {named}"):
        address()


def test_a_cluster_that_nobody_made_says_so(tmp_path: Path) -> None:
    ours = Cluster(tmp_path / "spark")
    assert not ours.stop()
    with pytest.raises(OntimeError, match="there is no Spark cluster yet"):
        _ = ours.address


def test_a_process_id_that_is_another_program_s_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "master.pid").write_text(f"{os.getpid()}\n")
    assert Cluster(tmp_path).process_id("master") is None


WORKER = """
import signal, subprocess, sys
executor = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)"
process = subprocess.Popen([sys.executable, "-c", f"{executor}; time.sleep(600)"], stdout=subprocess.PIPE)
process.stdout.readline()
print(process.pid, flush=True)
signal.pause()
"""


def test_executors_end_with_their_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that does not heed: what it writes later would be in the way of who makes its table again."""
    monkeypatch.setattr(cluster, "SECONDS_TO_STOP", 1)
    command = [sys.executable, "-c", WORKER, "-Dontime.part=worker-1", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as worker:
        assert worker.stdout
        executor = psutil.Process(int(worker.stdout.readline()))
        (tmp_path / "worker-1.pid").write_text(f"{worker.pid}\n")
        try:
            assert cluster.Cluster(tmp_path).stop()
            assert not executor.is_running() or executor.status() == psutil.STATUS_ZOMBIE
        finally:
            with suppress(psutil.NoSuchProcess):
                executor.kill()


def test_the_password_of_the_metastore_is_escaped() -> None:
    metastore = settings.Metastore("127.0.0.1", 5432, "hive", "hive", "a<b&c")
    assert "<value>a&lt;b&amp;c</value>" in settings.hive_site(metastore, Path("scratch"))


@pytest.mark.parametrize("command", [lambda say: build([], say), publish])
def test_one_build_at_a_time(database: str, command: Callable[[Callable[[str], None]], int]) -> None:
    said: list[str] = []
    with build_lock(connection("transformer"), TARGET) as held:
        assert held
        assert command(said.append) == os.EX_TEMPFAIL
    assert "try again later" in said[0]
