"""`ontime site --serve`: the site at an address of this machine, which nobody else can reach."""

import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ingestion.errors import OntimeError

LOOPBACK = "127.0.0.1"


class _Quiet(SimpleHTTPRequestHandler):
    """Files of the site; the browser asks anew each time, for the site may have been made anew."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in http.server)
        pass

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of a folder that listens already; port 0 takes a free one. Raises OntimeError when taken."""
    try:
        return ThreadingHTTPServer((LOOPBACK, port), partial(_Quiet, directory=str(folder)))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise OntimeError(
            f"port {port} is taken or not ours to take", "ontime site --serve --port 0 takes a free one"
        ) from None


def address(serving: ThreadingHTTPServer) -> str:
    return f"http://{LOOPBACK}:{serving.server_port}/"
