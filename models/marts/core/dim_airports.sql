with airports as (

    select * from {{ ref('int_airports') }}

),

-- a flight is kept when no file knows its airport: the airport gets a row without a description
flown as (

    select distinct airport_code_iata
    from {{ ref('int_performance__airport_months') }}
    where {{ is_current('version_id', 'int_performance__airport_months') }}

)

select
    coalesce(airports.airport_code_iata, flown.airport_code_iata) as airport_code_iata,
    airports.airport_name,
    airports.latitude_degrees,
    airports.longitude_degrees,
    airports.elevation_feet,
    airports.time_zone,
    airports.airport_code_iata is null as is_inferred,
    airports.source_file_no,
    airports.source_record_no,
    airports.municipality,
    airports.region_code_iso,
    airports.region_name,
    airports.country_code_iso,
    airports.airport_id_bts,
    airports.airport_code_icao
from airports
full outer join flown on flown.airport_code_iata = airports.airport_code_iata
