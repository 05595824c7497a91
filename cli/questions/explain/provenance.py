"""Where a figure comes from: releases, fingerprints of the logic, and raw lines of flights that went in."""

from datetime import date, datetime
from typing import Any

from cli.questions.explain.measures import Measure
from cli.questions.explain.population import Population
from cli.questions.explain.proof import Before, Line, Release, spelled
from cli.questions.explain.raw.counting import ledger
from cli.questions.explain.sessions import Record, Session
from ingestion.sources import SOURCES

LINES = 3

RELEASES = """
    select data_month, release_no, known_from_utc, known_to_utc, is_complete_month
    from {schema}.month_versions
    where model_name = 'int_flights__records' and data_month = any(%s)
    order by data_month, release_no
"""
EXAMPLES = """
    select flight_key, source_file_no, source_record_no from {schema}.fct_flights
    where {group} and {goes_in} order by flight_date_local, source_file_no, source_record_no limit {lines}
"""
LEDGERS = """
    select source, dataset, file_no, file_name from {schema}.audit_row_ledger where file_no = any(%s)
"""
STATE = "select plan_id, published_at, state from ops.build_state where published_at is not null"
LOGIC = ("fct_flights", "int_flights__records")
HISTORY_OF = {
    **dict.fromkeys(
        (
            "agg_month",
            "agg_carrier_month",
            "agg_route_month",
            "agg_carrier_airport_month",
            "agg_delay_cause_month",
        ),
        "int_performance__totals",
    ),
    "agg_airport_month": "int_performance__airport_months",
    "agg_airport_hour": "int_performance__airport_hours",
    "agg_flight_number_month": "int_performance__flight_number_months",
    "kpi_day": "int_monitoring__day_expectations",
    "kpi_carrier_day": "int_monitoring__day_expectations",
    "fct_arrival_outliers": "int_performance__arrival_fences",
    "agg_carrier_rotation_month": "int_rotations__carrier_months",
    "fct_flight_rotations": "int_rotations__legs",
}


def releases_of(session: Session, months: tuple[date, ...]) -> tuple[Release, ...]:
    rows = session.of_marts(RELEASES.format(schema=session.schema), [list(months)])
    return tuple(
        Release(
            f"{row['data_month']:%Y-%m}",
            row["release_no"],
            _moment(row["known_from_utc"]),
            _moment(row["known_to_utc"]) if row["known_to_utc"] else None,
            row["is_complete_month"],
        )
        for row in rows
    )


def fingerprints(session: Session, mart: str) -> tuple[dict[str, str], str | None]:
    """The fingerprint of each node that makes the figure, as published, and when that was."""
    rows: list[Record] = session.once("state", lambda: session.of_raw(STATE))
    if not rows:
        return {}, None
    nodes = rows[0]["state"].get("nodes", {})
    names = dict.fromkeys((mart, HISTORY_OF.get(mart, ""), *LOGIC))
    found = {name: nodes.get(f"model.ontime.{name}", {}).get("logic", "") for name in names if name}
    return {name: digest for name, digest in found.items() if digest}, _moment(rows[0]["published_at"])


def lines_of(session: Session, measure: Measure | None, population: Population) -> tuple[Line, ...]:
    """A few flights that went in, each with the record that states it."""
    group, values = population.sql()
    statement = EXAMPLES.format(
        schema=session.schema, group=group, goes_in=measure.goes_in if measure else "true", lines=LINES
    )
    return raw_lines(session, session.of_marts(statement, values))


def raw_lines(session: Session, flights: list[Record]) -> tuple[Line, ...]:
    """The records of flights, column by column as they landed."""
    numbers = sorted({flight["source_file_no"] for flight in flights})
    files = {
        row["file_no"]: row for row in session.of_marts(LEDGERS.format(schema=session.schema), [numbers])
    }
    found = []
    for flight in flights:
        file = files[flight["source_file_no"]]
        table = f"{SOURCES[file['source']].raw_schema}.{file['dataset']}"
        rows = session.of_raw(
            f"select * from {table} where file_no = %s and record_no = %s",
            [file["file_no"], flight["source_record_no"]],
        )
        values = (
            {name: value for name, value in rows[0].items() if name not in ("file_no", "record_no")}
            if rows
            else {}
        )
        header = next((it.header for it in ledger(session).files if it.file_no == file["file_no"]), ())
        shown = {name: value for name, value in values.items() if value is not None or name in header}
        found.append(
            Line(flight["flight_key"], file["file_no"], file["file_name"], flight["source_record_no"], shown)
        )
    return tuple(found)


def before_of(
    session: Session, measure: Measure, population: Population, releases: tuple[Release, ...]
) -> Before:
    """The figure as the release before had it, of `fct_flight_versions`; of one month."""
    if len(population.months) != 1:
        return Before(None, None, "of several months each has releases of its own; ask for one month")
    current = next((it for it in releases if it.known_to_utc is None), None)
    if current is None or current.release_no == 1:
        return Before(None, None, "this is the first release of the month: nothing was said before")
    earlier = current.release_no - 1
    group, values = population.sql()
    base = f"select * from {session.schema}.fct_flight_versions where release_no = %s"
    if measure.context:
        context = Population(tuple(it for it in population.conditions if it.column in measure.context))
        rest = Population(tuple(it for it in population.conditions if it.column not in measure.context))
        text, given = context.sql()
        inner, own = rest.sql()
        before = f", {measure.before}" if measure.before else ""
        sql = measure.sql.replace("%", "%%").replace("{group}", inner)
        statement = f"with flights as materialized ({base} and {text}){before} select {sql}"
        parameters: list[Any] = [earlier, *given, *own]
    else:
        statement = f"with flights as ({base} and {group}) select {measure.sql} from flights"
        parameters = [earlier, *values]
    rows = session.of_marts(statement, parameters)
    value = next(iter(rows[0].values())) if rows else None
    return Before(earlier, value, f"release {earlier} said {spelled(value)}")


def before_of_flight(session: Session, flight: Record, column_sql: str) -> Before:
    """What the release before said of one flight."""
    rows = session.of_marts(
        f"select release_no, {column_sql} as value from {session.schema}.fct_flight_versions "
        "where flight_key = %s and flight_month = %s order by release_no desc limit 2",
        [flight["flight_key"], flight["flight_month"]],
    )
    if len(rows) < 2:
        return Before(None, None, "no earlier release states this flight")
    return Before(
        rows[1]["release_no"],
        rows[1]["value"],
        f"release {rows[1]['release_no']} said {spelled(rows[1]['value'])}",
    )


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
