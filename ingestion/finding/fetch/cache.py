"""Files that were fetched, kept with what proves them sound, one place for each address.

    <cache>/<hash of the address>/<name>     the file, under the name that it has at its address
    <cache>/<hash of the address>.json       address, stamp, size and sha256 of the file
    <cache>/<hash of the address>.part       what has come so far of a newer one
    <cache>/<hash of the address>.part.json  the stamp of that
    <cache>/<hash of the address>.lock       held while a process works on the others

A file gets its name only when it is whole, and counts only with the size and the sha256 that were noted then.
The folder can be removed at any time.
"""

import fcntl
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingestion.finding.fetch.addresses import last_part, shown

_USER = re.compile(r"(?<=://)[^/?#]*@")
_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Stamp:
    """What the other side says of a file, to tell one state of it from the next. `size` is in bytes."""

    etag: str | None = None
    last_modified: str | None = None
    size: int | None = None


class Entry:
    """The place of one address in the cache. Only use it within `locked`."""

    def __init__(self, cache: Path, address: str) -> None:
        self._address = shown(address)
        self._cache = cache
        self._base = cache / hashlib.sha256(_USER.sub("", address).encode()).hexdigest()[:32]
        self.file = self._base / last_part(address)
        self.part = self._beside(".part")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other threads and processes from this entry; ends with the process however that ends."""
        self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)  # a bucket's file may be private
        with self._beside(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def stamp(self) -> Stamp | None:
        """The stamp of the file; None when there is none, or it is not as it was fetched."""
        note = _read(self._beside(".json"))
        if note is None or not self.file.is_file() or self.file.stat().st_size != note["bytes"]:
            return None
        return _stamp(note) if sha256(self.file) == note["sha256"] else None

    def part_stamp(self) -> Stamp | None:
        """The stamp of what has come so far; None when nothing has."""
        note = _read(self._beside(".part.json"))
        return _stamp(note) if note is not None and self.part_size() else None

    def part_size(self) -> int:
        """Bytes that have come so far."""
        return self.part.stat().st_size if self.part.exists() else 0

    def begin(self, stamp: Stamp) -> None:
        """Empties the part; what comes now is of this stamp."""
        self.drop_part()
        _write(self._beside(".part.json"), asdict(stamp))
        self.part.touch()

    def drop_part(self) -> None:
        """Forgets what has come so far. Its stamp goes first: bytes without a stamp are never continued."""
        self._beside(".part.json").unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def complete(self, stamp: Stamp) -> None:
        """Makes the part the file."""
        note = {"address": self._address, **asdict(stamp)}
        note |= {"bytes": self.part_size(), "sha256": sha256(self.part)}
        self._base.mkdir(exist_ok=True)
        self.part.rename(self.file)
        _write(self._beside(".json"), note)
        self.drop_part()

    def _beside(self, suffix: str) -> Path:
        return self._base.with_name(self._base.name + suffix)


def _stamp(note: dict[str, Any]) -> Stamp:
    return Stamp(note["etag"], note["last_modified"], note["size"])


def entries(cache: Path) -> Iterator[tuple[tuple[Path, ...], Path]]:
    """What is kept of each address, which can go together, and the lock of who works on that."""
    by_address: dict[str, list[Path]] = {}
    for path in sorted(cache.glob("*")):
        name = path.name.partition(".")[0]
        if _NAME.fullmatch(name) and path.suffix != ".lock":
            by_address.setdefault(name, []).append(path)
    for name, paths in by_address.items():
        yield tuple(paths), cache / f"{name}.lock"


def sha256(path: Path) -> str:
    """Of a file, however long."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    with suppress(FileNotFoundError, ValueError):
        note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return note
    return None


def _write(path: Path, note: dict[str, Any]) -> None:
    """Writes so that nobody reads half."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)
