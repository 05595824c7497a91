with aircraft as (

    select * from {{ ref('dim_aircraft_history') }}

)

select
    tail_number,
    manufacture_year,
    aircraft_type,
    manufacturer,
    model,
    engine_count,
    seat_count,
    cruising_speed_mph,
    engine_type,
    source_file_no,
    source_record_no,
    serial_number,
    valid_from
from aircraft
where is_current
