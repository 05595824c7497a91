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

),

origins as (

    select * from {{ ref('int_airports__time_zones') }}

),

destinations as (

    select * from {{ ref('int_airports__time_zones') }}

),

-- Some selections name carriers and airports by number. Where no loaded file says the code, the number stands for it.
coded as (

    select
        flights.*,
        coalesce(flights.carrier_code, carriers.carrier_code, '#' || flights.airline_id_dot) as known_carrier_code,
        coalesce(
            flights.origin_airport_code_iata, origin_ids.airport_code_iata, '#' || flights.origin_airport_id_bts
        ) as known_origin_code,
        coalesce(
            flights.destination_airport_code_iata, destination_ids.airport_code_iata,
            '#' || flights.destination_airport_id_bts
        ) as known_destination_code,
        -- a selection without scheduled clocks has them in actual clock and delay
        coalesce(
            flights.scheduled_departure_clock_minutes,
            {{ clock_before('flights.actual_departure_clock_minutes', 'flights.dep_delay_minutes') }}
        ) as known_departure_clock_minutes,
        coalesce(
            flights.scheduled_arrival_clock_minutes,
            {{ clock_before('flights.actual_arrival_clock_minutes', 'flights.arr_delay_minutes') }}
        ) as known_arrival_clock_minutes
    from flights
    left join carriers
        on carriers.airline_id_dot = flights.airline_id_dot and flights.carrier_code is null
    left join origin_ids
        on origin_ids.airport_id_bts = flights.origin_airport_id_bts and flights.origin_airport_code_iata is null
    left join destination_ids
        on destination_ids.airport_id_bts = flights.destination_airport_id_bts
        and flights.destination_airport_code_iata is null

),

departures as (

    select
        coded.*,
        origins.time_zone as origin_time_zone,
        destinations.time_zone as destination_time_zone,
        {{ clock_on('coded.flight_date_local', 'coded.known_departure_clock_minutes') }} as scheduled_departure_at_local
    from coded
    left join origins on origins.airport_code_iata = coded.known_origin_code
    left join destinations on destinations.airport_code_iata = coded.known_destination_code

),

departures_utc as (

    select
        *,
        {{ to_utc('scheduled_departure_at_local', 'origin_time_zone') }} as scheduled_departure_at_utc,
        -- actual = scheduled + delay held on every one of 328,521 departures, and it carries the date; without a delay it is the
        -- clock that is nearest to the scheduled one
        coalesce(
            scheduled_departure_at_local + dep_delay_minutes * interval '1' minute,
            {{ clock_after(
                none, "scheduled_departure_at_local - interval '12' hour", 'flight_date_local', 'actual_departure_clock_minutes'
            ) }}
        ) as actual_departure_at_local
    from departures

),

arrivals as (

    select
        *,
        {{ to_utc('actual_departure_at_local', 'origin_time_zone') }} as actual_departure_at_utc,
        {{ clock_after(
            'scheduled_departure_at_utc', 'scheduled_departure_at_local', 'flight_date_local',
            'known_arrival_clock_minutes', 'destination_time_zone'
        ) }} as scheduled_arrival_at_local
    from departures_utc

),

actual_arrivals as (

    select
        *,
        case
            when arr_delay_minutes is not null then scheduled_arrival_at_local + arr_delay_minutes * interval '1' minute
            -- diverted flights have a clock and no delay: they came after they had left
            else {{ clock_after(
                'actual_departure_at_utc', 'actual_departure_at_local', 'flight_date_local',
                'actual_arrival_clock_minutes', 'destination_time_zone'
            ) }}
        end as actual_arrival_at_local
    from arrivals

)

select
    file_no,
    record_no,
    flight_month,
    flight_date_local,
    known_carrier_code as carrier_code,
    flight_number,
    tail_number,
    known_origin_code as origin_airport_code_iata,
    origin_airport_id_bts,
    known_destination_code as destination_airport_code_iata,
    destination_airport_id_bts,
    scheduled_departure_at_local,
    scheduled_departure_at_utc,
    actual_departure_at_local,
    actual_departure_at_utc,
    scheduled_arrival_at_local,
    {{ to_utc('scheduled_arrival_at_local', 'destination_time_zone') }} as scheduled_arrival_at_utc,
    actual_arrival_at_local,
    {{ to_utc('actual_arrival_at_local', 'destination_time_zone') }} as actual_arrival_at_utc,
    -- a selection may say of early departures only that they were not late
    coalesce(
        dep_delay_minutes, {{ minutes_between('scheduled_departure_at_local', 'actual_departure_at_local') }}
    ) as dep_delay_minutes,
    arr_delay_minutes,
    is_cancelled,
    cancellation_code,
    is_diverted,
    states_arrivals,
    distance_miles,
    air_time_minutes,
    carrier_delay_minutes,
    weather_delay_minutes,
    nas_delay_minutes,
    security_delay_minutes,
    late_aircraft_delay_minutes
from actual_arrivals
