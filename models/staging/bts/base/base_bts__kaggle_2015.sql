with source as (

    select * from {{ source('bts', 'kaggle_2015') }}

)

select
    file_no,
    record_no,
    {{ date_parts_as_iso('year', 'month', 'day') }} as flight_date,
    {{ stated('airline') }} as carrier,
    {{ stated('flight_number') }} as flight_number,
    {{ stated('tail_number') }} as tail_number,
    -- October has the numbers of airports in place of their codes
    case when length(origin_airport) < 5 then {{ stated('origin_airport') }} end as origin,
    case when length(origin_airport) >= 5 then origin_airport end as origin_id,
    case when length(destination_airport) < 5 then {{ stated('destination_airport') }} end as dest,
    case when length(destination_airport) >= 5 then destination_airport end as dest_id,
    {{ stated('scheduled_departure') }} as crs_dep_time,
    {{ stated('departure_time') }} as dep_time,
    {{ stated('scheduled_arrival') }} as crs_arr_time,
    {{ stated('arrival_time') }} as arr_time,
    {{ stated('departure_delay') }} as dep_delay,
    {{ stated('arrival_delay') }} as arr_delay,
    {{ stated('cancelled') }} as cancelled,
    {{ stated('diverted') }} as diverted,
    {{ stated('distance') }} as distance,
    {{ stated('air_time') }} as air_time,
    {{ stated('airline_delay') }} as carrier_delay,
    {{ stated('weather_delay') }} as weather_delay,
    {{ stated('air_system_delay') }} as nas_delay,
    {{ stated('security_delay') }} as security_delay,
    {{ stated('late_aircraft_delay') }} as late_aircraft_delay,
    {{ stated('taxi_out') }} as taxi_out,
    {{ stated('taxi_in') }} as taxi_in,
    {{ stated('cancellation_reason') }} as cancellation_code,
    cast(null as boolean) as is_cancelled_unless_flagged,
    true as is_arrival_stated,
    {{ record_as_json('source') }} as raw_text
from source
