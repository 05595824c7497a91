"""CSV, TSV and their like: text whose separator is seen from its first lines."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingestion.errors import OntimeError
from ingestion.finding.web_page import page_title
from ingestion.forms.encoding import Text
from ingestion.forms.records import BLOCK, Clean, CsvFile, Reject
from ingestion.forms.tabular.stream import begun

SEPARATORS = {",": "CSV", ";": "CSV with semicolons", "\t": "TSV", "|": "CSV with bars"}
_LINES = 50  # the first lines, by which the separator is found
_SEP_LINE = re.compile(rb'\s*"?sep=(.)"?[;,\t|]*\r?\n', re.IGNORECASE)  # by which Excel knows the separator
_BLANK_LINES = re.compile(rb"(?:[ \t]*\r?\n)+")
_MOST_LINES_ABOVE = 20  # the title of a report has a few
_MOST_AS_WIDE = 0.5  # share of the records that are as wide as the header
_NUMBER = re.compile(r"[-+]?[\d.,:/\s-]*\d[\d.,:/\s-]*%?")  # dates and clocks as well


class Delimited:
    """Reads one file: `header()`, then `records()`. Raises OntimeError when its beginning is no table.

    Lines above the header, as reports have them, are left out and told: the `sep=;` of Excel, blank lines,
    and such as are narrower than the header. Where it is not evident where that stands, the file is refused.
    """

    def __init__(self, text: Text, name: str) -> None:
        start = text.read(BLOCK)
        if (title := page_title(start)) is not None:
            raise OntimeError(
                f"{name}: is a web page, not data: {title!r}",
                "open the address that it came from in a browser, to see what the server says",
            )
        layout = _layout(start, name)
        self.form = SEPARATORS[layout.separator]
        self._name = name
        self._text = text
        self._above = layout.above
        self._file = CsvFile(begun(start[layout.begin :], text.read), name, layout.separator, is_utf8=True)

    @property
    def encoding(self) -> str:
        """What the text is written in, as far as it was read."""
        return self._text.encoding

    def header(self) -> list[str]:
        """The fields of the header. Raises OntimeError when it cannot be one."""
        return self._file.header()

    def records(self, width: int, *, last_is_empty: bool = False) -> Iterator[Clean | Reject]:
        """The records after the header; with `last_is_empty` they end with a separator and nothing else."""
        for found in self._file.records(width, last_is_empty=last_is_empty):
            if isinstance(found, Reject):
                found = found._replace(original=self._text.as_it_came(found.original))
            yield found

    def examples(self, width: int, at_most: int) -> list[list[str]]:
        """The values of its first sound records. What is read is gone."""
        return self._file.examples(width, at_most)

    def warnings(self, name: str) -> list[str]:
        """What is to be known of the file, once its records were read."""
        above = [f"{name}: {self._above}"] if self._above else []
        return [*above, *self._text.warnings(name)]


@dataclass(frozen=True)
class _Layout:
    """Where a text begins, by what its fields are separated, and what stands above its header, in words."""

    separator: str
    begin: int = 0
    above: str = ""


def _layout(start: bytes, name: str) -> _Layout:
    if said := _SEP_LINE.match(start):
        separator = said[1].decode(errors="replace")
        if separator not in SEPARATORS:
            raise OntimeError(
                f"{name}: its first line says that {separator!r} separates its fields, which is not read",
                "save it with commas, semicolons, tabs or bars",
            )
        return _Layout(separator, said.end(), f"its first line, {said[0].decode().strip()!r}, is no header")
    blank = _BLANK_LINES.match(start)
    begin = blank.end() if blank and blank.end() < len(start) else 0
    lines = _first_lines(start[begin:])
    separator = max(SEPARATORS, key=lambda separator: _fit(lines, separator))
    if _fit(lines, separator)[0] >= _MOST_AS_WIDE:
        return _Layout(separator, begin, "blank lines above its header are left out" if begin else "")
    separator, above = _below_other_lines(lines, separator, name)
    words = f"{len(above)} lines above its header are left out: {above[0].strip()[:40]!r}" if above else ""
    return _Layout(separator, begin + len("".join(above).encode()), words)


def _below_other_lines(lines: Sequence[str], separator: str, name: str) -> tuple[str, Sequence[str]]:
    """The separator, and the lines that stand above a header that is not the first line.

    Raises OntimeError when the first line is no header and none is evident.
    """
    tables = [table for table in (_table(lines, other) for other in SEPARATORS) if table is not None]
    if not tables:
        return separator, ()
    table = max(tables, key=lambda table: (table.share, len(table.header)))
    if table.has_evident_header():
        return table.separator, lines[: table.first_line]
    if table.first == 1:
        raise OntimeError(
            f"{name}: its first line, {lines[0].strip()[:40]!r}, has fewer fields than all others: "
            f"it is no header, and none is evident below it",
            "remove the lines above the header, or write one with a name for each field",
        )
    return separator, ()


@dataclass(frozen=True)
class _Table:
    """The records of a text that are equally wide, from the first of them on, which may be a header."""

    separator: str
    first: int
    """How many records stand above."""
    first_line: int
    header: Sequence[str]
    records: Sequence[Sequence[str]]
    share: float
    """How many of the records from there on are as wide."""

    def has_evident_header(self) -> bool:
        """Whether the first is a header: names in all of its fields, and numbers below one of them."""
        is_named = all(field.strip() and not _NUMBER.fullmatch(field.strip()) for field in self.header)
        columns = list(zip(*self.records, strict=True))
        below = ([field.strip() for field in column if field.strip()] for column in columns)
        is_numeric = any(fields and all(map(_NUMBER.fullmatch, fields)) for fields in below)
        return is_named and is_numeric and len(set(self.header)) == len(self.header)


def _table(lines: Sequence[str], separator: str) -> _Table | None:
    """The table below a few other lines that this separator makes; None when it makes none."""
    reader = csv.reader(lines, delimiter=separator)
    found, begin = [], 0
    for fields in reader:
        if fields:
            found.append((begin, fields))
        begin = reader.line_num
    if not found:
        return None
    width, _ = Counter(len(fields) for _, fields in found).most_common(1)[0]
    first = next(number for number, (_, fields) in enumerate(found) if len(fields) == width)
    as_wide = [fields for _, fields in found[first:] if len(fields) == width]
    share = len(as_wide) / len(found[first:])
    is_table = width > 1 and len(as_wide) > 1 and share >= _MOST_AS_WIDE
    if not is_table or not 0 < first <= _MOST_LINES_ABOVE:
        return None
    return _Table(separator, first, found[first][0], as_wide[0], as_wide[1:], share)


def _first_lines(start: bytes) -> list[str]:
    lines = start.decode(errors="replace").replace("\0", "").splitlines(keepends=True)
    return lines[:-1][:_LINES] or lines  # the last may be cut


def _fit(lines: Sequence[str], separator: str) -> tuple[float, int]:
    """The share of the records that have as many fields as the header, and how many those are."""
    widths = [len(fields) for fields in csv.reader(lines, delimiter=separator) if fields]
    if not widths or widths[0] == 1:
        return (0.0, 1)
    return (widths.count(widths[0]) / len(widths), widths[0])
