"""From what a load names to files on this machine, fetched where they are elsewhere, two at a time."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from threading import Event

from ingestion.data_file import DataFile, Unreadable, Wanted
from ingestion.errors import NotPublishedError, OntimeError
from ingestion.finding.fetch.addresses import is_web, scheme_of, shown
from ingestion.finding.fetch.cache import Entry
from ingestion.finding.fetch.paths import expand
from ingestion.finding.fetch.remote import NotThereError, Remote, Transfer, failure
from ingestion.progress import Progress

AT_ONCE = 2  # more would be no faster for one reader, and unkind to a public server


def fetch(
    wanted: Iterable[str | Path | Wanted], suffixes: Sequence[str], cache: Path, progress: Progress
) -> list[DataFile | Unreadable]:
    """Sees to it that files are on this machine, and says where: each once, in the order of naming.

    What is elsewhere is kept in the folder `cache`, and fetched again only when it has changed. A file that
    cannot be fetched fails alone. Folders and buckets hold files with `suffixes`. Paths are only expanded;
    whether they can be read shows when they are.
    """
    items = (item if isinstance(item, Wanted) else Wanted(item) for item in wanted)
    found = {_key(file): file for item in items for file in _find(item, suffixes, progress.say)}
    stopping = Event()
    bring = _Bringing(cache, progress, stopping)
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        return list(pool.map(bring, found.values()))
    finally:  # after Ctrl-C the threads end at their next bytes
        stopping.set()
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Elsewhere:
    """A file to bring, and what names it."""

    remote: Remote
    wanted: Wanted


_Found = DataFile | Unreadable | _Elsewhere


def _find(item: Wanted, suffixes: Sequence[str], say: Callable[[str], None]) -> Iterator[_Found]:
    """The files that an item names: paths expanded, buckets listed."""
    try:
        yield from _files_of(item, suffixes, say)
    except OntimeError as error:
        yield _unreadable(item.address, _as_of_month(error, item))


def _files_of(item: Wanted, suffixes: Sequence[str], say: Callable[[str], None]) -> Iterator[_Found]:
    if scheme_of(item.address) is None:
        for path in expand(item.address, suffixes, say):
            file = DataFile.at(path, expected_month=item.month)
            if file.name != path.name:
                say(f"{file.location}: its name is no UTF-8; it is called so here")
            yield file
    else:
        for remote in _remotes(str(item.address), suffixes):
            yield _Elsewhere(remote, item)


def _remotes(address: str, suffixes: Sequence[str]) -> Iterable[Remote]:
    """The files that an address names. Paths need none of the libraries that these modules import."""
    if is_web(address):
        from ingestion.finding.fetch import web

        return [web.remote(address)]
    from ingestion.finding.fetch import buckets

    if (scheme := scheme_of(address)) in buckets.KINDS:
        return buckets.remotes(address, suffixes)
    known = ", ".join(f"{name}://" for name in ("https", "http", *buckets.KINDS))
    raise failure(address, f"{scheme}:// is not known", f"use a path, or one of {known}")


def _key(file: _Found) -> object:
    """What makes two mentions one file."""
    return file.remote.address if isinstance(file, _Elsewhere) else file


@dataclass(frozen=True)
class _Bringing:
    """Brings one file after the other, from several threads."""

    cache: Path
    progress: Progress
    stopping: Event

    def __call__(self, file: _Found) -> DataFile | Unreadable:
        if not isinstance(file, _Elsewhere):
            return file
        location = shown(file.remote.address)
        try:
            path = self._bring(file.remote, location)
        except OntimeError as error:
            return _unreadable(file.remote.address, _as_of_month(error, file.wanted))
        return DataFile.at(path, location, file.wanted.month)

    def _bring(self, remote: Remote, location: str) -> Path:
        """The path of the file in the cache. Raises OntimeError when it cannot be brought there."""
        began = time.monotonic()
        entry = Entry(self.cache, remote.address)
        try:
            with entry.locked():
                is_new = remote.bring(entry, Transfer(location, self.progress, self.stopping))
                size = entry.file.stat().st_size
        except OSError as error:
            with suppress(OSError):
                entry.drop_part()  # a full disk is of no use to the others either
            raise OntimeError(
                f"{location}: cannot be kept in {self.cache}: {error.strerror or error}",
                "make room there, or name another folder with ONTIME_CACHE",
            ) from None
        how = f"fetched ({time.monotonic() - began:.1f} s)" if is_new else "not changed since it was fetched"
        self.progress.say(f"{location}: {size:,} bytes, {how}")
        return entry.file


def _unreadable(address: str | Path, error: OntimeError) -> Unreadable:
    location = shown(address)
    return Unreadable(PurePosixPath(location).name, location, error)


def _as_of_month(error: OntimeError, wanted: Wanted) -> OntimeError:
    """The error of a file; that a month is not there yet is no failure of anybody, until it is overdue."""
    if wanted.month is None or not isinstance(error, NotThereError):
        return error
    if wanted.overdue_on is not None and datetime.now(UTC).date() >= wanted.overdue_on:
        return OntimeError(
            f"{wanted.month} is not here, and should have been before {wanted.overdue_on}: {error.message}",
            "leave this month out, or name a file that holds it with --from",
        )
    return NotPublishedError(f"{wanted.month} is not published yet: {error.message}", wanted.patience)
