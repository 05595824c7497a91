"""Spans of time in UTC, and what is left of them: pure functions over lists of spans.

A list that a function here returns is sorted, and its spans neither overlap nor touch, except for `pieces`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Period = Literal["day", "year"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Span:
    """From `start` to `end`, which is no part of it; both in UTC, and `start` is the earlier one."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        assert self.start < self.end, self

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%HZ} to {self.end:%Y-%m-%dT%HZ}"


def floor(moment: datetime, unit: timedelta) -> datetime:
    """The last begin of a whole hour or day that is not after a moment."""
    return moment - (moment - _EPOCH) % unit


def widened(span: Span, unit: timedelta) -> Span:
    """The least span of whole hours or days that holds a span."""
    end = floor(span.end, unit)
    return Span(floor(span.start, unit), end if end == span.end else end + unit)


def united(spans: Iterable[Span]) -> list[Span]:
    """What any of the spans holds."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What any of the spans holds, and none of the others."""
    found = united(spans)
    for other in others:
        found = [rest for span in found for rest in _without(span, other)]
    return found


def between(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """What the spans hold from `start` up to `end`."""
    bounded = ((max(span.start, start), min(span.end, end)) for span in spans)
    return united(Span(first, last) for first, last in bounded if first < last)


def overlap(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span has time in common with any of the others."""
    return any(span.start < other.end and other.start < span.end for other in others)


def pieces(span: Span, period: Period) -> Iterator[Span]:
    """The parts of a span that lie in one day each, or in one year of the calendar."""
    start = span.start
    while start < span.end:
        end = min(_end_of(period, start), span.end)
        yield Span(start, end)
        start = end


def length(spans: Iterable[Span]) -> timedelta:
    """How long the spans are together."""
    return sum((span.end - span.start for span in spans), timedelta())


def _without(span: Span, other: Span) -> Iterator[Span]:
    if span.start < (end := min(span.end, other.start)):
        yield Span(span.start, end)
    if (start := max(span.start, other.end)) < span.end:
        yield Span(start, span.end)


def _end_of(period: Period, moment: datetime) -> datetime:
    if period == "day":
        return floor(moment, DAY) + DAY
    return datetime(moment.year + 1, 1, 1, tzinfo=UTC)
