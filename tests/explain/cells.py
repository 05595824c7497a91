"""Random figures that can be asked for: cells of marts, and metrics of random groups of flights."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from cli.questions.explain.definitions import read_definitions
from cli.questions.explain.marts import MARTS, Group, OfAFlight
from cli.questions.explain.sessions import Session
from cli.questions.keys import written_keys
from ingestion import PROJECT

METRICS_BY = (
    ("month", "carrier"),
    ("month", "origin"),
    ("month", "origin", "destination"),
    ("day",),
    ("day", "carrier"),
    ("month", "scheduled_hour"),
    ("month",),
)
SQL_OF = {
    "month": "flight_month",
    "carrier": "carrier_code",
    "origin": "origin_airport_code_iata",
    "destination": "destination_airport_code_iata",
    "day": "flight_date_local",
    "scheduled_hour": "extract(hour from scheduled_departure_at_local)::integer",
}
OF_METRICS = "metrics"


@dataclass(frozen=True)
class Cell:
    """What to hand to `explain`; `column` is what it is counted under."""

    mart: str
    column: str
    subject: str
    where: dict[str, str]


def random_cells(session: Session, count: int, seed: int) -> Iterator[Cell]:
    """Cells of each mart and column in turn, so that few of them are of many; the rows are drawn."""
    chance = random.Random(seed)
    columns = [(mart, column) for mart in MARTS for column in _columns(session, mart)]
    columns += [(OF_METRICS, name) for name in read_definitions(PROJECT).metrics]
    chance.shuffle(columns)
    rows: dict[Any, list[dict[str, Any]]] = {}
    drawn = 0
    for mart, column in cycle(columns):
        by = chance.choice(METRICS_BY) if mart == OF_METRICS else ()
        source = (mart, by)
        if source not in rows:
            rows[source] = _rows(session, mart, by, chance)
        if not rows[source]:
            continue  # a mart may be empty: the sample states no causes of delay
        row = chance.choice(rows[source])
        where = {name: "null" if value is None else str(value) for name, value in row.items()}
        yield Cell(mart, column, column if mart == OF_METRICS else f"{mart}.{column}", where)
        drawn += 1
        if drawn == count:
            return


def _columns(session: Session, mart: str) -> list[str]:
    """Those for which there is an independent path in some row."""
    found = session.of_marts(
        "select attname as name from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 "
        "and not attisdropped order by attnum",
        [f"marts.{mart}"],
    )
    names = [row["name"] for row in found]
    known = MARTS[mart]
    if isinstance(known, OfAFlight):
        return [name for name in names if name in (*known.columns, *known.of_month, *known.clocks)]
    assert isinstance(known, Group)
    sample = {"direction": "arrivals", "delay_cause": "carrier", "measure": "flights"}
    keys = {*written_keys(mart)[0], *known.keys}
    return [name for name in names if name not in keys and known.measures(sample, name)]


def _rows(session: Session, mart: str, by: tuple[str, ...], chance: random.Random) -> list[dict[str, Any]]:
    """Keys of rows; of flights those that a random number picks, for they are many."""
    session.marts.execute("select setseed(%s)", [chance.random()])
    if mart == OF_METRICS:
        columns = ", ".join(f"{SQL_OF[name]} as {name}" for name in by)
        numbers = ", ".join(str(place + 1) for place in range(len(by)))
        flights = "(select * from marts.fct_flights order by random() limit 5000) as flights"
        return session.of_marts(
            f"select {columns} from {flights} group by {numbers} order by random() limit 300"
        )
    key = ", ".join(written_keys(mart)[0])
    return session.of_marts(f"select {key} from marts.{mart} order by random() limit 300")
