with flights as (

    {{ missing_months_of('int_flights') }}

),

-- Each day of each carrier, and all carriers together: their median cannot be had from those of the carriers.
totals as (

    select
        flights.month_version_id,
        flights.flight_month,
        flights.flight_date_local,
        coalesce(flights.carrier_code, '{{ all_carriers() }}') as carrier_code,
        {{ flight_totals('flights') }},
        {{ delay_percentiles('flights', ['dep', 'arr']) }}
    from flights
    group by
        grouping sets (
            (flights.month_version_id, flights.flight_month, flights.flight_date_local),
            (flights.month_version_id, flights.flight_month, flights.flight_date_local, flights.carrier_code)
        )

)

select
    month_version_id as version_id,
    flight_month,
    flight_date_local,
    carrier_code,
    flights,
    cast({{ percentage('cancelled', 'flights') }} as numeric(12, 4)) as cancelled_pct,
    cast({{ percentage('diverted', 'flights') }} as numeric(12, 4)) as diverted_pct,
    cast({{ percentage('on_time', 'with_known_outcome') }} as numeric(12, 4)) as on_time_pct,
    cast({{ mean('sum_dep_delay_minutes', 'departures_with_delay') }} as numeric(12, 4)) as mean_dep_delay_minutes,
    cast(median_dep_delay_minutes as numeric(12, 4)) as median_dep_delay_minutes,
    cast({{ mean('sum_arr_delay_minutes', 'arrivals_with_delay') }} as numeric(12, 4)) as mean_arr_delay_minutes,
    cast(median_arr_delay_minutes as numeric(12, 4)) as median_arr_delay_minutes
from totals
