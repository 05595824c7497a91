"""Which months a space has: those asked for, and of each history those that others read of it besides."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from psycopg2 import sql

from cli.building.build_plan import Graph
from cli.building.build_state import Cursor
from cli.development.space.histories import histories_above, name_of
from ingestion.errors import OntimeError

OF_FLIGHTS = """
    select distinct data_month from marts.month_versions
    where model_name = 'int_flights__records' and known_to_utc is null
    order by 1
"""


@dataclass(frozen=True)
class Months:
    """All months where none are `asked` for; `of_model` are those that a history of the space is to have."""

    asked: tuple[date, ...] = ()
    of_model: Mapping[str, tuple[date, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.asked:
            return "all months"
        first, last = min(self.asked), max(self.asked)
        return f"{first:%Y-%m}..{last:%Y-%m}" if first < last else f"{first:%Y-%m}"


def asked_months(cursor: Cursor, asked: str) -> tuple[date, ...]:
    """The months in `2`, the last two that are published, or in `2013-06..2013-08`; of "" none."""
    from ingestion.sources.bts import months_of

    if not asked:
        return ()
    cursor.execute(OF_FLIGHTS)
    there = [month for (month,) in cursor.fetchall()]
    count = int(asked) if asked.isdigit() else None
    wanted = there[max(0, len(there) - count) :] if count is not None else months_of([asked])
    found = tuple(month for month in wanted if month in there)
    if not found:
        known = f"flights of {there[0]:%Y-%m} to {there[-1]:%Y-%m} are" if there else "no flights are"
        said = f"--months {asked}: no such month; {known} published"
        raise OntimeError(said, "ask for the last two: --months 2")
    return found


def months_to_build(graph: Graph, chosen: Iterable[str], asked: tuple[date, ...]) -> Months:
    """The months of each chosen history: of one that another reads for the month before, that one as well."""
    if not asked:
        return Months()
    histories = [uid for uid in chosen if graph.is_history(uid) and graph.slice_of(uid) == "month"]
    wanted = {name_of(uid): set(asked) for uid in histories}
    for _ in histories:  # as often as a chain of them is long
        for uid in histories:
            also_read = graph.node(uid).config.meta["history"].get("also_reads", {})
            for read in map(name_of, histories_above(graph, uid)):
                if read in wanted:
                    away = {0, *also_read.get(read, ())}
                    wanted[read] |= {
                        _after(month, months) for month in wanted[name_of(uid)] for months in away
                    }
    return Months(asked, {model: tuple(sorted(months)) for model, months in wanted.items()})


def is_one_of(column: str, months: Collection[date]) -> sql.Composable:
    """A condition of literals, so that the server finds the rows by them; true where no months are named."""
    if not months:
        return sql.SQL("true")
    literals = sql.SQL(", ").join(sql.SQL("date {}").format(sql.Literal(str(month))) for month in months)
    return sql.SQL("{} in ({})").format(sql.Identifier(column), literals)


def _after(month: date, months: int) -> date:
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
