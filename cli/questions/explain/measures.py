"""Each figure in SQL of its own over flights, written from docs/ and the glossary, not from the models.

The columns are those of `marts.fct_flights`, so the same text asks the facts, an older release, and what
`raw/` reads off the raw records. Where this and a model disagree, `ontime explain` says so.
"""

import re
from dataclasses import dataclass

LATE = 15
CAUSES = ("carrier", "weather", "nas", "security", "late_aircraft")
REASONS = {"A": "carrier", "B": "weather", "C": "nas", "D": "security"}
TAXIING = ("taxi_out", "taxi_in")
MINUTES = ("dep_delay", "arr_delay", "air_time", *(f"{cause}_delay" for cause in CAUSES), *TAXIING)
"""Of what a flight has minutes, each in a column that ends in `_minutes`."""
TARMAC = 180
CHRONIC = 30

IS_LATE = (
    "(case when is_on_time is not null then coalesce(arr_delay_minutes >= 15, "
    "not (is_on_time or is_cancelled or is_diverted), false) end)"
)
IS_LATE_OR_CANCELLED = f"(coalesce(is_cancelled, false) or coalesce(arr_delay_minutes > {CHRONIC}, false))"
CAUSED = "(" + " + ".join(f"coalesce({cause}_delay_minutes, 0)" for cause in CAUSES) + ")"

MONTH = ("flight_month",)

EVERY = "true"
DEPARTED = "dep_delay_minutes is not null"
ARRIVED = "arr_delay_minutes is not null"
KNOWN = "is_on_time is not null"


@dataclass(frozen=True)
class Measure:
    """`sql` aggregates the flights of a group; `goes_in` says which of them it looks at.

    `why_not_added` says why the figures of two groups cannot be added up to that of both; empty where they
    can. With a `context` the statement reads all flights that are equal in these columns, as a rank has to,
    and `{group}` in its text is the condition of the group; `before` is a common table expression that it
    needs.
    """

    sql: str
    goes_in: str = EVERY
    why_not_added: str = ""
    context: tuple[str, ...] = ()
    before: str = ""

    @property
    def columns(self) -> set[str]:
        """The columns of flights that it takes."""
        return {
            name for name in re.findall(r"[a-z_0-9]+", f"{self.sql} {self.goes_in}") if name in OF_FLIGHTS
        }


OF_FLIGHTS = {
    *("flight_date_local", "carrier_code", "flight_number", "tail_number", "flight_month"),
    *("origin_airport_code_iata", "destination_airport_code_iata", "scheduled_departure_at_local"),
    *("actual_departure_at_local", "is_cancelled", "cancellation_code", "is_diverted", "is_on_time"),
    *("distance_miles", "longest_tarmac_minutes", *(f"{name}_minutes" for name in MINUTES)),
}

SHARE = "a share: of two groups the flights on top and below are added, and divided anew"
MEAN = "a mean: of two groups the minutes and the flights are added, and divided anew"
MIDDLE = (
    "a percentile: it comes of the order of all delays, and those of two groups do not say what it is of "
    "both; ask for the larger group itself"
)
DISTINCT = "days are counted once, however many groups have flights on them"
RANK = "a place among the other groups"


def _sum_known(flag: str, known: str) -> str:
    return f"sum(case when {known} then cast({flag} as integer) end)"


def _share(part: str, whole: str) -> str:
    return f"round(100.0 * {part} / nullif({whole}, 0), 4)"


def _percentile(share: float, end: str) -> Measure:
    sql = f"percentile_cont({share}) within group (order by {end}_delay_minutes)"
    return Measure(f"cast({sql} as numeric(12, 2))", DEPARTED if end == "dep" else ARRIVED, MIDDLE)


def _mean(column: str) -> Measure:
    return Measure(f"round(avg({column}), 4)", f"{column} is not null", MEAN)


_CANCELLED = "sum(cast(is_cancelled as integer))"
_ON_TIME = "sum(cast(is_on_time as integer))"
_LATE_OR_CANCELLED = _sum_known(IS_LATE_OR_CANCELLED, "true")
# known of nobody where no form states outcomes
_CHRONIC = f"case when count(is_on_time) > 0 then {_LATE_OR_CANCELLED} end"

FENCES = """fences as materialized (
    select
        cast(q1 - 3 * (q3 - q1) as numeric(12, 2)) as lower_fence,
        cast(q3 + 3 * (q3 - q1) as numeric(12, 2)) as upper_fence
    from (
        select
            percentile_cont(0.25) within group (order by arr_delay_minutes) as q1,
            percentile_cont(0.75) within group (order by arr_delay_minutes) as q3
        from flights
    ) as quartiles
)"""
_OUTSIDE = "coalesce(arr_delay_minutes not between fences.lower_fence and fences.upper_fence, false)"

MEASURES: dict[str, Measure] = {
    "flights": Measure("count(*)"),
    "cancelled": Measure(_CANCELLED, "is_cancelled is not null"),
    "diverted": Measure("sum(cast(is_diverted as integer))", "is_diverted is not null"),
    "on_time": Measure(_ON_TIME, KNOWN),
    "late": Measure(f"sum(cast({IS_LATE} as integer))", KNOWN),
    "with_known_outcome": Measure("count(is_on_time)", KNOWN),
    "flight_days": Measure("count(distinct flight_date_local)", why_not_added=DISTINCT),
    "flights_per_day": Measure(
        "round(1.0 * count(*) / nullif(count(distinct flight_date_local), 0), 4)", why_not_added=MEAN
    ),
    "on_time_pct": Measure(_share(_ON_TIME, "count(is_on_time)"), KNOWN, SHARE),
    "late_pct": Measure(_share(f"sum(cast({IS_LATE} as integer))", "count(is_on_time)"), KNOWN, SHARE),
    "cancelled_pct": Measure(_share(_CANCELLED, "count(*)"), why_not_added=SHARE),
    "diverted_pct": Measure(_share("sum(cast(is_diverted as integer))", "count(*)"), why_not_added=SHARE),
    "mean_dep_delay_minutes": _mean("dep_delay_minutes"),
    "mean_arr_delay_minutes": _mean("arr_delay_minutes"),
    "mean_distance": _mean("distance_miles"),
    "mean_air_time": _mean("air_time_minutes"),
    **{
        f"{name}_{end}_delay_minutes": _percentile(share, end)
        for name, share in (("median", 0.5), ("p90", 0.9))
        for end in ("dep", "arr")
    },
    **{
        f"{cause}_delay_minutes": Measure(
            f"coalesce(sum({cause}_delay_minutes), 0)", f"{cause}_delay_minutes is not null"
        )
        for cause in CAUSES
    },
    "caused_delay_minutes": Measure(f"sum({CAUSED})"),
    **{
        f"{cause}_delay_share": Measure(
            _share(f"coalesce(sum({cause}_delay_minutes), 0)", f"sum({CAUSED})"), why_not_added=SHARE
        )
        for cause in CAUSES
    },
    **{
        f"cancelled_by_{reason}": Measure(
            _sum_known(
                f"(is_cancelled and coalesce(cancellation_code = '{code}', false))",
                "is_cancelled is not null",
            ),
            "is_cancelled is not null",
        )
        for code, reason in REASONS.items()
    },
    "cancelled_without_reason": Measure(
        _sum_known(
            "(is_cancelled and coalesce(cancellation_code not in ('A', 'B', 'C', 'D'), true))",
            "is_cancelled is not null",
        ),
        "is_cancelled is not null",
    ),
    **{
        f"late_{minutes}_minutes": Measure(
            _sum_known(f"coalesce(arr_delay_minutes >= {minutes}, false)", KNOWN), KNOWN
        )
        for minutes in (60, 120, 180)
    },
    "tarmac_delays": Measure(
        f"sum(cast(longest_tarmac_minutes > {TARMAC} as integer))", "longest_tarmac_minutes is not null"
    ),
    "late_or_cancelled": Measure(_CHRONIC),
    "late_or_cancelled_pct": Measure(_share(_CHRONIC, "count(*)"), why_not_added=SHARE),
    "is_chronically_late": Measure(
        f"count(*) >= 10 and 2 * {_CHRONIC} > count(*)", why_not_added="a yes or no of the whole group"
    ),
    **{
        f"late_flights_by_{cause}": Measure(
            f"round(coalesce(sum(1.0 * {cause}_delay_minutes / nullif({CAUSED}, 0)), 0), 4)",
            f"{cause}_delay_minutes is not null",
        )
        for cause in CAUSES
    },
    "arrival_outliers": Measure(
        f"count(*) filter (where {{group}} and {_OUTSIDE}) from flights cross join fences",
        ARRIVED,
        context=MONTH,
        before=FENCES,
    ),
    "mean_arr_delay_minutes_without_outliers": Measure(
        f"round(avg(arr_delay_minutes) filter (where {{group}} and not {_OUTSIDE}), 4)\n"
        f"from flights cross join fences",
        ARRIVED,
        MEAN,
        context=MONTH,
        before=FENCES,
    ),
    "lower_fence_minutes": Measure("lower_fence from fences", ARRIVED, MIDDLE, context=MONTH, before=FENCES),
    "upper_fence_minutes": Measure("upper_fence from fences", ARRIVED, MIDDLE, context=MONTH, before=FENCES),
}


def rank_among(columns: tuple[str, ...], context: tuple[str, ...]) -> Measure:
    """The place of a group among those that its columns divide the context into, best on time first."""
    keys = ", ".join(columns)
    share = _share(_ON_TIME, "count(is_on_time)")
    ranked = (
        f"select {keys}, case when count(is_on_time) > 0 "
        f"then rank() over (order by {share} desc nulls last) end "
        f"as place\n    from flights group by {keys}"
    )
    return Measure(f"place from (\n    {ranked}\n) as ranked where {{group}}", KNOWN, RANK, context=context)


OF_A_FLIGHT: dict[str, str] = {
    **{name: name for name in sorted(OF_FLIGHTS)},
    "is_late": IS_LATE,
    "is_tarmac_delay": f"longest_tarmac_minutes > {TARMAC}",
    **{f"is_late_{minutes}_minutes": f"arr_delay_minutes >= {minutes}" for minutes in (60, 120, 180)},
    "cancellation_reason": "case when is_cancelled then case cancellation_code "
    + " ".join(f"when '{code}' then '{reason}'" for code, reason in REASONS.items())
    + " end end",
}
"""Columns of one flight that its own record says."""
