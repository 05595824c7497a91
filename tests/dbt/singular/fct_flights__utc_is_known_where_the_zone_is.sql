-- Every clock of an airport whose time zone is known is there in UTC too. On which day a flight arrives, its departure in UTC
-- says: without the zone of the origin there is no arrival in UTC.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

),

airports as (

    select * from {{ ref('dim_airports') }}

)

select
    flights.flight_key,
    flights.source_file_no,
    flights.source_record_no,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata
from flights
inner join airports as origins on origins.airport_code_iata = flights.origin_airport_code_iata
inner join airports as destinations on destinations.airport_code_iata = flights.destination_airport_code_iata
where
    (flights.scheduled_departure_at_local is null or origins.time_zone is null) <> (flights.scheduled_departure_at_utc is null)
    or (flights.actual_departure_at_local is null or origins.time_zone is null) <> (flights.actual_departure_at_utc is null)
    or (flights.scheduled_arrival_at_local is null or origins.time_zone is null or destinations.time_zone is null)
    <> (flights.scheduled_arrival_at_utc is null)
    or (flights.actual_arrival_at_local is null or origins.time_zone is null or destinations.time_zone is null)
    <> (flights.actual_arrival_at_utc is null)
