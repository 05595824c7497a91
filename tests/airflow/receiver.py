"""Who gets alerts in tests: a web server that keeps what is posted to it, and a mail server."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass
class Receiver:
    """`posted` holds the JSON of each request, with the `path` that it came to; it answers with `status`."""

    port: int
    posted: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200


@contextmanager
def webhook() -> Iterator[Receiver]:
    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.posted.append({"path": self.path, **body})
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Keep) as server:
        receiver = Receiver(server.server_port)
        with _serving(server):
            yield receiver


@dataclass
class Mailbox:
    """`letters` as SMTP brought them."""

    port: int
    letters: list[Message] = field(default_factory=list)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    class Keep(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 ready")
            for line in iter(self.rfile.readline, b""):
                said = line.strip().upper()
                if said == b"DATA":
                    self.say("354 go on")
                    box.letters.append(message_from_bytes(b"".join(iter(self.rfile.readline, b".\r\n"))))
                self.say("221 bye" if said == b"QUIT" else "250 well")

        def say(self, answer: str) -> None:
            self.wfile.write(f"{answer}\r\n".encode())

    with socketserver.ThreadingTCPServer((LOOPBACK, 0), Keep) as server:
        box = Mailbox(server.server_address[1])
        with _serving(server):
            yield box


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
