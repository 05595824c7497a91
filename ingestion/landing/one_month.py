"""Refuses a monthly archive with records of two months: a few would pass for the whole of the other month."""

from ingestion.errors import OntimeError
from ingestion.forms.planned_file import PlannedFile
from ingestion.forms.records import Clean, fields_of


class OneMonth:
    """Holds the records of a file against the first one that says its month."""

    def __init__(self, file: PlannedFile) -> None:
        self._location = file.data.location
        self._positions = [file.fields.index(column) for column in file.dataset.one_month]
        self._month: tuple[int, ...] | None = None
        self._usual_start = b""  # of a record, up to its month: most records begin with the same bytes

    def check(self, clean: Clean) -> None:
        """Raises OntimeError for a record of another month. The models reject one without a month."""
        usual = self._usual_start
        if usual and (clean.end + clean.text).count(clean.end + usual) == clean.count:
            return
        for record_no, record in enumerate(clean.records, start=clean.first_record_no):
            self._check(record_no, fields_of(record))

    def _check(self, record_no: int, fields: list[bytes]) -> None:
        month = self._month_of(fields)
        if month is None:
            return
        if self._month is None:
            self._month = month
            self._usual_start = b",".join(fields[: max(self._positions) + 1]) + b","
        if month != self._month:
            raise OntimeError(
                f"{self._location}: a monthly archive holds one month, but record {record_no:,} is of "
                f"{_named(month)} and others are of {_named(self._month)}",
                "fetch the archive again, or make a file of each month",
            )

    def _month_of(self, fields: list[bytes]) -> tuple[int, ...] | None:
        try:
            return tuple(int(fields[position].strip(b'"')) for position in self._positions)
        except ValueError:
            return None


def _named(month: tuple[int, ...]) -> str:
    return "-".join(f"{part:02}" for part in month)
