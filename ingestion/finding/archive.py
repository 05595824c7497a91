"""Archives, zip and tar: which of their members hold data, and when nothing of one is to be read."""

import bz2
import gzip
import lzma
import re
import tarfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, cast

from ingestion.data_file import may_hold_data
from ingestion.errors import OntimeError

# A bomb is a small file that fills a disk when it is unpacked. Archives of BTS unpack to 10 times their size.
HIGHEST_RATIO = 200  # of unpacked to packed bytes
HARMLESS = 64 << 20  # bytes, unpacked, up to which any ratio will do
LARGEST_CONTENT = 16 << 30  # bytes, unpacked
MOST_MEMBERS = 10_000

_ENCRYPTED = 1  # bit of a member's flags
_WORKBOOK = "[Content_Types].xml"  # a member of each workbook of Excel, which is a zip archive to itself


_GZIP, _XZ, _ZIP = b"\x1f\x8b", b"\xfd7zXZ\0", b"PK"
_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)")  # the latter of an empty file
_TAR, _TAR_AT = b"ustar", 257
_HEADER = 512  # bytes of a tar archive


@dataclass(frozen=True)
class Member:
    """A file of an archive. `packed` are the bytes that it takes there, None where it is not packed alone."""

    name: str
    size: int
    packed: int | None = None
    is_encrypted: bool = False


class Archive(Protocol):
    """An open archive. `raw` is the file that it is in."""

    raw: IO[bytes]

    def members(self) -> Sequence[Member]:
        """Its files, in their order."""

    def open(self, member: str) -> IO[bytes] | None:
        """The content of one of them, None when there is none of this name."""


class _Zip:
    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        self._archive = zipfile.ZipFile(raw)

    def members(self) -> Sequence[Member]:
        return [
            Member(file.filename, file.file_size, file.compress_size, bool(file.flag_bits & _ENCRYPTED))
            for file in self._archive.infolist()
            if not file.is_dir()
        ]

    def open(self, member: str) -> IO[bytes] | None:
        return self._archive.open(member) if member in self._archive.NameToInfo else None


class _Tar:
    """Only its regular files count: links lead elsewhere."""

    def __init__(self, raw: IO[bytes], unpacked: IO[bytes], location: str) -> None:
        self.raw = raw
        self._archive = tarfile.open(fileobj=unpacked, mode="r:")  # noqa: SIM115
        size = Path(raw.name).stat().st_size
        self._files = []
        for file in self._archive:
            if file.isfile():
                self._files.append(file)
                check_expansion(file.offset_data + file.size, size, location)

    def members(self) -> Sequence[Member]:
        return [Member(file.name, file.size) for file in self._files]

    def open(self, member: str) -> IO[bytes] | None:
        file = next((file for file in self._files if file.name == member), None)
        return None if file is None else self._archive.extractfile(file)


def is_packed(start: bytes) -> bool:
    """Whether a content that begins so is packed in a way that `unpacking` unpacks."""
    return start.startswith((_GZIP, _XZ)) or bool(_BZIP2.match(start))


def unpacking(raw: IO[bytes]) -> IO[bytes]:
    """A file that is packed with gzip, bzip2 or xz, as its first bytes say, unpacked on the way; else itself.

    It stands at its beginning.
    """
    start = raw.read(_HEADER)
    raw.seek(0)
    if not is_packed(start):
        return raw
    if start.startswith(_GZIP):
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    return cast(IO[bytes], lzma.LZMAFile(raw) if start.startswith(_XZ) else bz2.BZ2File(raw))


def open_archive(path: Path, location: str, open_files: ExitStack) -> tuple[Archive | None, bytes]:
    """The archive at a path, None when what is there is none, and how the content there begins, unpacked.

    Raises what the libraries of archives do.
    """
    raw = open_files.enter_context(path.open("rb"))
    start = raw.read(_HEADER)
    raw.seek(0)
    if start.startswith(_ZIP):
        return _Zip(raw), start
    unpacked = unpacking(raw)
    header = unpacked.read(_HEADER)
    if header[_TAR_AT:].startswith(_TAR):
        unpacked.seek(0)
        return _Tar(raw, unpacked, location), header
    return None, header


def is_workbook(archive: Archive) -> bool:
    """Whether an archive is a workbook of Excel, which is not to be unpacked."""
    return any(member.name == _WORKBOOK for member in archive.members())


def data_members(archive: Archive, size: int, location: str, suffixes: Sequence[str]) -> list[Member]:
    """The members with data, at least one, of an archive of so many bytes. Their names end with `suffixes`.

    Raises OntimeError, which names `location`, for an archive that is not what it should be.
    """
    files = archive.members()
    _check(files, location)
    _check_ratio(sum(member.size for member in files), size, location)
    members = [member for member in files if may_hold_data(PurePosixPath(member.name), suffixes)]
    if not members:
        if any(member.name == "mimetype" for member in files):
            raise _refused(location, "is a document of OpenDocument", "save it as .xlsx or CSV")
        names = ", ".join(member.name for member in files[:5]) or "nothing"
        raise _refused(
            location, f"holds no file with data, but {names}", "check that it is the right archive"
        )
    return members


def check_expansion(unpacked: int, packed: int, location: str) -> None:
    """Raises OntimeError when so many packed bytes are not to become so many unpacked ones."""
    if unpacked > LARGEST_CONTENT:
        raise _refused(
            location,
            f"unpacks to more than {LARGEST_CONTENT >> 30} GiB",
            "split the file before you load it",
        )
    _check_ratio(unpacked, packed, location)


def _check_ratio(unpacked: int, packed: int, location: str) -> None:
    if unpacked > HARMLESS and unpacked > HIGHEST_RATIO * packed:
        raise _refused(
            location,
            f"unpacks to more than {HIGHEST_RATIO} times its size, as no data file does",
            "if you trust it, unpack it and load the CSV file itself",
        )


def _check(files: Sequence[Member], location: str) -> None:
    """Raises OntimeError for whatever shows that an archive was made to do harm, or cannot be read."""
    if len(files) > MOST_MEMBERS:
        raise _refused(
            location, f"holds {len(files):,} files; {MOST_MEMBERS:,} are read", "split the archive"
        )
    repeated = [name for name, count in Counter(file.name for file in files).items() if count > 1]
    if repeated:
        raise _refused(location, f"holds two files named {repeated[0]}", "unpack it and load them by name")
    for file in files:
        if _leads_out(file.name):
            raise _refused(
                location,
                f"holds a file whose name leads out of the archive, {file.name!r}",
                "do not unpack it; fetch the archive from its publisher",
            )
        if file.is_encrypted:
            raise _refused(location, f"{file.name} is encrypted", "unpack it and load the file itself")
        if file.packed is not None:
            check_expansion(file.size, file.packed, f"{location}!{file.name}")


def _leads_out(name: str) -> bool:
    """Whether a member's name is absolute or climbs out of the folder it is unpacked in, on any system."""
    parts = name.replace("\\", "/").split("/")
    return parts[0] == "" or ".." in parts or parts[0].endswith(":")


def _refused(location: str, problem: str, remedy: str) -> OntimeError:
    return OntimeError(f"{location}: {problem}", remedy)
