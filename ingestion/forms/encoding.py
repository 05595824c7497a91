"""Text as UTF-8, whatever it is written in, block by block.

What a text is written in, its first bytes say (UTF-16, UTF-32), or the first block with a byte beyond ASCII,
since all before it reads alike: where such bytes are UTF-8, the text is; where they are not, it is
Windows-1252, of which Latin-1 is the part that people use. Nothing is guessed beyond that: a detector that
knows more took German for Polish, and the tail numbers of 2001 as well. `--encoding` says what it is.

A byte that the encoding does not know is written as `\\xNN`, with two hexadecimal digits, and the rest of its
value stays. So each value can be brought back to the bytes that it was.
"""

import codecs
import re
from collections.abc import Callable

from ingestion.errors import OntimeError

Read = Callable[[int], bytes]
"""Gives up to so many more bytes of a content, and none at the end."""

UTF_8 = "UTF-8"
WINDOWS = "Windows-1252"
_MARKS = {  # UTF-32 first: it begins with the mark of UTF-16
    codecs.BOM_UTF32_LE: "UTF-32-LE",
    codecs.BOM_UTF32_BE: "UTF-32-BE",
    codecs.BOM_UTF16_LE: "UTF-16-LE",
    codecs.BOM_UTF16_BE: "UTF-16-BE",
}
_SAMPLE = 4096  # bytes by which UTF-16 without a mark is known
_LEAST_NULS = 0.4  # share of its characters that are ASCII, whose other byte is NUL
_SHARE_OF_DAMAGE = 4  # bytes that are no UTF-8 for each character that is, at most
_UNKNOWN = "ontime.unknown_bytes"
_UNKNOWN_IN_JSON = "ontime.unknown_bytes_in_json"
_ASCII = bytes(range(128))
_WRITTEN = re.compile(rb"\\{1,2}x([0-9a-f]{2})")  # twice in JSON
_WORD = re.compile(r"[^\s\"',;|]{0,12}[^\s\x00-\x7f\"',;|][^\s\"',;|]{0,12}")


def _write_out(error: UnicodeError, backslash: str = "\\") -> tuple[str, int]:
    """What codecs call for bytes that they do not know."""
    assert isinstance(error, UnicodeDecodeError)
    unknown = error.object[error.start : error.end]
    return "".join(f"{backslash}x{byte:02x}" for byte in unknown), error.end


codecs.register_error(_UNKNOWN, _write_out)
codecs.register_error(_UNKNOWN_IN_JSON, lambda error: _write_out(error, r"\\"))


def known(encoding: str) -> str:
    """The encoding as Python calls it. Raises OntimeError when there is none of this name."""
    try:
        "".encode(encoding)  # refuses those that are not of text
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise OntimeError(
            f"--encoding {encoding}: there is no encoding of this name",
            "name one such as windows-1252, latin-1, utf-16, cp1250 or shift_jis",
        ) from None


def are_alike(one: str, other: str, is_ascii: Callable[[], bool]) -> bool:
    """Whether a content reads alike in two encodings, by whatever names; `is_ascii` reads it, to say."""
    if known(one) == known(other):
        return True
    return all(map(_knows_ascii, (one, other))) and is_ascii()


def _knows_ascii(encoding: str) -> bool:
    return _ASCII.decode(encoding, "replace").encode() == _ASCII


class Text:
    """Reads a content as UTF-8 without a byte order mark.

    `read(n)` gives up to n more bytes of the content, and none at the end. `said` is the encoding that the
    user named, none where it is to be found out. What stands in a string of JSON has its backslashes doubled.
    """

    def __init__(self, read: Read, said: str | None = None, *, in_json: bool = False) -> None:
        self._read = read
        self._said = known(said) if said else None
        self._errors = _UNKNOWN_IN_JSON if in_json else _UNKNOWN
        self._has_begun = False
        self._rest = b""  # the beginning of a character whose end comes with the next block
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_utf8 = False  # known to be, by a byte beyond ASCII
        self._confidence = 1.0
        self._example = ""
        self._unknown = 0
        self.encoding = UTF_8
        """What the text read so far is written in."""

    def read(self, size: int) -> bytes:
        """The next bytes as UTF-8, about `size` of them; none at the end."""
        while True:
            block = self._read(size)
            if not self._has_begun:
                block = self._begin(block, size)
            text = self._as_utf8(block)
            if text or not block:
                return text

    def as_it_came(self, text: bytes) -> bytes:
        """The bytes of the content that became these."""
        if self._decoder is None and not self._unknown:
            return text
        if not self._unknown:
            return self._encoded(text)
        pieces = _WRITTEN.split(text)
        pieces[0::2] = [self._encoded(piece) for piece in pieces[0::2]]
        pieces[1::2] = [bytes([int(piece, 16)]) for piece in pieces[1::2]]
        return b"".join(pieces)

    def warnings(self, name: str) -> list[str]:
        """What is to be known of the text that was read."""
        found = []
        if self._decoder is not None and self._said is None:
            sure = f" (confidence {self._confidence:.0%})" if self._confidence < 1 else ""
            such_as = f", such as {self._example}" if self._example else ""
            found.append(
                f"{name}: is not UTF-8; read as {self.encoding}{sure}{such_as}; if it is another: --encoding"
            )
        if self._unknown:
            bytes_are = f"{self._unknown:,} bytes are" if self._unknown > 1 else "1 byte is"
            found.append(f"{name}: {bytes_are} no {self.encoding}, and written as \\xNN in its value")
        return found

    def _begin(self, block: bytes, size: int) -> bytes:
        """The first bytes after a byte order mark, which says what they are."""
        self._has_begun = True
        while 0 < len(block) < _SAMPLE and (more := self._read(size)):
            block += more
        marked = next((mark for mark in _MARKS if block.startswith(mark)), None)
        family = _MARKS[marked][: len("UTF-16")] if marked else ""
        if marked and self._said in (None, family.lower()):
            self._decode(_MARKS[marked])
        elif self._said is not None:  # of UTF-16 without a mark, people have the one of Windows
            self._decode({"utf-16": "UTF-16-LE", "utf-32": "UTF-32-LE"}.get(self._said, self._said))
        elif block.startswith(codecs.BOM_UTF8):
            self._is_utf8 = True
        elif (encoding := _unmarked_utf16(block)) is not None:
            self._decode(encoding)
        is_marked = marked is not None and self.encoding.upper().startswith(family)
        return block.removeprefix(marked if marked and is_marked else codecs.BOM_UTF8)

    def _decode(self, encoding: str) -> None:
        if codecs.lookup(encoding).name == "utf-8":
            self._is_utf8 = True
            return
        self.encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)(self._errors)

    def _as_utf8(self, block: bytes) -> bytes:
        if self._decoder is None and not self._rest and block.isascii():
            return block
        if self._decoder is not None:
            return self._decoded(block)
        whole, self._rest = _cut(self._rest + block) if block else (self._rest, b"")
        try:
            text = whole.decode()
            self._is_utf8 = self._is_utf8 or not whole.isascii()
            return whole
        except UnicodeDecodeError:
            if self._is_utf8 or _is_mostly_utf8(whole):
                self._is_utf8 = True
                text = whole.decode(errors=self._errors)
                self._unknown += len(whole) - len(whole.decode(errors="ignore").encode())
                return text.encode()
        whole, self._rest = whole + self._rest, b""
        self._decode(WINDOWS)
        self._confidence = _share_of_letters(whole)
        return self._decoded(whole)

    def _decoded(self, block: bytes) -> bytes:
        assert self._decoder is not None
        text = self._decoder.decode(block, final=not block)
        if not self._example and not text.isascii() and (example := _WORD.search(text)):
            self._example = example[0]
        if "\\x" in text:
            self._unknown += self._count_unknown(block)
        return text.encode(errors="backslashreplace")

    def _count_unknown(self, block: bytes) -> int:
        """The bytes of a block that the encoding does not know; near its edges it may be off by one."""
        known_bytes = block.decode(self.encoding, "ignore").encode(self.encoding)
        return len(block) - len(known_bytes)

    def _encoded(self, text: bytes) -> bytes:
        return text if self._decoder is None else text.decode().encode(self.encoding)


def _unmarked_utf16(block: bytes) -> str | None:
    """UTF-16, told by the NUL beside each character of ASCII, of which headers and separators are made."""
    sample = block[:_SAMPLE]
    if b"\0" not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    least = max(_LEAST_NULS * len(sample) / 2, 2)
    if odd >= least and even * 4 < odd:
        return "UTF-16-LE"
    return "UTF-16-BE" if even >= least and odd * 4 < even else None


def _cut(block: bytes) -> tuple[bytes, bytes]:
    """A block up to its last whole character of UTF-8, and the beginning of the next one."""
    for back in range(1, min(4, len(block) + 1)):
        byte = block[-back]
        if byte >= 0xC0:  # begins a character of 2, 3 or 4 bytes
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return (block[:-back], block[-back:]) if length > back else (block, b"")
        if byte < 0x80:
            break
    return block, b""


def _is_mostly_utf8(block: bytes) -> bool:
    """Whether a block has so many characters beyond ASCII in UTF-8 that the other bytes are damage.

    Few of them come about by chance: two letters of Windows-1252 that look so are seldom neighbours.
    """
    sound = block.decode(errors="ignore")
    characters = len(sound) - len(sound.encode("ascii", "ignore"))
    return _SHARE_OF_DAMAGE * characters >= len(block) - len(sound.encode())


def _share_of_letters(block: bytes) -> float:
    """Of the bytes beyond ASCII, the share that are letters of Windows-1252."""
    beyond = block.translate(None, bytes(range(128))).decode(WINDOWS, "replace")
    return sum(map(str.isalpha, beyond)) / len(beyond) if beyond else 1.0
