"""The structure check: which records of a CSV file are sound, and what is wrong with the others.

What a record is, csv.reader(strict=True) decides. Most bytes never pass through it: a block of whole lines
that is proved sound (proof.py) goes on as it is. Only where the proof fails are records read one by
one.

Its text is UTF-8 without a byte order mark: encoding.py makes it so. Beyond the rules of csv:

- A record that csv cannot read is rejected with its first physical line, and reading resumes on the next
  line: an unterminated quote costs one line, not the rest of the file.
- A record that csv can read is rejected whole, with all its lines, when it has the wrong number of fields, a
  NUL byte or invalid UTF-8.
- A blank line is a record without fields, and rejected; also in a file of one column, where csv writes a
  missing value as `""`.
- A record longer than `RECORD_LIMIT` is rejected, so that memory stays bounded.
- Values stay byte for byte what they are: `""` is not a missing value, nor is `NA`, and line ends within
  quotes are kept.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, Self

from ingestion.errors import OntimeError
from ingestion.forms.proof import Proved, end_of_last_record, prove

BLOCK = 1 << 20  # bytes read and proved at once
PIECE = 1 << 14  # bytes proved at once near a bad record, so that few good ones are read one by one with it
RECORD_LIMIT = 8 << 20  # bytes of the longest record

csv.field_size_limit(RECORD_LIMIT)  # one per process; by default csv refuses fields of more than 128 KiB

TOO_LONG = f"line of more than {RECORD_LIMIT >> 20} MiB, of which the original keeps the beginning"


class Clean:
    """Sound records with consecutive numbers, as COPY reads them.

    They are kept as one text, in which `end` ends each: cutting it into its records costs as much as proving
    them sound, and most are never looked at one by one.
    """

    __slots__ = ("count", "end", "first_record_no", "text")

    def __init__(self, first_record_no: int, records: Sequence[bytes]) -> None:
        """Of records without line ends."""
        self.first_record_no = first_record_no
        self.count = len(records)
        self.text = b"".join([record + b"\0" for record in records])
        self.end = b"\0"

    @classmethod
    def proved(cls, first_record_no: int, found: Proved) -> Self:
        """Of records that were proved together."""
        clean = cls(first_record_no, ())
        clean.text, clean.end, clean.count = found.text, found.end, found.count
        return clean

    @property
    def records(self) -> list[bytes]:
        """The records, without line ends."""
        return self.text.split(self.end)[:-1]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Clean)
            and self.first_record_no == other.first_record_no
            and self.records == other.records
        )

    __hash__ = None  # type: ignore[assignment]  # two texts may hold the same records


class Reject(NamedTuple):
    """A record that does not land. `original` holds its bytes with the line end."""

    record_no: int
    reason: str
    original: bytes


class _Record(NamedTuple):
    """One record as csv reads it: its bytes, and its fields or the reason why it has none."""

    original: bytes
    fields: list[str]
    fault: str | None = None


class CsvFile:
    """Reads one CSV file from beginning to end: `header()` if it has one, then `records()`.

    `read(n)` gives up to n more bytes of UTF-8, and none at the end; `name` stands in messages; `separator`
    is one ASCII character. `is_utf8` says that the former was proved. Memory stays within a small multiple of
    RECORD_LIMIT whatever the file holds.
    """

    def __init__(
        self, read: Callable[[int], bytes], name: str, separator: str = ",", *, is_utf8: bool = False
    ) -> None:
        self._read = read
        self._name = name
        self._separator = separator
        self._is_utf8 = is_utf8
        self._buffer = b""
        self._position = 0  # of the next record in the buffer
        self._at_end = False
        self._has_begun = False

    def header(self) -> list[str]:
        """The fields of the first record. Raises OntimeError when it cannot be a header or is not there."""
        self._begin()
        record = self._next_record()
        fault = record.fault or _fault_of_bytes(record.original)
        if fault or not record.fields:
            raise OntimeError(
                f"{self._name}: header: {fault or 'blank line'}",
                "correct the first line of the file, then load it again",
            )
        return record.fields

    def examples(self, width: int, at_most: int) -> list[list[str]]:
        """The fields of the next sound records. What it reads is gone: to land the file, read it again."""
        self._begin()
        found: list[list[str]] = []
        while len(found) < at_most and self._fill(1):
            records = self._records_within(PIECE)
            found += [record.fields for record in records if _fault(record, width) is None]
        return found[:at_most]

    def _begin(self) -> None:
        """Reads the first block. Raises OntimeError when there is none."""
        if self._has_begun:
            return
        self._has_begun = True
        self._fill(BLOCK)
        if not self._buffer:
            raise OntimeError(f"{self._name}: the file is empty", "fetch the file again")

    def records(self, width: int, *, last_is_empty: bool = False) -> Iterator[Clean | Reject]:
        """All records after the header, or from the first, numbered from 1.

        Sound ones have `width` fields; with `last_is_empty` they end with a comma, and nothing behind it.
        """
        self._begin()
        record_no, size = 1, BLOCK
        while self._fill(size):
            end = end_of_last_record(self._buffer, self._position, self._position + size)
            piece = self._buffer[self._position : end]
            proved = self._prove(piece, width) if piece else None
            if proved and not (last_is_empty and _has_text_at_end(proved)):
                self._position += len(piece)
                size = min(2 * size, BLOCK)
                yield Clean.proved(record_no, proved)
                record_no += proved.count
            elif size > PIECE:
                size = PIECE
            else:
                for found in self._read_one_by_one(record_no, width, last_is_empty, max(len(piece), 1)):
                    yield found
                    record_no += found.count if isinstance(found, Clean) else 1

    def _prove(self, piece: bytes, width: int) -> Proved | None:
        """The records of a piece, as `prove` does; the proof itself knows commas only."""
        if self._separator == ",":
            return prove(piece, width, is_utf8=self._is_utf8)
        if b'"' in piece or b"," in piece:
            return None
        return prove(piece.replace(self._separator.encode(), b","), width, is_utf8=self._is_utf8)

    def _read_one_by_one(
        self, record_no: int, width: int, last_is_empty: bool, size: int
    ) -> Iterator[Clean | Reject]:
        """The records that begin within the next `size` bytes, each looked at."""
        sound: list[bytes] = []
        for record in self._records_within(size):
            fault = _fault(record, width)
            if fault is None and last_is_empty and record.fields[-1]:
                fault = "text after the last comma, where the header names no column"
            if fault is None:
                as_copy_reads_it = _as_copy_reads_it(record.original, self._separator)
                sound.append(as_copy_reads_it.removesuffix(b'""') if last_is_empty else as_copy_reads_it)
                continue
            if sound:
                yield Clean(record_no, sound)
                record_no += len(sound)
                sound = []
            yield Reject(record_no, fault, record.original)
            record_no += 1
        if sound:
            yield Clean(record_no, sound)

    def _records_within(self, size: int) -> Iterator[_Record]:
        """The records that begin within the next `size` bytes, taken from the buffer.

        Where no quote stands, lines are records, and csv is not asked: a file may have millions that are bad,
        and to set csv up for one takes longer than all else.
        """
        lines = self._buffer[self._position : self._position + size]
        lines = lines[: lines.rfind(b"\n") + 1]
        if lines and b'"' not in lines and _has_plain_line_ends(lines):
            self._position += len(lines)
            for line in lines.split(b"\n")[:-1]:
                text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
                yield _Record(line + b"\n", text.split(self._separator) if text else [])
            return
        while size > 0 and self._fill(1):
            record = self._next_record()
            size -= len(record.original)
            yield record

    def _next_record(self) -> _Record:
        """Takes the next record from the buffer: whole when csv can read it, else its first line."""
        first_line = self._line(0)
        length = 0

        def lines() -> Iterator[str]:
            nonlocal length
            while line := self._line(length):
                length += len(line)
                if length > RECORD_LIMIT:
                    raise csv.Error(TOO_LONG)
                yield line.decode("utf-8", "surrogateescape")

        try:
            fields = next(csv.reader(lines(), strict=True, delimiter=self._separator))
        except csv.Error as error:
            if len(first_line) > RECORD_LIMIT:
                self._skip_line()
                return _Record(first_line[:RECORD_LIMIT], [], TOO_LONG)
            self._position += len(first_line)
            return _Record(first_line, [], _fault_of_csv(error, beyond_first_line=length > len(first_line)))
        original = self._buffer[self._position : self._position + length]
        self._position += length
        return _Record(original, fields)

    def _line(self, offset: int) -> bytes:
        """The physical line `offset` bytes on, with its end; of a longer one more than RECORD_LIMIT bytes."""
        while (end := self._buffer.find(b"\n", self._position + offset) + 1) == 0:
            available = len(self._buffer) - self._position
            if self._at_end or available - offset > RECORD_LIMIT:
                end = len(self._buffer)
                break
            self._fill(available + 1)
        return self._buffer[self._position + offset : end]

    def _skip_line(self) -> None:
        while self._fill(1):
            end = self._buffer.find(b"\n", self._position) + 1
            self._position = end or len(self._buffer)
            if end:
                break

    def _fill(self, size: int) -> bool:
        """Makes the next `size` bytes available in the buffer, or all that are left; False when none are."""
        available = len(self._buffer) - self._position
        if available < size and not self._at_end:
            parts = [self._buffer[self._position :]]
            while available < max(size, BLOCK):
                part = self._read(BLOCK)
                if not part:
                    self._at_end = True
                    break
                parts.append(part)
                available += len(part)
            self._buffer, self._position = b"".join(parts), 0
        return available > 0


def fields_of(record: bytes, separator: str = ",") -> list[bytes]:
    """The fields of a sound record, each byte for byte, with its quotes."""
    end = separator.encode()
    return _field(end).findall(record + end) if b'"' in record else record.split(end)


@cache
def _field(end: bytes) -> re.Pattern[bytes]:
    """Matches a field with the separator that ends it."""
    end = re.escape(end)
    return re.compile(rb'("(?:[^"]++|"")*+"|[^%b]*)%b' % (end, end))


def _has_plain_line_ends(text: bytes) -> bool:
    """Whether carriage returns stand in line ends only, one in each."""
    return b"\r" not in text or text.count(b"\r") == text.count(b"\r\n")


def _has_text_at_end(found: Proved) -> bool:
    return found.text.count(b"," + found.end) != found.count


def _fault(record: _Record, width: int) -> str | None:
    return record.fault or _fault_of_fields(record.fields, width) or _fault_of_bytes(record.original)


def _fault_of_csv(error: csv.Error, *, beyond_first_line: bool) -> str:
    """The reason of a reject. Only an open quote takes csv beyond the first line of a record."""
    message = str(error)
    if message.startswith("new-line character seen"):
        return "bare carriage return"
    if beyond_first_line or message.startswith("unexpected end of data"):
        return "unterminated quote"
    return "text after a closing quote"


def _fault_of_fields(fields: list[str], width: int) -> str | None:
    return None if len(fields) == width else _fault_of_width(len(fields), width)


@cache
def _fault_of_width(found: int, width: int) -> str:
    """The reason of a reject with so many fields; the number of a file's fields bounds the cache."""
    return f"{found} field{'s' * (found > 1)}, expected {width}" if found else "blank line"


def _fault_of_bytes(record: bytes) -> str | None:
    if b"\0" in record:
        return "NUL byte"
    try:
        record.decode()
    except UnicodeDecodeError:
        return "invalid UTF-8"
    return None


def _as_copy_reads_it(record: bytes, separator: str) -> bytes:
    """A sound record, separated by commas, without its line end.

    Fields with a quote or comma that do not begin with a quote are quoted. csv takes such a quote for part of
    the value, as in `a"b`; COPY does not.
    """
    record = record.rstrip(b"\r\n")
    if b'"' not in record and separator == ",":
        return record
    return b",".join(map(_quoted_if_need_be, fields_of(record, separator)))


def _quoted_if_need_be(field: bytes) -> bytes:
    if field.startswith(b'"') or not (b'"' in field or b"," in field):
        return field
    return b'"%b"' % field.replace(b'"', b'""')
