with flights as (

    select * from {{ ref('int_flights') }}

),

versions as (

    select * from {{ ref('month_versions') }}

)

select
    flights.flight_key,
    flights.flight_month,
    versions.release_no,
    versions.known_from_utc,
    versions.known_to_utc,
    versions.is_complete_month,
    {{ flight_columns('flights') }}
from flights
inner join versions on versions.model_name = 'int_flights__records' and versions.version_id = flights.version_id
