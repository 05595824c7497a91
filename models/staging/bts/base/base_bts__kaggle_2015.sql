with source as (

    select * from {{ source('bts', 'kaggle_2015') }}

)

select
    file_no,
    record_no,
    {{ date_parts_as_iso('year', 'month', 'day') }} as flight_date,
    nullif(airline, '') as carrier,
    nullif(flight_number, '') as flight_number,
    nullif(tail_number, '') as tail_number,
    -- October has the numbers of airports in place of their codes
    case when length(origin_airport) < 5 then nullif(origin_airport, '') end as origin,
    case when length(origin_airport) >= 5 then origin_airport end as origin_id,
    case when length(destination_airport) < 5 then nullif(destination_airport, '') end as dest,
    case when length(destination_airport) >= 5 then destination_airport end as dest_id,
    nullif(scheduled_departure, '') as crs_dep_time,
    nullif(departure_time, '') as dep_time,
    nullif(scheduled_arrival, '') as crs_arr_time,
    nullif(arrival_time, '') as arr_time,
    {{ without_zero_decimals('departure_delay') }} as dep_delay,
    {{ without_zero_decimals('arrival_delay') }} as arr_delay,
    nullif(cancelled, '') as cancelled,
    nullif(diverted, '') as diverted,
    {{ without_zero_decimals('distance') }} as distance,
    {{ without_zero_decimals('air_time') }} as air_time,
    {{ without_zero_decimals('airline_delay') }} as carrier_delay,
    {{ without_zero_decimals('weather_delay') }} as weather_delay,
    {{ without_zero_decimals('air_system_delay') }} as nas_delay,
    {{ without_zero_decimals('security_delay') }} as security_delay,
    {{ without_zero_decimals('late_aircraft_delay') }} as late_aircraft_delay,
    {{ without_zero_decimals('taxi_out') }} as taxi_out,
    {{ without_zero_decimals('taxi_in') }} as taxi_in,
    nullif(cancellation_reason, '') as cancellation_code,
    cast(null as boolean) as is_cancelled_unless_flagged,
    true as is_arrival_stated,
    {{ record_as_json('source') }} as raw_text
from source
