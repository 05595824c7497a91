"""What an API is to `load_answers`: how it is asked, and what an answer of it must be."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from requests.exceptions import ChunkedEncodingError

from ingestion.apis.hours import HOUR, Period, Span
from ingestion.finding.fetch.addresses import shown
from ingestion.request_text import decode, encode
from ingestion.source import Source

LACKING = "lacking"
"""The field of a request in the ledger that says for how many of its hours the answer has nothing."""

_MOMENT = "%Y-%m-%dT%H:%MZ"


@dataclass(frozen=True)
class Needed:
    """Hours of weather that somebody needs, at one airport: from `from_utc` up to `to_utc`, which is no part.

    `station` is its code at the weather services, as ICAO or without the K of the United States; latitude and
    longitude are degrees, north and east positive, where they are known.
    """

    airport: str
    station: str
    latitude: str | None
    longitude: str | None
    from_utc: datetime
    to_utc: datetime

    @property
    def span(self) -> Span:
        """The hours."""
        return Span(self.from_utc, self.to_utc)


@dataclass(frozen=True)
class Question:
    """What is asked in one go: hours at a place. `place` are fields of the request, `airport` the first."""

    place: tuple[tuple[str, str], ...]
    span: Span

    @property
    def fields(self) -> dict[str, str]:
        """The place by the names of its fields."""
        return dict(self.place)

    @property
    def name(self) -> str:
        """How people, the cache and the ledger call it, such as `JFK_2013-01-01T00_2014-01-01T00`."""
        return f"{self.fields['airport']}_{self.span.start:%Y-%m-%dT%H}_{self.span.end:%Y-%m-%dT%H}"

    @property
    def request(self) -> str:
        """As the ledger keeps it, see request_text.py: `airport=JFK&station=JFK&from=...&to=...`."""
        bounds = {"from": f"{self.span.start:{_MOMENT}}", "to": f"{self.span.end:{_MOMENT}}"}
        return encode(**self.fields, **bounds)

    @classmethod
    def of_request(cls, request: str) -> "Question":
        """The question of a request. Raises KeyError and ValueError for what `request` does not write."""
        fields = decode(request)
        fields.pop(LACKING, None)
        start, end = (datetime.strptime(fields.pop(name), f"{_MOMENT[:-1]}%z") for name in ("from", "to"))
        return cls(tuple(fields.items()), Span(start, end))


def no_next_page(_page: bytes) -> str | None:
    """The address behind the one page of an answer: there is none."""
    return None


@dataclass(frozen=True)
class Endpoint:
    """Where to ask: path and query below the API's address.

    `next_page` is the address that a page, which `look` has let pass, gives for the one behind it.
    """

    path: str
    params: Mapping[str, Any]
    next_page: Callable[[bytes], str | None] = no_next_page


class UnfitError(Exception):
    """Something came that is no answer to the question; the text says what is wrong with it."""


class CutOffError(ChunkedEncodingError):
    """The end of an answer is missing, though no connection broke. It is asked for again, like its parent."""


@dataclass(frozen=True)
class Api:
    """One API. Its answers land in the one dataset of `source`.

    `look` says whether one page is an answer at all, by raising UnfitError or CutOffError; `rows` turns all
    pages of an answer, which have passed that, into CSV with a header, or raises UnfitError where they are
    not what was asked for. `place` are the fields that say where, None where they are not known.
    """

    source: Source
    title: str
    url: str
    url_variable: str
    """The environment variable that names another address."""
    place: Callable[[Needed], dict[str, str] | None]
    endpoint: Callable[[Question], Endpoint]
    look: Callable[[bytes], None]
    rows: Callable[[Question, Sequence[bytes]], bytes]
    time_column: str
    """The column of `rows` that says of which hour a row is, as `2024-01-31 05...` or with a T."""
    final_after: timedelta
    """How long after an hour its weather no longer changes: younger hours are not asked for."""
    keeps: timedelta | None = None
    """How long the API has the weather of an hour, if not for ever."""
    unit: timedelta = HOUR
    """What is asked for begins and ends with whole hours, or days."""
    period: Period = "year"
    """The most that is asked for in one go, of the calendar."""
    seconds_between: float = 0.0
    """Between the starts of two requests, at least."""
    shows_its_end: bool = True
    """Whether an answer that is cut off can be told by its text, as JSON can."""
    suffix: str = ".json"
    """Of its answers in the cache."""
    key: str | None = None
    """Name in dlt's secrets of a key that customers have, which goes into the query as `apikey`."""
    customer_url: str | None = None
    """The address for those who have one."""

    def base_url(self, is_customer: bool = False) -> str:
        """The address below which it is asked, with a slash at its end."""
        default = self.customer_url if is_customer and self.customer_url else self.url
        return (os.environ.get(self.url_variable) or default).rstrip("/") + "/"

    def address(self, question: Question, base_url: str) -> str:
        """The whole address of a question, without secrets."""
        endpoint = self.endpoint(question)
        query = urlencode(endpoint.params, safe=":,/")
        return f"{shown(base_url)}{endpoint.path}?{query}"
