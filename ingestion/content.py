"""The bytes of a file, unpacked on the way when it is gzip or zip, and their sha256: the file's identity."""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from ingestion.errors import OntimeError

CHUNK = 1 << 20  # bytes read at once
_GZIP = b"\x1f\x8b"
_ZIP = b"PK"


class Content:
    """Reads the content of one file, once, from beginning to end. A context manager.

    `size` and `file_id` are those of the bytes read so far, unpacked; at the end, of the whole content.
    Whether a file is packed is seen from its first bytes, not from its name. `read_so_far` is told how many
    bytes of the file on disk have been read. A workbook is read as it is, and its `sheet` counts for the id.
    Raises OntimeError for whatever keeps the file from being read.
    """

    def __init__(
        self, path: Path, read_so_far: Callable[[int], None] | None = None, sheet: str | None = None
    ) -> None:
        self.path = path
        self.size = 0
        self._read_so_far = read_so_far
        self._hash = hashlib.sha256((sheet or "").encode())
        self._open_files = ExitStack()

    def __enter__(self) -> Self:
        with self._open_files as on_failure, _errors_of(self.path):
            if not self.path.is_file() and self.path.exists():
                raise _unreadable(
                    self.path, "is not a file", "name a file, or a folder with .csv, .gz or .zip files"
                )
            self._raw = on_failure.enter_context(self.path.open("rb"))
            self._unpacked = on_failure.enter_context(_unpacked(self._raw, self.path))
            self._open_files = on_failure.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open_files.close()

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes, `size` at most; none at the end."""
        with _errors_of(self.path):
            data = self._unpacked.read(size)
        self._hash.update(data)
        self.size += len(data)
        if self._read_so_far is not None:
            self._read_so_far(self._raw.tell())
        return data

    @property
    def file_id(self) -> str:
        """sha256 of the content read so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()


def identify(path: Path, sheet: str | None = None) -> str:
    """The id of a file's whole content. Raises OntimeError when it cannot be read."""
    with Content(path, sheet=sheet) as content:
        while content.read():
            pass
        return content.file_id


def size_on_disk(path: Path) -> int:
    """Bytes of the file as it is, packed or not. Raises OntimeError when it cannot be seen."""
    with _errors_of(path):
        return path.stat().st_size


def size_unpacked(path: Path) -> int | None:
    """Bytes of the content, None when only reading it can tell (gzip). Raises OntimeError as Content does."""
    with _errors_of(path), path.open("rb") as raw:
        start = raw.read(len(_ZIP))
        if start == _GZIP:
            return None
        if start == _ZIP:
            with zipfile.ZipFile(raw) as archive:
                if not _is_workbook(archive):
                    return _only_csv(archive, path).file_size
        return path.stat().st_size


def _unpacked(raw: IO[bytes], path: Path) -> IO[bytes]:
    """The content of an open file: itself, what gzip packed, or the one CSV member of a zip archive."""
    start = raw.read(len(_ZIP))
    raw.seek(0)
    if start == _GZIP:
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if start == _ZIP:
        archive = zipfile.ZipFile(raw)
        if not _is_workbook(archive):
            return archive.open(_only_csv(archive, path))
        raw.seek(0)
    return raw


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether a zip archive is one of Excel's files, which are not to be unpacked."""
    return "[Content_Types].xml" in archive.namelist()


def _only_csv(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
    if len(members) != 1:
        names = ", ".join(member.filename for member in members[:5])
        found = (
            f"{len(members)} CSV files ({names}{', ...' if len(members) > 5 else ''})"
            if members
            else "no CSV file"
        )
        raise _unreadable(
            path, f"holds {found}; one is expected", "unpack it and load the CSV files themselves"
        )
    return members[0]


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Turns whatever reading `path` can raise into an OntimeError that names it."""
    try:
        yield
    except FileNotFoundError:
        raise _unreadable(path, "does not exist", "check the path") from None
    except PermissionError:
        raise _unreadable(
            path, "may not be read by this user", "check the permissions of file and folder"
        ) from None
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _unreadable(path, f"is damaged or cut off: {error}", "fetch the file again") from None
    except (
        NotImplementedError,
        RuntimeError,
    ) as error:  # what zipfile raises for encryption and rare compressions
        raise _unreadable(
            path, f"cannot be unpacked: {error}", "unpack it and load the CSV file itself"
        ) from None
    except OSError as error:
        raise _unreadable(
            path, f"cannot be read: {error.strerror or error}", "check the path and the disk"
        ) from None


def _unreadable(path: Path, problem: str, remedy: str) -> OntimeError:
    return OntimeError(f"{path}: {problem}", remedy)
