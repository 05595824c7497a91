"""The start page: what is published, since when, of which sources, and what needs somebody's attention."""

from calendar import month_abbr
from collections import defaultdict
from itertools import accumulate, groupby
from typing import Any

from cli.questions.glossary import glossary
from cli.site.marts import Marts, Table
from cli.site.page import Page

MISSING = ("missing", "held", "failed")
PARTS = {
    "rows_published": "published",
    "rows_duplicate": "stated twice",
    "rows_superseded": "restated by newer files",
    "rows_kept_apart": "kept apart",
    "rows_held": "held",
    "rows_rejected": "rejected",
}
"""Where records can go, in the words of the page."""

WIDTH, HEIGHT, MARGIN = 1000, 240, 40
"""The line of months, in its own units."""


def page(marts: Marts) -> Page:
    published, ledger, months = marts.ask("published"), marts.ask("ledger_sums"), marts.ask("months")
    publications, trend = marts.ask("last_publication"), marts.ask("trend")
    return Page(
        name="index",
        title="Overview",
        description="What is published, how fresh it is, and what needs attention.",
        template="start.html.jinja",
        context={
            "published": published,
            "facts": published.records[0] if published else defaultdict(lambda: None),
            "publication": publications.records[0] if publications else None,
            "builds": marts.ask("builds"),
            "freshness": marts.ask("freshness"),
            "ledger": ledger,
            "seen": sum(ledger.column("rows_seen")),
            "shares": shares(ledger),
            "held": marts.ask("held_files"),
            "months": months,
            "month_names": list(month_abbr)[1:],
            "calendars": calendars(months),
            "missing": None if months.refused else sum(state in MISSING for state in months.column("state")),
            "alarms": marts.ask("alarms"),
            "trend": trend,
            "drawn": line(trend),
            "terms": {term: glossary()[term] for term in ("flights", "with_known_outcome", "on_time_pct")},
        },
    )


def shares(ledger: Table) -> list[dict[str, Any]]:
    """Each place where records went: how many, which percentage of all, and where that begins in a bar."""
    seen = sum(ledger.column("rows_seen"))
    rows = [sum(ledger.column(name)) for name in PARTS]
    pct = [float(100 * each / seen) if seen else 0.0 for each in rows]
    begins = [0.0, *accumulate(pct)]
    return [
        {"name": name, "told": told, "rows": rows[place], "pct": pct[place], "from_pct": begins[place]}
        for place, (name, told) in enumerate(PARTS.items())
    ]


def calendars(months: Table) -> list[dict[str, Any]]:
    """By entity and year, the state of each of its months."""
    made = []
    for entity, records in groupby(months.records, key=lambda record: record["entity"]):
        years: dict[int, dict[int, str]] = {}
        for record in records:
            years.setdefault(record["data_month"].year, {})[record["data_month"].month] = record["state"]
        made.append({"entity": entity, "years": years})
    return made


def line(trend: Table) -> dict[str, Any] | None:
    """On-time percentages as points from left to right, the best, the worst and the newest with a label."""
    known = [record for record in trend.records if record["on_time_pct"] is not None]
    if len(known) < 2:
        return None
    values = [float(record["on_time_pct"]) for record in known]
    low, high = min(values), max(values)
    places = [
        (
            round(MARGIN + nth * (WIDTH - 2 * MARGIN) / (len(values) - 1), 1),
            round(MARGIN + (high - value) / ((high - low) or 1) * (HEIGHT - 2 * MARGIN), 1),
        )
        for nth, value in enumerate(values)
    ]
    marked = sorted({values.index(low), values.index(high), len(values) - 1})
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "low": low,
        "high": high,
        "points": " ".join(f"{x},{y}" for x, y in places),
        "marks": [
            {
                "x": x,
                "y": y,
                "label_y": y + 26 if values[nth] == low else y - 14,
                "anchor": "start" if nth == 0 else "end" if nth == len(values) - 1 else "middle",
                "told": f"{known[nth]['flight_month']:%b %Y} {values[nth]:.1f} %",
            }
            for nth, (x, y) in ((nth, places[nth]) for nth in marked)
        ],
    }
