"""A figure once more, from raw text alone: own choice of the files, own casts, own SQL."""

from dataclasses import dataclass
from typing import Any

from cli.questions.explain.measures import Measure
from cli.questions.explain.population import HOUR, Population
from cli.questions.explain.raw.counting import MonthFiles, files_of
from cli.questions.explain.raw.forms import Landed, typed
from cli.questions.explain.sessions import Session

KEY = (
    "flight_date_local, carrier_code, origin_airport_code_iata, destination_airport_code_iata, "
    "flight_number, scheduled_departure_at_local"
)


@dataclass(frozen=True)
class Recomputed:
    """`value` as Postgres gives it. With `refusal` there is none, and it says why."""

    value: Any = None
    refusal: str = ""
    sql: str = ""
    months: tuple[MonthFiles, ...] = ()


class RefusedError(Exception):
    """Raw text alone does not say it; the text says why."""


def recompute(session: Session, measure: Measure, population: Population) -> Recomputed:
    """The measure of a population. Never raises for what cannot be recomputed: it says so."""
    months = tuple(files_of(session, population.months))
    try:
        context, group = _context(measure, population)
        relation, values = raw_flights(months, context, measure.columns | population.columns)
    except RefusedError as refused:
        return Recomputed(refusal=str(refused), months=months)
    if measure.context:
        text, given = group.sql()
        sql = measure.sql.replace("%", "%%").replace("{group}", text)
        before = f",\n{measure.before}" if measure.before else ""
        statement = f"with flights as materialized (\n{relation}\n){before}\nselect {sql}"
        values = [*values, *given]
    else:
        statement = f"with flights as (\n{relation}\n)\nselect {measure.sql} from flights"
    value = next(iter(session.of_raw(statement, values)[0].values()))
    return Recomputed(value, sql=session.raw.mogrify(statement, values).decode(), months=months)


def _context(measure: Measure, population: Population) -> tuple[Population, Population]:
    """All flights that the statement reads, and what tells the group among them."""
    if not measure.context:
        return population, population
    kept = tuple(it for it in population.conditions if it.column in measure.context)
    rest = tuple(it for it in population.conditions if it.column not in measure.context)
    return Population(kept, population.months), Population(rest, population.months)


def raw_flights(
    months: tuple[MonthFiles, ...], population: Population, columns: set[str]
) -> tuple[str, list[Any]]:
    """SQL of the flights of a population in the files that count. Raises RefusedError."""
    for month in months:
        if month.refusal:
            raise RefusedError(month.refusal)
    by_file: dict[Landed, list[Any]] = {}
    several = False
    for month in months:
        several = several or len(month.counting) > 1
        for file in month.counting:
            by_file.setdefault(file, []).append(month.month)
    if not by_file:
        raise RefusedError("no landed file that counts states these months")
    arms, values = [], []
    needed = columns | ({"scheduled_departure_at_local"} if HOUR in columns else set())
    for file, stated in by_file.items():
        for column, reason in file.unknown.items():
            if column in needed or (several and column in KEY):
                raise RefusedError(reason)
        flights, given = typed(file, population)
        text, asked = population.sql()
        arms.append(
            f"select * from (\n{flights}\n) as file_{file.file_no}\n"
            f"where not is_rejected and flight_month = any(%s) and {text}"
        )
        values += [*given, stated, *asked]
    united = "\nunion all\n".join(arms)
    if not several:
        return united, values
    return _each_once(united), values


def _each_once(united: str) -> str:
    """Of extracts with one header a flight that two of them state counts once, as the newest says."""
    return f"""select * from (
    select *, row_number() over (partition by {KEY}, occurrence order by file_no desc) as recency
    from (
        select *, row_number() over (partition by file_no, {KEY} order by record_no) as occurrence
        from (
{united}
        ) as united
    ) as numbered
) as each_once
where recency = 1"""


def count_in(session: Session, file: Landed, population: Population) -> int | None:
    """How many records of a file are of a population, also of one that does not count; None where unknown."""
    if set(file.unknown) & population.columns:
        return None
    flights, values = typed(file, population)
    text, asked = population.sql()
    statement = f"select count(*) as rows from (\n{flights}\n) as flights where not is_rejected and {text}"
    return int(session.of_raw(statement, [*values, *asked])[0]["rows"])


def of_record(session: Session, file: Landed, record_no: int, column_sql: str) -> tuple[Any, str]:
    """A column of one flight, of its own record, and the statement that gave it."""
    flights, values = typed(file, Population(()))
    flights = flights.replace(
        f"where file_no = {file.file_no}", f"where file_no = {file.file_no} and record_no = {int(record_no)}"
    )
    statement = f"select {column_sql} as value\nfrom (\n{flights}\n) as flights"
    return (
        session.of_raw(statement, values)[0]["value"],
        session.raw.mogrify(statement, values).decode(),
    )
