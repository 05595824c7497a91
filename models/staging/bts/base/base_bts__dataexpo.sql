with source as (

    select * from {{ source('bts', 'dataexpo') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in ['year', 'month', 'dayof_month', 'dep_time', 'crs_dep_time', 'arr_time', 'crs_arr_time',
                           'unique_carrier', 'flight_num', 'tail_num', 'air_time', 'arr_delay', 'dep_delay', 'origin', 'dest',
                           'distance', 'cancelled', 'cancellation_code', 'diverted'] + minutes_of_bts() %}
        {{ stated(column) }} as {{ column }},
        {%- endfor %}
        {{ record_as_json('source') }} as raw_text
    from source

)

select
    file_no,
    record_no,
    {{ date_parts_as_iso('year', 'month', 'dayof_month') }} as flight_date,
    unique_carrier as carrier,
    flight_num as flight_number,
    tail_num as tail_number,
    origin,
    dest,
    crs_dep_time,
    dep_time,
    crs_arr_time,
    arr_time,
    dep_delay,
    arr_delay,
    cancelled,
    diverted,
    distance,
    air_time,
    {{ minutes_of_bts() | join(',\n    ') }},
    cancellation_code,
    -- some copies have lost the flags; before June 2003 there were no codes either
    cancellation_code is not null or dep_time is null as is_cancelled_unless_flagged,
    true as is_arrival_stated,
    raw_text
from given
