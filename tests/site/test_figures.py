"""The report follows what the reader chooses, and its figures are those of the marts."""

import csv
import random
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest

from cli.questions.query import ask
from cli.site.rendering import UNKNOWN
from tests.site.browser import Reader

MakeReader = Callable[..., Reader]

FIGURES = 200
MEASURES = ("on_time_pct", "cancelled_pct", "mean_dep_delay_minutes", "mean_arr_delay_minutes")
SHOWN = ", ".join(("flights", *MEASURES))
HALF_OF_LAST_DIGIT = 0.00501
"""The marts have four digits behind the point, the report two."""

Rows = dict[tuple[str, ...], list[str]]


def asked(statement: str) -> list[list[str]]:
    """Rows of an answer of `ontime sql`."""
    out = StringIO()
    ask(statement, "csv", out)
    return list(csv.reader(StringIO(out.getvalue())))[1:]


def by_key(statement: str, names: int) -> Rows:
    return {tuple(row[:names]): row[names:] for row in asked(statement)}


def table(page: Any, part: str) -> list[list[str]]:
    """The cells of a part's table, as text."""
    rows: list[list[str]] = page.evaluate(
        """(id) => [...document.querySelectorAll(`#${id}-table tbody tr`)]
        .map((row) => [...row.cells].map((cell) => cell.textContent))""",
        part,
    )
    return rows


def expected(month: str, carrier: str, airport: str) -> dict[str, Rows]:
    """What the marts say of a choice, by part of the report and by the names in its table."""
    first = f"date '{month}-01'"
    found: dict[str, Rows] = {}
    if carrier and airport:
        direction, code = airport.split(":")
        if direction == "arrivals":
            found["trend"] = by_key(
                f"select left(flight_month::text, 7), {SHOWN} from marts.agg_carrier_airport_month"
                f" where carrier_code = '{carrier}' and airport_code_iata = '{code}'",
                1,
            )
    elif carrier:
        found["trend"] = by_key(
            f"select left(flight_month::text, 7), {SHOWN} from marts.agg_carrier_month"
            f" where carrier_code = '{carrier}'",
            1,
        )
    elif airport:
        direction, code = airport.split(":")
        found["trend"] = by_key(
            f"select left(flight_month::text, 7), {SHOWN} from marts.agg_airport_month"
            f" where direction = '{direction}' and airport_code_iata = '{code}'",
            1,
        )
    else:
        found["trend"] = by_key(f"select left(flight_month::text, 7), {SHOWN} from marts.agg_month", 1)
        found["airports"] = by_key(
            f"select airport_code_iata, {SHOWN} from marts.agg_airport_month"
            f" where direction = 'arrivals' and flight_month = {first}",
            1,
        )
        found["routes"] = by_key(
            f"select origin_airport_code_iata || ' to ' || destination_airport_code_iata, {SHOWN}"
            f" from marts.agg_route_month where flight_month = {first}",
            1,
        )
    if not airport:
        found["carriers"] = by_key(
            f"select carrier_code, {SHOWN} from marts.agg_carrier_month where flight_month = {first}", 1
        )
    of_carrier = f"and carrier_code = '{carrier}'" if carrier else ""
    if not airport:
        found["hours"] = by_key(
            "select trim(to_char(scheduled_departure_at_local, 'Day')),"
            " extract(hour from scheduled_departure_at_local)::integer || ':00', count(*)"
            f" from marts.fct_flights where flight_month = {first} {of_carrier} group by 1, 2",
            2,
        )
    return found


def choices(draw: random.Random, page: Any) -> Iterator[dict[str, str]]:
    """Choices that the report offers, all carriers and airports among them."""
    offered = page.evaluate(
        """Object.fromEntries(['month', 'carrier', 'airport'].map((name) =>
        [name, [...document.querySelector(`[name=${name}]`).options].map((each) => each.value)]))"""
    )
    yield {"month": offered["month"][0], "carrier": "", "airport": ""}
    while True:
        carrier, airport = draw.choice([("", ""), ("carrier", ""), ("", "airport"), ("carrier", "airport")])
        yield {
            "month": draw.choice(offered["month"]),
            "carrier": draw.choice(offered["carrier"][1:]) if carrier else "",
            "airport": draw.choice(offered["airport"][1:]) if airport else "",
        }


def test_200_figures_are_those_of_the_marts(reader: MakeReader) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    draw = random.Random(seed)
    person = reader()
    page = person.open("report.html")
    compared = 0
    for choice in choices(draw, page):
        address = "&".join(f"{name}={value.replace(':', '%3A')}" for name, value in choice.items() if value)
        person.open("report.html", f"#{address}")
        for part, rows in expected(**choice).items():
            shown = table(page, part)
            if part in ("trend", "carriers", "hours"):
                assert len(shown) == len(rows), (part, choice)
            for cells in draw.sample(shown, min(6, len(shown))):
                names = 2 if part == "hours" else 1
                figures = cells[2:] if part != "trend" else cells[1:]
                truth = rows[tuple(cells[:names])]
                for told, true in zip(figures, truth, strict=False):
                    assert is_same(told, true), (part, choice, cells, truth)
                    compared += 1
        if compared >= FIGURES:
            break
    assert person.faults == []
    print(f"{compared} figures compared")


def is_same(told: str, true: str) -> bool:
    if told == UNKNOWN or true == "":
        return told == UNKNOWN and true == ""
    return abs(float(told.replace(",", "")) - float(true)) < HALF_OF_LAST_DIGIT


def test_charts_follow_what_is_chosen(reader: MakeReader) -> None:
    person = reader()
    page = person.open("report.html")
    person.draw_all()
    before = {
        part: drawing(page, part) for part in ("trend", "carriers", "hours", "delays", "airports", "routes")
    }
    page.select_option("[name=carrier]", "DL")
    page.select_option("[name=month]", "2013-01")
    page.check("[name=measure][value=mean_arr_delay_minutes]", force=True)
    person.wait_until("JSON.parse(document.body.dataset.shown).measure === 'mean_arr_delay_minutes'")
    assert page.evaluate("location.hash") == "#month=2013-01&carrier=DL&measure=mean_arr_delay_minutes"
    for part, old in before.items():
        page.locator(f"#{part}").scroll_into_view_if_needed()
        person.wait_until(f"document.getElementById('{part}-chart').dataset.drawn > {old[0]}")
        _, label, marks = drawing(page, part)
        assert label != old[1], part
        if part not in ("carriers",):  # a list of carriers is one of carriers
            assert "Delta" in label, label
        if part == "hours":
            known = [
                row
                for row in table(page, part)
                if row[3 + MEASURES.index("mean_arr_delay_minutes")] != UNKNOWN
            ]
            assert marks == len(known)
    assert page.locator("#headline").inner_text().startswith("Flights arrived")


def drawing(page: Any, part: str) -> tuple[int, str, int]:
    """How often a part was drawn, what its chart says of itself, and how many marks it has."""
    found: list[Any] = page.evaluate(
        """(id) => {
            const chart = document.getElementById(`${id}-chart`);
            const drawn = [chart, ...chart.querySelectorAll("*")]
                .find((each) => each.getAttribute("aria-roledescription") === "visualization");
            const label = drawn.getAttribute("aria-label");
            const cells = chart.querySelectorAll(".mark-rect.role-mark path").length;
            return [Number(chart.dataset.drawn), label, cells];
        }""",
        part,
    )
    return found[0], found[1], found[2]


def test_a_link_shows_what_was_chosen(reader: MakeReader) -> None:
    page = reader().open(
        "report.html", "#month=2013-01&carrier=AA&airport=departures%3ALGA&measure=cancelled_pct"
    )
    chosen = page.evaluate("Object.fromEntries(new FormData(document.getElementById('filters')))")
    assert chosen == {
        "month": "2013-01",
        "carrier": "AA",
        "airport": "departures:LGA",
        "measure": "cancelled_pct",
        "ends": "arrivals",
    }
    flights = asked(
        "select count(*) from marts.fct_flights where flight_month = '2013-01-01' and carrier_code = 'AA'"
        " and origin_airport_code_iata = 'LGA'"
    )[0][0]
    assert f"{int(flights):,} flights in January 2013" in page.locator("#standfirst").inner_text()


@pytest.mark.parametrize(
    "given", ["#month=1999-01&carrier=%3Cimg%3E", "#=&&&", "#airport=departures%3A&measure=none"]
)
def test_a_link_that_makes_no_sense_shows_everything(reader: MakeReader, given: str) -> None:
    person = reader()
    page = person.open("report.html", given)
    assert "all carriers" in page.locator("#kicker").inner_text()
    assert person.faults == []
