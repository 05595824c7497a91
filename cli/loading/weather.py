"""Which weather the published flights need: that of their airports, in the months in which they use them."""

from collections.abc import Collection
from contextlib import closing
from datetime import date
from typing import Any

from psycopg2.errors import UndefinedTable

from cli.server.roles import connect_reporter
from ingestion.apis.api import Needed
from ingestion.errors import OntimeError

# A flight looks for an observation of up to three hours before its schedule, and the last flights of a local
# month arrive on the day after it.
_NEEDED = """
    with used (airport_code_iata, flight_month) as (
        select origin_airport_code_iata, flight_month from marts.agg_route_month
        union
        select destination_airport_code_iata, flight_month from marts.agg_route_month
    )
    -- the fields of Needed, in their order
    select
        airport_code_iata as airport,
        -- in the United States the two differ by a K in front
        coalesce(airport_code_icao, airport_code_iata) as station,
        latitude_degrees::text as latitude,
        longitude_degrees::text as longitude,
        date_trunc('hour', month_begins) - interval '3 hours' as from_utc,
        date_trunc('hour', month_ends) + interval '1 day' as to_utc
    from used
    left join marts.dim_airports using (airport_code_iata)
    cross join lateral (
        select
            flight_month::timestamp at time zone time_zone as month_begins,
            (flight_month + interval '1 month') at time zone time_zone as month_ends
    ) as local_month
    where (%(months)s::date[] is null or flight_month = any(%(months)s))
        and (%(airports)s::text[] is null or airport_code_iata = any(%(airports)s))
    order by airport, flight_month
"""


def needed_weather(
    months: Collection[date] = (), airports: Collection[str] = ()
) -> tuple[list[Needed], list[str]]:
    """The hours that flights need, and the airports whose zone is not known, and so neither the hours.

    Of all published flights, or of those of some months (first days) or airports (IATA codes). Raises
    OntimeError when there are no such flights.
    """
    rows = _ask({"months": list(months) or None, "airports": list(airports) or None})
    used = {airport for airport, *_ in rows}
    if missing := sorted(set(airports) - used):
        raise _no_flights(f"no published flight uses {', '.join(missing)}")
    if not rows:
        raise _no_flights(
            "no flights of these months are published" if months else "no flights are published"
        )
    needed = [Needed(*row) for row in rows if None not in row[-2:]]
    return needed, sorted(used.difference(item.airport for item in needed))


def _ask(values: dict[str, list[date] | list[str] | None]) -> list[tuple[Any, ...]]:
    """The rows of _NEEDED."""
    with closing(connect_reporter()) as opened, opened.cursor() as cursor:
        cursor.execute("set timezone = 'UTC'")
        try:
            cursor.execute(_NEEDED, values)
        except UndefinedTable:
            raise _no_flights("nothing is published yet") from None
        return cursor.fetchall()


def _no_flights(why: str) -> OntimeError:
    return OntimeError(f"{why}, and weather follows the flights", "load flights and build: ontime build")
