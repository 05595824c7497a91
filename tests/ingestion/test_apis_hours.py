"""Spans of time, held against plain sets of hours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.apis.hours import (
    DAY,
    HOUR,
    Period,
    Span,
    between,
    floor,
    length,
    overlap,
    pieces,
    united,
    widened,
    without,
)

BEGIN = datetime(2012, 12, 30, tzinfo=UTC)  # spans reach over a turn of the year
HOURS = 24 * 6


def span(first: int, last: int) -> Span:
    return Span(BEGIN + first * HOUR, BEGIN + last * HOUR)


SPAN = (
    st.tuples(st.integers(0, HOURS), st.integers(0, HOURS))
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: span(min(ends), max(ends)))
)
SPANS = st.lists(SPAN, max_size=8)


def hours(*spans: Span) -> set[datetime]:
    """The beginnings of all hours in the spans."""
    return {found.start + number * HOUR for found in spans for number in range(length([found]) // HOUR)}


def is_tidy(spans: list[Span]) -> bool:
    return all(one.end < other.start for one, other in pairwise(spans))


@given(SPANS)
def test_united(spans: list[Span]) -> None:
    found = united(spans)
    assert is_tidy(found)
    assert hours(*found) == hours(*spans)


@given(SPANS, SPANS)
def test_without(spans: list[Span], others: list[Span]) -> None:
    found = without(spans, others)
    assert is_tidy(found)
    assert hours(*found) == hours(*spans) - hours(*others)


@given(SPANS, SPAN)
def test_between(spans: list[Span], bounds: Span) -> None:
    found = between(spans, bounds.start, bounds.end)
    assert is_tidy(found)
    assert hours(*found) == hours(*spans) & hours(bounds)


@given(SPAN, SPANS)
def test_overlap(one: Span, others: list[Span]) -> None:
    assert overlap(one, others) == bool(hours(one) & hours(*others))


@given(SPAN)
def test_widened_to_days(one: Span) -> None:
    found = widened(one, DAY)
    assert hours(found) == {hour + number * HOUR for hour in map(day_of, hours(one)) for number in range(24)}


def day_of(hour: datetime) -> datetime:
    return hour.replace(hour=0)


@pytest.mark.parametrize(("period", "key"), [("day", day_of), ("year", lambda hour: hour.year)])
@given(one=SPAN)
def test_pieces(period: Period, key: Callable[[datetime], object], one: Span) -> None:
    """Each piece lies in one period, each period has one piece, and nothing is lost or doubled."""
    found = list(pieces(one, period))
    assert [one.start, *(piece.end for piece in found)] == [*(piece.start for piece in found), one.end]
    keys = [{key(hour) for hour in hours(piece)} for piece in found]
    assert all(len(of_piece) == 1 for of_piece in keys)
    assert len(set.union(*keys)) == len(found)


def test_a_moment_within_an_hour() -> None:
    moment = BEGIN + timedelta(hours=30, minutes=59, seconds=59)
    assert floor(moment, HOUR) == BEGIN + 30 * HOUR
    assert floor(moment, DAY) == BEGIN + DAY
    assert widened(Span(BEGIN, moment), HOUR) == span(0, 31)


def test_a_span_has_a_length() -> None:
    with pytest.raises(AssertionError):
        span(3, 3)
