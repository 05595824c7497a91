"""What the user sees of a load."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import StringIO
from threading import Thread

import pytest

from ingestion.errors import NotPublishedError, OntimeError
from ingestion.progress import PlainProgress, TerminalProgress, progress_on
from ingestion.report import FileReport, LoadReport

LANDED = FileReport("a.csv", "landed", "items", 1, 1_003, 1_000, 3, 0.25, warnings=("a.csv: look here",))
THERE = FileReport("b.csv", "already there", "items", 7, 5, 5, 0)
FAILED = FileReport.of_failure("c.csv", OntimeError("c.csv: is odd", "make it even"), "items")

MISSING = FileReport.of_failure(
    "d.zip", NotPublishedError("2024-03 is not published yet: https://bts/d.zip", "load it later")
)

LINES = [
    "a.csv: 1,000 rows landed in items, 3 rejected (0.2 s)",
    "warning: a.csv: look here",
    "b.csv: already there, as file 7 of items",
    "error: c.csv: is odd",
    "  -> make it even",
    "2024-03 is not published yet: https://bts/d.zip",
    "  -> load it later",
]


def test_lines() -> None:
    stream = StringIO()
    with progress_on(stream) as progress:
        assert isinstance(progress, PlainProgress)
        progress.has_fetched("https://bts/a.zip", 5, 10)
        progress.expect(10)
        progress.has_read("a.csv", 10)
        for file in (LANDED, THERE, FAILED, MISSING):
            progress.done(file)
    assert stream.getvalue().splitlines() == LINES


def test_lines_do_not_mix() -> None:
    """Each call writes whole lines at once: those of other threads and processes come before or after.

    A pipe of packets tells one write from the next.
    """
    report = replace(LANDED, warnings=("a.csv: look here", "a.csv: and there"))
    reading, writing = os.pipe2(os.O_DIRECT)
    read: list[bytes] = []
    reader = Thread(target=lambda: read.extend(iter(lambda: os.read(reading, 1 << 16), b"")))
    reader.start()
    with os.fdopen(writing, "w", buffering=1) as stream, ThreadPoolExecutor(4) as pool:  # as stderr
        progress = PlainProgress(stream)
        for _ in range(100):
            pool.submit(progress.done, report)
            pool.submit(progress.say, "[waiting] for another load")
    reader.join()
    os.close(reading)
    assert set(read) == {f"{report}\n".encode(), b"[waiting] for another load\n"}
    assert len(read) == 200


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read by several threads, in turns; the bar counts the bytes of all."""
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with progress_on(stream) as progress:
        assert isinstance(progress, TerminalProgress)
        progress.expect(4_000_000)
        for path, position in (("a", 500_000), ("b", 1_000_000), ("a", 2_000_000)):
            progress.has_read(path, position)
        progress.say("[waiting] for another load")
        for file in (LANDED, THERE, FAILED, MISSING):
            progress.done(file)
    seen = stream.getvalue()
    assert "3.0/4.0 MB" in seen
    assert "[waiting] for another load" in seen
    for line in LINES:
        assert line in seen


def test_summary() -> None:
    report = LoadReport("shop", (LANDED, THERE, FAILED), 2.0)
    assert not report.ok
    assert (
        str(report)
        == "shop: 1 file landed, 1 file already there, 1 file failed; 1,000 rows landed, 3 rejected (2.0 s)"
    )
    assert LoadReport("shop", (LANDED, THERE), 2.0).ok


def test_what_is_not_published_yet_is_not_there_and_not_failed() -> None:
    report = LoadReport("shop", (LANDED, MISSING), 2.0)
    assert (report.ok, report.can_wait) == (False, True)
    assert str(report).startswith("shop: 1 file landed, 1 file to come; ")
    assert not LoadReport("shop", (FAILED, MISSING), 2.0).can_wait
    assert not LoadReport("shop", (LANDED,), 2.0).can_wait


def test_bar_of_what_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files at once, one of a size that the server does not tell."""
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with progress_on(stream) as progress:
        progress.has_fetched("https://bts/a.zip", 1_000_000, 4_000_000)
        progress.has_fetched("https://bts/b.zip", 500_000, None)
    seen = stream.getvalue()
    assert "fetching" in seen
    assert "1.5/4.5 MB" in seen
    assert "landing" not in seen
