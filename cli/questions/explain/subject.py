"""What is to be explained: a metric of some flights, or a cell of a mart, named in words and found."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from cli.console import nearest, some
from cli.questions.explain.definitions import Definitions, Dimension
from cli.questions.explain.marts import MARTS, Group, OfAFlight, why_not
from cli.questions.explain.measures import MEASURES, OF_FLIGHTS, Measure
from cli.questions.explain.population import HOUR, Condition, Population, literal
from cli.questions.explain.sessions import Session
from cli.questions.keys import written_keys
from ingestion.errors import OntimeError

COLUMNS = """
    select attname as name, format_type(atttypid, atttypmod) as type,
        col_description(attrelid, attnum) as words
    from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum
"""
RELATIONS = """
    select relname as name from pg_class
    where relnamespace = to_regnamespace(%s) and relkind in ('r', 'v') order by relname
"""
MONTH = re.compile(r"(\d{4})-(\d\d)(?:-01)?")
METRIC_NAMES = {"dest": "destination", "hour": "scheduled_hour"}
METRIC_COLUMNS = {"scheduled_hour": HOUR}
METRIC_MEASURES = {
    "cancellation_rate": "cancelled_pct",
    "diversion_rate": "diverted_pct",
}


@dataclass(frozen=True)
class Subject:
    """A figure and where it comes from.

    `value` is what is published (of a metric: what its definition gives). `population` are the flights that
    it is of, and `measure` how they add up; a cell of one flight has `flight` in their place, the place of
    its record and the SQL of its column, or that it is a clock, which takes time zones. With `refusal` raw
    text does not say the figure.
    """

    name: str
    kind: str
    words: str
    sql: str
    model: str
    column: str
    value: Any
    where: Mapping[str, str]
    population: Population | None = None
    measure: Measure | None = None
    flight: Mapping[str, Any] | None = None
    column_sql: str = ""
    is_clock: bool = False
    refusal: str = ""
    decimals: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)


def find(session: Session, definitions: Definitions, subject: str, where: Mapping[str, str]) -> Subject:
    """Raises OntimeError for what is not there, with the nearest that is."""
    name = subject.strip().removeprefix(f"{session.schema}.")
    if "." in name:
        mart, _, column = name.partition(".")
        return _cell(session, definitions, mart, column, where)
    if name in definitions.metrics:
        return _metric(session, definitions, name, where)
    marts = _relations(session)
    if name in marts:
        columns = ", ".join(row["name"] for row in _columns(session, name))
        raise _not_there(
            f"{name} is a mart; which of its columns is meant?",
            f"add one, such as {name}.{columns.split(', ')[-1]}: {columns}",
        )
    raise _not_there(
        f"there is no metric and no mart `{name}`",
        f"{nearest(name, [*definitions.metrics, *marts])} "
        "see `ontime metrics`; a cell is written agg_month.flights".strip(),
    )


def _not_there(message: str, remedy: str) -> OntimeError:
    """An error whose lines fit, however many names there are to choose from."""
    shown = [
        textwrap.shorten(text, width, placeholder=" ...") for text, width in ((message, 92), (remedy, 94))
    ]
    return OntimeError(*shown)


# --- metrics ---


def _metric(session: Session, definitions: Definitions, name: str, where: Mapping[str, str]) -> Subject:
    metric = definitions.metrics[name]
    months = loaded_months(session)
    conditions: list[Condition] = []
    refusal = ""
    for key, value in where.items():
        condition, why = _condition(session, definitions, key, value)
        conditions.append(condition)
        refusal = refusal or why
    population = Population(tuple(conditions), _months(conditions, months))
    text, values = population.sql()
    figure = f"trim_scale(round(cast({metric.sql} as numeric), 4))"
    row = session.of_marts(
        f"select {figure.replace('%', '%%')} as value, count(*) as flights "
        f"from {session.schema}.fct_flights where {text}",
        values,
    )[0]
    if not row["flights"]:
        raise _not_there(
            f"no flight has {_said(where) or 'been loaded'}",
            _which_there_are(session, conditions, where),
        )
    measure = MEASURES.get(METRIC_MEASURES.get(name, metric.column))
    if measure is None:
        refusal = refusal or f"no independent path is written for the metric {name}"
    return Subject(
        name,
        "metric",
        metric.words,
        f"select {figure} as {name}\nfrom marts.fct_flights\nwhere {population.readable()}",
        "fct_flights",
        metric.column,
        row["value"],
        dict(where),
        population,
        measure,
        refusal=refusal,
        decimals=4,
    )


def _condition(session: Session, definitions: Definitions, key: str, value: str) -> tuple[Condition, str]:
    """A filter as a condition on flights, and why raw text does not say it, where it does not."""
    dimension = definitions.dimensions.get(METRIC_NAMES.get(key, key))
    if dimension is None:
        by_column = {it.sql: it for it in definitions.dimensions.values() if not it.key}
        dimension = by_column.get(key)
    if dimension is None:
        known = list(definitions.dimensions)
        raise _not_there(
            f"metrics cannot be filtered by `{key}`",
            f"{nearest(key, known)} `ontime metrics` lists by what".strip(),
        )
    if dimension.key:
        keys = session.of_marts(
            f"select distinct {dimension.mart_key} as key from {session.schema}.{dimension.mart} "
            f"where cast({dimension.sql} as text) = %s",
            [value],
        )
        if not keys:
            raise _not_there(
                f"no row of {dimension.mart} has {key} {value}", _values(session, dimension, value)
            )
        return Condition(dimension.key, tuple(row["key"] for row in keys)), ""
    column = METRIC_COLUMNS.get(METRIC_NAMES.get(key, key), dimension.sql)
    if column != HOUR and not re.fullmatch(r"\w+", column):
        raise _not_there(f"metrics cannot be filtered by `{key}` here", "ask `ontime metrics --where`")
    refusal = "" if column in OF_FLIGHTS or column == HOUR else f"raw text does not state {column} as such"
    return Condition(column, (typed_value(session, column, value),)), refusal


def _values(session: Session, dimension: Dimension, value: str) -> str:
    rows = session.of_marts(
        f"select distinct cast({dimension.sql} as text) as value from {session.schema}.{dimension.mart} "
        f"where {dimension.sql} is not null"
    )
    return nearest(value, [row["value"] for row in rows]) or "ask ontime sql which values there are"


# --- cells ---


def _cell(
    session: Session, definitions: Definitions, mart: str, column: str, where: Mapping[str, str]
) -> Subject:
    if mart not in _relations(session):
        raise _not_there(
            f"there is no mart `{mart}`",
            nearest(mart, _relations(session))
            or 'see: ontime sql "select distinct mart_name from marts.audit_checksums"',
        )
    columns = _columns(session, mart)
    types = {row["name"]: row["type"] for row in columns}
    if column not in types:
        raise _not_there(
            f"{mart} has no column `{column}`", nearest(column, types) or f"it has: {', '.join(types)}"
        )
    given = {_key_column(key, types, mart): value for key, value in where.items()}
    conditions = tuple(
        Condition(key, (typed_value(session, key, value, types[key]),)) for key, value in given.items()
    )
    row = _row(session, mart, conditions, given)
    words = next(it["words"] for it in columns if it["name"] == column) or ""
    # what a figure of a day is, its row says
    of_row = row.get("measure") if mart.startswith("kpi_") else None
    words += "".join(f" {it.words}" for it in definitions.metrics.values() if it.column == of_row)
    shown = " and ".join(f"{it.column} {_compared(it.values[0])}" for it in conditions)
    subject = Subject(
        f"{mart}.{column}",
        "cell",
        " ".join(words.split()),
        f"select {column}\nfrom marts.{mart}\nwhere {shown}",
        mart,
        column,
        row[column],
        given,
        row=row,
        refusal=why_not(mart, column),
        decimals=_decimals(types[column]),
    )
    return _with_flights(session, subject, mart, column, row)


def _with_flights(
    session: Session, subject: Subject, mart: str, column: str, row: Mapping[str, Any]
) -> Subject:
    """The subject with the flights behind it, where it has some."""
    known = MARTS.get(mart)
    if isinstance(known, Group):
        conditions = known.conditions(row)
        population = Population(conditions, (row["flight_month"],))
        if (
            column in known.keys
            or column in known.of_row(row)
            or column in ("direction", "delay_cause", "measure")
        ):
            return replace(subject, population=population, refusal="it is a key of the row, not a figure")
        measure = known.measures(row, column)
        if measure is None:
            return replace(subject, population=population)
        sql = subject.sql
        if not measure.context:
            sql = f"select {measure.sql} as {column}\nfrom marts.fct_flights\nwhere {population.readable()}"
        return replace(subject, population=population, measure=measure, refusal="", sql=sql)
    if isinstance(known, OfAFlight):
        return _of_a_flight(session, subject, known, row)
    if "flight_month" in row:
        conditions = tuple(
            Condition(name, (row[name],)) for name in ("flight_month", "carrier_code") if name in row
        )
        return replace(subject, population=Population(conditions, (row["flight_month"],)))
    return subject


def _of_a_flight(session: Session, subject: Subject, known: OfAFlight, row: Mapping[str, Any]) -> Subject:
    """The subject with the flight that its row is of, or with its month, where that decides."""
    column = subject.column
    month = Population((Condition("flight_month", (row["flight_month"],)),), (row["flight_month"],))
    if column in known.of_month:
        return replace(subject, population=month, measure=known.of_month[column], refusal="")
    flight = row
    if "source_file_no" not in row:
        flight = session.of_marts(
            f"select * from {session.schema}.fct_flights where flight_key = %s", [row["flight_key"]]
        )[0]
    if column in known.columns:
        return replace(subject, flight=flight, column_sql=known.columns[column], refusal="")
    if column in known.clocks:
        return replace(subject, flight=flight, is_clock=True, refusal="")
    return replace(subject, flight=flight)


def _row(
    session: Session, mart: str, conditions: Sequence[Condition], where: Mapping[str, str]
) -> dict[str, Any]:
    """The one row that is meant. Raises OntimeError where there is none, or more than one."""
    text, values = _of_mart(conditions)
    rows = session.of_marts(f"select * from {session.schema}.{mart} where {text} limit 2", values)
    if len(rows) == 1:
        return rows[0]
    key = next(iter(written_keys(mart)), ())
    if len(rows) > 1:
        missing = [name for name in key if name not in where]
        words = {columns[-1]: short for short, columns in SHORT.items()}
        example = " ".join(f"--where {words.get(name, name)}={_text(rows[0][name])}" for name in missing)
        raise _not_there(
            f"{mart} has several such rows: {', '.join(missing) or 'a key'} is missing",
            f"name one row: {example}" if example else "no key of this mart is known",
        )
    raise _not_there(f"no row of {mart} has {_said(where)}", _nearest_row(session, mart, conditions, where))


def _nearest_row(
    session: Session, mart: str, conditions: Sequence[Condition], where: Mapping[str, str]
) -> str:
    """The first of the conditions without which there are rows, and what it could be instead."""
    for left_out in conditions:
        others = tuple(it for it in conditions if it is not left_out)
        text, values = _of_mart(others)
        rows = session.of_marts(
            f"select distinct {left_out.column} as value from {session.schema}.{mart} "
            f"where {text} and {left_out.column} is not null order by 1 limit 400",
            values,
        )
        if rows:
            there = [_text(row["value"]) for row in rows]
            said = nearest(where[left_out.column], there)
            listed = some(there, 6)
            return (
                f"{said or 'it has'} {left_out.column}: {listed}"
                if not said
                else f"{left_out.column}: {said}"
            )
    return f'see what there is: ontime sql "select * from marts.{mart} limit 5"'


def _of_mart(conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    """Conditions on the mart's own columns, which may be called as something else is of flights."""
    found = [condition.sql(condition.column) for condition in conditions]
    return " and ".join(text for text, _ in found) or "true", [it for _, given in found for it in given]


def _key_column(key: str, types: Mapping[str, str], mart: str) -> str:
    """The column of a mart that a short name means: carrier, month, origin, dest, airport, day, hour."""
    if key in types:
        return key
    for column in SHORT.get(key, ()):
        if column in types:
            return column
    raise _not_there(
        f"{mart} has no column `{key}`",
        nearest(key, [*types, *(it for it, of in SHORT.items() if set(of) & set(types))])
        or f"it has: {', '.join(types)}",
    )


SHORT: dict[str, tuple[str, ...]] = {
    "month": ("flight_month", "data_month"),
    "carrier": ("carrier_code",),
    "origin": ("origin_airport_code_iata",),
    "dest": ("destination_airport_code_iata",),
    "destination": ("destination_airport_code_iata",),
    "airport": ("airport_code_iata",),
    "day": ("flight_date_local",),
    "hour": ("scheduled_hour_local",),
    "flight": ("flight_key",),
    "cause": ("delay_cause",),
}
"""What people call columns of marts."""


# --- values ---


def typed_value(session: Session, column: str, text: str, type_name: str = "") -> Any:
    """A value as its column has it. Raises OntimeError for what it cannot be."""
    kind = type_name or session.once(
        "types of flights",
        lambda: {row["name"]: row["type"] for row in _columns(session, "fct_flights")},
    ).get(column, "integer" if column == HOUR else "text")
    said = text.strip()
    if said.lower() in ("null", ""):
        return None
    if kind == "date":
        return _day(column, said)
    if kind.startswith("timestamp"):
        return _moment(column, said)
    if kind in ("integer", "bigint", "smallint"):
        if not re.fullmatch(r"-?\d{1,18}", said):
            raise _not_there(f"{column} {text} is no whole number", f"write --where {column}=17")
        return int(said)
    if kind == "boolean":
        words = {
            "true": True,
            "t": True,
            "yes": True,
            "1": True,
            "false": False,
            "f": False,
            "no": False,
            "0": False,
        }
        if said.lower() not in words:
            raise _not_there(f"{column} {text} is neither true nor false", f"write --where {column}=true")
        return words[said.lower()]
    return said


def _day(column: str, said: str) -> date:
    """A day, or a month by its first one."""
    if found := MONTH.fullmatch(said):
        year, month = map(int, found.groups())
        if 1 <= month <= 12 and ((len(said) == 7 and column.endswith("month")) or len(said) == 10):
            return date(year, month, 1)
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise _not_there(
            f"{column} {said} is no {'month' if column.endswith('month') else 'day'}",
            "write a month as 2024-03 and a day as 2024-03-01",
        ) from None


def _moment(column: str, said: str) -> datetime:
    """A moment in UTC, without a zone as the marts have it."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise _not_there(f"{column} {said} is no moment", "write it as 2024-03-01T05:00") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def loaded_months(session: Session) -> tuple[date, ...]:
    rows = session.once(
        "months",
        lambda: session.of_marts(
            f"select data_month from {session.schema}.month_versions "
            "where model_name = 'int_flights__records' and known_to_utc is null order by 1"
        ),
    )
    return tuple(row["data_month"] for row in rows)


def _months(conditions: Iterable[Condition], loaded: Sequence[date]) -> tuple[date, ...]:
    """The loaded months that flights of these conditions can be of."""
    months = set(loaded)
    for condition in conditions:
        if condition.column == "flight_month":
            months &= set(condition.values)
        if condition.column == "flight_date_local":
            months &= {day.replace(day=1) for day in condition.values if day}
    return tuple(sorted(months))


def _which_there_are(session: Session, conditions: Sequence[Condition], where: Mapping[str, str]) -> str:
    """What to ask instead: a month that is loaded, or a value that is near."""
    loaded = loaded_months(session)
    if not loaded:
        return "no month of flights is published; load one: ontime load"
    for condition in conditions:
        if condition.column == "flight_month" and not set(condition.values) & set(loaded):
            first, last = loaded[0], loaded[-1]
            near = min(
                loaded,
                key=lambda month: abs((month - condition.values[0]).days) if condition.values[0] else 0,
            )
            return f"loaded are {len(loaded)} months from {first:%Y-%m} to {last:%Y-%m}, such as {near:%Y-%m}"
    named = list(zip(where, conditions, strict=True))
    for key, condition in named:
        others = Population(tuple(it for it in conditions if it is not condition))
        text, values = others.sql()
        column = (
            "extract(hour from scheduled_departure_at_local)"
            if condition.column == HOUR
            else condition.column
        )
        rows = session.of_marts(
            f"select distinct cast({column} as text) as value from {session.schema}.fct_flights where {text} "
            "order by 1 limit 400",
            values,
        )
        there = [row["value"] for row in rows if row["value"] is not None]
        if there:
            said = nearest(where[key], there)
            return said or f"{key} can be: {', '.join(there[:8])}{' ...' if len(there) > 8 else ''}"
    return "ask for more: leave out a filter"


def _relations(session: Session) -> list[str]:
    rows = session.once("relations", lambda: session.of_marts(RELATIONS, [session.schema]))
    return [row["name"] for row in rows]


def _columns(session: Session, mart: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.once(
        ("columns", mart), lambda: session.of_marts(COLUMNS, [f"{session.schema}.{mart}"])
    )
    return found


def _decimals(type_name: str) -> int | None:
    found = re.fullmatch(r"numeric\(\d+,(\d+)\)", type_name)
    return int(found[1]) if found else None


def _said(where: Mapping[str, str]) -> str:
    return " and ".join(f"{name} {value}" for name, value in where.items())


def _compared(value: Any) -> str:
    return "is null" if value is None else f"= {literal(value)}"


def _text(value: Any) -> str:
    return "null" if value is None else str(value)
