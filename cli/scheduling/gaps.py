"""Which months are there, missing, held or due: of what is published, by kind of data."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Literal

from cli.server.connections import connection
from ingestion.errors import OntimeError

State = Literal["loaded", "restated", "held", "failed", "missing", "not yet"]

THERE: tuple[State, ...] = ("loaded", "restated")
MOST = 20  # lines of gaps in a table
MONTHS_WATCHED = 6  # that a scheduler asks for once they are published; what is older is left to a backfill

_ARE_THERE = "select to_regclass('marts.audit_gaps') is not null"
"""Whether this version of ontime has published; older ones know of no gaps."""

_MONTHS = """
    select entity, data_month, state, last_seen_at_utc, due_on
    from marts.audit_gaps order by entity, data_month
"""

_NEXT_COMMANDS = {
    "flights": "ontime backfill --plan",
    "weather": "ontime backfill --source iem --plan",
    "delay_causes": "ontime load bts --from FILE, as people download it from BTS",
}


@dataclass(frozen=True)
class Month:
    """A month that is expected of an entity, as a row of audit_gaps."""

    entity: str
    first_day: date
    state: State
    last_seen_at_utc: datetime | None
    due_on: date


@dataclass(frozen=True)
class Stretch:
    """Months of one entity and one state, one after the other."""

    months: tuple[Month, ...]

    @property
    def name(self) -> str:
        """For people, such as `2013-04..2013-06`."""
        return span(self.months[0].first_day, self.months[-1].first_day)


def expected_months() -> list[Month]:
    """All months that are expected, in order; none where nothing is published, or nobody can be asked."""
    try:
        opened = connection("transformer").connect()
    except OntimeError:
        return []
    with closing(opened), opened.cursor() as cursor:
        cursor.execute(_ARE_THERE)
        if cursor.fetchone() != (True,):
            return []
        cursor.execute(_MONTHS)
        return [Month(*row) for row in cursor.fetchall()]


def months_to_ask_for(newest: date, expected: Sequence[Month]) -> list[date]:
    """The months of flights that a scheduler is to load: those of half a year that are not there, in order.

    `newest` is the first day of the newest month that can be published. Where flights of that time are not
    expected yet (an empty warehouse, or history alone) it is the one to begin with.
    """
    watched = [
        month
        for month in expected
        if month.entity == "flights" and months_from(month.first_day, newest) in range(MONTHS_WATCHED)
    ]
    if not watched:
        return [newest]
    return [month.first_day for month in watched if month.state in ("missing", "not yet")]


def months_from(earlier: date, later: date) -> int:
    """How many months one date is after another; negative when it is before."""
    return 12 * (later.year - earlier.year) + later.month - earlier.month


def span(first: date, last: date) -> str:
    """Months as commands name them: `2013-04`, or `2013-04..2013-06`."""
    return f"{first:%Y-%m}" if first == last else f"{first:%Y-%m}..{last:%Y-%m}"


def stretches(months: Sequence[Month]) -> list[Stretch]:
    """Months in order, those together that follow each other and are in one state."""
    placed = enumerate(months)
    runs = groupby(
        placed, lambda it: (it[1].entity, it[1].state, months_from(date.min, it[1].first_day) - it[0])
    )
    return [Stretch(tuple(month for _, month in run)) for _, run in runs]


def as_table(months: Sequence[Month]) -> str:
    """What is there of each entity and what is not, as a table of at most 100 columns; empty of no months."""
    if not months:
        return ""
    lines = [("months", "of", "state", "last seen, or due")]
    gaps: list[tuple[str, str, str, str]] = []
    for entity, grouped in groupby(months, lambda month: month.entity):
        members = list(grouped)
        whole = span(members[0].first_day, members[-1].first_day)
        lines.append((whole, entity, _counted(members), _seen(members)))
        gaps += [_line(gap) for gap in stretches(members) if gap.months[0].state not in THERE]
    rows = [f"{name:<18}{entity:<14}{state:<30}{when}" for name, entity, state, when in lines + gaps[:MOST]]
    if len(gaps) > MOST:
        rows.append(f"and {len(gaps) - MOST} more: marts.audit_gaps")
    missing = {month.entity for month in months if month.state == "missing"}
    rows += [f"-> {entity}: {_NEXT_COMMANDS[entity]}" for entity in sorted(missing)]
    return "\n".join(rows)


def as_json(month: Month) -> dict[str, str | None]:
    """The fields of a month, for programs."""
    seen = month.last_seen_at_utc
    return {
        "entity": month.entity,
        "month": f"{month.first_day:%Y-%m}",
        "state": month.state,
        "last_seen_at_utc": seen.isoformat(timespec="seconds") if seen else None,
        "due_on": month.due_on.isoformat(),
    }


def _counted(months: Sequence[Month]) -> str:
    counts = Counter(month.state for month in months)
    return ", ".join(f"{counts[state]} {state}" for state in THERE if counts[state]) or "none loaded"


def _seen(months: Sequence[Month]) -> str:
    seen = [month.last_seen_at_utc for month in months if month.last_seen_at_utc]
    return f"seen {max(seen):%Y-%m-%d}" if seen else ""


def _line(gap: Stretch) -> tuple[str, str, str, str]:
    first, last = gap.months[0], gap.months[-1]
    due = f"due {first.due_on}" + (f"..{last.due_on}" if last != first else "")
    return gap.name, first.entity, first.state, _seen(gap.months) or due
