"""Which members of a zip archive hold data, and when nothing of an archive is to be read."""

import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from ingestion.data_file import may_hold_data
from ingestion.errors import OntimeError

# A bomb is a small file that fills a disk when it is unpacked. Archives of BTS unpack to 10 times their size.
HIGHEST_RATIO = 200  # of unpacked to packed bytes
HARMLESS = 64 << 20  # bytes, unpacked, up to which any ratio will do
LARGEST_CONTENT = 16 << 30  # bytes, unpacked
MOST_MEMBERS = 10_000

_ENCRYPTED = 1  # bit of a member's flags
_WORKBOOK = "[Content_Types].xml"  # a member of each workbook of Excel, which is a zip archive to itself


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether a zip archive is a workbook of Excel, which is not to be unpacked."""
    return _WORKBOOK in archive.namelist()


def data_members(
    archive: zipfile.ZipFile, size: int, location: str, suffixes: Sequence[str]
) -> list[zipfile.ZipInfo]:
    """The members with data, at least one, of an archive of so many bytes. Their names end with `suffixes`.

    Raises OntimeError, which names `location`, for an archive that is not what it should be.
    """
    files = [member for member in archive.infolist() if not member.is_dir()]
    _check(files, location)
    _check_ratio(sum(member.file_size for member in files), size, location)
    members = [member for member in files if may_hold_data(PurePosixPath(member.filename), suffixes)]
    if not members:
        names = ", ".join(member.filename for member in files[:5]) or "nothing"
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


def _check(files: Sequence[zipfile.ZipInfo], location: str) -> None:
    """Raises OntimeError for whatever shows that an archive was made to do harm, or cannot be read."""
    if len(files) > MOST_MEMBERS:
        raise _refused(
            location, f"holds {len(files):,} files; {MOST_MEMBERS:,} are read", "split the archive"
        )
    repeated = [name for name, count in Counter(file.filename for file in files).items() if count > 1]
    if repeated:
        raise _refused(location, f"holds two files named {repeated[0]}", "unpack it and load them by name")
    for file in files:
        if _leads_out(file.filename):
            raise _refused(
                location,
                f"holds a file whose name leads out of the archive, {file.filename!r}",
                "do not unpack it; fetch the archive from its publisher",
            )
        if file.flag_bits & _ENCRYPTED:
            raise _refused(location, f"{file.filename} is encrypted", "unpack it and load the file itself")
        check_expansion(file.file_size, file.compress_size, f"{location}!{file.filename}")


def _leads_out(name: str) -> bool:
    """Whether a member's name is absolute or climbs out of the folder it is unpacked in, on any system."""
    parts = name.replace("\\", "/").split("/")
    return parts[0] == "" or ".." in parts or parts[0].endswith(":")


def _refused(location: str, problem: str, remedy: str) -> OntimeError:
    return OntimeError(f"{location}: {problem}", remedy)
