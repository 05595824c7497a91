"""CSV, TSV and their like: text whose separator is seen from its first lines."""

import csv
from collections.abc import Iterator, Sequence

from ingestion.forms.records import Clean, CsvFile, Reject
from ingestion.forms.tabular.names import column_names
from ingestion.forms.tabular.stream import Read

_SEPARATORS = {",": "CSV", ";": "CSV with semicolons", "\t": "TSV", "|": "CSV with bars"}
_LINES = 50  # the first lines, by which the separator is found


class Delimited:
    """Reads one file: `header()`, then `records()`. `start` are its first bytes, which `read` gives again."""

    def __init__(self, start: bytes, read: Read, name: str) -> None:
        separator = separator_of(start)
        self.form = _SEPARATORS[separator]
        self._name = name
        self._file = CsvFile(read, name, separator)

    def header(self) -> list[str]:
        """Names of the columns. Raises OntimeError when the first line cannot be a header."""
        return column_names(self._file.header(), self._name)

    def records(self, width: int) -> Iterator[Clean | Reject]:
        """The records after the header."""
        return self._file.records(width)


def separator_of(start: bytes) -> str:
    """The separator by which the first lines have most equally many fields, the most where they tie."""
    lines = start.decode(errors="replace").replace("\0", "").splitlines(keepends=True)
    whole = lines[:-1][:_LINES] or lines  # the last may be cut
    return max(_SEPARATORS, key=lambda separator: _fit(whole, separator))


def _fit(lines: Sequence[str], separator: str) -> tuple[float, int]:
    """The share of the records that have as many fields as the header, and how many those are."""
    widths = [len(fields) for fields in csv.reader(lines, delimiter=separator) if fields]
    if not widths or widths[0] == 1:
        return (0.0, 1)
    return (widths.count(widths[0]) / len(widths), widths[0])
