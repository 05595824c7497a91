"""The fast half of the structure check: proves with a few operations on bytes that every record of a piece is
sound.

Sound means that csv.reader(strict=True) and COPY read the same records with the same values from it. The
proof may refuse a sound piece, never accept an unsound one; records.py reads what it refuses one by one.
"""

from dataclasses import dataclass

_QUOTE = ord('"')
_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b",\n")
_NOT_STRUCTURE_OR_QUOTES = bytes(byte for byte in range(256) if byte not in b'",\n')
_IS_EDGE = bytes(byte in b',\n"' for byte in range(256))  # where a quote may have a neighbour
_EDGES = {b",", b"\n", b""}
_LINE_END, _NUL = b"\n", b"\0"


@dataclass(frozen=True, slots=True)
class Proved:
    """Sound records as one text: `end` ends each, a line end, or NUL where values may hold line ends."""

    text: bytes
    end: bytes
    count: int


def end_of_last_record(text: bytes, start: int, stop: int) -> int:
    """Where the last whole record ends before `stop` when one begins at `start`; there when none is sure to.

    A line end after an odd number of quotes is taken for one within quotes.
    """
    end = text.rfind(_LINE_END, start, stop) + 1 or start
    if text.find(b'"', start, end) >= 0 and _count_quotes(text, start, end) % 2:
        end = text.rfind(_LINE_END, start, text.rfind(b'"', start, end)) + 1 or start
    return end


def prove(piece: bytes, width: int, *, is_utf8: bool = False) -> Proved | None:
    """The records of a piece of whole records; None when one of them may not be sound.

    Proved are: `width` fields in each, valid UTF-8, no NUL, no blank line, quotes only around whole fields,
    carriage returns outside of quotes only in line ends. `is_utf8` says that it is known to be valid.
    """
    if b"\0" in piece or not (is_utf8 or _is_utf8(piece)):
        return None
    if b'"' in piece:
        return _prove_lines(piece, width) or _prove_quoted(piece, width)
    piece = _with_plain_line_ends(piece)
    count = _count_of_regular(piece, width)
    return _proved(piece, _LINE_END, count, width) if count else None


def _prove_lines(piece: bytes, width: int) -> Proved | None:
    """As `prove`, where each line is a record. Files of BTS have 88 quotes in a line, and all lines alike.

    Most lines share what is left of them when only commas and quotes are: each such pattern is checked once.
    """
    piece = _with_plain_line_ends(piece)
    structure = piece.translate(None, _NOT_STRUCTURE_OR_QUOTES)
    first = structure[: structure.find(b"\n") + 1]
    count = len(structure) // len(first)
    patterns = {first[:-1]}
    if structure != first * count:
        lines = structure.split(b"\n")[:-1]
        count, patterns = len(lines), set(lines)
    if b"\r" in piece or not all(_has_width(pattern, width) for pattern in patterns):
        return None
    return _proved(piece, _LINE_END, count, width) if _quotes_stand_at_edges(piece) else None


def _has_width(pattern: bytes, width: int) -> bool:
    """Whether a line with these commas and quotes has so many fields, and closes each quote."""
    parts = pattern.split(b'"')
    return len(parts) % 2 == 1 and b"".join(parts[0::2]).count(b",") == width - 1


def _count_quotes(text: bytes, start: int, end: int) -> int:
    """The quotes from `start` to `end`: there may be many, of which `bytes.count` looks for each anew."""
    import numpy as np  # here and below: a tenth of a second that files without quotes do not need

    return int(np.count_nonzero(np.frombuffer(text, np.uint8, end - start, start) == _QUOTE))


def _quotes_stand_at_edges(lines: bytes) -> bool:
    """Whether each first quote stands where a field begins and each second one where it ends.

    Or one beside the other: two within a field are a doubled one. Quotes are even in number.
    """
    import numpy as np

    text = np.frombuffer(lines, np.uint8)
    quotes = np.flatnonzero(text == _QUOTE)
    is_edge = np.frombuffer(_IS_EDGE, np.bool_)
    before, after = text[quotes[0::2] - 1], text[quotes[1::2] + 1]  # before the first byte: the last line end
    return bool(is_edge[before].all() and is_edge[after].all())


def _prove_quoted(piece: bytes, width: int) -> Proved | None:
    parts = piece.split(b'"')
    outside, inside = [_with_plain_line_ends(part) for part in parts[0::2]], parts[1::2]
    # A quote opens where a field begins and closes where it ends. Two with nothing between are a doubled one.
    opens_well = {part[-1:] for part in outside[:-1]} <= _EDGES
    closes_well = {part[:1] for part in outside[1:]} <= _EDGES
    is_even = len(outside) > len(inside)
    if not (is_even and opens_well and closes_well):
        return None
    count = _count_of_regular(b"".join(outside), width)
    parts[0::2] = [part.replace(_LINE_END, _NUL) for part in outside]
    return _proved(b'"'.join(parts), _NUL, count, width) if count else None


def _count_of_regular(text: bytes, width: int) -> int:
    """How many records of `width` fields this text separates, which stands outside of quotes; 0 when not only
    such records."""
    structure = text.translate(None, _NOT_STRUCTURE)
    count = len(structure) // width
    is_regular = structure == (b"," * (width - 1) + b"\n") * count and b"\r" not in text
    return count if is_regular else 0


def _proved(text: bytes, end: bytes, count: int, width: int) -> Proved | None:
    """The records, unless one of a single field is a blank line; with more fields it would be irregular."""
    has_blank_line = width == 1 and (text.startswith(end) or end + end in text)
    return None if has_blank_line else Proved(text, end, count)


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
