"""A web server on loopback that fails as a test tells it to, and remembers what it was asked.

with site() as web:
    web.pages["/a.csv"] = Page(b"item,price\n")
    web.answers["/api"] = lambda query: b'{"asked": ...}'   # whatever is asked for at this path
    web.faults["/a.csv"] = [cut_after(5)]           # for the first request; then it is well again
    ... web.url("/a.csv") ...
    assert web.asked[1].headers["Range"] == "bytes=5-"
"""

import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from ingestion import http

PATIENCE = 300.0
"""Seconds that only something broken takes."""

LAST_MODIFIED = "Tue, 05 Mar 2024 10:00:00 GMT"


@dataclass
class Page:
    """What is at a path. Without `etag` and `last_modified` nobody can ask for changes or for the rest."""

    body: bytes
    etag: str | None = '"one"'
    last_modified: str | None = LAST_MODIFIED
    takes_ranges: bool = True
    announces_length: bool = True


@dataclass(frozen=True)
class Asked:
    """A request, and the status of its answer."""

    path: str
    headers: Message
    status: int


class Handler(BaseHTTPRequestHandler):
    """Answers GET as HTTP/1.1 servers do: conditions, ranges, validators."""

    protocol_version = "HTTP/1.1"
    site: "Site"

    def do_GET(self) -> None:
        with self.site.busy():
            path, _, query = self.path.partition("?")
            faults = self.site.faults.get(self.path) or self.site.faults.get(path, [])
            fault = faults.pop(0) if faults else self.site.always
            if fault is None or not fault(self):
                answer = self.site.answers.get(path)
                page = self.site.pages.get(self.path)
                if page is None and answer is not None:
                    page = Page(answer(dict(parse_qsl(query))), etag=None, last_modified=None)
                self._answer(page, fault)

    do_HEAD = do_GET  # noqa: N815

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer; `_` in the name of a header stands for `-`."""
        self.start(status, {"Content-Length": str(len(body)), **headers})
        if self.command != "HEAD":
            self.wfile.write(body)

    def start(self, status: int, headers: dict[str, str]) -> None:
        """Status and headers of an answer."""
        self.site.asked.append(Asked(self.path, self.headers, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def hang_up(self) -> None:
        """Break the connection, as a failing network does."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, page: Page | None, fault: "Fault | None") -> None:
        if page is None:
            self.reply(404, b"<html><title>404 - File or directory not found.</title></html>")
            return
        validators = {"ETag": page.etag, "Last-Modified": page.last_modified}
        headers = {name: value for name, value in validators.items() if value}
        if self._knows(page):
            self.start(304, headers)
            return
        start = self._start(page)
        body, status = page.body[start:], 206 if start else 200
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(page.body) - 1}/{len(page.body)}"
        if page.announces_length:
            headers["Content-Length"] = str(len(body))
        else:
            headers["Connection"] = "close"
            self.close_connection = True
        self.start(status, headers)
        cut = getattr(fault, "cut", None)
        self.wfile.write(body[:cut])
        if cut is not None:
            self.hang_up()

    def _knows(self, page: Page) -> bool:
        asked = self.headers
        if page.etag and "If-None-Match" in asked:
            return bool(asked["If-None-Match"] == page.etag)
        return page.last_modified is not None and asked["If-Modified-Since"] == page.last_modified

    def _start(self, page: Page) -> int:
        """The first byte to send."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        current = self.headers.get("If-Range") in (None, page.etag, page.last_modified)
        return int(found[1]) if found and page.takes_ranges and current else 0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: tests look at `asked`."""


Fault = Callable[[Handler], bool]
"""What goes wrong with a request. True when it has been answered."""


class cut_after:  # noqa: N801
    """The connection breaks after so many bytes of the body."""

    def __init__(self, cut: int) -> None:
        self.cut = cut

    def __call__(self, _: Handler) -> bool:
        return False


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """Another status than 200."""

    def fault(handler: Handler) -> bool:
        handler.reply(code, body, **headers)
        return True

    return fault


def reason(code: int, text: str) -> Fault:
    """Another status, for a reason in the server's own words."""

    def fault(handler: Handler) -> bool:
        handler.site.asked.append(Asked(handler.path, handler.headers, code))
        handler.send_response(code, text)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    return fault


def instead(body: bytes) -> Fault:
    """Something else with status 200, without its length."""

    def fault(handler: Handler) -> bool:
        handler.start(200, {"Connection": "close"})
        handler.wfile.write(body)
        handler.close_connection = True
        return True

    return fault


def silence(handler: Handler) -> bool:
    """No answer at all, until the client gives up or the site ends."""
    handler.site.asked.append(Asked(handler.path, handler.headers, 0))
    handler.site.ended.wait()
    handler.close_connection = True
    return True


def give_up_on_silence_soon(web: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of this process give up soon where `web` will say nothing, and wait for all other answers.

    A busy machine takes seconds for an answer, and to notice a request: one is given up once it has come.
    """
    send = HTTPAdapter.send

    def send_with_patience(
        adapter: HTTPAdapter, request: requests.PreparedRequest, *others: Any, **named: Any
    ) -> requests.Response:
        if web.faults.get(urlsplit(str(request.url)).path, [None])[:1] != [silence]:
            return send(adapter, request, *others, **named | {"timeout": PATIENCE})
        asked = len(web.asked)
        try:
            return send(adapter, request, *others, **named)
        finally:
            while len(web.asked) == asked:
                web.ended.wait(0.01)

    monkeypatch.setattr(http, "TIMEOUTS", (PATIENCE, 0.2))
    monkeypatch.setattr(HTTPAdapter, "send", send_with_patience)


def without_end(handler: Handler) -> bool:
    """Bytes until the client has had enough, or the site ends."""
    handler.start(200, {"Content-Length": str(1 << 40), "ETag": '"one"'})
    while not handler.site.ended.wait(0.01):
        handler.wfile.write(bytes(1 << 16))
    return True


@dataclass
class Site:
    """What the server serves, what goes wrong and what it was asked. `together` counts requests at once."""

    port: int
    scheme: str = "http"
    pages: dict[str, Page] = field(default_factory=dict)
    answers: dict[str, Callable[[dict[str, str]], bytes]] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    always: "Fault | None" = None
    """What goes wrong with all other requests."""
    asked: list[Asked] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    most_at_once: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str, user: str = "") -> str:
        """The address of a path; `user` may be `name:password`."""
        return f"{self.scheme}://{user + '@' if user else ''}127.0.0.1:{self.port}{path}"

    def statuses(self) -> list[int]:
        """The status of each answer."""
        return [asked.status for asked in self.asked]

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Around each request."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what tests are about; what else goes wrong is shown."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def self_signed(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody trusts, with its key."""
    path = folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(folder / "part")]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (folder / "part").read_bytes())
    return path


@contextmanager
def site(certificate: Path | None = None) -> Iterator[Site]:
    """A running server; with a certificate, one that speaks TLS."""

    class OfThisSite(Handler):
        site: Site

    with _Server(("127.0.0.1", 0), OfThisSite) as server:
        OfThisSite.site = served = Site(server.server_port, "https" if certificate else "http")
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield served
        finally:
            served.ended.set()
            server.shutdown()
            thread.join()
