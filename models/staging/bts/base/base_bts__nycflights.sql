with source as (

    select * from {{ source('bts', 'nycflights') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in ['year', 'month', 'day', 'dep_time', 'sched_dep_time', 'dep_delay', 'arr_time', 'sched_arr_time',
                           'arr_delay', 'carrier', 'flight', 'tailnum', 'origin', 'dest', 'air_time', 'distance'] %}
        {{ na_to_null(column) }} as {{ column }},
        {%- endfor %}
        {{ record_as_json('source') }} as raw_text
    from source

)

select
    file_no,
    record_no,
    {{ date_parts_as_iso('year', 'month', 'day') }} as flight_date,
    carrier,
    cast(null as {{ type_text() }}) as carrier_id,
    flight as flight_number,
    tailnum as tail_number,
    origin,
    cast(null as {{ type_text() }}) as origin_id,
    dest,
    cast(null as {{ type_text() }}) as dest_id,
    sched_dep_time as crs_dep_time,
    dep_time,
    sched_arr_time as crs_arr_time,
    arr_time,
    dep_delay,
    arr_delay,
    cast(null as {{ type_text() }}) as cancelled,
    cast(null as {{ type_text() }}) as diverted,
    distance,
    air_time,
    cast(null as {{ type_text() }}) as carrier_delay,
    cast(null as {{ type_text() }}) as weather_delay,
    cast(null as {{ type_text() }}) as nas_delay,
    cast(null as {{ type_text() }}) as security_delay,
    cast(null as {{ type_text() }}) as late_aircraft_delay,
    cast(null as {{ type_text() }}) as taxi_out,
    cast(null as {{ type_text() }}) as taxi_in,
    {%- for column in stays_on_the_ground() %}
    cast(null as {{ type_text() }}) as {{ column }},
    {%- endfor %}
    cast(null as {{ type_text() }}) as cancellation_code,
    -- this form has no flags: a flight that never left was cancelled
    dep_time is null as is_cancelled_unless_flagged,
    true as is_arrival_stated,
    raw_text
from given
