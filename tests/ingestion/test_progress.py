"""What the user sees of a load."""

from io import StringIO

import pytest

from ingestion.errors import OntimeError
from ingestion.progress import PlainProgress, TerminalProgress, progress_on
from ingestion.report import FileReport, LoadReport

LANDED = FileReport("a.csv", "landed", "items", 1, 1_003, 1_000, 3, 0.25, warnings=("a.csv: look here",))
THERE = FileReport("b.csv", "already there", "items", 7, 5, 5, 0)
FAILED = FileReport.of_failure("c.csv", OntimeError("c.csv: is odd", "make it even"), "items")

LINES = [
    "a.csv: 1,000 rows landed in items, 3 rejected (0.2 s)",
    "warning: a.csv: look here",
    "b.csv: already there, as file 7 of items",
    "error: c.csv: is odd",
    "  -> make it even",
]


def test_lines() -> None:
    stream = StringIO()
    with progress_on(stream) as progress:
        assert isinstance(progress, PlainProgress)
        progress.expect(10)
        progress.has_read("a.csv", 10)
        for file in (LANDED, THERE, FAILED):
            progress.done(file)
    assert stream.getvalue().splitlines() == LINES


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
        for file in (LANDED, THERE, FAILED):
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
