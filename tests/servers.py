"""Embedded servers with a state folder of their own, and the `ontime` command as a real process."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.server.process import Server
from cli.server.settings import ACTIVATED_HOST

ONTIME = Path(sys.executable).with_name("ontime")


def forget_servers(*others: str) -> None:
    """Delete the variables of the server that the shell knows, as an activated `.venv` does, and others."""
    for name in variables_of_servers() | set(others):
        os.environ.pop(name, None)


def variables_of_servers() -> set[str]:
    """The variables that are set and name a server."""
    return {name for name in os.environ if name.startswith("PG") or name == ACTIVATED_HOST}


@contextmanager
def new_server(*below: str) -> Iterator[Server]:
    """A server that was not started yet; stopped and removed at the end. `below` lengthens the path."""
    # Not pytest's tmp_path: as root that is a folder which the server's unprivileged user cannot enter.
    folder = Path(tempfile.mkdtemp(prefix="ontime-test-", dir="/tmp"))
    folder.chmod(0o711)
    server = Server(folder.joinpath(*below, "state"))
    try:
        yield server
    finally:
        server.stop()
        for place in (server.socket_folder, server.private, folder):
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def running_server() -> Iterator[Server]:
    with new_server() as server:
        server.start()
        yield server


def ontime(*arguments: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command `ontime` and collect what it says."""
    return subprocess.run(
        [str(ONTIME), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=600,  # ends what hangs: two builds at a time may share one core
    )
