with planes as (

    select * from {{ ref('stg_nycflights13__planes') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

ranked as (

    select
        planes.*,
        row_number() over (partition by planes.tail_number order by planes.record_no desc) as recency
    from planes
    inner join current_files on current_files.file_no = planes.file_no
    where planes.reject_reason is null

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
from ranked
-- a tail number that a file repeats: the last record counts, the others are duplicates in the row ledger
where recency = 1
