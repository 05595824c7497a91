"""Whether dates such as 1/3/2017 mean the third of January, as the casts of the models read them.

BTS and spreadsheets of the United States write the month first, others the day. One date with a number above
12 tells; a file without one is refused: nobody can know.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from ingestion.data_file import DataFile
from ingestion.errors import OntimeError
from ingestion.finding.content import Content, LastArchive
from ingestion.forms.headers import NAMELESS
from ingestion.forms.records import Clean
from ingestion.forms.tabular.tables import open_table
from ingestion.source import Dataset

_SLASHED = re.compile(r"\s*(\d{1,2})/(\d{1,2})/\d{4}(?!.*[AaPp][Mm])")  # 12:00:00 AM is how BTS writes it
_DATE_IN_PARTS = (
    {"year", "month", "day_of_month"},
    {"year", "month", "dayof_month"},
    {"year", "month", "day"},
)
_LAST_MONTH = 12
_REMEDY = "write its dates as 2017-03-01 (year, month, day), then load it again"


def check_month_first(
    file: DataFile,
    dataset: Dataset,
    fields: Sequence[str],
    first_records: Sequence[Sequence[str]],
    archives: LastArchive | None,
) -> None:
    """Raises OntimeError when dates with slashes have the day first, or may have.

    The whole file is read only when its first records have such dates and leave it open.
    """
    if any(parts <= set(fields) for parts in _DATE_IN_PARTS):
        return  # which say the date without doubt
    for column in dataset.month_first:
        if column not in fields:
            continue
        at = fields.index(column)
        doubtful = _doubtful(column, (record[at] for record in first_records), file.location)
        if doubtful and _doubtful(column, _values(file, fields, at, archives), file.location):
            problem = "the month or the day may be first, and no other date of the file tells which"
            raise OntimeError(f"{file.location}: {column.upper()} says {doubtful}: {problem}", _REMEDY)


def _doubtful(column: str, values: Iterable[str], location: str) -> str | None:
    """A date that leaves open which number is the month, when no other tells.

    Raises OntimeError when one has the day first.
    """
    doubtful = None
    for value in values:
        if not (found := _SLASHED.match(value)):
            continue
        first, second = int(found[1]), int(found[2])
        if first > _LAST_MONTH:
            raise OntimeError(
                f"{location}: {column.upper()} says {value.strip()}, with the day first", _REMEDY
            )
        if second > _LAST_MONTH:
            return None
        if first != second:
            doubtful = doubtful or value.strip()
    return doubtful


def _values(file: DataFile, fields: Sequence[str], at: int, archives: LastArchive | None) -> Iterator[str]:
    """All values of one field of a file."""
    with Content(file, archives=archives) as content:
        table = open_table(content.read, file.location, file.sheet, file.encoding)
        table.header()
        for part in table.records(len(fields), last_is_empty=fields[-1] == NAMELESS):
            if isinstance(part, Clean):
                yield from (record[at] for record in csv.reader(record.decode() for record in part.records))
