with airports as (

    select * from {{ ref('int_airports') }}

)

select
    airport_code_iata,
    airport_name,
    latitude_degrees,
    longitude_degrees,
    elevation_feet,
    time_zone,
    source_file_no,
    source_record_no
from airports
