"""The bytes of a file, unpacked on the way where it is packed, and their sha256: the file's identity."""

import gzip
import hashlib
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ingestion.data_file import DATA_SUFFIXES, DataFile, printable
from ingestion.errors import OntimeError
from ingestion.finding.archive import (
    Archive,
    check_expansion,
    data_members,
    is_workbook,
    open_archive,
    unpacking,
)

CHUNK = 1 << 20  # bytes read at once


class LastArchive:
    """Keeps the archive that was asked for last open, since members are looked at one after the other.

    A context manager. Raises what opening a file and the libraries of archives do.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._archive: Archive | None = None
        self._open_file = ExitStack()
        self._start = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open_file.close()

    def at(self, path: Path, location: str) -> Archive | None:
        """The archive at a path, which messages call `location`; None when what is there is none."""
        if path != self._path:
            self._open_file.close()
            self._path = None
            with ExitStack() as on_failure:
                self._archive, self._start = open_archive(path, location, on_failure)
                if self._archive is not None:
                    self._open_file = on_failure.pop_all()
            self._path = path
        return self._archive

    def start_of(self, file: DataFile) -> bytes | None:
        """How the content begins whose archive was asked for last, unpacked; None when reading is to tell."""
        return self._start if file.member is None and file.path == self._path else None


def members_of(
    file: DataFile, suffixes: Sequence[str] = DATA_SUFFIXES, archives: LastArchive | None = None
) -> list[DataFile]:
    """What of the members of a file holds data when it is an archive; else the file itself.

    An archive stays open in `archives`. Raises OntimeError when it cannot be read, or is an archive that is
    not to be read.
    """
    with LastArchive() as own:
        members = _members(file, suffixes, archives or own)
    if not members:
        return [file]
    return [
        replace(
            file,
            name=file.name if len(members) == 1 else f"{file.name}!{printable(member)}",
            location=f"{file.location}!{printable(member)}",
            member=member,
        )
        for member in members
    ]


def data_file(path: Path) -> DataFile:
    """The one file with data at a path. Raises OntimeError when it cannot be read, or holds several."""
    found = members_of(DataFile.at(path))
    if len(found) > 1:
        raise OntimeError(f"{path}: holds {len(found)} files with data", "unpack it and name one of them")
    return found[0]


class Content:
    """Reads the content of one file, once, from beginning to end. A context manager.

    `size` and `file_id` are those of the bytes read so far, unpacked; at the end, of the whole content.
    `size_on_disk` are the bytes of the file as it is, packed or not; `size_unpacked` those of the content,
    None when only reading it can tell (gzip, bzip2, xz). Whether a file is packed is seen from its first
    bytes, not from its name. `read_so_far` is told how many bytes of the file on disk have been read; an
    archive may be open already, in `archives`. A workbook is read as it is; the name of the sheet counts for
    the id, as does what was asked where the file is an answer: two answers without records are two. Raises
    OntimeError for whatever keeps the file from being read.
    """

    def __init__(
        self,
        file: DataFile,
        read_so_far: Callable[[int], None] | None = None,
        archives: LastArchive | None = None,
    ) -> None:
        self.file = file
        self.size = 0
        self._read_so_far = read_so_far
        self._archives = archives
        self._hash = hashlib.sha256((file.sheet or file.request or "").encode())
        self._open_files = ExitStack()
        self._raw: IO[bytes]
        self.size_on_disk = 0
        self.size_unpacked: int | None = None

    def __enter__(self) -> Self:
        path = self.file.path
        with self._open_files as on_failure, errors_of(self.file.location):
            if not path.is_file() and path.exists():
                raise _unreadable(
                    self.file.location, "is not a file", "name a file, or a folder with files of data"
                )
            open_content = self._open_file if self.file.member is None else self._open_member
            self._unpacked = on_failure.enter_context(open_content(on_failure))
            self._begin = self._raw.tell()
            self._open_files = on_failure.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open_files.close()

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes, `size` at most; none at the end."""
        try:
            with errors_of(self.file.location):
                data = self._unpacked.read(size)
                packed = self._raw.tell() - self._begin
        finally:  # of a file that changes meanwhile, any part may look damaged
            self._check_unchanged()
        self._hash.update(data)
        self.size += len(data)
        if self._unpacked is not self._raw:
            check_expansion(self.size, packed, self.file.location)
        if self._read_so_far is not None:
            self._read_so_far(packed)
        return data

    @property
    def file_id(self) -> str:
        """sha256 of the content read so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()

    def _open_file(self, open_files: ExitStack) -> IO[bytes]:
        """The file itself, or what is packed in it."""
        self._raw = open_files.enter_context(self.file.path.open("rb"))
        self.state = self._state_now()
        self.size_on_disk, _ = self.state
        unpacked = unpacking(self._raw)
        self.size_unpacked = self.size_on_disk if unpacked is self._raw else None
        return unpacked

    def _open_member(self, open_files: ExitStack) -> IO[bytes]:
        """A member of an archive."""
        archives = self._archives or open_files.enter_context(LastArchive())
        archive = archives.at(self.file.path, self.file.location)
        name = self.file.member or ""
        opened = archive.open(name) if archive else None
        if archive is None or opened is None:
            raise changed(self.file)
        self._raw = archive.raw
        self.state = self._state_now()
        member = next(member for member in archive.members() if member.name == name)
        self.size_on_disk, self.size_unpacked = member.packed or member.size, member.size
        return opened

    def _check_unchanged(self) -> None:
        if self._state_now() != self.state:
            raise changed(self.file)

    def _state_now(self) -> tuple[int, int]:
        """What changes when somebody writes into the file: its size, and when it was written to, in ns."""
        status = os.fstat(self._raw.fileno())
        return status.st_size, status.st_mtime_ns


def changed(file: DataFile) -> OntimeError:
    """The error of a file that somebody writes to while it is read."""
    return OntimeError(
        f"{file.location}: the file changed while it was loaded", "load it again when it is complete"
    )


def identify(file: DataFile) -> str:
    """The id of a file's whole content. Raises OntimeError when it cannot be read."""
    with Content(file) as content:
        while content.read():
            pass
        return content.file_id


def is_ascii(file: DataFile) -> bool:
    """Whether a content has no byte beyond ASCII. Raises OntimeError when it cannot be read."""
    with Content(file) as content:
        return all(data.isascii() for data in iter(content.read, b""))


def _members(file: DataFile, suffixes: Sequence[str], archives: LastArchive) -> list[str]:
    """Names of the members with data, none when the file is no archive."""
    with errors_of(file.location):
        if file.path.exists() and not file.path.is_file():  # reading it will say what is wrong
            return []
        archive = archives.at(file.path, file.location)
        if archive is None or is_workbook(archive):
            return []
        size = file.path.stat().st_size
        return [member.name for member in data_members(archive, size, file.location, suffixes)]


_DAMAGED = (
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    EOFError,
    UnicodeDecodeError,  # of a member whose name is said to be UTF-8
)


@contextmanager
def errors_of(location: str) -> Iterator[None]:
    """Turns whatever reading a file can raise into an OntimeError that names it."""
    try:
        yield
    except FileNotFoundError:
        raise _unreadable(location, "does not exist", "check the path") from None
    except PermissionError:
        raise _unreadable(
            location, "may not be read by this user", "check the permissions of file and folder"
        ) from None
    except _DAMAGED as error:
        raise _unreadable(location, f"is damaged or cut off: {error}", "fetch the file again") from None
    except (
        NotImplementedError,
        RuntimeError,
    ) as error:  # what zipfile raises for encryption and rare compressions
        raise _unreadable(
            location, f"cannot be unpacked: {error}", "unpack it and load the CSV file itself"
        ) from None
    except OSError as error:
        if error.errno is None:  # what bzip2 says of damage
            raise _unreadable(location, f"is damaged or cut off: {error}", "fetch the file again") from None
        raise _unreadable(
            location, f"cannot be read: {error.strerror or error}", "check the path and the disk"
        ) from None


def _unreadable(location: str, problem: str, remedy: str) -> OntimeError:
    return OntimeError(f"{location}: {problem}", remedy)
