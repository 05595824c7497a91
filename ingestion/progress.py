"""Tells the user how far a load is: a bar on a terminal, a line for each file elsewhere."""

from threading import Lock
from types import TracebackType
from typing import Protocol, Self, TextIO

from ingestion.report import FileReport


class Progress(Protocol):
    """What a load tells. A context manager around the load; called from several threads."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def say(self, line: str) -> None:
        """Something to know now, such as that the load waits for another one."""

    def has_fetched(self, location: str, position: int, size: int | None) -> None:
        """This many bytes of a file elsewhere are here, of so many if that is known."""

    def expect(self, size: int) -> None:
        """So many bytes will be read in all."""

    def has_read(self, location: str, position: int) -> None:
        """This file has been read up to this byte."""

    def done(self, file: FileReport) -> None:
        """Nothing more happens to this file."""


class PlainProgress:
    """One line for each file, for logs and pipes, which other threads and processes write to as well."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._writing = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def say(self, line: str) -> None:
        with self._writing:
            self._stream.write(f"{line}\n")  # at once: what `print` writes may be torn before the line's end
            self._stream.flush()

    def has_fetched(self, location: str, position: int, size: int | None) -> None: ...

    def expect(self, size: int) -> None: ...

    def has_read(self, location: str, position: int) -> None: ...

    def done(self, file: FileReport) -> None:
        self.say(str(file))


class TerminalProgress:
    """A bar of the bytes fetched, then one of the bytes read; above it a line for each file that is done."""

    def __init__(self, stream: TextIO) -> None:
        # only here: logs and pipes do without
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(file=stream), transient=True)
        self._task = self._bar.add_task("landing", total=None, visible=False)
        self._positions: dict[str, int] = {}
        self._fetching = self._bar.add_task("fetching", total=None, visible=False)
        self._fetched: dict[str, tuple[int, int]] = {}  # bytes here and expected, by location

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def has_fetched(self, location: str, position: int, size: int | None) -> None:
        self._fetched[location] = (position, position if size is None else size)
        here, expected = (sum(sizes) for sizes in zip(*list(self._fetched.values()), strict=True))
        self._bar.update(self._fetching, completed=here, total=expected, visible=True)

    def expect(self, size: int) -> None:
        self._bar.update(self._fetching, visible=False)
        self._bar.update(self._task, total=size, visible=True)

    def has_read(self, location: str, position: int) -> None:
        self._positions[location] = position
        self._bar.update(self._task, completed=sum(list(self._positions.values())))

    def done(self, file: FileReport) -> None:
        self.say(str(file))


def progress_on(stream: TextIO) -> Progress:
    """The progress that suits a stream: a bar on a terminal, plain lines elsewhere."""
    return TerminalProgress(stream) if stream.isatty() else PlainProgress(stream)
