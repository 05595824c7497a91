"""What the Bureau of Transportation Statistics publishes for the same flights, and whether it agrees."""

from cli.questions.explain.population import Population
from cli.questions.explain.proof import Published
from cli.questions.explain.sessions import Session

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


def published_of(session: Session, column: str, population: Population) -> Published:
    """Sums of both sides over the carriers and airports of a population."""
    relation = f"{session.schema}.audit_published_agreement"
    there = session.once(
        "months with published totals",
        lambda: {row["m"] for row in session.of_marts(f"select distinct flight_month as m from {relation}")},
    )
    missing = sorted(set(population.months) - there)
    if missing:
        which = ", ".join(f"{month:%Y-%m}" for month in missing[:3])
        return Published("nothing loaded", words=f"no totals of BTS are loaded for {which}: {LOAD}")
    foreign = population.columns - set(COLUMNS)
    if foreign:
        words = f"BTS publishes by month, carrier and airport of arrival, not by {', '.join(sorted(foreign))}"
        return Published("not published", words=words)
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
    counts = {row["agreement"]: row["pairs"] for row in rows}
    worst = next(name for name in ("differs", "incomplete", "equal") if name in counts)
    ours = sum(row["ours"] or 0 for row in rows)
    published = sum(row["published"] or 0 for row in rows)
    said = ", ".join(f"{pairs:,} {name}" for name, pairs in counts.items())
    words = f"{measure}: {ours:,} here, {published:,} published; carriers and airports: {said}"
    if measure != column:
        words = f"{column} itself is not published. {words}"
    different = sorted({name for row in rows if row["measures"] for name in row["measures"].split(", ")})
    return Published(
        worst, ours, published, words + (f"; differing: {', '.join(different)}" if different else "")
    )
