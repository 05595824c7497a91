{%- set builds = months_to_build_from_files() -%}

with delay_causes as (

    select * from {{ ref('stg_bts__delay_causes') }}

),

versions (version_id, file_no) as (

    {{ builds.rows }}

),

-- a file can hold more months than those to build
records as (

    select
        versions.version_id,
        delay_causes.*
    from delay_causes
    inner join versions
        on versions.file_no = delay_causes.file_no
        and {{ version_month('versions.version_id') }} = delay_causes.data_month
    where delay_causes.file_no in ({{ builds.reads }}) and delay_causes.reject_reason is null

)

select
    version_id,
    -- a carrier has one total at an airport: the one received last counts
    row_number() over (
        partition by version_id, carrier_code, airport_code_iata
        order by file_no desc, record_no desc
    ) > 1 as is_duplicate,
    data_month,
    carrier_code,
    airport_code_iata,
    -- a row without flights is written without numbers
    coalesce(arr_flights, 0) as flights,
    coalesce(arr_del15, 0) as late,
    coalesce(cancelled, 0) as cancelled,
    coalesce(diverted, 0) as diverted,
    coalesce(arr_delay_minutes, 0) as sum_late_arrival_minutes,
    coalesce(carrier_delay_minutes, 0) as carrier_delay_minutes,
    coalesce(weather_delay_minutes, 0) as weather_delay_minutes,
    coalesce(nas_delay_minutes, 0) as nas_delay_minutes,
    coalesce(security_delay_minutes, 0) as security_delay_minutes,
    coalesce(late_aircraft_delay_minutes, 0) as late_aircraft_delay_minutes,
    carrier_ct,
    weather_ct,
    nas_ct,
    security_ct,
    late_aircraft_ct,
    file_no as source_file_no,
    record_no as source_record_no
from records
