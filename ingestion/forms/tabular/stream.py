"""Content that comes in pieces, and values on their way to CSV: what the readers share."""

from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO

from ingestion.errors import OntimeError
from ingestion.forms.encoding import Read
from ingestion.forms.records import BLOCK


def temporary_copy(read: Read) -> IO[bytes]:
    """The whole content in a temporary file, at its beginning. It is gone when nobody refers to it any more.

    Raises OntimeError when there is no room for it.
    """
    try:
        file = TemporaryFile()  # noqa: SIM115
        while data := read(BLOCK):
            file.write(data)
        file.seek(0)
    except OSError as error:
        raise OntimeError(
            f"no temporary copy of a file could be made: {error.strerror or error}",
            "make room, or name another folder with TMPDIR",
        ) from None
    return file


def begun(start: bytes, read: Read) -> Read:
    """Reads a content whose first bytes were read already: those, then the rest."""

    def read_all(size: int) -> bytes:
        nonlocal start
        data, start = start[:size], start[size:]
        return data or read(size)

    return read_all


def reading(pieces: Iterator[bytes]) -> Read:
    """Reads pieces as one content, each as it comes, whatever its size."""
    return lambda _size: next((piece for piece in pieces if piece), b"")


def csv_record(values: Sequence[str | None]) -> bytes:
    """One record of CSV without line end: nothing where a value is missing, `""` where it is empty.

    Raises UnicodeEncodeError for a text that is not Unicode.
    """
    return ",".join(map(_csv_field, values)).encode()


def _csv_field(value: str | None) -> str:
    if value is None:
        return ""
    if value and not any(character in value for character in ',"\r\n'):
        return value
    return '"' + value.replace('"', '""') + '"'
