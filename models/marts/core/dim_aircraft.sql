with planes as (

    select * from {{ ref('stg_nycflights13__planes') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

listed as (

    {{ newest_records('planes', 'tail_number') }}

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
    file_no as source_file_no,
    record_no as source_record_no
from listed
