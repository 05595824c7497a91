"""Answers of an API as they came, kept to be replayed: in another warehouse, or after a run that was stopped.

    <folder>/JFK_2013-01-01T00_2014-01-01T00_<hash of the address>/1.csv      the first page
    <folder>/JFK_2013-01-01T00_2014-01-01T00_<hash of the address>/note.json  request, address, sha256
    <folder>/.lock                                                           held while a process asks

An answer gets its name only when it is whole, and counts only with the pages that were noted then, asked for
at the same address: another host, or other variables, make another answer. The folder can be removed at any
time.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TextIO

from ingestion.apis.api import Question
from ingestion.errors import OntimeError

_NOTE = "note.json"
_UNFINISHED = ".new-"


@dataclass(frozen=True)
class Kept:
    """An answer that seems to be there; `Answers.read` tells whether it is sound."""

    question: Question
    address: str
    folder: Path
    pages: tuple[tuple[str, str], ...]
    """Name and sha256 of each."""


class Answers:
    """The answers of one API in a folder. Ask and keep only within `locked`."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix

    @contextmanager
    def locked(self, say: Callable[[str], None]) -> Iterator[None]:
        """Keeps other processes from asking; says so when one asks already, and waits for its end.

        Raises OntimeError when the folder cannot be used.
        """
        with self._lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"another load asks {self._folder.name}; waiting for its end")
                fcntl.flock(lock, fcntl.LOCK_EX)
            for unfinished in self._folder.glob(f"{_UNFINISHED}*"):  # of processes that were killed
                shutil.rmtree(unfinished)
            yield

    def _lock(self) -> TextIO:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return (self._folder / ".lock").open("a")
        except OSError as error:
            raise OntimeError(
                f"{self._folder}: answers cannot be kept there: {error.strerror}",
                "name another folder with ONTIME_CACHE",
            ) from None

    def kept(self) -> list[Kept]:
        """All answers with a note that can be read."""
        notes = sorted(self._folder.glob(f"[!.]*/{_NOTE}"))
        return [kept for note in notes if (kept := _kept(note)) is not None]

    def read(self, kept: Kept) -> list[bytes] | None:
        """The pages of an answer; None when they are not as they came."""
        pages = []
        for name, sha256 in kept.pages:
            with suppress(OSError):
                page = (kept.folder / name).read_bytes()
                if hashlib.sha256(page).hexdigest() == sha256:
                    pages.append(page)
        return pages if len(pages) == len(kept.pages) else None

    def keep(self, question: Question, address: str, pages: Sequence[bytes]) -> None:
        """Keeps an answer, in place of one that is there. Raises OSError when there is no room for it."""
        folder = self._folder / f"{question.name}_{hashlib.sha256(address.encode()).hexdigest()[:12]}"
        unfinished = Path(mkdtemp(prefix=_UNFINISHED, dir=self._folder))
        named = {f"{number}{self._suffix}": page for number, page in enumerate(pages, start=1)}
        for name, page in named.items():
            (unfinished / name).write_bytes(page)
        note = {
            "request": question.request,
            "address": address,
            "asked_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "pages": [[name, hashlib.sha256(page).hexdigest()] for name, page in named.items()],
        }
        (unfinished / _NOTE).write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)


def _kept(note: Path) -> Kept | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        told: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        pages = tuple((str(name), str(sha256)) for name, sha256 in told["pages"])
        return Kept(Question.of_request(told["request"]), told["address"], note.parent, pages)
    return None
