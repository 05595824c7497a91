"""Which hours are to be asked for: those that are needed, have not landed, and can be had now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion.apis.api import Api, Needed, Question
from ingestion.apis.hours import Span, between, floor, united, widened, without

Place = tuple[tuple[str, str], ...]
"""Fields of a request, see Question."""

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Missing:
    """What is needed and has not landed, by place: hours to ask for, and those that cannot be had.

    `places_unknown` are airports that an API cannot be asked for, for it is not known where they are.
    """

    to_ask: Mapping[Place, list[Span]]
    too_young: Mapping[Place, list[Span]]
    too_old: Mapping[Place, list[Span]]
    places_unknown: Sequence[str]


def missing(api: Api, needed: Sequence[Needed], landed: Iterable[Question], now: datetime) -> Missing:
    """What of `needed` is missing when `landed` is what was asked for the answers that have landed.

    Hours are final, and can be asked for, from `api.final_after` after they began on.
    """
    first = floor(now - api.keeps, api.unit) + api.unit if api.keeps else _ALWAYS
    last = floor(now - api.final_after, api.unit)
    spans_landed: dict[Place, list[Span]] = {}
    for question in landed:
        spans_landed.setdefault(question.place, []).append(question.span)
    spans = {
        place: without(wanted, spans_landed.get(place, ())) for place, wanted in _wanted(api, needed).items()
    }
    return Missing(
        to_ask=_bounded(spans, first, last),
        too_young=_bounded(spans, last, datetime.max.replace(tzinfo=UTC)),
        too_old=_bounded(spans, _ALWAYS, first),
        places_unknown=[*dict.fromkeys(item.airport for item in needed if api.place(item) is None)],
    )


def _wanted(api: Api, needed: Sequence[Needed]) -> dict[Place, list[Span]]:
    """The hours that are needed, by place, in whole units of what can be asked for."""
    found: dict[Place, list[Span]] = {}
    for item in needed:
        if (place := api.place(item)) is not None:
            found.setdefault(tuple(place.items()), []).append(widened(item.span, api.unit))
    return {place: united(spans) for place, spans in found.items()}


def _bounded(spans: Mapping[Place, list[Span]], start: datetime, end: datetime) -> dict[Place, list[Span]]:
    bounded = {place: between(of_place, start, end) for place, of_place in spans.items()}
    return {place: of_place for place, of_place in bounded.items() if of_place}
