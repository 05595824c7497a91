-- Every flight of a known aircraft that left, and no other, has its place in a rotation.
with flights as (

    select * from {{ ref('fct_flights') }}
    where
        flight_month in ({{ pending_months() }})
        and tail_number is not null
        and not coalesce(is_cancelled, false)
        and actual_departure_at_utc is not null

),

rotations as (

    select * from {{ ref('fct_flight_rotations') }}
    where flight_month in ({{ pending_months() }})

)

select
    flights.flight_key,
    rotations.flight_key as flight_key_of_rotation
from flights
full outer join rotations on rotations.flight_key = flights.flight_key
where flights.flight_key is null or rotations.flight_key is null
