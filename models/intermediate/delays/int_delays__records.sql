with records as (

    {{ missing_months_in_files_of('stg_bts__delay_causes', 'data_month') }}

)

select
    month_version_id as version_id,
    -- a carrier has one total at an airport: the one received last counts
    row_number() over (
        partition by month_version_id, carrier_code, airport_code_iata
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
where reject_reason is null
