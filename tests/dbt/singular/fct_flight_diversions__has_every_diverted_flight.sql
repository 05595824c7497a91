-- Every diverted flight, and no other, is there, whether or not a file says where it landed.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }}) and is_diverted

),

diversions as (

    select distinct flight_key
    from {{ ref('fct_flight_diversions') }}
    where flight_month in ({{ pending_months() }})

)

select
    flights.flight_key,
    diversions.flight_key as flight_key_of_diversion
from flights
full outer join diversions on diversions.flight_key = flights.flight_key
where flights.flight_key is null or diversions.flight_key is null
