-- Each flight is there once, and its weather was observed as long before its schedule as it says: never after it.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

),

weather as (

    select * from {{ ref('fct_flight_weather') }}
    where flight_month in ({{ pending_months() }})

)

select
    coalesce(flights.flight_key, weather.flight_key) as flight_key,
    flights.scheduled_departure_at_utc,
    weather.origin_observed_at_utc,
    weather.origin_observation_age_minutes,
    flights.scheduled_arrival_at_utc,
    weather.destination_observed_at_utc,
    weather.destination_observation_age_minutes
from flights
full outer join weather on weather.flight_key = flights.flight_key
where
    flights.flight_key is null
    or weather.flight_key is null
    or (weather.origin_observed_at_utc is null) <> (weather.origin_observation_age_minutes is null)
    or weather.origin_observed_at_utc + weather.origin_observation_age_minutes * interval '1' minute
    <> flights.scheduled_departure_at_utc
    or (weather.destination_observed_at_utc is null) <> (weather.destination_observation_age_minutes is null)
    or weather.destination_observed_at_utc + weather.destination_observation_age_minutes * interval '1' minute
    <> flights.scheduled_arrival_at_utc
