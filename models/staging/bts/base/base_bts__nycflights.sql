with source as (

    select * from {{ source('bts', 'nycflights') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in ['year', 'month', 'day', 'dep_time', 'sched_dep_time', 'dep_delay', 'arr_time', 'sched_arr_time',
                           'arr_delay', 'carrier', 'flight', 'tailnum', 'origin', 'dest', 'air_time', 'distance'] %}
        {{ stated(column) }} as {{ column }},
        {%- endfor %}
        {{ record_as_json('source') }} as raw_text
    from source

)

select
    file_no,
    record_no,
    {{ date_parts_as_iso('year', 'month', 'day') }} as flight_date,
    carrier,
    flight as flight_number,
    tailnum as tail_number,
    origin,
    dest,
    sched_dep_time as crs_dep_time,
    dep_time,
    sched_arr_time as crs_arr_time,
    arr_time,
    dep_delay,
    arr_delay,
    distance,
    air_time,
    -- this form has no flags: a flight that never left was cancelled
    dep_time is null as is_cancelled_unless_flagged,
    true as is_arrival_stated,
    raw_text
from given
