-- Each flight with a schedule is there once, asks two hours before it, and its targets are what happened.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }}) and scheduled_departure_at_utc is not null

),

features as (

    select * from {{ ref('flight_features') }}
    where flight_month in ({{ pending_months() }})

)

select
    coalesce(flights.flight_key, features.flight_key) as flight_key,
    flights.scheduled_departure_at_utc,
    features.cutoff_at_utc,
    flights.dep_delay_minutes,
    features.target_dep_delay_minutes,
    flights.arr_delay_minutes,
    features.target_arr_delay_minutes,
    features.target_is_late_15
from flights
full outer join features on features.flight_key = flights.flight_key
where
    flights.flight_key is null
    or features.flight_key is null
    or features.cutoff_at_utc + interval '2' hour <> flights.scheduled_departure_at_utc
    or features.target_dep_delay_minutes is distinct from flights.dep_delay_minutes
    or features.target_arr_delay_minutes is distinct from flights.arr_delay_minutes
    or features.target_is_cancelled is distinct from flights.is_cancelled
    or features.target_is_diverted is distinct from flights.is_diverted
    or features.target_is_on_time is distinct from flights.is_on_time
    or features.target_is_late_15 is distinct from (flights.arr_delay_minutes >= {{ late_minutes() }})
