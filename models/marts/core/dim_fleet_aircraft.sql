with aircraft as (

    select * from {{ ref('stg_fleet__aircraft') }}

),

vanished as (

    select * from {{ ref('stg_fleet__aircraft_vanished') }}

),

files as (

    select * from {{ ref('int_files') }}

),

as_of_now as (

    {{ rows_of_changing_table('aircraft', 'vanished', 'tail_number') }}

)

select
    tail_number,
    owner_type,
    manufacturer,
    model,
    manufacture_year,
    engine_count,
    seat_count,
    updated_at_utc,
    is_deleted,
    file_no as source_file_no,
    record_no as source_record_no
from as_of_now
