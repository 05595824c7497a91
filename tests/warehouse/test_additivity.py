"""`ontime mcp` refuses to add up what cannot be added, however it is called, and lets through all else."""

import pytest

from cli.agents.additivity import refuse_what_cannot_be_added, why_not_added
from cli.questions.contracts import contracts
from cli.questions.explain.measures import MEASURES
from ingestion.errors import OntimeError

MONTHS = "from marts.agg_carrier_month"
FLIGHTS = "from marts.fct_flights"
MEDIAN = "percentile_cont(0.5) within group (order by"

REFUSED = {
    "a median": f"select sum(median_arr_delay_minutes) {MONTHS}",
    "a share": f"select avg(on_time_pct) {MONTHS}",
    "in capitals and quotes": 'select AVG("on_time_pct") FROM Marts.AGG_CARRIER_MONTH',
    "an alias": f"select sum(m) from (select p90_arr_delay_minutes as m {MONTHS}) as t",
    "an alias of an alias": f"with a as (select on_time_pct as x {MONTHS}), b as (select x as y from a) "
    "select avg(y) from b",
    "names of a common table expression": f"with a (x) as (select mean_arr_delay_minutes {MONTHS}) "
    "select sum(x) from a",
    "names of a subquery": f"select avg(x) from (select carrier_code, on_time_rank {MONTHS}) as t (c, x)",
    "all columns": f"select avg(t.cancelled_pct) from (select * {MONTHS}) as t",
    "an innocent name": f"select avg(flights) from (select on_time_pct as flights {MONTHS}) as t",
    "a cast and arithmetic": f"select sum(cast(on_time_pct as float) * 2 + 1) {MONTHS}",
    "one of several results": f"select sum(case when late > 9 then late else on_time_pct end) {MONTHS}",
    "a coalesce in a subquery": f"select sum(x) from (select coalesce(cancelled_pct, 0) as x {MONTHS}) as t",
    "the second arm of a union": f"select sum(x) from (select flights as x {MONTHS} union all "
    f"select on_time_pct {MONTHS}) as t",
    "a window": f"select avg(on_time_pct) over (partition by carrier_code) {MONTHS}",
    "a filter": f"select avg(on_time_pct) filter (where flights > 100) {MONTHS}",
    "having": f"select carrier_code {MONTHS} group by 1 having avg(on_time_pct) > 70",
    "a subquery in a condition": f"select 1 where (select avg(on_time_pct) {MONTHS}) > 70",
    "a lateral": f"select sum(v.x) {MONTHS} as a cross join lateral (values (a.cancelled_pct)) as v (x)",
    "a scalar subquery": f"select sum((select max(on_time_pct) {MONTHS} where late > a.late)) "
    "from marts.agg_month as a",
    "by its key in a row": f"select sum((to_jsonb(t) ->> 'median_arr_delay_minutes')::numeric) {MONTHS} as t",
    "by hand": f"select (select on_time_pct {MONTHS} where carrier_code = 'AA') + "
    f"(select on_time_pct {MONTHS} where carrier_code = 'DL')",
    "a median of medians": f"select {MEDIAN} median_arr_delay_minutes) {MONTHS}",
    "an own median": f"select avg(m) from (select {MEDIAN} distance_miles) as m {FLIGHTS}) as t",
    "an own mean": f"with a as (select tail_number, avg(arr_delay_minutes) as minutes {FLIGHTS} group by 1) "
    "select avg(minutes) from a",
    "an own share": f"select avg(x) from (select 100.0 * on_time / flights as x {MONTHS}) as t",
    "an own share of sums": f"select avg(x) from (select sum(late) / sum(flights) as x {MONTHS}) as t",
    "days": f"select sum(flight_days) {MONTHS.replace('agg_carrier_month', 'agg_airport_hour')}",
    "of its measure": "select sum(observed) from marts.kpi_day",
}

LET_THROUGH = [
    f"select sum(flights), avg(flights) {MONTHS}",
    "select avg(arr_delay_minutes), avg(is_on_time::int) from marts.fct_flights",
    f"select sum(carrier_delay_minutes) / 60.0 {MONTHS}",
    f"select 100.0 * sum(on_time) / sum(with_known_outcome) as on_time_pct {MONTHS}",
    f"select sum(median_of_flights) from (select flights as median_of_flights {MONTHS}) as t",
    f"select max(on_time_pct), min(on_time_pct), count(on_time_pct) {MONTHS}",
    f"select sum(case when on_time_pct > 80 then 1 else 0 end) {MONTHS}",
    f"select sum(flights) filter (where on_time_pct > 80) {MONTHS}",
    f"select carrier_code, on_time_pct {MONTHS} where on_time_pct > 80 order by on_time_rank",
    f"select a.on_time_pct - b.on_time_pct {MONTHS} as a join marts.agg_month as b using (flight_month)",
    "select avg(distance_miles / nullif(air_time_minutes, 0)) from marts.fct_flights",
    "select sum(late_60_minutes) from marts.agg_month",
    "select percentile_cont(0.9) within group (order by arr_delay_minutes) from marts.fct_flights",
    "with recursive n as (select 1 as i union all select i + 1 from n where i < 9) select sum(i) from n",
    "select avg(temperature_fahrenheit), avg(relative_humidity_pct) from marts.fct_weather_hourly",
    "select sum(case when measure = 'on_time_pct' then 1 else 0 end) from marts.kpi_day",
    "select sum(relpages) from pg_class",
    "values (1), (2)",
    "select sum( from",
]


@pytest.mark.parametrize("how", REFUSED)
def test_what_cannot_be_added_is_refused(how: str) -> None:
    with pytest.raises(OntimeError, match="cannot be added up or averaged over groups: it is ") as raised:
        refuse_what_cannot_be_added(REFUSED[how])
    assert "marts.fct_flights" in raised.value.remedy


@pytest.mark.parametrize("statement", LET_THROUGH)
def test_what_can_be_added_is_answered(statement: str) -> None:
    refuse_what_cannot_be_added(statement)


def test_each_measure_that_a_mart_has_is_what_explain_says_of_it() -> None:
    for mart, contract in contracts().items():
        for column in contract.columns:
            why = why_not_added(mart, column.name)
            if column.name in MEASURES:
                assert why == MEASURES[column.name].why_not_added
            elif column.unit == "percent" and not column.name.endswith("humidity_pct"):
                assert why, f"{mart}.{column.name}"
