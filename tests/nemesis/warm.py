"""A process of a project copy that has imported all that commands need, and forks a child for each.

Run in the folder of the copy, whose `cli` and `ingestion` it imports (world.py). Reads a line of JSON for
each command: {"words": [...], "said": file, "disturb": {...} or null}. Answers with lines: {"began": pid},
and when a child has ended {"ended": pid, "code": its exit code, below 0 the signal}.

A child is disturbed at a moment that its own statements give: before the n-th one that is like a pattern.
That moment is the same whenever the seed is, which a second of a clock would not be.
"""

import importlib
import json
import os
import re
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

DISK_IS_FULL = """
do $full$ begin
    raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
end $full$
"""
WRITES = re.compile(
    r"\s*(insert|update|delete|copy|create|alter|do|truncate|with gone|with come)\b", re.IGNORECASE
)

MODULES = (
    *("cli.main", "cli.building.build_output", "cli.building.build_plan", "cli.building.failures"),
    *("cli.building.fingerprints", "cli.building.test_results", "cli.questions.alarms"),
    *("cli.loading.decisions", "cli.loading.load", "cli.operations.backup", "cli.operations.clean"),
    *("cli.operations.rollback", "cli.operations.unneeded"),
    *("dbt.cli.main", "dbt.adapters.postgres", "ingestion.dlt.pipeline", "ingestion.load"),
)
"""What commands import while they run."""

SECONDS_TO_WAIT_FOR_THE_OTHER = 30


def disturb(kind: str, pattern: str, nth: int, server: int, folder: str) -> None:
    """Let something happen before the n-th statement like `pattern`, on whichever connection comes to it."""
    like, lock, place = re.compile(pattern, re.IGNORECASE), threading.Lock(), Path(folder)
    counted, is_full = 0, False

    def before(opened: Any, statement: str) -> bool:
        """True where the disk is full for this statement."""
        nonlocal counted, is_full
        with lock:
            counted += bool(like.search(statement))
            if not is_full and counted == nth and like.search(statement):
                counted += 1
                place.joinpath("happened").write_text(statement[:300])
                if kind == "disk is full":
                    is_full = True
                else:
                    happen(kind, opened, server, place)
        return is_full and WRITES.match(statement) is not None

    class Cursor(psycopg2.extensions.cursor):
        def execute(self, query: Any, values: Any = None) -> Any:
            text = query.as_string(self) if hasattr(query, "as_string") else query
            text = text.decode() if isinstance(text, bytes) else text
            return super().execute(*((DISK_IS_FULL,) if before(self.connection, text) else (query, values)))

        def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
            text = sql.as_string(self) if hasattr(sql, "as_string") else sql
            if before(self.connection, text):
                super().execute(DISK_IS_FULL)
            super().copy_expert(sql, file, size)

    class Connection(psycopg2.extensions.connection):
        def cursor(self, *others: Any, **named: Any) -> Any:
            return super().cursor(*others, **{"cursor_factory": Cursor} | named)

        def commit(self) -> None:
            before(self, "commit")
            super().commit()

    connect = psycopg2.connect
    setattr(psycopg2, "connect", lambda *a, **k: connect(*a, **{"connection_factory": Connection} | k))  # noqa: B010


def happen(kind: str, opened: Any, server: int, place: Path) -> None:
    if kind == "client is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "client is killed meanwhile":
        threading.Timer(0.002, os.kill, [os.getpid(), signal.SIGKILL]).start()
    elif kind == "server is killed":
        os.kill(server, signal.SIGKILL)
    elif kind == "server stops at once":
        os.kill(server, signal.SIGQUIT)
    elif kind == "connection is cut":
        with socket.socket(fileno=os.dup(opened.fileno())) as cut:
            cut.shutdown(socket.SHUT_RDWR)
    elif kind == "another comes between":
        place.joinpath("waits").touch()
        deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_THE_OTHER
        while not place.joinpath("go").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
    else:
        raise ValueError(kind)


def run(words: list[str], said: str, disturbance: dict[str, Any] | None) -> None:
    """In the child: the command as from a shell. Does not return."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    if disturbance is not None:
        disturb(**disturbance)
    from cli.main import main

    code = 1
    try:
        sys.argv = ["ontime", *words]
        main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def tell(**what: Any) -> None:
    sys.__stdout__.write(json.dumps(what) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def serve() -> None:
    """Until stdin ends."""
    ear, mouth = os.pipe()
    os.set_blocking(ear, False)
    os.set_blocking(mouth, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    lines = b""
    while True:
        ready, _, _ = select.select([0, ear], [], [])
        if ear in ready:
            os.read(ear, 1000)
            while (ended := _ended()) is not None:
                tell(ended=ended[0], code=os.waitstatus_to_exitcode(ended[1]))
        if 0 in ready:
            if not (read := os.read(0, 65536)):
                return
            *whole, lines = (lines + read).split(b"\n")
            for line in whole:
                asked = json.loads(line)
                if (pid := os.fork()) == 0:
                    os.close(ear)
                    run(asked["words"], asked["said"], asked["disturb"])
                tell(began=pid)


def _ended() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def warm_up() -> None:
    for module in MODULES:
        importlib.import_module(module)
    from cli.building.lighter_dbt import make_dbt_lighter

    make_dbt_lighter()


if __name__ == "__main__":
    warm_up()
    tell(warm=True)
    serve()
