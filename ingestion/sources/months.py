"""Months as `--months` names them, and the addresses of the archives in which BTS publishes their flights."""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from ingestion.errors import OntimeError
from ingestion.finding.fetch.addresses import Wanted

BTS_URL = "https://transtats.bts.gov/PREZIP/"
_FIRST = (1987, 10)
_ARCHIVE = "On_Time_Reporting_Carrier_On_Time_Performance_1987_present_{year}_{month}.zip"  # month not padded
_RANGE = re.compile(r"(\d{4})-(\d\d)(?:\.\.(\d{4})-(\d\d))?")


def archives(ranges: Iterable[str], today: date | None = None) -> list[Wanted]:
    """The archives of months such as `2024-01` and of ranges such as `2023-11..2024-02`, each month once.

    They are at BTS, or in the folder whose address ONTIME_BTS_URL gives. Raises OntimeError for what is no
    month or range, and for months that cannot be published: before the first one, and after that of `today`.
    """
    folder = (os.environ.get("ONTIME_BTS_URL") or BTS_URL).rstrip("/") + "/"
    return [
        Wanted(folder + _ARCHIVE.format(year=month.year, month=month.month), f"{month:%Y-%m}")
        for month in months_of(ranges, today)
    ]


def months_of(ranges: Iterable[str], today: date | None = None) -> list[date]:
    """The first days of the months of such ranges, each once. Raises OntimeError as `archives`."""
    until = today or datetime.now(UTC).date()
    return list(dict.fromkeys(month for text in ranges for month in _months(text, until)))


def _months(text: str, today: date) -> Iterator[date]:
    """The months of one range."""
    found = _RANGE.fullmatch(text.strip())
    bounds = [int(number) for number in found.groups() if number] if found else []
    first, last = tuple(bounds[:2]), tuple(bounds[-2:])
    if not bounds or not all(1 <= month <= 12 for month in bounds[1::2]) or first > last:
        raise OntimeError(
            f"--months {text}: not a month or a range of months",
            "write --months 2024-01, or --months 2023-11..2024-02",
        )
    if first < _FIRST:
        raise OntimeError(f"--months {text}: BTS publishes flights since 1987-10", "begin with 1987-10")
    if last > (today.year, today.month):
        raise OntimeError(
            f"--months {text}: {last[0]}-{last[1]:02} is in the future",
            f"end with {today:%Y-%m} or earlier; BTS publishes a month about two months after its end",
        )
    for count in range(12 * first[0] + first[1] - 1, 12 * last[0] + last[1]):
        yield date(count // 12, count % 12 + 1, 1)
