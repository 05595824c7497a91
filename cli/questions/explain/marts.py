"""The marts whose cells can be recomputed from raw: the flights of a row, and the measure of each column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cli.questions.explain.measures import MEASURES, OF_A_FLIGHT, Measure, rank_among
from cli.questions.explain.population import HOUR, Condition
from cli.questions.explain.raw.clocks import CLOCKS

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """A mart with rows of groups of flights.

    `keys` names the column of flights behind each key column; where it depends on the row, `of_row` says
    which. `measures` are those of its other columns.
    """

    keys: Mapping[str, str]
    measures: Callable[[Row, str], Measure | None]
    of_row: Callable[[Row], dict[str, str]] = field(default=lambda _: {})
    decimals: Mapping[str, int] = field(default_factory=dict)

    def conditions(self, row: Row) -> tuple[Condition, ...]:
        columns = {**self.keys, **self.of_row(row)}
        return tuple(Condition(column, (row[key],)) for key, column in columns.items())


@dataclass(frozen=True)
class OfAFlight:
    """A mart with a row per flight, known by `flight_key`: its columns that the flight's own record says.

    Of `clocks` it takes the time zones of the airports as well (raw/clocks.py).
    """

    columns: Mapping[str, str]
    clocks: tuple[str, ...] = ()
    of_month: Mapping[str, Measure] = field(default_factory=dict)


MONTH, CARRIER = "flight_month", "carrier_code"
ORIGIN, DESTINATION = "origin_airport_code_iata", "destination_airport_code_iata"


def _plain(row: Row, column: str) -> Measure | None:  # noqa: ARG001
    return MEASURES.get(column)


def _ranked(columns: Callable[[Row], tuple[str, ...]], context: Callable[[Row], tuple[str, ...]]) -> Any:
    def measure(row: Row, column: str) -> Measure | None:
        if column == "on_time_rank":
            return rank_among(columns(row), context(row))
        return MEASURES.get(column)

    return measure


def _airport_of(row: Row) -> str:
    return ORIGIN if row["direction"] == "departures" else DESTINATION


def _per_day(row: Row, column: str) -> Measure | None:  # noqa: ARG001
    found = MEASURES.get(column)
    return replace(found, sql=f"round({found.sql}, 2)") if found and column == "flights_per_day" else found


def _of_cause(row: Row, column: str) -> Measure | None:
    cause = row["delay_cause"]
    names = {"late_flights": f"late_flights_by_{cause}", "delay_minutes": f"{cause}_delay_minutes"}
    return MEASURES.get(names.get(column, ""))


def _observed(row: Row, column: str) -> Measure | None:
    return MEASURES.get(row["measure"]) if column == "observed" else None


MARTS: dict[str, Group | OfAFlight] = {
    "agg_month": Group({MONTH: MONTH}, _plain),
    "agg_carrier_month": Group(
        {MONTH: MONTH, CARRIER: CARRIER}, _ranked(lambda _: (CARRIER,), lambda _: (MONTH,))
    ),
    "agg_route_month": Group({MONTH: MONTH, ORIGIN: ORIGIN, DESTINATION: DESTINATION}, _plain),
    "agg_carrier_airport_month": Group(
        {MONTH: MONTH, CARRIER: CARRIER, "airport_code_iata": DESTINATION},
        _ranked(lambda _: (CARRIER,), lambda _: (MONTH, DESTINATION)),
    ),
    "agg_airport_month": Group(
        {MONTH: MONTH},
        _ranked(lambda row: (_airport_of(row),), lambda _: (MONTH,)),
        of_row=lambda row: {"airport_code_iata": _airport_of(row)},
    ),
    "agg_flight_number_month": Group(
        {
            MONTH: MONTH,
            CARRIER: CARRIER,
            "flight_number": "flight_number",
            ORIGIN: ORIGIN,
            DESTINATION: DESTINATION,
        },
        _plain,
    ),
    "agg_airport_hour": Group({MONTH: MONTH, ORIGIN: ORIGIN, "scheduled_hour_local": HOUR}, _per_day),
    "agg_delay_cause_month": Group(
        {MONTH: MONTH, CARRIER: CARRIER, "airport_code_iata": DESTINATION}, _of_cause
    ),
    "kpi_day": Group({MONTH: MONTH, "flight_date_local": "flight_date_local"}, _observed),
    "kpi_carrier_day": Group(
        {MONTH: MONTH, "flight_date_local": "flight_date_local", CARRIER: CARRIER}, _observed
    ),
    "fct_flights": OfAFlight(OF_A_FLIGHT, CLOCKS),
    "fct_flight_versions": OfAFlight(OF_A_FLIGHT, CLOCKS),
    "fct_arrival_outliers": OfAFlight(
        OF_A_FLIGHT, CLOCKS, {name: MEASURES[name] for name in ("lower_fence_minutes", "upper_fence_minutes")}
    ),
}

_TWICE = "to write that once more would be to write the model once more; each clock can be explained"

WHY_NOT: dict[str, str] = {
    **dict.fromkeys(
        ("agg_carrier_rotation_month", "fct_flight_rotations"),
        f"rotations follow an aircraft from flight to flight by clocks in UTC: {_TWICE}",
    ),
    "fct_flight_weather": f"the last observation before a flight is found by clocks in UTC: {_TWICE}",
    "flight_features": f"features are what was known two hours before, by clocks in UTC: {_TWICE}",
    "fct_delay_predictions": "it is what a model said, as it stands in its file",
    "audit_model_month": "python -m analyses.delay_model computes the same figures of its own predictions",
    "fct_flight_diversions": "landings of diverted flights have no independent path yet",
}
"""Marts, and columns of the others, of which raw text alone does not say the figure."""

WHY_NOT_COLUMN: dict[str, str] = {
    "flight_key": "it is the name of the row, not a figure",
    "source_file_no": "it says where the record stands",
    "source_record_no": "it says where the record stands",
    "origin_airport_id_bts": "numbers of airports are read as they stand; see the raw line",
    "destination_airport_id_bts": "numbers of airports are read as they stand; see the raw line",
    **dict.fromkeys(
        ("expected", "expected_low", "expected_high", "is_outside", "figures_before"),
        "what was expected follows from the figures of earlier days, each of which can be explained",
    ),
}


def why_not(mart: str, column: str) -> str:
    """Why a cell cannot be recomputed from raw."""
    return (
        WHY_NOT.get(mart)
        or WHY_NOT_COLUMN.get(column)
        or f"no independent path is written for {column} of {mart}"
    )
