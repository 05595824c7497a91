with bts as (

    select * from {{ ref('stg_bts__flights') }}

),

nycflights13 as (

    select * from {{ ref('stg_nycflights13__flights') }}

)

select
    file_no,
    record_no,
    flight_month,
    flight_date_local,
    carrier_code,
    airline_id_dot,
    flight_number,
    tail_number,
    origin_airport_code_iata,
    origin_airport_id_bts,
    destination_airport_code_iata,
    destination_airport_id_bts,
    scheduled_departure_clock_minutes,
    actual_departure_clock_minutes,
    scheduled_arrival_clock_minutes,
    actual_arrival_clock_minutes,
    dep_delay_minutes,
    arr_delay_minutes,
    is_cancelled,
    cancellation_code,
    is_diverted,
    distance_miles,
    air_time_minutes,
    carrier_delay_minutes,
    weather_delay_minutes,
    nas_delay_minutes,
    security_delay_minutes,
    late_aircraft_delay_minutes,
    is_arrival_stated,
    taxi_out_minutes,
    taxi_in_minutes,
    longest_tarmac_minutes
from bts
where reject_reason is null
union all
select
    file_no,
    record_no,
    flight_month,
    flight_date_local,
    carrier_code,
    null as airline_id_dot,
    flight_number,
    tail_number,
    origin_airport_code_iata,
    null as origin_airport_id_bts,
    destination_airport_code_iata,
    null as destination_airport_id_bts,
    scheduled_departure_clock_minutes,
    actual_departure_clock_minutes,
    scheduled_arrival_clock_minutes,
    actual_arrival_clock_minutes,
    dep_delay_minutes,
    arr_delay_minutes,
    is_cancelled,
    null as cancellation_code,
    is_diverted,
    distance_miles,
    air_time_minutes,
    -- this form does not say what delayed a flight, nor how long it stood on the ground
    null as carrier_delay_minutes,
    null as weather_delay_minutes,
    null as nas_delay_minutes,
    null as security_delay_minutes,
    null as late_aircraft_delay_minutes,
    true as is_arrival_stated,
    null as taxi_out_minutes,
    null as taxi_in_minutes,
    null as longest_tarmac_minutes
from nycflights13
where reject_reason is null
