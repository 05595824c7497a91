with flights as (

    select * from {{ ref('int_flights__stated') }}

),

carriers as (

    select * from {{ ref('int_carriers__bts_ids') }}

),

-- each twice, so that Postgres looks them up by their index: a common table expression that is read twice has none
origin_ids as (

    select * from {{ ref('int_airports__bts_ids') }}

),

destination_ids as (

    select * from {{ ref('int_airports__bts_ids') }}

)

select
    flights.file_no,
    flights.record_no,
    flights.flight_month,
    flights.flight_date_local,
    -- Some selections name carriers and airports by number. Where no loaded file says the code, the number stands for it.
    coalesce(flights.carrier_code, carriers.carrier_code, '#' || flights.airline_id_dot) as carrier_code,
    flights.flight_number,
    flights.tail_number,
    coalesce(
        flights.origin_airport_code_iata, origin_ids.airport_code_iata, '#' || flights.origin_airport_id_bts
    ) as origin_airport_code_iata,
    flights.origin_airport_id_bts,
    coalesce(
        flights.destination_airport_code_iata, destination_ids.airport_code_iata,
        '#' || flights.destination_airport_id_bts
    ) as destination_airport_code_iata,
    flights.destination_airport_id_bts,
    -- a selection without scheduled clocks has them in actual clock and delay
    coalesce(
        flights.scheduled_departure_clock_minutes,
        {{ clock_before('flights.actual_departure_clock_minutes', 'flights.dep_delay_minutes') }}
    ) as scheduled_departure_clock_minutes,
    coalesce(
        flights.scheduled_arrival_clock_minutes,
        {{ clock_before('flights.actual_arrival_clock_minutes', 'flights.arr_delay_minutes') }}
    ) as scheduled_arrival_clock_minutes,
    flights.actual_departure_clock_minutes,
    flights.actual_arrival_clock_minutes,
    flights.dep_delay_minutes,
    flights.arr_delay_minutes,
    flights.is_cancelled,
    flights.cancellation_code,
    flights.is_diverted,
    flights.is_arrival_stated,
    flights.distance_miles,
    flights.air_time_minutes,
    flights.carrier_delay_minutes,
    flights.weather_delay_minutes,
    flights.nas_delay_minutes,
    flights.security_delay_minutes,
    flights.late_aircraft_delay_minutes,
    flights.taxi_out_minutes,
    flights.taxi_in_minutes,
    flights.longest_tarmac_minutes
from flights
left join carriers
    on carriers.airline_id_dot = flights.airline_id_dot and flights.carrier_code is null
left join origin_ids
    on origin_ids.airport_id_bts = flights.origin_airport_id_bts and flights.origin_airport_code_iata is null
left join destination_ids
    on destination_ids.airport_id_bts = flights.destination_airport_id_bts
    and flights.destination_airport_code_iata is null
