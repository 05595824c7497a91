"""The process that keeps dbt warm: `python -m cli.development.preview.process FOLDER KEY IDLE_SECONDS`.

It listens on a socket in FOLDER, a folder that only its user can enter, and answers one question after the
other in a second thread; the first one hears who comes, who has gone, and whether it is to end. It ends by
itself when nobody asked for a while, and when FOLDER is gone or is another process' by now. Killed, it
leaves a socket that nobody listens on, which the next one replaces. It holds no session of the database
between questions.
"""

import json
import os
import queue
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

from cli.development.preview.messages import Message, Question, error_as_message, send
from ingestion.errors import OntimeError

SOCKET, ADDRESS = "socket", "address.json"
SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_TO_ASK = 5.0
SECONDS_TO_TAKE = 60.0  # a client that was stopped keeps others waiting no longer


@dataclass
class Asked:
    """A client that waits for messages."""

    connection: socket.socket
    message: Message
    stream: IO[str]
    is_gone: bool = False
    answering: Any = field(default=None)

    def send(self, message: Message) -> None:
        if self.is_gone:
            raise BrokenPipeError
        send(self.stream, message)

    def leave(self) -> None:
        """The client has gone: what the database does for it is cancelled."""
        self.is_gone = True
        opened = self.answering and self.answering.opened
        if opened is not None and not opened.closed:
            with suppress(Exception):
                opened.cancel()


class Process:
    def __init__(self, folder: Path, key: str, idle_seconds: float) -> None:
        self.folder, self.key, self.idle_seconds = folder, key, idle_seconds
        self.waiting: queue.Queue[Asked] = queue.Queue()
        self.asked: dict[socket.socket, Asked] = {}
        self.project: Any = None

    def run(self) -> NoReturn:
        signal.signal(signal.SIGTERM, lambda *_: self.end())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the client
        listener = socket.socket(socket.AF_UNIX)
        os.chdir(self.folder)  # the path of a socket is short
        Path(SOCKET).unlink(missing_ok=True)
        listener.bind(SOCKET)
        listener.listen(16)
        unfinished = Path(f"{ADDRESS}.unfinished")
        unfinished.write_text(json.dumps({"pid": os.getpid(), "key": self.key}))
        unfinished.rename(ADDRESS)
        self._prepare()
        threading.Thread(target=self._answer_all, daemon=True).start()
        self._listen(listener)
        self.end()

    def _prepare(self) -> None:
        """Let dbt find the project and, for reading only, the server."""
        from cli.development.preview.sessions import OPTIONS
        from cli.server.connections import connection
        from ingestion import PROJECT

        os.chdir(PROJECT)
        given = connection("transformer").environment()
        os.environ.update(given)
        os.environ["PGOPTIONS"] = f"{given.get('PGOPTIONS', '')} {OPTIONS}".strip()

    def _listen(self, listener: socket.socket) -> None:
        selector = selectors.DefaultSelector()
        selector.register(listener, selectors.EVENT_READ)
        last = time.monotonic()
        while True:
            for chosen, _ in selector.select(SECONDS_BETWEEN_LOOKS):
                last = time.monotonic()
                if chosen.fileobj is listener:
                    connection, _ = listener.accept()
                    if asked := self._take(connection):
                        selector.register(connection, selectors.EVENT_READ)
                        self.asked[connection] = asked
                        self.waiting.put(asked)
                else:
                    self._hear(chosen.fileobj, selector)  # type: ignore[arg-type]
            if self.asked:
                last = time.monotonic()
            if time.monotonic() - last > self.idle_seconds or not self._is_ours():
                return

    def _take(self, connection: socket.socket) -> Asked | None:
        """The question of a client that came; None for one that says nothing sensible."""
        connection.settimeout(SECONDS_TO_ASK)
        stream = connection.makefile("rw", encoding="utf-8")
        try:
            message = json.loads(stream.readline())
        except (OSError, ValueError):
            connection.close()
            return None
        if not isinstance(message, dict):
            connection.close()
            return None
        if "stop" in message:
            self.end()
        connection.settimeout(SECONDS_TO_TAKE)
        asked = Asked(connection, message, stream)
        if self.asked:
            with suppress(OSError):
                asked.send({"said": "another preview is running; this one is next"})
        return asked

    def _hear(self, connection: socket.socket, selector: selectors.BaseSelector) -> None:
        """A client says no more: it has gone, or its answer was finished and it hung up."""
        selector.unregister(connection)
        asked = self.asked.pop(connection)
        asked.leave()
        with suppress(OSError):
            asked.stream.close()
        connection.close()

    def _answer_all(self) -> None:
        while True:
            asked = self.waiting.get()
            if asked.is_gone:
                continue
            try:
                self._answer(asked)
            except OSError:  # the client has gone
                continue
            except OntimeError as error:
                self._say(asked, error_as_message(error))
            except Exception as error:
                traceback.print_exc()
                log = self.folder / "log"
                said = OntimeError(
                    f"the preview failed: {type(error).__name__}: {error}",
                    f"see {log}; try: ontime preview --stop",
                )
                self._say(asked, error_as_message(said))

    def _answer(self, asked: Asked) -> None:
        from cli.development.preview.answers import Answering
        from cli.development.preview.project import WarmProject
        from cli.development.preview.trial import Trial

        if self.project is None:
            self.project = WarmProject(self.folder / "target")
        if "metrics" in asked.message:
            asked.send({"path": self.project.semantic_manifest()})
        elif "trial" in asked.message:
            asked.answering = Trial(self.project, float(asked.message["trial"]), asked.send)
            asked.answering.answer()
        else:
            question = Question.of(asked.message["preview"])
            asked.answering = Answering(self.project, question, asked.send)
            asked.answering.answer()
        asked.send({"done": True})

    def _say(self, asked: Asked, message: Message) -> None:
        with suppress(OSError):
            asked.send(message)

    def _is_ours(self) -> bool:
        try:
            return bool(json.loads((self.folder / ADDRESS).read_text())["pid"] == os.getpid())
        except (OSError, ValueError):
            return False

    def end(self) -> NoReturn:
        """At once, whatever the other thread does: it has written nothing."""
        if self._is_ours():
            for name in (ADDRESS, SOCKET):
                (self.folder / name).unlink(missing_ok=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    os.umask(0o077)
    Process(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])).run()
