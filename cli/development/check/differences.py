"""A relation of a space beside production's: what `ontime diff` says, and how long both take to read."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from psycopg2 import Error, errors, sql

from cli.building.build_plan import Graph
from cli.building.build_state import Cursor
from cli.development import diff
from cli.development.diff_sql import Sides
from cli.development.space.months import Months, is_one_of
from cli.runs.record import Opened
from ingestion.errors import OntimeError

LONGEST = 5
"""Seconds for one question: a mart that takes longer is counted by CI, not here."""


@dataclass
class Comparison:
    """A model of the space beside production's. `why_not` says why their rows were not compared."""

    name: str
    kind: str
    is_new: bool = False
    found: diff.Difference | None = None
    why_not: str = ""
    seconds: float | None = None
    seconds_of_production: float | None = None

    @property
    def differs(self) -> bool:
        return self.is_new or (self.found is not None and not self.found.is_equal)


def comparison(
    opened: Opened,
    graph: Graph,
    unique_id: str,
    months: Months,
    limited: Collection[str],
    beyond: Collection[str],
) -> Comparison:
    """Of a model or seed of the space. `limited` are those made of histories that have some months only.

    Of these `beyond` say of a month what others say as well, such as what was to be expected.
    """
    one = Comparison(str(graph.node(unique_id).name), graph.materialized(unique_id))
    if months.asked and unique_id in beyond:
        one.why_not = "it compares months, and here are some only: ontime check --months all"
        return one
    try:
        with opened, opened.cursor() as cursor:
            cursor.execute(f"set statement_timeout = '{LONGEST}s'")
            sides = diff.sides_of(opened, one.name, by_all_columns=True)
            if months.asked and not sides.month_column and unique_id in limited:
                one.why_not = "some months only, and it has no column of months"
                return one
            one.found = diff.compare(opened, sides)
        if one.kind == "view":
            with opened, opened.cursor() as cursor:
                one.seconds, one.seconds_of_production = _seconds_to_read(cursor, sides, months)
    except diff.NotPublishedError:
        one.is_new = True
    except errors.QueryCanceled:
        one.why_not = f"it takes more than {LONGEST} s to read"
    except (Error, OntimeError) as error:
        one.why_not = str(error).strip().splitlines()[0]
    return one


def _seconds_to_read(cursor: Cursor, sides: Sides, months: Months) -> list[float]:
    """Seconds that the server takes to read all rows, of these months, here and in production."""
    column = sides.month_column
    condition = is_one_of(column, months.asked) if column in sides.columns else sql.SQL("true")
    question = "explain (analyze, timing off, format json) select * from {} where {}"
    seconds = []
    for relation in (sides.after, sides.before):
        cursor.execute(sql.SQL(question).format(sql.Identifier(*relation.split(".", 1)), condition))
        ((plans,),) = cursor.fetchall()
        plan: Any = json.loads(plans) if isinstance(plans, str) else plans
        seconds.append(float(plan[0]["Execution Time"]) / 1000)
    return seconds
