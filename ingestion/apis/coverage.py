"""Of which of the hours that were asked for an answer says something."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from ingestion.apis.api import LACKING, Api, Question
from ingestion.apis.hours import HOUR, Span
from ingestion.request_text import decode

_HOUR = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d)")
_SAYS_NOTHING = "station"  # a column that is there in rows without any value, too


def hours_covered(api: Api, rows: bytes) -> set[datetime]:
    """The hours of the rows that `api.rows` gave, but those without any value, as models have them."""
    found = csv.DictReader(rows.decode(errors="replace").splitlines())
    return {hour for row in found if (hour := _hour_of(api, row)) is not None}


def lacking_of(question: Question, covered: set[datetime]) -> int:
    """For how many hours of a question an answer has nothing."""
    return sum(hour not in covered for hour in _hours(question.span))


def proven(question: Question, covered: set[datetime]) -> Span | None:
    """How far an answer reaches for certain whose end may be missing; None when nothing is certain."""
    if not covered:
        return None
    return Span(question.span.start, min(max(covered) + HOUR, question.span.end))


def is_lacking(request: str) -> bool:
    """Whether the ledger says of an answer that hours are lacking in it."""
    return LACKING in decode(request)


def _hour_of(api: Api, row: dict[str | None, str | list[str] | None]) -> datetime | None:
    found = _HOUR.match(str(row.get(api.time_column) or ""))
    has_value = any(value for name, value in row.items() if name not in (api.time_column, _SAYS_NOTHING))
    if not found or not has_value:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)
    except ValueError:  # staging rejects it
        return None


def _hours(span: Span) -> Iterator[datetime]:
    hour = span.start
    while hour < span.end:
        yield hour
        hour += HOUR
