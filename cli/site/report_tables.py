"""The tables of the report as they stand before anybody chooses: the newest month, all carriers and airports.

A browser without JavaScript shows these; with it, report.js draws them again for each choice.
"""

from typing import Any

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST = 25
"""Rows of the lists of airports and routes."""

Row = list[Any]
MEASURES_FROM, MEASURES_TO = 2, 6
"""Where the measures stand among the figures of a list."""


def default_tables(data: dict[str, Any], month: str) -> dict[str, list[Row]]:
    """Rows of each section's table: names first, then flights, then the four measures."""
    base, chosen = data["base"], data[f"month-{month}"]
    names = {code: name for code, name, _ in base["carriers"]}
    airport_names = {row[0]: row[1] for row in base["airports"]}
    series = base["series"]
    return {
        "trend": [[each, *_shown(series[""][each])] for each in base["months"] if each in series[""]],
        "carriers": _best_first(
            [[code, names.get(code), *_shown(of_months[month])] for code, of_months in series.items()
             if code and month in of_months]
        ),
        "airports": _most_flights(
            [[code, airport_names.get(code), *_shown(by_carrier[""])]
             for (direction, code), by_carrier in _ends(chosen) if direction == "arrivals"]
        ),
        "routes": _most_flights(
            [[f"{origin} to {destination}", None, *values]
             for carrier, origin, destination, *values in chosen["routes"] if not carrier]
        ),
        "hours": [
            [WEEKDAYS[weekday - 1], f"{hour}:00", *values]
            for weekday, hour, *values in sorted(chosen.get("hours", {}).get("", []))
        ],
        "causes": [
            [each, told, series[""][each][base["figures"].index(name)]]
            for each in base["months"]
            for name, told in base["causes"].items()
            if each in series[""] and series[""][each][base["figures"].index(name)] is not None
        ],
        "delays": sorted(chosen.get("delays", {}).get("", [])),
    }  # fmt: skip


def _shown(figures: Row) -> Row:
    return [figures[0], *figures[MEASURES_FROM:MEASURES_TO]]


def _ends(month: dict[str, Any]) -> list[tuple[tuple[str, ...], dict[str, Row]]]:
    return [(tuple(key.split(":", 1)), by_carrier) for key, by_carrier in month["airports"].items()]


def _best_first(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row[3] is None, -(row[3] or 0), row[0]))


def _most_flights(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row[2], row[0]))[:LONGEST]
