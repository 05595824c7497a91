{%- set builds = months_to_build_from('int_flights__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}

),

versions (version_id, reads) as (

    {{ builds.rows }}

)

select
    versions.version_id,
    flights.flight_month,
    flights.carrier_code,
    flights.flight_number,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    count(*) as flights,
    count(*) filter (where flights.is_cancelled) as cancelled,
    count(*) filter (where flights.is_on_time) as on_time,
    count(flights.is_on_time) as with_known_outcome,
    count(*) filter (where {{ is_late_or_cancelled('flights') }}) as late_or_cancelled
from flights
inner join versions on versions.reads = flights.version_id
-- some forms have no flight numbers
where flights.version_id in ({{ builds.reads }}) and flights.flight_number is not null
group by
    versions.version_id, flights.flight_month, flights.carrier_code, flights.flight_number, flights.origin_airport_code_iata,
    flights.destination_airport_code_iata
