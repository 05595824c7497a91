"""What must be published, told from the files that landed and what was decided on them, in plain Python.

    books = Books()
    books.land(File(1, "whole", 0))          # files and decisions in the order in which they came
    books.decide(File(1, "whole", 0), "reject")
    books.figures()                           # what the marts say after the next build that succeeds

Rules are those of docs/loading.md and docs/decisions/0011-files-that-are-held.md, written down once more from
these pages and not from the project's SQL. Files are of the sample's form: each states all departures of its
month, hence of those that count the newest supersedes the others, and what was accepted is the newest.
"""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Literal

from tests.samples import Record

Verdict = Literal["accept", "reject"]
Kind = Literal["whole", "short", "spoilt", "unreadable"]

MONTHS = (1, 2, 3)
EDITIONS = (0, 1, 2, 3)
FLIGHTS = 24
KINDS: dict[Kind, tuple[int, int]] = {
    "whole": (FLIGHTS, 0),
    "short": (8, 0),
    "spoilt": (FLIGHTS, 2),
    "unreadable": (FLIGHTS, 6),
}
"""How many of the month's flights a file has, and how many of them do not cast."""

CARRIERS = ("AA", "DL", "UA")
ROUTES = (("EWR", "BOS"), ("JFK", "MIA"), ("LGA", "ATL"))  # all in one time zone

LATE_MINUTES = 15
LARGEST_REJECTED_SHARE = 0.125
LEAST_SHARE_OF_ROWS = 0.95


@dataclass(frozen=True, order=True)
class File:
    """A file by its content. Editions of a month hold the same flights, which are late by other minutes."""

    month: int
    kind: Kind
    edition: int

    @property
    def name(self) -> str:
        return f"flights_2013_{self.month:02}_{self.kind}_{self.edition}.csv"

    def records(self) -> list[Record]:
        count, unreadable = KINDS[self.kind]
        records = [_flight(self.month, number, self.edition) for number in range(count)]
        for record in records[:unreadable]:
            record["distance"] = "far"
        return records

    def sound(self) -> list[Record]:
        """The records that cast."""
        return [record for record in self.records() if record["distance"] != "far"]


def _flight(month: int, number: int, edition: int) -> Record:
    """A flight of two hours; in later editions more of them are late, and others cancelled."""
    origin, dest = ROUTES[number % 3]
    hour, minute = 6 + number // 3, 10 * (number % 6)
    flight = {
        "year": "2013",
        "month": str(month),
        "day": str(1 + number % 4),
        "carrier": CARRIERS[number // 2 % 3],
        "flight": str(100 + number),
        "tailnum": f"N{100 + number}NM",
        "origin": origin,
        "dest": dest,
        "distance": "700",
        "hour": str(hour),
        "minute": str(minute),
        "time_hour": f"2013-{month:02}-{1 + number % 4:02}T{hour + 5:02}:00:00Z",
        "sched_dep_time": f"{hour:02}{minute:02}",
        "sched_arr_time": f"{hour + 2:02}{minute:02}",
    }
    if number % 8 == edition:  # cancelled
        return flight | dict.fromkeys(("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"), "NA")
    delay = (7 * number + 11 * edition + month) % 40 - 10
    clock = 60 * hour + minute + delay
    return flight | {
        "dep_time": f"{clock // 60:02}{clock % 60:02}",
        "dep_delay": str(delay),
        "arr_time": f"{clock // 60 + 2:02}{clock % 60:02}",
        "arr_delay": str(delay),
        "air_time": "100",
    }


Totals = tuple[str, str, int, int, int]
"""Month, carrier, flights, late, cancelled."""

Account = tuple[str, int, int, int, int, int]
"""Of a file by its name: rows seen, published, superseded, rejected, held."""

Figures = tuple[tuple[Totals, ...], tuple[Account, ...]]

PARTS = ("carrier", "origin", "dest", "day")


@dataclass
class Books:
    """Files by the number of their arrival, and decisions by theirs, which are drawn from one series."""

    files: dict[File, int] = field(default_factory=dict)
    decisions: dict[File, tuple[int, Verdict]] = field(default_factory=dict)
    _numbers: int = 0

    def land(self, file: File) -> None:
        """What is there already changes nothing."""
        if file not in self.files:
            self._numbers += 1
            self.files[file] = self._numbers

    def decide(self, file: File, verdict: Verdict) -> None:
        """Of a file the newest decision counts."""
        self._numbers += 1
        self.decisions[file] = self._numbers, verdict

    def copy(self) -> "Books":
        return deepcopy(self)

    def counts(self, file: File) -> bool:
        """As was decided; else where nothing speaks against it."""
        if file in self.decisions:
            return self.decisions[file][1] == "accept"
        return not self._is_objected_to(file)

    def published(self, month: int) -> File | None:
        """The file whose flights are those of a month: of what counts the last that came, or was accepted."""
        counting = [file for file in self.files if file.month == month and self.counts(file)]
        return max(counting, key=self._rank, default=None)

    def figures(self) -> Figures:
        months = [file for month in MONTHS if (file := self.published(month)) is not None]
        return (
            tuple(sorted(row for file in months for row in _flights_of(file))),
            tuple(sorted(self._account(file, is_published=file in months) for file in self.files)),
        )

    def _account(self, file: File, *, is_published: bool) -> Account:
        seen, sound = len(file.records()), len(file.sound())
        is_held = not self.counts(file)
        return (
            file.name,
            seen,
            sound if is_published else 0,
            0 if is_published or is_held else sound,
            seen - sound,
            sound if is_held else 0,
        )

    def _rank(self, file: File) -> int:
        return self.decisions[file][0] if file in self.decisions else self.files[file]

    def _is_objected_to(self, file: File) -> bool:
        """It hardly casts, or lacks what the newest older file has that is whole."""
        if _is_unreadable(file):
            return True
        whole = [older for older in self._older(file) if self._is_whole(older)]
        return bool(whole) and _lacks(file, max(whole, key=self.files.__getitem__))

    def _is_whole(self, file: File) -> bool:
        """Others are measured by it: it was accepted, or casts and lacks nothing that any older one has."""
        if file in self.decisions:
            return self.decisions[file][1] == "accept"
        return not _is_unreadable(file) and not any(_lacks(file, older) for older in self._older(file))

    def _older(self, file: File) -> Iterator[File]:
        return (
            other for other, no in self.files.items() if other.month == file.month and no < self.files[file]
        )


def _is_unreadable(file: File) -> bool:
    seen = len(file.records())
    return seen - len(file.sound()) > LARGEST_REJECTED_SHARE * seen


def _lacks(newer: File, older: File) -> bool:
    """Too few rows, or none of a carrier, an airport or a day that the older file has."""
    has, had = newer.sound(), older.sound()
    return len(has) < LEAST_SHARE_OF_ROWS * len(had) or any(
        {record[part] for record in had} - {record[part] for record in has} for part in PARTS
    )


def _flights_of(file: File) -> Iterator[Totals]:
    flights, late, cancelled = Counter[str](), Counter[str](), Counter[str]()
    for record in file.sound():
        carrier = record["carrier"]
        flights[carrier] += 1
        late[carrier] += record["arr_delay"] != "NA" and int(record["arr_delay"]) >= LATE_MINUTES
        cancelled[carrier] += record["dep_time"] == "NA"
    for carrier in flights:
        yield f"2013-{file.month:02}", carrier, flights[carrier], late[carrier], cancelled[carrier]
