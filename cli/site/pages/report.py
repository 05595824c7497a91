"""The on-time report: months, carriers, airports and routes, by measures that the reader chooses.

What it draws lies in files that the page loads when it needs them, so that the first view stays small:

    base            names, and the figures of all months: of all flights and of each carrier
    month-YYYY-MM   what one month has by airport, route, hour and delay
    airport-CODE    all months of one airport
    why, why-YYYY-MM    why each figure is what it is (proofs.py)

What reads flights is asked month by month, so that each question takes what a month takes.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from cli.questions.glossary import glossary
from cli.site import proofs
from cli.site.marts import Marts, Table, sql_of
from cli.site.page import Page
from cli.site.report_tables import default_tables

ALL = ""
"""The key of all carriers together."""

MEASURES: dict[str, dict[str, Any]] = {
    "on_time_pct": {"label": "On time", "unit": "% of flights", "is_good": True},
    "cancelled_pct": {"label": "Cancelled", "unit": "% of flights", "is_good": False},
    "mean_dep_delay_minutes": {"label": "Departure delay", "unit": "minutes, mean", "is_good": False},
    "mean_arr_delay_minutes": {"label": "Arrival delay", "unit": "minutes, mean", "is_good": False},
}
"""What the reader chooses among; `is_good` says whether more of it is better."""

CAUSES = {
    "carrier_delay_minutes": "Carrier",
    "weather_delay_minutes": "Extreme weather",
    "nas_delay_minutes": "National air system",
    "security_delay_minutes": "Security",
    "late_aircraft_delay_minutes": "Late aircraft",
}

SHORT = ("flights", "with_known_outcome", *MEASURES)
"""The figures that lists have, in their order in the data."""

FIGURES = (*SHORT, "percentiles", *CAUSES)

TERMS = {
    "trend": ("flights", "with_known_outcome", *MEASURES),
    "carriers": ("carrier_code", "is_on_time", *MEASURES),
    "hours": ("scheduled_departure_at_local", *MEASURES),
    "delays": ("arr_delay_minutes", "median_arr_delay_minutes", "p90_arr_delay_minutes"),
    "causes": tuple(CAUSES),
    "airports": ("airport_code_iata", "direction", *MEASURES),
    "routes": ("origin_airport_code_iata", "destination_airport_code_iata", *MEASURES),
    "restatements": ("release_no", "value_before", "value_after", "difference"),
}
"""The terms of the glossary that each section rests on."""

OF_FLIGHTS = ("figures", "hours", "delays", "routes")
"""The questions that are asked of each month."""

Data = dict[str, Any]


def page(marts: Marts) -> Page:
    before = len(marts.refused)
    data = files_of_data(marts)
    base = data["base"]
    newest = base["months"][-1] if base["months"] else None
    texts = glossary()
    return Page(
        name="report",
        title="On-time report",
        description="On-time performance by month, carrier, airport and route.",
        template="report.html.jinja",
        context={
            "base": base,
            "newest": newest,
            "measures": MEASURES,
            "queries": {name: sql_of(f"report_{name}", _day(newest)) for name in OF_FLIGHTS if newest},
            "refused": marts.refused[before:],
            "terms": {name: {term: texts[term] for term in terms} for name, terms in TERMS.items()},
            "tables": default_tables(data, newest) if newest else {},
            "restatements": marts.ask("restatements"),
            "proofs": proofs.summary(marts, [_day(month) for month in base["months"]]) if newest else {},
        },
        data=data,
        first=("base", f"month-{newest}") if newest else ("base",),
        scripts=("charts.js", "why.js", "report.js"),
        has_charts=True,
    )


def files_of_data(marts: Marts) -> Data:
    """Each file's key and what is in it."""
    airports = marts.ask("report_airports")
    months: dict[str, Data] = {}
    series: dict[str, dict[str, Any]] = defaultdict(dict)
    by_airport = {code: _ends() for code in sorted(airports.column("airport_code_iata"))}
    for first_day in marts.ask("report_months").column("flight_month"):
        answers = {name: marts.ask_of_month(f"report_{name}", first_day) for name in OF_FLIGHTS}
        if answers["figures"]:
            months[f"{first_day:%Y-%m}"] = _of_month(answers, series, by_airport)
    base = {
        "months": sorted(months),
        "carriers": [list(row) for row in _plain_rows(marts.ask("report_carriers"))],
        "airports": [list(row) for row in _plain_rows(airports)],
        "measures": MEASURES,
        "causes": CAUSES,
        "figures": FIGURES,
        "series": series,
    }
    files: Data = {"base": base, "why": proofs.of_all_months(marts, ("flights", *MEASURES))}
    files |= {f"month-{month}": months[month] for month in sorted(months)}
    for month in sorted(months):
        routes = {(origin, destination) for _, origin, destination, *_ in months[month]["routes"]}
        files[f"why-{month}"] = proofs.of_month(marts.prove(_day(month)), by_airport, routes)
    return files | {f"airport-{code}": ends for code, ends in by_airport.items()}


def _of_month(
    answers: dict[str, Table], series: dict[str, dict[str, Any]], by_airport: dict[str, Data]
) -> Data:
    """What the file of a month holds; what is drawn over all months goes to `series` and `by_airport`."""
    found: Data = {"airports": defaultdict(dict), "routes": []}
    for month, carrier, direction, code, *values in _plain(answers["figures"]):
        if code is None:
            if direction == "departures":
                series[carrier][month] = values
        else:
            found["airports"][f"{direction}:{code}"][carrier] = values[: len(SHORT)]
            if code in by_airport:
                by_airport[code][direction]["figures"].setdefault(carrier, {})[month] = values
    for _, carrier, *values in _plain(answers["routes"]):
        found["routes"].append([carrier, *values])
    for kind in ("hours", "delays"):
        for month, carrier, direction, code, *values in _plain(answers[kind]):
            if code is None and direction == "departures":
                found.setdefault(kind, {}).setdefault(carrier, []).append(values)
            elif code in by_airport:
                of_months = by_airport[code][direction][kind]
                of_months.setdefault(month, {}).setdefault(carrier, []).append(values)
    return found


def _day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _ends() -> Data:
    return {end: {"figures": {}, "hours": {}, "delays": {}} for end in ("departures", "arrivals")}


def _plain(table: Table) -> Iterator[tuple[Any, ...]]:
    """Rows with the month as `2013-12` and the carrier, where it is null, as ALL."""
    for month, carrier, *values in table.rows:
        yield f"{month:%Y-%m}", carrier or ALL, *map(_plain_value, values)


def _plain_rows(table: Table) -> Iterator[tuple[Any, ...]]:
    for row in table.rows:
        yield tuple(map(_plain_value, row))


def _plain_value(value: Any) -> Any:
    """A numeric as the number that JSON has; two digits behind the point are exact there."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [None if each is None else round(each, 1) for each in value]
    return value
