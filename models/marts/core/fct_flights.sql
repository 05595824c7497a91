with flights as (

    select * from {{ ref('int_flights') }}

)

select
    flight_key,
    flight_month,
    flight_date_local,
    carrier_code,
    flight_number,
    tail_number,
    origin_airport_code_iata,
    destination_airport_code_iata,
    scheduled_departure_at_local,
    scheduled_departure_at_utc,
    actual_departure_at_local,
    actual_departure_at_utc,
    scheduled_arrival_at_local,
    scheduled_arrival_at_utc,
    actual_arrival_at_local,
    actual_arrival_at_utc,
    dep_delay_minutes,
    arr_delay_minutes,
    is_cancelled,
    cancellation_code,
    is_diverted,
    is_on_time,
    distance_miles,
    air_time_minutes,
    carrier_delay_minutes,
    weather_delay_minutes,
    nas_delay_minutes,
    security_delay_minutes,
    late_aircraft_delay_minutes,
    source_file_no,
    source_record_no,
    origin_airport_id_bts,
    destination_airport_id_bts,
    taxi_out_minutes,
    taxi_in_minutes,
    longest_tarmac_minutes,
    {{ is_late('flights') }} as is_late,
    {{ is_tarmac_delay('flights') }} as is_tarmac_delay
from flights
where {{ is_current('version_id', 'int_flights__records') }}
