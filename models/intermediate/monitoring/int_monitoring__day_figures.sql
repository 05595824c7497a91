{%- set builds = months_to_build_from('int_flights__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}

),

versions (version_id, reads) as (

    {{ builds.rows }}

),

measures (measure) as (

    values
    {% for kpi in kpis() -%}
    ('{{ kpi.name }}'){{ ',' if not loop.last }}
    {% endfor %}

),

-- Each day of each carrier, and all carriers together: their median cannot be had from those of the carriers.
totals as (

    select
        versions.version_id as month_version_id,
        flights.flight_month,
        flights.flight_date_local,
        coalesce(flights.carrier_code, '{{ all_carriers() }}') as carrier_code,
        percentile_cont(0.5) within group (order by flights.dep_delay_minutes) as median_dep_delay_minutes,
        percentile_cont(0.5) within group (order by flights.arr_delay_minutes) as median_arr_delay_minutes,
        {{ flight_totals('flights') }}
    from flights
    inner join versions on versions.reads = flights.version_id
    where flights.version_id in ({{ builds.reads }})
    group by
        grouping sets (
            (versions.version_id, flights.flight_month, flights.flight_date_local),
            (versions.version_id, flights.flight_month, flights.flight_date_local, flights.carrier_code)
        )

)

select
    totals.month_version_id as version_id,
    totals.flight_month,
    totals.flight_date_local,
    totals.carrier_code,
    measures.measure,
    totals.flights,
    cast(
        case measures.measure
            when 'flights' then totals.flights
            when 'cancelled_pct' then {{ percentage('totals.cancelled', 'totals.flights') }}
            when 'diverted_pct' then {{ percentage('totals.diverted', 'totals.flights') }}
            when 'on_time_pct' then {{ percentage('totals.on_time', 'totals.with_known_outcome') }}
            when 'mean_dep_delay_minutes' then {{ mean('totals.sum_dep_delay_minutes', 'totals.departures_with_delay') }}
            when 'median_dep_delay_minutes' then totals.median_dep_delay_minutes
            when 'mean_arr_delay_minutes' then {{ mean('totals.sum_arr_delay_minutes', 'totals.arrivals_with_delay') }}
            when 'median_arr_delay_minutes' then totals.median_arr_delay_minutes
        end as numeric(12, 4)
    ) as observed
from totals
cross join measures
