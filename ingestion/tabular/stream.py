"""Content that comes in pieces, and values on their way to CSV: what the readers share."""

from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO

from ingestion.records import BLOCK

Read = Callable[[int], bytes]
"""Gives up to so many more bytes of a content, and none at the end."""


def spooled(read: Read) -> IO[bytes]:
    """The whole content in a temporary file, at its beginning. It is removed with the object."""
    file = TemporaryFile()
    while data := read(BLOCK):
        file.write(data)
    file.seek(0)
    return file


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
