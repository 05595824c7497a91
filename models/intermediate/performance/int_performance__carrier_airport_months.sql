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
    flights.destination_airport_code_iata as airport_code_iata,
    {{ flight_totals('flights') }}
from flights
inner join versions on versions.reads = flights.version_id
where flights.version_id in ({{ builds.reads }})
group by versions.version_id, flights.flight_month, flights.carrier_code, flights.destination_airport_code_iata
