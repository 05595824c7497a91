"""Asks the process that keeps dbt warm; starts it where there is none, or one of other code or settings."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from cli.console import note
from cli.development.preview.messages import (
    Message,
    Question,
    question_as_message,
    raise_if_error,
    received,
    send,
)
from cli.development.preview.process import ADDRESS, SOCKET
from cli.files import stats
from cli.server.connections import connection
from cli.server.files import locked, state_folder
from cli.server.process import command_line, tail
from ingestion import PROJECT
from ingestion.errors import OntimeError

IDLE_SECONDS = 20 * 60.0
SECONDS_TO_START = 120.0
SECONDS_TO_STOP = 10.0
LONGEST_SOCKET = 100  # bytes of its path; Linux takes 107, others fewer

MODULE = "cli.development.preview.process"
_MATTERS = ("DBT_", "ONTIME_", "PG", "PYTHON")
_DIFFERS_BY_COMMAND = ("ONTIME_RUN", "ONTIME_BUILD")
_ENDED = "the process of previews ended before it had answered"


def folder() -> Path:
    """Where the process listens and keeps what it read, for its user alone."""
    return state_folder() / "preview"


def preview(question: Question) -> Iterator[Message]:
    """The messages that answer a question; a process that was killed is replaced, once. OntimeError."""
    return _answers_to(question_as_message(question))


def try_edits(seconds: float) -> Iterator[Message]:
    """The messages of a trial (trial.py) of that many seconds at most. OntimeError."""
    return _answers_to({"trial": seconds})


def _answers_to(asked: Message) -> Iterator[Message]:
    began = False
    for attempt in (1, 2):
        try:
            with _connected(may_start=True) as stream:
                send(stream, asked)
                for message in received(stream):
                    raise_if_error(message)
                    if message.get("done"):
                        return
                    began |= "rows" in message
                    yield message
        except (ConnectionError, BrokenPipeError):
            pass
        if attempt == 2 or began:
            log = _log()
            raise OntimeError(
                _ENDED + (f":\n{tail(log.read_text(errors='replace'))}" if log.exists() else ""), "try again"
            )


def semantic_manifest(may_start: bool) -> Path | None:
    """The metrics' definitions as they are now, from the process; None where there is none.

    Raises OntimeError where dbt cannot read the project.
    """
    with suppress(ConnectionError, BrokenPipeError, OSError), _connected(may_start) as stream:
        send(stream, {"metrics": True})
        for message in received(stream):
            raise_if_error(message)
            if "path" in message:
                return Path(message["path"])
    return None


def stop() -> bool:
    """End the process; False when there was none. One that hangs is ended by its number."""
    try:
        with _stream(SECONDS_TO_STOP) as stream:
            send(stream, {"stop": True})
            list(received(stream))
            return True
    except OSError:
        pid = _address().get("pid")
        if not pid or not _is_ours(pid):
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True


@contextmanager
def _connected(may_start: bool) -> Iterator[IO[str]]:
    """A stream to a process of the code and settings of now. Raises ConnectionError where there is none."""
    key = _key()
    with suppress(ConnectionError):
        if _address().get("key") == key:
            stream = _stream()
            with stream:
                yield stream
            return
    if not may_start:
        raise ConnectionError(_ENDED)
    with locked(_made_folder() / "lock"):
        if _address().get("key") != key or not _answers():
            stop()
            _start(key)
    with _stream() as stream:
        yield stream


def _stream(seconds: float | None = None) -> IO[str]:
    """Raises ConnectionError where nobody listens, and TimeoutError for who says nothing for `seconds`."""
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(seconds)
    try:
        with _short(folder()) as place:
            opened.connect(str(place / SOCKET))
    except FileNotFoundError:
        opened.close()
        raise ConnectionError(_ENDED) from None
    except OSError:
        opened.close()
        raise
    with opened:
        return opened.makefile("rw", encoding="utf-8")


@contextmanager
def _short(place: Path) -> Iterator[Path]:
    """The folder by a path that a socket can have."""
    if len(os.fsencode(place / SOCKET)) <= LONGEST_SOCKET:
        yield place
        return
    with TemporaryDirectory(prefix="ontime-", dir="/tmp") as short:
        link = Path(short, "preview")
        link.symlink_to(place)
        yield link


def _answers() -> bool:
    try:
        _stream().close()
    except ConnectionError:
        return False
    return True


def _start(key: str) -> None:
    """Start a process and wait until it listens. It goes on when this command and its terminal have ended."""
    note("starting dbt in the background; it ends after 20 idle minutes, or with: ontime preview --stop")
    command = [sys.executable, "-m", MODULE, str(folder()), key, str(IDLE_SECONDS)]
    with _log().open("w") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=PROJECT,
            start_new_session=True,
        )
    deadline = time.monotonic() + SECONDS_TO_START
    while not (_address().get("key") == key and _answers()):
        if process.poll() is not None or time.monotonic() > deadline:
            said = tail(_log().read_text(errors="replace"))
            raise OntimeError(f"the process of previews did not start:\n{said}", f"see {_log()}")
        time.sleep(0.02)


def _made_folder() -> Path:
    """Raises OntimeError for one of another user, who could listen there."""
    state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    made = folder()
    made.mkdir(mode=0o700, exist_ok=True)
    if made.stat().st_uid != os.geteuid():
        raise OntimeError(
            f"the previews in {made} are of another user",
            "have a server and a state folder of your own: export ONTIME_STATE=FOLDER",
        )
    made.chmod(0o700)  # whatever the umask
    return made


def _log() -> Path:
    return folder() / "log"


def _address() -> Message:
    try:
        found: Message = json.loads((folder() / ADDRESS).read_text())
    except (OSError, ValueError):
        return {}
    return found


def _is_ours(pid: int) -> bool:
    """The number alone proves nothing: it can be another program's by now."""
    words = command_line(pid)
    return MODULE in words and str(folder()) in words


def _key() -> str:
    """What a process has to be started with: this project, this code, this server, these settings."""
    code = sorted((PROJECT / "cli").rglob("*.py"))
    stamps = [f"{path} {status.st_mtime_ns}" for path, status in stats(code)]
    settings = [
        f"{name}={value}"
        for name, value in sorted(os.environ.items())
        if name.startswith(_MATTERS) and not name.startswith(_DIFFERS_BY_COMMAND)
    ]
    server = [f"{name}={value}" for name, value in sorted(connection("transformer").environment().items())]
    parts = [str(PROJECT), sys.executable, os.environ.get("USER", ""), *stamps, *settings, *server]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
