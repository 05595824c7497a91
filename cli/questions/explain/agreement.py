"""What the Bureau of Transportation Statistics publishes for the same flights, and whether it agrees."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cli.questions.explain.population import Population
from cli.questions.explain.proof import Published
from cli.questions.explain.sessions import Record, Session

COMPARED = {
    "flights",
    "late",
    "cancelled",
    "diverted",
    *(f"{cause}_delay_minutes" for cause in ("carrier", "weather", "nas", "security", "late_aircraft")),
}
"""Figures that BTS publishes by month, carrier and airport of arrival."""

COLUMNS = {
    "flight_month": "flight_month",
    "carrier_code": "carrier_code",
    "destination_airport_code_iata": "airport_code_iata",
}
LOAD = "ontime load bts --from <the file of delay causes>, then ontime build"


@dataclass(frozen=True)
class Agreement:
    """What BTS publishes of the groups of a month, in words; or `words` where that is nothing."""

    of_group: Mapping[tuple[str | None, str | None, str | None], str] = field(default_factory=dict)
    words: str = ""


def published_of(session: Session, column: str, population: Population) -> Published:
    """Sums of both sides over the carriers and airports of a population."""
    relation = f"{session.schema}.audit_published_agreement"
    if missing := _not_loaded(session, population):
        return Published("nothing loaded", words=missing)
    foreign = population.columns - set(COLUMNS)
    if foreign:
        return Published("not published", words=not_published_by(*sorted(foreign)))
    conditions = [it.sql(COLUMNS[it.column]) for it in population.conditions]
    text = " and ".join(it for it, _ in conditions) or "true"
    values = [value for _, given in conditions for value in given]
    measure = column if column in COMPARED else "flights"
    rows = session.of_marts(
        f"select agreement, count(*) as pairs, sum({measure}) as ours, "
        f"sum(published_{measure}) as published, "
        f"string_agg(distinct nullif(differing_measures, ''), ', ') as measures from {relation} "
        f"where {text} and flight_month = any(%s) group by agreement order by agreement",
        [*values, list(population.months)],
    )
    if not rows:
        return Published("not published", words="BTS publishes nothing of these flights")
    found = _summed(measure, rows)
    if measure != column:
        return replace(found, words=f"{column} itself is not published. {found.words}")
    return found


def published_by_group(session: Session, population: Population) -> Agreement:
    """The same for all flights of a month, each carrier, each airport of arrival, and each pair of them.

    What is compared are flights: BTS publishes no shares and no means.
    """
    if missing := _not_loaded(session, population):
        return Agreement(words=missing)
    rows = session.of_marts(
        "select carrier_code, airport_code_iata, grouping(carrier_code) = 1 as all_carriers, "
        "grouping(airport_code_iata) = 1 as all_airports, agreement, count(*) as pairs, "
        "sum(flights) as ours, sum(published_flights) as published, "
        "string_agg(distinct nullif(differing_measures, ''), ', ') as measures "
        f"from {session.schema}.audit_published_agreement where flight_month = any(%s) "
        "group by agreement, "
        "grouping sets ((), (carrier_code), (airport_code_iata), (carrier_code, airport_code_iata)) "
        "order by agreement",
        [list(population.months)],
    )
    groups: dict[tuple[str | None, str | None, str | None], list[Record]] = {}
    for row in rows:
        carrier = None if row["all_carriers"] else row["carrier_code"]
        airport = None if row["all_airports"] else row["airport_code_iata"]
        groups.setdefault((carrier, None, airport), []).append(row)
    said = {group: _summed("flights", of_group) for group, of_group in groups.items()}
    return Agreement({group: f"{found.agreement}: {found.words}" for group, found in said.items()})


def not_published_by(*columns: str) -> str:
    return f"BTS publishes by month, carrier and airport of arrival, not by {', '.join(columns)}"


def _not_loaded(session: Session, population: Population) -> str:
    """Of which months no totals are loaded, in words; empty where they are."""
    relation = f"{session.schema}.audit_published_agreement"
    there = session.once(
        "months with published totals",
        lambda: {row["m"] for row in session.of_marts(f"select distinct flight_month as m from {relation}")},
    )
    missing = sorted(set(population.months) - there)
    which = ", ".join(f"{month:%Y-%m}" for month in missing[:3])
    return f"no totals of BTS are loaded for {which}: {LOAD}" if missing else ""


def _summed(measure: str, rows: list[Record]) -> Published:
    """Both sides of a group, of rows by agreement."""
    counts = {row["agreement"]: row["pairs"] for row in rows}
    worst = next(name for name in ("differs", "incomplete", "equal") if name in counts)
    ours: Any = sum(row["ours"] or 0 for row in rows)
    published: Any = sum(row["published"] or 0 for row in rows)
    said = ", ".join(f"{pairs:,} {name}" for name, pairs in counts.items())
    words = f"{measure}: {ours:,} here, {published:,} published; carriers and airports: {said}"
    different = sorted({name for row in rows if row["measures"] for name in row["measures"].split(", ")})
    return Published(
        worst, ours, published, words + (f"; differing: {', '.join(different)}" if different else "")
    )
