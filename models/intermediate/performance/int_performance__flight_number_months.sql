with flights as (

    {{ missing_months_of('int_flights') }}

)

select
    flights.month_version_id as version_id,
    flights.flight_month,
    flights.carrier_code,
    flights.flight_number,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    count(*) as flights,
    {{ known_count('flights.is_cancelled') }} as cancelled,
    {{ known_count('flights.is_on_time') }} as on_time,
    count(flights.is_on_time) as with_known_outcome,
    {{ known_count(is_late_or_cancelled('flights'), is_known='flights.is_on_time') }} as late_or_cancelled
from flights
-- some forms have no flight numbers
where flights.flight_number is not null
group by
    flights.month_version_id, flights.flight_month, flights.carrier_code, flights.flight_number, flights.origin_airport_code_iata,
    flights.destination_airport_code_iata
