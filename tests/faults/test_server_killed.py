"""The server is killed the moment after a command told that it is done: that is there when it starts again.

Publications are killed by tests/nemesis, restores too.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.loading.decisions import decide_on
from cli.server.process import Server
from tests.ingestion.support import SHOP, balances, load_files, query
from tests.servers import running_server
from tests.templates import new_database

SIGNALS = (signal.SIGKILL, signal.SIGQUIT)
"""Of the first process: it is killed, or stops at once."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One of its own: what others build on theirs is not to be lost."""
    with running_server() as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("ONTIME_STATE", str(server.state))
        with new_database():
            query("alter system set fsync = off")  # processes die, and no machine: starts take no 7 s
            query("select pg_reload_conf()")
            yield server


def kill(server: Server, number: signal.Signals) -> None:
    pid = server.process_id()
    assert pid is not None
    os.kill(pid, number)
    while server.process_id() is not None:
        time.sleep(0.01)
    server.start(lambda _: None)


@pytest.mark.parametrize("number", SIGNALS)
def test_what_was_told_of_is_there(server: Server, tmp_path: Path, number: signal.Signals) -> None:
    for attempt in range(2):
        file = tmp_path / f"items_{number.name}_{attempt}.csv"
        file.write_text(f"item,price\n{number.name} {attempt},1\n")
        report, said = load_files(file)
        assert report.ok, said
        kill(server, number)
        landed = query("select file_no from raw_shop.files where file_name = %s", file.name)
        assert len(landed) == 1
        assert balances(SHOP)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_decision_stays(
    server: Server, tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.loading.decisions.SOURCES", {SHOP.name: SHOP})
    file = tmp_path / "items.csv"
    file.write_text(f"item,price\nof a decision {number.name},1\n")
    load_files(file)
    ((file_no,),) = query("select max(file_no) from raw_shop.files")
    decide_on(file_no, "reject", "")
    kill(server, number)
    assert query("select verdict from raw.decisions where file_no = %s", file_no) == [("reject",)]
