"""The fast half of the structure check: proves with a few operations on bytes that every record of a piece is
sound.

Sound means that csv.reader(strict=True) and COPY read the same records with the same values from it. The
proof may refuse a sound piece, never accept an unsound one; records.py reads what it refuses one by one.
"""

import numpy as np

_QUOTE = ord('"')
_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b",\n")
_NOT_STRUCTURE_OR_QUOTES = bytes(byte for byte in range(256) if byte not in b'",\n')
_IS_EDGE = bytes(byte in b',\n"' for byte in range(256))  # where a quote may have a neighbour
_EDGES = {b",", b"\n", b""}


def end_of_last_record(piece: bytes) -> int:
    """Where the last whole record ends in a piece that begins with one; 0 when none is sure to end.

    A line end after an odd number of quotes is taken for one within quotes.
    """
    end = piece.rfind(b"\n") + 1
    if b'"' in piece and np.count_nonzero(np.frombuffer(piece, np.uint8, end) == _QUOTE) % 2:
        end = piece.rfind(b"\n", 0, piece.rfind(b'"', 0, end)) + 1
    return end


def prove(piece: bytes, width: int) -> list[bytes] | None:
    """The records of a piece of whole records, without line ends; None when one of them may not be sound.

    Proved are: `width` fields in each, valid UTF-8, no NUL, no blank line, quotes only around whole fields,
    carriage returns outside of quotes only in line ends.
    """
    if b"\0" in piece or not _is_utf8(piece):
        return None
    if b'"' in piece:
        return _prove_lines(piece, width) or _prove_quoted(piece, width)
    piece = _with_plain_line_ends(piece)
    return _records(piece, width) if _is_regular(piece, width) else None


def _prove_lines(piece: bytes, width: int) -> list[bytes] | None:
    """As `prove`, where each line is a record. Files of BTS have 88 quotes in a line, and all lines alike.

    Most lines share what is left of them when only commas and quotes are: each such pattern is checked once.
    """
    piece = _with_plain_line_ends(piece)
    structure = piece.translate(None, _NOT_STRUCTURE_OR_QUOTES)
    first = structure[: structure.find(b"\n") + 1]
    all_alike = structure == first * (len(structure) // len(first))
    patterns = {first[:-1]} if all_alike else set(structure.split(b"\n")[:-1])
    if b"\r" in piece or not all(_has_width(pattern, width) for pattern in patterns):
        return None
    return _records(piece, width) if _quotes_stand_at_edges(piece) else None


def _has_width(pattern: bytes, width: int) -> bool:
    """Whether a line with these commas and quotes has so many fields, and closes each quote."""
    parts = pattern.split(b'"')
    return len(parts) % 2 == 1 and b"".join(parts[0::2]).count(b",") == width - 1


def _quotes_stand_at_edges(lines: bytes) -> bool:
    """Whether each first quote stands where a field begins and each second one where it ends.

    Or one beside the other: two within a field are a doubled one. Quotes are even in number.
    """
    text = np.frombuffer(lines, np.uint8)
    quotes = np.flatnonzero(text == _QUOTE)
    is_edge = np.frombuffer(_IS_EDGE, np.bool_)
    before, after = text[quotes[0::2] - 1], text[quotes[1::2] + 1]  # before the first byte: the last line end
    return bool(is_edge[before].all() and is_edge[after].all())


def _prove_quoted(piece: bytes, width: int) -> list[bytes] | None:
    parts = piece.split(b'"')
    outside, inside = [_with_plain_line_ends(part) for part in parts[0::2]], parts[1::2]
    # A quote opens where a field begins and closes where it ends. Two with nothing between are a doubled one.
    opens_well = {part[-1:] for part in outside[:-1]} <= _EDGES
    closes_well = {part[:1] for part in outside[1:]} <= _EDGES
    is_even = len(outside) > len(inside)
    if not (is_even and opens_well and closes_well and _is_regular(b"".join(outside), width)):
        return None
    # NUL, of which the piece has none, stands in for line ends within quotes while records are separated.
    parts[0::2] = outside
    parts[1::2] = [part.replace(b"\n", b"\0") for part in inside]
    records = _records(b'"'.join(parts), width)
    return records and [record.replace(b"\0", b"\n") for record in records]


def _is_regular(text: bytes, width: int) -> bool:
    """Whether what stands outside of quotes separates records of `width` fields, and nothing else."""
    structure = text.translate(None, _NOT_STRUCTURE)
    record = b"," * (width - 1) + b"\n"
    return structure == record * (len(structure) // width) and b"\r" not in text


def _records(text: bytes, width: int) -> list[bytes] | None:
    records = text.split(b"\n")
    records.pop()  # what follows the last line end: nothing
    has_blank_line = width == 1 and b"" in records  # with more fields it would be irregular
    return None if has_blank_line else records


def _with_plain_line_ends(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n") if b"\r" in text else text


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
