with flights as (

    select * from {{ ref('int_flights') }}

)

select
    flights.flight_key,
    flights.flight_month,
    flights.flight_date_local,
    flights.carrier_code,
    flights.flight_number,
    flights.tail_number,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    flights.scheduled_departure_at_local,
    flights.scheduled_departure_at_utc,
    flights.actual_departure_at_local,
    flights.actual_departure_at_utc,
    flights.scheduled_arrival_at_local,
    flights.scheduled_arrival_at_utc,
    flights.actual_arrival_at_local,
    flights.actual_arrival_at_utc,
    flights.dep_delay_minutes,
    flights.arr_delay_minutes,
    flights.is_cancelled,
    flights.cancellation_code,
    flights.is_diverted,
    flights.is_on_time,
    flights.distance_miles,
    flights.air_time_minutes,
    flights.carrier_delay_minutes,
    flights.weather_delay_minutes,
    flights.nas_delay_minutes,
    flights.security_delay_minutes,
    flights.late_aircraft_delay_minutes,
    flights.source_file_no,
    flights.source_record_no,
    flights.origin_airport_id_bts,
    flights.destination_airport_id_bts,
    flights.taxi_out_minutes,
    flights.taxi_in_minutes,
    flights.longest_tarmac_minutes,
    {{ is_late('flights') }} as is_late,
    {{ is_tarmac_delay('flights') }} as is_tarmac_delay
from flights
where {{ is_current('flights.version_id', 'int_flights__records') }}
