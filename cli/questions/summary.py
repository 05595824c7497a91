"""`ontime summary`: what is published, and where to go next."""

from rich.console import Console

from cli.questions.published import opened_published

MARTS = """
    select relname, coalesce(obj_description(oid, 'pg_class'), '')
    from pg_class
    where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v')
    order by relname
"""
ON_TIME = """
    select
        count(is_on_time), count(*) - count(is_on_time), count(*) filter (where is_on_time),
        min(flight_date_local), max(flight_date_local)
    from marts.fct_flights
"""
LEDGER = """
    select count(*), sum(rows_seen), sum(rows_rejected), sum(rows_superseded + rows_duplicate),
        sum(rows_kept_apart)
    from marts.audit_row_ledger
"""
ALARMS = """
    select count(*) from marts.audit_anomalies where severity = 'alarm' and kind <> 'figure of a day'
"""
NEXT = """
Try next:
  ontime sql "select * from marts.agg_carrier_month where flight_month = '2013-07-01' order by on_time_pct"
  ontime sql "select direction, airport_code_iata, flights, on_time_pct from marts.agg_airport_month limit 10"
  make docs        every model and column, at http://127.0.0.1:8080
"""


def summary() -> None:
    """Print rows per mart, the on-time figure and the accounts of rows, all read as reporter."""
    console = Console(highlight=False, soft_wrap=True)
    with opened_published() as opened, opened.cursor() as cursor:
        cursor.execute(MARTS)
        marts = cursor.fetchall()
        for name, description in marts:
            cursor.execute(f'select count(*) from marts."{name}"')
            (rows,) = cursor.fetchone() or (0,)
            console.print(f"  {name:<28}{rows:>12,} rows  {first_sentence(description)}")

        cursor.execute(ON_TIME)
        known, unknown, on_time, first, last = cursor.fetchone() or (0, 0, 0, None, None)
        if known + unknown:
            console.print(f"\n{on_time_sentence(known, on_time, first, last)}")
        if unknown:
            console.print(f"of {unknown:,} more flights no file states whether they were")
        cursor.execute(LEDGER)
        files, seen, rejected, restated, apart = cursor.fetchone() or (0, 0, 0, 0, 0)
        console.print(
            f"{files} files with {seen:,} records are accounted for: "
            f"{rejected:,} rejected, {restated:,} stated again by others, {apart:,} kept apart"
        )
        cursor.execute(ALARMS)
        (alarms,) = cursor.fetchone() or (0,)
        if alarms:
            console.print(
                f"{alarms:,} alarms about the data itself: marts.audit_anomalies says what is unusual"
            )
    console.print(NEXT, end="", markup=False)


def on_time_sentence(known: int, on_time: int, first: object, last: object) -> str:
    """The figure that `on_time_pct` is in marts and metrics: of the flights whose outcome is known."""
    share = f": {100 * on_time / known:.4f} %" if known else ""
    return f"{on_time:,} of {known:,} flights from {first} to {last} were on time{share}"


def first_sentence(description: str) -> str:
    """`One row per carrier` of a longer description, on one line."""
    return " ".join(description.split()).partition(". ")[0].partition(":")[0].rstrip(".")
