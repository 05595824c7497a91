with hours as (

    select * from {{ ref('int_performance__airport_hours') }}

)

select
    hours.flight_month,
    hours.origin_airport_code_iata,
    hours.scheduled_hour_local,
    hours.flight_days,
    hours.flights,
    cast(round(1.0 * hours.flights / hours.flight_days, 2) as numeric(9, 2)) as flights_per_day,
    hours.cancelled,
    hours.diverted,
    hours.on_time,
    hours.late,
    cast({{ percentage('hours.on_time', 'hours.with_known_outcome') }} as numeric(7, 4)) as on_time_pct,
    cast({{ percentage('hours.cancelled', 'hours.flights') }} as numeric(7, 4)) as cancelled_pct,
    hours.mean_dep_delay_minutes,
    hours.median_dep_delay_minutes,
    hours.p90_dep_delay_minutes
from hours
where {{ is_current('hours.version_id', 'int_performance__airport_hours') }}
